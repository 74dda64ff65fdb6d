//! Temporary folders that are gone after the run, however it ends.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::leash::Leash;

/// A folder that only this user can read, removed on drop and when the process dies.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    leash: Option<Leash>,
}

impl Scratch {
    /// Makes a folder whose name begins with `keyferry-` and `name`; with `keep` it stays after the run.
    pub fn new(name: &str, keep: bool) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("keyferry-{name}-{}", suffix()));
        fs::DirBuilder::new().mode(0o700).create(&path).with_context(|| format!("make {}", path.display()))?;
        let leash = if keep { None } else { Some(Leash::on_folder(&path)?) };
        Ok(Self { path, leash })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file into it and says where.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<PathBuf> {
        let path = self.path.join(name);
        fs::write(&path, content).with_context(|| format!("write {}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.leash.is_some() {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Eight random characters that may stand in a Kubernetes name.
pub fn suffix() -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    (0..8).filter_map(|_| LETTERS.get(rand::random_range(0..LETTERS.len()))).map(|byte| char::from(*byte)).collect()
}
