//! The proof that a service principal has its certificate's key: a JWT that is good for some minutes and for one place.

use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::pfx;
use crate::sealed::Sealed;

/// For how long an assertion is good; it is used at once.
const LIFE: Duration = Duration::from_mins(10);
/// Before which it is good, for clocks that go behind.
const SKEW: Duration = Duration::from_mins(2);
/// The most bytes of certificate, chain and key that are read.
const LONGEST: usize = 128 * 1024;

/// What every PFX file begins with, and no PEM text.
const SEQUENCE: u8 = 0x30;

/// A certificate's key, and what the certificate is known by.
pub(super) struct Signer {
    key: RsaKeyPair,
    sha1: String,
    sha256: String,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Signer").field("certificate", &self.sha256).finish_non_exhaustive()
    }
}

/// How an assertion is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// RSASSA-PSS and the SHA-256 of the certificate: Entra's.
    Entra,
    /// RSASSA-PKCS1 and the SHA-1 of the certificate: AD FS knows no other.
    Federation,
}

/// Why a certificate is none that can sign; what helps.
pub(super) const UNFIT: &str = "it is no certificate with its RSA key, as PEM or as PFX without a password; convert other \
                                files by `openssl pkcs12 -in app.pfx -nodes -out app.pem`";

impl Signer {
    /// Reads the first certificate and the key of a PEM text or a PFX file; none where it lacks one of them, or the key is
    /// no RSA key.
    pub(super) fn parse(file: &Sealed) -> Option<Self> {
        let file = Some(file).filter(|file| file.len() <= LONGEST)?;
        if file.expose().first() == Some(&SEQUENCE) {
            return Self::of_pem(pfx::pem(file)?.expose());
        }
        Self::of_pem(file.expose())
    }

    fn of_pem(pem: &[u8]) -> Option<Self> {
        let certificate = CertificateDer::pem_slice_iter(pem).next()?.ok()?;
        let key = match PrivateKeyDer::from_pem_slice(pem).ok()? {
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            _ => return None,
        };
        let thumbprint = |algorithm| URL_SAFE_NO_PAD.encode(digest(algorithm, &certificate));
        Some(Self { key: key.ok()?, sha1: thumbprint(&SHA1_FOR_LEGACY_USE_ONLY), sha256: thumbprint(&SHA256) })
    }

    /// A token by which `client` shows itself at `audience`, the URL that it is sent to; none if signing fails.
    pub(super) fn assert(&self, client: &str, audience: &str, manner: Manner, now: SystemTime) -> Option<Sealed> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let (name, thumbprint, algorithm): (_, _, &dyn RsaEncoding) = match manner {
            Manner::Entra => ("PS256", ("x5t#S256", &self.sha256), &RSA_PSS_SHA256),
            Manner::Federation => ("RS256", ("x5t", &self.sha1), &RSA_PKCS1_SHA256),
        };
        let head = serde_json::json!({"alg": name, "typ": "JWT", thumbprint.0: thumbprint.1});
        let claims = serde_json::json!({
            "aud": audience,
            "iss": client,
            "sub": client,
            "jti": format!("{:032x}", rand::random::<u128>()),
            "nbf": now.saturating_sub(SKEW).as_secs(),
            "exp": (now + LIFE).as_secs(),
        });
        let encode = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let mut token = format!("{}.{}", encode(&head), encode(&claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(algorithm, &SystemRandom::new(), token.as_bytes(), &mut signature).ok()?;
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Some(token.into())
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::rsa::{KeyPair as RsaKey, KeySize};
    use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
    use rcgen::{CertificateParams, PublicKeyData};
    use serde_json::Value;

    use super::*;

    pub(super) fn pem() -> (String, Vec<u8>, Vec<u8>) {
        let key = RsaKey::generate(KeySize::Rsa2048).unwrap();
        let pkcs8 = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&key).unwrap();
        let pair = rcgen::KeyPair::try_from(pkcs8.as_ref()).unwrap();
        let certificate = CertificateParams::new(vec!["app".to_owned()]).unwrap().self_signed(&pair).unwrap();
        assert!(!pair.der_bytes().is_empty());
        (
            format!("{}{}", certificate.pem(), pair.serialize_pem()),
            certificate.der().to_vec(),
            key.public_key().as_ref().to_vec(),
        )
    }

    fn decoded(part: &str) -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn an_assertion_verifies_names_the_certificate_and_is_good_for_its_place_and_some_minutes() {
        let (pem, certificate, public) = pem();
        let signer = Signer::parse(&pem.into()).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        for (manner, name, print, digest) in [
            (Manner::Entra, "PS256", "x5t#S256", digest(&SHA256, &certificate)),
            (Manner::Federation, "RS256", "x5t", digest(&SHA1_FOR_LEGACY_USE_ONLY, &certificate)),
        ] {
            let token = signer.assert("client", "https://login/t", manner, now).unwrap();
            let token = String::from_utf8(token.expose().to_vec()).unwrap();
            let [head, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
            let algorithm: &'static aws_lc_rs::signature::RsaParameters = match manner {
                Manner::Entra => &RSA_PSS_2048_8192_SHA256,
                Manner::Federation => &RSA_PKCS1_2048_8192_SHA256,
            };
            let text = format!("{head}.{claims}");
            let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
            UnparsedPublicKey::new(algorithm, &public).verify(text.as_bytes(), &signature).unwrap();
            assert_eq!(decoded(head)["alg"], name);
            assert_eq!(decoded(head)[print], URL_SAFE_NO_PAD.encode(digest));
            let claims = decoded(claims);
            assert_eq!(
                (&claims["iss"], &claims["sub"], &claims["aud"]),
                (&"client".into(), &"client".into(), &"https://login/t".into())
            );
            assert_eq!((&claims["nbf"], &claims["exp"]), (&1_699_999_880.into(), &1_700_000_600.into()));
        }
    }

    #[test]
    fn a_pfx_file_is_the_same_as_its_pem() {
        let (pem, ..) = pem();
        let file = pfx::tests::written(&pem, "pemToPkcs12 .certificate .key");
        assert_eq!(Signer::parse(&file).unwrap().sha256, Signer::parse(&pem.into()).unwrap().sha256);
    }

    #[test]
    fn what_has_no_certificate_or_no_rsa_key_signs_nothing_and_shows_nothing() {
        let (pem, ..) = pem();
        let certificate = &pem[..pem.find("-----BEGIN PRIVATE").unwrap()];
        let elliptic = rcgen::KeyPair::generate().unwrap().serialize_pem();
        for text in ["", "canary", certificate, &pem[certificate.len()..], &format!("{certificate}{elliptic}")] {
            assert!(Signer::parse(&text.into()).is_none(), "{}", text.len());
        }
        assert!(Signer::parse(&"-".repeat(LONGEST + 1).into()).is_none());
        assert!(!format!("{:?}", Signer::parse(&pem.into())).contains("PRIVATE"));
    }
}
