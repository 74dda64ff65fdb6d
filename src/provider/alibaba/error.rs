//! What Alibaba Cloud's answers mean: its codes to the closed kinds, in words of our own.
//!
//! Its messages are not looked at and never handed on: they quote names, request ids and at times a signature.

use serde::Deserialize;

use crate::provider::http::{Answer, Fault};
use crate::provider::{Error, Kind};

const GONE: &str = "there is no such secret or version in the store's region, or it was deleted";
const LATER: &str = "Alibaba Cloud has a fault; it is tried again";
const SLOW: &str = "there are too many calls of this account at KMS; it is tried again";
const KEYS: &str = "Alibaba Cloud does not take the access key or its security token; check that the key is there, active \
                    and whole";
const REFUSED: &str = "Alibaba Cloud refused to sign in; check the role's and the OIDC provider's ARNs, that the role \
                       trusts this ServiceAccount (oidc:sub) and that the provider lists the audience sts.aliyuncs.com";
const DENIED: &str = "allow the RAM identity to do this (kms:GetSecretValue, and kms:Decrypt where a key of your own \
                      encrypts the secret; kms:ListSecrets and kms:DescribeSecret for find and metadata), and the secret's \
                      policy too";
const LOCKED: &str = "the key that encrypts the secret is gone or disabled; enable it";
const CLOCK: &str = "the clock of the operator's machine is more than 15 minutes off; correct it";
const REQUEST: &str = "KMS does not understand the request; check the reference's key and version";
const STRANGE: &str = "the answer is not one of Alibaba Cloud's; check proxies and the endpoint";

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To have keys.
    SignIn,
    /// One secret, by its name.
    Secret,
    /// Something of the whole region.
    Listing,
}

/// Why a call failed, before it is said what the call was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) kind: Kind,
    pub(super) cause: String,
    /// Whether the keys are no good, whatever they are used for.
    pub(super) keys_are_bad: bool,
    /// Whether it is Alibaba Cloud that said so, and no proxy.
    pub(super) is_told: bool,
}

impl Failure {
    pub(super) fn new(kind: Kind, cause: &str) -> Self {
        Self { kind, cause: cause.to_owned(), keys_are_bad: false, is_told: false }
    }

    /// With what was tried.
    pub(super) fn at(self, doing: String) -> Error {
        Error { provider: super::NAME, doing, kind: self.kind, cause: self.cause }
    }

    /// An answer of success that was not understood.
    pub(super) fn unreadable() -> Self {
        Self::new(Kind::Invalid, STRANGE)
    }

    /// A part of a request that can be none.
    pub(super) fn unsendable() -> Self {
        Self::new(Kind::Unauthenticated, KEYS)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self { kind: fault.kind, cause: fault.cause, keys_are_bad: false, is_told: false }
    }
}

/// What an answer that is not one of success means.
pub(super) fn failure(answer: &Answer, purpose: Purpose) -> Failure {
    #[derive(Deserialize)]
    struct Complaint {
        #[serde(rename = "Code")]
        code: String,
    }
    let status = answer.status.as_u16();
    match serde_json::from_slice::<Complaint>(answer.body.expose()) {
        Ok(Complaint { code }) => Failure { is_told: true, ..of_code(status, &code, purpose) },
        Err(_) => of_status(status),
    }
}

/// A code has a family before its first point; what is not known of a family is what most of it is.
fn of_code(status: u16, code: &str, purpose: Purpose) -> Failure {
    let family = code.split('.').next().unwrap_or_default();
    match (family, code) {
        // The one word for absence, and it must be about the secret that was named.
        (_, "Forbidden.ResourceNotFound") if status == 404 && purpose == Purpose::Secret => {
            Failure::new(Kind::NotFound, GONE)
        }
        ("Throttling", _) | (_, "Rejected.Throttling") => Failure::new(Kind::Throttled, SLOW),
        (_, "SignatureNonceUsed") => Failure::new(Kind::Unavailable, LATER),
        ("InvalidTimeStamp" | "RequestTimeTooSkewed", _) => Failure::new(Kind::Unavailable, CLOCK),
        (
            "InvalidAccessKeyId"
            | "InvalidSecurityToken"
            | "MissingSecurityToken"
            | "IncompleteSignature"
            | "SignatureDoesNotMatch",
            _,
        ) => Failure { keys_are_bad: true, ..Failure::new(Kind::Unauthenticated, KEYS) },
        ("ServiceUnavailable" | "InternalError" | "InternalFailure" | "UnexpectedFailure", _) => {
            Failure::new(Kind::Unavailable, LATER)
        }
        _ if matches!(status, 429 | 500..=599) => of_status(status),
        _ if purpose == Purpose::SignIn => Failure::new(Kind::Unauthenticated, REFUSED),
        (
            _,
            "Forbidden.KeyNotFound"
            | "Rejected.Disabled"
            | "Rejected.PendingDeletion"
            | "Rejected.PendingImport"
            | "Rejected.Unavailable",
        ) => Failure::new(Kind::Invalid, LOCKED),
        (_, "Forbidden.ResourceNotFound") => Failure::new(Kind::Invalid, REQUEST),
        ("Forbidden" | "NoPermission", _) => Failure::new(Kind::Denied, DENIED),
        _ => Failure::new(Kind::Invalid, REQUEST),
    }
}

