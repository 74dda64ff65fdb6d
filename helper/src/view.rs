//! The roots as they are during one call: each opened once, and of each volume beneath them one generation.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustix::fs::{Mode, open};
use rustix::io::Errno;

use crate::beneath::{FOLDER, Opened, Opener};
use crate::handle::Handle;
use crate::volume::{Identity, Volume};

/// One root, open.
#[derive(Debug)]
pub(crate) struct Root<'a> {
    opener: &'a Opener,
    /// As it was given.
    pub(crate) path: &'a Path,
    folder: OwnedFd,
    identity: Identity,
    /// By the path of the folder; none for a folder that is no volume.
    volumes: RefCell<BTreeMap<PathBuf, Option<Rc<Volume>>>>,
    torn: Cell<bool>,
}

/// A file beneath a root, and where it came from.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) opened: Opened,
    pub(crate) generation: Option<String>,
}

impl<'a> Root<'a> {
    pub(crate) fn open(opener: &'a Opener, path: &'a Path) -> Result<Self, Errno> {
        let folder = open(path, FOLDER, Mode::empty())?;
        let identity = Identity::of(folder.as_fd())?;
        Ok(Self { opener, path, folder, identity, volumes: RefCell::default(), torn: Cell::new(false) })
    }

    /// The path of what `handle` means beneath this root. An absolute path is beneath it by its letters, or because one of
    /// its folders is this root by another name, as `/var/run/secrets` is `/run/secrets`.
    pub(crate) fn path_of(&self, handle: &Handle) -> Option<PathBuf> {
        if let Some(path) = handle.beneath(&self.path.to_string_lossy()) {
            return Some(PathBuf::from(path));
        }
        let path = Path::new(handle.path());
        let root = path.ancestors().skip(1).find(|folder| Identity::at(folder) == Ok(self.identity))?;
        path.strip_prefix(root).ok().map(Path::to_owned)
    }

    /// Opens a file, from the one generation where a volume has it. `STALE`: the volume has a newer generation, and this
    /// one is going away.
    pub(crate) fn file(&self, path: &Path) -> Result<Found, Errno> {
        let found = self.look(path);
        if matches!(found, Err(Errno::NOENT)) && self.has_moved() {
            self.torn.set(true);
            return Err(Errno::STALE);
        }
        found
    }

    /// Whether a file was not there because its generation was going away.
    pub(crate) fn is_torn(&self) -> bool {
        self.torn.get()
    }

    fn look(&self, path: &Path) -> Result<Found, Errno> {
        match self.volume_of(path)? {
            Some((volume, rest)) => Ok(Found {
                opened: self.opener.file(volume.generation(), &rest)?,
                generation: Some(volume.name().to_string_lossy().into_owned()),
            }),
            None => Ok(Found { opened: self.opener.file(self.at(), path)?, generation: None }),
        }
    }

    /// The outermost volume on the way to `path`, and the path in it.
    fn volume_of(&self, path: &Path) -> Result<Option<(Rc<Volume>, PathBuf)>, Errno> {
        let mut folders: Vec<_> = path.ancestors().skip(1).collect();
        folders.reverse();
        for folder in folders {
            if let Some(volume) = self.volume(folder)? {
                let rest = path.strip_prefix(folder).unwrap_or(path);
                return Ok(Some((volume, rest.to_owned())));
            }
        }
        Ok(None)
    }

    fn volume(&self, folder: &Path) -> Result<Option<Rc<Volume>>, Errno> {
        if let Some(known) = self.volumes.borrow().get(folder) {
            return Ok(known.clone());
        }
        let volume = Volume::open(self.opener, self.at(), folder)?.map(Rc::new);
        self.volumes.borrow_mut().insert(folder.to_owned(), volume.clone());
        Ok(volume)
    }

    /// Whether the root, or a volume that was looked at, is another one by now.
    fn has_moved(&self) -> bool {
        let volumes = self.volumes.borrow();
        let mut volumes = volumes.values().flatten();
        Identity::at(self.path) != Ok(self.identity) || volumes.any(|volume| volume.has_moved(self.opener, self.at()))
    }

    fn at(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }
}
