//! Named values as one value, so that whatever carries, hashes or keeps one can carry, hash or keep many.
//!
//! Each name and each value stands behind its length, a big-endian `u32`; names are sorted, so equal maps are equal bytes.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::Sealed;

/// How many bytes a length takes.
const LENGTH: usize = 4;

impl Sealed {
    /// Packs `entries` into one value; [`Sealed::unpack`] gives them back. None where a name or a value has 4 GiB.
    pub fn pack(entries: &BTreeMap<String, Self>) -> Option<Self> {
        let size = entries.iter().map(|(name, value)| 2 * LENGTH + name.len() + value.len()).sum();
        // It never grows, so no copy is left behind.
        let mut packed = Zeroizing::new(Vec::with_capacity(size));
        for (name, value) in entries {
            for part in [name.as_bytes(), value.expose()] {
                packed.extend_from_slice(&u32::try_from(part.len()).ok()?.to_be_bytes());
                packed.extend_from_slice(part);
            }
        }
        Some(Self(packed))
    }

    /// The names and values that [`Sealed::pack`] has packed, by name; none where these bytes are something else.
    pub fn unpack(&self) -> Option<Vec<(&str, &[u8])>> {
        let (mut rest, mut entries) = (self.expose(), Vec::new());
        while !rest.is_empty() {
            let name = std::str::from_utf8(part(&mut rest)?).ok()?;
            entries.push((name, part(&mut rest)?));
        }
        Some(entries)
    }
}

fn part<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, behind) = rest.split_first_chunk::<LENGTH>()?;
    let (part, behind) = behind.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *rest = behind;
    Some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(entries: &[(&str, &[u8])]) -> Sealed {
        let entries = entries.iter().map(|(name, value)| ((*name).to_owned(), Sealed::new(value.to_vec())));
        Sealed::pack(&entries.collect()).unwrap()
    }

    #[test]
    fn what_is_packed_comes_back_by_name() {
        let entries: [(&str, &[u8]); 4] = [("", b"empty name"), ("a/b", &[0, 255, 10]), ("z", b"0000"), ("é", b"")];
        assert_eq!(packed(&entries).unpack().unwrap(), entries);
        assert_eq!(packed(&[]).unpack().unwrap(), []);
    }

    #[test]
    fn two_maps_are_the_same_bytes_only_if_they_are_the_same() {
        assert_eq!(packed(&[("a", b"1"), ("b", b"2")]), packed(&[("b", b"2"), ("a", b"1")]));
        assert_ne!(packed(&[("a", b"1b")]), packed(&[("a", b"1"), ("b", b"")]));
        assert_ne!(packed(&[("ab", b"")]), packed(&[("a", b"b")]));
    }

    #[test]
    fn other_bytes_are_no_map() {
        let whole = packed(&[("name", b"value")]);
        for end in 1..whole.len() {
            assert_eq!(Sealed::new(whole.expose()[..end].to_vec()).unpack(), None, "{end}");
        }
        for other in ["x", "{\"a\":1}", "\u{0}\u{0}\u{0}\u{1}"] {
            assert_eq!(Sealed::from(other).unpack(), None, "{other}");
        }
        assert_eq!(Sealed::new([&[0, 0, 0, 1, 0xff][..], &[0; 4]].concat()).unpack(), None, "a name is UTF-8");
    }
}
