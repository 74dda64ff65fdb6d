//! What a read found, with the value and without.
//!
//! [`Seen`] is what is compared, kept and told; [`Reading`] carries the value once, from the read to the write; `Mark`
//! is `Seen` as the schedule keeps it: small, and with the two states that no read can find.

use std::sync::Arc;

use crate::provider;
use crate::sealed::Sealed;

use super::fingerprint::Fingerprint;
use super::identity::Reference;

/// What a read of a reference found. Two that are equal need no work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// There is a value, and this is its fingerprint.
    Value(Fingerprint),
    /// The provider says that there is none.
    Absent {
        /// Whether that was said often, long and credibly enough to act upon (see [`super::absence`]).
        confirmed: bool,
    },
    /// The provider did not say. Equal failures are equal: an error holds closed kinds and stable text only.
    Failed(provider::Error),
}

/// What a read found, and the value where there is one.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What was read.
    pub reference: Reference,
    /// What was found: to be given to [`super::Poller::applied`] once it has been acted upon.
    pub seen: Seen,
    /// The value, exactly where `seen` is [`Seen::Value`]. It is zeroed when its last reader drops it.
    pub value: Option<Arc<Sealed>>,
}

/// [`Seen`] as the schedule remembers it, for a reference (last seen) and for an object (last applied).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Mark {
    /// Never read, or never applied.
    #[default]
    Unknown,
    Value(Fingerprint),
    Absent {
        confirmed: bool,
    },
    Failed(Arc<provider::Error>),
    /// The session is closed. Nothing applied equals it, so the object stays dirty until it names another session.
    Closed,
}

impl From<&Seen> for Mark {
    fn from(seen: &Seen) -> Self {
        match seen {
            Seen::Value(fingerprint) => Self::Value(*fingerprint),
            Seen::Absent { confirmed } => Self::Absent { confirmed: *confirmed },
            Seen::Failed(error) => Self::Failed(Arc::new(error.clone())),
        }
    }
}
