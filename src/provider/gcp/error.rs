//! What Google's answers mean: statuses and reasons to the closed kinds, in words of our own.
//!
//! Its sentences are looked at where one status stands for several things, and never handed on: they quote names, project
//! numbers and what a caller sent.

use std::borrow::Cow;

use serde::Deserialize;

use super::NAME;
use crate::provider::http::{Answer, Fault};
use crate::provider::{Error, Kind};

const LATER: &str = "the service has a fault; it is tried again";
const SLOW: &str = "there are too many calls in this project; it is tried again";
const GONE: &str = "there is no such secret or version";
const PLACE: &str = "there is nothing at this place; check the store's `projectID` and `location`";
const REQUEST: &str = "the service does not understand the request; check the reference's key and version";
const ASLEEP: &str = "the version is disabled or destroyed; enable it, add another, or have the store take the newest \
                      that is enabled (`secretVersionSelectionPolicy: LatestOrFetch`)";
const DENIED: &str = "give this principal the role roles/secretmanager.secretAccessor on the secret (and for `find` and \
                      metadata roles/secretmanager.viewer); check too that the project and the secret exist";
const SCOPE: &str = "the token lacks the scope cloud-platform; give it to the nodes, or use workload identity";
const OFF: &str = "Secret Manager is off in this project, or the project has no billing; turn it on";
const TOKEN: &str = "Google does not accept the token; check the clock and that the account is enabled";
const REFUSED: &str = "Google refused to sign in; check the key, the pool's provider and its allowed audiences, and the \
                       binding of the identity";
const STRANGE: &str = "the answer is not that of Google Cloud; check proxies and the operator's endpoints";

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Purpose {
    /// To have a token.
    SignIn,
    /// Anything that a token is for.
    Use,
}

/// Why a call failed, before it is said what the call was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::provider) struct Failure {
    pub(in crate::provider) kind: Kind,
    pub(in crate::provider) cause: String,
    /// What else a caller may do about it.
    pub(super) hint: Hint,
}

/// What a failure says beyond its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    None,
    /// The token that was shown is no good.
    Token,
    /// The version is there, and disabled or destroyed.
    Asleep,
}

impl Failure {
    pub(super) fn new(kind: Kind, cause: &str) -> Self {
        Self { kind, cause: cause.to_owned(), hint: Hint::None }
    }

    /// With what was tried.
    pub(in crate::provider) fn at(self, provider: &'static str, doing: String) -> Error {
        Error { provider, doing, kind: self.kind, cause: self.cause }
    }

    /// An answer of success that was not understood.
    pub(super) fn unreadable() -> Self {
        Self::new(Kind::Invalid, STRANGE)
    }

    /// A payload that is not what its checksum says.
    pub(super) fn broken() -> Self {
        Self::new(Kind::Unavailable, "the payload is not what its checksum says; it is read again")
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self { kind: fault.kind, cause: fault.cause, hint: Hint::None }
    }
}

/// That a session's own token is no good, though it was given just now.
pub(super) fn bad_token() -> Error {
    Failure::new(Kind::Unauthenticated, TOKEN).at(NAME, "use the session's token".to_owned())
}

/// The part of an answer that says what went wrong. The token services have a text where the others have an object.
#[derive(Debug, Default, Deserialize)]
struct Complaint<'a> {
    #[serde(borrow, default)]
    error: Option<Said<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Said<'a> {
    #[serde(borrow)]
    Status(Status<'a>),
    Code(String),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status<'a> {
    #[serde(borrow, rename = "status")]
    code: Cow<'a, str>,
    #[serde(borrow)]
    message: Cow<'a, str>,
    details: Vec<Detail>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Detail {
    reason: String,
}

impl Status<'_> {
    fn has_reason(&self, reasons: &[&str]) -> bool {
        self.details.iter().any(|detail| reasons.contains(&detail.reason.as_str()))
    }
}

