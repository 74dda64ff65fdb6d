//! DSA keys, which nobody should make any more, but sprig can.

use crate::der::{self, Reader, SEQUENCE};
use crate::table::Shared;
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Limb, NonZero, Odd, Resize as _};
use crypto_primes::{Flavor, is_prime};
use keyferry_gotemplate::{Call, FuncError};
use zeroize::Zeroizing;

/// Modulus, order, generator, public and private key.
pub(crate) struct DsaKey([Zeroizing<Vec<u8>>; 5]);

/// The bits of the modulus and of the order.
const BITS: (u32, u32) = (2048, 256);
/// Steps of a template in about the time that a candidate takes to be tested.
const STEPS_OF_A_TEST: usize = 200;

impl DsaKey {
    /// The key of the form that OpenSSL gives it. As in Go nothing is checked: it is carried, not used.
    pub(super) fn from_der(der: &[u8]) -> Result<Self, FuncError> {
        let key = Self::read(der).ok_or("parsing DSA private key from PEM: it is none");
        Ok(key?)
    }

    fn read(der: &[u8]) -> Option<Self> {
        let mut parts = Reader::new(der).within(SEQUENCE)?;
        parts.number()?;
        let mut next = || parts.integer().map(|number| Zeroizing::new(number.to_vec()));
        Some(Self([next()?, next()?, next()?, next()?, next()?]))
    }

    /// The form that OpenSSL gives it.
    pub(super) fn to_der(&self) -> Zeroizing<Vec<u8>> {
        let [modulus, order, generator, public, secret] = self.0.each_ref().map(|number| der::integer(number));
        der::sequence(&[&der::number(0), &modulus, &order, &generator, &public, &secret])
    }
}

/// A new key. The search for its modulus takes steps, so that it can be interrupted.
pub(super) fn generate(host: &Shared, call: &Call<'_>) -> Result<DsaKey, FuncError> {
    let (order, modulus) = primes(host, call)?;
    let failed = "failed to generate dsa params";
    let parameters = BoxedMontyParams::new(Odd::new(modulus.clone()).into_option().ok_or(failed)?);
    let cofactor = modulus.wrapping_sub(BoxedUint::one()).checked_div(&order).into_option().ok_or(failed)?;
    let power = |base: BoxedUint, exponent: &BoxedUint| BoxedMontyForm::new(base, &parameters).pow(exponent).retrieve();
    let base = BoxedUint::from(2u8).resize(BITS.0);
    // Two generates the subgroup unless the cofactor is its order, which a search would not meet in aeons.
    let generator = power(base, &cofactor);
    let secret = below(host, &order);
    let public = power(generator.clone(), &secret);
    let bytes = |number: &BoxedUint| Zeroizing::new(number.to_be_bytes().into_vec());
    Ok(DsaKey([&modulus, &order, &generator, &public, &secret].map(bytes)))
}

/// An order, and a modulus that is one more than a multiple of it.
fn primes(host: &Shared, call: &Call<'_>) -> Result<(BoxedUint, BoxedUint), FuncError> {
    loop {
        let order = random(host, BITS.1);
        if !is_prime(Flavor::Any, &order) {
            call.meter().step(1)?;
            continue;
        }
        // As many tries as the standard gives an order.
        for _ in 0..4 * BITS.0 {
            if let Some(modulus) = candidate(host, &order) {
                call.meter().step(STEPS_OF_A_TEST)?;
                if is_prime(Flavor::Any, &modulus) {
                    return Ok((order, modulus));
                }
            }
        }
    }
}

/// A number of the modulus' length that no small prime divides and that is one more than a multiple of the order.
fn candidate(host: &Shared, order: &BoxedUint) -> Option<BoxedUint> {
    let start = random(host, BITS.0);
    let twice = NonZero::new(order.resize(BITS.0).shl(1)).into_option()?;
    let modulus = start.wrapping_sub(start.rem(&twice)).wrapping_add(BoxedUint::one());
    let is_long = modulus.bit_width_vartime() == BITS.0;
    let mut divisors = (3..2000u32).step_by(2).filter_map(|divisor| NonZero::new(Limb::from(divisor)).into_option());
    (is_long && divisors.all(|divisor| modulus.rem_limb(divisor) != Limb::ZERO)).then_some(modulus)
}

/// An odd number of so many bits.
fn random(host: &Shared, bits: u32) -> BoxedUint {
    let mut bytes = Zeroizing::new(vec![0; (bits / 8) as usize]);
    host.fill(&mut bytes);
    if let [first, .., last] = bytes.as_mut_slice() {
        *first |= 0x80;
        *last |= 1;
    }
    BoxedUint::from_be_slice_vartime(&bytes)
}

/// A number from one on, below the bound.
fn below(host: &Shared, bound: &BoxedUint) -> BoxedUint {
    loop {
        let mut bytes = Zeroizing::new(vec![0; (BITS.1 / 8) as usize]);
        host.fill(&mut bytes);
        let number = BoxedUint::from_be_slice_vartime(&bytes);
        if number < *bound && !bool::from(number.is_zero()) {
            return number;
        }
    }
}
