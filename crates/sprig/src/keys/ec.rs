//! Keys on NIST's curves.

use super::private::PART;
use crate::der::{self, BIT_STRING, OCTETS, OID, Reader, SEQUENCE};
use aws_lc_rs::agreement;
use aws_lc_rs::encoding::AsBigEndian as _;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P521_SHA512_ASN1, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    EcdsaVerificationAlgorithm, KeyPair as _, ParsedPublicKey,
};
use keyferry_gotemplate::FuncError;
use zeroize::Zeroizing;

/// A curve. P-224 is there for public keys only: of it nothing but the length is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Curve {
    P224,
    P256,
    P384,
    P521,
}

impl Curve {
    /// The curve that an identifier names.
    pub(crate) fn of_oid(oid: &[u8]) -> Option<Self> {
        [Self::P224, Self::P256, Self::P384, Self::P521].into_iter().find(|curve| curve.oid() == oid)
    }

    /// Its identifier.
    pub(crate) const fn oid(self) -> &'static [u8] {
        match self {
            Self::P224 => &[0x2b, 0x81, 4, 0, 33],
            Self::P256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
            Self::P384 => &[0x2b, 0x81, 4, 0, 34],
            Self::P521 => &[0x2b, 0x81, 4, 0, 35],
        }
    }

    /// The bytes of a private key, and of each half of a public one.
    pub(crate) const fn size(self) -> usize {
        match self {
            Self::P224 => 28,
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    fn verification(self) -> Option<&'static EcdsaVerificationAlgorithm> {
        match self {
            Self::P224 => None,
            Self::P256 => Some(&ECDSA_P256_SHA256_ASN1),
            Self::P384 => Some(&ECDSA_P384_SHA384_ASN1),
            Self::P521 => Some(&ECDSA_P521_SHA512_ASN1),
        }
    }

    /// How keys of the curve sign certificates.
    pub(crate) fn signing(self) -> Option<&'static EcdsaSigningAlgorithm> {
        match self {
            Self::P224 => None,
            Self::P256 => Some(&ECDSA_P256_SHA256_ASN1_SIGNING),
            Self::P384 => Some(&ECDSA_P384_SHA384_ASN1_SIGNING),
            Self::P521 => Some(&ECDSA_P521_SHA512_ASN1_SIGNING),
        }
    }

    fn agreement(self) -> Option<&'static agreement::Algorithm> {
        match self {
            Self::P224 => None,
            Self::P256 => Some(&agreement::ECDH_P256),
            Self::P384 => Some(&agreement::ECDH_P384),
            Self::P521 => Some(&agreement::ECDH_P521),
        }
    }

    /// Whether bytes are a point of the curve, both halves written out.
    pub(crate) fn check(self, point: &[u8]) -> Option<()> {
        if point.len() != 2 * self.size() + 1 || point.first() != Some(&4) {
            return None;
        }
        let Some(algorithm) = self.verification() else { return Some(()) };
        ParsedPublicKey::new(algorithm, point).ok().map(|_| ())
    }
}

/// A private key and its point.
pub(crate) struct EcKey {
    pub(crate) curve: Curve,
    /// As many bytes as the curve has.
    pub(crate) secret: Zeroizing<Vec<u8>>,
    pub(crate) point: Vec<u8>,
}

impl EcKey {
    /// A new key.
    pub(super) fn generate(curve: Curve) -> Result<Self, FuncError> {
        let failed = "failed to generate private key";
        let pair = EcdsaKeyPair::generate(curve.signing().ok_or(failed)?).map_err(|_| failed)?;
        let secret = pair.private_key().as_be_bytes().map_err(|_| failed)?;
        Self::new(curve, secret.as_ref())
    }

    /// The key of a secret, which is shorter or longer than the curve's by zeros only.
    pub(crate) fn new(curve: Curve, secret: &[u8]) -> Result<Self, FuncError> {
        let invalid = "x509: invalid elliptic curve private key";
        let surplus = secret.len().saturating_sub(curve.size());
        let (zeros, secret) = secret.split_at_checked(surplus).ok_or(invalid)?;
        if zeros.iter().any(|zero| *zero != 0) {
            return Err("x509: invalid private key length".into());
        }
        let mut padded = Zeroizing::new(vec![0; curve.size() - secret.len()]);
        padded.extend_from_slice(secret);
        let algorithm = curve.agreement().ok_or("x509: unknown elliptic curve")?;
        let key = agreement::PrivateKey::from_private_key(algorithm, &padded).map_err(|_| invalid)?;
        let point = key.compute_public_key().map_err(|_| invalid)?.as_ref().to_vec();
        Ok(Self { curve, secret: padded, point })
    }

    /// The key of SEC 1. A curve that is named elsewhere goes before the one within it.
    pub(crate) fn from_sec1(named: Option<&[u8]>, der: &[u8]) -> Result<Self, FuncError> {
        let (curve, secret) = sec1(der).ok_or("x509: failed to parse EC private key")?;
        let curve = named.or(curve).and_then(Curve::of_oid).ok_or("x509: unknown elliptic curve")?;
        Self::new(curve, secret)
    }

    /// SEC 1, with the curve's name or without.
    pub(crate) fn to_sec1(&self, with_curve: bool) -> Zeroizing<Vec<u8>> {
        let curve = der::tagged(PART, &der::oid(self.curve.oid()));
        let point = der::tagged(PART | 1, &der::bit_string(&self.point));
        let curve = if with_curve { &**curve } else { &[] };
        der::sequence(&[&der::number(1), &der::octets(&self.secret), curve, &point])
    }

    /// As the library signs with it.
    pub(crate) fn pair(&self) -> Option<EcdsaKeyPair> {
        let pair = EcdsaKeyPair::from_private_key_and_public_key(self.curve.signing()?, &self.secret, &self.point);
        pair.ok().filter(|pair| pair.public_key().as_ref() == self.point)
    }
}

/// The curve's name, if there is one, and the secret.
fn sec1(der: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let mut parts = Reader::new(der).within(SEQUENCE)?;
    parts.number().filter(|version| *version == 1)?;
    let secret = parts.bytes(OCTETS)?;
    let curve = match parts.wrapped(PART, OID)? {
        Some(mut curve) => Some(curve.oid()?),
        None => None,
    };
    if let Some(mut point) = parts.wrapped(PART | 1, BIT_STRING)? {
        point.bits()?;
    }
    Some((curve, secret))
}
