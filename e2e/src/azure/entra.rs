//! Entra and the machine's identity service: nobody is given a token who has not shown who they are.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::certificate::Known;
use super::http::{Answered, Asking, Said};
use super::jwt::{Token, now};
use super::state::{Application, Asked, RESOURCE, State, TENANT};

/// What a ServiceAccount's token must be for.
const EXCHANGE: &str = "api://AzureADTokenExchange";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Where a client learns of the other places.
pub(super) fn places(asking: &Asking) -> Answered {
    let at = |path: &str| format!("https://{}/{TENANT}/{path}", asking.host());
    let body = json!({
        "issuer": at("v2.0"),
        "authorization_endpoint": at("oauth2/v2.0/authorize"),
        "token_endpoint": at("oauth2/v2.0/token"),
    });
    Answered::of("metadata", TENANT, Said::Json(200, body))
}

/// A token for an application.
pub(super) fn token(state: &State, asking: &Asking, tenant: &str) -> Answered {
    let form = asking.form();
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let client = field("client_id").to_owned();
    let said = if tenant != TENANT {
        refused(400, "invalid_request", 90_002)
    } else if field("grant_type") != "client_credentials" || field("scope") != format!("{RESOURCE}/.default") {
        refused(400, "invalid_scope", 70_011)
    } else {
        match state.applications.get(&client) {
            None => refused(400, "unauthorized_client", 700_016),
            Some(application) => shown(state, asking, application, &client),
        }
    };
    Answered::of("token", &client, said)
}

fn shown(state: &State, asking: &Asking, application: &Application, client: &str) -> Said {
    let form = asking.form();
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let assertion = field("client_assertion");
    if assertion.is_empty() {
        let known = application.secrets.iter().any(|secret| secret == field("client_secret"));
        return if known { given(state, client) } else { refused(401, "invalid_client", 7_000_215) };
    }
    let audience = format!("https://{}/{TENANT}/oauth2/v2.0/token", asking.host());
    let certified = certified(application, client, assertion, &audience);
    match (certified, federated(application, assertion)) {
        _ if field("client_assertion_type") != ASSERTION => refused(400, "invalid_request", 900_144),
        (Ok(()), _) | (_, Ok(())) => given(state, client),
        (_, Err(_)) if application.certificates.is_empty() => refused(400, "invalid_client", 700_213),
        _ => refused(401, "invalid_client", 700_027),
    }
}

/// By a certificate that the application has: for this place, of and about the client.
fn certified(application: &Application, client: &str, assertion: &str, audience: &str) -> Result<()> {
    let token = Token::read(assertion)?;
    let prints = ["x5t#S256", "x5t"].map(|name| token.header.get(name).and_then(Value::as_str));
    // Microsoft's Python client pads them.
    let prints = prints.map(|print| print.map(|print| print.trim_end_matches('=')));
    let is_shown =
        |known: &&Known| known.thumbprints.iter().zip(prints).any(|(known, shown)| shown == Some(known.as_str()));
    let known = application.certificates.iter().find(is_shown).context("another certificate")?;
    token.verify(&known.public)?;
    if token.text("iss") != client || token.text("sub") != client || !token.is_for(audience) {
        bail!("it is somebody else's, or for another place");
    }
    Ok(())
}

fn federated(application: &Application, assertion: &str) -> Result<()> {
    let token = Token::read(assertion)?;
    let (issuer, subject) = (token.text("iss"), token.text("sub"));
    let credential = application.federated.iter().find(|one| one.issuer == issuer && one.subject == subject);
    token.verify(&credential.context("no such credential")?.key)?;
    if token.is_for(EXCHANGE) { Ok(()) } else { bail!("it is for somebody else") }
}

/// A token for a managed identity of this machine.
pub(super) fn machine(state: &State, asking: &Asking) -> Answered {
    let client = match asking.query.get("client_id") {
        Some(id) => state.identities.iter().find(|identity| *identity == id),
        None => state.identities.first(),
    };
    let sound = asking.header("metadata") == "true" && asking.param("resource") == RESOURCE;
    let said = match client.filter(|_| sound) {
        Some(client) => match given(state, client) {
            // It writes numbers as texts.
            Said::Json(status, mut body) => {
                body["expires_in"] = state.life.to_string().into();
                Said::Json(status, body)
            }
            challenge @ Said::Challenge(_) => challenge,
        },
        None => Said::Json(400, json!({"error": "invalid_request", "error_description": "Identity not found"})),
    };
    Answered::of("token", client.map_or("", String::as_str), said)
}

fn given(state: &State, client: &str) -> Said {
    let now = now();
    let claims = json!({
        "aud": RESOURCE,
        "iss": format!("https://sts.windows.net/{TENANT}/"),
        "tid": TENANT,
        "appid": client,
        "nbf": now,
        "exp": now + state.life,
    });
    match state.key.sign(&claims) {
        Ok(token) => {
            let body = json!({"token_type": "Bearer", "expires_in": state.life, "access_token": token});
            Said::Json(200, body)
        }
        Err(_) => Said::Json(500, json!({"error": "server_error"})),
    }
}

fn refused(status: u16, error: &str, code: u64) -> Said {
    let words = format!("AADSTS{code}: as Entra says it. Trace ID: {}", crate::scratch::suffix());
    Said::Json(status, json!({"error": error, "error_description": words, "error_codes": [code]}))
}

/// Who shows the token of a request; none for one that is not good here.
pub(super) fn holder(state: &State, asking: &Asking) -> Option<String> {
    let text = asking.header("authorization").strip_prefix("Bearer ")?;
    let token = Token::read(text).ok()?;
    token.verify(state.key.public()).ok()?;
    let good = token.is_for(RESOURCE) && token.text("tid") == TENANT;
    good.then(|| token.text("appid").to_owned())
}

impl State {
    /// Ends every token that was given so far.
    pub fn forget_tokens(&mut self) -> anyhow::Result<()> {
        self.key = super::jwt::Key::generate()?;
        Ok(())
    }

    /// The requests for which `wanted` holds.
    pub fn count(&self, wanted: impl Fn(&Asked) -> bool) -> usize {
        self.asked.iter().filter(|asked| wanted(asked)).count()
    }
}
