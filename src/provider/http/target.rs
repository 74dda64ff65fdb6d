//! A URL that was made for one request, whole, from what a store and a reference say.

use std::fmt;

use reqwest::Url;

use super::fault::Fault;
use super::server::Server;
use crate::provider::Kind;

/// The longest URL that is sent; servers take no longer ones.
const LONGEST: usize = 8192;

/// An `http` or `https` URL that means what it says: with a host, without user and password, control characters,
/// backslashes before the query, or a path that goes up.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    pub(super) url: Url,
}

/// A URL may hold a secret.
impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Target({} bytes)", self.url.as_str().len())
    }
}

impl Target {
    /// Reads `text`; the parser is the one that the connection is made by, so that they cannot differ.
    ///
    /// # Errors
    /// What is no such URL, without a word of it.
    pub fn parse(text: &[u8]) -> Result<Self, Fault> {
        let invalid = |cause: &str| Fault::new(Kind::Invalid, cause);
        if text.len() > LONGEST {
            return Err(Fault::new(Kind::Invalid, format!("the URL is longer than {LONGEST} bytes")));
        }
        let text = std::str::from_utf8(text).map_err(|_| invalid("the URL is not UTF-8"))?;
        if text.chars().any(char::is_control) || text.trim() != text {
            return Err(invalid("the URL has a line feed, a blank at an end, or a control character; trim it"));
        }
        let (authority, path) = parts(text).ok_or_else(|| invalid("it is no URL; write https:// and a host"))?;
        if authority.contains('@') {
            return Err(invalid("the URL has a user or password in it; send them in a header"));
        }
        if text.split(['?', '#']).next().is_some_and(|before| before.contains('\\')) {
            return Err(invalid("the URL has a backslash in it; write a slash, or escape it"));
        }
        if path.split('/').any(goes_up) {
            return Err(invalid("the URL's path has a segment `.` or `..`, and could mean another than it says"));
        }
        let url = Url::parse(text).map_err(|_| invalid("it is no URL; write https:// and a host"))?;
        Ok(Self { url })
    }

    /// The server that it is on.
    pub fn server(&self) -> Server {
        Server::of(&self.url)
    }
}

/// What stands between the scheme and the path, and the path.
fn parts(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let known = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(end)?;
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    (known && !authority.is_empty()).then_some((authority, path))
}

/// In whatever way its dots are written.
fn goes_up(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<String> {
        Target::parse(text.as_bytes()).ok().map(|target| target.url.to_string())
    }

    #[test]
    fn a_url_is_sent_as_it_is_written() {
        for text in [
            "https://a.example.com/x/y?key=a%2Fb&v=1+2",
            "http://10.1.2.3:8080/?q=a/../b",
            "https://[2001:db8::1]/x/...",
            "https://a/%252e%252e/x",
            "https://a/.well-known/b..c",
        ] {
            assert_eq!(parsed(text).as_deref(), Some(text));
        }
        assert_eq!(parsed("HTTPS://A.example.com?x").as_deref(), Some("https://a.example.com/?x"));
    }

    #[test]
    fn what_could_mean_another_than_it_says_is_refused() {
        for text in [
            "",
            "a.example.com/x",
            "ftp://a/x",
            "file:///etc/passwd",
            "https:/a/x",
            "https:a/x",
            "https:///a/x",
            "https://",
            "https://user@a/x",
            "https://user:password@a/x",
            "https://a\\@b/x",
            "https://a\\b",
            "https://a/x\\..\\y",
            "https://a/x/../y",
            "https://a/..",
            "https://a/./y",
            "https://a/%2e%2E/y",
            "https://a/.%2e/y",
            "https://a/x\ny",
            "https://a/x\r\nHost: b",
            "https://a/\u{0}",
            "https://a/x\n",
            " https://a/x",
            "https://a b/x",
        ] {
            assert_eq!(parsed(text), None, "{text:?}");
        }
        assert!(Target::parse(b"https://a/\xff").is_err());
        assert!(Target::parse(format!("https://a/{}", "x".repeat(LONGEST)).as_bytes()).is_err());
    }

    #[test]
    fn a_target_belongs_to_one_server() {
        let server = |text: &str| Target::parse(text.as_bytes()).unwrap().server();
        let own = server("https://a.example.com/x?y");
        for (text, belongs) in [
            ("https://a.example.com/z", true),
            ("https://A.example.com:443/z", true),
            ("http://a.example.com/z", false),
            ("https://a.example.com:8443/z", false),
            ("https://a.example.com.evil.org/z", false),
            ("https://b.example.com/z", false),
        ] {
            assert_eq!(own.own(Target::parse(text.as_bytes()).unwrap()).is_ok(), belongs, "{text}");
        }
    }

    #[test]
    fn its_debug_output_shows_nothing_of_it() {
        assert!(!format!("{:?}", Target::parse(b"https://a/canary").unwrap()).contains("canary"));
    }
}
