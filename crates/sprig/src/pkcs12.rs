//! PKCS #12 stores, as Go's `go-pkcs12` reads and writes them.

mod bmp;
mod cipher;
mod decode;
mod encode;
mod mac;

use crate::arguments::{Outcome, text, unexpected};
use crate::certificates::parse::Certificate;
use crate::keys::PrivateKey;
use crate::pem::{self, encode as pem_block, to_base64};
use crate::table::{Family, Shared};
use decode::Store;
use keyferry_gotemplate::{Call, FuncError, Function, Type, Value};
use zeroize::Zeroizing;

/// Bytes that are wiped when they are no longer needed.
type Bytes = Zeroizing<Vec<u8>>;

pub(crate) fn family(host: &Shared) -> Family {
    const TEXTS: &[&[Type]] = &[&[], &[Type::String], &[Type::String; 2], &[Type::String; 3]];
    const NAMES: &[&str] = &[
        "",
        "func(string) (string, error)",
        "func(string, string) (string, error)",
        "func(string, string, string) (string, error)",
    ];
    let all: [(&'static str, usize, Run); 10] = [
        ("pkcs12key", 1, |_, call, arguments| key(call, b"", arguments.first())),
        ("pkcs12keyPass", 2, |_, call, arguments| key(call, password(arguments.first())?, arguments.get(1))),
        ("pkcs12cert", 1, |_, call, arguments| certificates(call, b"", arguments.first())),
        ("pkcs12certPass", 2, |_, call, arguments| certificates(call, password(arguments.first())?, arguments.get(1))),
        ("pemToPkcs12", 2, |host, call, arguments| single(host, call, arguments, b"")),
        ("pemToPkcs12Pass", 3, |host, call, arguments| single(host, call, arguments, password(arguments.last())?)),
        ("fullPemToPkcs12", 2, |host, call, arguments| full(host, call, arguments, b"")),
        ("fullPemToPkcs12Pass", 3, |host, call, arguments| full(host, call, arguments, password(arguments.last())?)),
        ("pemTruststoreToPKCS12", 1, |host, call, arguments| trust(host, call, arguments, b"")),
        ("pemTruststoreToPKCS12Pass", 2, |host, call, arguments| {
            trust(host, call, arguments, password(arguments.last())?)
        }),
    ];
    let function = |(name, count, run): (&'static str, usize, Run)| {
        let host = host.clone();
        let parameters = TEXTS.get(count).copied().unwrap_or_default();
        let function = Function::new(parameters, move |call, arguments| run(&host, call, arguments));
        (name, function.named(NAMES.get(count).copied().unwrap_or_default()))
    };
    all.into_iter().map(function).collect()
}

type Run = fn(&Shared, &Call<'_>, &[Value]) -> Outcome;

fn password(argument: Option<&Value>) -> Result<&[u8], FuncError> {
    text(argument.ok_or_else(|| unexpected("password"))?)
}

fn open(call: &Call<'_>, password: &[u8], store: Option<&Value>) -> Result<Store, FuncError> {
    let store = text(store.ok_or_else(|| unexpected("store"))?)?;
    call.meter().step(1 + store.len() / 1024)?;
    call.meter().allocate(store.len().saturating_mul(2))?;
    Store::open(call, store, password)
}

fn key(call: &Call<'_>, password: &[u8], store: Option<&Value>) -> Outcome {
    let key = open(call, password, store)?.key.to_pkcs8()?;
    call.text(&*pem_block("PRIVATE KEY", &key))
}

/// From the leaf to the root if they are one chain, else as they stand.
fn certificates(call: &Call<'_>, password: &[u8], store: Option<&Value>) -> Outcome {
    let all = open(call, password, store)?.certificates;
    let parsed: Vec<Certificate<'_>> = all.iter().map(|one| Certificate::parse(one)).collect::<Result<_, _>>()?;
    let chain = match pem::in_order(call, &parsed) {
        Err(FuncError::Message(_)) => parsed.iter().collect(),
        chain => chain?,
    };
    let texts: Vec<u8> = chain.iter().flat_map(|one| pem_block("CERTIFICATE", one.raw).to_vec()).collect();
    call.text(texts)
}

/// Milliseconds that a store takes to be written: three keys are derived.
const WRITTEN: usize = 10;

fn single(host: &Shared, call: &Call<'_>, arguments: &[Value], password: &[u8]) -> Outcome {
    let [certificate, key, ..] = arguments else { return Err(unexpected("pair")) };
    let (certificate, _) = first_block(call, text(certificate)?)?;
    write(host, call, &[certificate], key, password)
}

fn full(host: &Shared, call: &Call<'_>, arguments: &[Value], password: &[u8]) -> Outcome {
    let [chain, key, ..] = arguments else { return Err(unexpected("pair")) };
    let (leaf, rest) = first_block(call, text(chain)?)?;
    let mut certificates = vec![leaf];
    certificates.extend(all_blocks(call, rest)?);
    write(host, call, &certificates, key, password)
}

fn first_block<'t>(call: &Call<'_>, text: &'t [u8]) -> Result<(Bytes, &'t [u8]), FuncError> {
    pem::look_through(call, text)?;
    let (block, rest) = pem::decode(text).ok_or("no certificate in PEM found")?;
    Certificate::parse(&block.bytes)?;
    Ok((block.bytes, rest))
}

/// Every block; as in Go not even an empty line may follow the last.
fn all_blocks(call: &Call<'_>, mut text: &[u8]) -> Result<Vec<Bytes>, FuncError> {
    let mut certificates = Vec::new();
    pem::look_through(call, text)?;
    while !text.is_empty() {
        call.meter().step(1)?;
        let (block, rest) = pem::decode(text).ok_or("after the certificates stands something that is none")?;
        Certificate::parse(&block.bytes)?;
        certificates.push(block.bytes);
        text = rest;
    }
    Ok(certificates)
}

fn write(host: &Shared, call: &Call<'_>, certificates: &[Bytes], key: &Value, password: &[u8]) -> Outcome {
    let key = text(key)?;
    pem::look_through(call, key)?;
    call.meter().work(WRITTEN)?;
    let (block, _) = pem::decode(key).ok_or("no private key in PEM found")?;
    let key = PrivateKey::from_any(&block.bytes)?;
    let store = encode::store(host, &key, certificates, password)?;
    call.text(to_base64(&store).as_bytes())
}

fn trust(host: &Shared, call: &Call<'_>, arguments: &[Value], password: &[u8]) -> Outcome {
    let [certificates, ..] = arguments else { return Err(unexpected("certificates")) };
    let certificates = all_blocks(call, text(certificates)?)?;
    call.meter().work(WRITTEN)?;
    let store = encode::trust_store(host, &certificates, password)?;
    call.text(to_base64(&store).as_bytes())
}
