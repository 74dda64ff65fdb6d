//! Which files of a folder are configuration, and their text.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::MAX_BYTES;

/// Files of one folder, those of folders beneath it included.
pub const MAX_FILES: usize = 1_000;
/// Folders inside each other.
const MAX_FOLDERS: usize = 8;
/// Entries of folders that are looked at, whatever they are.
const MAX_ENTRIES: usize = 20_000;

/// Why a file or a folder of configuration was not read.
#[derive(Debug)]
pub enum Unread {
    /// The system says no.
    Io(io::Error),
    /// It is a device, a pipe or a socket.
    NoFile,
    /// It has more than [`MAX_BYTES`].
    TooLong,
    /// It is not UTF-8.
    NoText,
    /// The folder has more than [`MAX_FILES`] files of configuration, or is too wide or too deep.
    TooMany,
}

impl fmt::Display for Unread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(formatter, "cannot be read: {error}"),
            Self::NoFile => formatter.write_str("is not a regular file"),
            Self::TooLong => write!(formatter, "is longer than {MAX_BYTES} bytes"),
            Self::NoText => formatter.write_str("is not UTF-8 text"),
            Self::TooMany => {
                write!(formatter, "holds more than {MAX_FILES} files of configuration, or too many levels")
            }
        }
    }
}

impl std::error::Error for Unread {}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The text of a file of at most [`MAX_BYTES`]. A pipe or a device is never waited for.
pub fn read(path: &Path) -> Result<String, Unread> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(Unread::NoFile);
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_BYTES {
        return Err(Unread::TooLong);
    }
    String::from_utf8(bytes).map_err(|_| Unread::NoText)
}

/// The files that a path stands for, sorted: itself if it is no folder, else its `*.yaml`, `*.yml` and `*.json` at any depth.
/// Names that begin with a dot are left out (a mounted ConfigMap has its generations there), and links to folders are not followed.
pub fn files_beneath(path: &Path) -> Result<Vec<PathBuf>, Unread> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut search = Search { files: Vec::new(), entries: MAX_ENTRIES };
    search.folder(path, MAX_FOLDERS)?;
    search.files.sort();
    Ok(search.files)
}

struct Search {
    files: Vec<PathBuf>,
    entries: usize,
}

impl Search {
    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), Unread> {
        let deeper = depth.checked_sub(1).ok_or(Unread::TooMany)?;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            self.entries = self.entries.checked_sub(1).ok_or(Unread::TooMany)?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if entry.file_type()?.is_dir() {
                self.folder(&entry.path(), deeper)?;
            } else if is_configuration(&entry.path()) {
                self.push(entry.path())?;
            }
        }
        Ok(())
    }

    fn push(&mut self, file: PathBuf) -> Result<(), Unread> {
        if self.files.len() >= MAX_FILES {
            return Err(Unread::TooMany);
        }
        self.files.push(file);
        Ok(())
    }
}

fn is_configuration(path: &Path) -> bool {
    path.extension().and_then(|end| end.to_str()).is_some_and(|end| matches!(end, "yaml" | "yml" | "json"))
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("keyferry-files-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_folder_stands_for_its_configuration_at_any_depth_and_not_for_generations_of_a_mount() {
        let root = folder("depth");
        for name in ["conf.d/redis.d/conf.yaml", "conf.d/b.yml", "a.json", "conf.d/c.yaml.example", "..2026/old.yaml"] {
            let file = root.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "a: 1").unwrap();
        }
        std::os::unix::fs::symlink("..2026/old.yaml", root.join("key.yaml")).unwrap();
        let expected = ["a.json", "conf.d/b.yml", "conf.d/redis.d/conf.yaml", "key.yaml"].map(|name| root.join(name));
        assert_eq!(files_beneath(&root).unwrap(), expected);
        assert_eq!(files_beneath(&root.join("conf.d/c.yaml.example")).unwrap(), [root.join("conf.d/c.yaml.example")]);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn what_is_no_text_of_bounded_length_is_refused() {
        let root = folder("refused");
        fs::write(root.join("binary"), [0xff, 0xfe]).unwrap();
        File::create(root.join("long")).unwrap().set_len(MAX_BYTES as u64 + 1).unwrap();
        assert!(matches!(read(&root.join("binary")), Err(Unread::NoText)));
        assert!(matches!(read(&root.join("long")), Err(Unread::TooLong)));
        assert!(matches!(read(Path::new("/dev/zero")), Err(Unread::NoFile)));
        let pipe = root.join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert!(matches!(read(&pipe), Err(Unread::NoFile)), "nobody writes into it");
        assert!(matches!(read(&root), Err(Unread::NoFile)));
        assert!(matches!(read(&root.join("none")), Err(Unread::Io(_))));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_folder_of_too_many_files_is_refused() {
        let root = folder("many");
        for number in 0..=MAX_FILES {
            fs::write(root.join(format!("{number}.yaml")), "").unwrap();
        }
        assert!(matches!(files_beneath(&root), Err(Unread::TooMany)));
        fs::remove_dir_all(root).unwrap();
    }
}
