//! What an AWS failure means: codes and HTTP statuses to the closed kinds, in words of our own.
//!
//! A message of AWS' is looked at once, for secrets that are marked for deletion, and never handed on: it holds request
//! ids, account ids and whatever a server made up. A code is handed on only if it is one of the table's.

use std::error::Error as Source;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::provider::site::Site;
use crate::provider::{Error, Kind};

const ALLOW: &str = "allow this principal the action on the secret and its KMS key";
const KEYS: &str = "check the store's access keys, and the clock of the operator's node";
const RENEW: &str = "the credentials have ended; provide new ones";
const SLOW: &str = "there are too many calls in this account; it is tried again";
const LATER: &str = "AWS has a fault; it is tried again";
const PLACE: &str = "the listing lost its place; it is begun again";
const REQUEST: &str = "check the reference's key and version";
const SEARCH: &str = "AWS does not search by these tags or this path; correct them";
const TRUST: &str = "check the role's trust policy: issuer, audience and subject of the ServiceAccount's token";
const ROLE: &str = "check the store's roles and session tags";
const ASSUME: &str = "check that the role exists, that its trust policy names this principal (and the external id and \
                      session tags), and that the principal is allowed sts:AssumeRole";
const GONE: &str = "there is no such secret or version in this account and region";
const DELETED: &str = "the secret is marked for deletion; restore it or remove the reference";

/// How AWS and its emulators say that a secret will be deleted.
const MARKED: &[&str] = &["marked for deletion", "marked deleted"];

/// Every code that is known, with what it means and what helps.
const CODES: &[(&str, Kind, &str)] = &[
    ("ResourceNotFoundException", Kind::NotFound, GONE),
    ("ParameterNotFound", Kind::NotFound, GONE),
    ("ParameterVersionNotFound", Kind::NotFound, GONE),
    ("AccessDenied", Kind::Denied, ALLOW),
    ("AccessDeniedException", Kind::Denied, ALLOW),
    ("KMSAccessDeniedException", Kind::Denied, ALLOW),
    ("KMSAccessDenied", Kind::Denied, ALLOW),
    ("DecryptionFailure", Kind::Denied, ALLOW),
    ("DecryptionFailureException", Kind::Denied, ALLOW),
    ("InvalidKeyId", Kind::Denied, "enable the parameter's KMS key, and allow this principal kms:Decrypt with it"),
    ("NotAuthorized", Kind::Denied, ALLOW),
    ("OptInRequired", Kind::Denied, ALLOW),
    ("RegionDisabledException", Kind::Denied, "activate STS for the store's region in the account"),
    ("UnrecognizedClientException", Kind::Unauthenticated, KEYS),
    ("InvalidClientTokenId", Kind::Unauthenticated, KEYS),
    ("InvalidAccessKeyId", Kind::Unauthenticated, KEYS),
    ("InvalidSignatureException", Kind::Unauthenticated, KEYS),
    ("InvalidSignature", Kind::Unauthenticated, KEYS),
    ("SignatureDoesNotMatch", Kind::Unauthenticated, KEYS),
    ("IncompleteSignature", Kind::Unauthenticated, KEYS),
    ("IncompleteSignatureException", Kind::Unauthenticated, KEYS),
    ("MissingAuthenticationToken", Kind::Unauthenticated, KEYS),
    ("MissingAuthenticationTokenException", Kind::Unauthenticated, KEYS),
    ("RequestExpired", Kind::Unauthenticated, KEYS),
    ("AuthFailure", Kind::Unauthenticated, KEYS),
    ("ExpiredToken", Kind::Unauthenticated, RENEW),
    ("ExpiredTokenException", Kind::Unauthenticated, RENEW),
    ("InvalidIdentityToken", Kind::Unauthenticated, TRUST),
    ("InvalidIdentityTokenException", Kind::Unauthenticated, TRUST),
    ("IDPRejectedClaim", Kind::Unauthenticated, TRUST),
    ("IDPRejectedClaimException", Kind::Unauthenticated, TRUST),
    ("IDPCommunicationError", Kind::Unavailable, LATER),
    ("IDPCommunicationErrorException", Kind::Unavailable, LATER),
    ("Throttling", Kind::Throttled, SLOW),
    ("ThrottlingException", Kind::Throttled, SLOW),
    ("ThrottledException", Kind::Throttled, SLOW),
    ("RequestThrottled", Kind::Throttled, SLOW),
    ("RequestThrottledException", Kind::Throttled, SLOW),
    ("RequestLimitExceeded", Kind::Throttled, SLOW),
    ("LimitExceededException", Kind::Throttled, SLOW),
    ("TooManyRequestsException", Kind::Throttled, SLOW),
    ("TooManyRequests", Kind::Throttled, SLOW),
    ("SlowDown", Kind::Throttled, SLOW),
    ("InternalServiceError", Kind::Unavailable, LATER),
    ("InternalServiceErrorException", Kind::Unavailable, LATER),
    ("InternalFailure", Kind::Unavailable, LATER),
    ("InternalServerError", Kind::Unavailable, LATER),
    ("ServiceUnavailable", Kind::Unavailable, LATER),
    ("ServiceUnavailableException", Kind::Unavailable, LATER),
    ("InvalidNextTokenException", Kind::Unavailable, PLACE),
    ("InvalidNextToken", Kind::Unavailable, PLACE),
    ("InvalidRequestException", Kind::Invalid, REQUEST),
    ("InvalidParameterException", Kind::Invalid, REQUEST),
    ("InvalidParameterValue", Kind::Invalid, REQUEST),
    ("InvalidResourceId", Kind::Invalid, "there is no such parameter, or it must be named otherwise"),
    ("InvalidFilterKey", Kind::Invalid, SEARCH),
    ("InvalidFilterOption", Kind::Invalid, SEARCH),
    ("InvalidFilterValue", Kind::Invalid, SEARCH),
    ("ValidationException", Kind::Invalid, REQUEST),
    ("ValidationError", Kind::Invalid, ROLE),
    ("MalformedPolicyDocument", Kind::Invalid, ROLE),
    ("PackedPolicyTooLarge", Kind::Invalid, ROLE),
];

