//! The services that give tokens: for a key's assertion, for the token of another issuer, for one account in place of
//! another, and for the machine itself.

use anyhow::{Result, bail};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::http::{Answered, Asking, Said};
use super::jwt::Token;
use super::state::{Provider, State};
use super::{aws, proofs};

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const AWS_REQUEST: &str = "urn:ietf:params:aws:token-type:aws4_request";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ASSERTION: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// Kubernetes' tokens are good for up to a day here.
const A_DAY: u64 = 24 * 3600;

fn answered(operation: &'static str, principal: &str, said: Said) -> Answered {
    Answered { operation, key: principal.to_owned(), principal: principal.to_owned(), said }
}

/// A token for `principal`, or why there is none.
fn given(state: &mut State, operation: &'static str, principal: Result<String>, error: &'static str) -> Answered {
    match principal {
        Ok(principal) => {
            let token = state.give(&principal);
            let life = state.life().as_secs();
            let body = json!({
                "access_token": token, "expires_in": life, "token_type": "Bearer", "issued_token_type": ACCESS_TOKEN,
            });
            answered(operation, &principal, Said::Json(body))
        }
        Err(why) => answered(operation, "", Said::Refused(error, why.to_string())),
    }
}

/// The OAuth token endpoint.
pub(super) fn assert(state: &mut State, asking: &Asking) -> Answered {
    let form = asking.form();
    let principal = (|| {
        if form.get("grant_type").map(String::as_str) != Some(ASSERTION) {
            bail!("another grant");
        }
        let token = Token::read(form.get("assertion").map_or("", String::as_str))?;
        let key = token.header.get("kid").and_then(Value::as_str).and_then(|id| state.keys.get(id));
        let Some((email, key)) = key else { bail!("Invalid JWT Signature.") };
        token.verify(key, 3600)?;
        let uris: Vec<_> = state.token_uris.iter().cloned().collect();
        if token.text("iss") != email || !token.is_for(&uris) || token.text("scope") != SCOPE {
            bail!("iss, aud or scope are not what they must be");
        }
        Ok(email.clone())
    })();
    given(state, "Assert", principal, "invalid_grant")
}

/// The Security Token Service.
pub(super) fn exchange(state: &mut State, asking: &Asking) -> Answered {
    let form = asking.form();
    let principal = exchanged(state, &|name| form.get(name).cloned().unwrap_or_default());
    given(state, "Exchange", principal, "invalid_request")
}

/// The service that knows GKE's identities.
pub(super) fn bind(state: &mut State, asking: &Asking) -> Answered {
    let body: Value = serde_json::from_slice(&asking.body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let principal = if text("audience").starts_with("identitynamespace:") {
        exchanged(state, &text)
    } else {
        Err(anyhow::anyhow!("no pool of GKE's"))
    };
    given(state, "Bind", principal, "invalid_grant")
}

fn exchanged(state: &State, field: &dyn Fn(&str) -> String) -> Result<String> {
    if field("grant_type") != EXCHANGE || field("requested_token_type") != ACCESS_TOKEN || field("scope") != SCOPE {
        bail!("another grant, token or scope");
    }
    let audience = field("audience");
    let (kind, token) = (field("subject_token_type"), field("subject_token"));
    match (state.providers.get(&audience), kind.as_str()) {
        (Some(Provider::Oidc { issuer, key, audiences, pool }), JWT) => {
            let token = Token::read(&token)?;
            token.verify(key, A_DAY)?;
            if token.text("iss") != issuer {
                bail!("the issuer in ID Token does not match the expected one");
            }
            if !token.is_for(audiences) {
                bail!("the audience in ID Token does not match the expected audience");
            }
            Ok(principal(pool, token.text("sub")))
        }
        (Some(Provider::Aws { id, secret, session, principal }), AWS_REQUEST) => {
            if !aws::is_signed(&token, &audience, id, secret, session.as_deref()) {
                bail!("AWS does not know who signed");
            }
            Ok(principal.clone())
        }
        _ => bail!("no such provider, or not of this kind of token"),
    }
}

/// How Google writes who a ServiceAccount is.
fn principal(pool: &str, subject: &str) -> String {
    match (pool.ends_with(".svc.id.goog"), subject.strip_prefix("system:serviceaccount:")) {
        (true, Some(account)) => format!("{pool}[{}]", account.replacen(':', "/", 1)),
        _ => format!("principal:{pool}/subject/{subject}"),
    }
}

/// IAM Service Account Credentials.
pub(super) fn act(state: &mut State, asking: &Asking, account: &str) -> Answered {
    let operation = "GenerateAccessToken";
    let by = asking.principal(state).unwrap_or_default();
    let error = |code, status, message: &str| {
        let said = Said::Error(code, status, message.to_owned());
        Answered { operation, key: account.to_owned(), principal: by.clone(), said }
    };
    let Some(email) = account.strip_suffix(":generateAccessToken") else {
        return error(404, "", "");
    };
    let body: Value = serde_json::from_slice(&asking.body).unwrap_or_default();
    if by.is_empty() {
        return error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.");
    }
    if !state.may_act(&by, email) {
        let message = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).";
        return error(403, "PERMISSION_DENIED", message);
    }
    if body.get("scope") != Some(&json!([SCOPE])) {
        return error(400, "INVALID_ARGUMENT", "scope");
    }
    let token = state.give(email);
    let end = Timestamp::now() + jiff::SignedDuration::try_from(state.life()).unwrap_or_default();
    let said = Said::Json(json!({"accessToken": token, "expireTime": end.to_string()}));
    Answered { operation, key: email.to_owned(), principal: by, said }
}

/// The metadata server.
pub(super) fn metadata(state: &mut State, asking: &Asking, place: &[&str]) -> Answered {
    let machine = state.machine.clone();
    let text = match place {
        _ if asking.header("metadata-flavor") != "Google" => String::new(),
        ["project", "project-id"] => machine.project,
        ["instance", "attributes", "cluster-name"] => machine.cluster,
        ["instance", "attributes", "cluster-location"] => machine.location,
        ["instance", "service-accounts", "default", "token"] if !machine.email.is_empty() => {
            let token = state.give(&machine.email);
            let life = state.life().as_secs();
            json!({"access_token": token, "expires_in": life, "token_type": "Bearer"}).to_string()
        }
        ["instance", "service-accounts", "default", "identity"] if !machine.email.is_empty() => {
            proofs::identity(state, asking)
        }
        _ => String::new(),
    };
    let said = if text.is_empty() { Said::Error(403, "PERMISSION_DENIED", String::new()) } else { Said::Text(text) };
    Answered { operation: "Metadata", key: place.join("/"), principal: String::new(), said }
}

/// Somebody's own service, which gives tokens that a pool's provider trusts.
pub(super) fn external(state: &State, asking: &Asking) -> Answered {
    let said = match asking.header("x-mine") {
        "canary" => Said::Json(json!({"id_token": state.external})),
        _ => Said::Error(403, "PERMISSION_DENIED", "the header of the configuration is not there".to_owned()),
    };
    answered("External", "", said)
}
