//! What the program asks of the kernel while it answers a request: nothing of the network, nothing that changes a thing.

use std::fs;

use crate::run::{Folder, is_there, request, under};

/// All that it may ask. What is not here has to be thought about first.
const ALLOWED: &[&str] = &[
    // Its own process and memory.
    "execve",
    "exit_group",
    "brk",
    "mmap",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "arch_prctl",
    "set_tid_address",
    "set_robust_list",
    "rseq",
    "prlimit64",
    "getrandom",
    "gettid",
    "sched_getaffinity",
    "sigaltstack",
    "rt_sigaction",
    "rt_sigprocmask",
    "futex",
    "uname",
    // Looking.
    "open",
    "openat",
    "openat2",
    "close",
    "read",
    "pread64",
    "stat",
    "fstat",
    "newfstatat",
    "statx",
    "lseek",
    "access",
    "readlink",
    "readlinkat",
    "poll",
    "getcwd",
    "fcntl",
    // Answering.
    "write",
];

fn trace(tracer: &[&str]) -> Vec<String> {
    let folder = Folder::new();
    folder.file("..1/a", "v");
    folder.link("..data", "..1");
    folder.link("a", "..data/a");
    folder.file("c.json", "{\"x\":1}");
    folder.file("list", "a\n");
    let log = folder.path().join("trace");
    let tracer: Vec<_> = tracer.iter().copied().chain(["-o", log.to_str().unwrap()]).collect();
    let arguments = [folder.text(), format!("--allow={}/list", folder.text())];
    let handles = ["a", "b", "c.json;x", "file@/etc/hostname", &format!("file@{}/a", folder.text())];
    let ended = under(&tracer, &arguments, &request(&handles));
    assert_eq!(ended.status, 0, "{}", ended.errors);
    assert_eq!(ended.answer()["a"]["value"], "v");
    fs::read_to_string(log)
        .unwrap()
        .lines()
        .map(without_process)
        .filter(|line| !line.starts_with("+++"))
        .map(str::to_owned)
        .collect()
}

/// With `-f` a process is in front of its call.
fn without_process(line: &str) -> &str {
    line.trim_start_matches(|character: char| character.is_ascii_digit()).trim_start()
}

fn name(call: &str) -> &str {
    call.split_once('(').map_or(call, |(name, _)| name)
}

fn harmless(call: &str) -> Result<(), &'static str> {
    let (name, arguments) = call.split_once('(').ok_or("no call")?;
    if !ALLOWED.contains(&name) {
        return Err("not in the list");
    }
    if name == "write" && !arguments.starts_with("1, ") && !arguments.starts_with("2, ") {
        return Err("written somewhere else");
    }
    // A debug build asks whether what it closes is open.
    if name == "fcntl" && !arguments.contains("F_GETFD") {
        return Err("more than a question");
    }
    let writes = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_TMPFILE"].iter().any(|flag| arguments.contains(flag));
    if name.starts_with("open") && writes { Err("opened for writing") } else { Ok(()) }
}

#[test]
fn a_request_is_answered_without_the_network_or_a_change_of_anything() {
    if !is_there("strace", "that the protocol mode asks nothing of the network and writes to its output only") {
        return;
    }
    for extra in [&[][..], &["-e", "inject=openat2:error=ENOSYS"]] {
        let tracer: Vec<_> = ["strace", "-f", "-qq", "-s", "0"].iter().chain(extra).copied().collect();
        let calls = trace(&tracer);
        for call in &calls {
            assert_eq!(harmless(call), Ok(()), "{call}");
        }
        let count = |wanted: &str| calls.iter().filter(|call| name(call) == wanted).count();
        assert_eq!(count("execve"), 1, "it is what strace started, and starts nothing");
        assert_eq!(count("write"), 2, "one answer, and one line of the audit");
        assert!(count("openat2") > 0, "the way that is to be shown was gone");
    }
}

#[test]
fn the_judge_of_calls_knows_a_bad_one() {
    for call in [
        "socket(AF_INET, SOCK_STREAM, 0) = 3",
        "connect(3, 0x1, 16) = 0",
        "bind(3, 0x1, 16) = 0",
        "write(3, \"\"..., 5) = 5",
        "openat(AT_FDCWD, \"x\", O_RDWR|O_CREAT, 0600) = 3",
        "unlink(\"x\") = 0",
        "fork() = 7",
        "fcntl(3, F_SETLK, {}) = 0",
    ] {
        assert!(harmless(call).is_err(), "{call}");
    }
    assert_eq!(harmless("write(1, \"\"..., 5) = 5"), Ok(()));
}
