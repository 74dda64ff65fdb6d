//! Passwords that are made anew each time from a master password: the algorithm of the Master Password app, version 3.

use crate::arguments::{Outcome, text, unexpected};
use aws_lc_rs::hmac;
use keyferry_gotemplate::{Call, FuncError, Value};
use zeroize::Zeroizing;

/// Milliseconds that one takes.
const DERIVED: usize = 200;

const SCOPE: &[u8] = b"com.lyndir.masterpassword";

pub(super) fn derive(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [Value::Uint(counter, _), kind, password, user, site] = arguments else { return Err(unexpected("set")) };
    let (kind, password, user, site) = (text(kind)?, text(password)?, text(user)?, text(site)?);
    let Some(templates) = templates(kind) else {
        return call.text([b"cannot find password template ", kind].concat());
    };
    call.meter().work(DERIVED)?;
    let key = master_key(password, user)?;
    let counter = u32::try_from(*counter).unwrap_or_default();
    let seed = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &*key), &scoped(site, &counter.to_be_bytes()));
    call.text(&*password_of(seed.as_ref(), templates).ok_or("failed to derive password")?)
}

/// The scope, and a name with its length before it.
fn scoped(name: &[u8], rest: &[u8]) -> Vec<u8> {
    let length = u32::try_from(name.len()).unwrap_or(u32::MAX).to_be_bytes();
    [SCOPE, &length, name, rest].concat()
}

/// It takes 32 MiB for the time.
fn master_key(password: &[u8], user: &[u8]) -> Result<Zeroizing<[u8; 64]>, FuncError> {
    let failed = |_| FuncError::from("failed to derive password");
    let parameters = scrypt::Params::new(15, 8, 2).map_err(failed)?;
    let mut key = Zeroizing::new([0; 64]);
    scrypt::scrypt(password, &scoped(user, &[]), &parameters, key.as_mut()).map_err(|_| "failed to derive password")?;
    Ok(key)
}

/// The first byte of the seed chooses the template, each further one a letter.
fn password_of(seed: &[u8], templates: &[&str]) -> Option<Zeroizing<Vec<u8>>> {
    let (first, seed) = seed.split_first()?;
    let template = templates.get(usize::from(*first) % templates.len())?;
    let letters = template.bytes().zip(seed).map(|(class, byte)| {
        let class = class_of(class)?.as_bytes();
        class.get(usize::from(*byte) % class.len()).copied()
    });
    letters.collect::<Option<Vec<u8>>>().map(Zeroizing::new)
}

/// The forms of a kind of passwords: a letter each for a class of letters.
fn templates(kind: &[u8]) -> Option<&'static [&'static str]> {
    Some(match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => return None,
    })
}

fn class_of(letter: u8) -> Option<&'static str> {
    Some(match letter {
        b'C' => "BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => "aeiou",
        b'c' => "bcdfghjklmnpqrstvwxyz",
        b'a' => "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => "0123456789",
        b'o' => "@&%?,=[]_:-+*$#!'^~;()/.",
        b'x' => "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
        _ => return None,
    })
}
