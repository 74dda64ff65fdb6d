//! Handles and trees that were made to hurt: an error for each handle, the right exit status, little memory, no waiting.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::run::{Ended, Folder, PROGRAM, finish, program, request, skipped};

/// What no answer may have in it.
const CANARY: &str = "OUTSIDE-8c1f";

/// Much more than a call needs, and much less than what it is given.
const MEMORY_KIB: u64 = 24 << 10;

/// Parts of which handles are made. Some of them are real.
const PARTS: [&str; 42] = [
    "good",
    "c.json",
    "big.json",
    "deep.json",
    "binary",
    "nul",
    "fifo",
    "device",
    "socket",
    "sparse",
    "empty",
    "folder",
    "denied",
    "loop",
    "up",
    "absolute",
    "sibling",
    "storm0",
    "..",
    ".",
    "",
    "..data",
    "%00",
    "\0",
    "\n",
    "\u{1b}[31m",
    "\u{202e}",
    "é",
    "😀",
    "ENC[good]",
    "file@",
    "k8s_secret@",
    "vault@",
    "base64",
    ";",
    "/",
    "//",
    "a",
    "ns",
    "*",
    "$(id)",
    "proc/self/environ",
];

const JOINTS: [&str; 6] = ["/", ";", "", "@", "/../", ";base64"];

/// The same handles every time: xorshift.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    fn handle(&mut self, root: &str) -> String {
        let prefix = match self.below(8) {
            // One that may have a value, so that there is something to lose.
            4 => return PARTS[self.below(5)].to_owned() + JOINTS[self.below(2) * 3 + 2],
            0 => format!("file@{root}/"),
            1 => format!("file@{root}"),
            2 => "file@/".to_owned(),
            3 => "k8s_secret@".to_owned(),
            _ => String::new(),
        };
        (0..=self.below(3)).fold(prefix, |handle, number| {
            let joint = if number == 0 { "" } else { JOINTS[self.below(JOINTS.len())] };
            handle + joint + PARTS[self.below(PARTS.len())]
        })
    }
}

