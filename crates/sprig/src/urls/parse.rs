//! Reading.

use super::escape::{Part, unescape};
use super::url::{Url, User, is_port};
use memchr::{memchr, memmem, memrchr};
use std::fmt;
use std::net::Ipv6Addr;

/// Why a text is no URL. Go's messages have the text itself in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Control,
    Scheme,
    Colon,
    UserInfo,
    Escape,
    HostCharacter,
    Port,
    Address,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Control => "invalid control character in URL",
            Self::Scheme => "missing protocol scheme",
            Self::Colon => "first path segment in URL cannot contain colon",
            Self::UserInfo => "invalid userinfo",
            Self::Escape => "invalid URL escape",
            Self::HostCharacter => "invalid character in host name",
            Self::Port => "invalid port after host",
            Self::Address => "invalid address in brackets",
        })
    }
}

/// What is before the first such byte and what is after it, if there is one.
fn cut(text: &[u8], byte: u8) -> (&[u8], Option<&[u8]>) {
    match memchr(byte, text) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        None => (text, None),
    }
}

pub(super) fn parse(text: &[u8]) -> Result<Url, Wrong> {
    let (text, fragment) = cut(text, b'#');
    let mut url = without_fragment(text)?;
    url.fragment = unescape(fragment.unwrap_or_default(), Part::Fragment)?;
    Ok(url)
}

fn without_fragment(text: &[u8]) -> Result<Url, Wrong> {
    if text.iter().any(u8::is_ascii_control) {
        return Err(Wrong::Control);
    }
    let (scheme, rest) = scheme(text)?;
    let (rest, query) = cut(rest, b'?');
    let scheme = scheme.to_ascii_lowercase();
    let url = Url { query: query.unwrap_or_default().to_vec(), ..Url::default() };
    match rest.strip_prefix(b"//") {
        _ if !rest.starts_with(b"/") && !scheme.is_empty() => Ok(Url { scheme, opaque: rest.to_vec(), ..url }),
        _ if !rest.starts_with(b"/") && cut(rest, b'/').0.contains(&b':') => Err(Wrong::Colon),
        Some(after) if !(scheme.is_empty() && after.starts_with(b"/")) => {
            let length = memchr(b'/', after).unwrap_or(after.len());
            let (authority, path) = after.split_at_checked(length).unwrap_or((after, &[]));
            let (user, host) = authority_parts(&scheme, authority)?;
            Ok(Url { scheme, user, host, path: unescape(path, Part::Path)?, ..url })
        }
        _ => Ok(Url { scheme, path: unescape(rest, Part::Path)?, ..url }),
    }
}

/// The scheme, empty if there is none, and what follows it.
fn scheme(text: &[u8]) -> Result<(&[u8], &[u8]), Wrong> {
    let is_inner = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    let length = text.iter().position(|byte| !is_inner(byte)).unwrap_or(text.len());
    match (text.first(), text.get(length)) {
        (Some(b':'), _) => Err(Wrong::Scheme),
        (Some(first), Some(b':')) if first.is_ascii_alphabetic() => {
            Ok((text.get(..length).unwrap_or_default(), text.get(length + 1..).unwrap_or_default()))
        }
        _ => Ok((&[], text)),
    }
}

fn authority_parts(scheme: &[u8], authority: &[u8]) -> Result<(Option<User>, Vec<u8>), Wrong> {
    let Some(at) = memrchr(b'@', authority) else { return Ok((None, host(scheme, authority)?)) };
    let host = host(scheme, authority.get(at + 1..).unwrap_or_default())?;
    Ok((Some(user(authority.get(..at).unwrap_or_default())?), host))
}

fn user(text: &[u8]) -> Result<User, Wrong> {
    let is_valid = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte);
    if !text.iter().all(is_valid) {
        return Err(Wrong::UserInfo);
    }
    let (name, password) = cut(text, b':');
    let password = password.map(|password| unescape(password, Part::User)).transpose()?;
    Ok(User { name: unescape(name, Part::User)?, password })
}

/// The host and its port. With `http` and `https` a host has no more than one colon; lists of hosts of other schemes do.
fn host(scheme: &[u8], text: &[u8]) -> Result<Vec<u8>, Wrong> {
    match memrchr(b'[', text) {
        Some(0) => return address(text),
        Some(_) => return Err(Wrong::Address),
        None => {}
    }
    let colon = if matches!(scheme, b"http" | b"https") { memchr(b':', text) } else { memrchr(b':', text) };
    let port = colon.and_then(|colon| text.get(colon..)).unwrap_or_default();
    if !is_port(port) {
        return Err(Wrong::Port);
    }
    unescape(text, Part::Host)
}

/// An address of IPv6 in brackets, with a port or not.
fn address(text: &[u8]) -> Result<Vec<u8>, Wrong> {
    let close = memrchr(b']', text).ok_or(Wrong::Address)?;
    let port = text.get(close + 1..).unwrap_or_default();
    if !is_port(port) {
        return Err(Wrong::Port);
    }
    let inside = text.get(1..close).unwrap_or_default();
    let zone = memmem::find(inside, b"%25").unwrap_or(inside.len());
    let (host, zone) = inside.split_at_checked(zone).unwrap_or((inside, &[]));
    let inside = [unescape(host, Part::Host)?, unescape(zone, Part::Zone)?].concat();
    if is_address(&inside) { Ok([b"[", inside.as_slice(), b"]", port].concat()) } else { Err(Wrong::Address) }
}

/// Whether it is an address of IPv6, with a zone that is not empty or none.
fn is_address(text: &[u8]) -> bool {
    let (address, zone) = cut(text, b'%');
    let address = std::str::from_utf8(address).ok().and_then(|address| address.parse::<Ipv6Addr>().ok());
    address.is_some() && zone.is_none_or(|zone| !zone.is_empty())
}
