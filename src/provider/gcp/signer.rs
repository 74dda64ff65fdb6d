//! A service account's key, and what it signs.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::sealed::Sealed;

/// What an access token is for.
pub(in crate::provider) const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Where keys are exchanged.
pub(in crate::provider) const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
/// What older keys say for it.
const FORMERLY: [&str; 2] =
    ["https://accounts.google.com/o/oauth2/token", "https://www.googleapis.com/oauth2/v4/token"];
/// How long an assertion is good; Google's most.
const LIFE: Duration = Duration::from_hours(1);
/// How far the clocks may differ.
const SKEW: Duration = Duration::from_secs(10);

/// A service account that can sign.
pub(in crate::provider) struct Signer {
    /// The account.
    pub(in crate::provider) email: String,
    /// The account's project, where the key says it.
    pub(in crate::provider) project: Option<String>,
    /// Where the key says that it is exchanged.
    audience: String,
    key_id: String,
    key: KeyPair,
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Signer").field("email", &self.email).finish_non_exhaustive()
    }
}

/// The JSON that Google hands out.
#[derive(Deserialize)]
#[serde(default)]
struct File {
    #[serde(rename = "type")]
    kind: String,
    project_id: String,
    private_key_id: String,
    #[serde(deserialize_with = "hidden")]
    private_key: Zeroizing<String>,
    client_email: String,
    token_uri: String,
    universe_domain: String,
}

impl Default for File {
    fn default() -> Self {
        let none = String::new;
        Self {
            kind: none(),
            project_id: none(),
            private_key_id: none(),
            private_key: Zeroizing::default(),
            client_email: none(),
            token_uri: TOKEN_URI.to_owned(),
            universe_domain: super::federation::UNIVERSE.to_owned(),
        }
    }
}

