//! A ClusterSecretStore whose credentials depend on the consumer, while there is none: it can be opened, to be told
//! that nothing is known of it, and reads nothing.

use async_trait::async_trait;

use super::{
    Batch, Capabilities, Close, Detect, Error, Find, Kind, Matches, Read, RemoteKey, Search, Validate, Validity,
};
use crate::sealed::Sealed;

#[derive(Debug)]
pub(super) struct Referent;

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Read for Referent {
    fn name(&self) -> &'static str {
        "ClusterSecretStore"
    }

    fn batch(&self, _key: &RemoteKey) -> Batch {
        Batch::Single
    }

    fn is_immutable(&self, _key: &RemoteKey) -> bool {
        false
    }

    async fn read_many(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        keys.iter().map(|key| Err(self.refuse(format!("read {:?}", key.key)))).collect()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Find for Referent {
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        Err(self.refuse(search.doing()))
    }
}

impl Detect for Referent {}

#[async_trait]
impl Close for Referent {}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Validate for Referent {
    async fn validate(&self) -> Result<Validity, Error> {
        Ok(Validity::Unknown)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ReadOnly
    }
}

impl Referent {
    fn refuse(&self, doing: String) -> Error {
        Error {
            provider: self.name(),
            doing,
            kind: Kind::Invalid,
            cause: "the store's credentials are those of the namespace that reads, and none was given".to_owned(),
        }
    }
}
