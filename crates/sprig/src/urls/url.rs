//! The parts of a URL, and writing them.

use super::escape::{Part, escape};
use memchr::{memchr, memrchr};

/// A URL in parts, of which none is escaped but the query and what is opaque.
#[derive(Debug, Default)]
pub(super) struct Url {
    pub(super) scheme: Vec<u8>,
    /// What follows a scheme without a slash.
    pub(super) opaque: Vec<u8>,
    pub(super) user: Option<User>,
    /// With its port.
    pub(super) host: Vec<u8>,
    pub(super) path: Vec<u8>,
    pub(super) query: Vec<u8>,
    pub(super) fragment: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct User {
    pub(super) name: Vec<u8>,
    pub(super) password: Option<Vec<u8>>,
}

/// Whether it is nothing, or a colon and digits.
pub(super) fn is_port(text: &[u8]) -> bool {
    text.split_first().is_none_or(|(colon, digits)| *colon == b':' && digits.iter().all(u8::is_ascii_digit))
}

impl User {
    /// Escaped, with a colon between name and password.
    pub(super) fn text(&self) -> Vec<u8> {
        let name = escape(&self.name, Part::User);
        match &self.password {
            Some(password) => [name, b":".to_vec(), escape(password, Part::User)].concat(),
            None => name,
        }
    }
}

impl Url {
    /// The host without its port and the brackets of an address.
    pub(super) fn hostname(&self) -> &[u8] {
        let colon = memrchr(b':', &self.host);
        let end = colon.filter(|colon| self.host.get(*colon..).is_some_and(is_port)).unwrap_or(self.host.len());
        let host = self.host.get(..end).unwrap_or_default();
        host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")).unwrap_or(host)
    }

    pub(super) fn text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if self.opaque.is_empty() {
            self.write_hierarchy(&mut out);
        } else {
            out.extend_from_slice(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            out.extend(escape(&self.fragment, Part::Fragment));
        }
        out
    }

    fn write_hierarchy(&self, out: &mut Vec<u8>) {
        self.write_authority(out);
        let path = if self.path == b"*" { b"*".to_vec() } else { escape(&self.path, Part::Path) };
        if !path.is_empty() && !path.starts_with(b"/") && !self.host.is_empty() {
            out.push(b'/');
        }
        let first = path.get(..memchr(b'/', &path).unwrap_or(path.len())).unwrap_or_default();
        if out.is_empty() && first.contains(&b':') {
            out.extend_from_slice(b"./");
        }
        out.extend(path);
    }

    fn write_authority(&self, out: &mut Vec<u8>) {
        let has_authority = !self.host.is_empty() || self.user.is_some();
        if has_authority || !self.scheme.is_empty() && !self.path.is_empty() {
            out.extend_from_slice(b"//");
        }
        if let Some(user) = &self.user {
            out.extend(user.text());
            out.push(b'@');
        }
        out.extend(escape(&self.host, Part::Host));
    }
}
