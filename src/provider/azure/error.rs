//! What Azure's answers mean: statuses and codes to the closed kinds, in words of our own.
//!
//! Codes are looked at, and handed on only where they are one of Entra's numbers; messages hold request ids, times and
//! whatever a server made up, and are not.

use serde::Deserialize;

use super::object::Type;
use crate::provider::http::{Answer, Fault};
use crate::provider::{Error, Kind};

const LATER: &str = "Azure has a fault; it is tried again";
const SLOW: &str = "there are too many calls at this vault or place to sign in; it is tried again when that is over";
const GONE: &str = "there is no such object or version in the vault, or it was deleted";
const ROUTE: &str = "the vault has nothing like that; check vaultUrl, and the reference's key";
const REQUEST: &str = "the vault does not understand the request; check the reference's key and version";
const STRANGE: &str = "the answer is not that of Azure; check vaultUrl, and what is in between";
const ELSEWHERE: &str = "the answer sends the call to another address, and calls go to the store's vault only";
const TOKEN: &str = "the vault does not accept the token; check that the vault's tenant is the one that is signed in to, \
                     and environmentType";
const DISABLED: &str = "the object or version is disabled; enable it, or remove the reference";
const WINDOW: &str = "the object is not valid yet or no longer; correct its dates, or remove the reference";
const FIREWALL: &str =
    "the vault's firewall does not let the operator in; allow its network, or give it a private endpoint";
const POLICY: &str = "give the identity a role such as Key Vault Secrets User, or the access policies Get and List";
const BUSY: &str = "the object is being deleted or recovered; it is tried again";
const MACHINE: &str = "the machine has no such managed identity; assign it to the nodes, and check identityId";

/// Why a call failed, before it is said what the call was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) kind: Kind,
    pub(super) cause: String,
    /// Whether it is the token that was no good.
    pub(super) is_tokens: bool,
}

impl Failure {
    pub(super) fn new(kind: Kind, cause: impl Into<String>) -> Self {
        Self { kind, cause: cause.into(), is_tokens: false }
    }

    /// With what was tried.
    pub(super) fn at(self, doing: String) -> Error {
        Error { provider: super::NAME, doing, kind: self.kind, cause: self.cause }
    }

    /// An answer of success that was not understood.
    pub(super) fn unreadable() -> Self {
        Self::new(Kind::Invalid, STRANGE)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::new(fault.kind, fault.cause)
    }
}

/// The part of a vault's answer that says what went wrong.
#[derive(Debug, Default, Deserialize)]
struct Complaint {
    #[serde(default)]
    error: Detail,
}

#[derive(Debug, Default, Deserialize)]
struct Detail {
    #[serde(default)]
    code: String,
    #[serde(default, alias = "innerError")]
    innererror: Option<Inner>,
}

#[derive(Debug, Default, Deserialize)]
struct Inner {
    #[serde(default)]
    code: String,
}

impl Complaint {
    fn of(answer: &Answer) -> Self {
        serde_json::from_slice(answer.body.expose()).unwrap_or_default()
    }

    /// The inner code says more where there is one.
    fn code(&self) -> &str {
        let inner = self.error.innererror.as_ref().map(|inner| inner.code.as_str());
        inner.filter(|code| !code.is_empty()).unwrap_or(&self.error.code)
    }
}

/// What a vault's answer that is not one of success means, to a call for an object of `asked` or for a listing.
pub(super) fn of_vault(answer: &Answer, asked: Option<Type>) -> Failure {
    let complaint = Complaint::of(answer);
    let code = complaint.code();
    match answer.status.as_u16() {
        // Only the type's own code means that an object is absent: nothing of a proxy's or another type's.
        404 if asked.is_some_and(|asked| asked.absent() == code) => Failure::new(Kind::NotFound, GONE),
        404 if code.ends_with("Disabled") => Failure::new(Kind::Denied, DISABLED),
        404 => Failure::new(Kind::Invalid, ROUTE),
        401 => Failure { is_tokens: true, ..Failure::new(Kind::Unauthenticated, TOKEN) },
        403 => Failure::new(Kind::Denied, forbidden(code)),
        409 => Failure::new(Kind::Unavailable, BUSY),
        status => of_status(status, REQUEST),
    }
}

fn forbidden(code: &str) -> &'static str {
    match code {
        "SecretDisabled" | "CertificateDisabled" | "KeyDisabled" => DISABLED,
        "SecretNotYetValid" | "SecretExpired" | "KeyNotYetValid" | "KeyExpired" => WINDOW,
        "ForbiddenByFirewall" | "ForbiddenByConnection" => FIREWALL,
        _ => POLICY,
    }
}

