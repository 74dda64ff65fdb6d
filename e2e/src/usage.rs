//! What a process has used of the machine, as Linux counts it.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// What Linux tells programs CPU time in, whatever the kernel's own clock.
const TICKS_PER_SECOND: u64 = 100;

/// One look at a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// CPU time so far, in user and kernel mode together, to 10 ms.
    pub cpu: Duration,
    /// Memory held now, in bytes.
    pub resident: u64,
    /// The most memory it has held, in bytes.
    pub peak_resident: u64,
}

impl Usage {
    /// Looks at the process `id`.
    pub fn of(id: u32) -> Result<Self> {
        let read = |file| {
            let path = format!("/proc/{id}/{file}");
            fs::read_to_string(&path).with_context(|| format!("read {path}"))
        };
        let (stat, status) = (read("stat")?, read("status")?);
        let memory = |field| memory(&status, field).with_context(|| format!("look for {field}"));
        Ok(Self { cpu: cpu(&stat)?, resident: memory("VmRSS:")?, peak_resident: memory("VmHWM:")? })
    }
}

fn cpu(stat: &str) -> Result<Duration> {
    // The second field is the program's name in brackets, which may hold anything.
    let (_, fields) = stat.rsplit_once(')').context("it has a name in brackets")?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut next = || fields.next().context("it has user and kernel time")?.parse::<u64>().map_err(anyhow::Error::from);
    let ticks = next()? + next()?;
    Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}

fn memory(status: &str, field: &str) -> Result<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field)).context("there is no such field")?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_user_and_kernel_time_whatever_the_program_is_called() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 1 0 0 0 150 50 9 9 20 0 4 0 1 2 3";
        assert_eq!(cpu(stat).unwrap(), Duration::from_secs(2));
    }

    #[test]
    fn memory_is_in_bytes() {
        assert_eq!(memory("VmHWM:\t    2048 kB\nVmRSS:\t 1024 kB\n", "VmRSS:").unwrap(), 1 << 20);
    }

    #[test]
    fn this_process_has_used_memory() {
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(usage.resident > 0 && usage.peak_resident >= usage.resident);
    }
}
