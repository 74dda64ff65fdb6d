//! `AssumeRoleWithOIDC`: a ServiceAccount's token, checked as an OIDC provider's, for the keys of a role.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::request::Asking;
use super::{Outcome, State};

const VERSION: &str = "2015-04-01";

/// Which tokens a role takes.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The role's ARN.
    pub role: String,
    /// The OIDC provider's ARN.
    pub provider: String,
    /// Who issues tokens.
    pub issuer: String,
    /// The issuer's public key (ES256), PEM.
    pub key: String,
    /// Whose tokens, for example `system:serviceaccount:team:app`.
    pub subject: String,
    /// What names begin with that the role may read.
    pub reads: String,
}

pub(super) fn assume(state: &mut State, asking: &Asking) -> Outcome {
    let version = [asking.header("x-acs-version"), asking.parameter("Version").unwrap_or_default()];
    if !version.contains(&VERSION) {
        return Err((400, "InvalidVersion"));
    }
    let parameter = |name: &str| asking.parameter(name).filter(|value| !value.is_empty());
    let (Some(role), Some(provider), Some(token), Some(session)) =
        (parameter("RoleArn"), parameter("OIDCProviderArn"), parameter("OIDCToken"), parameter("RoleSessionName"))
    else {
        return Err((400, "MissingParameter"));
    };
    let of_provider: Vec<_> = state.trusts.iter().filter(|trust| trust.provider == provider).cloned().collect();
    let known = of_provider.first().ok_or((404, "EntityNotExist.OIDCProvider"))?;
    let claims = claims(token, &known.key).ok_or((400, "AuthenticationFail.OIDCToken.Invalid"))?;
    if claims["iss"] != known.issuer.as_str() {
        return Err((400, "AuthenticationFail.IssuerMismatch"));
    }
    let audiences = claims["aud"].as_array().cloned().unwrap_or_default();
    if !audiences.contains(&json!("sts.aliyuncs.com")) {
        return Err((400, "AuthenticationFail.AudienceMismatch"));
    }
    if claims["exp"].as_i64().unwrap_or_default() < Timestamp::now().as_second() {
        return Err((400, "AuthenticationFail.OIDCToken.Expired"));
    }
    let trust = of_provider.iter().find(|trust| trust.role == role && claims["sub"] == trust.subject.as_str());
    let reads = trust.ok_or((403, "AuthenticationFail.NoPermission"))?.reads.clone();
    let given = state.give("", &reads);
    Ok(json!({
        "RequestId": "r", "Credentials": given,
        "AssumedRoleUser": {"Arn": format!("{role}/{session}"), "AssumedRoleId": format!("3:{session}")},
    }))
}

/// What a token says, if the key signed it.
fn claims(token: &str, key: &str) -> Option<Value> {
    let (signed, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let der: String = key.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(der).ok()?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, der).verify(signed.as_bytes(), &signature).ok()?;
    let (_, claims) = signed.split_once('.')?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}
