//! Opening files and folders beneath a folder that is open already, and nowhere else.
//!
//! The kernel does it (`openat2`) where it can: links are followed as long as they stay beneath the folder, `/proc`'s magic
//! links are not, and no mount is crossed. A kernel before 5.6, gVisor and some seccomp profiles do not know the call; then
//! [`walk`] does the same step by step.
//!
//! # Mounts
//! Crossing a mount is what must not happen: a pod's token lies at `/run/secrets/kubernetes.io/serviceaccount`, beneath the
//! default root, and is a mount of its own. But Docker, Swarm and Compose show every secret at `/run/secrets/NAME` as a mount
//! of its own too. What tells them apart is what is mounted: a token is a folder, a Docker secret is one file. So the last
//! part of a path may be a file that is a mount itself, if it is no link and its folder is reached without crossing a mount.
//! Whoever mounts a single file there has named it; and a volume as a whole is only read where it is given as a root.

mod walk;

use std::cell::Cell;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, ResolveFlags, fstat, openat, openat2};
use rustix::io::Errno;

pub(crate) const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Without blocking, whatever it is: a FIFO would wait for its writer.
const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

const BENEATH: ResolveFlags = ResolveFlags::BENEATH.union(ResolveFlags::NO_MAGICLINKS).union(ResolveFlags::NO_XDEV);

/// How often an answer that means "somebody renamed something just now" is asked again.
const TRIES: usize = 16;

/// Who resolves a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The kernel, in one call.
    Kernel,
    /// This program, part by part.
    Walk,
}

/// Opens beneath folders; the first refusal of `openat2` turns it to the walk for good.
#[derive(Debug)]
pub struct Opener {
    way: Cell<Way>,
}

/// A file that was opened.
#[derive(Debug)]
pub struct Opened {
    /// To be read from. Nothing is known yet of what it is.
    pub file: OwnedFd,
    /// Whether it is a mount of its own: a Docker secret, or a `subPath`, which the kubelet never updates.
    pub own_mount: bool,
}

impl Opener {
    /// Begins with this way.
    pub fn new(way: Way) -> Self {
        Self { way: Cell::new(way) }
    }

    /// The way that is gone now.
    pub fn way(&self) -> Way {
        self.way.get()
    }

    /// A folder beneath `base`, to open others beneath it.
    pub fn folder(&self, base: BorrowedFd<'_>, path: &Path) -> Result<OwnedFd, Errno> {
        self.open(base, path, FOLDER)
    }

    /// A file beneath `base`. `XDEV` says that the path leads out, or into another mount.
    pub fn file(&self, base: BorrowedFd<'_>, path: &Path) -> Result<Opened, Errno> {
        match self.open(base, path, READ) {
            Ok(file) => Ok(Opened { file, own_mount: false }),
            Err(Errno::XDEV) => Ok(Opened { file: self.mounted(base, path)?, own_mount: true }),
            Err(error) => Err(error),
        }
    }

    /// A file that is a mount itself (see "Mounts" above), or `XDEV` again.
    fn mounted(&self, base: BorrowedFd<'_>, path: &Path) -> Result<OwnedFd, Errno> {
        let name = path.file_name().ok_or(Errno::XDEV)?;
        let folder = match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => Some(self.folder(base, parent)?),
            None => None,
        };
        let folder = folder.as_ref().map_or(base, AsFd::as_fd);
        // One part that may be no link leads nowhere else, so that no flag of `openat2` is needed.
        let file = openat(folder, name, READ | OFlags::NOFOLLOW, Mode::empty()).map_err(|error| match error {
            Errno::LOOP => Errno::XDEV,
            other => other,
        })?;
        let mode = fstat(&file)?.st_mode;
        if rustix::fs::FileType::from_raw_mode(mode).is_file() { Ok(file) } else { Err(Errno::XDEV) }
    }

    fn open(&self, base: BorrowedFd<'_>, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        if self.way() == Way::Kernel {
            match again(|| openat2(base, path, flags, Mode::empty(), BENEATH)) {
                // Nothing else that is asked here answers EPERM: it is a seccomp profile.
                Err(Errno::NOSYS | Errno::PERM) => self.way.set(Way::Walk),
                answer => return answer,
            }
        }
        again(|| walk::open(base, path, flags))
    }
}

fn again<T>(mut open: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    for _ in 1..TRIES {
        match open() {
            Err(Errno::AGAIN | Errno::INTR) => {}
            answer => return answer,
        }
    }
    open()
}

#[cfg(test)]
mod tests;
