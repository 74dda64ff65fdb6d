//! One call: handles become values, all of one generation.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use rustix::io::Errno;
use sealed::Sealed;

use crate::beneath::{Opener, Way};
use crate::failure::Failure;
use crate::fields::{self, Fields};
use crate::handle::{Encoding, Handle};
use crate::view::{Found, Root};
use crate::{content, limits};

/// How often a call begins anew because the generation it read from went away. The kubelet replaces one at most every few
/// seconds; a call takes less than a millisecond.
const ATTEMPTS: usize = 100;

/// What is read, and how much of it.
#[derive(Debug)]
pub struct Reader {
    roots: Vec<PathBuf>,
    limit: usize,
    opener: Opener,
}

impl Reader {
    /// Reads values of at most `limit` bytes beneath `roots`; of two roots that have a file the first is read.
    pub fn new(roots: Vec<PathBuf>, limit: usize) -> Self {
        Self::by(Way::Kernel, roots, limit)
    }

    /// The same, beginning with this way of resolving paths.
    pub fn by(way: Way, roots: Vec<PathBuf>, limit: usize) -> Self {
        Self { roots, limit: limit.min(limits::VALUE_CAP), opener: Opener::new(way) }
    }

    /// Where it reads.
    pub fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// The way in which paths are resolved; the walk once `openat2` was refused.
    pub fn way(&self) -> Way {
        self.opener.way()
    }

    /// One call. `work` is done again from its beginning, and its earlier result is dropped, when a generation went away
    /// while it read; so all that one call of `work` reads of a volume is of one generation.
    pub fn call<T>(&self, mut work: impl FnMut(&View<'_>) -> T) -> T {
        for _ in 1..ATTEMPTS {
            let view = View::open(self);
            let done = work(&view);
            if !view.is_torn() {
                return done;
            }
        }
        work(&View::open(self))
    }

    /// A call for one handle.
    pub fn read(&self, handle: &Handle) -> Result<Reading, Failure> {
        self.call(|view| view.read(handle))
    }
}

/// A value, and the file it came from.
#[derive(Debug, PartialEq)]
pub struct Reading {
    /// The bytes of the file or of its field, before any encoding. Not empty, and UTF-8 unless base64 was asked for.
    pub value: Sealed,
    /// The file.
    pub origin: Origin,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The root, as it was given.
    pub root: PathBuf,
    /// The path beneath it.
    pub path: PathBuf,
    /// What the kubelet calls the generation; none where the file is in no volume of its.
    pub generation: Option<String>,
    /// How many bytes the file has.
    pub bytes: u64,
    /// When it was written.
    pub modified: SystemTime,
    /// Its permission bits.
    pub mode: u32,
    /// Whether it is a mount of its own: a Docker secret, or a `subPath`, which the kubelet never updates.
    pub own_mount: bool,
}

/// The roots during one call.
#[derive(Debug)]
pub struct View<'a> {
    reader: &'a Reader,
    roots: Vec<(&'a Path, Result<Root<'a>, Errno>)>,
    /// The fields of the JSON file that was asked for last: handles come in order, so those of one file follow each other.
    json: RefCell<Option<Json>>,
}

/// A JSON file that was read.
#[derive(Clone, Debug)]
struct Json {
    root: PathBuf,
    path: PathBuf,
    fields: Rc<Result<Fields, fields::Error>>,
    origin: Origin,
}

impl<'a> View<'a> {
    fn open(reader: &'a Reader) -> Self {
        let opened = reader.roots.iter().map(|root| (root.as_path(), Root::open(&reader.opener, root)));
        Self { reader, roots: opened.collect(), json: RefCell::new(None) }
    }

    fn is_torn(&self) -> bool {
        self.opened().any(Root::is_torn)
    }

    fn opened(&self) -> impl Iterator<Item = &Root<'a>> {
        self.roots.iter().filter_map(|(_, root)| root.as_ref().ok())
    }

    /// The value that `handle` means.
    ///
    /// # Errors
    /// There is none; the error is this handle's alone.
    pub fn read(&self, handle: &Handle) -> Result<Reading, Failure> {
        if self.is_torn() {
            return Err(Failure::Moving);
        }
        let reading = self.found(handle)?;
        if reading.value.is_empty() {
            return Err(Failure::Empty);
        }
        if reading.value.len() > self.reader.limit {
            return Err(Failure::TooLong { limit: self.reader.limit });
        }
        let is_text = handle.encoding() == Encoding::Base64 || std::str::from_utf8(reading.value.expose()).is_ok();
        if is_text { Ok(reading) } else { Err(Failure::NotText) }
    }

    /// From the first root that has the file.
    fn found(&self, handle: &Handle) -> Result<Reading, Failure> {
        for root in self.opened() {
            let Some(path) = root.path_of(handle) else { continue };
            match self.value(root, &path, handle.field()) {
                Err(Failure::System(Errno::NOENT | Errno::NOTDIR)) => {}
                other => return other,
            }
        }
        Err(self.nowhere(handle))
    }

    /// Why no root had it: one that should have been there comes first.
    fn nowhere(&self, handle: &Handle) -> Failure {
        let closed = self.roots.iter().find_map(|(path, root)| Some((path, *root.as_ref().err()?)));
        if let Some((path, error)) = closed {
            return Failure::Root((*path).to_owned(), error);
        }
        let roots = self.reader.roots.clone();
        if self.opened().any(|root| root.path_of(handle).is_some()) {
            Failure::NotFound(roots)
        } else {
            Failure::Elsewhere(roots)
        }
    }

    fn value(&self, root: &Root<'_>, path: &Path, field: Option<&str>) -> Result<Reading, Failure> {
        let Some(field) = field else { return file(root, path, self.reader.limit) };
        let json = self.json(root, path)?;
        let value = json.fields.as_ref().as_ref().map_err(|error| *error).and_then(|fields| fields.get(field));
        Ok(Reading { value: value.map_err(Failure::Field)?, origin: json.origin })
    }

    fn json(&self, root: &Root<'_>, path: &Path) -> Result<Json, Failure> {
        if let Some(known) = self.json.borrow().as_ref().filter(|known| known.root == root.path && known.path == path) {
            return Ok(known.clone());
        }
        let Reading { value, origin } = file(root, path, limits::JSON_FILE)?;
        let fields = Rc::new(Fields::parse(&value));
        let json = Json { root: root.path.to_owned(), path: path.to_owned(), fields, origin };
        self.json.replace(Some(json.clone()));
        Ok(json)
    }
}

fn file(root: &Root<'_>, path: &Path, limit: usize) -> Result<Reading, Failure> {
    let Found { opened, generation } = root.file(path).map_err(|error| match error {
        Errno::STALE => Failure::Moving,
        other => other.into(),
    })?;
    let (value, stat) = content::read(&opened.file, limit)?;
    let origin = Origin {
        root: root.path.to_owned(),
        path: path.to_owned(),
        generation,
        bytes: u64::try_from(stat.st_size).unwrap_or_default(),
        modified: SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(stat.st_mtime).unwrap_or_default()),
        mode: stat.st_mode & 0o7777,
        own_mount: opened.own_mount,
    };
    Ok(Reading { value, origin })
}

#[cfg(test)]
mod tests;
