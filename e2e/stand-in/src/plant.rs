//! A tree as somebody would make it who wants to have other files read than those of the tree.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result};

/// Where the pod mounts a ServiceAccount's token, in the tree.
const TOKEN: &str = "kubernetes.io/serviceaccount";

/// One honest file, and links: above the tree, to an absolute path, to a mount in the tree, to themselves.
pub(crate) fn tree(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder.join(TOKEN)).with_context(|| format!("make folders in {}", folder.display()))?;
    fs::write(folder.join("own"), "own-1")?;
    let links = [
        ("above", "../../etc/hosts"),
        ("absolute", "/etc/hosts"),
        ("process", "/proc/self/status"),
        ("token", "kubernetes.io/serviceaccount/token"),
        ("loop", "loop"),
    ];
    links.iter().try_for_each(|(name, to)| symlink(to, folder.join(name)))?;
    Ok(())
}
