//! What an API server's answers mean: its `Status` objects to the closed kinds, in words of our own.

use std::borrow::Cow;

use serde::Deserialize;

use super::review::Right;
use crate::provider::http::{Answer, Fault};
use crate::provider::{Error, Kind};

const LATER: &str = "the API server has a fault; it is tried again";
const SLOW: &str = "there are too many calls at this API server; it is tried again";
const REQUEST: &str = "the API server does not understand the request; check the reference's key";
const EXPIRED: &str = "the listing took so long that its next page is gone; it is tried again";
const ELSEWHERE: &str = "the API server sends the call to another address, and calls go to the store's server only; name \
                         the server itself";
const STRANGE: &str = "the answer is not that of an API server; check the store's `server`";
const LOST: &str = "the listing lost its place before its last page; it is tried again";
const UNKNOWN: &str = "the API server does not know the credentials, or they have ended; check them, and that they are \
                       for this server";

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Why {
    /// The call failed.
    Failed(Failure),
    /// What it takes to make it could not be had.
    Told(Error),
}

impl Why {
    /// With what was tried.
    pub(in crate::provider) fn at(self, provider: &'static str, doing: String) -> Error {
        match self {
            Self::Failed(Failure { kind, cause, .. }) => Error { provider, doing, kind, cause },
            Self::Told(error) => error,
        }
    }

    /// What the API server says is not there.
    pub(in crate::provider) fn missing(&self) -> Option<&Missing> {
        match self {
            Self::Failed(failure) => failure.missing.as_ref(),
            Self::Told(_) => None,
        }
    }

    /// Whether the answer was longer than may be read.
    pub(in crate::provider) fn is_excess(&self) -> bool {
        matches!(self, Self::Failed(failure) if failure.excess)
    }
}

impl From<Failure> for Why {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// A call that failed, before it is said what it was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::provider) struct Failure {
    pub(in crate::provider) kind: Kind,
    pub(in crate::provider) cause: String,
    missing: Option<Missing>,
    excess: bool,
    /// Whether the credentials were not known.
    pub(super) unknown: bool,
}

/// What a 404 says is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Missing {
    /// An object: the plural of its kind, and its name.
    Object(String, String),
    /// The whole kind, or even the server's part that would know.
    Path,
}

impl Failure {
    pub(in crate::provider) fn new(kind: Kind, cause: impl Into<String>) -> Self {
        Self { kind, cause: cause.into(), missing: None, excess: false, unknown: false }
    }

    /// An answer of success that was not understood.
    pub(in crate::provider) fn unreadable() -> Self {
        Self::new(Kind::Invalid, STRANGE)
    }

    /// A page that is not the last and does not say how to go on.
    pub(in crate::provider) fn lost() -> Self {
        Self::new(Kind::Unavailable, LOST)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self { excess: fault.excess, ..Self::new(fault.kind, fault.cause) }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    reason: Option<Cow<'a, str>>,
    #[serde(borrow)]
    details: Option<Details<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
}

/// What an answer that is not one of success means; `right` is what the call needed.
pub(super) fn failure(answer: &Answer, right: Right<'_>) -> Failure {
    match answer.status.as_u16() {
        401 => Failure { unknown: true, ..Failure::new(Kind::Unauthenticated, UNKNOWN) },
        403 => Failure::new(Kind::Denied, right.is_lacking()),
        404 => absent(serde_json::from_slice(answer.body.expose()).ok()),
        410 => Failure::new(Kind::Unavailable, EXPIRED),
        429 => Failure::new(Kind::Throttled, SLOW),
        408 | 409 | 500..=599 => Failure::new(Kind::Unavailable, LATER),
        300..=399 => Failure::new(Kind::Unavailable, ELSEWHERE),
        400 | 405 | 406 | 411 | 413..=417 | 422 => Failure::new(Kind::Invalid, REQUEST),
        _ => Failure::unreadable(),
    }
}

/// Only a `Status` with a name in it speaks of an object; everything else is a path that is not served.
fn absent(status: Option<Status<'_>>) -> Failure {
    let found = |status: &Status<'_>| status.kind == "Status" && status.reason.as_deref() == Some("NotFound");
    let object = status.filter(found).and_then(|status| status.details);
    let missing = match object.filter(|details| !details.kind.is_empty() && !details.name.is_empty()) {
        Some(details) => Missing::Object(details.kind.into_owned(), details.name.into_owned()),
        None => Missing::Path,
    };
    Failure { missing: Some(missing), ..Failure::new(Kind::Invalid, STRANGE) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::http::{HeaderMap, StatusCode};

    const CANARY: &str = "canary-5b1e";
    const RIGHT: Right<'_> = Right::new("get", "", "secrets", Some("team"));

    fn of(status: u16, body: &str) -> Failure {
        let status = StatusCode::from_u16(status).unwrap();
        let failure = failure(&Answer { status, headers: HeaderMap::new(), body: body.into() }, RIGHT);
        assert!(!format!("{failure:?}").contains(CANARY), "{failure:?}");
        failure
    }

    fn status(reason: &str, details: &str) -> String {
        format!(
            r#"{{"kind":"Status","status":"Failure","message":"{CANARY}","reason":"{reason}","details":{details}}}"#
        )
    }

    #[test]
    fn a_404_names_an_object_only_where_a_status_does() {
        let absent = |body: &str| of(404, body).missing;
        let named = status("NotFound", r#"{"name":"db","kind":"secrets"}"#);
        assert_eq!(absent(&named), Some(Missing::Object("secrets".into(), "db".into())));
        for body in [
            "404 page not found".to_owned(),
            String::new(),
            "{}".to_owned(),
            status("NotFound", "{}"),
            status("NotFound", "null"),
            status("Gone", r#"{"name":"db","kind":"secrets"}"#),
            named.replace(r#""Status","#, r#""Other","#),
        ] {
            assert_eq!(absent(&body), Some(Missing::Path), "{body}");
        }
    }

    #[test]
    fn no_status_is_absence_by_itself() {
        let named = status("NotFound", r#"{"name":"db","kind":"secrets"}"#);
        for code in 100..=999 {
            assert_ne!(of(code, &named).kind, Kind::NotFound, "{code}");
            assert_eq!(of(code, &named).missing.is_some(), code == 404, "{code}");
        }
    }

    #[test]
    fn statuses_mean_what_a_caller_may_conclude() {
        for (code, kind) in [
            (401, Kind::Unauthenticated),
            (403, Kind::Denied),
            (410, Kind::Unavailable),
            (429, Kind::Throttled),
            (500, Kind::Unavailable),
            (503, Kind::Unavailable),
            (307, Kind::Unavailable),
            (400, Kind::Invalid),
            (299, Kind::Invalid),
        ] {
            assert_eq!(of(code, &status(CANARY, "{}")).kind, kind, "{code}");
        }
        assert!(of(401, "").unknown && !of(403, "").unknown);
        assert!(of(403, "").cause.contains(r#"get secrets in the namespace "team""#), "{:?}", of(403, ""));
    }
}
