//! A private key of any kind that Go knows, and its forms.

use super::dsa::DsaKey;
use super::{Curve, EcKey, RsaKey, oids};
use crate::certificates::parse::algorithm;
use crate::der::{self, CONTEXT, NULL, OCTETS, Reader, SEQUENCE};
use crate::pem;
use crate::table::Shared;
use aws_lc_rs::agreement;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use keyferry_gotemplate::FuncError;
use zeroize::Zeroizing;

/// A private key.
pub(crate) enum PrivateKey {
    Rsa(RsaKey),
    Ec(EcKey),
    /// Its seed and the public key.
    Ed25519(Zeroizing<[u8; 32]>, [u8; 32]),
    /// It signs nothing.
    X25519(Zeroizing<[u8; 32]>),
    /// It signs no certificates.
    Dsa(DsaKey),
}

impl PrivateKey {
    /// A new key of this kind.
    pub(crate) fn ed25519(host: &Shared) -> Result<Self, FuncError> {
        let mut seed = Zeroizing::new([0; 32]);
        host.fill(seed.as_mut());
        Self::of_seed(&*seed)
    }

    /// The key of a seed of 32 bytes.
    pub(crate) fn of_seed(seed: &[u8]) -> Result<Self, FuncError> {
        let invalid = "x509: invalid Ed25519 private key length";
        let seed = Zeroizing::new(<[u8; 32]>::try_from(seed).map_err(|_| invalid)?);
        let pair = Ed25519KeyPair::from_seed_unchecked(&*seed).map_err(|_| "invalid Ed25519 seed")?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| invalid)?;
        Ok(Self::Ed25519(seed, public))
    }

    /// The key of the first PEM block, whose label says what it is.
    pub(crate) fn from_pem(text: &[u8]) -> Result<Self, FuncError> {
        let (block, _) = pem::decode(text).ok_or("no PEM data in input")?;
        match block.label {
            b"PRIVATE KEY" => Self::from_pkcs8(&block.bytes),
            b"RSA PRIVATE KEY" => RsaKey::from_pkcs1(&block.bytes).map(Self::Rsa),
            b"EC PRIVATE KEY" => EcKey::from_sec1(None, &block.bytes).map(Self::Ec),
            b"DSA PRIVATE KEY" => DsaKey::from_der(&block.bytes).map(Self::Dsa),
            label if label.ends_with(b" PRIVATE KEY") => Err("invalid private key type".into()),
            _ => Err("no private key data in PEM block".into()),
        }
    }

    /// The key of bytes that do not say what they are: PKCS #1, PKCS #8 or SEC 1.
    pub(crate) fn from_any(der: &[u8]) -> Result<Self, FuncError> {
        RsaKey::from_pkcs1(der)
            .map(Self::Rsa)
            .or_else(|_| Self::from_pkcs8(der))
            .or_else(|_| EcKey::from_sec1(None, der).map(Self::Ec))
            .map_err(|_| "unable to parse private key type".into())
    }

    /// The key of PKCS #8.
    pub(crate) fn from_pkcs8(der: &[u8]) -> Result<Self, FuncError> {
        let (name, parameters, key) = pkcs8(der).ok_or("x509: failed to parse private key")?;
        match name {
            oids::RSA => RsaKey::from_pkcs1(key).map(Self::Rsa),
            oids::EC => EcKey::from_sec1(Reader::new(parameters).oid(), key).map(Self::Ec),
            oids::ED25519 | oids::X25519 if !parameters.is_empty() => {
                Err("x509: invalid private key parameters".into())
            }
            oids::ED25519 => Self::of_seed(raw(key)?),
            oids::X25519 => Self::x25519(raw(key)?),
            _ => Err("x509: PKCS#8 wrapping contained private key with unknown algorithm".into()),
        }
    }

    fn x25519(key: &[u8]) -> Result<Self, FuncError> {
        let key = <[u8; 32]>::try_from(key).map_err(|_| "x509: invalid X25519 private key")?;
        Ok(Self::X25519(Zeroizing::new(key)))
    }

    /// PEM with the label that Go's sprig gives the kind.
    pub(crate) fn to_pem(&self) -> Result<Zeroizing<Vec<u8>>, FuncError> {
        Ok(match self {
            Self::Rsa(key) => pem::encode("RSA PRIVATE KEY", &key.to_pkcs1()),
            Self::Ec(key) => pem::encode("EC PRIVATE KEY", &key.to_sec1(true)),
            Self::Dsa(key) => pem::encode("DSA PRIVATE KEY", &key.to_der()),
            Self::Ed25519(..) | Self::X25519(_) => pem::encode("PRIVATE KEY", &self.to_pkcs8()?),
        })
    }

    /// PKCS #8, which is not for DSA.
    pub(crate) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, FuncError> {
        let (algorithm, key) = match self {
            Self::Rsa(key) => (der::sequence(&[&der::oid(oids::RSA), &[NULL, 0]]), key.to_pkcs1()),
            Self::Ec(key) => (der::sequence(&[&der::oid(oids::EC), &der::oid(key.curve.oid())]), key.to_sec1(false)),
            Self::Ed25519(seed, _) => (der::sequence(&[&der::oid(oids::ED25519)]), der::octets(&**seed)),
            Self::X25519(key) => (der::sequence(&[&der::oid(oids::X25519)]), der::octets(&**key)),
            Self::Dsa(_) => return Err("x509: unknown key type while marshaling PKCS#8: *dsa.PrivateKey".into()),
        };
        Ok(der::sequence(&[&der::number(0), &algorithm, &der::octets(&key)]))
    }

    /// What a certificate certifies: algorithm and public key.
    pub(crate) fn public_key(&self) -> Result<Zeroizing<Vec<u8>>, FuncError> {
        match self {
            Self::Rsa(key) => Ok(public_rsa(key.modulus(), key.exponent())),
            Self::Ec(key) => Ok(public_ec(key.curve, &key.point)),
            Self::Ed25519(_, public) => Ok(public_ed25519(public)),
            Self::X25519(key) => x25519_public(key),
            Self::Dsa(_) => Err("x509: only RSA, ECDSA and Ed25519 keys supported".into()),
        }
    }
}

