//! Alternative names that are URIs.

use super::constraints::is_domain;

/// A URI that Go's `url.Parse` takes, with its scheme in small letters.
pub(super) fn normal(text: &str) -> Option<String> {
    if text.bytes().any(|byte| byte.is_ascii_control()) || !has_whole_escapes(text) {
        return None;
    }
    let scheme = scheme(text)?;
    let rest = text.strip_prefix(scheme)?;
    let is_fine = match rest.strip_prefix(':') {
        Some(rest) if !scheme.is_empty() => is_authority(rest),
        _ => !rest.split(['/', '?', '#']).next()?.contains(':') && is_authority(rest),
    };
    is_fine.then(|| scheme.to_ascii_lowercase() + rest)
}

/// What stands before the first colon, if it can be a scheme, else an empty one. Nothing where it is missing before its
/// colon.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':').unwrap_or_default();
    let is_scheme = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    match scheme.as_bytes() {
        [] if text.starts_with(':') => None,
        [first, ..] if first.is_ascii_alphabetic() && is_scheme => Some(scheme),
        _ => Some(""),
    }
}

/// After `//` stand a host that is a domain and a port that is a number.
fn is_authority(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("//") else { return true };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let port = host.rsplit_once(':').filter(|_| !host.ends_with(']')).map_or("", |(_, port)| port);
    port.bytes().all(|byte| byte.is_ascii_digit()) && is_domain(host, false)
}

fn has_whole_escapes(text: &str) -> bool {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let mut escapes = path.split('%').skip(1).map(str::as_bytes);
    escapes.all(|escape| matches!(escape, [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn a_uri_stays_as_it_is_but_for_its_scheme() {
        for uri in ["spiffe://cluster.local/ns/a/sa/b", "https://a.example:8443/x%20y?q#f", "urn:a:b", "a/b", ""] {
            assert_eq!(normal(uri).as_deref(), Some(uri));
        }
        assert_eq!(normal("HTTPS://A").as_deref(), Some("https://A"));
        for broken in ["a\nb", ":a", "https://a..b/", "https://a:b/", "https://a/%zz", "1a:b"] {
            assert_eq!(normal(broken), None, "{broken}");
        }
    }
}
