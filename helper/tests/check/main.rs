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

mod handles;
mod mounts;
mod stage;

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use std::time::{Duration, SystemTime};

use stage::{CANARY, ON_DISK, PROGRAM, Stage, canary};

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
