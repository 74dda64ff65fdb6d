//! RSA keys.

use crate::der::{self, Reader, SEQUENCE};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use crypto_bigint::{BoxedUint, ConcatenatingMul as _, NonZero, Odd, Resize as _};
use keyferry_gotemplate::FuncError;
use zeroize::{Zeroize as _, Zeroizing};

/// The numbers of a key, big-endian. Without the last three they are computed.
pub(crate) struct Numbers<'a> {
    pub(crate) modulus: &'a [u8],
    pub(crate) exponent: i64,
    pub(crate) secret: &'a [u8],
    pub(crate) primes: [&'a [u8]; 2],
    /// The secret modulo each prime less one, and the second prime's inverse modulo the first.
    pub(crate) crt: Option<[&'a [u8]; 3]>,
}

/// A key of two primes whose numbers fit each other.
pub(crate) struct RsaKey {
    exponent: u64,
    /// Modulus, secret, the primes, the secret modulo each less one, and the second's inverse modulo the first.
    numbers: Box<[Zeroizing<Vec<u8>>; 7]>,
}

/// More is refused, since checking takes long.
const MOST_BYTES: usize = 1024;

impl RsaKey {
    /// The bits of the keys that sprig makes by themselves.
    pub(crate) const LARGE: usize = 4096;
    /// The bits of the keys that sprig makes for certificates.
    pub(crate) const USUAL: usize = 2048;

    /// A new key.
    pub(super) fn generate(bits: usize) -> Result<Self, FuncError> {
        let size = if bits == Self::LARGE { KeySize::Rsa4096 } else { KeySize::Rsa2048 };
        let failed = "failed to generate private key";
        let pair = KeyPair::generate(size).map_err(|_| failed)?;
        let document = pair.as_der().map_err(|_| failed)?;
        match super::PrivateKey::from_pkcs8(document.as_ref())? {
            super::PrivateKey::Rsa(key) => Ok(key),
            _ => Err(failed.into()),
        }
    }

    /// The key of PKCS #1.
    pub(crate) fn from_pkcs1(der: &[u8]) -> Result<Self, FuncError> {
        let numbers = pkcs1(der).ok_or("x509: failed to parse RSA private key")?;
        Self::new(&numbers)
    }

    /// A key whose numbers fit each other as Go wants it.
    pub(crate) fn new(numbers: &Numbers<'_>) -> Result<Self, FuncError> {
        let key = Arithmetic::of(numbers).ok_or("crypto/rsa: invalid private key")?;
        let crt = match numbers.crt {
            Some(crt) => crt.map(|number| Zeroizing::new(number.to_vec())),
            None => key.crt().ok_or("crypto/rsa: invalid private key")?,
        };
        key.check(&crt).ok_or("crypto/rsa: the numbers of the private key do not fit each other")?;
        let own = |number: &[u8]| Zeroizing::new(number.to_vec());
        let [modulus, secret] = [numbers.modulus, numbers.secret].map(own);
        let ([p, q], [dp, dq, inverse]) = (numbers.primes.map(own), crt);
        let exponent = u64::try_from(numbers.exponent).unwrap_or_default();
        Ok(Self { exponent, numbers: Box::new([modulus, secret, p, q, dp, dq, inverse]) })
    }

    /// PKCS #1.
    pub(crate) fn to_pkcs1(&self) -> Zeroizing<Vec<u8>> {
        let [modulus, rest @ ..] = &*self.numbers;
        let rest: Vec<_> = rest.iter().map(|number| der::integer(number)).collect();
        let (version, modulus, exponent) = (der::number(0), der::integer(modulus), der::number(self.exponent));
        let mut parts: Vec<&[u8]> = vec![&version, &modulus, &exponent];
        parts.extend(rest.iter().map(|number| number.as_slice()));
        der::sequence(&parts)
    }

    pub(crate) fn modulus(&self) -> &[u8] {
        let [modulus, ..] = &*self.numbers;
        modulus
    }

    pub(crate) const fn exponent(&self) -> u64 {
        self.exponent
    }

    /// As the library works with it; it takes 2048 to 8192 bits.
    pub(crate) fn pair(&self) -> Option<KeyPair> {
        KeyPair::from_der(&self.to_pkcs1()).ok()
    }
}

fn pkcs1(der: &[u8]) -> Option<Numbers<'_>> {
    let mut outer = Reader::new(der);
    let mut parts = outer.within(SEQUENCE).filter(|_| outer.is_empty())?;
    parts.number().filter(|version| *version <= 1)?;
    let (modulus, exponent) = (parts.positive()?, parts.number()?);
    let (secret, primes) = (parts.positive()?, [parts.positive()?, parts.positive()?]);
    let crt = [parts.optional_positive()?, parts.optional_positive()?, parts.optional_positive()?];
    let crt = if let [Some(dp), Some(dq), Some(inverse)] = crt { Some([dp, dq, inverse]) } else { None };
    // More primes than two are not for us; whatever else follows, Go does not look at.
    (!parts.is_next(SEQUENCE)).then_some(Numbers { modulus, exponent, secret, primes, crt })
}