/// Of an answer that has no code, and so may be a proxy's.
fn of_status(status: u16) -> Failure {
    match status {
        401 => Failure::new(Kind::Unauthenticated, STRANGE),
        403 => Failure::new(Kind::Denied, STRANGE),
        429 => Failure::new(Kind::Throttled, SLOW),
        408 | 500..=599 => Failure::new(Kind::Unavailable, LATER),
        _ => Failure::new(Kind::Invalid, STRANGE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::http::{HeaderMap, StatusCode};
    use serde_json::json;

    const CANARY: &str = "canary-3e9b";
    const PURPOSES: [Purpose; 3] = [Purpose::SignIn, Purpose::Secret, Purpose::Listing];

    fn answered(status: u16, body: String, purpose: Purpose) -> Failure {
        let status = StatusCode::from_u16(status).unwrap();
        let failure = failure(&Answer { status, headers: HeaderMap::new(), body: body.into() }, purpose);
        assert!(!format!("{failure:?}").contains(CANARY));
        failure
    }

    fn kind(status: u16, code: &str, purpose: Purpose) -> Kind {
        let body = json!({"Code": code, "Message": CANARY, "RequestId": CANARY, "HostId": "kms"});
        answered(status, body.to_string(), purpose).kind
    }

    #[test]
    fn only_the_code_for_it_about_the_secret_itself_means_absence() {
        assert_eq!(kind(404, "Forbidden.ResourceNotFound", Purpose::Secret), Kind::NotFound);
        for (status, code, purpose) in [
            (404, "Forbidden.ResourceNotFound", Purpose::Listing),
            (404, "Forbidden.ResourceNotFound", Purpose::SignIn),
            (403, "Forbidden.ResourceNotFound", Purpose::Secret),
            (503, "Forbidden.ResourceNotFound", Purpose::Secret),
            (404, "Forbidden.KeyNotFound", Purpose::Secret),
            (404, "Forbidden.AliasNotFound", Purpose::Secret),
            (404, "InvalidAccessKeyId.NotFound", Purpose::Secret),
            (404, "InvalidAction.NotFound", Purpose::Secret),
            (404, "EntityNotExist.Role", Purpose::SignIn),
        ] {
            assert_ne!(kind(status, code, purpose), Kind::NotFound, "{status} {code} {purpose:?}");
        }
        for status in (100..=999).filter(|status| StatusCode::from_u16(*status).is_ok()) {
            for body in
                ["", "{}", "<html>canary-3e9b</html>", r#"{"Code":404}"#, r#"{"code":"Forbidden.ResourceNotFound"}"#]
            {
                for purpose in PURPOSES {
                    assert_ne!(answered(status, body.to_owned(), purpose).kind, Kind::NotFound, "{status} {body}");
                }
            }
        }
    }

    #[test]
    fn codes_mean_what_a_caller_may_conclude() {
        for (status, code, purpose, meant) in [
            (403, "Forbidden.NoPermission", Purpose::Secret, Kind::Denied),
            (403, "Forbidden.RAM", Purpose::Listing, Kind::Denied),
            (403, "NoPermission", Purpose::Listing, Kind::Denied),
            (404, "InvalidAccessKeyId.NotFound", Purpose::Secret, Kind::Unauthenticated),
            (400, "InvalidAccessKeyId.Inactive", Purpose::Listing, Kind::Unauthenticated),
            (400, "InvalidSecurityToken.Expired", Purpose::Secret, Kind::Unauthenticated),
            (400, "SignatureDoesNotMatch", Purpose::Secret, Kind::Unauthenticated),
            (400, "IncompleteSignature", Purpose::Secret, Kind::Unauthenticated),
            (400, "AuthenticationFail.OIDCToken.Expired", Purpose::SignIn, Kind::Unauthenticated),
            (403, "AuthenticationFail.NoPermission", Purpose::SignIn, Kind::Unauthenticated),
            (404, "EntityNotExist.Role", Purpose::SignIn, Kind::Unauthenticated),
            (429, "Rejected.Throttling", Purpose::Secret, Kind::Throttled),
            (400, "Throttling.User", Purpose::Secret, Kind::Throttled),
            (400, "Throttling", Purpose::SignIn, Kind::Throttled),
            (429, "Whatever", Purpose::SignIn, Kind::Throttled),
            (503, "ServiceUnavailableTemporary", Purpose::Secret, Kind::Unavailable),
            (500, "InternalFailure", Purpose::Listing, Kind::Unavailable),
            (502, "Whatever", Purpose::SignIn, Kind::Unavailable),
            (400, "InvalidTimeStamp.Expired", Purpose::Secret, Kind::Unavailable),
            (400, "SignatureNonceUsed", Purpose::Secret, Kind::Unavailable),
            (409, "Rejected.Disabled", Purpose::Secret, Kind::Invalid),
            (400, "InvalidParameter", Purpose::Secret, Kind::Invalid),
            (418, "Whatever", Purpose::Secret, Kind::Invalid),
        ] {
            assert_eq!(kind(status, code, purpose), meant, "{status} {code} {purpose:?}");
        }
        assert_eq!(answered(503, "<html>".into(), Purpose::Secret).kind, Kind::Unavailable);
        assert_eq!(answered(404, "<html>".into(), Purpose::Secret).kind, Kind::Invalid);
        assert_eq!(answered(403, "<html>".into(), Purpose::Secret).kind, Kind::Denied);
    }

    #[test]
    fn only_what_is_said_of_the_keys_themselves_is_a_reason_for_others() {
        let bad = |code: &str| of_code(400, code, Purpose::Secret).keys_are_bad;
        for code in ["InvalidSecurityToken.Expired", "InvalidAccessKeyId.NotFound", "SignatureDoesNotMatch"] {
            assert!(bad(code), "{code}");
        }
        for code in ["Forbidden.NoPermission", "Throttling", "InvalidTimeStamp.Expired", "InvalidParameter"] {
            assert!(!bad(code), "{code}");
        }
    }
}
