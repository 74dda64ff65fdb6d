//! The modes, as a person or an init container types them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::Value;

use crate::run::{Folder, PROGRAM, finish, program, request};

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn the_version_is_one_line() {
    let ended = program(&["--version"], b"");
    assert_eq!((ended.status, ended.text()), (0, format!("keyferry-helper {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn the_help_is_for_standard_output_and_a_mistake_has_status_2() {
    let help = program(&["--help"], b"");
    assert_eq!((help.status, help.errors.as_str()), (0, ""));
    assert!(help.text().contains("keyferry-helper install --to FOLDER"));
    for wrong in
        [&["--nonsense"][..], &["install"], &["get"], &["render"], &["install", "--to", "/x", "--mode", "0777"]]
    {
        let ended = program(wrong, b"");
        assert_eq!((ended.status, ended.output.len()), (2, 0), "{wrong:?}");
        assert!(ended.errors.contains("see --help"), "{}", ended.errors);
    }
}

#[test]
fn what_is_installed_answers_with_no_argument_at_all() {
    let folder = Folder::new();
    folder.file("secrets/db", "v");
    folder.file("secrets/other", "v");
    let list = folder.file("list", "db\n");
    folder.folder("opt");
    let to = folder.path().join("opt");
    let arguments =
        ["install", "--to", to.to_str().unwrap(), "--mode", "0550", "--root", &format!("{}/secrets", folder.text())];
    let arguments: Vec<_> = arguments.into_iter().chain(["--allow", list.to_str().unwrap()]).collect();
    for _ in 0..2 {
        let ended = program(&arguments, b"");
        assert_eq!((ended.status, ended.errors.as_str()), (0, ""));
        let sum = Command::new("sha256sum").arg(PROGRAM).output().unwrap().stdout;
        let digest = String::from_utf8(sum).unwrap().split(' ').next().unwrap().to_owned();
        assert!(ended.text().starts_with(&format!("{digest}  {}/keyferry-helper\n", to.display())), "{}", ended.text());
    }
    let installed = to.join("keyferry-helper");
    assert_eq!(
        ["keyferry-helper", "helper.json", "helper.allow"].map(|name| mode(&to.join(name))),
        [0o550, 0o440, 0o440]
    );
    fs::remove_file(list).unwrap();
    let mut command = Command::new(&installed);
    command.env_remove("KEYFERRY_HELPER_ROOT");
    let ended = finish(command, &request(&["db", "other"]));
    assert_eq!(ended.answer()["db"]["value"], "v");
    assert!(ended.answer()["other"]["error"].as_str().unwrap().contains("allow-list"));
    let mut command = Command::new(installed);
    command.env("KEYFERRY_HELPER_ROOT", format!("{}/gone:/gone/too", folder.text()));
    let answer = finish(command, &request(&["db"])).answer();
    assert!(
        answer["db"]["error"].as_str().unwrap().contains("gone does not exist"),
        "the environment comes before the file"
    );
}

#[test]
fn get_tells_where_and_never_what() {
    let folder = Folder::new();
    folder.file("..2026_1/db", "hunter2\n");
    folder.link("..data", "..2026_1");
    let arguments = ["get", "--root", &folder.text(), "db", "absent"];
    let text = program(&arguments, b"");
    assert_eq!(text.status, 1, "one of them has no value");
    for line in ["size        8 bytes, UTF-8", "generation  ..2026_1", "note        ends with a line end"] {
        assert!(text.text().contains(line), "{line} in {}", text.text());
    }
    let json = program(&[&arguments[..], &["--json"]].concat(), b"");
    let told: Value = serde_json::from_slice(&json.output).unwrap();
    assert_eq!((&told[0]["path"], &told[0]["bytes"]), (&Value::from("db"), &Value::from(8)));
    assert!(told[1]["error"].as_str().unwrap().contains("no such file"));
    for ended in [&text, &json] {
        assert!(!ended.text().contains("hunter2") && !ended.errors.contains("hunter2"));
    }
    assert_eq!(program(&["get", "--root", &folder.text(), "db"], b"").status, 0);
}

#[test]
fn render_mounts_what_handles_and_configurations_name() {
    let folder = Folder::new();
    let config = folder.file("conf.yaml", "instances:\n  - password: ENC[db/password]\n    user: ENC[db/user]\n");
    let ended = program(
        &["render", "--config", config.to_str().unwrap(), "--image", "example/helper:1", "k8s_secret@ns/api/key"],
        b"",
    );
    assert_eq!((ended.status, ended.errors.as_str()), (0, ""));
    for line in [
        "path: \"db/password\"",
        "path: \"db/user\"",
        "path: \"ns/api/key\"",
        "image: \"example/helper:1\"",
        "optional: true",
    ] {
        assert!(ended.text().contains(line), "{line} in {}", ended.text());
    }
    let partly = program(&["render", "db/user", "key", "vault@x"], b"");
    assert_eq!(partly.status, 1);
    for words in ["\"key\": the handle names a key and no Secret", "\"vault@x\": unknown prefix"] {
        assert!(partly.errors.contains(words), "{}", partly.errors);
    }
    assert!(partly.text().contains("path: \"db/user\""));
}