fn tree() -> Folder {
    let folder = Folder::new();
    folder.file("outside", CANARY);
    folder.file("root-sibling/x", CANARY);
    folder.file("root/good", "value");
    folder.file("root/c.json", r#"{"a":"x","good":"y","":"z","base64":"w"}"#);
    folder.file("root/big.json", format!("{{\"a\":\"{}\"}}", "x".repeat(10 << 20)));
    folder.file("root/deep.json", format!("{{\"deep\":{}{},\"a\":\"x\"}}", "[".repeat(400_000), "]".repeat(400_000)));
    folder.file("root/binary", [0xff, 0xfe, 0, 0x80]);
    folder.file("root/nul", "a\0b");
    folder.file("root/empty", "");
    folder.file("root/folder/a", "x");
    folder.file("root/denied", "x");
    folder.fifo("root/fifo");
    folder.sparse("root/sparse", 2 << 30);
    drop(std::os::unix::net::UnixListener::bind(folder.path().join("root/socket")).unwrap());
    folder.link("root/loop", "loop");
    folder.link("root/up", "../outside");
    folder.link("root/absolute", &format!("{}/outside", folder.text()));
    folder.link("root/sibling", "../root-sibling/x");
    for number in 0..60 {
        folder.link(&format!("root/storm{number}"), &format!("storm{}", number + 1));
    }
    device(&folder);
    folder
}

/// As root, where devices can be made.
fn device(folder: &Folder) {
    let made = Command::new("mknod").arg(folder.path().join("root/device")).args(["c", "1", "5"]).output().unwrap();
    if !made.status.success() {
        skipped("mknod is for root", "that a device is not read");
    }
}

/// Under a limit of its address space, so that a program which wants more cannot end well.
fn limited(root: &str, input: &[u8]) -> Ended {
    let mut command = Command::new("timeout");
    command
        .args(["60", "sh", "-c", "ulimit -v 65536; exec \"$0\" \"$1\"", PROGRAM, root])
        .env_remove("KEYFERRY_HELPER_ROOT");
    finish(command, input)
}

fn entry_is_whole(handle: &str, entry: &Value) {
    let has_value = entry["value"].as_str().is_some_and(|value| !value.is_empty());
    let has_error = entry["error"].as_str().is_some_and(|error| error.len() >= 10);
    assert!(has_value != has_error, "{handle:?}: {entry}");
}

#[test]
fn two_thousand_hostile_handles_have_an_error_or_a_value_each_and_none_leads_out() {
    let folder = tree();
    let root = format!("{}/root", folder.text());
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut handles: Vec<_> = (0..2000).map(|_| dice.handle(&root)).collect();
    handles.extend(PARTS.map(str::to_owned));
    let ended = limited(&root, &request(&handles));
    assert_eq!((ended.status, ended.errors.as_str()), (0, ""));
    let answer = ended.answer();
    for handle in &handles {
        entry_is_whole(handle, &answer[handle]);
    }
    assert!(!ended.text().contains(CANARY), "something outside of the root was read");
    let values = handles.iter().filter(|handle| answer[handle.as_str()]["error"].is_null()).count();
    assert!((50..1000).contains(&values), "{values} values: the handles are too tame or too wild");
}

#[test]
fn each_hostile_file_has_an_error_that_names_what_it_is() {
    let folder = tree();
    let root = format!("{}/root", folder.text());
    let expected = [
        ("fifo", "a FIFO"),
        ("socket", "a socket"),
        ("sparse", "longer than 65536 bytes"),
        ("empty", "is empty"),
        ("folder", "a folder"),
        ("loop", "links without an end"),
        ("storm0", "links without an end"),
        ("up", "leads out"),
        ("absolute", "leads out"),
        ("sibling", "leads out"),
        ("binary", ";base64"),
        ("big.json;a", "longer than 1048576 bytes"),
        ("deep.json;deep", "only one level"),
    ];
    let mut handles: Vec<_> = expected.iter().map(|(handle, _)| *handle).collect();
    handles.extend(["deep.json;a", "nul", "good", "device"]);
    let ended = limited(&root, &request(&handles));
    assert_eq!((ended.status, ended.errors.as_str()), (0, ""));
    let answer = ended.answer();
    for (handle, words) in expected {
        assert!(answer[handle]["error"].as_str().unwrap().contains(words), "{handle}: {}", answer[handle]);
    }
    assert_eq!([&answer["deep.json;a"]["value"], &answer["nul"]["value"]], ["x", "a\0b"]);
    let device = answer["device"]["error"].as_str().unwrap();
    assert!(device.contains("a device") || device.contains("no such file"), "{device}");
}

#[test]
fn trees_of_links_are_walked_to_their_end_and_no_further() {
    let mut dice = Dice(0x0dd5_1fed_5eed);
    for _ in 0..100 {
        let folder = Folder::new();
        folder.file("secret", CANARY);
        folder.file("root/n0", "value");
        for number in 1..40 {
            let up = ["", "../", "d/../", "../../", "./", "..//"][dice.below(6)];
            let target = format!("{up}n{}", dice.below(40));
            let target = if dice.below(12) == 0 { format!("{up}../secret") } else { target };
            let place = if dice.below(3) == 0 { "root/d" } else { "root" };
            folder.link(&format!("{place}/n{number}"), &target);
        }
        let handles: Vec<_> = (0..40).flat_map(|number| [format!("n{number}"), format!("d/n{number}")]).collect();
        let ended = limited(&format!("{}/root", folder.text()), &request(&handles));
        assert_eq!((ended.status, ended.errors.as_str()), (0, ""));
        assert!(!ended.text().contains(CANARY));
        let answer = ended.answer();
        for handle in &handles {
            entry_is_whole(handle, &answer[handle]);
        }
        assert_eq!(answer["n0"]["value"], "value");
    }
}

/// The answer is more than a pipe holds: while nobody reads it the program waits, and its greatest memory can be read.
#[test]
fn ten_thousand_handles_are_answered_in_little_memory() {
    let folder = Folder::new();
    folder.file("value", "v".repeat(60_000));
    for number in 0..100 {
        folder.file(&format!("large{number}"), "v".repeat(60_000));
    }
    let handles: Vec<_> = (0..10_000)
        .map(|number| if number < 100 { format!("large{number}") } else { format!("absent/{number}") })
        .collect();
    let began = Instant::now();
    let (peak, ended) = measured(&folder.text(), &request(&handles));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!((ended.status, ended.errors.as_str()), (0, ""));
    assert!(ended.output.len() < 1 << 20, "{} bytes", ended.output.len());
    assert!(peak < MEMORY_KIB, "{peak} KiB");
    let answer = ended.answer();
    for handle in &handles {
        entry_is_whole(handle, &answer[handle]);
    }
    let full =
        handles.iter().filter(|handle| answer[handle.as_str()]["error"] == "the answer is full: ask for less").count();
    assert!(full > 0, "six megabytes did not fit in one");
    assert!(handles.iter().any(|handle| answer[handle.as_str()]["value"].is_string()), "but some did");
}

#[test]
fn an_input_that_is_too_much_or_no_json_is_refused_with_status_1() {
    let folder = Folder::new();
    let many: Vec<_> = (0..20_001).map(|number| number.to_string()).collect();
    let long = "x".repeat(5 << 20);
    let inputs = [
        request(&many),
        request(&[&long]),
        vec![b'['; 1 << 20],
        b"{\"version\":\"1.0\",\"secrets\":[\"\xff\"]}".to_vec(),
        b"{\"version\":\"1.0\",\"secrets\":[\"\\ud800\"]}".to_vec(),
        b"\0\0\0\0".to_vec(),
        Vec::new(),
    ];
    for input in inputs {
        let ended = limited(&folder.text(), &input);
        assert_eq!((ended.status, ended.output.len()), (1, 0), "{}", ended.errors);
        assert!((10..400).contains(&ended.errors.len()) && ended.errors.ends_with('\n'), "{}", ended.errors);
    }
}

#[test]
fn a_handle_that_finds_no_room_is_left_out_and_counted() {
    let folder = Folder::new();
    folder.file("good", "v");
    let ended = program(&[folder.path()], &request(&["good", &"x".repeat(2 << 20)]));
    assert_eq!(ended.status, 0);
    assert_eq!(ended.errors, "keyferry-helper: 1 handles found no room in the answer\n");
    assert_eq!(ended.answer(), serde_json::json!({"good": {"value": "v", "error": null}}));
}

#[test]
fn a_client_that_goes_away_is_an_error_and_no_signal() {
    let folder = Folder::new();
    folder.file("long", "v".repeat(60_000));
    let mut child =
        Command::new(PROGRAM).arg(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    child.stdin.take().unwrap().write_all(&request(&["long", "long;base64"])).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

/// The greatest memory of the program in KiB, and how it ended.
fn measured(root: &str, input: &[u8]) -> (u64, Ended) {
    let mut command = Command::new(PROGRAM);
    command.arg(root).env_remove("KEYFERRY_HELPER_ROOT");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let mut stdout = child.stdout.take().unwrap();
    // The first byte of the answer: everything that takes memory is done.
    let mut output = vec![0];
    stdout.read_exact(&mut output).unwrap();
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak = peak.trim().trim_end_matches(" kB").parse().unwrap();
    stdout.read_to_end(&mut output).unwrap();
    let rest = child.wait_with_output().unwrap();
    let errors = String::from_utf8(rest.stderr).unwrap();
    (peak, Ended { status: rest.status.code().unwrap_or(-1), output, errors })
}
