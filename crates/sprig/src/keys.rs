//! Private keys.

mod dsa;
mod ec;
mod private;
mod rsa;

pub(crate) use ec::Curve;
pub(crate) use ec::EcKey;
pub(crate) use private::{PrivateKey, public_ec, public_ed25519, public_rsa};
pub(crate) use rsa::{Numbers, RsaKey};

use crate::arguments::{Outcome, text, unexpected};
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, FuncError, Function, Type, Value};

/// Names of algorithms, as DER writes them.
pub(crate) mod oids {
    pub(crate) const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    pub(crate) const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    pub(crate) const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1];
    pub(crate) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
    pub(crate) const X25519: &[u8] = &[0x2b, 0x65, 0x6e];
}

/// Milliseconds that a new key of 4096 bits takes, now and then three times as many.
const RSA_4096: usize = 1_000;
/// The same for 2048 bits.
const RSA_2048: usize = 100;
/// The same for two primes of which one divides the other less one.
const DSA_2048: usize = 1_000;
/// Of the others, each.
const SMALL: usize = 1;

pub(crate) fn family(host: &Shared) -> Family {
    let host = host.clone();
    let new = move |call: &mut Call<'_>, arguments: &[Value]| generate(&host, call, arguments);
    vec![("genPrivateKey", Function::new(&[Type::String], new).named("func(string) string"))]
}

fn generate(host: &Shared, call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [kind] = arguments else { return Err(unexpected("string")) };
    let key = match text(kind)? {
        b"" | b"rsa" => PrivateKey::Rsa(new_rsa(call, RsaKey::LARGE)?),
        b"dsa" => {
            call.meter().work(DSA_2048)?;
            PrivateKey::Dsa(dsa::generate(host, call)?)
        }
        b"ecdsa" => {
            call.meter().work(SMALL)?;
            PrivateKey::Ec(EcKey::generate(Curve::P256)?)
        }
        b"ed25519" => {
            call.meter().work(SMALL)?;
            PrivateKey::ed25519(host)?
        }
        other => return call.text([b"Unknown type ", other].concat()),
    };
    call.text(&*key.to_pem()?)
}

/// A new key of `bits`, which is 2048 or 4096.
pub(crate) fn new_rsa(call: &Call<'_>, bits: usize) -> Result<RsaKey, FuncError> {
    call.meter().work(if bits == RsaKey::LARGE { RSA_4096 } else { RSA_2048 })?;
    RsaKey::generate(bits)
}
