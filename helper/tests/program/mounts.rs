//! Real mounts, in a mount namespace of the test's own: what Docker, Compose and a kubelet make beneath `/run/secrets`.

use std::process::Command;

use serde_json::Value;

use crate::run::{Ended, Folder, PROGRAM, finish, is_there, request, skipped};

/// `$0` is a folder, `$1` the program; what follows runs the program.
const MOUNTS: &str = r#"
cd "$0"
mkdir -p secrets/kubernetes.io/serviceaccount secrets/sub secrets/bound host/folder volume
printf docker > host/docker; printf compose > host/compose; printf no > host/folder/key; printf plain > secrets/plain
: > secrets/docker; : > secrets/sub/compose; : > secrets/null; : > secrets/sub/linked
# A Docker secret and one of Compose with a target in a folder: each a mount of its own.
mount --bind host/docker secrets/docker
mount --bind host/compose secrets/sub/compose
# A token, as the kubelet mounts it: a folder on a tmpfs of its own.
mount -t tmpfs tmpfs secrets/kubernetes.io/serviceaccount
cd secrets/kubernetes.io/serviceaccount
mkdir ..1; printf TOKEN > ..1/token; ln -s ..1 ..data; ln -s ..data/token token
cd "$0"
# A folder of the same file system, which no device number tells apart.
mount --bind host/folder secrets/bound
# Not everything that is one file is a secret.
mount --bind /dev/null secrets/null
ln -s kubernetes.io/serviceaccount/token secrets/link
ln -s docker secrets/to-docker
ln -s ../host/docker secrets/out
# A volume that is the root itself, and a whole mount, is no crossing.
mount -t tmpfs tmpfs volume
mkdir volume/..1; printf key > volume/..1/key; ln -s ..1 volume/..data; ln -s ..data/key volume/key
"#;

fn under_mounts(folder: &Folder, run: &str, handles: &[&str]) -> Option<Ended> {
    let mut command = Command::new("timeout");
    let script = format!("set -e\n{MOUNTS}\n{run}");
    command.args(["60", "unshare", "-m", "--propagation", "private", "sh", "-c", &script]);
    command.arg(folder.path()).arg(PROGRAM).env_remove("KEYFERRY_HELPER_ROOT");
    let ended = finish(command, &request(handles));
    if ended.status != 0 && ended.output.is_empty() {
        skipped(&format!("no mount namespace: {}", ended.errors.trim()), "what is read of mounts");
        return None;
    }
    Some(ended)
}

fn is_refused(answer: &Value, handle: &str, words: &str) {
    assert!(answer[handle]["value"].is_null(), "{handle} has a value: {answer}");
    assert!(answer[handle]["error"].as_str().unwrap().contains(words), "{handle}: {}", answer[handle]);
}

/// The two ways of resolving a path must agree on every mount.
const WAYS: [&str; 2] =
    ["exec \"$1\" secrets_root", "exec strace -f -qq -o /dev/null -e inject=openat2:error=ENOSYS \"$1\" secrets_root"];

#[test]
fn a_secret_that_is_a_mount_is_read_and_a_folder_that_is_one_is_not() {
    for way in WAYS {
        if way.contains("strace") && !is_there("strace", "what the walk does with mounts") {
            continue;
        }
        let folder = Folder::new();
        let run = way.replace("secrets_root", "\"$0/secrets\"");
        let token = format!("file@{}/secrets/kubernetes.io/serviceaccount/token", folder.text());
        let handles = [
            "plain",
            "docker",
            "sub/compose",
            "kubernetes.io/serviceaccount/token",
            "kubernetes.io;serviceaccount",
            "link",
            "bound/key",
            "null",
            "to-docker",
            "out",
            &token,
        ];
        let Some(ended) = under_mounts(&folder, &run, &handles) else { return };
        assert_eq!((ended.status, ended.errors.as_str()), (0, ""));
        let answer = ended.answer();
        for (handle, expected) in [("plain", "plain"), ("docker", "docker"), ("sub/compose", "compose")] {
            assert_eq!(answer[handle]["value"], expected, "{handle}: {answer}");
        }
        for handle in ["kubernetes.io/serviceaccount/token", "link", "bound/key", "null", "to-docker", "out", &token] {
            is_refused(&answer, handle, "another mount");
        }
        assert!(!ended.text().contains("TOKEN"));
    }
}

#[test]
fn a_mount_that_is_the_root_itself_is_read() {
    let folder = Folder::new();
    let Some(ended) = under_mounts(&folder, "exec \"$1\" \"$0/volume\"", &["key"]) else { return };
    assert_eq!(ended.answer()["key"]["value"], "key");
}

#[test]
fn docker_secrets_are_read_without_an_argument() {
    let folder = Folder::new();
    let run = "mount -t tmpfs tmpfs /run; mkdir /run/secrets; : > /run/secrets/db\nmount --bind host/docker /run/secrets/db\nexec \"$1\"";
    let path = "file@/run/secrets/db";
    let Some(ended) = under_mounts(&folder, run, &["db", path, "file@/var/run/secrets/db"]) else { return };
    let answer = ended.answer();
    for handle in ["db", path, "file@/var/run/secrets/db"] {
        assert_eq!(answer[handle]["value"], "docker", "{handle}: {answer}");
    }
}
