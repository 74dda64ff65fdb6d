//! Certificates: new ones, and those that are given.

mod create;
mod pair;
pub(crate) mod parse;
mod sign;

use crate::arguments::{Outcome, int, text, unexpected};
use crate::keys::{PrivateKey, RsaKey, new_rsa};
use crate::pem::{self, from_base64};
use crate::table::{Family, Shared};
use create::{Authority, Request};
use keyferry_gotemplate::{Call, FuncError, Function, List, Type, Value};
use pair::Pair;
use parse::Certificate;
use std::sync::Arc;

const PAIR: Type = Type::Object(Pair::TYPE);

pub(crate) fn family(host: &Shared) -> Family {
    const TEXT: Type = Type::String;
    const ANY: Type = Type::LIST;
    const INT: Type = Type::INT;
    vec![
        ("genCA", new(host, &[TEXT, INT], authority).named("func(string, int) (sprig.certificate, error)")),
        (
            "genCAWithKey",
            new(host, &[TEXT, INT, TEXT], authority).named("func(string, int, string) (sprig.certificate, error)"),
        ),
        (
            "genSelfSignedCert",
            new(host, &[TEXT, ANY, ANY, INT], self_signed)
                .named("func(string, []interface {}, []interface {}, int) (sprig.certificate, error)"),
        ),
        (
            "genSelfSignedCertWithKey",
            new(host, &[TEXT, ANY, ANY, INT, TEXT], self_signed)
                .named("func(string, []interface {}, []interface {}, int, string) (sprig.certificate, error)"),
        ),
        (
            "genSignedCert",
            new(host, &[TEXT, ANY, ANY, INT, PAIR], signed).named(
                "func(string, []interface {}, []interface {}, int, sprig.certificate) (sprig.certificate, error)",
            ),
        ),
        (
            "genSignedCertWithKey",
            new(host, &[TEXT, ANY, ANY, INT, PAIR, TEXT], signed).named(
                "func(string, []interface {}, []interface {}, int, sprig.certificate, string) (sprig.certificate, error)",
            ),
        ),
        (
            "buildCustomCert",
            Function::new(&[TEXT, TEXT], custom).named("func(string, string) (sprig.certificate, error)"),
        ),
        ("certSANs", Function::new(&[TEXT], names).named("func(string) ([]string, error)")),
    ]
}

/// How a function makes a certificate.
type Make = fn(&Shared, &Call<'_>, &[Value]) -> Outcome;

fn new(host: &Shared, parameters: &'static [Type], make: Make) -> Function {
    let host = host.clone();
    Function::new(parameters, move |call, arguments| make(&host, call, arguments))
}

/// The key in PEM, if there is one, or a new one.
fn key(call: &Call<'_>, given: &[Value]) -> Result<PrivateKey, FuncError> {
    match given {
        [] => Ok(PrivateKey::Rsa(new_rsa(call, RsaKey::USUAL)?)),
        [pem, ..] => private_key(call, text(pem)?),
    }
}

/// The key of the first block; checking its numbers takes a moment.
fn private_key(call: &Call<'_>, text: &[u8]) -> Result<PrivateKey, FuncError> {
    pem::look_through(call, text)?;
    call.meter().work(1)?;
    PrivateKey::from_pem(text)
}

fn authority(host: &Shared, call: &Call<'_>, arguments: &[Value]) -> Outcome {
    let [name, days, given @ ..] = arguments else { return Err(unexpected("authority")) };
    let request = Request { name: text(name)?, days: int(days)?, is_authority: true, ..Request::default() };
    let key = key(call, given)?;
    finish(call, &request.create(host, call, &key, None)?, &key)
}

fn self_signed(host: &Shared, call: &Call<'_>, arguments: &[Value]) -> Outcome {
    let [name, ips, domains, days, given @ ..] = arguments else { return Err(unexpected("request")) };
    let request = request(call, name, ips, domains, days)?;
    let key = key(call, given)?;
    finish(call, &request.create(host, call, &key, None)?, &key)
}

fn signed(host: &Shared, call: &Call<'_>, arguments: &[Value]) -> Outcome {
    let [name, ips, domains, days, authority, given @ ..] = arguments else { return Err(unexpected("request")) };
    let request = request(call, name, ips, domains, days)?;
    let authority = Pair::of(authority).ok_or_else(|| unexpected("sprig.certificate"))?;
    pem::look_through(call, &authority.cert)?;
    let (block, _) = pem::decode(&authority.cert).ok_or("unable to decode certificate")?;
    let issuer = Authority { certificate: Certificate::parse(&block.bytes)?, key: private_key(call, &authority.key)? };
    let key = key(call, given)?;
    finish(call, &request.create(host, call, &key, Some(&issuer))?, &key)
}

fn request<'a>(
    call: &Call<'_>,
    name: &'a Value,
    ips: &Value,
    domains: &'a Value,
    days: &Value,
) -> Result<Request<'a>, FuncError> {
    let (ips, domains) = (strings(call, ips)?, strings(call, domains)?);
    let addresses = ips.iter().map(|ip| create::address(ip)).collect::<Option<_>>().ok_or("error parsing ip")?;
    Ok(Request { name: text(name)?, days: int(days)?, is_authority: false, addresses, domains })
}

/// The strings of a list, of which `nil` has none.
fn strings(call: &Call<'_>, list: &Value) -> Result<Vec<Arc<[u8]>>, FuncError> {
    let Value::List(list) = list else { return Ok(Vec::new()) };
    call.meter().step(list.len())?;
    list.items().iter().map(string).collect()
}

fn string(item: &Value) -> Result<Arc<[u8]>, FuncError> {
    match item {
        Value::Str(text) => Ok(text.clone()),
        _ => Err("an address or name of a certificate is not a string".into()),
    }
}

fn finish(call: &Call<'_>, certificate: &[u8], key: &PrivateKey) -> Outcome {
    let (cert, key) = (pem::encode("CERTIFICATE", certificate), key.to_pem()?);
    call.meter().allocate(cert.len() + key.len())?;
    Ok(Pair::value(&cert, &key))
}

fn custom(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [cert, key] = arguments else { return Err(unexpected("pair")) };
    let cert = from_base64(text(cert)?).ok_or("unable to decode base64 certificate")?;
    let key = from_base64(text(key)?).ok_or("unable to decode base64 private key")?;
    pem::look_through(call, &cert)?;
    let (block, _) = pem::decode(&cert).ok_or("unable to decode certificate")?;
    Certificate::parse(&block.bytes)?;
    private_key(call, &key)?;
    call.meter().allocate(cert.len() + key.len())?;
    Ok(Pair::value(&cert, &key))
}

fn names(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [pem] = arguments else { return Err(unexpected("certificate")) };
    let pem = text(pem)?;
    pem::look_through(call, pem)?;
    let (block, _) = pem::decode(pem::from_begin(pem)).ok_or("failed to decode PEM block")?;
    let names = Certificate::parse(&block.bytes)?.names;
    let addresses = names.addresses.iter().map(ToString::to_string).map(Value::from);
    let texts = |texts: Vec<&str>| texts.into_iter().map(Value::from).collect::<Vec<_>>();
    let all: Vec<Value> = (texts(names.domains).into_iter().chain(addresses))
        .chain(texts(names.mailboxes))
        .chain(names.uris.into_iter().map(Value::from))
        .collect();
    call.meter().allocate(all.len().saturating_mul(size_of::<Value>()) + block.bytes.len())?;
    Ok(Value::List(List::new(&Type::String, all)))
}
