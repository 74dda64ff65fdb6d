//! Passwords: hashed, and derived.

mod derived;

use crate::arguments::{Outcome, text, unexpected};
use crate::pem::to_base64;
use crate::table::{Family, Shared};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use keyferry_gotemplate::{Call, FuncError, Function, Type, UintKind, Value};
use zeroize::Zeroizing;

pub(crate) fn family(host: &Shared) -> Family {
    const TEXT: Type = Type::String;
    let (one, other) = (host.clone(), host.clone());
    let hash = move |call: &mut Call<'_>, arguments: &[Value]| bcrypt(&one, call, arguments);
    let line = move |call: &mut Call<'_>, arguments: &[Value]| htpasswd(&other, call, arguments);
    vec![
        ("bcrypt", Function::new(&[TEXT], hash).named("func(string) string")),
        ("htpasswd", Function::variadic(&[TEXT, TEXT, TEXT], line).named("func(string, string, ...string) string")),
        (
            "derivePassword",
            Function::new(&[Type::Uint(UintKind::Uint32), TEXT, TEXT, TEXT, TEXT], derived::derive)
                .named("func(uint32, string, string, string, string) string"),
        ),
    ]
}

/// Milliseconds that a hash takes.
const HASH: usize = 100;
/// Go's default: 2^10 rounds.
const COST: u32 = 10;
/// The longest password that bcrypt takes.
const LONGEST: usize = 72;

fn bcrypt(host: &Shared, call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [password] = arguments else { return Err(unexpected("string")) };
    call.text(&*hash(host, call, text(password)?)?)
}

/// The hash, or what Go gives where there is none.
fn hash(host: &Shared, call: &Call<'_>, password: &[u8]) -> Result<Zeroizing<String>, FuncError> {
    if password.len() > LONGEST {
        let message = "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes";
        return Ok(Zeroizing::new(message.into()));
    }
    call.meter().work(HASH)?;
    let mut salt = [0; 16];
    host.fill(&mut salt);
    let mut key = Zeroizing::new([password, &[0]].concat());
    key.truncate(LONGEST);
    let digits = GeneralPurpose::new(&base64::alphabet::BCRYPT, NO_PAD);
    let hash = Zeroizing::new(bcrypt::bcrypt(COST, salt, &key));
    // The last byte of a hash is not written.
    let hash = hash.get(..23).unwrap_or_default();
    Ok(Zeroizing::new(format!("$2a${COST}${}{}", digits.encode(salt), digits.encode(hash))))
}

/// A line of a password file. The kind of hash may be left out: External Secrets Operator's functions ask for it, those of
/// sprig's last release do not know it.
fn htpasswd(host: &Shared, call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let (user, password, kind) = match arguments {
        [user, password] => (text(user)?, text(password)?, &b"bcrypt"[..]),
        [user, password, kind] => (text(user)?, text(password)?, text(kind)?),
        _ => return Err("want 2 or 3 arguments: user, password, bcrypt or sha".into()),
    };
    if user.contains(&b':') {
        return call.text([b"invalid username: ", user].concat());
    }
    let hash = match kind {
        b"sha" => {
            call.meter().step(password.len() / 1024)?;
            let sum = digest(&SHA1_FOR_LEGACY_USE_ONLY, password);
            Zeroizing::new(format!("{{SHA}}{}", &*to_base64(sum.as_ref())))
        }
        _ => hash(host, call, password)?,
    };
    call.text([user, b":", hash.as_bytes()].concat())
}
