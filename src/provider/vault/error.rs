//! What a server's answers mean: statuses and a few of its sentences to the closed kinds, in words of our own.
//!
//! Its sentences are looked at, since one status stands for several things, and never handed on: they may quote paths,
//! request ids or what a backend said.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::provider::http::{Answer, Fault, StatusCode};
use crate::provider::{Error, Kind};

const LATER: &str = "the server has a fault; it is tried again";
const SEALED: &str = "the server is sealed; unseal it";
const SLOW: &str = "there are too many calls at this server; it is tried again";
const GONE: &str = "there is no such secret or version, or it was deleted";
const ROUTE: &str = "nothing is mounted at this path; check the store's `path` and the reference's key";
const VERSION: &str = "the engine at this path has another version; check the store's `version`";
const REQUEST: &str = "the server does not understand the request; check the reference's key and version";
const FORGOTTEN: &str = "the server does not know its own token any more; another is asked for";
const DENIED: &str = "allow this token's policies to read the path";
const STANDBY: &str = "the server sends the call to another address, and calls go to the store's server only; name the \
                       active node, or turn request forwarding on";
const STRANGE: &str = "the answer is not that of such a server; check the store's `server`";

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To have a token.
    Login,
    /// Anything that a token is for.
    Use,
}

/// Why a call failed, before it is said what the call was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) kind: Kind,
    pub(super) cause: String,
    pub(super) token: TokenState,
}

/// What a failure says of the token that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenState {
    /// Nothing.
    Unsaid,
    /// It is no good, or may not do this: the answer is the same.
    Doubtful,
    /// It is no good.
    Bad,
}

impl Failure {
    pub(super) fn new(kind: Kind, cause: &str) -> Self {
        Self { kind, cause: cause.to_owned(), token: TokenState::Unsaid }
    }

    /// With what was tried.
    pub(super) fn at(self, provider: &'static str, doing: String) -> Error {
        Error { provider, doing, kind: self.kind, cause: self.cause }
    }

    /// Whether the server would not let the token do it.
    pub(super) fn is_forbidden(&self) -> bool {
        self.token != TokenState::Unsaid
    }

    /// An answer of success that was not understood.
    pub(super) fn unreadable() -> Self {
        Self::new(Kind::Invalid, STRANGE)
    }

    pub(super) fn gone() -> Self {
        Self::new(Kind::NotFound, GONE)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self { kind: fault.kind, cause: fault.cause, token: TokenState::Unsaid }
    }
}

/// The part of an answer that says what went wrong.
#[derive(Debug, Default, Deserialize)]
struct Complaint {
    errors: Option<Vec<String>>,
    warnings: Option<Vec<String>>,
    /// What is left of a secret that was deleted.
    data: Option<IgnoredAny>,
}

impl Complaint {
    fn says(&self, words: &[&str]) -> bool {
        let errors = self.errors.iter().flatten();
        errors.into_iter().any(|error| words.iter().any(|word| error.contains(word)))
    }
}

/// What an answer that is not one of success means.
pub(super) fn failure(answer: &Answer, purpose: Purpose) -> Failure {
    let complaint: Option<Complaint> = serde_json::from_slice(answer.body.expose()).ok();
    let status = answer.status.as_u16();
    match (status, purpose) {
        (404, _) => absent(complaint, purpose),
        (400 | 403, Purpose::Login) => refused(),
        (401, _) => Failure { token: TokenState::Bad, ..Failure::new(Kind::Unauthenticated, STRANGE) },
        (403, Purpose::Use) => forbidden(&complaint.unwrap_or_default()),
        (400 | 405 | 411 | 413..=417 | 422, _) => Failure::new(Kind::Invalid, REQUEST),
        (429, _) => Failure::new(Kind::Throttled, SLOW),
        (503, _) if complaint.is_some_and(|complaint| complaint.says(&["sealed"])) => {
            Failure::new(Kind::Unavailable, SEALED)
        }
        // 412: a replica has not caught up; 472 and 473: standbys of a cluster.
        (408 | 412 | 472 | 473 | 500..=599, _) => Failure::new(Kind::Unavailable, LATER),
        (300..=399, _) => Failure::new(Kind::Unavailable, STANDBY),
        _ => Failure::new(Kind::Invalid, STRANGE),
    }
}

/// Only the engine's own word means that a secret is absent: nothing of a proxy's, and not that nothing is mounted.
fn absent(complaint: Option<Complaint>, purpose: Purpose) -> Failure {
    let invalid = |cause| Failure::new(Kind::Invalid, cause);
    let Some(Complaint { errors, warnings, data }) = complaint else { return invalid(STRANGE) };
    let any = |texts: &Option<Vec<String>>| texts.as_ref().is_some_and(|texts| !texts.is_empty());
    match () {
        () if any(&errors) || purpose == Purpose::Login => invalid(ROUTE),
        () if any(&warnings) => invalid(VERSION),
        () if errors.is_none() && data.is_none() => invalid(STRANGE),
        () => Failure::gone(),
    }
}

