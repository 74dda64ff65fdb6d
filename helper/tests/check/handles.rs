//! The verdict on handles.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::time::Duration;

use crate::stage::{CANARY, ON_DISK, Stage, canary, list};

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
