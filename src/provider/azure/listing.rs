//! The pages of a vault's listings: twenty-five objects each, with what is told of an object's current version and not its
//! value.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::Deserialize;

use super::API;
use super::error::Failure;
use super::object::{Type, is_name};
use super::vault::{Vault, Why};
use crate::provider::Kind;
use crate::provider::http::Answer;

/// The most that a vault puts on a page.
pub(super) const PAGE: usize = 25;

/// One page.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) items: Vec<Item>,
    /// The query of the next one.
    pub(super) next: Option<Vec<(String, String)>>,
    /// What the vault's clock said.
    pub(super) at: Option<i64>,
}

/// What a listing tells of one object.
#[derive(Debug, Deserialize)]
pub(super) struct Item {
    /// The object's URL, which keys have as `kid`.
    #[serde(alias = "kid")]
    id: String,
    #[serde(default)]
    pub(super) attributes: Attributes,
    #[serde(default)]
    tags: Option<BTreeMap<String, Option<String>>>,
    #[serde(default, rename = "contentType")]
    content_type: Option<String>,
    /// A certificate's thumbprint: another with each version.
    #[serde(default)]
    x5t: Option<String>,
}

/// What a vault says of every object; times are in seconds.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Attributes {
    #[serde(default)]
    pub(super) enabled: Option<bool>,
    #[serde(default)]
    pub(super) created: Option<i64>,
    #[serde(default)]
    pub(super) updated: Option<i64>,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    exp: Option<i64>,
}

#[derive(Deserialize)]
struct Body {
    value: Vec<Item>,
    #[serde(default, rename = "nextLink")]
    next: Option<String>,
}

impl Item {
    /// Its name, which is the URL's last part; none for what is no object of a vault's.
    pub(super) fn name(&self) -> Option<&str> {
        self.id.trim_end_matches('/').rsplit('/').next().filter(|name| is_name(name))
    }

    /// Its tags that have a value.
    pub(super) fn tags(&self) -> impl Iterator<Item = (&str, &str)> {
        let tags = self.tags.iter().flatten();
        tags.filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)))
    }

    /// All that is told and can change, in one text.
    pub(super) fn told(&self) -> String {
        let Self { id: _, attributes, tags, content_type, x5t } = self;
        let Attributes { enabled, created, updated, nbf, exp } = attributes;
        format!("{updated:?} {created:?} {enabled:?} {nbf:?} {exp:?} {x5t:?} {content_type:?} {tags:?}")
    }
}

impl Vault {
    /// The first page of a listing, or that of `next`.
    pub(super) async fn page(&self, of: Type, next: Option<&[(String, String)]>) -> Result<Page, Why> {
        let path = [of.folder().to_owned()];
        let size = PAGE.to_string();
        let first = [("api-version", API), ("maxresults", &size)];
        let query: Vec<(&str, &str)> = match next {
            None => first.to_vec(),
            Some(pairs) => pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        };
        let answer = self.get(of.list(), &path, &query, None).await?;
        let body: Body = serde_json::from_slice(answer.body.expose()).map_err(|_| Failure::unreadable())?;
        let link = body.next.filter(|link| !link.is_empty());
        let following = link.as_deref().map(|link| self.server.query_of(link, &path).ok_or_else(lost)).transpose()?;
        if following.as_deref().is_some_and(|following| Some(following) == next) {
            return Err(lost().into());
        }
        Ok(Page { items: body.value, next: following, at: date(&answer) })
    }
}

fn lost() -> Failure {
    Failure::new(Kind::Unavailable, "the vault's listing lost its place; it is begun again")
}

/// The vault's own time, so that clocks that differ do not count.
fn date(answer: &Answer) -> Option<i64> {
    let text = answer.headers.get(http::header::DATE)?.to_str().ok()?;
    jiff::fmt::rfc2822::parse(text).ok().map(|time| time.timestamp().as_second())
}

/// Our own time, for a vault that does not say its own.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.ok().and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or_default()
}