/// Why a call failed, before it is said what the call was for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Failure {
    /// The call was made.
    Call { kind: Kind, cause: String },
    /// It was not: the credentials for it could not be had, and this is why.
    Credentials(Error),
    /// It was not: nothing in the operator's own configuration gives credentials.
    NoCredentials(Kind),
}

impl Failure {
    /// With what was tried for which service; where that was to have credentials it stays so.
    pub(super) fn at(self, provider: &'static str, doing: String) -> Error {
        self.of(super::site(provider), doing)
    }

    /// As [`Failure::at`], for a store that has its credentials at `site`.
    pub(super) fn of(self, site: Site, doing: String) -> Error {
        match self {
            Self::Call { kind, cause } => Error { provider: site.provider, doing, kind, cause },
            Self::Credentials(error) => error,
            Self::NoCredentials(kind) => default_chain(site, kind),
        }
    }

    /// That a role could not be assumed: what is denied then is not a secret.
    #[must_use]
    pub(super) fn of_role(self) -> Self {
        match self {
            Self::Call { kind: Kind::Denied, cause } => {
                let code = cause.split(": ").next().unwrap_or_default();
                Self::Call { kind: Kind::Denied, cause: format!("{code}: {ASSUME}") }
            }
            other => other,
        }
    }

    /// What the caller may conclude.
    #[cfg(test)]
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Call { kind, .. } | Self::NoCredentials(kind) => *kind,
            Self::Credentials(error) => error.kind,
        }
    }

    /// An answer that is not what the API promises.
    pub(super) fn unreadable() -> Self {
        Self::call(Kind::Unavailable, "the answer is not one of this API's, or too long; check the endpoint")
    }

    /// A secret without a string and without bytes.
    pub(super) fn empty() -> Self {
        Self::call(Kind::Invalid, "the secret has neither a string nor a binary value")
    }

    /// Parameter Store has listed the name among those that no parameter has.
    pub(super) fn no_parameter() -> Self {
        Self::Call { kind: Kind::NotFound, cause: format!("ParameterNotFound: {GONE}") }
    }

    /// Nothing in the configuration gives credentials.
    pub(super) fn no_credentials() -> Self {
        Self::NoCredentials(Kind::Unauthenticated)
    }

    fn call(kind: Kind, cause: &str) -> Self {
        Self::Call { kind, cause: cause.to_owned() }
    }

    /// The meaning of an error code, with its message for the one code that is ambiguous without.
    pub(super) fn of_code(code: &str, message: Option<&str>) -> Option<Self> {
        let refused = ["InvalidRequestException", "InvalidParameterException"].contains(&code);
        let marked = |message: &str| MARKED.iter().any(|words| message.contains(words));
        if refused && message.is_some_and(marked) {
            return Some(Self::Call { kind: Kind::NotFound, cause: format!("{code}: {DELETED}") });
        }
        let (code, kind, cure) = CODES.iter().find(|(known, ..)| *known == code)?;
        Some(Self::Call { kind: *kind, cause: format!("{code}: {cure}") })
    }

    /// The meaning of an answer that has no known code: a status never says that a secret is absent, because a proxy or
    /// a wrong endpoint answers 404 as well.
    fn of_status(status: u16) -> Self {
        let (kind, cure) = match status {
            401 => (Kind::Unauthenticated, KEYS),
            403 => (Kind::Denied, ALLOW),
            429 => (Kind::Throttled, SLOW),
            404 | 405 => (Kind::Unavailable, "this is not AWS; check the endpoint and any proxy"),
            408 | 500..=599 => (Kind::Unavailable, LATER),
            400..=499 => (Kind::Invalid, "AWS refused the request; check the store and the reference"),
            _ => return Self::unreadable(),
        };
        Self::Call { kind, cause: format!("HTTP {status}: {cure}") }
    }
}

