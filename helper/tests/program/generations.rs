//! A user and a password that belong together, while a kubelet replaces both 10,000 times.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use keyferry_helper::beneath::Way;
use keyferry_helper::failure::Failure;
use keyferry_helper::handle::Handle;
use keyferry_helper::reader::Reader;

use crate::run::{Folder, program, request};

const SWAPS: usize = 10_000;

/// As the kubelet's atomic writer does it: a new folder, `..data_tmp`, a rename, the old folder removed.
fn write_generation(folder: &Folder, number: usize) {
    let name = format!("..g{number}");
    for key in ["user", "password"] {
        folder.file(&format!("{name}/{key}"), number.to_string());
    }
    folder.link("..data_tmp", &name);
    fs::rename(folder.path().join("..data_tmp"), folder.path().join("..data")).unwrap();
    if let Some(before) = number.checked_sub(1) {
        fs::remove_dir_all(folder.path().join(format!("..g{before}"))).unwrap();
    }
}

fn volume() -> Folder {
    let folder = Folder::in_memory();
    write_generation(&folder, 0);
    for key in ["user", "password"] {
        folder.link(key, &format!("..data/{key}"));
    }
    folder
}

/// What one reader saw.
#[derive(Default)]
struct Seen {
    pairs: usize,
    mixed: usize,
    missing: usize,
    generations: BTreeSet<String>,
}

impl Seen {
    fn add(&mut self, user: Option<String>, password: Option<String>) {
        self.pairs += 1;
        match (user, password) {
            (Some(user), Some(password)) if user == password => drop(self.generations.insert(user)),
            (Some(_), Some(_)) => self.mixed += 1,
            _ => self.missing += 1,
        }
    }
}

/// Reads while the other one writes; ends with it.
fn watch(running: &AtomicBool, mut pair: impl FnMut() -> (Option<String>, Option<String>)) -> Seen {
    let mut seen = Seen::default();
    while running.load(Ordering::Relaxed) {
        let (user, password) = pair();
        seen.add(user, password);
    }
    seen
}

fn by_reader(reader: &Reader) -> (Option<String>, Option<String>) {
    let [user, password] = ["user", "password"].map(|name| Handle::parse(name).unwrap());
    let text = |read: Result<keyferry_helper::reader::Reading, Failure>| {
        read.ok().map(|reading| String::from_utf8(reading.value.expose().to_vec()).unwrap())
    };
    reader.call(|view| (text(view.read(&user)), text(view.read(&password))))
}

fn by_program(root: &Path) -> (Option<String>, Option<String>) {
    let answer = program(&[root], &request(&["user", "password"])).answer();
    let text = |name: &str| answer[name]["value"].as_str().map(str::to_owned);
    (text("user"), text("password"))
}

/// What a program does that opens the two files one after the other.
fn one_by_one(root: &Path) -> (Option<String>, Option<String>) {
    let text = |name: &str| fs::read_to_string(root.join(name)).ok();
    (text("user"), text("password"))
}

#[test]
fn no_pair_is_of_two_generations_while_10_000_replace_each_other() {
    let folder = volume();
    let (running, swaps) = (AtomicBool::new(true), AtomicUsize::new(0));
    let reader = |way| Reader::by(way, vec![folder.path().to_owned()], 1024);
    let with = |reader: &Reader| watch(&running, || by_reader(reader));
    let [kernel, walk, called, naive] = std::thread::scope(|scope| {
        let watchers = [
            scope.spawn(|| with(&reader(Way::Kernel))),
            scope.spawn(|| with(&reader(Way::Walk))),
            scope.spawn(|| watch(&running, || by_program(folder.path()))),
            scope.spawn(|| watch(&running, || one_by_one(folder.path()))),
        ];
        for number in 1..=SWAPS {
            write_generation(&folder, number);
            swaps.fetch_add(1, Ordering::Relaxed);
        }
        running.store(false, Ordering::Relaxed);
        watchers.map(|watcher| watcher.join().unwrap())
    });
    assert_eq!(swaps.into_inner(), SWAPS);
    assert_eq!(fs::read_to_string(folder.path().join("user")).unwrap(), SWAPS.to_string());
    for (seen, name, least) in [(&kernel, "openat2", 100), (&walk, "walk", 100), (&called, "program", 20)] {
        assert_eq!((seen.mixed, seen.missing), (0, 0), "{name}, {} pairs", seen.pairs);
        assert!(seen.generations.len() >= least, "{name} saw {} generations only", seen.generations.len());
    }
    assert!(naive.mixed + naive.missing > 0, "who opens file by file would have been caught: {} pairs", naive.pairs);
}
