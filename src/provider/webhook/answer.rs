//! From a server's answer to a value.

use jsonpath::{Error, Path};

use super::field;
use crate::provider::Kind;
use crate::provider::http::{Answer, Fault, StatusCode};
use crate::sealed::Sealed;

/// The value in an answer: what the path leads to, or all of it.
pub(super) fn value(answer: Answer, path: Option<&Path>) -> Result<Sealed, Fault> {
    if !answer.status.is_success() {
        return Err(failure(answer.status));
    }
    let Some(path) = path else { return Ok(answer.body) };
    let found = path.find(answer.body.expose()).and_then(|found| found.text());
    found.map(Sealed::new).map_err(|error| unfound(&error))
}

fn unfound(error: &Error) -> Fault {
    let cause = match error {
        Error::NotJson => "the server's answer is not JSON, and only in JSON can it be looked up".to_owned(),
        Error::Missing => "the server's answer has nothing at this path".to_owned(),
        other => format!("in the server's answer: {other}"),
    };
    Fault::new(Kind::Invalid, format!("`{}`: {cause}", field("result.jsonPath")))
}

/// What a status that is not one of success means. Only it is looked at: the rest is the server's own.
fn failure(status: StatusCode) -> Fault {
    let (kind, cause) = match status.as_u16() {
        404 => (Kind::NotFound, "the server says that there is no such secret"),
        401 | 407 => {
            (Kind::Unauthenticated, "the server does not accept the credentials; check those that the store sends")
        }
        403 => (Kind::Denied, "the server does not allow it; allow it there"),
        429 => (Kind::Throttled, "there are too many calls at this server; it is tried again"),
        408 | 425 | 500..=599 => (Kind::Unavailable, "the server has a fault; it is tried again"),
        304 => (Kind::Invalid, "the server says that nothing has changed; remove conditional headers from the store"),
        300..=399 => {
            (Kind::Invalid, "the server sends the call to another address, and calls go to the store's `url` only")
        }
        _ => (Kind::Invalid, "the server does not take the request; check the store's url, headers and body"),
    };
    Fault::new(kind, format!("{cause} (status {})", status.as_u16()))
}
