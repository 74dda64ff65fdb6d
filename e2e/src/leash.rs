//! What must not outlive this process: process groups are killed and folders removed when it is gone.
//!
//! Rust drops no statics and a killed process runs no destructor, and the shared control plane is a static. The kernel's
//! parent-death signal would need `unsafe`, and follows the thread that forked, which ends with each test. So a small
//! shell waits at a pipe that only this process holds open, and does the cleaning when the pipe closes.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

const KILL_GROUP: &str = r#"while read -r _; do :; done; kill -KILL -- "-$1""#;
/// Removes twice: what is being killed at the same moment may still write.
const REMOVE_FOLDER: &str = r#"while read -r _; do :; done; rm -rf -- "$1"; sleep 1; rm -rf -- "$1""#;

/// Waits for the end of this process; dropping it calls the wait off.
#[derive(Debug)]
pub(crate) struct Leash {
    shell: Child,
}

impl Leash {
    /// Kills the process group `group` when this process dies.
    pub(crate) fn on_group(group: u32) -> Result<Self> {
        Self::new(KILL_GROUP, group.to_string())
    }

    /// Removes `folder` when this process dies.
    pub(crate) fn on_folder(folder: &Path) -> Result<Self> {
        Self::new(REMOVE_FOLDER, folder)
    }

    fn new(script: &str, argument: impl AsRef<OsStr>) -> Result<Self> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script, "leash"]).arg(argument);
        // A group of its own: an interrupt from the terminal must not reach the shell before its work begins.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        Ok(Self { shell: command.spawn().context("start /bin/sh as a leash")? })
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
