//! Things by a small number, so that others can point at them in four bytes.

/// Holds things under numbers that are used again once they are free.
#[derive(Debug)]
pub(super) struct Slab<T> {
    items: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Slab<T> {
    pub(super) fn new() -> Self {
        Self { items: Vec::new(), free: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len() - self.free.len()
    }

    pub(super) fn get(&self, number: u32) -> Option<&T> {
        self.items.get(number as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.items.get_mut(number as usize)?.as_mut()
    }

    /// Four thousand million things are more than any process holds; past that the last number is given twice.
    pub(super) fn insert(&mut self, item: T) -> u32 {
        let number = self.free.pop().unwrap_or_else(|| u32::try_from(self.items.len()).unwrap_or(u32::MAX));
        match self.items.get_mut(number as usize) {
            Some(place) => *place = Some(item),
            None => self.items.push(Some(item)),
        }
        number
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<T> {
        let item = self.items.get_mut(number as usize)?.take()?;
        self.free.push(number);
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freed_number_is_used_again_and_only_once() {
        let mut slab = Slab::new();
        let (a, b) = (slab.insert('a'), slab.insert('b'));
        assert_eq!((slab.remove(a), slab.remove(a)), (Some('a'), None));
        assert_eq!(slab.len(), 1);
        assert_eq!(slab.insert('c'), a);
        assert_ne!(slab.insert('d'), a);
        assert_eq!((slab.get(a), slab.get(b), slab.len()), (Some(&'c'), Some(&'b'), 3));
    }
}