fn of_status(status: u16, request: &str) -> Failure {
    match status {
        429 => Failure::new(Kind::Throttled, SLOW),
        408 | 500..=599 => Failure::new(Kind::Unavailable, LATER),
        300..=399 => Failure::new(Kind::Unavailable, ELSEWHERE),
        400 | 405..=422 => Failure::new(Kind::Invalid, request),
        _ => Failure::unreadable(),
    }
}

/// Entra's and AD FS' own words on a sign-in.
#[derive(Debug, Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_codes: Vec<u64>,
}

/// Entra's numbers that have one cure.
const NUMBERS: &[(u64, &str)] = &[
    (700_016, "there is no such application in the tenant; check clientId and tenantId"),
    (90_002, "there is no such tenant; check tenantId and environmentType"),
    (900_021, "there is no such tenant; check tenantId and environmentType"),
    (7_000_215, "the client secret is wrong; put the secret's value, not its id, into the Secret"),
    (7_000_222, "the client secret has expired; make a new one and put it into the Secret"),
    (7_000_112, "the application is disabled; enable it"),
    (700_027, "the certificate is not registered with the application, or has expired; register it"),
    (700_024, "the token that was shown is not good at this time; check the clocks"),
    (70_021, "no federated credential fits the ServiceAccount; check its issuer, subject and audience"),
    (700_211, "no federated credential has the cluster's issuer; correct it"),
    (700_212, "no federated credential has the token's audience; it is api://AzureADTokenExchange"),
    (
        700_213,
        "no federated credential has the ServiceAccount as its subject; it is system:serviceaccount:NAMESPACE:NAME",
    ),
    (50_166, "Entra could not get the cluster's keys; publish the issuer's documents"),
];

/// What an answer to a sign-in that is not one of success means.
pub(super) fn of_sign_in(answer: &Answer) -> Failure {
    let refusal: Option<Refusal> = serde_json::from_slice(answer.body.expose()).ok();
    match (answer.status.as_u16(), refusal) {
        (400..=403, Some(refusal)) if !refusal.error.is_empty() => refused(&refusal),
        (401 | 403, _) => refused(&Refusal::default()),
        (404, _) => {
            Failure::new(Kind::Invalid, "there is nobody to sign in to; check tenantId and the authority's URL")
        }
        (status, _) => of_status(status, "the request to sign in was not understood; check tenantId and clientId"),
    }
}

fn refused(refusal: &Refusal) -> Failure {
    if refusal.error == "temporarily_unavailable" {
        return Failure::new(Kind::Unavailable, LATER);
    }
    let known = refusal.error_codes.iter().find_map(|code| NUMBERS.iter().find(|(number, _)| number == code));
    let cause = match (known, refusal.error_codes.first()) {
        (Some((number, cure)), _) => format!("{cure} (AADSTS{number})"),
        (None, Some(number)) => {
            format!("Entra refused the sign-in (AADSTS{number}); look the number up, and check the credentials")
        }
        (None, None) => "the sign-in was refused; check the credentials".to_owned(),
    };
    Failure::new(Kind::Unauthenticated, cause)
}

