//! For whom a ServiceAccount's token is.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::sealed::Sealed;

/// What API servers take for themselves unless they are told otherwise, beside their issuer.
const API_SERVERS: [&str; 3] =
    ["https://kubernetes.default.svc", "https://kubernetes.default.svc.cluster.local", "kubernetes.default.svc"];

/// Whether a ServiceAccount's token is one for an API server: for its issuer, or by a name that only API servers have.
/// Whoever is shown one may use it there.
pub fn is_for_an_api_server(token: &Sealed) -> bool {
    #[derive(Deserialize)]
    struct Claims {
        iss: String,
        aud: Audiences,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Audiences {
        One(String),
        Many(Vec<String>),
    }
    let payload = token.expose().split(|byte| *byte == b'.').nth(1).unwrap_or_default();
    let decoded = URL_SAFE_NO_PAD.decode(payload).ok();
    let Some(claims) = decoded.and_then(|json| serde_json::from_slice::<Claims>(&json).ok()) else { return true };
    let audiences = match claims.aud {
        Audiences::One(audience) => vec![audience],
        Audiences::Many(audiences) => audiences,
    };
    audiences.iter().any(|audience| *audience == claims.iss || API_SERVERS.contains(&audience.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> Sealed {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims)).into()
    }

    #[test]
    fn a_token_for_an_api_server_is_known_by_its_audience() {
        for claims in [
            r#"{"iss":"https://issuer.example.com","aud":["other","https://issuer.example.com"]}"#,
            r#"{"iss":"https://issuer.example.com","aud":"https://issuer.example.com"}"#,
            r#"{"iss":"https://issuer.example.com","aud":["https://kubernetes.default.svc"]}"#,
            "{}",
            "no json",
        ] {
            assert!(is_for_an_api_server(&token(claims)), "{claims}");
        }
        assert!(is_for_an_api_server(&"opaque".into()));
        assert!(!is_for_an_api_server(&token(r#"{"iss":"https://issuer.example.com","aud":["cluster-b"]}"#)));
    }
}
