//! Who is meant: a session with a store, a remote secret read through it, an object that uses it.
//!
//! All three are names only: equal, hashable, cheap to clone, and free of values.

use std::fmt;
use std::sync::Arc;

use crate::provider::Remote;

/// An open session with a store. A number is given out once in a process, so nothing learned through a closed session
/// can be taken for something learned through the one that replaced it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(u64);

impl SessionId {
    /// The `number`th session of this process. Only [`super::Sessions`] gives them out, and tests.
    pub(crate) fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number, for what is derived from it: the phase of the session's slots.
    pub(super) fn number(self) -> u64 {
        self.0
    }
}

/// A remote secret, or a search for some, as one session reads it: what is polled, and what objects share.
///
/// Two references are one if a single call with the same credentials answers both.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    /// Through which session it is read.
    pub session: SessionId,
    /// What is asked for.
    pub remote: Arc<Remote>,
}

impl Reference {
    /// `remote` as `session` reads it.
    pub fn new(session: SessionId, remote: impl Into<Remote>) -> Self {
        Self { session, remote: Arc::new(remote.into()) }
    }

    /// Whether it is a search.
    pub fn is_search(&self) -> bool {
        matches!(&*self.remote, Remote::Query(_))
    }

    /// The name of the one secret that is meant; none where it is a search.
    pub(super) fn key(&self) -> Option<&str> {
        match &*self.remote {
            Remote::Key(key) => Some(&key.key),
            Remote::Query(_) => None,
        }
    }
}

/// An object of the cluster that uses remote secrets. A recreated one has another UID and inherits nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its UID.
    pub uid: Arc<str>,
}

impl ObjectId {
    /// An object's id from the three parts of its metadata.
    pub fn new(namespace: &str, name: &str, uid: &str) -> Self {
        Self { namespace: namespace.into(), name: name.into(), uid: uid.into() }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.namespace, self.name)
    }
}
