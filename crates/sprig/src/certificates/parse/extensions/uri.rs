//! Alternative names that are URIs, as Go's `url.Parse` takes them and its `URL` writes them.

use super::constraints::is_domain;
use std::net::Ipv6Addr;

/// A URI with its scheme in small letters, and a path of letters that a path may have.
pub(super) fn normal(text: &str) -> Option<String> {
    if text.bytes().any(|byte| byte.is_ascii_control()) {
        return None;
    }
    let (body, fragment) = text.split_once('#').unwrap_or((text, ""));
    let scheme = scheme(body)?;
    let rest = body.strip_prefix(scheme)?;
    let rest = if scheme.is_empty() { rest } else { rest.strip_prefix(':')? };
    let (hierarchy, query) = rest.split_at_checked(rest.find('?').unwrap_or(rest.len()))?;
    let is_opaque = !scheme.is_empty() && !hierarchy.starts_with('/');
    let hierarchy = if is_opaque { hierarchy.to_owned() } else { hierarchical(scheme, hierarchy)? };
    unescaped(fragment)?;
    let colon = if scheme.is_empty() { "" } else { ":" };
    let mark = if fragment.is_empty() { "" } else { "#" };
    Some(scheme.to_ascii_lowercase() + colon + &hierarchy + query + mark + fragment)
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

/// Authority and path.
fn hierarchical(scheme: &str, text: &str) -> Option<String> {
    let has_authority = text.starts_with("//") && !(scheme.is_empty() && text.starts_with("///"));
    if !has_authority {
        let is_mistaken = !text.starts_with('/') && text.split('/').next()?.contains(':');
        return if is_mistaken { None } else { path(text) };
    }
    let end = text.get(2..)?.find('/').map_or(text.len(), |slash| slash + 2);
    let (authority, rest) = text.split_at_checked(end)?;
    let (user, host) = authority.get(2..)?.rsplit_once('@').unwrap_or(("", authority.get(2..)?));
    unescaped(user).filter(|_| user.bytes().all(|byte| is_plain(byte) || b"%:@!'()*$&+,;=".contains(&byte)))?;
    let is_strict = matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https");
    (is_host(host, is_strict) && is_domain(host, false)).then_some(authority.to_owned() + &path(rest)?)
}

/// A name or an address, and a port of digits after its colon. Some databases have several hosts with colons.
fn is_host(host: &str, is_strict: bool) -> bool {
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((address, port)) = host.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')) {
        return address.parse::<Ipv6Addr>().is_ok() && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    let parts = if is_strict { host.split_once(':') } else { host.rsplit_once(':') };
    let is_letter = |byte: u8| is_plain(byte) || b"!$&'()*+,;=:]<>\"".contains(&byte);
    parts.is_none_or(|(_, port)| is_port(port)) && host.bytes().all(is_letter)
}

/// Letters that are never escaped.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)
}

/// A path as it stands, or escaped anew if it has letters that it may not have.
fn path(text: &str) -> Option<String> {
    let bytes = unescaped(text)?;
    if text.bytes().all(|byte| is_plain(byte) || b"!$&'()*+,;=:@[]%/".contains(&byte)) || text == "*" {
        return Some(text.to_owned());
    }
    let escaped = bytes.into_iter().map(|byte| match byte {
        byte if is_plain(byte) || b"$&+,/:;=@".contains(&byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    Some(escaped.collect())
}

/// What escapes stand for; nothing if one is cut off.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' { digit(rest.next()?)? << 4 | digit(rest.next()?)? } else { byte });
    }
    Some(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn a_uri_stays_as_it_is_but_for_its_scheme_and_odd_letters() {
        for uri in [
            "spiffe://cluster.local/ns/a/sa/b",
            "https://a.example:8443/x%20y?q#f",
            "https://me:pw@a.example/?",
            "https://[2001:db8::1]:8443/",
            "urn:a:b%",
            "a/b",
            "//a/b",
            "",
        ] {
            assert_eq!(normal(uri).as_deref(), Some(uri));
        }
        assert_eq!(normal("HTTPS://A#").as_deref(), Some("https://A"));
        assert_eq!(normal("https://a/x y%21").as_deref(), Some("https://a/x%20y%21"));
        assert_eq!(normal("https://a/{%2f!").as_deref(), Some("https://a/%7B/%21"));
    }

    #[test]
    fn what_go_does_not_parse_is_none() {
        for broken in [
            "a\nb",
            ":a",
            "https://a..b/",
            "https://a:b/",
            "https://a/%zz",
            "https://a/#%z",
            "1a:b",
            "https://a{b/",
            "https://a b/",
            "https://a:1:2/",
            "https://[::1/",
            "https://[1.2.3.4]/",
            "https://a<@b/",
        ] {
            assert_eq!(normal(broken), None, "{broken}");
        }
    }
}
