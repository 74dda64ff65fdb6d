//! A request, taken apart.

use http::request::Parts;
use hyper::body::Bytes;

use crate::form::pairs;

/// What somebody asks.
pub(super) struct Asking {
    pub(super) head: Parts,
    pub(super) body: Bytes,
    /// Of the URL, decoded.
    pub(super) query: Vec<(String, String)>,
    /// Of a form, decoded.
    form: Vec<(String, String)>,
}

impl Asking {
    pub(super) fn new(head: Parts, body: Bytes) -> Self {
        let query = pairs(head.uri.query().unwrap_or_default().as_bytes());
        let is_form = header(&head, "content-type").starts_with("application/x-www-form-urlencoded");
        let form = if is_form { pairs(&body) } else { Vec::new() };
        Self { head, body, query, form }
    }

    /// A parameter, from wherever it comes.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let all = self.query.iter().chain(&self.form);
        all.filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).next()
    }

    /// The operation: a header says it, or, where nobody signs, a parameter.
    pub(super) fn action(&self) -> &str {
        match self.header("x-acs-action") {
            "" => self.parameter("Action").unwrap_or_default(),
            action => action,
        }
    }

    /// A header; empty where there is none.
    pub(super) fn header(&self, name: &str) -> &str {
        header(&self.head, name)
    }
}

pub(super) fn header<'a>(head: &'a Parts, name: &str) -> &'a str {
    head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
