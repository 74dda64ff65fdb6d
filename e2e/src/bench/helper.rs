//! How long an agent waits for its secrets: calls of the shipped helper, process start included.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::{Goal, Row, number, say};
use crate::scratch::suffix;

/// How many handles are asked for in one call.
pub(super) const HANDLES: usize = 100;
const CALLS: usize = 1000;
/// The first calls find nothing in a cache, which is not what an agent sees for long.
const WARM_UP: usize = 20;
const VALUE_BYTES: usize = 64;
const GENERATION: &str = "..2026_11_22_04_53_35.2227448162";

/// Measures the helper at `program` on a volume in memory, laid out as a kubelet does it.
pub(super) fn run(program: &Path) -> Result<Vec<Row>> {
    let volume = Volume::new()?;
    say(&format!("{CALLS} calls of {} with {HANDLES} handles", program.display()));
    let request = request().into_bytes();
    let calls = measured(|| call(program, &volume.0, &request))?;
    let starts = measured(|| start(program))?;
    let size = fs::metadata(program)?.len();
    Ok(vec![
        Row::new("call_ms_p50", milliseconds(percentile(&calls, 50)?), "ms"),
        Row::new("call_ms_p99", milliseconds(percentile(&calls, 99)?), "ms").goal(Goal::at_most(5.0)),
        Row::new("call_ms_max", milliseconds(percentile(&calls, 100)?), "ms"),
        Row::new("start_ms_p50", milliseconds(percentile(&starts, 50)?), "ms"),
        Row::new("start_ms_p99", milliseconds(percentile(&starts, 99)?), "ms"),
        Row::new("calls", number(CALLS), "calls"),
        Row::new("program_mib", number(usize::try_from(size)?) / 1_048_576.0, "MiB").goal(Goal::at_most(2.0)),
    ])
}

/// The shipped helper, beside the builds that `own`, this program, is one of.
///
/// # Errors
/// It is not built.
pub fn shipped_helper(own: &Path) -> Result<PathBuf> {
    let found = own.ancestors().nth(2).map(|builds| builds.join("helper/keyferry-helper"));
    let built = found.filter(|path| path.is_file());
    built.context("the helper is not built: run `make helper`, or set KEYFERRY_HELPER")
}

fn measured(mut run: impl FnMut() -> Result<()>) -> Result<Vec<Duration>> {
    for _ in 0..WARM_UP {
        run()?;
    }
    let mut times = (0..CALLS).map(|_| timed(&mut run)).collect::<Result<Vec<_>>>()?;
    times.sort_unstable();
    Ok(times)
}

fn timed(run: &mut impl FnMut() -> Result<()>) -> Result<Duration> {
    let began = Instant::now();
    run()?;
    Ok(began.elapsed())
}

/// From the start of the process to its end, with the whole answer read; the answer is looked at each time.
fn call(program: &Path, root: &Path, request: &[u8]) -> Result<()> {
    let mut command = Command::new(program);
    let mut child = command.arg(root).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().context("a pipe")?.write_all(request)?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "the helper ended with {}", output.status);
    let answer: Value = serde_json::from_slice(&output.stdout)?;
    let values =
        answer.as_object().map_or(0, |entries| entries.values().filter(|entry| entry["value"].is_string()).count());
    if values == HANDLES { Ok(()) } else { bail!("the helper answered {values} of {HANDLES} handles") }
}

/// A process that does nothing: what of a call is not the helper's work.
fn start(program: &Path) -> Result<()> {
    let output = Command::new(program).arg("--version").output()?;
    ensure!(output.status.success(), "the helper ended with {}", output.status);
    Ok(())
}

fn request() -> String {
    let handles: Vec<_> = (0..HANDLES).map(name).collect();
    json!({"version": "1.1", "secrets": handles, "secret_backend_timeout": 30}).to_string()
}

/// Every fourth is a key of a Secret, as two of Datadog's forms name it.
fn name(index: usize) -> String {
    if index.is_multiple_of(4) { format!("ns/secret-{index};key") } else { format!("key-{index}") }
}

fn percentile(sorted: &[Duration], percent: usize) -> Result<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().context("nothing was measured")
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// A folder with one generation of files, removed at the end.
struct Volume(PathBuf);

impl Volume {
    fn new() -> Result<Self> {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let volume = Self(place.join(format!("keyferry-bench-{}", suffix())));
        volume.fill()?;
        Ok(volume)
    }

    fn fill(&self) -> Result<()> {
        for index in 0..HANDLES {
            let path = self.0.join(GENERATION).join(name(index).replace(';', "/"));
            fs::create_dir_all(path.parent().context("a folder")?)?;
            fs::write(path, "v".repeat(VALUE_BYTES))?;
        }
        symlink(GENERATION, self.0.join("..data"))?;
        for entry in fs::read_dir(self.0.join(GENERATION))? {
            let key = entry?.file_name();
            symlink(Path::new("..data").join(&key), self.0.join(&key))?;
        }
        Ok(())
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let times: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        let at = |percent| percentile(&times, percent).unwrap().as_millis();
        assert_eq!([at(50), at(99), at(100)], [100, 198, 200]);
        assert_eq!(percentile(&times[..1], 50).unwrap(), times[0]);
        assert!(percentile(&[], 50).is_err());
    }
}