/// What an answer of the machine's identity service that is not one of success means.
pub(super) fn of_machine(answer: &Answer) -> Failure {
    match answer.status.as_u16() {
        400 | 403 => Failure::new(Kind::Unauthenticated, MACHINE),
        // While an identity is being assigned.
        404 | 410 => Failure::new(Kind::Unavailable, LATER),
        status => of_status(status, MACHINE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::http::{HeaderMap, StatusCode};

    const CANARY: &str = "canary-4b1e";

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status: StatusCode::from_u16(status).unwrap(), headers: HeaderMap::new(), body: body.into() }
    }

    fn vault(status: u16, code: &str, inner: &str) -> Failure {
        let body = format!(
            r#"{{"error":{{"code":"{code}","message":"{CANARY} request 1f","innererror":{{"code":"{inner}"}}}}}}"#
        );
        let failure = of_vault(&answer(status, &body), Some(Type::Secret));
        assert!(!failure.cause.contains(CANARY), "{failure:?}");
        failure
    }

    #[test]
    fn only_the_types_own_code_means_absence() {
        assert_eq!(vault(404, "SecretNotFound", "").kind, Kind::NotFound);
        for (status, code) in [(404, "KeyNotFound"), (404, "NotFound"), (404, ""), (400, "SecretNotFound")] {
            assert_eq!(vault(status, code, "").kind, Kind::Invalid, "{status} {code}");
        }
        for body in ["", "<html>", "{}", "[]", r#"{"error":"SecretNotFound"}"#] {
            assert_eq!(of_vault(&answer(404, body), Some(Type::Secret)).kind, Kind::Invalid, "{body}");
        }
        let listing = of_vault(&answer(404, r#"{"error":{"code":"SecretNotFound"}}"#), None);
        assert_eq!(listing.kind, Kind::Invalid);
        for (asked, code) in [(Type::Certificate, "CertificateNotFound"), (Type::Key, "KeyNotFound")] {
            let body = format!(r#"{{"error":{{"code":"{code}"}}}}"#);
            assert_eq!(of_vault(&answer(404, &body), Some(asked)).kind, Kind::NotFound);
        }
    }

    #[test]
    fn no_other_status_means_absence_whatever_its_body_says() {
        for status in (100..=999).filter(|status| *status != 404) {
            assert_ne!(vault(status, "SecretNotFound", "").kind, Kind::NotFound, "{status}");
        }
    }

    #[test]
    fn what_is_forbidden_says_by_what() {
        for (inner, words) in [
            ("SecretDisabled", "disabled"),
            ("ForbiddenByFirewall", "firewall"),
            ("ForbiddenByConnection", "firewall"),
            ("ForbiddenByRbac", "Key Vault Secrets User"),
            ("AccessDenied", "access policies"),
            ("SecretExpired", "dates"),
        ] {
            let failure = vault(403, "Forbidden", inner);
            assert!(failure.kind == Kind::Denied && failure.cause.contains(words), "{failure:?}");
        }
        let spelled = r#"{"error":{"code":"Forbidden","innerError":{"code":"SecretDisabled"}}}"#;
        assert_eq!(of_vault(&answer(403, spelled), None).cause, DISABLED);
    }

    #[test]
    fn statuses_mean_what_a_caller_may_conclude() {
        for (status, kind) in [
            (301, Kind::Unavailable),
            (400, Kind::Invalid),
            (401, Kind::Unauthenticated),
            (408, Kind::Unavailable),
            (409, Kind::Unavailable),
            (413, Kind::Invalid),
            (429, Kind::Throttled),
            (500, Kind::Unavailable),
            (503, Kind::Unavailable),
        ] {
            let failure = vault(status, "X", "");
            assert_eq!((failure.kind, failure.is_tokens), (kind, status == 401), "{status}");
        }
    }

    #[test]
    fn a_refused_sign_in_says_entras_number_and_its_cure_and_nothing_of_its_text() {
        let body = |error: &str, code: &str| {
            format!(r#"{{"error":"{error}","error_description":"{CANARY} Trace ID 1","error_codes":[{code}]}}"#)
        };
        for (status, error, code, kind, words) in [
            (401, "invalid_client", "7000215", Kind::Unauthenticated, "AADSTS7000215"),
            (400, "unauthorized_client", "700016", Kind::Unauthenticated, "no such application"),
            (400, "invalid_request", "12345", Kind::Unauthenticated, "AADSTS12345"),
            (400, "invalid_client", "", Kind::Unauthenticated, "refused"),
            (400, "temporarily_unavailable", "90033", Kind::Unavailable, "tried again"),
            (429, "x", "", Kind::Throttled, "too many"),
            (500, "server_error", "", Kind::Unavailable, "tried again"),
        ] {
            let failure = of_sign_in(&answer(status, &body(error, code)));
            assert!(failure.kind == kind && failure.cause.contains(words), "{failure:?}");
            assert!(!failure.cause.contains(CANARY));
        }
        assert_eq!(of_sign_in(&answer(401, "<html>")).kind, Kind::Unauthenticated);
        assert_eq!(of_sign_in(&answer(400, "<html>")).kind, Kind::Invalid);
        assert_eq!(of_sign_in(&answer(404, "")).kind, Kind::Invalid);
    }

    #[test]
    fn a_machine_without_the_identity_is_not_one_whose_service_is_away() {
        let kinds = [400, 404, 410, 429, 500].map(|status| of_machine(&answer(status, CANARY)).kind);
        assert_eq!(
            kinds,
            [Kind::Unauthenticated, Kind::Unavailable, Kind::Unavailable, Kind::Throttled, Kind::Unavailable]
        );
    }
}
