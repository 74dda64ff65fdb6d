//! What a container has used, as its cgroup counts it: of either version.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use super::Node;

const ROOT: &str = "/sys/fs/cgroup";

/// One look at a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// CPU time so far.
    pub cpu: Duration,
    /// Memory that is its own and not the file cache's, in bytes.
    pub memory: u64,
}

impl Node {
    /// Looks at the container with this id, as [`super::pod::container_id`] tells it.
    pub fn used(&self, container: &str) -> Result<Used> {
        let below = Path::new(&self.cgroup).join(container);
        if Path::new(ROOT).join("cgroup.controllers").exists() { unified(&below) } else { separate(&below) }
    }
}

fn unified(below: &Path) -> Result<Used> {
    let folder = Path::new(ROOT).join(below);
    let microseconds = field(&folder.join("cpu.stat"), "usage_usec")?;
    Ok(Used { cpu: Duration::from_micros(microseconds), memory: field(&folder.join("memory.stat"), "anon")? })
}

fn separate(below: &Path) -> Result<Used> {
    let of = |controller: &str| Path::new(ROOT).join(controller).join(below);
    let nanoseconds = read(&of("cpuacct").join("cpuacct.usage"))?.trim().parse()?;
    Ok(Used { cpu: Duration::from_nanos(nanoseconds), memory: field(&of("memory").join("memory.stat"), "total_rss")? })
}

fn read(path: &PathBuf) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

fn field(path: &PathBuf, name: &str) -> Result<u64> {
    let text = read(path)?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(value.with_context(|| format!("{} has no {name}", path.display()))?.trim().parse()?)
}
