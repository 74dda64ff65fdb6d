//! What stays of a value once it is gone.
//!
//! A fingerprint tells whether a remote secret is still the one that was seen. It is keyed with random bytes that live
//! and die with the process, so that a copy of it says nothing about a value that can be guessed.

use std::fmt;

use aws_lc_rs::hmac;

use crate::provider::Mark;
use crate::sealed::Sealed;

/// A keyed, truncated hash of a value: comparable within this process, meaningless outside of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 16]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Fingerprint")
    }
}

/// Makes fingerprints, with a key of its own.
pub(super) struct Fingerprinter(hmac::Key);

impl Fingerprinter {
    /// One with a new random key.
    pub(super) fn random() -> Self {
        let key = zeroize::Zeroizing::new(rand::random::<[u8; 32]>());
        Self(hmac::Key::new(hmac::HMAC_SHA256, &*key))
    }

    /// The fingerprint of `value`.
    pub(super) fn of(&self, value: &Sealed) -> Fingerprint {
        self.sign(value.expose())
    }

    /// That of a provider's mark: as long as any other, however long the mark is.
    pub(super) fn of_mark(&self, mark: &Mark) -> Fingerprint {
        self.sign(mark.as_bytes())
    }

    fn sign(&self, bytes: &[u8]) -> Fingerprint {
        let tag = hmac::sign(&self.0, bytes);
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        Fingerprint(bytes)
    }
}

impl fmt::Debug for Fingerprinter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Fingerprinter")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_equal_fingerprints_and_others_do_not() {
        let maker = Fingerprinter::random();
        assert_eq!(maker.of(&Sealed::from("a")), maker.of(&Sealed::from("a")));
        for other in ["", "b", "aa"] {
            assert_ne!(maker.of(&Sealed::from("a")), maker.of(&Sealed::from(other)));
        }
    }

    #[test]
    fn another_process_has_other_fingerprints() {
        let value = Sealed::from("1234");
        assert_ne!(Fingerprinter::random().of(&value), Fingerprinter::random().of(&value));
    }

    #[test]
    fn debug_shows_no_bit_of_it() {
        let maker = Fingerprinter::random();
        assert_eq!(format!("{:?} {maker:?}", maker.of(&Sealed::from("a"))), "Fingerprint Fingerprinter");
    }
}
