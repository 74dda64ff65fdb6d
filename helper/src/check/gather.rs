//! The only part of a check that asks the system: it gathers facts and judges nothing.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{Access, access, readlinkat};

use super::executable::Executable;
use super::mountinfo::{self, Mounts};
use super::rights::{Identity, Standing, Want};
use super::root::{Key, Open, Root};
use super::token;
use crate::handle::Handle;
use crate::reader::Reader;

/// Files that are listed of one root, and folders inside each other.
const MAX_KEYS: usize = 10_000;
const MAX_DEPTH: usize = 16;
/// Bytes of an executable that is compared with this one.
const MAX_PROGRAM: u64 = 256 << 20;

/// Whose rights are judged, and how: by asking the kernel, or by modes alone.
#[derive(Debug, Clone)]
pub struct Judge {
    /// Who.
    pub identity: Identity,
    /// Whether this is somebody else than the one who runs the check.
    pub by_mode: bool,
}

impl Judge {
    /// The one who was asked for, or the one who runs the check.
    pub fn new(given: Option<Identity>) -> Self {
        match given {
            Some(identity) => Self { identity, by_mode: true },
            None => Self { identity: this(), by_mode: false },
        }
    }

    /// Whether the identity may do it with a file, links followed and every folder above it included.
    fn may(&self, want: Want, path: &Path) -> bool {
        if !self.by_mode {
            return access(path, bits(want)).is_ok();
        }
        let Ok(real) = path.canonicalize() else { return false };
        let folders = real.ancestors().skip(1).filter(|_| self.identity.uid != 0);
        let may = |path: &Path, want| standing(path).is_ok_and(|standing| self.identity.may(want, standing));
        may(&real, want) && folders.into_iter().all(|folder| may(folder, Want::Execute))
    }
}

fn bits(want: Want) -> Access {
    match want {
        Want::Read => Access::READ_OK,
        Want::Write => Access::WRITE_OK,
        Want::Execute => Access::EXEC_OK,
    }
}

/// Who runs the check, as `access` sees it.
fn this() -> Identity {
    let groups = rustix::process::getgroups().unwrap_or_default();
    Identity {
        uid: rustix::process::getuid().as_raw(),
        gid: rustix::process::getgid().as_raw(),
        groups: groups.into_iter().map(rustix::process::Gid::as_raw).collect(),
    }
}

fn standing_of(metadata: &Metadata) -> Standing {
    Standing { mode: metadata.mode() & 0o7777, uid: metadata.uid(), gid: metadata.gid() }
}

fn standing(path: &Path) -> io::Result<Standing> {
    fs::metadata(path).map(|metadata| standing_of(&metadata))
}

/// The mounts of this process; none if `/proc` does not show them.
pub fn mounts() -> Option<Mounts> {
    let mut table = Vec::new();
    let file = File::open("/proc/self/mountinfo").ok()?;
    file.take(mountinfo::MAX_BYTES as u64).read_to_end(&mut table).ok()?;
    Some(Mounts::parse(&table))
}

/// An executable, links followed.
pub fn executable(path: &Path, judge: &Judge, mounts: Option<&Mounts>) -> Option<Executable> {
    let real = path.canonicalize().ok()?;
    let folder = real.parent()?;
    Some(Executable {
        path: real.display().to_string(),
        standing: standing(&real).ok()?,
        mount: mounts.and_then(|mounts| mounts.of(&real)).cloned(),
        runs: judge.may(Want::Execute, &real),
        may_write: judge.may(Want::Write, &real) || judge.may(Want::Write, folder),
    })
}

/// What a command is, beside this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// There is no such file.
    Missing,
    /// It is another program.
    Other,
    /// It is this one, or a copy of it.
    Same,
}

/// Compares a command with this program.
pub fn command(path: &Path) -> Command {
    match (fs::metadata(path), std::env::current_exe().and_then(fs::metadata)) {
        (Ok(theirs), _) if !theirs.is_file() => Command::Missing,
        (Err(_), _) => Command::Missing,
        (Ok(theirs), Ok(ours)) if (theirs.dev(), theirs.ino()) == (ours.dev(), ours.ino()) => Command::Same,
        (Ok(theirs), Ok(ours)) if theirs.len() == ours.len() && is_copy(path).unwrap_or(false) => Command::Same,
        _ => Command::Other,
    }
}

fn is_copy(path: &Path) -> io::Result<bool> {
    let bytes = |path: &Path| -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(MAX_PROGRAM).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    Ok(bytes(path)? == bytes(&std::env::current_exe()?)?)
}

