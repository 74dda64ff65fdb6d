//! What Kubernetes lets a namespace, a Secret and a key of a Secret be called.

/// Whether a namespace can have this name: a DNS label of 1 to 63 characters.
pub fn is_namespace(name: &str) -> bool {
    name.len() <= 63 && is_label(name)
}

/// Whether a Secret can have this name: a DNS subdomain of 1 to 253 characters.
pub fn is_secret(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_label)
}

/// Whether a Secret can have this key: 1 to 253 letters, digits, `-`, `_` and `.`, not `.` and not with `..` in front.
///
/// Names of Docker secrets (64 of the same characters) are within this.
pub fn is_key(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=253).contains(&name.len()) && name.bytes().all(allowed) && name != "." && !name.starts_with("..")
}

fn is_label(text: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let edge = |byte: Option<u8>| byte.is_some_and(alphanumeric);
    edge(text.bytes().next())
        && edge(text.bytes().next_back())
        && text.bytes().all(|byte| alphanumeric(byte) || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_a_label() {
        let longest = "n".repeat(63);
        for name in ["default", "a", "team-1", "0", &longest] {
            assert!(is_namespace(name), "{name}");
        }
        for name in ["", "Team", "a.b", "-a", "a-", "a_b", "é", &"n".repeat(64)] {
            assert!(!is_namespace(name), "{name}");
        }
    }

    #[test]
    fn a_secret_is_a_subdomain() {
        let longest = "s".repeat(253);
        for name in ["db", "db.v1", "a-b.c-d", &longest] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["", ".", "db.", ".db", "a..b", "DB", "a/b", &"s".repeat(254)] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn a_key_is_what_the_api_server_accepts() {
        let longest = "k".repeat(253);
        for name in ["password", ".dockerconfigjson", "API_KEY", "tls.crt", "-", ".a", "a..", &longest] {
            assert!(is_key(name), "{name}");
        }
        for name in ["", ".", "..", "..data", "a b", "a/b", "a;b", "a@b", "é", &"k".repeat(254)] {
            assert!(!is_key(name), "{name}");
        }
    }
}