/// What an answer that is not one of success means.
pub(super) fn failure(answer: &Answer, purpose: Purpose) -> Failure {
    let complaint: Option<Complaint<'_>> = serde_json::from_slice(answer.body.expose()).ok();
    let status = match complaint.and_then(|complaint| complaint.error) {
        Some(Said::Status(status)) => Some(status),
        Some(Said::Code(code)) if purpose == Purpose::SignIn => return sign_in(answer.status.as_u16(), &code),
        _ => None,
    };
    match (answer.status.as_u16(), status) {
        (429, _) => Failure::new(Kind::Throttled, SLOW),
        (408 | 500..=599, _) => Failure::new(Kind::Unavailable, LATER),
        (code, _) if purpose == Purpose::SignIn => sign_in(code, ""),
        (404, status) => absent(status),
        (401, _) => Failure { hint: Hint::Token, ..Failure::new(Kind::Unauthenticated, TOKEN) },
        (403, status) => denied(&status.unwrap_or_default()),
        (_, None) => Failure::new(Kind::Invalid, STRANGE),
        (400, Some(status)) if status.code == "FAILED_PRECONDITION" => asleep(&status),
        (400 | 409 | 413 | 416, _) => Failure::new(Kind::Invalid, REQUEST),
        _ => Failure::new(Kind::Invalid, STRANGE),
    }
}

/// A refusal of the token services.
fn sign_in(status: u16, code: &str) -> Failure {
    match (status, code) {
        (429, _) => Failure::new(Kind::Throttled, SLOW),
        (408 | 500..=599, _) => Failure::new(Kind::Unavailable, LATER),
        (300..=399, _) => Failure::new(Kind::Unavailable, STRANGE),
        _ => Failure::new(Kind::Unauthenticated, REFUSED),
    }
}

/// Only the service's own word about a secret means that one is absent: nothing of a proxy's, and not a missing project.
fn absent(status: Option<Status<'_>>) -> Failure {
    let Some(status) = status.filter(|status| status.code == "NOT_FOUND") else {
        return Failure::new(Kind::Invalid, STRANGE);
    };
    if status.message.starts_with("Secret") && status.message.contains("/secrets/") {
        return Failure::new(Kind::NotFound, GONE);
    }
    Failure::new(Kind::Invalid, PLACE)
}

/// A version that cannot be read now is none that is absent: it may be enabled again, and was, until just now, in use.
fn asleep(status: &Status<'_>) -> Failure {
    let asleep = ["DISABLED state", "DESTROYED state"];
    if asleep.iter().any(|state| status.message.contains(state)) {
        return Failure { hint: Hint::Asleep, ..Failure::new(Kind::Invalid, ASLEEP) };
    }
    Failure::new(Kind::Invalid, REQUEST)
}

