//! What functions need from the world: the time and randomness.

use std::time::SystemTime;

/// The world as templates see it.
pub trait Host: Send + Sync + 'static {
    /// What `now` is.
    fn now(&self) -> SystemTime;

    /// Fills `bytes` with random ones that nobody can guess: keys and passwords are made of them.
    fn fill(&self, bytes: &mut [u8]);
}

/// The system's clock and randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Host for System {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    #[expect(clippy::expect_used, reason = "without the system's randomness no key may be made")]
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).expect("the system has randomness");
    }
}
