//! `keyferry-helper check` as a program, on folders and mounts that are built for it. No output of any run may hold the
//! canary, which is a part of every value.
//!
//! What needs mounts or another user runs in a mount namespace of its own, as root; elsewhere those tests say so and end.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a failed setup is a failed test"
)]

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

const PROGRAM: &str = env!("CARGO_BIN_EXE_keyferry-helper");
const CANARY: &str = "hunter2-canary";

/// What must be in no output: the canary, its base64 at a word's beginning, and hashes of the value that most keys have.
fn secrets() -> Vec<String> {
    let hex = Sha256::digest(CANARY).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let base64 = STANDARD_NO_PAD.encode(CANARY);
    // The last letter depends on what follows.
    vec![CANARY.to_owned(), hex, base64[..base64.len() - 1].to_owned()]
}

/// A folder of the test, with an executable as `install` leaves it, and a volume as the kubelet writes it.
struct Stage {
    folder: PathBuf,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What a run said.
struct Ran {
    status: i32,
    report: Value,
}

impl Ran {
    fn ids(&self) -> Vec<&str> {
        self.report["findings"].as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap()).collect()
    }

    fn finding(&self, id: &str) -> &Value {
        let all = self.report["findings"].as_array().unwrap();
        all.iter().find(|finding| finding["id"] == id).unwrap_or_else(|| panic!("no {id} in {:?}", self.ids()))
    }

    fn what(&self, id: &str) -> &str {
        self.finding(id)["what"].as_str().unwrap()
    }

    /// The ids but for those that say what every test does: root runs it, from a disk, writable, in a pod's container or not.
    fn ids_but(&self, usual: &[&str]) -> Vec<&str> {
        self.ids().into_iter().filter(|id| !usual.contains(id)).collect()
    }
}

/// Found wherever a test's folder lies on a disk.
const ON_DISK: [&str; 5] = ["KFH006", "KFH011", "KFH012", "KFH020", "KFH061"];

