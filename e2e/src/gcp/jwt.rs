//! JSON web tokens, RS256 and ES256: keys that sign them, and the check of one.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, bail};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::scratch::suffix;

/// How far clocks may differ, in seconds.
const SKEW: u64 = 60;

/// A service account's key.
pub(super) struct Key {
    pub(super) id: String,
    pub(super) public: Vec<u8>,
    /// With the public half, PEM.
    pub(super) certificate: String,
    pem: String,
    pair: KeyPair,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Key {
    /// Makes one for `owner`.
    pub(super) fn generate(owner: &str) -> Result<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow!("no RSA key"))?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| anyhow!("a key without a form"))?;
        let text = STANDARD.encode(der.as_ref());
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, owner);
        let certificate = params.self_signed(&rcgen::KeyPair::from_pem(&pem)?)?.pem();
        Ok(Self { id: suffix(), public: pair.public_key().as_ref().to_vec(), certificate, pem, pair })
    }

    /// A JWT with these claims.
    pub(super) fn sign(&self, claims: &Value) -> Result<String> {
        let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.id});
        let text = format!("{}.{}", encoded(&header), encoded(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let signed = self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature);
        signed.map_err(|_| anyhow!("a key that cannot sign"))?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// As Google hands it out.
    pub(super) fn file(&self, email: &str, project: &str, token_uri: &str) -> Value {
        json!({
            "type": "service_account",
            "project_id": project,
            "private_key_id": self.id,
            "private_key": self.pem,
            "client_email": email,
            "client_id": "1",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": token_uri,
            "universe_domain": "googleapis.com",
        })
    }
}

/// A token's header and claims, not yet believed.
pub(super) struct Token<'a> {
    pub(super) header: Value,
    pub(super) claims: Value,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Token<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self> {
        let (signed, signature) = text.rsplit_once('.').context("no JWT")?;
        let (header, claims) = signed.split_once('.').context("no JWT")?;
        let part = |part: &str| -> Result<Value> { Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part)?)?) };
        Ok(Self { header: part(header)?, claims: part(claims)?, signed, signature: URL_SAFE_NO_PAD.decode(signature)? })
    }

    /// Checks the signature, with `key` in DER, and that it is good now and not for more than `most` seconds.
    pub(super) fn verify(&self, key: &[u8], most: u64) -> Result<()> {
        let algorithm: &dyn VerificationAlgorithm = match self.header.get("alg").and_then(Value::as_str) {
            Some("RS256") => &RSA_PKCS1_2048_8192_SHA256,
            Some("ES256") => &ECDSA_P256_SHA256_FIXED,
            _ => bail!("another algorithm than RS256 and ES256"),
        };
        // A key of the other kind is none to the algorithm.
        let key = UnparsedPublicKey::new(algorithm, key);
        key.verify(self.signed.as_bytes(), &self.signature).map_err(|_| anyhow!("Invalid JWT Signature."))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let time = |name: &str| self.claims.get(name).and_then(Value::as_u64).with_context(|| format!("no {name}"));
        let (issued, end) = (time("iat")?, time("exp")?);
        if issued > now + SKEW || end + SKEW < now || end.saturating_sub(issued) > most {
            bail!("iat and exp are not good now, or too far apart");
        }
        Ok(())
    }

    pub(super) fn text(&self, claim: &str) -> &str {
        self.claims.get(claim).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether `aud`, one or several, has one of these.
    pub(super) fn is_for(&self, audiences: &[String]) -> bool {
        let is = |value: &Value| value.as_str().is_some_and(|text| audiences.iter().any(|audience| audience == text));
        match self.claims.get("aud") {
            Some(Value::Array(several)) => several.iter().any(is),
            Some(one) => is(one),
            None => false,
        }
    }
}

/// A public key in PEM as DER.
pub fn der(pem: &str) -> Result<Vec<u8>> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    Ok(STANDARD.decode(body.trim())?)
}