/// What an SDK's error means.
pub(super) fn failure<E>(error: &SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + Source + 'static,
{
    if let Some(failure) = of_credentials(error) {
        return failure;
    }
    match error {
        SdkError::ServiceError(answer) => {
            let code = answer.err().code().and_then(|code| Failure::of_code(code, answer.err().message()));
            // An unknown code with a status of success would be an answer that was not understood.
            code.unwrap_or_else(|| Failure::of_status(answer.raw().status().as_u16()))
        }
        SdkError::ResponseError(answer) => Failure::of_status(answer.raw().status().as_u16()),
        SdkError::TimeoutError(_) => Failure::call(Kind::Unavailable, "AWS did not answer in time"),
        SdkError::DispatchFailure(_) => Failure::call(
            Kind::Unavailable,
            "AWS could not be reached; check network, name resolution and certificates",
        ),
        _ => Failure::call(Kind::Invalid, "the request could not be built; check the store's region and endpoint"),
    }
}

/// What a failure to have credentials means.
pub(super) fn credentials_failure(error: &CredentialsError) -> Failure {
    of_credentials(error).unwrap_or_else(Failure::no_credentials)
}

/// The SDK wraps the errors of our own providers; below them may be another of ours, and the first is the nearest.
fn of_credentials(error: &(dyn Source + 'static)) -> Option<Failure> {
    let chain = || std::iter::successors(Some(error), |error: &&(dyn Source + 'static)| (*error).source());
    if let Some(ours) = chain().find_map(|error| error.downcast_ref::<Error>()) {
        return Some(Failure::Credentials(ours.clone()));
    }
    let kind = match chain().find_map(|error| error.downcast_ref::<CredentialsError>())? {
        CredentialsError::ProviderTimedOut(_) => Kind::Unavailable,
        _ => Kind::Unauthenticated,
    };
    Some(Failure::NoCredentials(kind))
}

fn default_chain(site: Site, kind: Kind) -> Error {
    Error {
        provider: site.provider,
        doing: "find the operator's own AWS credentials".to_owned(),
        kind,
        cause: format!(
            "neither its environment nor its ServiceAccount or node gives any; set `{}` or `{}`, or give the operator an \
             IAM role",
            site.field("secretRef"),
            site.field("jwt")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(code: &str) -> Option<Kind> {
        Failure::of_code(code, None).map(|failure| failure.kind())
    }

    #[test]
    fn codes_mean_what_a_caller_may_conclude() {
        for (code, kind) in [
            ("ResourceNotFoundException", Some(Kind::NotFound)),
            ("AccessDeniedException", Some(Kind::Denied)),
            ("DecryptionFailure", Some(Kind::Denied)),
            ("ExpiredTokenException", Some(Kind::Unauthenticated)),
            ("SignatureDoesNotMatch", Some(Kind::Unauthenticated)),
            ("ThrottlingException", Some(Kind::Throttled)),
            ("InternalServiceError", Some(Kind::Unavailable)),
            ("InvalidParameterException", Some(Kind::Invalid)),
            ("SomethingNew", None),
        ] {
            assert_eq!(kind_of(code), kind, "{code}");
        }
    }

    #[test]
    fn a_secret_that_is_marked_for_deletion_is_not_found_and_its_message_is_not_repeated() {
        let message = "You can't do this because it was marked for deletion. canary";
        for code in ["InvalidRequestException", "InvalidParameterException"] {
            let error = Failure::of_code(code, Some(message)).unwrap().at("AWS/SecretsManager", "read \"a\"".into());
            assert_eq!(error.kind, Kind::NotFound);
            assert!(!format!("{error:?}{error}").contains("canary"));
        }
        let other = Failure::of_code("AccessDeniedException", Some(message)).unwrap();
        assert_eq!(other.kind(), Kind::Denied);
    }

    #[test]
    fn a_status_never_means_that_a_secret_is_absent() {
        for status in 100..=599 {
            assert_ne!(Failure::of_status(status).kind(), Kind::NotFound, "{status}");
        }
    }

    #[test]
    fn no_code_is_listed_twice() {
        let mut codes: Vec<_> = CODES.iter().map(|(code, ..)| code).collect();
        codes.sort_unstable();
        assert!(codes.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
