//! Tells who the program is, which files it sees, and what it may write.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::report::line;

/// Of a tree that links to itself, or a large one.
const MOST_FILES: usize = 1000;
const DEEPEST: usize = 8;

/// One line about the process and all `folders`.
pub(crate) fn around(folders: &[&str]) -> Result<()> {
    let status = fs::read_to_string("/proc/self/status")?;
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let seen: serde_json::Map<String, Value> =
        folders.iter().map(|folder| ((*folder).to_owned(), tell(Path::new(folder)))).collect();
    line(&json!({
        "uid": rustix::process::getuid().as_raw(),
        "gid": rustix::process::getgid().as_raw(),
        "capabilities": field("CapEff:"),
        "seccomp": field("Seccomp:"),
        "noNewPrivileges": field("NoNewPrivs:"),
        "folders": seen,
    }))
}

fn tell(folder: &Path) -> Value {
    let mut files = Vec::new();
    collect(folder, DEEPEST, &mut files);
    json!({"exists": folder.exists(), "files": files, "write": write(folder)})
}

/// All that is not a folder, with its mode and owner; hidden generations of a volume included.
fn collect(folder: &Path, depth: usize, files: &mut Vec<Value>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(found) = fs::symlink_metadata(&path) else { continue };
        if found.is_dir() && depth > 0 {
            collect(&path, depth - 1, files);
        } else if files.len() < MOST_FILES {
            let (mode, readable) = (format!("{:o}", found.permissions().mode()), fs::read(&path).is_ok());
            files.push(
                json!({"path": path, "mode": mode, "uid": found.uid(), "gid": found.gid(), "readable": readable}),
            );
        }
    }
}

/// What became of the attempt to make a file: `allowed`, or the system's word against it.
fn write(folder: &Path) -> String {
    let path = folder.join("stand-in-was-here");
    match fs::write(&path, "") {
        Ok(()) => {
            let _ = fs::remove_file(&path);
            "allowed".to_owned()
        }
        Err(error) => error.kind().to_string(),
    }
}
