use std::fs;
use std::os::fd::AsFd as _;

use super::*;
use crate::scratch::Scratch;

fn opened(scratch: &Scratch, way: Way, path: &str) -> Result<Opened, Errno> {
    let root = rustix::fs::open(scratch.path("root"), FOLDER, Mode::empty()).unwrap();
    let opener = Opener::new(way);
    let answer = opener.file(root.as_fd(), Path::new(path));
    assert_eq!(opener.way(), way, "this kernel has openat2, or the test shows nothing");
    answer
}

fn text(opened: &Opened) -> String {
    let mut buffer = [0; 64];
    let length = rustix::io::read(&opened.file, &mut buffer).unwrap();
    String::from_utf8(buffer[..length].to_vec()).unwrap()
}

/// Both ways must answer the same; that answer.
fn both(scratch: &Scratch, path: &str) -> Result<String, Errno> {
    let [kernel, walk] = [Way::Kernel, Way::Walk].map(|way| opened(scratch, way, path).map(|opened| text(&opened)));
    assert_eq!(kernel, walk, "{path}");
    kernel
}

fn tree() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("root/plain", "plain");
    scratch.write("root/folder/inner", "inner");
    scratch.write("root/..2026_1/key", "key");
    scratch.write("root-sibling/x", "outside");
    scratch.write("outside", "outside");
    scratch.link("root/..data", "..2026_1");
    scratch.link("root/key", "..data/key");
    scratch.link("root/folder/up", "../plain");
    scratch.link("root/folder/self", "./././inner");
    scratch.link("root/round", "folder/../folder/inner");
    scratch.link("root/todir", "folder");
    scratch
}

#[test]
fn links_that_stay_beneath_are_followed() {
    let scratch = tree();
    for (path, expected) in [
        ("plain", "plain"),
        ("key", "key"),
        ("..data/key", "key"),
        ("folder/inner", "inner"),
        ("folder/up", "plain"),
        ("folder/self", "inner"),
        ("round", "inner"),
        ("todir/inner", "inner"),
        ("todir/up", "plain"),
    ] {
        assert_eq!(both(&scratch, path).as_deref(), Ok(expected), "{path}");
    }
}

#[test]
fn whatever_leads_out_is_refused() {
    let scratch = tree();
    let outside = scratch.path("outside").display().to_string();
    scratch.link("root/absolute", &outside);
    scratch.link("root/back", &scratch.path("root/plain").display().to_string());
    scratch.link("root/parent", "../outside");
    scratch.link("root/sibling", "../root-sibling/x");
    scratch.link("root/deep", "folder/../../outside");
    scratch.link("root/again", "../root/plain");
    scratch.link("root/slash", "/");
    scratch.link("root/dot", "..");
    let paths = ["absolute", "back", "parent", "sibling", "deep", "again", "slash/etc/passwd", "dot/outside"];
    for path in paths.into_iter().chain(["../outside", "folder/../../outside", &outside]) {
        assert_eq!(both(&scratch, path), Err(Errno::XDEV), "{path}");
    }
}

#[test]
fn magic_links_are_refused_by_the_kernel_and_have_no_target_for_the_walk() {
    let proc = rustix::fs::open("/proc/self", FOLDER, Mode::empty()).unwrap();
    for way in [Way::Kernel, Way::Walk] {
        for path in ["exe", "root/etc/passwd", "cwd/Cargo.toml"] {
            let answer = Opener::new(way).file(proc.as_fd(), Path::new(path));
            assert!(matches!(answer, Err(Errno::LOOP | Errno::XDEV)), "{way:?} {path}");
        }
    }
}

#[test]
fn endless_links_and_missing_files_end() {
    let scratch = tree();
    scratch.link("root/a", "b");
    scratch.link("root/b", "a");
    scratch.link("root/me", "me/me/me");
    assert_eq!(both(&scratch, "a"), Err(Errno::LOOP));
    assert_eq!(both(&scratch, "me"), Err(Errno::LOOP));
    scratch.link("root/dangling", "nothing");
    for path in ["nothing", "dangling", "folder/nothing", "nothing/x"] {
        assert_eq!(both(&scratch, path), Err(Errno::NOENT), "{path}");
    }
    assert_eq!(both(&scratch, "plain/x"), Err(Errno::NOTDIR));
}

#[test]
fn a_storm_of_links_ends_at_forty() {
    let scratch = tree();
    for number in 0..60 {
        scratch.link(&format!("root/l{number}"), &format!("l{}", number + 1));
    }
    scratch.write("root/l60", "end");
    assert_eq!(both(&scratch, "l20").as_deref(), Ok("end"), "forty links are followed");
    assert_eq!(both(&scratch, "l19"), Err(Errno::LOOP));
    let climbing = format!("{}plain", "folder/../".repeat(300));
    scratch.link("root/climbing", &climbing);
    assert_eq!(both(&scratch, "climbing").as_deref(), Ok("plain"));
    for number in 0..20 {
        let next = number + 1;
        scratch.link(&format!("root/e{number}"), &format!("e{next}/../e{next}"));
    }
    fs::create_dir(scratch.path("root/e20")).unwrap();
    assert!(both(&scratch, "e0/x").is_err());
}

#[test]
fn opening_never_waits() {
    let scratch = tree();
    let made = std::process::Command::new("mkfifo").arg(scratch.path("root/fifo")).status().unwrap();
    assert!(made.success());
    let _socket = std::os::unix::net::UnixListener::bind(scratch.path("root/socket")).unwrap();
    let (told, answers) = std::sync::mpsc::channel();
    // In a thread of its own, since one that waits for a writer waits for ever.
    std::thread::spawn(move || {
        for way in [Way::Kernel, Way::Walk] {
            let fifo = opened(&scratch, way, "fifo").map(drop);
            told.send((fifo, opened(&scratch, way, "socket").map(drop))).unwrap();
        }
    });
    for _ in 0..2 {
        assert_eq!(answers.recv_timeout(std::time::Duration::from_secs(20)), Ok((Ok(()), Err(Errno::NXIO))));
    }
}
