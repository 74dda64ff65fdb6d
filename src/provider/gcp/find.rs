//! Searching: a listing, page by page, that the service filters as far as it can, and then each secret that matches.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Deserialize;

use super::NAME;
use super::name::is_id;
use super::secret::{SecretManager, Why, parse};
use crate::provider::{Error, Find, Kind, Matches, Search};

/// How many names a page has; with annotations, of which a secret may have 16 KiB, it stays within an answer's bound.
const PAGE: &str = "200";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    secrets: Vec<Listed>,
    #[serde(default)]
    next_page_token: String,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Find for SecretManager {
    /// As in ESO, labels do not count where there is an expression for names.
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        search.require_some(NAME)?;
        let names = self.names(search).await?;
        search.read_each(NAME, names, |key| async move { self.read_one(&key).await }).await
    }
}

impl SecretManager {
    /// Every name that matches.
    async fn names(&self, search: &Search) -> Result<Vec<String>, Error> {
        let at = |why: Why| why.at(search.doing());
        let parent = self.place.parent().await.map_err(|failure| at(failure.into()))?;
        let filter = filter(search)?;
        let (mut names, mut token) = (Vec::new(), String::new());
        loop {
            search.call(NAME).await?;
            let mut query = vec![("pageSize", PAGE)];
            query.extend(Some(filter.as_str()).filter(|text| !text.is_empty()).map(|text| ("filter", text)));
            query.extend(Some(token.as_str()).filter(|text| !text.is_empty()).map(|text| ("pageToken", text)));
            let answer = self.get("ListSecrets", &parent, &query).await.map_err(at)?;
            let page: Page = parse(&answer).map_err(|failure| at(failure.into()))?;
            for listed in page.secrets {
                names.extend(wanted(search, &listed)?);
            }
            match page.next_page_token {
                next if next.is_empty() => return Ok(names),
                next if next == token => {
                    let cause = "the listing does not go on from one of its pages; it is tried again".to_owned();
                    return Err(search.error(NAME, Kind::Unavailable, cause));
                }
                next => token = next,
            }
        }
    }
}

/// What of the query the service can look for. It may answer with more than that: each name is judged here as well.
fn filter(search: &Search) -> Result<String, Error> {
    let path = search.path();
    if path.is_some_and(|path| !is_id(path)) {
        let cause = "no secret's name begins with this path: names have letters, digits, `-` and `_`".to_owned();
        return Err(search.error(NAME, Kind::Invalid, cause));
    }
    let tags = search.tags().iter().filter(|(key, value)| !search.is_by_name() && is_id(key) && is_id(value));
    let tags = tags.map(|(key, value)| format!("labels.{key}={value}"));
    Ok(tags.chain(path.map(|path| format!("name:{path}"))).collect::<Vec<_>>().join(" AND "))
}

fn wanted(search: &Search, listed: &Listed) -> Result<Option<String>, Error> {
    let name = listed.name.rsplit('/').next().filter(|name| is_id(name)).ok_or_else(|| {
        search.error(NAME, Kind::Invalid, "the listing has a name that no secret can have".to_owned())
    })?;
    let labels = listed.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let matches = search.path().is_none_or(|path| name.starts_with(path))
        && search.matches_name(name)
        && (search.is_by_name() || search.matches_tags(labels));
    Ok(matches.then(|| name.to_owned()))
}
