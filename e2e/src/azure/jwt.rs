//! JSON web tokens: what Entra signs, and the check of what it is shown.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, bail};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// How far clocks may differ, in seconds.
const SKEW: f64 = 60.0;

/// Entra's own key.
#[derive(Debug)]
pub(super) struct Key {
    pair: RsaKeyPair,
}

impl Key {
    pub(super) fn generate() -> Result<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow!("no RSA key"))?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| anyhow!("a key without a form"))?;
        let pair = RsaKeyPair::from_pkcs8(der.as_ref()).map_err(|_| anyhow!("a key that is none"))?;
        Ok(Self { pair })
    }

    pub(super) fn sign(&self, claims: &Value) -> Result<String> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({"alg": "RS256", "typ": "JWT"})), part(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let signing = self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature);
        signing.map_err(|_| anyhow!("no signature"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    pub(super) fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }
}

/// A token's header and claims, not yet believed.
pub(super) struct Token<'a> {
    pub(super) header: Value,
    claims: Value,
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

    /// Checks the signature with a public key in DER, by the header's algorithm, and that the token is good now.
    pub(super) fn verify(&self, key: &[u8]) -> Result<()> {
        let algorithm: &'static dyn VerificationAlgorithm = match self.header.get("alg").and_then(Value::as_str) {
            Some("RS256") => &RSA_PKCS1_2048_8192_SHA256,
            Some("ES256") => &ECDSA_P256_SHA256_FIXED,
            Some("PS256") => &RSA_PSS_2048_8192_SHA256,
            _ => bail!("another algorithm"),
        };
        let key = UnparsedPublicKey::new(algorithm, key);
        key.verify(self.signed.as_bytes(), &self.signature).map_err(|_| anyhow!("a signature of somebody else"))?;
        let now = f64::from(u32::try_from(now())?);
        // Microsoft's Python client writes parts of seconds.
        let time = |name: &str| self.claims.get(name).and_then(Value::as_f64);
        let (start, end) = (time("nbf").unwrap_or_default(), time("exp").context("no exp")?);
        if start > now + SKEW || end + SKEW < now {
            bail!("it is not good now");
        }
        Ok(())
    }

    pub(super) fn text(&self, claim: &str) -> &str {
        self.claims.get(claim).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether `aud`, one or several, has this.
    pub(super) fn is_for(&self, audience: &str) -> bool {
        match self.claims.get("aud") {
            Some(Value::Array(several)) => several.iter().any(|one| one == audience),
            Some(one) => one == audience,
            None => false,
        }
    }
}

pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}
