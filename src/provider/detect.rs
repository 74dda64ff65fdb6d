//! Whether a secret has changed, where a provider can say so for many of them at less than the cost of reading each.

use async_trait::async_trait;

use super::{Error, RemoteKey};

/// What a provider says of a secret that changes whenever its value does, a time or the id of its newest version.
///
/// It is compared with an earlier one of the same key and session, and never shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mark(Box<str>);

impl Mark {
    /// A mark; it must not hold anything of the value.
    pub fn new(mark: impl Into<Box<str>>) -> Self {
        Self(mark.into())
    }

    /// Its bytes, for who compares marks without keeping them.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Says cheaply which secrets have changed. Most providers cannot, and have nothing to say here.
#[async_trait]
pub trait Detect: std::fmt::Debug + Send + Sync {
    /// The most keys of `key`'s kind whose marks are asked for together, none where each must be read.
    ///
    /// Keys with different answers are never asked for together, and those that may be are of one listing: more of them
    /// cost no more calls.
    fn detects(&self, _key: &RemoteKey) -> Option<usize> {
        None
    }

    /// The marks of `keys`, in their order: that of the value which a read before this call could not have missed.
    ///
    /// No mark means that nothing is known of a key, which must then be read: only a read says that a secret is absent.
    ///
    /// # Errors
    /// A listing that failed on any page; then nothing is known of any key.
    async fn marks(&self, keys: &[RemoteKey]) -> Result<Vec<Option<Mark>>, Error> {
        Ok(vec![None; keys.len()])
    }

    /// How many calls the last listing of `key`'s kind took, 1 before the first: where reads cost no more, there is none.
    fn listing_calls(&self, _key: &RemoteKey) -> usize {
        1
    }
}