/// The same numbers, to calculate with.
struct Arithmetic {
    modulus: BoxedUint,
    exponent: BoxedUint,
    secret: BoxedUint,
    primes: [BoxedUint; 2],
    /// Each prime less one.
    orders: [NonZero<BoxedUint>; 2],
}

impl Drop for Arithmetic {
    fn drop(&mut self) {
        self.secret.zeroize();
        self.primes.zeroize();
    }
}

impl Arithmetic {
    fn of(numbers: &Numbers<'_>) -> Option<Self> {
        let all = [numbers.modulus, numbers.secret, numbers.primes[0], numbers.primes[1]];
        if all.iter().any(|number| number.len() > MOST_BYTES || number.is_empty()) {
            return None;
        }
        let exponent = u64::try_from(numbers.exponent).ok().filter(|exponent| (2..1 << 31).contains(exponent))?;
        let primes = numbers.primes.map(uint);
        let orders = [order(&primes[0])?, order(&primes[1])?];
        let (modulus, secret) = (uint(numbers.modulus), uint(numbers.secret));
        Some(Self { modulus, exponent: BoxedUint::from(exponent), secret, primes, orders })
    }

    /// What Go calculates if a key lacks it.
    fn crt(&self) -> Option<[Zeroizing<Vec<u8>>; 3]> {
        let [p, q] = &self.primes;
        let [dp, dq] = [0, 1].map(|index: usize| self.orders.get(index).map(|order| bytes(&self.secret.rem(order))));
        let odd: Odd<BoxedUint> = p.to_odd().into_option()?;
        let inverse = q.rem(odd.as_nz_ref()).invert_odd_mod(&odd).into_option()?;
        Some([dp?, dq?, bytes(&inverse)])
    }

    /// Go's checks, in its order.
    fn check(&self, crt: &[Zeroizing<Vec<u8>>; 3]) -> Option<()> {
        let [dp, dq, inverse] = crt.each_ref().map(|number| uint(number));
        let [p, q] = &self.primes;
        let fits = [
            is_odd(&self.modulus) && is_odd(&self.exponent),
            p < &self.modulus && q < &self.modulus && self.secret < self.modulus,
            p.concatenating_mul(q) == self.modulus,
            self.is_exponent(&dp, 0)? && self.is_exponent(&dq, 1)?,
            inverse < *p && inverse.concatenating_mul(q).rem(p.as_nz_vartime()?) == BoxedUint::one(),
            difference(p, q).bit_width_vartime() + 100 > self.modulus.bit_width_vartime() / 2,
            self.secret.bit_width_vartime() > self.modulus.bit_width_vartime() / 2,
        ];
        fits.iter().all(|fits| *fits).then_some(())
    }

    /// Whether a number is the secret modulo a prime less one, and undoes the exponent there.
    fn is_exponent(&self, number: &BoxedUint, prime: usize) -> Option<bool> {
        let order = self.orders.get(prime)?;
        let undone = number.concatenating_mul(&self.exponent).rem(order) == BoxedUint::one();
        Some(number < order.as_ref() && undone && self.secret.rem(order) == *number)
    }
}

fn uint(bytes: &[u8]) -> BoxedUint {
    BoxedUint::from_be_slice_vartime(bytes)
}

fn bytes(number: &BoxedUint) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(number.to_be_bytes_trimmed_vartime().into_vec())
}

fn order(prime: &BoxedUint) -> Option<NonZero<BoxedUint>> {
    prime.wrapping_sub(BoxedUint::one()).into_nz().into_option()
}

fn is_odd(number: &BoxedUint) -> bool {
    number.bit_vartime(0)
}

fn difference(one: &BoxedUint, other: &BoxedUint) -> BoxedUint {
    let bits = one.bits_precision().max(other.bits_precision());
    let (one, other) = (one.resize(bits), other.resize(bits));
    if one > other { one.wrapping_sub(&other) } else { other.wrapping_sub(&one) }
}