fn refused() -> Failure {
    Failure::new(
        Kind::Unauthenticated,
        "the server refused to sign in; check the credentials, the role, and for a ServiceAccount the audience that \
         the role binds",
    )
}

fn forbidden(complaint: &Complaint) -> Failure {
    let bad = complaint.says(&["invalid token", "bad token"]);
    if bad {
        return Failure { token: TokenState::Bad, ..Failure::new(Kind::Unauthenticated, FORGOTTEN) };
    }
    Failure { token: TokenState::Doubtful, ..Failure::new(Kind::Denied, DENIED) }
}

/// Whether an answer is one that a caller should read.
pub(super) fn is_success(status: StatusCode) -> bool {
    status.is_success()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::http::HeaderMap;

    const CANARY: &str = "canary-91ab";

    fn kind(status: u16, body: &str, purpose: Purpose) -> (Kind, TokenState) {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer { status, headers: HeaderMap::new(), body: body.into() };
        let failure = failure(&answer, purpose);
        assert!(!format!("{failure:?}").contains(CANARY), "{failure:?}");
        (failure.kind, failure.token)
    }

    #[test]
    fn only_the_engines_own_word_means_that_a_secret_is_absent() {
        use TokenState::Unsaid;
        let absent = |body| kind(404, body, Purpose::Use);
        assert_eq!(absent(r#"{"errors":[]}"#), (Kind::NotFound, Unsaid));
        let deleted = r#"{"data":{"data":null,"metadata":{"deletion_time":"2026-01-01T00:00:00Z","version":1}}}"#;
        assert_eq!(absent(deleted), (Kind::NotFound, Unsaid));
        assert_eq!(absent(r#"{"errors":["no handler for route \"canary-91ab\"."]}"#), (Kind::Invalid, Unsaid));
        assert_eq!(absent(r#"{"data":null,"warnings":["Invalid path"]}"#), (Kind::Invalid, Unsaid));
        assert_eq!(absent("<html>canary-91ab</html>"), (Kind::Invalid, Unsaid));
        for body in ["", "{}", r#"{"message":"not found"}"#, r#"{"data":null}"#] {
            assert_eq!(absent(body), (Kind::Invalid, Unsaid), "{body}");
        }
        assert_eq!(kind(404, r#"{"errors":[]}"#, Purpose::Login), (Kind::Invalid, Unsaid));
    }

    #[test]
    fn no_other_status_means_absence_whatever_its_body_says() {
        for status in (100..=999).filter(|status| *status != 404) {
            for purpose in [Purpose::Login, Purpose::Use] {
                assert_ne!(kind(status, r#"{"errors":[]}"#, purpose).0, Kind::NotFound, "{status}");
            }
        }
    }

    #[test]
    fn statuses_mean_what_a_caller_may_conclude() {
        use TokenState::{Bad, Doubtful, Unsaid};
        let body = |text: &str| format!(r#"{{"errors":["{text} {CANARY}"]}}"#);
        for (status, text, purpose, meant) in [
            (403, "permission denied", Purpose::Use, (Kind::Denied, Doubtful)),
            (403, "2 errors occurred: permission denied, invalid token", Purpose::Use, (Kind::Unauthenticated, Bad)),
            (403, "permission denied", Purpose::Login, (Kind::Unauthenticated, Unsaid)),
            (400, "invalid role or secret ID", Purpose::Login, (Kind::Unauthenticated, Unsaid)),
            (400, "x", Purpose::Use, (Kind::Invalid, Unsaid)),
            (401, "x", Purpose::Use, (Kind::Unauthenticated, Bad)),
            (405, "unsupported operation", Purpose::Use, (Kind::Invalid, Unsaid)),
            (412, "x", Purpose::Use, (Kind::Unavailable, Unsaid)),
            (429, "x", Purpose::Use, (Kind::Throttled, Unsaid)),
            (429, "x", Purpose::Login, (Kind::Throttled, Unsaid)),
            (472, "x", Purpose::Use, (Kind::Unavailable, Unsaid)),
            (473, "x", Purpose::Use, (Kind::Unavailable, Unsaid)),
            (500, "x", Purpose::Login, (Kind::Unavailable, Unsaid)),
            (502, "x", Purpose::Use, (Kind::Unavailable, Unsaid)),
            (503, "Vault is sealed", Purpose::Use, (Kind::Unavailable, Unsaid)),
            (307, "x", Purpose::Use, (Kind::Unavailable, Unsaid)),
            (418, "x", Purpose::Use, (Kind::Invalid, Unsaid)),
        ] {
            assert_eq!(kind(status, &body(text), purpose), meant, "{status} {text}");
        }
    }
}
