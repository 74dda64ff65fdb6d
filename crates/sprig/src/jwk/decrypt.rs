//! What is encrypted to an RSA key.

use crate::arguments::{Outcome, text, unexpected};
use crate::keys::PrivateKey;
use crate::pem;
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA512_MGF1SHA512, OaepPrivateDecryptingKey, PrivateDecryptingKey,
};
use keyferry_gotemplate::{Call, FuncError, Value};
use zeroize::Zeroizing;

/// Milliseconds that it takes.
const DECRYPTION: usize = 5;

/// Scheme `RSA-OAEP`, or `None` for a text that is not encrypted. The hash is SHA-256 but for those that have a name.
pub(super) fn decrypt(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [scheme, hash, encrypted, key] = arguments else { return Err(unexpected("set")) };
    match text(scheme)? {
        b"None" => Ok(encrypted.clone()),
        b"RSA-OAEP" => oaep(call, text(hash)?, text(encrypted)?, text(key)?),
        _ => Err("decryption scheme is not supported: it is RSA-OAEP or None".into()),
    }
}

fn oaep(call: &Call<'_>, hash: &[u8], encrypted: &[u8], key: &[u8]) -> Outcome {
    pem::look_through(call, key)?;
    call.meter().work(DECRYPTION)?;
    let (block, _) = pem::decode(key).ok_or("failed to decode PEM block")?;
    let PrivateKey::Rsa(key) = PrivateKey::from_any(&block.bytes)? else {
        return Err("could not parse RSA private key".into());
    };
    let hash = match hash {
        b"SHA1" => &OAEP_SHA1_MGF1SHA1,
        b"SHA512" => &OAEP_SHA512_MGF1SHA512,
        _ => &OAEP_SHA256_MGF1SHA256,
    };
    let small = || FuncError::from("an RSA key must have 2048 to 8192 bits to decrypt");
    let pkcs8 = PrivateKey::Rsa(key).to_pkcs8()?;
    let key = PrivateDecryptingKey::from_pkcs8(&pkcs8).map_err(|_| small())?;
    let key = OaepPrivateDecryptingKey::new(key).map_err(|_| small())?;
    let mut plain = Zeroizing::new(vec![0; key.min_output_size()]);
    let plain = key.decrypt(hash, encrypted, &mut plain, None).map_err(|_| "error decrypting data with RSA")?;
    call.text(&*plain)
}
