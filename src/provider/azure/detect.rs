//! Whether objects have changed, by the listing: a call for twenty-five of them, where a read is a call for each.
//!
//! A listing tells when an object was last changed, in whole seconds, and may lag a read by some. So an object that was
//! changed lately has no mark and is read: two changes within one second, and a read that was answered by a copy which
//! had not heard of the change yet, are both over when the mark is first believed. Where a listing would take as many
//! calls as the reads it saves, or is not allowed, nothing is marked.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokio::time::Instant;

use super::listing::{Item, Page, now};
use super::object::{Object, Type};
use super::vault::{Vault, Why};
use crate::provider::{Detect, Error, Kind, Mark, RemoteKey};

/// For how long after a change an object is read instead, in seconds.
const SETTLED: i64 = 30;
/// For how long a listing that cost too much, or is not allowed, is not begun again.
const PATIENCE: Duration = Duration::from_hours(1);
/// The most keys whose marks are asked for together. Types differ in it, since each is a listing of its own.
const MOST: usize = 100_000;

/// What is known of the listings of one session.
#[derive(Debug, Default)]
pub(super) struct Listings(Mutex<HashMap<Type, Cost>>);

/// Why a listing is not begun.
#[derive(Clone, Copy, Debug)]
struct Cost {
    /// It has more pages than this; none where it is not allowed.
    pages: Option<usize>,
    until: Instant,
}

impl Listings {
    /// Whether a listing of `budget` pages at most is worth beginning.
    fn may_begin(&self, of: Type, budget: usize) -> bool {
        let now = Instant::now();
        let cost = self.costs().get(&of).copied().filter(|cost| now < cost.until);
        budget > 0 && cost.is_none_or(|cost| cost.pages.is_some_and(|pages| pages < budget))
    }

    fn give_up(&self, of: Type, pages: Option<usize>) {
        self.costs().insert(of, Cost { pages, until: Instant::now() + PATIENCE });
    }

    fn costs(&self) -> MutexGuard<'_, HashMap<Type, Cost>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Detect for Vault {
    /// A version is read once or, of a key, each time: no listing tells of it.
    fn detects(&self, key: &RemoteKey) -> Option<usize> {
        let newest = key.version.as_deref().is_none_or(str::is_empty);
        let object = Object::parse(&key.key).ok().filter(|_| newest)?;
        Some(match object.of {
            Type::Secret => MOST,
            Type::Certificate => MOST - 1,
            Type::Key => MOST - 2,
        })
    }

    async fn marks(&self, keys: &[RemoteKey]) -> Result<Vec<Option<Mark>>, Error> {
        let objects: Vec<_> = keys.iter().map(|key| Object::parse(&key.key).ok()).collect();
        let mut known: HashMap<(Type, String), Mark> = HashMap::new();
        for of in [Type::Secret, Type::Certificate, Type::Key] {
            let wanted = objects.iter().flatten().filter(|object| object.of == of).count();
            // A page less than there would be reads.
            let listed = self.marks_of(of, wanted.saturating_sub(1)).await;
            let listed = listed.map_err(|why| why.at(format!("look for changes of {}", of.folder())))?;
            known.extend(listed.into_iter().map(|(name, mark)| ((of, name), mark)));
        }
        let mark = |object: Object<'_>| known.get(&(object.of, object.name.to_ascii_lowercase())).cloned();
        Ok(objects.into_iter().map(|object| object.and_then(mark)).collect())
    }
}

impl Vault {
    /// The marks of a whole listing by name in small letters; none where it costs too much or is not allowed.
    async fn marks_of(&self, of: Type, budget: usize) -> Result<HashMap<String, Mark>, Why> {
        let (mut marks, mut next, mut pages) = (HashMap::new(), None, 0);
        if !self.listings.may_begin(of, budget) {
            return Ok(marks);
        }
        loop {
            if pages == budget {
                self.listings.give_up(of, Some(budget));
                return Ok(HashMap::new());
            }
            let page = match self.page(of, next.as_deref()).await {
                Ok(page) => page,
                Err(Why::Failed(failure)) if failure.kind == Kind::Denied => {
                    self.listings.give_up(of, None);
                    return Ok(HashMap::new());
                }
                Err(why) => return Err(why),
            };
            pages += 1;
            let at = page.at.unwrap_or_else(now);
            let Page { items, next: following, .. } = page;
            marks.extend(items.iter().filter_map(|item| Some((item.name()?.to_ascii_lowercase(), mark(item, at)?))));
            next = following;
            if next.is_none() {
                return Ok(marks);
            }
        }
    }
}

/// What shows a change; none of an object that was changed too lately, or does not say when.
fn mark(item: &Item, at: i64) -> Option<Mark> {
    let settled = item.attributes.updated.filter(|updated| updated.saturating_add(SETTLED) <= at)?;
    let told = STANDARD_NO_PAD.encode(digest(&SHA256, item.told().as_bytes()));
    Some(Mark::new(format!("{settled} {told}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(more: serde_json::Value) -> Item {
        let mut item =
            json!({"id": "https://a/secrets/b", "attributes": {"enabled": true, "created": 5, "updated": 100}});
        for (key, value) in more.as_object().unwrap() {
            item[key] = value.clone();
        }
        serde_json::from_value(item).unwrap()
    }

    #[test]
    fn a_mark_changes_with_everything_that_a_listing_tells() {
        let plain = mark(&item(json!({})), 1000);
        assert!(plain.is_some() && plain == mark(&item(json!({})), 2000));
        for more in [
            json!({"attributes": {"enabled": true, "created": 5, "updated": 101}}),
            json!({"attributes": {"enabled": false, "created": 5, "updated": 100}}),
            json!({"attributes": {"enabled": true, "created": 6, "updated": 100}}),
            json!({"attributes": {"enabled": true, "created": 5, "updated": 100, "exp": 7}}),
            json!({"tags": {"a": "b"}}),
            json!({"contentType": "x"}),
            json!({"x5t": "x"}),
        ] {
            assert_ne!(mark(&item(more.clone()), 1000), plain, "{more}");
        }
    }

    #[test]
    fn what_was_changed_lately_or_does_not_say_when_has_no_mark() {
        assert_eq!(mark(&item(json!({})), 100 + SETTLED - 1), None);
        assert!(mark(&item(json!({})), 100 + SETTLED).is_some());
        assert_eq!(mark(&item(json!({})), 0), None, "a clock that goes behind");
        assert_eq!(mark(&item(json!({"attributes": {"enabled": true}})), 1000), None);
    }

    #[test]
    fn a_listing_that_cost_too_much_is_begun_again_for_more_keys_or_later() {
        let listings = Listings::default();
        assert!(listings.may_begin(Type::Secret, 1) && !listings.may_begin(Type::Secret, 0));
        listings.give_up(Type::Secret, Some(10));
        assert!(!listings.may_begin(Type::Secret, 10) && listings.may_begin(Type::Secret, 11));
        assert!(listings.may_begin(Type::Key, 1));
        listings.give_up(Type::Key, None);
        assert!(!listings.may_begin(Type::Key, 1000));
    }
}
