//! Whether a value is a token of a ServiceAccount.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sealed::Sealed;

/// Where Kubernetes mounts a pod's token.
pub const MOUNTED: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// Whether a value is a JSON web token whose claims speak of `kubernetes.io`: those of bound tokens and of old ones do.
pub fn is_token(value: &Sealed) -> bool {
    let Ok(text) = std::str::from_utf8(value.expose()) else { return false };
    let parts: Vec<&str> = text.trim_ascii().splitn(4, '.').collect();
    let [header, claims, _] = parts.as_slice() else { return false };
    let claims = Sealed::new(URL_SAFE_NO_PAD.decode(claims).unwrap_or_default());
    header.starts_with("eyJ") && contains(claims.expose(), b"kubernetes.io")
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> Sealed {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        Sealed::from(format!("{}.{}.c2ln\n", encode(r#"{"alg":"RS256"}"#), encode(claims)))
    }

    #[test]
    fn a_bound_token_and_an_old_one_are_known() {
        assert!(is_token(&token(
            r#"{"kubernetes.io":{"namespace":"default"},"sub":"system:serviceaccount:default:x"}"#
        )));
        assert!(is_token(&token(
            r#"{"iss":"kubernetes/serviceaccount","kubernetes.io/serviceaccount/namespace":"a"}"#
        )));
    }

    #[test]
    fn other_tokens_and_other_values_are_not() {
        assert!(!is_token(&token(r#"{"iss":"https://example.com"}"#)));
        for value in ["", "a.b.c", "eyJ.kubernetes.io.x", "kubernetes.io", "eyJhIjoxfQ"] {
            assert!(!is_token(&Sealed::from(value)), "{value}");
        }
        assert!(!is_token(&Sealed::new(vec![0xff, b'.', b'.'])));
    }
}
