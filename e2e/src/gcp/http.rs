//! One request: what it says, which service it is for, and its line in the log.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use serde_json::{Value, json};

use super::state::{Asked, State};
use super::{proofs, secrets, tokens};
use crate::form::{decoded, pairs};

/// More than any request of a test.
const REQUEST_LIMIT: usize = 1 << 20;

/// A request, read.
pub(super) struct Asking {
    pub(super) method: Method,
    /// The path's segments, decoded.
    pub(super) path: Vec<String>,
    pub(super) query: BTreeMap<String, String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// An answer, and what the log says of it.
pub(super) struct Answered {
    pub(super) operation: &'static str,
    pub(super) key: String,
    pub(super) principal: String,
    pub(super) said: Said,
}

/// What is answered.
pub(super) enum Said {
    Json(Value),
    /// Of the metadata server.
    Text(String),
    /// As Google's APIs say an error: code, status and message.
    Error(u16, &'static str, String),
    /// As OAuth says one.
    Refused(&'static str, String),
}

impl Asking {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(super) fn param(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    pub(super) fn form(&self) -> BTreeMap<String, String> {
        pairs(&self.body).into_iter().collect()
    }

    /// Who shows the token of the `authorization` header.
    pub(super) fn principal(&self, state: &State) -> Option<String> {
        state.holder(self.header("authorization").strip_prefix("Bearer ")?)
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
    let body = body.unwrap_or_default();
    let asking = Asking { method: head.method, path, query, headers: head.headers, body };
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let Answered { operation, key, principal, said } = route(&mut state, &asking);
    let answer = said.response();
    let status = answer.status().as_u16();
    state.asked.push(Asked { operation, key, principal, status, at: Instant::now() });
    Ok(answer)
}

fn route(state: &mut State, asking: &Asking) -> Answered {
    let path: Vec<&str> = asking.path.iter().map(String::as_str).collect();
    match (asking.method.as_str(), path.as_slice()) {
        ("POST", ["token"]) => tokens::assert(state, asking),
        ("POST", ["v1", "token"]) => tokens::exchange(state, asking),
        ("POST", ["v1", "identitybindingtoken"]) => tokens::bind(state, asking),
        ("POST", ["v1", "projects", "-", "serviceAccounts", account]) => match account.strip_suffix(":signJwt") {
            Some(email) => proofs::sign(state, asking, email),
            None => tokens::act(state, asking, account),
        },
        ("GET", ["v1", "projects", "-", "serviceAccounts", account]) => proofs::account(state, asking, account),
        ("GET", ["oauth2", "v1", "certs"]) => proofs::certificates(state),
        ("GET", ["service_accounts", "v1", "metadata", "x509", email]) => proofs::certificates_of(state, email),
        ("GET", ["computeMetadata", "v1", place @ ..]) => tokens::metadata(state, asking, place),
        ("GET", ["external", "token"]) => tokens::external(state, asking),
        ("GET", ["v1", "projects", rest @ ..]) => secrets::answer(state, asking, rest),
        _ => Answered {
            operation: "Unknown",
            key: asking.path.join("/"),
            principal: String::new(),
            said: Said::Error(404, "", String::new()),
        },
    }
}

impl Said {
    fn response(self) -> Response<Full<Bytes>> {
        let (status, kind, body) = match self {
            Self::Json(value) => (200, "application/json; charset=UTF-8", value.to_string()),
            Self::Text(text) => (200, "application/text", text),
            // As Google's front does with a path that no service has.
            Self::Error(404, "", _) => {
                (404, "text/html; charset=UTF-8", "<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>".to_owned())
            }
            Self::Error(code, status, message) => {
                let error = json!({"error": {"code": code, "message": message, "status": status}});
                (code, "application/json; charset=UTF-8", error.to_string())
            }
            Self::Refused(error, why) => {
                let error = json!({"error": error, "error_description": why});
                (400, "application/json; charset=UTF-8", error.to_string())
            }
        };
        let mut answer = Response::builder().status(status).header("content-type", kind);
        if kind == "application/text" {
            answer = answer.header("metadata-flavor", "Google");
        }
        // It has nothing that could not be sent.
        answer.body(Full::from(body)).unwrap_or_default()
    }
}
