//! Searching: the objects of the kind listed page by page, by labels and by keys, each within the whitelist.

use async_trait::async_trait;
use gjson::Numbers;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::object::Objects;
use crate::api::provider::crd::CrdResource;
use crate::provider::kubernetes::{Failure, Pages, items};
use crate::provider::{Error, Find, Matches, Read, Search};
use crate::sealed::Sealed;

#[derive(Deserialize)]
struct Named {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    namespace: Option<String>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Find for Objects {
    /// Tags are labels. Each match is the whole object, so rules that allow a property only allow none.
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        let resource = self.resources.get(&self.cluster).await;
        let resource = resource.map_err(|why| why.at(self.name(), search.doing()))?;
        let namespace = self.keys.listed(resource.namespaced);
        let path = self.resources.path(&resource, namespace);
        let right = self.right("list", &resource, namespace);
        let mut pages = Pages::new(&self.cluster, search, "ListObjects", &path, right)?;
        let mut found = Matches::default();
        while let Some(page) = pages.next().await? {
            let objects: Vec<&RawValue> = items(&page).map_err(|failure| pages.error(failure.into()))?;
            for object in objects {
                let whole = self.matched(search, object.get()).map_err(|failure| pages.error(failure.into()))?;
                if let Some((key, whole)) = whole {
                    found.add(search, self.name(), key, whole)?;
                }
            }
        }
        Ok(found)
    }
}

impl Objects {
    /// The key and the whole of an object that is looked for and may be read.
    fn matched(&self, search: &Search, object: &str) -> Result<Option<(String, Sealed)>, Failure> {
        let Named { metadata } = serde_json::from_str(object).map_err(|_| Failure::unreadable())?;
        let namespace = metadata.namespace.as_deref();
        let key = self.keys.key_of(namespace, &metadata.name);
        if !search.matches_name(&key) || !self.whitelist.permits(&metadata.name, namespace, None) {
            return Ok(None);
        }
        let named = self.named(object);
        let whole = gjson::marshal(&named, Numbers::Kept).map_err(|_| Failure::unreadable())?;
        Ok(Some((key, Sealed::new(whole))))
    }

    /// An object with its kind before the rest: in lists those of Kubernetes' own kinds lack it, and where it is given the
    /// later one counts.
    fn named(&self, object: &str) -> Zeroizing<Vec<u8>> {
        let CrdResource { group, version, kind } = &self.resources.spec;
        let api_version = if group.is_empty() { version.clone() } else { format!("{group}/{version}") };
        let begin = format!("{{\"apiVersion\":{},\"kind\":{},", Value::from(api_version), Value::from(kind.as_str()));
        let rest = object.trim_start().strip_prefix('{').unwrap_or(object);
        Zeroizing::new([begin.as_bytes(), rest.as_bytes()].concat())
    }
}
