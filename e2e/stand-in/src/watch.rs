//! Tells when the files of a volume change, to a millisecond.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::report::{line, mark, now, pause};

const EVERY: Duration = Duration::from_millis(1);

/// Looks at the volume's `..data` link each millisecond, and tells each file's mark when the link has changed.
pub(crate) fn forever(folder: &Path) -> Result<()> {
    let mut seen: Option<PathBuf> = None;
    loop {
        let generation = fs::read_link(folder.join("..data")).ok();
        if generation != seen {
            line(&json!({"at": now()?, "files": marks(folder)}))?;
            seen = generation;
        }
        pause(EVERY);
    }
}

/// Each file's mark, by its name; what cannot be read is left out.
fn marks(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let read =
        |entry: fs::DirEntry| Some((entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).ok()?));
    entries.filter_map(read).map(|(name, value)| (name, mark(&value))).collect()
}
