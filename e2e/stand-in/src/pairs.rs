//! Resolves two handles in one call, again and again, and compares the generations that their values name.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::report::line;
use crate::resolve::call;

/// A value's generation is what stands behind its last `-`. Tells the calls, the generations seen, and the mixed pairs.
pub(crate) fn compare(within: Duration, command: &str, handles: [&str; 2]) -> Result<()> {
    let (start, mut calls, mut mixed, mut failed) = (Instant::now(), 0, 0, 0);
    let mut seen = BTreeSet::new();
    while start.elapsed() < within {
        let (answer, _) = call(command, &handles)?;
        calls += 1;
        match handles.map(|handle| generation(&answer, handle)) {
            [Some(one), Some(other)] => {
                mixed += u32::from(one != other);
                seen.insert(one);
            }
            _ => failed += 1,
        }
    }
    line(&json!({"calls": calls, "generations": seen.len(), "mixed": mixed, "failed": failed}))
}

fn generation(answer: &Map<String, Value>, handle: &str) -> Option<u64> {
    let value = answer.get(handle)?.get("value")?.as_str()?;
    value.rsplit_once('-').context("a generation").ok()?.1.parse().ok()
}