fn denied(status: &Status<'_>) -> Failure {
    let cause = match () {
        () if status.has_reason(&["RATE_LIMIT_EXCEEDED"]) => return Failure::new(Kind::Throttled, SLOW),
        () if status.has_reason(&["ACCESS_TOKEN_SCOPE_INSUFFICIENT"]) => SCOPE,
        () if status.has_reason(&["SERVICE_DISABLED", "BILLING_DISABLED"]) => OFF,
        () => DENIED,
    };
    Failure::new(Kind::Denied, cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::http::{HeaderMap, StatusCode};

    const CANARY: &str = "canary-3e1c";

    fn judged(status: u16, body: &str, purpose: Purpose) -> (Kind, Hint) {
        let status = StatusCode::from_u16(status).unwrap();
        let failure = failure(&Answer { status, headers: HeaderMap::new(), body: body.into() }, purpose);
        assert!(!format!("{failure:?}").contains(CANARY), "{failure:?}");
        (failure.kind, failure.hint)
    }

    fn body(status: &str, message: &str) -> String {
        serde_json::json!({"error": {"code": 1, "message": message, "status": status, "details": []}}).to_string()
    }

    #[test]
    fn only_the_services_own_word_about_a_secret_means_absence() {
        let absent = |body: &str| judged(404, body, Purpose::Use).0;
        let secret = format!("Secret [projects/1/secrets/{CANARY}] not found or has no versions.");
        assert_eq!(absent(&body("NOT_FOUND", &secret)), Kind::NotFound);
        let version = format!("Secret Version [projects/1/secrets/{CANARY}/versions/9] not found.");
        assert_eq!(absent(&body("NOT_FOUND", &version)), Kind::NotFound);
        for strange in [
            body("NOT_FOUND", "Project [projects/canary-3e1c] not found or deleted."),
            body("NOT_FOUND", "Requested entity was not found."),
            body("PERMISSION_DENIED", &secret),
            "<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>".to_owned(),
            String::new(),
            "{}".to_owned(),
            r#"{"error":"not_found"}"#.to_owned(),
        ] {
            assert_eq!(absent(&strange), Kind::Invalid, "{strange}");
            assert_ne!(judged(404, &strange, Purpose::SignIn).0, Kind::NotFound);
        }
        for status in (100..=999).filter(|status| *status != 404) {
            assert_ne!(judged(status, &body("NOT_FOUND", &secret), Purpose::Use).0, Kind::NotFound, "{status}");
        }
    }

    #[test]
    fn a_version_that_sleeps_is_not_absent() {
        for state in ["DISABLED", "DESTROYED"] {
            let message = format!("Secret Version [projects/1/secrets/{CANARY}/versions/4] is in {state} state.");
            assert_eq!(
                judged(400, &body("FAILED_PRECONDITION", &message), Purpose::Use),
                (Kind::Invalid, Hint::Asleep)
            );
        }
        let other = body("FAILED_PRECONDITION", "the key is disabled");
        assert_eq!(judged(400, &other, Purpose::Use), (Kind::Invalid, Hint::None));
    }

    #[test]
    fn statuses_mean_what_a_caller_may_conclude() {
        let html = format!("<html>{CANARY}</html>");
        for (status, said, purpose, kind) in [
            (400, body("INVALID_ARGUMENT", CANARY), Purpose::Use, Kind::Invalid),
            (403, body("PERMISSION_DENIED", CANARY), Purpose::Use, Kind::Denied),
            (429, body("RESOURCE_EXHAUSTED", CANARY), Purpose::Use, Kind::Throttled),
            (429, html.clone(), Purpose::SignIn, Kind::Throttled),
            (500, html.clone(), Purpose::Use, Kind::Unavailable),
            (503, body("UNAVAILABLE", CANARY), Purpose::SignIn, Kind::Unavailable),
            (307, html.clone(), Purpose::Use, Kind::Invalid),
            (307, html.clone(), Purpose::SignIn, Kind::Unavailable),
            (403, html.clone(), Purpose::Use, Kind::Denied),
            (400, html.clone(), Purpose::Use, Kind::Invalid),
            (
                400,
                r#"{"error":"invalid_grant","error_description":"canary-3e1c"}"#.to_owned(),
                Purpose::SignIn,
                Kind::Unauthenticated,
            ),
            (403, body("PERMISSION_DENIED", CANARY), Purpose::SignIn, Kind::Unauthenticated),
        ] {
            assert_eq!(judged(status, &said, purpose).0, kind, "{status} {said}");
        }
        assert_eq!(judged(401, &body("UNAUTHENTICATED", CANARY), Purpose::Use), (Kind::Unauthenticated, Hint::Token));
    }

    #[test]
    fn a_denial_says_what_lacks() {
        let denied = |reason: &str| {
            let body = serde_json::json!({"error": {"status": "PERMISSION_DENIED", "details": [{"reason": reason}]}});
            let answer =
                Answer { status: StatusCode::FORBIDDEN, headers: HeaderMap::new(), body: body.to_string().into() };
            failure(&answer, Purpose::Use).cause
        };
        assert_eq!(denied("ACCESS_TOKEN_SCOPE_INSUFFICIENT"), SCOPE);
        assert_eq!(denied("SERVICE_DISABLED"), OFF);
        assert_eq!(denied("IAM_PERMISSION_DENIED"), DENIED);
    }
}
