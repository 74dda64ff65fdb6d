//! How a call to the API server can fail, and what may be concluded from it.

use kube::core::Status;

/// What a caller may conclude from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// There is no such object.
    NotFound,
    /// The object is not the one that the decision was made on: look again.
    Conflict,
    /// We may not.
    Denied,
    /// The API server will not have it as it is.
    Refused,
    /// No answer, or one that says "later".
    Unavailable,
}

/// A failed call in words that are the same for the same failure.
///
/// An API server's own text may quote what it refuses, so only the fields that it names are kept of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not {doing}: {cause}")]
pub struct Error {
    /// What was tried.
    pub doing: String,
    /// What may be concluded.
    pub kind: Kind,
    /// Cause and cure.
    pub cause: String,
}

impl Error {
    /// Classifies a failure of `doing`.
    pub fn of(doing: impl Into<String>, error: &kube::Error) -> Self {
        let (kind, cause) = match error {
            kube::Error::Api(status) => judge(status),
            _ => (Kind::Unavailable, "the API server does not answer, or not in its own words".to_owned()),
        };
        Self { doing: doing.into(), kind, cause }
    }
}

fn judge(status: &Status) -> (Kind, String) {
    match status.code {
        404 => (Kind::NotFound, "it does not exist".to_owned()),
        409 => (Kind::Conflict, "it was changed meanwhile".to_owned()),
        401 => (Kind::Denied, "the operator's credentials are not accepted".to_owned()),
        403 => (Kind::Denied, denial(status)),
        400 | 413 | 422 => (Kind::Refused, refusal(status)),
        code => (Kind::Unavailable, format!("the API server answered with code {code}")),
    }
}

/// A missing right, an exhausted quota and a policy all answer 403; their first words tell them apart.
fn denial(status: &Status) -> String {
    let text = &status.message;
    let cause = if text.contains("exceeded quota") {
        "a ResourceQuota of the namespace is exhausted; raise it or remove other Secrets"
    } else if let Some(admission) = admission(text) {
        admission
    } else if text.contains("being terminated") {
        "the namespace is being deleted"
    } else {
        "the operator's role does not allow it; grant it in the chart's RBAC"
    };
    cause.to_owned()
}

/// A policy or webhook answers with the code that its author chose, 422 where he chose none.
fn admission(text: &str) -> Option<&'static str> {
    if text.contains("ValidatingAdmissionPolicy") {
        Some("an admission policy denies it; see the API server's audit log for which rule")
    } else if text.contains("admission webhook") {
        Some("an admission webhook denies it; see its log")
    } else {
        None
    }
}

fn refusal(status: &Status) -> String {
    if let Some(admission) = admission(&status.message) {
        return admission.to_owned();
    }
    let details = status.details.as_ref().map(|details| details.causes.as_slice()).unwrap_or_default();
    let fields: Vec<String> = details
        .iter()
        .filter(|cause| !cause.field.is_empty())
        .map(|cause| format!("{} ({})", cause.field, cause.reason))
        .collect();
    if fields.is_empty() {
        return format!(
            "the API server refuses it ({})",
            if status.reason.is_empty() { "Invalid" } else { &status.reason }
        );
    }
    format!("the API server refuses the fields {}", fields.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn error(status: serde_json::Value) -> Error {
        Error::of("write", &kube::Error::Api(Box::new(serde_json::from_value(status).unwrap())))
    }

    #[test]
    fn codes_are_told_apart_by_what_can_be_done() {
        let kinds = [(404, Kind::NotFound), (409, Kind::Conflict), (403, Kind::Denied), (422, Kind::Refused)];
        for (code, kind) in kinds.into_iter().chain([(500, Kind::Unavailable), (429, Kind::Unavailable)]) {
            assert_eq!(error(json!({"code": code, "message": "", "reason": ""})).kind, kind);
        }
    }

    #[test]
    fn a_policy_is_known_by_its_words_whatever_its_code() {
        for code in [403, 422] {
            let denied = error(json!({"code": code, "reason": "Invalid",
                "message": "secrets \"a\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: x"}));
            assert!(denied.cause.contains("an admission policy denies it"), "{denied}");
        }
    }

    #[test]
    fn a_refusal_names_the_fields_and_never_quotes_the_server() {
        let refused = error(json!({"code": 422, "reason": "Invalid", "message": "data: Invalid value: \"s3cr3t\"",
            "details": {"causes": [{"reason": "FieldValueInvalid", "message": "s3cr3t", "field": "data[x]"}]}}));
        assert!(refused.to_string().contains("data[x] (FieldValueInvalid)") && !refused.to_string().contains("s3cr3t"));
    }
}
