//! Templates that were parsed before, within bounds.

use std::collections::HashMap;

use gotemplate::Template;
use sha3::{Digest, Sha3_224};

/// The most templates of one generation.
const TEMPLATES: usize = 2048;
/// The most bytes of source of one generation; what is parsed takes many times as much.
const BYTES: usize = 512 * 1024;

/// What a template is found by: a hash of its name and its source.
pub(super) type Key = [u8; 28];

/// The key of a template.
pub(super) fn key(name: &str, source: &[u8]) -> Key {
    let hash = Sha3_224::new().chain_update(name.len().to_le_bytes()).chain_update(name).chain_update(source);
    hash.finalize().into()
}

/// Two generations: what was not asked for while the young one filled up is dropped with the old one.
#[derive(Default)]
pub(super) struct Cache {
    young: HashMap<Key, (Template, usize)>,
    old: HashMap<Key, (Template, usize)>,
    bytes: usize,
}

impl Cache {
    /// The template of a key, if it was parsed and is still here.
    pub(super) fn get(&mut self, key: &Key) -> Option<Template> {
        if let Some((template, _)) = self.young.get(key) {
            return Some(template.clone());
        }
        let (template, size) = self.old.remove(key)?;
        self.put(*key, template.clone(), size);
        Some(template)
    }

    /// Keeps a template whose source has `size` bytes; one that would take all the room is not kept.
    pub(super) fn put(&mut self, key: Key, template: Template, size: usize) {
        if size > BYTES / 4 {
            return;
        }
        if self.young.len() >= TEMPLATES || self.bytes + size > BYTES {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
        self.bytes += size;
        self.young.insert(key, (template, size));
    }
}

#[cfg(test)]
mod tests {
    use gotemplate::Functions;

    use super::*;

    fn template(source: &str) -> Template {
        Template::parse("t", source, &Functions::new()).unwrap()
    }

    #[test]
    fn a_template_is_found_by_its_name_and_its_source() {
        let mut cache = Cache::default();
        cache.put(key("a", b"x"), template("x"), 1);
        assert!(cache.get(&key("a", b"x")).is_some());
        assert!(cache.get(&key("b", b"x")).is_none() && cache.get(&key("a", b"y")).is_none());
        assert_ne!(key("a", b"bc"), key("ab", b"c"));
    }

    #[test]
    fn it_holds_no_more_than_two_generations_and_what_is_asked_for_stays() {
        let mut cache = Cache::default();
        let name = |number: usize| key(&number.to_string(), b"x");
        for number in 0..TEMPLATES * 4 {
            cache.put(name(number), template("x"), 1);
            assert!(cache.get(&name(0)).is_some(), "{number}");
        }
        assert!(cache.young.len() + cache.old.len() <= TEMPLATES * 2);
        assert!(cache.get(&name(1)).is_none());
    }

    #[test]
    fn bytes_are_bounded_and_a_giant_is_not_kept() {
        let mut cache = Cache::default();
        for number in 0..100 {
            cache.put(key(&number.to_string(), b"x"), template("x"), BYTES / 8);
        }
        assert!(cache.young.len() + cache.old.len() <= 16);
        cache.put(key("giant", b"x"), template("x"), BYTES);
        assert!(cache.get(&key("giant", b"x")).is_none());
    }
}
