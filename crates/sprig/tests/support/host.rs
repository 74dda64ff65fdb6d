//! The functions under test, and values of types that only they have.

use keyferry_gotemplate::{Call, Functions, Limits, Meter, Value};
use keyferry_sprig::{Host, System};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The clock of the tests stands still where the oracle's does; randomness is the system's.
pub struct Still;

impl Host for Still {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::new(1_790_000_000, 123_456_789)
    }

    fn fill(&self, bytes: &mut [u8]) {
        System.fill(bytes);
    }
}

pub fn functions() -> &'static Functions {
    static FUNCTIONS: LazyLock<Functions> = LazyLock::new(|| keyferry_sprig::functions(Still));
    &FUNCTIONS
}

/// A value of a type that Go's `time` has: a duration in nanoseconds, a time in seconds since 1970.
pub fn object(kind: &str, text: &str) -> Value {
    let number: i64 = text.parse().unwrap();
    let never = || false;
    let meter = Meter::new(Limits::default(), &never);
    let mut call = Call::new(&meter);
    let start = functions().get("toDate").unwrap().clone();
    let Ok(Value::Object(epoch)) = call.call(&start, &["2006".into(), "1970".into()]) else { panic!("no time") };
    let duration = |number: i64| epoch.literal("time.Duration", number).unwrap();
    match kind {
        "duration" => duration(number),
        "time" => {
            let later = epoch.call(&mut call, "Add", &[duration(number * 1_000_000_000)]);
            let Ok(Value::Object(later)) = later else { panic!("no time") };
            later.call(&mut call, "UTC", &[]).unwrap()
        }
        _ => panic!("no kind {kind} for {text}"),
    }
}
