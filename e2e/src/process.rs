//! Child processes: started with a log file, waited for, stopped by their own id.
//!
//! They are plain `std` children, so that one that a test's runtime has started lives on when that runtime ends. Each has
//! a process group of its own, and a [`Leash`] that ends it when the test process dies in whatever way.

use std::ffi::OsString;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::leash::Leash;

const GRACE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A running child; killed on drop.
#[derive(Debug)]
pub struct Process {
    name: String,
    arguments: Vec<OsString>,
    child: Child,
    log: PathBuf,
    _leash: Leash,
}

impl Process {
    /// Starts `command` with both its outputs appended to `log`.
    pub fn start(name: &str, mut command: Command, log: &Path) -> Result<Self> {
        let out =
            File::options().create(true).append(true).open(log).with_context(|| format!("open {}", log.display()))?;
        let err = out.try_clone()?;
        command.stdin(Stdio::null()).stdout(out).stderr(err).process_group(0);
        let arguments = std::iter::once(command.get_program()).chain(command.get_args()).map(OsString::from).collect();
        let child = command.spawn().with_context(|| format!("start {}", command.get_program().display()))?;
        let leash = Leash::on_group(child.id())?;
        Ok(Self { name: name.to_owned(), arguments, child, log: log.to_owned(), _leash: leash })
    }

    /// Starts another one with the same arguments, this process' environment and the same log, when this one has ended.
    pub fn start_again(&self) -> Result<Self> {
        let (program, arguments) = self.arguments.split_first().context("a command has a program")?;
        let mut command = Command::new(program);
        command.args(arguments);
        Self::start(&self.name, command, &self.log)
    }

    /// What it was started as.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The file that has its output.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Fails when it has ended, with the end of its log.
    pub fn check(&mut self) -> Result<()> {
        match self.ended()? {
            Some(status) => bail!("{} {}:\n{}", self.name, describe(status), tail(&self.log, 20)),
            None => Ok(()),
        }
    }

    /// Waits until `probe` answers true; fails with the log's tail when the process ends before, or the time does.
    pub async fn ready(&mut self, within: Duration, mut probe: impl AsyncFnMut() -> bool) -> Result<()> {
        let start = Instant::now();
        while !probe().await {
            self.check()?;
            if start.elapsed() > within {
                bail!("{} is not ready after {within:?}:\n{}", self.name, tail(&self.log, 20));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// Sends a signal to this process alone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let id = i32::try_from(self.child.id())?;
        let pid = Pid::from_raw(id).context("a process id is not zero")?;
        kill_process(pid, signal).with_context(|| format!("signal {}", self.name))
    }

    /// Asks it to end, waits ten seconds, then kills it; says how it ended.
    pub async fn stop(&mut self) -> Result<ExitStatus> {
        if self.ended()?.is_none() {
            self.signal(Signal::TERM)?;
        }
        let start = Instant::now();
        while start.elapsed() < GRACE {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        self.kill()
    }

    /// Kills it at once, as a node that dies would.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.child.kill().with_context(|| format!("kill {}", self.name))?;
        Ok(self.child.wait()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

/// The last `lines` of a file; a word in its place where it cannot be read.
pub fn tail(path: &Path, lines: usize) -> String {
    let Ok(bytes) = fs::read(path) else { return format!("({} cannot be read)", path.display()) };
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    let from = all.len().saturating_sub(lines);
    all.iter().skip(from).flat_map(|line| ["  ", line, "\n"]).collect()
}

/// The ports that are given out: below those that Linux gives to connections, which would take one at any moment.
const PORTS: std::ops::Range<u16> = 12_000..32_000;

/// A port of 127.0.0.1 that was free a moment ago, and that this process gives out once. All are even, since OpenBao takes
/// the next one too, unasked.
pub fn free_port() -> Result<u16> {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let (first, many) = (u32::from(PORTS.start), u32::from(PORTS.end - PORTS.start));
    for _ in PORTS {
        let turn = std::process::id().wrapping_mul(194).wrapping_add(GIVEN.fetch_add(2, Ordering::Relaxed));
        let port = u16::try_from(first + turn % many).context("a port")?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free")
}

/// Runs a command to its end and answers its standard output; a failure carries its standard error.
pub async fn run(command: Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = tokio::process::Command::from(command).kill_on_drop(true).output().await;
    let output = output.with_context(|| format!("start {program}"))?;
    if !output.status.success() {
        bail!("{program} {}:\n{}", describe(output.status), String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_given_once_and_to_no_connection() {
        let ports = [free_port().unwrap(), free_port().unwrap(), free_port().unwrap()];
        assert!(ports.iter().all(|port| PORTS.contains(port) && port % 2 == 0), "{ports:?}");
        assert_eq!(std::collections::BTreeSet::from(ports).len(), ports.len(), "{ports:?}");
    }
}
