//! Searching: the namespace's Secrets listed page by page, by labels and by names.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Deserialize;

use super::client::{Ask, Cluster};
use super::error::{Failure, Why};
use super::review::Right;
use super::secret::{Encoded, Secret, Secrets};
use crate::provider::http::{Answer, Method};
use crate::provider::{Error, Find, Kind, Matches, Read, Search};
use crate::sealed::Sealed;

/// How many objects a page has at first; fewer where they are so large that a page is too long.
pub(in crate::provider) const MOST_ON_A_PAGE: usize = 100;
/// The longest name or value of a label, without a prefix.
const LONGEST_LABEL: usize = 63;
const LONGEST_PREFIX: usize = 253;

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Find for Secrets {
    /// Tags are labels. As in ESO each match is JSON, in which a value that is no text cannot be kept.
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        search.require_some(self.name())?;
        let (path, right) = (self.path(), self.right("list"));
        let mut pages = Pages::new(&self.cluster, search, "ListSecrets", &path, right)?;
        let mut found = Matches::default();
        while let Some(page) = pages.next().await? {
            let secrets: Vec<Secret<'_>> = items(&page).map_err(|failure| pages.error(failure.into()))?;
            for secret in secrets.into_iter().filter(|secret| search.matches_name(&secret.metadata.name)) {
                found.add(search, self.name(), secret.metadata.name, json(secret.data.unwrap_or_default()))?;
            }
        }
        Ok(found)
    }
}

/// The JSON object of a Secret's data.
fn json(data: BTreeMap<String, Encoded>) -> Sealed {
    let entries: BTreeMap<String, Sealed> = data.into_iter().map(|(name, value)| (name, value.0)).collect();
    Sealed::new(gjson::object_of_texts(entries.iter().map(|(name, value)| (name.as_bytes(), value.expose()))))
}

/// A listing, page by page.
pub(in crate::provider) struct Pages<'a> {
    cluster: &'a Cluster,
    search: &'a Search,
    name: &'static str,
    path: &'a [String],
    right: Right<'a>,
    labels: String,
    limit: usize,
    /// How to go on; none behind the last page.
    next: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    kind: String,
    metadata: ListMeta,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ListMeta {
    r#continue: String,
    remaining_item_count: Option<i64>,
}

impl<'a> Pages<'a> {
    /// A listing of what is at `path`, which needs `right`, narrowed by the search's tags.
    ///
    /// # Errors
    /// The search has a path, or tags that can be no labels.
    pub(in crate::provider) fn new(
        cluster: &'a Cluster,
        search: &'a Search,
        name: &'static str,
        path: &'a [String],
        right: Right<'a>,
    ) -> Result<Self, Error> {
        if search.path().is_some() {
            return Err(search.unsupported(cluster.flavor.name, "path"));
        }
        let labels = selector(search.tags()).ok_or_else(|| {
            let cause = "the tags can be no labels; correct their names and values".to_owned();
            search.error(cluster.flavor.name, Kind::Invalid, cause)
        })?;
        Ok(Self { cluster, search, name, path, right, labels, limit: MOST_ON_A_PAGE, next: Some(String::new()) })
    }

    /// The next page, if there is one more.
    pub(in crate::provider) async fn next(&mut self) -> Result<Option<Answer>, Error> {
        let Some(next) = self.next.take() else { return Ok(None) };
        let page = loop {
            self.search.call(self.cluster.flavor.name).await?;
            match self.ask(&next).await {
                Err(why) if why.is_excess() && self.limit > 1 => self.limit /= 4,
                answer => break answer.map_err(|why| self.error(why))?,
            }
            self.limit = self.limit.max(1);
        };
        self.next = follows(&page, &next).map_err(|failure| self.error(failure.into()))?;
        Ok(Some(page))
    }

    async fn ask(&self, next: &str) -> Result<Answer, Why> {
        let limit = self.limit.to_string();
        let query = [("limit", limit.as_str()), ("labelSelector", &self.labels), ("continue", next)];
        let query: Vec<_> = query.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let (name, path, right) = (self.name, self.path, self.right);
        self.cluster.ask(&Ask { name, method: Method::GET, path, query: &query, right, body: None }).await
    }

    /// That the search failed.
    pub(in crate::provider) fn error(&self, why: Why) -> Error {
        why.at(self.cluster.flavor.name, self.search.doing())
    }
}

/// Where the page behind `page` begins, if there is one; it cannot be where `page` itself began.
fn follows(page: &Answer, here: &str) -> Result<Option<String>, Failure> {
    let listed: Listed = serde_json::from_slice(page.body.expose()).map_err(|_| Failure::unreadable())?;
    let ListMeta { r#continue: next, remaining_item_count } = listed.metadata;
    if !listed.kind.ends_with("List") {
        return Err(Failure::unreadable());
    }
    match next {
        next if next.is_empty() && remaining_item_count.is_some_and(|count| count > 0) => Err(Failure::lost()),
        next if next.is_empty() => Ok(None),
        next if next == here => Err(Failure::lost()),
        next => Ok(Some(next)),
    }
}

/// The objects of a page.
pub(in crate::provider) fn items<'a, T: Deserialize<'a>>(page: &'a Answer) -> Result<Vec<T>, Failure> {
    #[derive(Deserialize)]
    struct Items<T> {
        #[serde(default = "Vec::new")]
        items: Vec<T>,
    }
    let page: Items<T> = serde_json::from_slice(page.body.expose()).map_err(|_| Failure::unreadable())?;
    Ok(page.items)
}

/// The label selector that wants all of `tags`; none where one of them can be no label.
pub(in crate::provider) fn selector(tags: &BTreeMap<String, String>) -> Option<String> {
    let terms: Option<Vec<String>> = tags
        .iter()
        .map(|(name, value)| (is_label_name(name) && is_label(value)).then(|| format!("{name}={value}")))
        .collect();
    Some(terms?.join(","))
}

fn is_label_name(name: &str) -> bool {
    let (prefix, name) = name.split_once('/').map_or((None, name), |(prefix, name)| (Some(prefix), name));
    let domain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    let sound = |prefix: &str| !prefix.is_empty() && prefix.len() <= LONGEST_PREFIX && prefix.bytes().all(domain);
    !name.is_empty() && is_label(name) && prefix.is_none_or(sound)
}

/// Whether it can be a label's value.
fn is_label(text: &str) -> bool {
    let edge = |byte: Option<u8>| byte.is_none_or(|byte| byte.is_ascii_alphanumeric());
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.len() <= LONGEST_LABEL && text.bytes().all(inner) && edge(text.bytes().next()) && edge(text.bytes().last())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tags: &[(&str, &str)]) -> Option<String> {
        selector(&tags.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn tags_become_a_selector_that_wants_all_of_them_and_nothing_else() {
        assert_eq!(of(&[]).as_deref(), Some(""));
        assert_eq!(
            of(&[("b", "2"), ("example.com/a", "x_Y.1"), ("c", "")]).as_deref(),
            Some("b=2,c=,example.com/a=x_Y.1")
        );
        for (name, value) in [
            ("a", "b,c=d"),
            ("a,b", "c"),
            ("!a", "b"),
            ("a", "b)"),
            ("", "b"),
            ("a b", "c"),
            ("/a", "b"),
            ("A/b/c", "d"),
            ("a", "-b"),
            ("a", "ключ"),
        ] {
            assert_eq!(of(&[(name, value)]), None, "{name}={value}");
        }
        assert_eq!(of(&[("a", "x".repeat(64).as_str())]), None);
    }
}
