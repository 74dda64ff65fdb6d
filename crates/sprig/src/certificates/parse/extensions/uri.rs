//! Alternative names that are URIs.

use super::constraints::is_domain;

/// A URI that Go's `url.Parse` takes, with its scheme in small letters.
pub(super) fn normal(text: &str) -> Option<String> {
    if text.bytes().any(|byte| byte.is_ascii_control()) || !has_whole_escapes(text) {
        return None;
    }
    let Some(end) = scheme_end(text)? else {
        let path = text.split(['/', '?', '#']).next()?;
        return (!path.contains(':') && is_authority(text)).then(|| text.to_owned());
    };
    let (scheme, rest) = text.split_at_checked(end)?;
    is_authority(rest.strip_prefix(':')?).then(|| scheme.to_ascii_lowercase() + rest)
}

/// Where the colon after a scheme is, if there is one; nothing at all if the scheme before it is missing.
fn scheme_end(text: &str) -> Option<Option<usize>> {
    let end = text.bytes().position(|byte| !byte.is_ascii_alphanumeric() && !b"+-.".contains(&byte));
    let end = end.filter(|end| text.as_bytes().get(*end) == Some(&b':'));
    match end {
        Some(0) => None,
        Some(end) if text.starts_with(|first: char| first.is_ascii_alphabetic()) => Some(Some(end)),
        _ => Some(None),
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