impl Stage {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("keyferry-check-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let stage = Self { folder: std::env::temp_dir().canonicalize().unwrap().join(name) };
        fs::create_dir_all(stage.path("bin")).unwrap();
        stage.install(0o500);
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn install(&self, mode: u32) {
        let program = self.path("bin/keyferry-helper");
        let _ = fs::remove_file(&program);
        // Another process copies: a file that this one held open for writing could not be run while another thread forks.
        assert!(Command::new("cp").arg(PROGRAM).arg(&program).status().unwrap().success());
        fs::set_permissions(&program, Permissions::from_mode(mode)).unwrap();
    }

    /// Writes a generation and turns `..data` to it; each key is a link, and so is each folder of keys.
    fn volume(&self, name: &str, keys: &[(&str, &[u8])], mode: u32) -> PathBuf {
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

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Runs the check twice, as text and as JSON.
    fn check(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let run = |json: &[&str]| {
            let mut command = Command::new(self.path("bin/keyferry-helper"));
            command.env_clear().envs(variables.iter().copied()).arg("check").args(arguments).args(json);
            command.output().unwrap()
        };
        ran(&run(&[]), &run(&["--json"]))
    }

    /// The same in a mount namespace of its own, after `script`; `who` runs the check, as words before its command.
    fn check_in(&self, script: &str, who: &str, arguments: &[&str]) -> Ran {
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

fn ran(text: &Output, json: &Output) -> Ran {
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

fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("skipped: mounts and other users need root");
    }
    root
}

fn canary(more: &str) -> Vec<u8> {
    format!("{CANARY}{more}").into_bytes()
}

/// A configuration of these handles, one a line.
fn list(handles: &[&str]) -> String {
    let lines: Vec<_> = handles.iter().map(|handle| format!("- ENC[{handle}]\n")).collect();
    lines.concat()
}

/// As in a pod: the executable and the keys on memory volumes of their own, read-only; `owner` has the keys.
fn pod(mode: &str, owner: &str) -> String {
    format!(
        "mount -t tmpfs none bin && cp {PROGRAM} bin && chown 1000:1000 bin/* && chmod 0500 bin/* && mount -o remount,ro bin
         mkdir -p keys && mount -t tmpfs none keys && cd keys && mkdir -p ..2026_11/db && ln -s ..2026_11 ..data
         ln -s ..data/db db && ln -s ..data/api api && printf '{CANARY}' | tee ..data/api > ..data/db/password
         chown {owner} ..data/api ..data/db/password && chmod {mode} ..data/api ..data/db/password && cd ..
         mount -o remount,ro keys"
    )
}

const AGENT: &str = "setpriv --reuid 1000 --regid 0 --groups 2000";
const CONFIG: &str = "instances:\n- password: ENC[db/password]\n  api: ENC[api]\n";

#[test]
fn a_pod_as_it_should_be_has_no_finding() {
    if !is_root() {
        return;
    }
    let stage = Stage::new();
    let config = stage.write("conf.d/db.yaml", CONFIG);
    let ran = stage.check_in(&pod("0440", "0:2000"), AGENT, &["--root", "$PWD/keys", "--config", &config]);
    assert_eq!((ran.ids(), ran.status), (vec![], 0), "{}", ran.report);
    assert_eq!(ran.report["identity"], serde_json::json!({"uid": 1000, "gid": 0, "groups": [2000]}));
    assert_eq!(ran.report["roots"][0]["fileSystem"], "tmpfs");
    assert_eq!(ran.report["roots"][0]["readOnly"], true);
    assert_eq!(ran.report["executable"]["default"], "accepted");
}

#[test]
fn a_pod_without_fs_group_cannot_read_its_keys() {
    if !is_root() {
        return;
    }
    let stage = Stage::new();
    let config = stage.write("conf.d/db.yaml", CONFIG);
    let ran = stage.check_in(&pod("0400", "0:0"), AGENT, &["--root", "$PWD/keys", "--config", &config]);
    assert_eq!((ran.ids(), ran.status), (vec!["KFH014", "KFH037", "KFH037"], 1));
    assert_eq!(ran.what("KFH014"), "1000:0,2000 may not read api, db/password");
}

#[test]
fn another_user_is_judged_by_the_modes_of_files_and_folders() {
    if !is_root() {
        return;
    }
    let stage = Stage::new();
    let check = |who: &str| stage.check_in(&pod("0440", "0:2000"), "", &["--root", "$PWD/keys", "--as", who]);
    assert_eq!(check("1000:0,2000").ids(), [] as [&str; 0]);
    assert_eq!(check("1001:0,2000").ids(), ["KFH003", "KFH005"]);
    assert_eq!(check("1000:0").ids(), ["KFH014"]);
    let closed = format!("{} && chmod 0700 .", pod("0440", "0:2000"));
    let ran = stage.check_in(&closed, "", &["--root", "$PWD/keys", "--as", "1000:0,2000"]);
    assert_eq!(ran.ids(), ["KFH003", "KFH014"], "a folder above lets nobody through");
}

#[test]
fn a_sub_path_is_told_for_a_key_and_for_a_root() {
    if !is_root() {
        return;
    }
    let stage = Stage::new();
    let one = "mkdir -p one && touch one/api one/own && mount --bind keys/..2026_11/api one/api && mount --bind one/own one/own";
    let key = stage.check_in(&format!("{}; {one}", pod("0440", "0:2000")), AGENT, &["--root", "$PWD/one"]);
    assert_eq!(key.what("KFH017"), "each is a mount of its own: api");
    let all = "mkdir -p db && mount --bind keys/..2026_11/db db && mount -o remount,bind,ro db";
    let root = stage.check_in(&format!("{}; {all}", pod("0440", "0:2000")), AGENT, &["--root", "$PWD/db"]);
    assert_eq!(root.ids(), ["KFH017"]);
}

#[test]
fn a_token_is_told_beside_a_root_beneath_it_and_among_its_keys() {
    if !is_root() {
        return;
    }
    let stage = Stage::new();
    // The claims are {"kubernetes.io":{}}.
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJrdWJlcm5ldGVzLmlvIjp7fX0.c2ln";
    let mounted = "mount -t tmpfs none /run && mkdir -p /run/secrets/kubernetes.io/serviceaccount
         mount -t tmpfs none /run/secrets/kubernetes.io/serviceaccount";
    let script = format!("{mounted} && printf {token} > /run/secrets/kubernetes.io/serviceaccount/token");
    let beneath = stage.check_in(&script, "", &["--root", "/run/secrets"]);
    assert_eq!(beneath.what("KFH021"), "/run/secrets/kubernetes.io/serviceaccount");
    assert_eq!(beneath.finding("KFH020")["where"], "/var/run/secrets/kubernetes.io/serviceaccount/token");
    assert!(!beneath.ids().contains(&"KFH022"), "what lies in the other mount is no key: {}", beneath.report);
    let within = stage.check_in(&script, "", &["--root", "/run/secrets/kubernetes.io/serviceaccount"]);
    assert_eq!(within.what("KFH022"), "by their values, these are tokens: token");
    assert_eq!(within.status, 1);
    let config = stage.write("a.yaml", "a: ENC[kubernetes.io/serviceaccount/token]");
    let asked = stage.check_in(&script, "", &["--root", "/run/secrets", "--config", &config]);
    assert!(asked.ids().contains(&"KFH035"), "{:?}", asked.ids());
}

#[test]
fn a_mount_that_forbids_execution_is_told() {
    if !is_root() {
        return;
    }
    let stage = Stage::new();
    let command = stage.path("noexec/keyferry-helper").display().to_string();
    let script = format!(
        "mkdir -p noexec && mount -t tmpfs -o noexec none noexec && cp {PROGRAM} noexec && chmod 0500 {command}
         export DD_SECRET_BACKEND_COMMAND={command} DD_SECRET_REFRESH_INTERVAL=10"
    );
    let ran = stage.check_in(&script, "", &[]);
    assert_eq!(ran.finding("KFH004")["where"], command.as_str());
    assert!(!ran.ids().contains(&"KFH003") && !ran.ids().contains(&"KFH071"), "{:?}", ran.ids());
    assert_eq!(ran.report["executable"]["allowGroupExecPerm"], "refused: the user cannot execute it");
}

#[test]
fn every_mode_of_the_executable_is_judged_as_datadog_does() {
    let stage = Stage::new();
    let root = stage.volume("keys", &[("a", &canary(""))], 0o440).display().to_string();
    let program = stage.path("bin/keyferry-helper").display().to_string();
    let option = "DD_SECRET_BACKEND_COMMAND_ALLOW_GROUP_EXEC_PERM";
    for (mode, unknown, default, with) in [
        (0o500, None, None, None),
        (0o700, None, None, None),
        (0o550, Some("note"), Some("error"), Some("note")),
        (0o510, Some("note"), Some("error"), Some("note")),
        (0o570, Some("error"), Some("error"), Some("error")),
        (0o501, Some("error"), Some("error"), Some("error")),
        (0o755, Some("error"), Some("error"), Some("error")),
    ] {
        stage.install(mode);
        let command = [("DD_SECRET_BACKEND_COMMAND", program.as_str()), ("DD_SECRET_REFRESH_INTERVAL", "10")];
        let severity = |variables: &[(&str, &str)]| {
            let ran = stage.check(&["--root", &root], variables);
            let findings = ran.report["findings"].as_array().unwrap().clone();
            let rights =
                findings.into_iter().find(|finding| ["KFH001", "KFH002"].contains(&finding["id"].as_str().unwrap()));
            rights.map(|finding| finding["severity"].as_str().unwrap().to_owned())
        };
        assert_eq!(severity(&[]).as_deref(), unknown, "{mode:o}");
        assert_eq!(severity(&command).as_deref(), default, "{mode:o} by default");
        assert_eq!(
            severity(&[&command[..], &[(option, "true")]].concat()).as_deref(),
            with,
            "{mode:o} with the option"
        );
    }
}

#[test]
fn each_handle_has_its_verdict_with_the_place_where_it_is_written() {
    let stage = Stage::new();
    let json = format!("{{\"user\":\"{CANARY}\",\"deep\":{{}}}}");
    let values: [(&str, &[u8]); 8] = [
        ("good", &canary("")),
        ("break", &canary("\n")),
        ("empty", b""),
        ("long", &canary(&"x".repeat(70_000))),
        ("binary", &[&canary("")[..], &[0xff]].concat()),
        ("db.json", json.as_bytes()),
        ("idle", &canary("")),
        ("db/more", &canary("")),
    ];
    let root = stage.volume("keys", &values, 0o440);
    symlink("/etc/passwd", root.join("..data/outside")).unwrap();
    fs::create_dir(root.join("..data/folder")).unwrap();
    let handles = [
        "good",
        "break",
        "empty",
        "long",
        "binary",
        "binary;base64",
        "db.json;user",
        "db.json;deep",
        "db.json;none",
        "missing",
        "outside",
        "folder",
        "../up",
        "file@/etc/passwd",
        "vault@x",
        "host_%%host%%",
    ];
    let config = stage.write("conf.d/a.yaml", &list(&handles));
    let root = root.display().to_string();
    let ran = stage.check(&["--root", &root, "--config", &config], &[]);
    assert_eq!(ran.status, 1);
    let of = |handle: &str| {
        let all = ran.report["findings"].as_array().unwrap();
        let begin = format!("ENC[{handle}]: ");
        all.iter()
            .find(|finding| finding["what"].as_str().unwrap().starts_with(&begin))
            .map(|finding| finding["id"].clone())
    };
    for (handle, id) in [
        ("break", "KFH033"),
        ("empty", "KFH031"),
        ("long", "KFH032"),
        ("binary", "KFH034"),
        ("db.json;deep", "KFH040"),
        ("db.json;none", "KFH040"),
        ("missing", "KFH030"),
        ("outside", "KFH035"),
        ("folder", "KFH042"),
        ("../up", "KFH036"),
        ("file@/etc/passwd", "KFH035"),
        ("vault@x", "KFH036"),
        ("host_%%host%%", "KFH038"),
    ] {
        assert_eq!(of(handle).unwrap_or_default(), id, "{handle}");
    }
    for handle in ["good", "binary;base64", "db.json;user"] {
        assert_eq!(of(handle), None, "{handle}");
    }
    assert_eq!(ran.finding("KFH030")["where"], format!("{config}:10 [9]"));
    assert_eq!(ran.what("KFH060"), "2 of 8 keys: db/more, idle");
    assert_eq!(ran.report["handles"].as_array().unwrap().len(), handles.len());
}

#[test]
fn an_allow_list_is_obeyed_and_one_that_cannot_be_read_is_an_error() {
    let stage = Stage::new();
    let root = stage.volume("keys", &[("a", &canary("")), ("b", &canary(""))], 0o440).display().to_string();
    let config = stage.write("a.yaml", "- ENC[a]\n- ENC[b]\n");
    let list = stage.write("list", "a\n");
    let arguments = ["--root", &root, "--config", &config, "--allow"];
    let ran = stage.check(&[&arguments[..], &[&list]].concat(), &[]);
    assert_eq!(ran.what("KFH039").split(": ").next(), Some("ENC[b]"));
    let ran = stage.check(&[&arguments[..], &["/nowhere"]].concat(), &[]);
    assert!(ran.what("KFH062").contains("/nowhere"));
}

#[test]
fn a_generation_that_is_too_old_is_an_error_where_a_limit_is_given() {
    let stage = Stage::new();
    let root = stage.volume("keys", &[("a", &canary(""))], 0o440);
    let then = SystemTime::now() - Duration::from_hours(2);
    File::open(root.join("..data")).unwrap().set_modified(then).unwrap();
    let root = root.display().to_string();
    assert_eq!(stage.check(&["--root", &root], &[]).ids_but(&ON_DISK), [] as [&str; 0]);
    assert_eq!(stage.check(&["--root", &root, "--max-age", "3h"], &[]).ids_but(&ON_DISK), [] as [&str; 0]);
    let ran = stage.check(&["--root", &root, "--max-age", "1h30m"], &[]);
    assert_eq!((ran.ids_but(&ON_DISK), ran.status), (vec!["KFH016"], 1));
    assert!(ran.what("KFH016").starts_with("they were written 2h"), "{}", ran.what("KFH016"));
}

#[test]
fn roots_are_told_apart_by_what_they_are() {
    let stage = Stage::new();
    let root = stage.volume("keys", &[("a", &canary(""))], 0o444);
    symlink(&root, stage.path("link")).unwrap();
    fs::create_dir(stage.path("plain")).unwrap();
    let ids = |name: &str| {
        let root = stage.path(name).display().to_string();
        let ran = stage.check(&["--root", &root], &[]);
        ran.ids_but(&ON_DISK).iter().map(|id| (*id).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("keys"), ["KFH013"]);
    assert_eq!(ids("link"), ["KFH013", "KFH018"]);
    assert_eq!(ids("plain"), ["KFH015"]);
    assert_eq!(ids("none"), ["KFH010"]);
    assert_eq!(ids("bin/keyferry-helper"), ["KFH010"]);
}

#[test]
fn the_agents_environment_must_agree_with_what_is_there() {
    let stage = Stage::new();
    let root = stage.volume("keys", &[("a", &canary(""))], 0o440).display().to_string();
    let program = stage.path("bin/keyferry-helper").display().to_string();
    let refresh = ("DD_SECRET_REFRESH_INTERVAL", "10");
    let command = ("DD_SECRET_BACKEND_COMMAND", program.as_str());
    let ids = |variables: &[(&str, &str)], arguments: &[&str]| {
        let ran = stage.check(arguments, variables);
        ran.ids_but(&ON_DISK).iter().map(|id| (*id).to_owned()).collect::<Vec<_>>()
    };
    let given = ("DD_SECRET_BACKEND_ARGUMENTS", root.as_str());
    assert_eq!(ids(&[command, refresh, given], &[]), [] as [&str; 0], "the agent's roots are looked at");
    assert_eq!(ids(&[refresh, ("KEYFERRY_HELPER_ROOT", root.as_str())], &[]), [] as [&str; 0]);
    let with = |variable| ids(&[command, refresh, variable], &["--root", &root]);
    assert_eq!(with(("DD_SECRET_BACKEND_ARGUMENTS", "/elsewhere")), ["KFH076"]);
    assert_eq!(with(("DD_SECRET_BACKEND_ARGUMENTS", "--nonsense")), ["KFH074"]);
    assert_eq!(with(("DD_SECRET_BACKEND_TYPE", "file.text")), ["KFH072"]);
    assert_eq!(with(("DD_SECRET_BACKEND_TIMEOUT", "0")), ["KFH073"]);
    assert_eq!(ids(&[command], &["--root", &root]), ["KFH075"]);
    assert_eq!(ids(&[("DD_SECRET_BACKEND_COMMAND", "/nowhere"), refresh], &["--root", &root]), ["KFH070"]);
    let other = stage.write("bin/other", "#!/bin/sh\n");
    fs::set_permissions(&other, Permissions::from_mode(0o500)).unwrap();
    assert_eq!(ids(&[("DD_SECRET_BACKEND_COMMAND", &other), refresh], &["--root", &root]), ["KFH071"]);
}

#[test]
fn configurations_that_are_broken_cost_the_others_nothing() {
    let stage = Stage::new();
    let root = stage.volume("keys", &[("a", &canary("")), ("b", &canary(""))], 0o440).display().to_string();
    stage.write("conf.d/a.yaml", "- ENC[a]\n- prefix ENC[a]\n");
    stage.write("conf.d/b.yaml", &format!("a: {{{CANARY}: ENC[x]\n"));
    fs::write(stage.path("conf.d/c.yaml"), [0xff]).unwrap();
    let folder = stage.path("conf.d").display().to_string();
    let ran = stage.check(&["--root", &root, "--config", &folder, "--config", "/nowhere.yaml"], &[]);
    assert_eq!(ran.ids_but(&ON_DISK), ["KFH050", "KFH050", "KFH051", "KFH052"]);
    assert_eq!(ran.finding("KFH052")["where"], format!("{folder}/a.yaml:2 [1]"));
    assert_eq!(ran.report["handles"][0]["outcome"], "resolves");
    let none = stage.write("none.yaml", "a: 1\n");
    assert_eq!(stage.check(&["--root", &root, "--config", &none], &[]).ids_but(&ON_DISK), ["KFH053", "KFH060"]);
}

#[test]
fn an_answer_that_no_agent_would_read_is_an_error() {
    let stage = Stage::new();
    let value = canary(&"x".repeat(60_000));
    let keys: Vec<String> = (0..20).map(|number| format!("k{number}")).collect();
    let volume: Vec<(&str, &[u8])> = keys.iter().map(|key| (key.as_str(), &value[..])).collect();
    let root = stage.volume("keys", &volume, 0o440).display().to_string();
    let config = stage.write("a.yaml", &list(&keys.iter().map(String::as_str).collect::<Vec<_>>()));
    let ran = stage.check(&["--root", &root, "--config", &config], &[]);
    assert_eq!(ran.ids_but(&ON_DISK), ["KFH041"]);
}

#[test]
fn wrong_use_is_told_apart_from_findings() {
    let run = |arguments: &[&str]| Command::new(PROGRAM).arg("check").args(arguments).output().unwrap();
    for wrong in [&["--nonsense"][..], &["--as", "me"], &["--max-age", "soon"], &["stray"], &["--config"]] {
        let output = run(wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{wrong:?}");
    }
    let help = run(&["--help"]);
    assert!(help.status.success() && help.stdout.starts_with(b"Usage: keyferry-helper check"));
}

#[test]
fn a_pipe_a_device_and_a_sparse_file_hold_nobody_up() {
    let stage = Stage::new();
    let root = stage.volume("keys", &[("a", &canary(""))], 0o440);
    let pipe = root.join("..data/pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    File::create(root.join("..data/sparse")).unwrap().set_len(2 << 30).unwrap();
    let config = stage.write("a.yaml", "- ENC[a]\n- ENC[pipe]\n- ENC[sparse]\n");
    let begun = std::time::Instant::now();
    let root = root.display().to_string();
    let pipe = pipe.display().to_string();
    let ran = stage.check(&["--root", &root, "--config", &config, "--config", &pipe, "--config", "/dev/zero"], &[]);
    assert!(begun.elapsed() < Duration::from_secs(10));
    for id in ["KFH032", "KFH042", "KFH050"] {
        assert!(ran.ids().contains(&id), "{id} in {:?}", ran.ids());
    }
}
