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

const KILL_GROUP: &str = r#"while read -r _; do :; done; kill -s KILL -- "-$1""#;
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

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;
    use crate::scratch::suffix;

    /// Closes the pipe, as the kernel does when this process dies, and waits for the shell to have done its work.
    fn die(mut leash: Leash) {
        leash.shell.stdin = None;
        leash.shell.wait().unwrap();
    }

    #[test]
    fn a_process_group_is_killed_with_its_owner() {
        let mut child = Command::new("/bin/sleep").arg("60").process_group(0).spawn().unwrap();
        die(Leash::on_group(child.id()).unwrap());
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }

    #[test]
    fn a_folder_is_removed_with_its_owner() {
        let folder = std::env::temp_dir().join(format!("keyferry-leash-{}", suffix()));
        std::fs::create_dir(&folder).unwrap();
        die(Leash::on_folder(&folder).unwrap());
        assert!(!folder.exists());
    }

    #[test]
    fn what_is_let_go_lives_on() {
        let mut child = Command::new("/bin/sleep").arg("60").process_group(0).spawn().unwrap();
        drop(Leash::on_group(child.id()).unwrap());
        assert_eq!(child.try_wait().unwrap(), None);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
