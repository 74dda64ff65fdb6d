//! What several targets need.

pub mod grammar;
pub mod host;

use std::time::{Duration, Instant};

/// Whatever the input: nothing takes longer than this.
const MOST: Duration = Duration::from_secs(2);

/// Runs `work`, which must not take longer than two seconds. Where it seems to, it is done once more, and what counts is
/// how long it had a processor: the machine may be busy with other things.
pub fn in_time<T>(work: impl Fn() -> T) -> T {
    let start = Instant::now();
    let done = work();
    if start.elapsed() > MOST {
        let before = on_processor();
        work();
        let taken = on_processor() - before;
        assert!(taken <= MOST, "it takes {taken:?}");
    }
    done
}

/// How long this thread has been on a processor.
fn on_processor() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux counts it");
    let nanoseconds = text.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.expect("nanoseconds come first"))
}

/// Cuts an input into its first lines, `N` of them, and what is left. The last line may be missing its end.
pub fn lines<const N: usize>(input: &[u8]) -> ([&[u8]; N], &[u8]) {
    let mut rest = input;
    let lines = std::array::from_fn(|_| {
        let end = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        line
    });
    (lines, rest)
}
