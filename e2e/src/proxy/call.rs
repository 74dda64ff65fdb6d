//! What a request to AWS asks for: its operation and the secrets it names.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::Value;

use crate::form::pairs;

/// One call that came through the proxy. It holds names, never values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// For example `BatchGetSecretValue`; of a form's `Action` for STS.
    pub operation: String,
    /// The secrets or parameters named in the request, in its order.
    pub secrets: Vec<String>,
    /// Who signed it: the access key's id.
    pub access_key: String,
    /// What STS was asked for: the role, external id, tags; of a token its claims `aud`, `iss` and `sub`.
    pub fields: BTreeMap<String, String>,
    /// The status of the answer; none where the caller got no answer.
    pub status: Option<u16>,
    /// When the answer was ready, by this machine's clock; none where there was none.
    pub answered: Option<Timestamp>,
    /// Whether a rule of the proxy had a hand in it.
    pub faulty: bool,
}

impl Call {
    /// Reads a request; what cannot be read stays empty.
    pub(super) fn of(headers: &HeaderMap, body: &[u8]) -> Self {
        let content = serde_json::from_slice(body).unwrap_or(Value::Null);
        let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
        let operation = target.and_then(|target| target.rsplit('.').next()).map(str::to_owned);
        Self {
            operation: operation.or_else(|| form_action(body)).unwrap_or_default(),
            secrets: named_secrets(&content),
            access_key: access_key(headers).unwrap_or_default(),
            fields: if content.is_null() { fields(body) } else { BTreeMap::new() },
            ..Self::default()
        }
    }
}

fn form_action(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    text.split('&').find_map(|pair| pair.strip_prefix("Action=")).map(str::to_owned)
}

/// A form's fields; in place of a token what it claims.
fn fields(body: &[u8]) -> BTreeMap<String, String> {
    let (tokens, plain): (Vec<_>, Vec<_>) = pairs(body).into_iter().partition(|(name, _)| name == "WebIdentityToken");
    let claims = tokens.iter().filter_map(|(_, token)| claims(token)).flatten();
    plain.into_iter().chain(claims).collect()
}

fn claims(token: &str) -> Option<Vec<(String, String)>> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let payload: Value = serde_json::from_slice(&payload).ok()?;
    let claim = |name: &str| Some((name.to_owned(), payload.get(name)?.to_string()));
    Some(["aud", "iss", "sub"].into_iter().filter_map(claim).collect())
}

fn named_secrets(content: &Value) -> Vec<String> {
    let one = ["SecretId", "Name"].into_iter().filter_map(|field| content.get(field));
    let lists = ["SecretIdList", "Names"].into_iter().filter_map(|field| content.get(field)?.as_array());
    one.chain(lists.flatten()).filter_map(Value::as_str).map(str::to_owned).collect()
}

fn access_key(headers: &HeaderMap) -> Option<String> {
    let signature = headers.get("authorization")?.to_str().ok()?;
    let (_, credential) = signature.split_once("Credential=")?;
    credential.split('/').next().map(str::to_owned)
}

/// A word that is no secret and differs from call to call, as AWS sends in every answer.
pub(super) fn request_id() -> String {
    URL_SAFE.encode(rand::random::<[u8; 12]>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_names_its_secrets_and_its_signer() {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-target", "secretsmanager.BatchGetSecretValue".parse().unwrap());
        headers.insert("authorization", "AWS4-HMAC-SHA256 Credential=AKIA/2026/r/s/aws4_request".parse().unwrap());
        let call = Call::of(&headers, br#"{"SecretIdList": ["a", "b"]}"#);
        assert_eq!((call.operation.as_str(), call.access_key.as_str()), ("BatchGetSecretValue", "AKIA"));
        assert_eq!(call.secrets, ["a", "b"]);
    }

    #[test]
    fn a_form_has_its_operation_in_the_body() {
        let call = Call::of(&HeaderMap::new(), b"Version=2011-06-15&Action=AssumeRole&RoleArn=x");
        assert_eq!((call.operation.as_str(), call.fields["RoleArn"].as_str()), ("AssumeRole", "x"));
    }

    #[test]
    fn of_a_token_the_claims_are_kept_and_nothing_else() {
        let payload = URL_SAFE_NO_PAD.encode(r#"{"aud":["a"],"sub":"s","jti":"j"}"#);
        let body = format!("Action=A&ExternalId=a%2Fb+c%25&WebIdentityToken=h.{payload}.s");
        let fields = Call::of(&HeaderMap::new(), body.as_bytes()).fields;
        let expected = [("Action", "A"), ("ExternalId", "a/b c%"), ("aud", r#"["a"]"#), ("sub", r#""s""#)];
        assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }
}
