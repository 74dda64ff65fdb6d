//! AES as sprig uses it: CBC, whose first block is random and goes before the text, in base64.

use crate::arguments::{Outcome, text, unexpected};
use crate::pem::{from_base64, to_base64};
use crate::table::{Family, Shared};
use aws_lc_rs::cipher::{
    AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use keyferry_gotemplate::{Call, FuncError, Function, Type, Value};
use zeroize::Zeroizing;

pub(crate) fn family(host: &Shared) -> Family {
    const PAIR: &[Type] = &[Type::String, Type::String];
    let host = host.clone();
    let encrypt = move |call: &mut Call<'_>, arguments: &[Value]| encrypt(&host, call, arguments);
    vec![
        ("encryptAES", Function::new(PAIR, encrypt).named("func(string, string) (string, error)")),
        ("decryptAES", Function::new(PAIR, decrypt).named("func(string, string) (string, error)")),
    ]
}

/// Bytes of a block.
const BLOCK: usize = 16;

/// The password itself is the key, filled up with zeros or cut off.
fn key(password: &[u8]) -> Result<UnboundCipherKey, FuncError> {
    let mut key = Zeroizing::new([0; 32]);
    key.iter_mut().zip(password).for_each(|(key, byte)| *key = *byte);
    Ok(UnboundCipherKey::new(&AES_256, &*key).map_err(|_| "AES failed")?)
}

fn encrypt(host: &Shared, call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [password, plain] = arguments else { return Err(unexpected("pair")) };
    let (password, plain) = (text(password)?, text(plain)?);
    if plain.is_empty() {
        return call.text([]);
    }
    call.meter().allocate(plain.len().saturating_mul(2).saturating_add(2 * BLOCK))?;
    call.meter().step(plain.len() / 1024)?;
    let padding = BLOCK - plain.len() % BLOCK;
    let mut text = Zeroizing::new(Vec::with_capacity(plain.len() + padding));
    text.extend_from_slice(plain);
    text.resize(plain.len() + padding, u8::try_from(padding).unwrap_or_default());
    let mut first = [0; BLOCK];
    host.fill(&mut first);
    let key = EncryptingKey::cbc(key(password)?).map_err(|_| "AES failed")?;
    key.less_safe_encrypt(&mut text, EncryptionContext::Iv128(FixedLength::from(first))).map_err(|_| "AES failed")?;
    call.text(to_base64(&[&first[..], &text].concat()).as_bytes())
}

/// Whatever the padding is: only its last byte counts, as in Go.
fn decrypt(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [password, encrypted] = arguments else { return Err(unexpected("pair")) };
    let (password, encrypted) = (text(password)?, text(encrypted)?);
    if encrypted.is_empty() {
        return call.text([]);
    }
    call.meter().allocate(encrypted.len())?;
    call.meter().step(encrypted.len() / 1024)?;
    let mut bytes = from_base64(encrypted).ok_or("the encrypted text is not base64")?;
    let (first, text) = bytes.split_first_chunk_mut::<BLOCK>().ok_or("the encrypted text is too short")?;
    if text.is_empty() || text.len() % BLOCK != 0 {
        return Err("the encrypted text is not of whole blocks".into());
    }
    let key = DecryptingKey::cbc(key(password)?).map_err(|_| "AES failed")?;
    let context = DecryptionContext::Iv128(FixedLength::from(*first));
    let plain = key.decrypt(text, context).map_err(|_| "AES failed")?;
    let padding = plain.last().copied().map_or(0, usize::from);
    let plain = plain.len().checked_sub(padding).and_then(|length| plain.get(..length));
    call.text(plain.ok_or("the text is not encrypted with this password")?)
}
