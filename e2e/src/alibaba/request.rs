//! A request, taken apart.

use http::request::Parts;
use hyper::body::Bytes;

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

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    let parts = text.split(|byte| *byte == b'&').filter(|part| !part.is_empty());
    let pair = |part: &[u8]| {
        let at = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
        let (name, value) = part.split_at(at);
        (decode(name), decode(value.strip_prefix(b"=").unwrap_or_default()))
    };
    parts.map(pair).collect()
}

fn decode(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, others)) = rest.split_first() {
        let digits = others.get(..2).and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        match (*first, digits) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = others.get(2..).unwrap_or_default();
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = others;
            }
            (byte, _) => {
                bytes.push(byte);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_as_a_form_is() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(pairs(b"a=b+c%2B&d&%C3%A9=%"), [pair("a", "b c+"), pair("d", ""), pair("\u{e9}", "%")]);
    }
}