/// Whether the token that Kubernetes mounts can be read.
pub fn token_is_reachable(judge: &Judge) -> bool {
    judge.may(Want::Read, Path::new(token::MOUNTED))
}

/// A root with its keys.
pub fn root(path: &Path, judge: &Judge, mounts: Option<&Mounts>) -> Root {
    let state = open(path, judge, mounts).map_err(|error| error.to_string());
    Root { path: path.to_owned(), state }
}

fn open(path: &Path, judge: &Judge, mounts: Option<&Mounts>) -> io::Result<Open> {
    let real = path.canonicalize()?;
    let metadata = fs::metadata(&real)?;
    if !metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotADirectory, "it is no folder"));
    }
    let mut listing = Listing { real: &real, judge, mounts, keys: Vec::new(), newest: None };
    listing.folder(&real, MAX_DEPTH)?;
    let Listing { mut keys, newest, .. } = listing;
    keys.sort_by(|one, other| one.path.cmp(&other.path));
    let reader = Reader::new(vec![real.clone()], crate::limits::VALUE_CAP);
    for key in &mut keys {
        key.token = is_token(&reader, &key.path);
    }
    let nested = mounts.map(|mounts| nested(mounts, &real)).unwrap_or_default();
    // A generation is a folder that the kubelet writes once.
    let written = fs::metadata(real.join("..data")).and_then(|found| found.modified()).ok().or(newest);
    Ok(Open {
        standing: standing_of(&metadata),
        mount: mounts.and_then(|mounts| mounts.of(&real)).cloned(),
        generation: generation(&real),
        age: written.map(|written| SystemTime::now().duration_since(written).unwrap_or(Duration::ZERO)),
        keys,
        nested,
        real,
    })
}

/// Reads a value to see whether it is a token, and forgets it.
fn is_token(reader: &Reader, path: &str) -> bool {
    let reading = Handle::parse(path).ok().and_then(|handle| reader.read(&handle).ok());
    reading.is_some_and(|reading| token::is_token(&reading.value))
}

/// What `..data` leads to.
fn generation(root: &Path) -> Option<String> {
    let name = readlinkat(rustix::fs::CWD, root.join("..data"), Vec::new()).ok()?;
    Some(name.to_string_lossy().into_owned())
}

/// Mounts beneath a root that are folders; a single file that is mounted is a key.
fn nested(mounts: &Mounts, root: &Path) -> Vec<PathBuf> {
    let folders = mounts.beneath(root).filter(|mount| !fs::metadata(&mount.point).is_ok_and(|found| found.is_file()));
    folders.map(|mount| mount.point.clone()).collect()
}

struct Listing<'a> {
    real: &'a Path,
    judge: &'a Judge,
    mounts: Option<&'a Mounts>,
    keys: Vec<Key>,
    newest: Option<SystemTime>,
}

impl Listing<'_> {
    /// Lists the files beneath a folder, links of the kubelet's followed, and nothing that lies elsewhere.
    fn folder(&mut self, folder: &Path, depth: usize) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let hidden = entry.file_name().as_bytes().starts_with(b"..");
            if hidden || self.keys.len() >= MAX_KEYS || !self.is_within(&entry.path()) {
                continue;
            }
            match fs::metadata(entry.path()) {
                // A folder that cannot be read has keys that nobody here can read either.
                Ok(found) if found.is_dir() && depth > 0 => drop(self.folder(&entry.path(), depth - 1)),
                Ok(found) if found.is_file() => self.key(&entry.path(), &found),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether a path lies beneath the root, and no folder on the way is a mount of its own.
    fn is_within(&self, path: &Path) -> bool {
        let Ok(real) = path.canonicalize() else { return false };
        let crosses =
            |mounts: &Mounts| mounts.beneath(self.real).any(|mount| real.starts_with(&mount.point) && real.is_dir());
        real.starts_with(self.real) && !self.mounts.is_some_and(crosses)
    }

    fn key(&mut self, path: &Path, found: &Metadata) {
        let Ok(beneath) = path.strip_prefix(self.real) else { return };
        let mount = self.mounts.and_then(|mounts| mounts.of(path));
        self.newest = self.newest.max(found.modified().ok());
        self.keys.push(Key {
            path: beneath.to_string_lossy().into_owned(),
            standing: standing_of(found),
            reads: self.judge.may(Want::Read, path),
            own: mount.filter(|mount| mount.point == path).cloned(),
            token: false,
        });
    }
}
