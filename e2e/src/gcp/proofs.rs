//! What shows others than Google who somebody is: JWTs that Google signs for service accounts and machines, the public
//! keys to check them by, and service accounts as IAM describes them. Vault's own way to sign in asks for all of it.

use anyhow::Result;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::http::{Answered, Asking, Said};
use super::jwt::Key;
use super::state::State;

/// The longest life of a JWT that IAM signs, in seconds.
const MOST: u64 = 12 * 3600;

fn answered(operation: &'static str, key: &str, principal: &str, said: Said) -> Answered {
    Answered { operation, key: key.to_owned(), principal: principal.to_owned(), said }
}

/// The certificates of Google's own keys, by key id.
pub(super) fn certificates(state: &State) -> Answered {
    let all = state.own_key.iter().map(|key| (key.id.clone(), Value::from(key.certificate.clone())));
    answered("Certificates", "", "", Said::Json(Value::Object(all.collect())))
}

/// The certificates of a service account's keys, by key id.
pub(super) fn certificates_of(state: &State, email: &str) -> Answered {
    let keys = state.certificates.iter().filter(|(_, (owner, _))| owner == email);
    let all: Map<_, _> = keys.map(|(id, (_, pem))| (id.clone(), Value::from(pem.clone()))).collect();
    let said =
        if all.is_empty() { Said::Error(404, "NOT_FOUND", String::new()) } else { Said::Json(Value::Object(all)) };
    answered("AccountCertificates", email, "", said)
}

/// A service account, by its e-mail address or its number.
pub(super) fn account(state: &State, asking: &Asking, name: &str) -> Answered {
    let by = asking.principal(state).unwrap_or_default();
    let email = state.emails().into_iter().find(|email| email == name || number(email) == name);
    let said = match email {
        _ if by.is_empty() => Said::Error(401, "UNAUTHENTICATED", "no token".to_owned()),
        None => Said::Error(404, "NOT_FOUND", "no such account".to_owned()),
        Some(email) => Said::Json(json!({
            "name": format!("projects/p1/serviceAccounts/{email}"), "email": email, "uniqueId": number(&email),
            "projectId": "p1",
        })),
    };
    answered("GetServiceAccount", name, &by, said)
}

/// A number that stands for a service account.
fn number(email: &str) -> String {
    email.bytes().fold(1_u64, |sum, byte| sum.wrapping_mul(131).wrapping_add(u64::from(byte))).to_string()
}

/// Signs what a service account's own token, or that of one who may act as it, asks to have signed.
pub(super) fn sign(state: &mut State, asking: &Asking, email: &str) -> Answered {
    let by = asking.principal(state).unwrap_or_default();
    let body: Value = serde_json::from_slice(&asking.body).unwrap_or_default();
    let claims = body.get("payload").and_then(Value::as_str).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let now = u64::try_from(Timestamp::now().as_second()).unwrap_or_default();
    let end = claims.as_ref().and_then(|claims| claims.get("exp")).and_then(Value::as_u64);
    let said = match claims {
        _ if by.is_empty() => Said::Error(401, "UNAUTHENTICATED", "no token".to_owned()),
        _ if by != email && !state.may_act(&by, email) => {
            let message = "Permission 'iam.serviceAccounts.signJwt' denied on resource (or it may not exist).";
            Said::Error(403, "PERMISSION_DENIED", message.to_owned())
        }
        Some(claims) if end.is_some_and(|end| end > now && end <= now + MOST) => {
            said(state.system_key(email).and_then(|key| Ok(json!({"keyId": key.id, "signedJwt": key.sign(&claims)?}))))
        }
        _ => Said::Error(400, "INVALID_ARGUMENT", "payload".to_owned()),
    };
    answered("SignJwt", email, &by, said)
}

/// The machine's identity, as its metadata server says it.
pub(super) fn identity(state: &mut State, asking: &Asking) -> String {
    let machine = state.machine.clone();
    let now = Timestamp::now().as_second();
    let mut claims = json!({
        "iss": "https://accounts.google.com", "aud": asking.param("audience"), "sub": number(&machine.email),
        "email": machine.email, "email_verified": true, "iat": now, "exp": now + 3600,
    });
    if asking.param("format") == "full" {
        claims["google"] = json!({"compute_engine": {
            "project_id": machine.project, "project_number": 1, "zone": format!("{}-a", machine.location),
            "instance_id": "1", "instance_name": "node-1", "instance_creation_timestamp": now - 60,
        }});
    }
    state.google_key().and_then(|key| key.sign(&claims)).unwrap_or_default()
}

fn said(outcome: Result<Value>) -> Said {
    outcome.map_or_else(|error| Said::Error(500, "INTERNAL", error.to_string()), Said::Json)
}

impl State {
    /// The service accounts that it knows.
    fn emails(&self) -> Vec<String> {
        let machine = Some(self.machine.email.clone()).filter(|email| !email.is_empty());
        self.certificates.values().map(|(email, _)| email.clone()).chain(machine).collect()
    }

    /// The key that Google keeps for a service account; made when it is first needed.
    fn system_key(&mut self, email: &str) -> Result<&Key> {
        if !self.system_keys.contains_key(email) {
            let key = Key::generate(email)?;
            self.certificates.insert(key.id.clone(), (email.to_owned(), key.certificate.clone()));
            self.system_keys.insert(email.to_owned(), key);
        }
        Ok(&self.system_keys[email])
    }

    /// Google's own key; made when it is first needed.
    fn google_key(&mut self) -> Result<&Key> {
        if self.own_key.is_none() {
            self.own_key = Some(Key::generate("accounts.google.com")?);
        }
        self.own_key.as_ref().ok_or_else(|| anyhow::anyhow!("no key"))
    }
}
