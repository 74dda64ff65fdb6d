//! Why a pass has to be made again.

use crate::cluster;

/// A pass that did not come to its end.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The API server would not have it, or not now.
    #[error("{0}")]
    Cluster(#[from] cluster::Error),
    /// Another replica leads; nothing was written.
    #[error("this replica does not hold the lease")]
    NotLeading,
    /// The pass did not end within its time; what it had not written stays unwritten.
    #[error("the pass took too long")]
    Deadline,
    /// A bug of ours; the object waits, and the others go on.
    #[error("the pass panicked")]
    Panic,
}

impl Error {
    /// A closed word for logs and metrics.
    pub fn category(&self) -> &'static str {
        match self {
            Self::Cluster(error) => match error.kind {
                cluster::Kind::Conflict => "conflict",
                cluster::Kind::Denied => "denied",
                cluster::Kind::NotFound => "not_found",
                cluster::Kind::Refused => "refused",
                cluster::Kind::Unavailable => "unavailable",
            },
            Self::NotLeading => "not_leading",
            Self::Deadline => "deadline",
            Self::Panic => "panic",
        }
    }
}
