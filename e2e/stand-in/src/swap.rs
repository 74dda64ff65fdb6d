//! Swaps the generations of a folder as the kubelet's atomic writer does, only faster.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use crate::report::line;

const FILES: [&str; 2] = ["user", "password"];

/// Writes `count` generations of two files, whose values end in the generation's number, each with one rename.
pub(crate) fn often(folder: &Path, count: u64) -> Result<()> {
    for number in 0..count {
        let name = format!("..generation_{number}");
        let generation = folder.join(&name);
        fs::create_dir(&generation).with_context(|| format!("make {}", generation.display()))?;
        for file in FILES {
            fs::write(generation.join(file), format!("{file}-{number}"))?;
        }
        symlink(&name, folder.join("..data_tmp"))?;
        fs::rename(folder.join("..data_tmp"), folder.join("..data"))?;
        if number == 0 {
            FILES.iter().try_for_each(|file| symlink(format!("..data/{file}"), folder.join(file)))?;
        } else {
            fs::remove_dir_all(folder.join(format!("..generation_{}", number - 1)))?;
        }
    }
    line(&json!({"swaps": count}))
}
