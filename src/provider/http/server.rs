//! The server that a store names, and the paths on it.

use std::fmt;
use std::net::IpAddr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;

use super::address::{Reach, refusal};
use super::fault::Fault;
use super::target::Target;
use crate::provider::Kind;

/// What may stand in a path as it is. RFC 3986 has colon and at-sign among it, and Google's paths have verbs behind a colon.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b'@');
/// The longest URL that a store may give.
const LONGEST: usize = 2048;
/// The longest URL that a server may answer with.
const LONGEST_LINK: usize = 16 * 1024;
/// Names that a proxy would resolve to what is refused.
const LOCAL_NAMES: [&str; 3] = ["localhost", "metadata", "metadata.google.internal"];

/// A server by its URL: scheme, host, port and a path that all requests begin with.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    url: Url,
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Server({})", self.url)
    }
}

impl Server {
    /// Reads `text`, for example `https://vault.example.com:8200`.
    ///
    /// # Errors
    /// What is no such URL, or has a user, a query or a fragment.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let invalid = |cause: &str| Fault::new(Kind::Invalid, cause);
        let url = Some(text).filter(|text| text.len() <= LONGEST).and_then(|text| Url::parse(text).ok());
        let url = url.ok_or_else(|| invalid("it is no URL; write https:// and a host"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(invalid("it is no URL of a server; write https:// and a host"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("it has a user or password in it; put credentials into a Secret"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("it has a query or fragment; write scheme, host and port only"));
        }
        Ok(Self { url })
    }

    /// Refuses a host that is an address, or a well-known name of one, out of reach. Other names are judged when they
    /// are resolved.
    pub(super) fn admit(&self, reach: Reach) -> Result<(), Fault> {
        let host = self.url.host_str().unwrap_or_default();
        let refused = match self.address() {
            Some(address) => refusal(address, reach),
            None => is_local(host, reach).then_some("an address of the operator's own machine or its cloud"),
        };
        refused.map_or(Ok(()), |what| Err(Fault::out_of_reach(what)))
    }

    /// The host's name or address, without its port.
    pub fn name(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether it is spoken to by TLS.
    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether requests begin with a path of the server's own.
    pub fn has_path(&self) -> bool {
        !self.url.path().trim_matches('/').is_empty()
    }

    /// The URL of a path on it, as text.
    pub fn url_of(&self, path: &[String]) -> String {
        self.at(path, &[]).into()
    }

    /// The query of `link`, where that is a URL of `path` on this server and on no other: a listing says so where its
    /// next page is.
    pub fn query_of(&self, link: &str, path: &[String]) -> Option<Vec<(String, String)>> {
        let link = Some(link).filter(|link| link.len() <= LONGEST_LINK).and_then(|link| Url::parse(link).ok())?;
        let here = self.at(path, &[]);
        let same = link.origin() == here.origin() && link.path().trim_end_matches('/') == here.path();
        (same && link.username().is_empty() && link.password().is_none())
            .then(|| link.query_pairs().into_owned().collect())
    }

    /// Whether its host is this machine, by an address or by the name that stands for it.
    pub fn is_loopback(&self) -> bool {
        self.address().map_or(self.url.host_str() == Some("localhost"), |address| address.is_loopback())
    }

    /// The host, where it is an address.
    fn address(&self) -> Option<IpAddr> {
        let host = self.url.host_str().unwrap_or_default();
        host.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }

    /// The host, with its port where that is not the scheme's own.
    pub(super) fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// For the proxies' rules.
    pub(super) fn uri(&self) -> Option<http::Uri> {
        self.url.as_str().parse().ok()
    }

    /// The server that a URL is on, without its path.
    pub(super) fn of(target: &Url) -> Self {
        let mut url = target.clone();
        url.set_path("");
        url.set_query(None);
        url.set_fragment(None);
        Self { url }
    }

    /// The URL of a target that is on this server.
    pub(super) fn own(&self, target: Target) -> Result<Url, Fault> {
        let elsewhere = || Fault::new(Kind::Invalid, "the URL is one of another server than the store's");
        if self.has(&target) { Ok(target.url) } else { Err(elsewhere()) }
    }

    /// Whether scheme, host and port of a target are this server's.
    pub(super) fn has(&self, target: &Target) -> bool {
        target.url.origin() == self.url.origin()
    }

    /// Host and port.
    pub(super) fn place(&self) -> (&str, u16) {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port_or_known_default().unwrap_or_default();
        (host.trim_start_matches('[').trim_end_matches(']'), port)
    }

    /// The URL of a path on this server: each segment is encoded, so that none can be two.
    pub(super) fn at(&self, path: &[String], query: &[(&str, &str)]) -> Url {
        let mut url = self.url.clone();
        let begin = self.url.path().trim_end_matches('/');
        let parts = path.iter().flat_map(|part| ["/"].into_iter().chain(utf8_percent_encode(part, PLAIN)));
        let path: String = std::iter::once(begin).chain(parts).collect();
        url.set_path(&path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

fn is_local(host: &str, reach: Reach) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let loopback = host == "localhost" || host.ends_with(".localhost");
    (loopback && reach == Reach::Remote) || (!loopback && LOCAL_NAMES.contains(&host.as_str()))
}

/// The segments of a path that a user wrote, without empty ones at either end; nothing for a path that could mean another
/// than it says: with `.` or `..`, an empty segment in the middle, or a control character.
pub fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.trim_matches('/');
    let parts: Vec<_> = path.split('/').map(str::to_owned).collect();
    let sound =
        |part: &String| !part.is_empty() && !part.chars().any(char::is_control) && !matches!(part.as_str(), "." | "..");
    parts.iter().all(sound).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> Server {
        Server::parse(text).unwrap()
    }

    fn admitted(text: &str, reach: Reach) -> bool {
        Server::parse(text).is_ok_and(|server| server.admit(reach).is_ok())
    }

    #[test]
    fn what_is_no_plain_url_of_a_server_is_refused() {
        for text in [
            "",
            "vault:8200",
            "vault.example.com",
            "file:///etc/passwd",
            "ftp://a",
            "https://",
            "https://user:password@a",
            "https://a?b=c",
            "https://a#b",
            "unix:///run/x",
            "javascript:1",
        ] {
            assert!(Server::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_way_to_write_a_refused_address_is_refused() {
        for text in [
            "http://127.0.0.1",
            "http://127.1",
            "http://2130706433",
            "http://0x7f000001",
            "http://0177.0.0.1",
            "http://0x7f.1",
            "http://[::1]:8200",
            "http://[::ffff:127.0.0.1]",
            "http://[::ffff:7f00:1]",
            "http://127.0.0.1.",
            "http://localhost",
            "http://LocalHost.:80",
            "http://a.localhost",
            "http://①②⑦.0.0.1",
        ] {
            assert!(!admitted(text, Reach::Remote), "{text}");
            assert!(admitted(text, Reach::Loopback), "{text}");
        }
        for text in [
            "http://169.254.169.254/latest",
            "http://2852039166",
            "http://0xa9fea9fe",
            "http://0251.0376.0251.0376",
            "http://[::ffff:a9fe:a9fe]",
            "http://[fe80::1]",
            "http://[fd00:ec2::254]",
            "http://metadata.google.internal",
            "http://metadata",
            "http://0",
            "http://0.0.0.0",
            "http://[::]",
        ] {
            assert!(!admitted(text, Reach::Remote) && !admitted(text, Reach::Loopback), "{text}");
        }
        for text in ["https://vault.example.com:8200", "http://vault.vault.svc:8200", "https://10.1.2.3", "http://v"] {
            assert!(admitted(text, Reach::Remote), "{text}");
        }
    }

    #[test]
    fn a_path_stays_on_the_server_and_below_what_it_begins_with() {
        let at = |server: &Server, path: &[&str]| {
            server.at(&path.iter().map(ToString::to_string).collect::<Vec<_>>(), &[]).to_string()
        };
        let server = server("https://a:8200/gate/");
        assert_eq!(at(&server, &["v1", "secret", "x"]), "https://a:8200/gate/v1/secret/x");
        assert_eq!(at(&server, &["a/b", "%2e%2e%2f", "c?d#e", "ключ"]), {
            "https://a:8200/gate/a%2Fb/%252e%252e%252f/c%3Fd%23e/%D0%BA%D0%BB%D1%8E%D1%87"
        });
        assert_eq!(at(&server, &["http://b", "@b", "\\b"]), "https://a:8200/gate/http:%2F%2Fb/@b/%5Cb");
        assert_eq!(server.at(&["x".into()], &[("version", "1&a=b")]).query(), Some("version=1%26a%3Db"));
    }

    #[test]
    fn a_link_is_followed_only_to_the_same_path_of_the_same_server() {
        let (server, path) = (server("https://a.example.com"), ["secrets".to_owned()]);
        let query = |link: &str| server.query_of(link, &path);
        let pairs = vec![("$skiptoken".to_owned(), "a b".to_owned()), ("x".to_owned(), "1".to_owned())];
        assert_eq!(query("https://a.example.com:443/secrets?$skiptoken=a%20b&x=1"), Some(pairs));
        assert_eq!(query("https://A.example.com/secrets/?"), Some(Vec::new()));
        for link in [
            "",
            "/secrets?a=b",
            "http://a.example.com/secrets",
            "https://a.example.com:8443/secrets",
            "https://b.example.com/secrets",
            "https://a.example.com@b.example.com/secrets",
            "https://user@a.example.com/secrets",
            "https://a.example.com/keys",
            "https://a.example.com/secrets/../keys",
        ] {
            assert_eq!(query(link), None, "{link}");
        }
    }

    #[test]
    fn a_path_that_could_mean_another_has_no_segments() {
        assert_eq!(segments("/a/b c/"), Some(vec!["a".to_owned(), "b c".to_owned()]));
        for path in ["", "/", "a//b", ".", "..", "a/../b", "a/./b", "a\nb", "a/\0", "a\r\nb: c"] {
            assert_eq!(segments(path), None, "{path:?}");
        }
    }
}
