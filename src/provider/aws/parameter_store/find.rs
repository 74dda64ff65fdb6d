//! Searches: whole hierarchies with their values, ten a page; by tags, and where that is denied, names first and then
//! their values in tens.
//!
//! Names are those that AWS has: as in ESO the store's prefix plays no part in a search.

use async_trait::async_trait;
use futures::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ABREAST, BATCH, NAME, Parameter, ParameterStore};
use crate::provider::aws::error::Failure;
use crate::provider::{Error, Find, Kind, Matches, Part, RemoteKey, Search};
use crate::sealed::Sealed;

/// The most parameters that AWS puts on a page of a hierarchy, and on one of a listing.
const HIERARCHY_PAGE: usize = 10;
const LISTING_PAGE: usize = 50;
/// Where every parameter is.
const ROOT: &str = "/";

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Page {
    parameters: Vec<Parameter>,
    next_token: Option<String>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Find for ParameterStore {
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        search.require_some(NAME)?;
        let path = hierarchy(search)?;
        if search.tags().is_empty() && !self.path_denied.holds() {
            search.call(NAME).await?;
            let first = self.beneath(path, None).await;
            let denied = matches!(first, Err(Failure::Call { kind: Kind::Denied, .. }));
            self.path_denied.note(denied);
            if !denied {
                return self.read_hierarchy(search, path, first).await;
            }
        }
        self.read_listing(search, path).await
    }
}

impl ParameterStore {
    async fn beneath(&self, path: &str, token: Option<&str>) -> Result<Page, Failure> {
        let asked = json!({"Path": path, "Recursive": true, "WithDecryption": true, "MaxResults": HIERARCHY_PAGE, "NextToken": token});
        self.call("GetParametersByPath", &without_null(asked)).await
    }

    /// The values of a hierarchy, from its `first` page on.
    async fn read_hierarchy(
        &self,
        search: &Search,
        path: &str,
        first: Result<Page, Failure>,
    ) -> Result<Matches, Error> {
        let (mut found, mut page, mut token) = (Matches::default(), first, None);
        loop {
            let Page { parameters, next_token } = page.map_err(|failure| failure.at(NAME, search.doing()))?;
            for parameter in parameters {
                let value = parameter.content().map_err(|failure| failure.at(NAME, search.doing()));
                if let Some(name) = matched(search, path, parameter.name) {
                    found.add(search, NAME, name, value?)?;
                }
            }
            token = following(search, token.as_deref(), next_token)?;
            let Some(next) = &token else { return Ok(found) };
            search.call(NAME).await?;
            page = self.beneath(path, Some(next)).await;
        }
    }

    /// The values of what AWS lists for the tags.
    async fn read_listing(&self, search: &Search, path: &str) -> Result<Matches, Error> {
        let names = self.list(search, path).await?;
        let read = names.chunks(BATCH).map(|batch| self.read_listed(search, batch)).collect::<Vec<_>>();
        let mut read = stream::iter(read).buffered(ABREAST);
        let mut found = Matches::default();
        while let Some(values) = read.next().await {
            for (name, value) in values? {
                found.add(search, NAME, name, value)?;
            }
        }
        Ok(found)
    }

    async fn list(&self, search: &Search, path: &str) -> Result<Vec<String>, Error> {
        let filters = filters(search, path)?;
        let (mut names, mut token) = (Vec::new(), None);
        loop {
            search.call(NAME).await?;
            let asked = json!({"ParameterFilters": filters, "MaxResults": LISTING_PAGE, "NextToken": token});
            let page = self.call("DescribeParameters", &without_null(asked)).await;
            let page: Page = page.map_err(|failure| failure.at(NAME, search.doing()))?;
            names.extend(page.parameters.into_iter().filter_map(|parameter| matched(search, path, parameter.name)));
            token = following(search, token.as_deref(), page.next_token)?;
            if token.is_none() {
                return Ok(names);
            }
        }
    }

