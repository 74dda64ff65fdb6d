//! Searches: every name of the region, a hundred a page, and then the value of each that matches.
//!
//! KMS could narrow a listing itself, but answers with 4,000 secrets at most then and does not say how it compares; so
//! what matches is decided here. Pages have numbers and no token: a secret that is made or deleted meanwhile moves the
//! others, and one could be missed. A listing whose parts do not add up to what KMS said there is, is none.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::Deserialize;

use super::NAME;
use super::description::Tags;
use super::error::Failure;
use super::secrets_manager::SecretsManager;
use crate::provider::http::Answer;
use crate::provider::{Error, Find, Kind, Matches, Search};

/// The most entries that KMS puts on a page.
const PAGE: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(rename = "PageNumber")]
    number: usize,
    total_count: usize,
    #[serde(default, rename = "SecretList")]
    secrets: Secrets,
}

#[derive(Default, Deserialize)]
struct Secrets {
    #[serde(rename = "Secret", default)]
    all: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    secret_name: String,
    /// Set for one that was deleted and can be restored until then.
    planned_delete_time: Option<String>,
    tags: Option<Tags>,
}

impl Listed {
    fn matches(&self, search: &Search) -> bool {
        let lives = self.planned_delete_time.as_deref().unwrap_or_default().is_empty();
        let beneath = search.path().is_none_or(|path| self.secret_name.starts_with(path));
        let tags = self.tags.iter().flat_map(Tags::pairs);
        lives && beneath && search.matches_name(&self.secret_name) && search.matches_tags(tags)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Find for SecretsManager {
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        search.require_some(NAME)?;
        let names = self.names(search).await?;
        search.read_each(NAME, names, |key| async move { self.read_one(&key).await }).await
    }
}

impl SecretsManager {
    /// The name of every secret that matches.
    async fn names(&self, search: &Search) -> Result<Vec<String>, Error> {
        let (mut seen, mut matching, mut total) = (BTreeSet::new(), Vec::new(), None);
        for number in 1_usize.. {
            search.call(NAME).await?;
            let page = self.numbered(search, number).await?;
            let all = *total.get_or_insert(page.total_count);
            let listed = page.secrets.all;
            // Every page but the last is full.
            let due = PAGE.min(all.saturating_sub(seen.len()));
            if page.total_count != all || page.number != number || listed.len() != due {
                return Err(moved(search));
            }
            matching.extend(listed.iter().filter(|one| one.matches(search)).map(|one| one.secret_name.clone()));
            let before = seen.len();
            seen.extend(listed.into_iter().map(|one| one.secret_name));
            if seen.len() != before + due {
                return Err(moved(search));
            }
            if seen.len() == all {
                break;
            }
        }
        Ok(matching)
    }

    /// One page of the listing.
    async fn numbered(&self, search: &Search, number: usize) -> Result<Page, Error> {
        let tags = if search.tags().is_empty() { "false" } else { "true" };
        let (number, size) = (number.to_string(), PAGE.to_string());
        let query = [("PageNumber", number.as_str()), ("PageSize", size.as_str()), ("FetchTags", tags)];
        let page = page(&self.page(&query, || search.doing()).await?);
        page.ok_or_else(|| Failure::unreadable().at(search.doing()))
    }
}

fn moved(search: &Search) -> Error {
    let cause =
        "the pages of the listing do not add up, since secrets were made or deleted meanwhile; it is tried again";
    search.error(NAME, Kind::Unavailable, cause.to_owned())
}

fn page(answer: &Answer) -> Option<Page> {
    serde_json::from_slice(answer.body.expose()).ok()
}
