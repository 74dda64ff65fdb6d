//! The signatures of certificates.

use crate::der::{self, NULL};
use crate::keys::{Curve, PrivateKey, RsaKey, oids};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256};
use keyferry_gotemplate::{Call, FuncError};
use zeroize::Zeroizing;

/// What a key signs with: the algorithm that Go chooses for it.
pub(super) fn signature_algorithm(key: &PrivateKey) -> Result<Zeroizing<Vec<u8>>, FuncError> {
    let ecdsa = |hash: u8| der::sequence(&[&der::oid(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, hash])]);
    Ok(match key {
        PrivateKey::Rsa(_) => der::sequence(&[&der::oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]), &[NULL, 0]]),
        PrivateKey::Ec(key) => match key.curve {
            Curve::P224 | Curve::P256 => ecdsa(2),
            Curve::P384 => ecdsa(3),
            Curve::P521 => ecdsa(4),
        },
        PrivateKey::Ed25519(..) => der::sequence(&[&der::oid(oids::ED25519)]),
        PrivateKey::X25519(_) | PrivateKey::Dsa(_) => {
            return Err("x509: only RSA, ECDSA and Ed25519 keys supported".into());
        }
    })
}

/// Milliseconds that a signature takes.
const SIGNATURE: usize = 5;

/// The signature of a certificate's body.
pub(super) fn signature(call: &Call<'_>, key: &PrivateKey, body: &[u8]) -> Result<Vec<u8>, FuncError> {
    call.meter().work(SIGNATURE)?;
    match key {
        PrivateKey::Rsa(key) => rsa(key, body),
        PrivateKey::Ec(key) => {
            let pair = key.pair().ok_or("the key cannot sign")?;
            Ok(pair.sign(&SystemRandom::new(), body).map_err(|_| "the key cannot sign")?.as_ref().to_vec())
        }
        PrivateKey::Ed25519(seed, public) => {
            let pair = Ed25519KeyPair::from_seed_and_public_key(&**seed, public).map_err(|_| "the key cannot sign")?;
            Ok(pair.sign(body).as_ref().to_vec())
        }
        PrivateKey::X25519(_) | PrivateKey::Dsa(_) => Err("the key cannot sign".into()),
    }
}

fn rsa(key: &RsaKey, body: &[u8]) -> Result<Vec<u8>, FuncError> {
    let pair = key.pair().ok_or("an RSA key must have 2048 to 8192 bits to sign")?;
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), body, &mut signature).map_err(|_| "the key cannot sign")?;
    Ok(signature)
}
