//! The provider that keeps its values in the store's own spec: for trying things out, and for tests.
//!
//! It calls nobody, so there is nothing to count or to limit. As in ESO, a reference matches the entry with its key and
//! exactly its version, and the last of several equal entries counts.

use std::collections::HashMap;

use async_trait::async_trait;

use super::{
    Batch, Capabilities, Close, Detect, Error, Find, Kind, Matches, Read, RemoteKey, Search, Validate, Validity,
};
use crate::api::provider::FakeProvider;
use crate::sealed::Sealed;

/// The most keys of one call; any number would do, this one is AWS' so that the same paths are taken.
const BATCH: usize = 20;

const NAME: &str = "Fake";

/// A session with the values of one store's spec.
#[derive(Debug)]
pub struct Fake {
    values: HashMap<(String, String), Sealed>,
    validation: i32,
}

impl Fake {
    /// Takes a copy of the spec's values.
    pub fn new(spec: &FakeProvider) -> Self {
        let entry = |data: &crate::api::provider::fake::FakeData| {
            let version = data.version.clone().unwrap_or_default();
            ((data.key.clone(), version), Sealed::from(data.value.as_str()))
        };
        Self { values: spec.data.iter().map(entry).collect(), validation: spec.validation_result.unwrap_or(0) }
    }

