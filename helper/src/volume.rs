//! One generation of a volume.
//!
//! The kubelet writes a new folder, turns the link `..data` to it, and removes the old one; the files that a pod sees are
//! links through `..data`. Who opens them one by one may get the user of one generation with the password of the next. So
//! `..data` is resolved once, and everything is opened beneath the folder behind it, which stays the same folder even when
//! it is no longer the newest.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

use rustix::fs::{fstat, readlinkat};
use rustix::io::Errno;

use crate::beneath::Opener;

/// The link to the newest generation.
const DATA: &str = "..data";

/// How often a link that led nowhere is read again: each time the generation was replaced in between.
const TRIES: usize = 100;

/// What makes a folder itself, while it is held open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    pub(crate) fn of(folder: BorrowedFd<'_>) -> Result<Self, Errno> {
        fstat(folder).map(|stat| Self { device: stat.st_dev, inode: stat.st_ino })
    }

    /// Of what stands at `path`, links followed.
    pub(crate) fn at(path: &Path) -> Result<Self, Errno> {
        rustix::fs::stat(path).map(|stat| Self { device: stat.st_dev, inode: stat.st_ino })
    }
}

/// A folder that a kubelet writes, and one of its generations.
#[derive(Debug)]
pub(crate) struct Volume {
    /// The folder that has `..data`; none is the root itself.
    folder: Option<OwnedFd>,
    generation: OwnedFd,
    identity: Identity,
    name: OsString,
}

impl Volume {
    /// The volume at `path` beneath `root`, or none where the folder has no link `..data`.
    pub(crate) fn open(opener: &Opener, root: BorrowedFd<'_>, path: &Path) -> Result<Option<Self>, Errno> {
        let folder = if path.as_os_str().is_empty() { None } else { Some(opener.folder(root, path)?) };
        let at = folder.as_ref().map_or(root, |folder| folder.as_fd());
        let Some((name, generation)) = newest(opener, at)? else { return Ok(None) };
        let identity = Identity::of(generation.as_fd())?;
        Ok(Some(Self { folder, generation, identity, name }))
    }

    /// To open files beneath.
    pub(crate) fn generation(&self) -> BorrowedFd<'_> {
        self.generation.as_fd()
    }

    /// What the kubelet calls the generation: the time of its writing, and a random number.
    pub(crate) fn name(&self) -> &OsStr {
        &self.name
    }

    /// Whether `..data` leads somewhere else by now.
    pub(crate) fn has_moved(&self, opener: &Opener, root: BorrowedFd<'_>) -> bool {
        let at = self.folder.as_ref().map_or(root, |folder| folder.as_fd());
        let newest = opener.folder(at, Path::new(DATA)).and_then(|folder| Identity::of(folder.as_fd()));
        newest != Ok(self.identity)
    }
}

/// The generation by the name that the link has, so that name and folder belong together.
fn newest(opener: &Opener, at: BorrowedFd<'_>) -> Result<Option<(OsString, OwnedFd)>, Errno> {
    for _ in 0..TRIES {
        let name = match readlinkat(at, DATA, Vec::new()) {
            Ok(name) => OsString::from_vec(name.into_bytes()),
            Err(Errno::NOENT | Errno::INVAL) => return Ok(None),
            Err(error) => return Err(error),
        };
        match opener.folder(at, Path::new(&name)) {
            Ok(folder) => return Ok(Some((name, folder))),
            Err(Errno::NOENT) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Errno::NOENT)
}
