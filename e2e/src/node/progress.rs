//! Says what takes its time, past the test harness, which holds back what tests print.

use std::fmt::Display;
use std::time::{Duration, Instant};

use crate::dump;

const SILENCE: Duration = Duration::from_secs(1);
const AGAIN: Duration = Duration::from_secs(20);

/// Does `work`, and says so when it takes more than a second, again every 20 s, and when it is done.
pub async fn of<T>(what: impl Display, work: impl Future<Output = T>) -> T {
    let start = Instant::now();
    let mut work = std::pin::pin!(work);
    let mut patience = SILENCE;
    loop {
        if let Ok(done) = tokio::time::timeout(patience, work.as_mut()).await {
            if start.elapsed() > SILENCE {
                say(format_args!("{what}: done after {:.1} s", start.elapsed().as_secs_f64()));
            }
            return done;
        }
        say(format_args!("{what}: {:.0} s", start.elapsed().as_secs_f64()));
        patience = AGAIN;
    }
}

/// Writes one line.
pub fn say(what: impl Display) {
    dump::write(&format!("node: {what}\n"));
}
