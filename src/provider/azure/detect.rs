//! Whether objects have changed, by the listing: a call for twenty-five of them, where a read is a call for each.
//!
//! A listing tells when an object was last changed, in whole seconds, and may lag a read by some. So an object that was
//! changed lately has no mark and is read: two changes within one second, and a read that was answered by a copy which
//! had not heard of the change yet, are both over when the mark is first believed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::listing::{Item, now};
use super::object::{Object, Type};
use super::vault::{Vault, Why};
use crate::provider::{Detect, Error, Mark, RemoteKey};

/// For how long after a change an object is read instead, in seconds.
const SETTLED: i64 = 30;
/// The most keys whose marks are asked for together. Types differ in it, since each is a listing of its own.
const MOST: usize = 100_000;

/// How many pages the listings of one session have.
#[derive(Debug, Default)]
pub(super) struct Listings {
    secrets: AtomicUsize,
    certificates: AtomicUsize,
    keys: AtomicUsize,
}

impl Listings {
    fn pages(&self, of: Type) -> &AtomicUsize {
        match of {
            Type::Secret => &self.secrets,
            Type::Certificate => &self.certificates,
            Type::Key => &self.keys,
        }
    }
}

/// What a key names, where a listing tells of it: of a version none does.
fn listed(key: &RemoteKey) -> Option<Object<'_>> {
    let newest = key.version.as_deref().is_none_or(str::is_empty);
    Object::parse(&key.key).ok().filter(|_| newest)
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Detect for Vault {
    fn detects(&self, key: &RemoteKey) -> Option<usize> {
        listed(key).map(|object| match object.of {
            Type::Secret => MOST,
            Type::Certificate => MOST - 1,
            Type::Key => MOST - 2,
        })
    }

    async fn marks(&self, keys: &[RemoteKey]) -> Result<Vec<Option<Mark>>, Error> {
        let objects: Vec<_> = keys.iter().map(listed).collect();
        let mut known: HashMap<(Type, String), Mark> = HashMap::new();
        for of in [Type::Secret, Type::Certificate, Type::Key] {
            if objects.iter().flatten().any(|object| object.of == of) {
                let marks = self.marks_of(of).await;
                let marks = marks.map_err(|why| why.at(format!("look for changes of {}", of.folder())))?;
                known.extend(marks.into_iter().map(|(name, mark)| ((of, name), mark)));
            }
        }
        // A vault's names are the same in large and small letters.
        let mark = |object: Object<'_>| known.get(&(object.of, object.name.to_ascii_lowercase())).cloned();
        Ok(objects.into_iter().map(|object| object.and_then(mark)).collect())
    }

    /// Also of a listing that did not come to an end, as far as it came.
    fn listing_calls(&self, key: &RemoteKey) -> usize {
        listed(key).map_or(1, |object| self.listings.pages(object.of).load(Ordering::Relaxed).max(1))
    }
}

impl Vault {
    /// The marks of a whole listing, by name in small letters.
    async fn marks_of(&self, of: Type) -> Result<HashMap<String, Mark>, Why> {
        let (mut marks, mut next) = (HashMap::new(), None);
        for pages in 1.. {
            let page = self.page(of, next.as_deref()).await?;
            self.listings.pages(of).store(pages, Ordering::Relaxed);
            let at = page.at.unwrap_or_else(now);
            marks.extend(
                page.items.iter().filter_map(|item| Some((item.name()?.to_ascii_lowercase(), mark(item, at)?))),
            );
            next = page.next;
            if next.is_none() || pages == MOST {
                break;
            }
        }
        Ok(marks)
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

    fn item(more: &serde_json::Value) -> Item {
        let mut item =
            json!({"id": "https://a/secrets/b", "attributes": {"enabled": true, "created": 5, "updated": 100}});
        for (key, value) in more.as_object().unwrap() {
            item[key] = value.clone();
        }
        serde_json::from_value(item).unwrap()
    }

    #[test]
    fn a_mark_changes_with_everything_that_a_listing_tells() {
        let plain = mark(&item(&json!({})), 1000);
        assert!(plain.is_some() && plain == mark(&item(&json!({})), 2000));
        for more in [
            json!({"attributes": {"enabled": true, "created": 5, "updated": 101}}),
            json!({"attributes": {"enabled": false, "created": 5, "updated": 100}}),
            json!({"attributes": {"enabled": true, "created": 6, "updated": 100}}),
            json!({"attributes": {"enabled": true, "created": 5, "updated": 100, "exp": 7}}),
            json!({"tags": {"a": "b"}}),
            json!({"contentType": "x"}),
            json!({"x5t": "x"}),
        ] {
            assert_ne!(mark(&item(&more), 1000), plain, "{more}");
        }
    }

    #[test]
    fn what_was_changed_lately_or_does_not_say_when_has_no_mark() {
        assert_eq!(mark(&item(&json!({})), 100 + SETTLED - 1), None);
        assert!(mark(&item(&json!({})), 100 + SETTLED).is_some());
        assert_eq!(mark(&item(&json!({})), 0), None, "a clock that goes behind");
        assert_eq!(mark(&item(&json!({"attributes": {"enabled": true}})), 1000), None);
    }
}
