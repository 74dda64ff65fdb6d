//! What needs mounts of its own, or another user.

use crate::stage::{CANARY, PROGRAM, Stage, is_root};

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
