//! What `openat2` does, part by part, where the kernel does not have it or a profile forbids it.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, StatxFlags, fstat, openat, readlinkat, statx};
use rustix::io::Errno;

/// As many links as the kernel follows in one path.
const LINKS: usize = 40;

/// The most folders between the base and the file.
const DEPTH: usize = 64;

/// A part of a path as it is, no link followed.
const PART: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Opens `path` beneath `base` with `flags`. `XDEV`: it leads out or into another mount; `LOOP`: too many links;
/// `AGAIN`: somebody renamed what was looked at.
pub(super) fn open(base: BorrowedFd<'_>, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let mut walk = Walk { base, mount: Node::of(base)?.mount, folders: Vec::new(), ahead: Vec::new(), links: 0 };
    walk.push(path.as_os_str())?;
    while let Some(part) = walk.ahead.pop() {
        match part.as_bytes() {
            b"" | b"." => {}
            b".." => drop(walk.folders.pop().ok_or(Errno::XDEV)?),
            _ => {
                if let Some(found) = walk.step(&part, flags)? {
                    return Ok(found);
                }
            }
        }
    }
    openat(walk.here(), ".", flags, Mode::empty())
}

/// Where the walk is. Its folders are open, so that `..` is the folder it came from, whatever was renamed since.
struct Walk<'a> {
    base: BorrowedFd<'a>,
    mount: Mount,
    folders: Vec<OwnedFd>,
    /// The parts to come, the next one last.
    ahead: Vec<OsString>,
    links: usize,
}

impl Walk<'_> {
    fn here(&self) -> BorrowedFd<'_> {
        self.folders.last().map_or(self.base, AsFd::as_fd)
    }

    /// Puts the parts of `path` before those to come.
    fn push(&mut self, path: &OsStr) -> Result<(), Errno> {
        if path.as_bytes().starts_with(b"/") {
            return Err(Errno::XDEV);
        }
        let parts = path.as_bytes().split(|byte| *byte == b'/').rev();
        self.ahead.extend(parts.map(|part| OsStr::from_bytes(part).to_owned()));
        Ok(())
    }

    /// Goes on by one part; the file, where it was the last.
    fn step(&mut self, part: &OsStr, flags: OFlags) -> Result<Option<OwnedFd>, Errno> {
        let opened = openat(self.here(), part, PART, Mode::empty())?;
        let node = Node::of(opened.as_fd())?;
        if node.kind == FileType::Symlink {
            return self.follow(&opened).map(|()| None);
        }
        if node.mount != self.mount {
            return Err(Errno::XDEV);
        }
        if self.ahead.is_empty() {
            return self.last(part, flags, node).map(Some);
        }
        self.enter(opened, node).map(|()| None)
    }

    fn follow(&mut self, link: &OwnedFd) -> Result<(), Errno> {
        self.links += 1;
        if self.links > LINKS {
            return Err(Errno::LOOP);
        }
        let target = OsString::from_vec(readlinkat(link, "", Vec::new())?.into_bytes());
        self.push(&target)
    }

    fn enter(&mut self, folder: OwnedFd, node: Node) -> Result<(), Errno> {
        if node.kind != FileType::Directory {
            return Err(Errno::NOTDIR);
        }
        if self.folders.len() >= DEPTH {
            return Err(Errno::NAMETOOLONG);
        }
        self.folders.push(folder);
        Ok(())
    }

    /// Opens for good what was looked at, if it is still that.
    fn last(&self, part: &OsStr, flags: OFlags, node: Node) -> Result<OwnedFd, Errno> {
        let opened =
            openat(self.here(), part, flags | OFlags::NOFOLLOW, Mode::empty()).map_err(|error| match error {
                Errno::LOOP => Errno::AGAIN,
                other => other,
            })?;
        if Node::of(opened.as_fd())? == node { Ok(opened) } else { Err(Errno::AGAIN) }
    }
}

/// A mount by its device, and by its number where the kernel tells: a bind mount has its source's device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mount {
    device: u64,
    id: Option<u64>,
}

/// One file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Node {
    mount: Mount,
    inode: u64,
    kind: FileType,
}

impl Node {
    fn of(file: BorrowedFd<'_>) -> Result<Self, Errno> {
        let stat = fstat(file)?;
        let mount = Mount { device: stat.st_dev, id: mount_id(file) };
        Ok(Self { mount, inode: stat.st_ino, kind: FileType::from_raw_mode(stat.st_mode) })
    }
}

/// Linux 5.8 and newer.
fn mount_id(file: BorrowedFd<'_>) -> Option<u64> {
    let found = statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID).ok()?;
    StatxFlags::from_bits_retain(found.stx_mask).contains(StatxFlags::MNT_ID).then_some(found.stx_mnt_id)
}