    fn read(&self, key: &RemoteKey) -> Result<Sealed, Error> {
        let entry = (key.key.clone(), key.version.clone().unwrap_or_default());
        self.values.get(&entry).cloned().ok_or_else(|| Error {
            provider: NAME,
            doing: format!("read {:?}", key.key),
            kind: Kind::NotFound,
            cause: "no entry of `spec.provider.fake.data` has this key and version".to_owned(),
        })
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Read for Fake {
    fn name(&self) -> &'static str {
        NAME
    }

    fn batch(&self, _key: &RemoteKey) -> Batch {
        Batch::Many(BATCH)
    }

    fn is_immutable(&self, _key: &RemoteKey) -> bool {
        false
    }

    async fn read_many(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        keys.iter().map(|key| self.read(key)).collect()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Find for Fake {
    /// By name only, as ESO's. Of an entry's versions the greatest counts, in the order of texts; path and tags are none
    /// that an entry could have.
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        search.require_some(NAME)?;
        if search.path().is_some() || !search.tags().is_empty() {
            return Err(search.unsupported(NAME, "path or tags"));
        }
        let mut found: Vec<_> = self.values.iter().filter(|((key, _), _)| search.matches_name(key)).collect();
        found.sort_unstable_by_key(|(entry, _)| *entry);
        let mut matches = Matches::default();
        for ((key, _), value) in found {
            matches.add(search, NAME, key.clone(), value.clone())?;
        }
        Ok(matches)
    }
}

impl Detect for Fake {}

#[async_trait]
impl Close for Fake {}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Validate for Fake {
    /// `validationResult` counts as ESO's enumeration does: 0 is ready, 1 unknown, all else an error.
    async fn validate(&self) -> Result<Validity, Error> {
        match self.validation {
            0 => Ok(Validity::Valid),
            1 => Ok(Validity::Unknown),
            _ => Err(Error {
                provider: NAME,
                doing: "validate the store".to_owned(),
                kind: Kind::Invalid,
                cause: "`spec.provider.fake.validationResult` asks for this error".to_owned(),
            }),
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ReadOnly
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::api::provider::fake::FakeData;
    use crate::provider::conformance::wire::{Wired, Without};
    use crate::provider::conformance::{self, Fixture, Searches};
    use crate::provider::memory::{key, key_at};
    use crate::provider::{Part, Provider, Query};

    fn data(key: &str, value: &str, version: Option<&str>) -> FakeData {
        FakeData { key: key.into(), value: value.into(), version: version.map(Into::into) }
    }

    fn fake(data: Vec<FakeData>) -> Fake {
        Fake::new(&FakeProvider { data, validation_result: None })
    }

    /// The spec is what can be changed; the session is opened anew, as the controller does for a new generation.
    #[derive(Default)]
    struct Spec(Mutex<Vec<FakeData>>);

    #[async_trait]
    impl Fixture for Spec {
        fn provider(&self) -> Arc<dyn Provider> {
            Arc::new(fake(self.0.lock().unwrap().clone()))
        }

        async fn put(&self, key: &str, value: &[u8]) -> Option<String> {
            let version = self.0.lock().unwrap().len().to_string();
            let value = String::from_utf8(value.to_vec()).unwrap();
            self.0.lock().unwrap().extend([data(key, &value, None), data(key, &value, Some(&version))]);
            Some(version)
        }

        async fn delete(&self, key: &str) {
            self.0.lock().unwrap().retain(|entry| entry.key != key);
        }

        fn keeps_binary(&self) -> bool {
            false
        }

        fn searches(&self) -> Searches {
            Searches { name: true, ..Searches::NONE }
        }

        async fn tag(&self, _: &str, _: &BTreeMap<String, String>) {}

        fn declines(&self, case: &str) -> Option<String> {
            (case == conformance::ITEM).then(|| "it reads its own spec".to_owned())
        }

        async fn wired(&self) -> Result<Wired, Without> {
            Err(Without::Needless("it reads its own spec".to_owned()))
        }
    }

    #[tokio::test]
    async fn it_conforms() {
        conformance::assert_all(&Spec::default()).await;
    }

    #[tokio::test]
    async fn an_entry_without_a_version_is_the_one_with_an_empty_version() {
        let session = fake(vec![data("a", "1", Some("")), data("b", "2", None), data("b", "3", Some("v"))]);
        let asked = [key("a"), key_at("a", ""), key_at("b", "v"), key_at("a", "v")];
        let answers = session.read_many(&asked).await;
        assert_eq!(answers[..3], [Ok("1".into()), Ok("1".into()), Ok("3".into())]);
        assert_eq!(answers[3].as_ref().unwrap_err().kind, Kind::NotFound);
    }

    #[tokio::test]
    async fn the_metadata_policy_makes_no_difference() {
        let session = fake(vec![data("a", "1", None)]);
        let asked = RemoteKey { part: Part::Metadata, ..key("a") };
        assert_eq!(session.read_many(&[asked]).await, [Ok("1".into())]);
    }

    #[tokio::test]
    async fn the_validation_result_is_the_specs() {
        let validate = async |result| {
            let spec = FakeProvider { data: Vec::new(), validation_result: result };
            Fake::new(&spec).validate().await.map_err(|error| error.kind)
        };
        assert_eq!(validate(None).await, Ok(Validity::Valid));
        assert_eq!(validate(Some(0)).await, Ok(Validity::Valid));
        assert_eq!(validate(Some(1)).await, Ok(Validity::Unknown));
        assert_eq!(validate(Some(2)).await, Err(Kind::Invalid));
    }

    #[tokio::test]
    async fn a_search_by_name_finds_the_greatest_version_of_each() {
        let session = fake(vec![
            data("db-1", "old", Some("v1")),
            data("db-1", "new", Some("v2")),
            data("db-2", "2", None),
            data("web", "3", None),
        ]);
        let by_name = Query { name: Some("^db-".into()), ..Query::default() };
        let found = session.find(&Search::new(&by_name).unwrap()).await.unwrap();
        assert_eq!(found.entries().clone().into_values().collect::<Vec<_>>(), ["new".into(), "2".into()]);
        let by_path = Query { path: Some("db".into()), ..Query::default() };
        for query in [by_path, Query::default()] {
            assert_eq!(session.find(&Search::new(&query).unwrap()).await.unwrap_err().kind, Kind::Invalid);
        }
    }

    #[test]
    fn its_debug_output_shows_no_value() {
        assert!(!format!("{:?}", fake(vec![data("a", "canary", None)])).contains("canary"));
    }
}
