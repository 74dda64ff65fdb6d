//! The fake provider: its spec is its server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use keyferry::api::provider::fake::{FakeData, FakeProvider};
use keyferry::provider::Provider;
use keyferry::provider::conformance::wire::{Wired, Without};
use keyferry::provider::conformance::{self, Fixture, Searches};
use keyferry::provider::fake::Fake;

/// A session is opened anew for each read, as the controller does for a new generation of the store.
#[derive(Default)]
struct Spec(Mutex<Vec<FakeData>>);

/// The fixture for the matrix.
pub(super) fn spec() -> Box<dyn Fixture> {
    Box::new(Spec::default())
}

impl Spec {
    fn change<T>(&self, change: impl FnOnce(&mut Vec<FakeData>) -> T) -> T {
        change(&mut self.0.lock().expect("no panic before"))
    }
}

#[async_trait]
impl Fixture for Spec {
    fn provider(&self) -> Arc<dyn Provider> {
        let data = self.change(|data| data.clone());
        Arc::new(Fake::new(&FakeProvider { data, validation_result: None }))
    }

    async fn put(&self, key: &str, value: &[u8]) -> Option<String> {
        let value = std::str::from_utf8(value).expect("it keeps text");
        let entry = |version: Option<&str>| FakeData {
            key: key.to_owned(),
            value: value.to_owned(),
            version: version.map(str::to_owned),
        };
        self.change(|data| {
            let version = data.len().to_string();
            data.extend([entry(None), entry(Some(&version))]);
            Some(version)
        })
    }

    async fn delete(&self, key: &str) {
        self.change(|data| data.retain(|entry| entry.key != key));
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
