//! JSON web keys in PEM, and what RSA keys decrypt.

mod decrypt;
mod json;

use crate::arguments::{Outcome, text, unexpected};
use crate::keys::{Curve, EcKey, Numbers, PrivateKey, RsaKey, public_ec, public_ed25519, public_rsa};
use crate::pem;
use crate::table::{Family, Shared};
use json::Jwk;
use keyferry_gotemplate::{Call, FuncError, Function, Type, Value};
use zeroize::Zeroizing;

pub(crate) fn family(_: &Shared) -> Family {
    const ONE: &str = "func(string) (string, error)";
    vec![
        ("jwkPublicKeyPem", Function::new(&[Type::String], public).named(ONE)),
        ("jwkPrivateKeyPem", Function::new(&[Type::String], private).named(ONE)),
        (
            "rsaDecrypt",
            Function::new(&[Type::String; 4], decrypt::decrypt)
                .named("func(string, string, string, string) (string, error)"),
        ),
    ]
}

fn read(call: &Call<'_>, arguments: &[Value]) -> Result<Jwk, FuncError> {
    let [key] = arguments else { return Err(unexpected("string")) };
    let key = text(key)?;
    call.meter().allocate(key.len())?;
    call.meter().step(1 + key.len() / 64)?;
    Jwk::read(key)
}

fn public(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let jwk = read(call, arguments)?;
    if jwk.is_private() {
        return Err("x509: the key is private, not public".into());
    }
    let key = match jwk.kind() {
        "RSA" => public_rsa(jwk.required("n")?, exponent(&jwk)?),
        "EC" => {
            let (curve, point) = point(&jwk)?;
            public_ec(curve, &point)
        }
        "OKP" if jwk.curve() == Some("Ed25519") => public_ed25519(jwk.required("x")?),
        _ => return Err("x509: unsupported public key type".into()),
    };
    call.text(&*pem::encode("PUBLIC KEY", &key))
}

fn private(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let jwk = read(call, arguments)?;
    if !jwk.is_private() {
        return Err("x509: the key is public, not private".into());
    }
    call.meter().work(1)?;
    let key = match jwk.kind() {
        "RSA" => PrivateKey::Rsa(rsa(&jwk)?),
        "EC" => PrivateKey::Ec(ec(&jwk)?),
        "OKP" if jwk.curve() == Some("Ed25519") => ed25519(&jwk)?,
        _ => return Err("x509: unknown key type while marshaling PKCS#8".into()),
    };
    call.text(&*pem::encode("PRIVATE KEY", &key.to_pkcs8()?))
}

fn exponent(jwk: &Jwk) -> Result<u64, FuncError> {
    let digits = jwk.required("e")?;
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    let digits = digits.get(zeros..).unwrap_or_default();
    let exponent = digits.iter().fold(0u64, |exponent, digit| exponent << 8 | u64::from(*digit));
    if digits.len() > 8 || exponent > i64::MAX.unsigned_abs() {
        return Err("crypto/rsa: public exponent too large".into());
    }
    Ok(exponent)
}

fn rsa(jwk: &Jwk) -> Result<RsaKey, FuncError> {
    let optional = |name: &str| jwk.bytes(name).filter(|number| !number.is_empty());
    let crt = match [optional("dp"), optional("dq"), optional("qi")] {
        [Some(dp), Some(dq), Some(inverse)] => Some([dp, dq, inverse]),
        _ => None,
    };
    RsaKey::new(&Numbers {
        modulus: jwk.required("n")?,
        exponent: i64::try_from(exponent(jwk)?).unwrap_or_default(),
        secret: jwk.required("d")?,
        primes: [jwk.bytes("p").unwrap_or_default(), jwk.bytes("q").unwrap_or_default()],
        crt,
    })
}

fn curve(jwk: &Jwk) -> Result<Curve, FuncError> {
    match jwk.curve() {
        Some("P-256") => Ok(Curve::P256),
        Some("P-384") => Ok(Curve::P384),
        Some("P-521") => Ok(Curve::P521),
        _ => Err("invalid curve algorithm".into()),
    }
}

/// The point of both halves, which are shorter or longer than the curve's by zeros only.
fn point(jwk: &Jwk) -> Result<(Curve, Vec<u8>), FuncError> {
    let curve = curve(jwk)?;
    let mut point = vec![4];
    for half in ["x", "y"] {
        let half = jwk.required(half)?;
        let surplus = half.len().saturating_sub(curve.size());
        let (zeros, half) = half.split_at_checked(surplus).unwrap_or_default();
        if zeros.iter().any(|zero| *zero != 0) {
            return Err("overflowing coordinate".into());
        }
        point.resize(point.len() + curve.size() - half.len(), 0);
        point.extend_from_slice(half);
    }
    curve.check(&point).ok_or("the point is not on the curve")?;
    Ok((curve, point))
}

/// As in Go the point stays what it says, even if it is not the secret's.
fn ec(jwk: &Jwk) -> Result<EcKey, FuncError> {
    let (curve, point) = point(jwk)?;
    Ok(EcKey { point, ..EcKey::new(curve, jwk.required("d")?)? })
}

fn ed25519(jwk: &Jwk) -> Result<PrivateKey, FuncError> {
    let key = PrivateKey::of_seed(jwk.required("d")?)?;
    match &key {
        PrivateKey::Ed25519(_, public) if public.as_slice() == jwk.required("x")? => Ok(key),
        _ => Err("invalid x value given d value".into()),
    }
}

/// Base64 of either alphabet, with padding or without.
fn from_any_base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let is_padded = text.ends_with('=');
    let is_standard = text.contains(['+', '/']);
    let digits: Zeroizing<String> =
        Zeroizing::new(text.chars().filter(|letter| !matches!(letter, '\r' | '\n')).collect());
    if !is_standard && digits.contains(['+', '/']) || is_standard && digits.contains(['-', '_']) {
        return None;
    }
    if !is_padded && digits.contains('=') {
        return None;
    }
    let padding = if is_padded { 0 } else { (4 - digits.len() % 4) % 4 };
    let standard = digits.bytes().map(|digit| match digit {
        b'-' => b'+',
        b'_' => b'/',
        digit => digit,
    });
    let digits: Zeroizing<Vec<u8>> = Zeroizing::new(standard.chain(std::iter::repeat_n(b'=', padding)).collect());
    pem::from_base64(&digits)
}
