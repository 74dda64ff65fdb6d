//! The same choices in every run.

/// Knuth's linear congruential generator.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// Choices of this seed.
    pub fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        random.below(2);
        random
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = self.0 ^ self.0 >> 33;
        mixed.wrapping_mul(0xff51_afd7_ed55_8ccd) ^ mixed >> 29
    }

    /// A number below `bound`.
    ///
    /// # Panics
    /// There is none.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.number() >> 33).unwrap() % bound
    }

    /// Whether one of so many cases is met.
    pub fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    /// One of these.
    ///
    /// # Panics
    /// There are none.
    pub fn word<T: ?Sized>(&mut self, from: &[&'static T]) -> &'static T {
        from.get(self.below(from.len())).copied().unwrap()
    }

    /// One of these.
    ///
    /// # Panics
    /// There are none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        from.get(self.below(from.len())).unwrap()
    }
}
