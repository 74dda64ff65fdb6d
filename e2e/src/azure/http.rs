//! One request: what it says, what it is for, and its line in the log.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use serde_json::{Value, json};

use super::state::{Asked, State};
use super::{entra, vault};
use crate::form::{decoded, pairs};

/// More than any request of a test.
const REQUEST_LIMIT: usize = 1 << 20;

/// A request, read.
pub(super) struct Asking {
    method: Method,
    path: Vec<String>,
    pub(super) query: BTreeMap<String, String>,
    headers: HeaderMap,
    body: Bytes,
}

/// An answer, and what the log says of it.
pub(super) struct Answered {
    operation: &'static str,
    key: String,
    principal: String,
    said: Said,
}

/// What is answered.
pub(super) enum Said {
    Json(u16, Value),
    /// That a token is wanted, and from whom.
    Challenge(String),
}

impl Answered {
    pub(super) fn of(operation: &'static str, key: &str, said: Said) -> Self {
        Self { operation, key: key.to_owned(), principal: String::new(), said }
    }

    pub(super) fn to(self, principal: String) -> Self {
        Self { principal, ..self }
    }
}

impl Asking {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(super) fn param(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    pub(super) fn host(&self) -> &str {
        self.header("host")
    }

    pub(super) fn form(&self) -> BTreeMap<String, String> {
        pairs(&self.body).into_iter().collect()
    }
}

pub(super) async fn answer(
    state: Arc<Mutex<State>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, REQUEST_LIMIT).collect().await.map(http_body_util::Collected::to_bytes);
    let path = head.uri.path().split('/').skip(1).map(decoded).collect();
    let query = pairs(head.uri.query().unwrap_or_default().as_bytes()).into_iter().collect();
    let asking = Asking { method: head.method, path, query, headers: head.headers, body: body.unwrap_or_default() };
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let Answered { operation, key, principal, said } = route(&state, &asking);
    let answer = said.response(&state);
    let status = answer.status().as_u16();
    state.asked.push(Asked { operation, key, principal, status, at: Instant::now() });
    Ok(answer)
}

fn route(state: &State, asking: &Asking) -> Answered {
    let path: Vec<&str> = asking.path.iter().map(String::as_str).collect();
    match (asking.method.as_str(), path.as_slice()) {
        ("POST", [tenant, "oauth2", "v2.0", "token"]) => entra::token(state, asking, tenant),
        ("GET", [_, "v2.0", ".well-known", "openid-configuration"]) => entra::places(asking),
        ("GET", ["metadata", "identity", "oauth2", "token"]) => entra::machine(state, asking),
        ("GET", [folder @ ("secrets" | "certificates" | "keys"), rest @ ..]) => {
            vault::answer(state, asking, folder, rest)
        }
        _ => Answered::of("unknown", &asking.path.join("/"), Said::Json(404, json!({}))),
    }
}

impl Said {
    fn response(self, state: &State) -> Response<Full<Bytes>> {
        let date = jiff::Timestamp::from_second(state.now()).ok();
        let date =
            date.and_then(|time| jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&time).ok());
        let builder = Response::builder()
            .header("content-type", "application/json; charset=utf-8")
            .header("date", date.unwrap_or_default());
        let (status, challenge, body) = match self {
            Self::Json(status, body) => (status, None, body),
            Self::Challenge(challenge) => {
                let words = "AKV10000: Request is missing a Bearer or PoP token.";
                (401, Some(challenge), json!({"error": {"code": "Unauthorized", "message": words}}))
            }
        };
        let builder = match challenge {
            Some(challenge) => builder.header("www-authenticate", challenge),
            None => builder,
        };
        // It has nothing that could not be sent.
        builder.status(status).body(Full::from(body.to_string())).unwrap_or_default()
    }
}
