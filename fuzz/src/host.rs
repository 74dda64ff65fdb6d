//! A world that is the same in every run, and data of all kinds.

use gotemplate::{Bytes, List, Map, Value};
use keyferry_sprig::Host;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Its clock stands still, and its randomness is counted.
#[derive(Default)]
pub struct Still(AtomicU64);

impl Host for Still {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_700_000_000)
    }

    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let count = self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
            *byte = count.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[0];
        }
    }
}

pub fn data() -> Value {
    let list = [Value::int(3), "b".into(), Value::Nil, 2.5.into(), List::any([Value::int(1)]).into(), true.into()];
    let inner = [("n", Map::any([("deep", "x".into())]).into()), ("a", Value::int(1)), ("t.k", "v".into())];
    Map::any([
        ("s", "some text".into()),
        ("i", Value::int(-7)),
        ("f", 0.1.into()),
        ("u8", 200_u8.into()),
        ("b", Bytes::new(*b"\x00\xff{}").into()),
        ("l", List::any(list).into()),
        ("ss", List::strings(["b", "a", "", "\u{e9}"]).into()),
        ("m", Map::any(inner).into()),
        ("sm", Map::strings([("x", "1"), ("y", "2")]).into()),
        ("big", "0123456789".repeat(2000).into()),
    ])
    .into()
}
