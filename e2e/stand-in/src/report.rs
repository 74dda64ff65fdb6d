//! What it says, and how a value is told without being told.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Writes one line.
pub(crate) fn line(content: &Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{content}")?;
    out.flush().context("write to standard output")
}

/// The first eight bytes of the value's SHA-256, in hexadecimal.
pub(crate) fn mark(value: &[u8]) -> String {
    let mut mark = String::new();
    for byte in Sha256::digest(value).iter().take(8) {
        let _ = write!(mark, "{byte:02x}");
    }
    mark
}

/// Waits.
#[expect(clippy::disallowed_methods, reason = "there is one thread, and no task on it")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Microseconds since 1970.
pub(crate) fn now() -> Result<u64> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(u64::try_from(since.as_micros())?)
}
