//! The only place where a secret value may live in memory: the operator's and the helper's.

mod entries;

use std::fmt;

use zeroize::Zeroizing;

/// Secret bytes: zeroed when dropped, shown by length only, never serialized, never displayed.
///
/// Equality takes the same time wherever two values of one length differ.
#[derive(Clone, Default)]
pub struct Sealed(Zeroizing<Vec<u8>>);

impl Sealed {
    /// Takes the bytes over; the caller keeps no copy.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for the one who writes, parses or hashes them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Sealed {
    fn from(text: String) -> Self {
        Self::new(text.into_bytes())
    }
}

impl From<&str> for Sealed {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes().to_vec())
    }
}

impl PartialEq for Sealed {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.expose().iter().zip(other.expose()).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
    }
}

impl Eq for Sealed {}

impl fmt::Debug for Sealed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Sealed({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_of_printing_it_shows_a_byte_of_it() {
        let sealed = Sealed::from("hunter2");
        for shown in [format!("{sealed:?}"), format!("{sealed:#?}"), format!("{:?}", Some(&sealed))] {
            assert!(!shown.contains("hunter2") && shown.contains("7 bytes"), "{shown}");
        }
    }

    #[test]
    fn values_are_equal_when_every_byte_is() {
        assert_eq!(Sealed::from("abc"), Sealed::from("abc"));
        for other in ["abd", "ab", "abcd", ""] {
            assert_ne!(Sealed::from("abc"), Sealed::from(other));
        }
    }
}