/// Algorithm, its parameters, and the key.
fn pkcs8(der: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut parts = Reader::new(der).within(SEQUENCE)?;
    parts.number()?;
    let (name, parameters) = algorithm(parts.within(SEQUENCE)?).ok()?;
    Some((name, parameters, parts.bytes(OCTETS)?))
}

/// The key of the newer curves is wrapped once more.
fn raw(key: &[u8]) -> Result<&[u8], FuncError> {
    Ok(Reader::new(key).bytes(OCTETS).ok_or("x509: invalid private key")?)
}

fn x25519_public(key: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, FuncError> {
    let invalid = "x509: invalid X25519 private key";
    let key = agreement::PrivateKey::from_private_key(&agreement::X25519, key).map_err(|_| invalid)?;
    let public = key.compute_public_key().map_err(|_| invalid)?;
    Ok(spki(&[&der::oid(oids::X25519)], public.as_ref()))
}

/// A public RSA key with its algorithm.
pub(crate) fn public_rsa(modulus: &[u8], exponent: u64) -> Zeroizing<Vec<u8>> {
    let key = der::sequence(&[&der::integer(modulus), &der::number(exponent)]);
    spki(&[&der::oid(oids::RSA), &[NULL, 0]], &key)
}

/// A public point with its curve.
pub(crate) fn public_ec(curve: Curve, point: &[u8]) -> Zeroizing<Vec<u8>> {
    spki(&[&der::oid(oids::EC), &der::oid(curve.oid())], point)
}

/// A public Ed25519 key with its algorithm.
pub(crate) fn public_ed25519(public: &[u8]) -> Zeroizing<Vec<u8>> {
    spki(&[&der::oid(oids::ED25519)], public)
}

fn spki(algorithm: &[&[u8]], key: &[u8]) -> Zeroizing<Vec<u8>> {
    der::sequence(&[&der::sequence(algorithm), &der::bit_string(key)])
}

/// The tag of the part of SEC 1 that names the curve, less its number.
pub(super) const PART: u8 = CONTEXT | 0x20;
