//! The metadata service of an instance: keys of its role for whoever has a token from here.

use http::request::Parts;
use http::{Method, Response};
use http_body_util::Full;
use hyper::body::Bytes;
use jiff::Timestamp;

use super::request::header;
use super::{Asked, State};
use crate::scratch::suffix;

const TTL: &str = "x-aliyun-ecs-metadata-token-ttl-seconds";
const TOKEN: &str = "x-aliyun-ecs-metadata-token";
const ROLES: &str = "/latest/meta-data/ram/security-credentials/";

pub(super) fn answer(state: &mut State, head: &Parts) -> http::Result<Response<Full<Bytes>>> {
    let (status, body) = operate(state, head);
    state.asked.push(Asked {
        operation: head.uri.path().to_owned(),
        about: String::new(),
        key: String::new(),
        code: (status != 200).then(|| status.to_string()),
        at: Timestamp::now(),
    });
    Response::builder().status(status).body(Full::from(body))
}

fn operate(state: &mut State, head: &Parts) -> (u16, String) {
    if head.uri.path() == "/latest/api/token" {
        let life: u32 = header(head, TTL).parse().unwrap_or_default();
        if head.method != Method::PUT || !(1..=21_600).contains(&life) {
            return (400, String::new());
        }
        state.metadata_token = suffix();
        return (200, state.metadata_token.clone());
    }
    if state.metadata_token.is_empty() || header(head, TOKEN) != state.metadata_token {
        return (403, String::new());
    }
    let role = state.role.clone();
    match (head.uri.path().strip_prefix(ROLES), role) {
        (Some(""), Some(role)) => (200, role),
        (Some(asked), Some(role)) if asked == role => {
            let mut given = state.give("instance-", "");
            given["Code"] = "Success".into();
            given["LastUpdated"] = Timestamp::now().to_string().into();
            (200, given.to_string())
        }
        _ => (404, "<html>not found</html>".to_owned()),
    }
}
