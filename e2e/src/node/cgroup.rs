//! What a container has used, as its cgroup counts it: of either version.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use super::Node;

const ROOT: &str = "/sys/fs/cgroup";
const DEEPEST: usize = 5;

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
        if is_unified() { unified(&self.folder("", container)?) } else { self.separate(container) }
    }

    /// The first process of the container with this id, as this machine numbers it.
    pub fn process(&self, container: &str) -> Result<u32> {
        let folder = self.folder(if is_unified() { "" } else { "memory" }, container)?;
        let all = read(&folder.join("cgroup.procs"))?;
        Ok(all.lines().next().with_context(|| format!("{container} has no process"))?.parse()?)
    }

    fn separate(&self, container: &str) -> Result<Used> {
        let nanoseconds = read(&self.folder("cpuacct", container)?.join("cpuacct.usage"))?.trim().parse()?;
        let memory = field(&self.folder("memory", container)?.join("memory.stat"), "total_rss")?;
        Ok(Used { cpu: Duration::from_nanos(nanoseconds), memory })
    }

    fn folder(&self, controller: &str, container: &str) -> Result<PathBuf> {
        let top = Path::new(ROOT).join(controller).join(&self.cgroup);
        find(&top, container, DEEPEST).with_context(|| format!("{} has no {container}", top.display()))
    }
}

/// Looks for a folder: the kubelet puts a container beneath its pod, and that beneath its tier.
fn find(folder: &Path, name: &str, depth: usize) -> Option<PathBuf> {
    let all = fs::read_dir(folder).ok()?.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut all = all.filter(|_| depth > 0).map(|entry| entry.path());
    all.find_map(|path| if path.ends_with(name) { Some(path) } else { find(&path, name, depth - 1) })
}

/// Whether all controllers are in one hierarchy, which is cgroup's version 2.
fn is_unified() -> bool {
    Path::new(ROOT).join("cgroup.controllers").exists()
}

fn unified(folder: &Path) -> Result<Used> {
    let microseconds = field(&folder.join("cpu.stat"), "usage_usec")?;
    Ok(Used { cpu: Duration::from_micros(microseconds), memory: field(&folder.join("memory.stat"), "anon")? })
}

fn read(path: &PathBuf) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

fn field(path: &PathBuf, name: &str) -> Result<u64> {
    let text = read(path)?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(value.with_context(|| format!("{} has no {name}", path.display()))?.trim().parse()?)
}
