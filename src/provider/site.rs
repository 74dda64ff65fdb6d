//! Where a store's spec has its ways to sign in, so that errors of shared code name the store's own fields.

use super::{Error, Kind};

/// A provider, and the path of the field that has the ways to sign in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    /// As errors call it.
    pub(super) provider: &'static str,
    /// For example `spec.provider.aws.auth`.
    pub(super) auth: &'static str,
}

impl Site {
    /// The path of a field below.
    pub(super) fn field(self, name: &str) -> String {
        format!("{}.{name}", self.auth)
    }

    /// A field that no session can be opened with.
    pub(super) fn refuse(self, name: &str, cause: &str) -> Error {
        let cause = format!("`{}`: {cause}", self.field(name));
        Error { provider: self.provider, doing: "open the store".to_owned(), kind: Kind::Invalid, cause }
    }

    /// A credential that was read and is none.
    pub(super) fn unusable(self, name: &str, cause: &str) -> Error {
        let doing = format!("use the credentials of `{}`", self.field(name));
        Error { provider: self.provider, doing, kind: Kind::Unauthenticated, cause: cause.to_owned() }
    }
}