impl Signer {
    /// Reads a key. Where it is exchanged is Google's to say or the administrator's (`chosen`): a key file that names another
    /// place, to which what is signed would be sent, is refused.
    ///
    /// # Errors
    /// In words of ours, what is wrong with it.
    pub(in crate::provider) fn read(json: &Sealed, chosen: Option<&str>) -> Result<Self, &'static str> {
        let file: File =
            serde_json::from_slice(json.expose()).map_err(|_| "it is no JSON of a service account's key")?;
        if file.kind != "service_account" {
            return Err("it is no service account's key (its `type` is another); make one with \
                        `gcloud iam service-accounts keys create`");
        }
        if file.universe_domain != super::federation::UNIVERSE {
            return Err("its `universe_domain` is not googleapis.com, and no other is supported");
        }
        if file.client_email.is_empty() {
            return Err("it has no `client_email`");
        }
        let audience = match file.token_uri.as_str() {
            uri if Some(uri) == chosen => uri,
            uri if uri == TOKEN_URI || FORMERLY.contains(&uri) => TOKEN_URI,
            _ => return Err("its `token_uri` is not Google's; a key is exchanged at no other place"),
        };
        let key = key(&file.private_key).ok_or("its `private_key` is no RSA key in PEM")?;
        let project = Some(file.project_id).filter(|project| !project.is_empty());
        Ok(Self { email: file.client_email, project, audience: audience.to_owned(), key_id: file.private_key_id, key })
    }

    /// A signed assertion that this is the account, which the token endpoint gives an access token for.
    pub(in crate::provider) fn assertion(&self, now: SystemTime) -> Option<Sealed> {
        let issued = now.duration_since(UNIX_EPOCH).ok()?.checked_sub(SKEW)?;
        self.sign(&json!({
            "iss": self.email,
            "scope": SCOPE,
            "aud": self.audience,
            "iat": issued.as_secs(),
            "exp": (issued + LIFE).as_secs(),
        }))
    }

    /// Signs any claims (RS256).
    pub(in crate::provider) fn sign(&self, claims: &Value) -> Option<Sealed> {
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.key_id});
        let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let text = format!("{}.{}", encoded(&header), encoded(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).ok()?;
        Some(Sealed::from(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

/// A key in PEM, PKCS #8 as Google writes it, or PKCS #1.
fn key(pem: &str) -> Option<KeyPair> {
    if let Some(der) = der(pem, "PRIVATE KEY") {
        return KeyPair::from_pkcs8(&der).ok();
    }
    KeyPair::from_der(&der(pem, "RSA PRIVATE KEY")?).ok()
}

fn der(pem: &str, label: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let text: Zeroizing<String> = Zeroizing::new(body.split_ascii_whitespace().collect());
    STANDARD.decode(text.as_bytes()).map(Zeroizing::new).ok()
}

fn hidden<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(deserializer).map(Zeroizing::new)
}

#[cfg(test)]
pub(in crate::provider) mod tests {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    /// A new account's key file with `changes`, and its public key.
    pub(in crate::provider) fn file(changes: &Value) -> (Value, Vec<u8>) {
        let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
        let pem = STANDARD.encode(der.as_ref());
        let mut file = json!({
            "type": "service_account",
            "project_id": "p1",
            "private_key_id": "k1",
            "private_key": format!("-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n"),
            "client_email": "app@p1.iam.gserviceaccount.com",
            "token_uri": TOKEN_URI,
        });
        for (name, value) in changes.as_object().unwrap() {
            file[name] = value.clone();
        }
        (file, key.public_key().as_ref().to_vec())
    }

    fn read(changes: &Value, chosen: Option<&str>) -> Result<Signer, &'static str> {
        Signer::read(&file(changes).0.to_string().into(), chosen)
    }

    #[test]
    fn an_assertion_is_the_accounts_for_an_hour_and_signed_by_its_key() {
        let (file, public) = file(&json!({}));
        let signer = Signer::read(&file.to_string().into(), None).unwrap();
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
        let assertion = signer.assertion(now).unwrap();
        let text = str::from_utf8(assertion.expose()).unwrap();
        let (body, signature) = text.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public);
        key.verify(body.as_bytes(), &signature).unwrap();
        let part = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        let (header, claims) = body.split_once('.').unwrap();
        assert_eq!(part(header), json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
        assert_eq!(
            part(claims),
            json!({
                "iss": "app@p1.iam.gserviceaccount.com", "scope": SCOPE, "aud": TOKEN_URI, "iat": 999_990, "exp": 1_003_590,
            })
        );
        assert!(!format!("{signer:?}").contains("KEY"));
    }

    #[test]
    fn a_key_is_exchanged_at_googles_place_or_the_administrators_and_nowhere_else() {
        let mine = "https://127.0.0.1:1/token";
        assert!(read(&json!({}), None).is_ok());
        assert_eq!(read(&json!({"token_uri": FORMERLY[0]}), None).unwrap().audience, TOKEN_URI);
        assert_eq!(read(&json!({"token_uri": mine}), Some(mine)).unwrap().audience, mine);
        for uri in [mine, "http://oauth2.googleapis.com/token", "https://oauth2.googleapis.com.evil.example/token", ""]
        {
            assert!(read(&json!({"token_uri": uri}), None).is_err_and(|why| why.contains("token_uri")), "{uri}");
        }
    }

    #[test]
    fn what_is_no_service_accounts_key_is_refused_by_name() {
        for (changes, named) in [
            (json!({"type": "external_account"}), "type"),
            (json!({"type": "authorized_user"}), "type"),
            (json!({"private_key": "x"}), "private_key"),
            (json!({"private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"}), "private_key"),
            (json!({"client_email": ""}), "client_email"),
            (json!({"universe_domain": "example.com"}), "universe_domain"),
        ] {
            assert!(read(&changes, None).is_err_and(|why| why.contains(named)), "{changes}");
        }
        assert!(Signer::read(&"{".into(), None).is_err());
    }
}
