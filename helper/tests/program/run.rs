//! Running the program with an input, in a folder of the test's own.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_keyferry-helper");

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) output: Vec<u8>,
    pub(crate) errors: String,
}

impl Ended {
    /// The answer of the protocol.
    pub(crate) fn answer(&self) -> Value {
        let wrong = |error| format!("{error} in {:?}, {:?}", String::from_utf8_lossy(&self.output), self.errors);
        serde_json::from_slice(&self.output).map_err(wrong).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.output.clone()).unwrap()
    }
}

/// Runs the program; after 60 s it is stopped, and the status is 124.
pub(crate) fn program<S: AsRef<OsStr>>(arguments: &[S], input: &[u8]) -> Ended {
    under::<&str, S>(&[], arguments, input)
}

/// The same beneath another program, for example `strace`.
pub(crate) fn under<T: AsRef<OsStr>, S: AsRef<OsStr>>(tracer: &[T], arguments: &[S], input: &[u8]) -> Ended {
    let mut command = Command::new("timeout");
    command.arg("60").args(tracer).arg(PROGRAM).args(arguments).env_remove("KEYFERRY_HELPER_ROOT");
    finish(command, input)
}

/// Runs a command with this input.
pub(crate) fn finish(mut command: Command, input: &[u8]) -> Ended {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A program that has read enough closes its end.
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    Ended { status: output.status.code().unwrap_or(-1), output: output.stdout, errors }
}

/// What an Agent writes.
pub(crate) fn request<S: AsRef<str>>(handles: &[S]) -> Vec<u8> {
    let handles: Vec<_> = handles.iter().map(AsRef::as_ref).collect();
    json!({"version": "1.1", "secrets": handles, "secret_backend_timeout": 30}).to_string().into_bytes()
}

/// Whether a program is installed; if not, that is said where nobody can miss it.
pub(crate) fn is_there(name: &str, what_is_not_shown: &str) -> bool {
    let found = Command::new("sh").args(["-c", "command -v \"$0\" > /dev/null", name]).status().unwrap().success();
    if !found {
        skipped(&format!("{name} is missing"), what_is_not_shown);
    }
    found
}

/// A test that could not be run is not a test that passed.
pub(crate) fn skipped(why: &str, what_is_not_shown: &str) {
    let mut errors = std::io::stderr();
    writeln!(errors, "\nSKIPPED, not shown: {what_is_not_shown} ({why})\n").unwrap();
}

/// A folder, removed at the end with all that is in it.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        Self::beneath(&std::env::temp_dir())
    }

    /// In memory, as a kubelet's volume is; where that is not to be had, with the others.
    pub(crate) fn in_memory() -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() { Self::beneath(memory) } else { Self::new() }
    }

    fn beneath(place: &Path) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("keyferry-program-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = place.join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder.canonicalize().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn text(&self) -> String {
        self.0.to_str().unwrap().to_owned()
    }

    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.parent_of(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn link(&self, name: &str, target: &str) {
        symlink(target, self.parent_of(name)).unwrap();
    }

    pub(crate) fn folder(&self, name: &str) {
        fs::create_dir_all(self.0.join(name)).unwrap();
    }

    /// A file that has a length and no bytes on a disk.
    pub(crate) fn sparse(&self, name: &str, bytes: u64) {
        fs::File::create(self.parent_of(name)).unwrap().set_len(bytes).unwrap();
    }

    pub(crate) fn fifo(&self, name: &str) {
        assert!(Command::new("mkfifo").arg(self.parent_of(name)).status().unwrap().success());
    }

    fn parent_of(&self, name: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