    /// Reads one batch of what was listed; what is gone meanwhile is passed over.
    async fn read_listed(&self, search: &Search, names: &[String]) -> Result<Vec<(String, Sealed)>, Error> {
        let calls = if self.batch_denied.holds() { names.len() } else { 1 };
        for _ in 0..calls {
            search.call(NAME).await?;
        }
        let key = |name: &String| RemoteKey { key: name.clone(), version: None, part: Part::Value, property: None };
        let keys: Vec<_> = names.iter().map(key).collect();
        let answers = names.iter().zip(self.read(&keys).await);
        let present = answers.filter(|(_, answer)| !matches!(answer, Err(error) if error.kind == Kind::NotFound));
        present.map(|(name, answer)| answer.map(|value| (name.clone(), value))).collect()
    }
}

/// The path as AWS takes it: it begins with a slash and ends with none.
fn hierarchy(search: &Search) -> Result<&str, Error> {
    match search.path() {
        None => Ok(ROOT),
        Some(path) if !path.starts_with(ROOT) => {
            let cause = "`find.path` must begin with `/`: it names a hierarchy, like `/team`".to_owned();
            Err(search.error(NAME, Kind::Invalid, cause))
        }
        Some(path) => Ok(Some(path.trim_end_matches('/')).filter(|path| !path.is_empty()).unwrap_or(ROOT)),
    }
}

/// The name of what is listed if it is looked for. AWS has matched the tags, which it does not list.
fn matched(search: &Search, path: &str, name: Option<String>) -> Option<String> {
    let beneath = |name: &str| path == ROOT || name.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
    name.filter(|name| beneath(name) && search.matches_name(name))
}

/// The token of the next page, if there is one and it is not the page that was just read.
fn following(search: &Search, before: Option<&str>, next: Option<String>) -> Result<Option<String>, Error> {
    let next = next.filter(|next| !next.is_empty());
    if next.is_some() && next.as_deref() == before {
        return Err(search.error(NAME, Kind::Unavailable, "the listing does not get on; it is tried again".into()));
    }
    Ok(next)
}

/// Every tag with its value, all of them together, and the hierarchy.
fn filters(search: &Search, path: &str) -> Result<Vec<Value>, Error> {
    if search.tags().values().any(String::is_empty) {
        return Err(search.unsupported(NAME, "a tag without a value"));
    }
    let tag =
        |(key, value): (&String, &String)| json!({"Key": format!("tag:{key}"), "Option": "Equals", "Values": [value]});
    let beneath = (path != ROOT).then(|| json!({"Key": "Path", "Option": "Recursive", "Values": [path]}));
    Ok(search.tags().iter().map(tag).chain(beneath).collect())
}

/// AWS takes no null for an absent field.
fn without_null(mut asked: Value) -> Value {
    if let Some(fields) = asked.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Query;

    fn search(path: Option<&str>, tags: &[(&str, &str)]) -> Search {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Search::new(&Query { path: path.map(Into::into), name: Some("db".into()), tags }).unwrap()
    }

    #[test]
    fn a_path_is_a_hierarchy_with_or_without_its_last_slash() {
        for (path, sent) in [(None, "/"), (Some("/"), "/"), (Some("/team"), "/team"), (Some("/team/"), "/team")] {
            assert_eq!(hierarchy(&search(path, &[])).unwrap(), sent);
        }
        let error = hierarchy(&search(Some("team"), &[])).unwrap_err();
        assert!(error.kind == Kind::Invalid && error.cause.contains("`/team`"), "{error}");
    }

    #[test]
    fn a_name_matches_beneath_its_hierarchy_only() {
        let found = |path, name: &str| matched(&search(None, &[]), path, Some(name.to_owned())).is_some();
        assert!(found("/team", "/team/db") && found("/", "db") && found("/", "/other/db"));
        assert!(!found("/team", "/teams/db") && !found("/team", "/team") && !found("/", "/team/web"));
    }

    #[test]
    fn all_tags_and_the_hierarchy_are_filters_and_a_tag_without_a_value_is_refused() {
        let both = search(Some("/team"), &[("a", "1"), ("b", "2")]);
        let keys: Vec<_> = filters(&both, "/team").unwrap().iter().map(|filter| filter["Key"].clone()).collect();
        assert_eq!(keys, ["tag:a", "tag:b", "Path"]);
        assert_eq!(filters(&search(None, &[("a", "")]), "/").unwrap_err().kind, Kind::Invalid);
    }
}
