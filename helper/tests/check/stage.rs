//! What the tests are played on: folders as a kubelet and `install` leave them, and runs of the program.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_keyferry-helper");
pub(crate) const CANARY: &str = "hunter2-canary";

/// What must be in no output: the canary, its base64 at a word's beginning, and hashes of the value that most keys have.
pub(crate) fn secrets() -> Vec<String> {
    let hex = Sha256::digest(CANARY).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let base64 = STANDARD_NO_PAD.encode(CANARY);
    // The last letter depends on what follows.
    vec![CANARY.to_owned(), hex, base64[..base64.len() - 1].to_owned()]
}

/// A folder of the test, with an executable as `install` leaves it, and a volume as the kubelet writes it.
pub(crate) struct Stage {
    pub(crate) folder: PathBuf,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What a run said.
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) report: Value,
}

impl Ran {
    pub(crate) fn ids(&self) -> Vec<&str> {
        self.report["findings"].as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap()).collect()
    }

    pub(crate) fn finding(&self, id: &str) -> &Value {
        let all = self.report["findings"].as_array().unwrap();
        all.iter().find(|finding| finding["id"] == id).unwrap_or_else(|| panic!("no {id} in {:?}", self.ids()))
    }

    pub(crate) fn what(&self, id: &str) -> &str {
        self.finding(id)["what"].as_str().unwrap()
    }

    /// The ids but for those that say what every test does: root runs it, from a disk, writable, in a pod's container or not.
    pub(crate) fn ids_but(&self, usual: &[&str]) -> Vec<&str> {
        self.ids().into_iter().filter(|id| !usual.contains(id)).collect()
    }
}

/// Found wherever a test's folder lies on a disk.
pub(crate) const ON_DISK: [&str; 5] = ["KFH006", "KFH011", "KFH012", "KFH020", "KFH061"];

impl Stage {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("keyferry-check-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let stage = Self { folder: std::env::temp_dir().canonicalize().unwrap().join(name) };
        fs::create_dir_all(stage.path("bin")).unwrap();
        stage.install(0o500);
        stage
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn install(&self, mode: u32) {
        let program = self.path("bin/keyferry-helper");
        let _ = fs::remove_file(&program);
        // Another process copies: a file that this one held open for writing could not be run while another thread forks.
        assert!(Command::new("cp").arg(PROGRAM).arg(&program).status().unwrap().success());
        fs::set_permissions(&program, Permissions::from_mode(mode)).unwrap();
    }

    /// Writes a generation and turns `..data` to it; each key is a link, and so is each folder of keys.
    pub(crate) fn volume(&self, name: &str, keys: &[(&str, &[u8])], mode: u32) -> PathBuf {
        let root = self.path(name);
        let generation = root.join("..2026_11_22_04_53_35.2227448162");
        for (key, value) in keys {
            let file = generation.join(key);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, value).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let first = key.split('/').next().unwrap();
            let _ = symlink(format!("..data/{first}"), root.join(first));
        }
        symlink(generation.file_name().unwrap(), root.join("..data")).unwrap();
        root
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Runs the check twice, as text and as JSON.
    pub(crate) fn check(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let run = |json: &[&str]| {
            let mut command = Command::new(self.path("bin/keyferry-helper"));
            command.env_clear().envs(variables.iter().copied()).arg("check").args(arguments).args(json);
            command.output().unwrap()
        };
        ran(&run(&[]), &run(&["--json"]))
    }

    /// The same in a mount namespace of its own, after `script`; `who` runs the check, as words before its command.
    pub(crate) fn check_in(&self, script: &str, who: &str, arguments: &[&str]) -> Ran {
        let run = |json: &str| {
            let program = self.path("bin/keyferry-helper");
            let check = format!("exec {who} {} check {} {json}", program.display(), arguments.join(" "));
            let all = format!("set -e; cd {}; {script}\n{check}", self.folder.display());
            Command::new("unshare")
                .args(["--mount", "sh", "-c", &all])
                .env_remove("DD_SECRET_BACKEND_COMMAND")
                .output()
                .unwrap()
        };
        ran(&run(""), &run("--json"))
    }
}

pub(crate) fn ran(text: &Output, json: &Output) -> Ran {
    for output in [text, json] {
        let shown = [&output.stdout[..], &output.stderr[..]].map(String::from_utf8_lossy).concat();
        for secret in secrets() {
            assert!(!shown.contains(&secret), "a value is in the output: {shown}");
        }
    }
    assert_eq!(text.status.code(), json.status.code(), "{}", String::from_utf8_lossy(&text.stderr));
    let report: Value = serde_json::from_slice(&json.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&json.stderr)));
    let text = String::from_utf8(text.stdout.clone()).unwrap();
    for finding in report["findings"].as_array().unwrap() {
        let [id, place, what] = ["id", "where", "what"].map(|field| finding[field].as_str().unwrap());
        assert!(text.contains(&format!("{id} {}", finding["severity"].as_str().unwrap())), "{id} is not in {text}");
        assert!(text.contains(place) && text.contains(what), "{finding} is not in {text}");
    }
    Ran { status: json.status.code().unwrap(), report }
}

pub(crate) fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("skipped: mounts and other users need root");
    }
    root
}

pub(crate) fn canary(more: &str) -> Vec<u8> {
    format!("{CANARY}{more}").into_bytes()
}

/// A configuration of these handles, one a line.
pub(crate) fn list(handles: &[&str]) -> String {
    let lines: Vec<_> = handles.iter().map(|handle| format!("- ENC[{handle}]\n")).collect();
    lines.concat()
}
