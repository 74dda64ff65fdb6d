//! What a minute of trouble costs, and how soon all is true when it ends.

use super::detect::{Ward, at_rest};
use super::*;
use crate::provider::memory::Memory;

const FAULT: Duration = Duration::from_mins(1);
/// How much later than an interval after its end the last may be true: its call, and those before it in line.
const PROMPT: Duration = Duration::from_millis(500);
const LATENCY: Duration = Duration::from_millis(20);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// The widest gap of a session that is throttled, give or take what scatters it.
const GAP: Duration = Duration::from_millis(4_500);

/// Every call fails with `kind` for a minute and `more`, and meanwhile all secrets change. Answers how many calls that cost,
/// listings among them, and how long after its end the last object had taken its change over.
async fn suffer(ward: &Ward, names: &[String], kind: Kind, more: Duration) -> (usize, Duration) {
    ward.memory.fail(Some(kind));
    ward.set_all(names, "w");
    let (listings, reads) = ward.cost(FAULT + more).await;
    assert!(names.iter().all(|name| ward.holds(name) != Ok("w".into())));
    ward.memory.fail(None);
    let end = tokio::time::Instant::now();
    while names.iter().any(|name| ward.holds(name) != Ok("w".into())) {
        tokio::time::sleep(LOOK_AGAIN).await;
        assert!(end.elapsed() < INTERVAL * 6, "{kind:?}, {more:?}");
    }
    (listings + reads, end.elapsed())
}

/// A provider, so many secrets of it, and how many calls a round makes of them while none has an answer.
type Size = (fn() -> Memory, usize, usize);

const SIZES: [Size; 5] = [
    (|| Memory::in_batches_of(1), 1, 1),
    (|| Memory::in_batches_of(1), 3, 3),
    (|| Memory::in_batches_of(1), 200, 200),
    (Memory::default, 200, 10),
    // A listing, and as many reads as may be under way until that many have failed.
    (|| Memory::in_batches_of(1).detecting(1000), 200, 17),
];

async fn all_is_true_soon(kind: Kind, most_calls: impl Fn(usize) -> usize) {
    for (memory, count, each) in SIZES {
        for tenth in 0..10 {
            let (ward, names) = at_rest(memory().slow(LATENCY), count).await;
            let (calls, took) = suffer(&ward, &names, kind, INTERVAL / 10 * tenth).await;
            let what = format!("{count} secrets, {each} calls a round, {tenth}: {calls} calls, {took:?}");
            assert!(calls <= most_calls(each), "{what}");
            assert!(took <= INTERVAL + PROMPT, "{what}");
        }
    }
}

fn times(every: Duration) -> usize {
    usize::try_from((FAULT + INTERVAL).as_millis() / every.as_millis()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_all_is_true_within_an_interval() {
    all_is_true_soon(Kind::Unavailable, |each| each * (times(INTERVAL) + 1)).await;
}

#[tokio::test(start_paused = true)]
async fn after_a_throttling_all_is_true_within_an_interval() {
    // The gap doubles from 50 ms; as many were under way as may be when it began.
    all_is_true_soon(Kind::Throttled, |_| 8 + 7 + times(GAP)).await;
}

#[tokio::test(start_paused = true)]
async fn after_a_refusal_of_the_credentials_all_is_true_within_an_interval() {
    all_is_true_soon(Kind::Unauthenticated, |_| times(INTERVAL) + 2).await;
}
