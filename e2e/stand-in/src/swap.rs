//! Swaps the generations of a folder as the kubelet's atomic writer does, only faster.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use crate::report::{line, pause};

const FILES: [&str; 2] = ["user", "password"];

const BEGIN: &str = "..generation_";

/// Between two swaps: long enough that who reads meanwhile is there before the last of thousands.
const REST: Duration = Duration::from_millis(2);

/// Writes `count` more generations of two files, whose values end in the generation's number, each with one rename.
pub(crate) fn often(folder: &Path, count: u64) -> Result<()> {
    let first = current(folder).map_or(0, |number| number + 1);
    for number in first..first + count {
        swap(folder, number).with_context(|| format!("generation {number} of {}", folder.display()))?;
        pause(REST);
    }
    line(&json!({"swaps": count}))
}

fn current(folder: &Path) -> Option<u64> {
    let name = fs::read_link(folder.join("..data")).ok()?;
    name.to_str()?.strip_prefix(BEGIN)?.parse().ok()
}

fn swap(folder: &Path, number: u64) -> Result<()> {
    let (old, name) = (fs::read_link(folder.join("..data")).ok(), format!("{BEGIN}{number}"));
    let generation = folder.join(&name);
    fs::create_dir(&generation)?;
    for file in FILES {
        fs::write(generation.join(file), format!("{file}-{number}"))?;
    }
    symlink(&name, folder.join("..data_tmp"))?;
    fs::rename(folder.join("..data_tmp"), folder.join("..data"))?;
    match old {
        Some(old) => fs::remove_dir_all(folder.join(old))?,
        None => FILES.iter().try_for_each(|file| symlink(format!("..data/{file}"), folder.join(file)))?,
    }
    Ok(())
}
