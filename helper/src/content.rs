//! From an open file to its bytes: whole or not at all.

use std::os::fd::AsFd;

use rustix::fs::{FileType, Stat, fstat};
use rustix::io::{Errno, pread};
use sealed::Sealed;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// Reads a regular file of at most `limit` bytes; never a part of it.
///
/// # Errors
/// It is something else, longer, or cannot be read.
pub(crate) fn read(file: impl AsFd, limit: usize) -> Result<(Sealed, Stat), Failure> {
    let file = file.as_fd();
    let stat = fstat(file)?;
    let kind = FileType::from_raw_mode(stat.st_mode);
    if !kind.is_file() {
        return Err(Failure::NotAFile(name_of(kind)));
    }
    let bytes = usize::try_from(stat.st_size).unwrap_or(usize::MAX);
    if bytes > limit {
        return Err(Failure::TooLong { limit });
    }
    // The size is a promise that a file which is being written does not keep: then there is a second try with all the room.
    let found = match filled(file, bytes + 1)? {
        Some(found) => found,
        None => filled(file, limit + 1)?.ok_or(Failure::TooLong { limit })?,
    };
    Ok((found, stat))
}

/// The whole file, if it has fewer than `room` bytes. The buffer is never moved, so no copy of it stays behind.
fn filled(file: impl AsFd, room: usize) -> Result<Option<Sealed>, Errno> {
    let mut buffer = Zeroizing::new(vec![0; room]);
    let mut length = 0;
    while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match pread(&file, rest, length as u64) {
            Ok(0) => {
                buffer.truncate(length);
                return Ok(Some(Sealed::new(std::mem::take(&mut *buffer))));
            }
            Ok(more) => length += more,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn name_of(kind: FileType) -> &'static str {
    match kind {
        FileType::Directory => "a folder",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        _ => "something else",
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write as _;

    use super::*;
    use crate::scratch::Scratch;

    fn written(scratch: &Scratch, bytes: &[u8]) -> File {
        let path = scratch.path("file");
        File::create(&path).unwrap().write_all(bytes).unwrap();
        File::open(path).unwrap()
    }

    #[test]
    fn a_file_is_read_whole_up_to_the_limit_and_not_at_all_beyond() {
        let scratch = Scratch::new();
        for length in [0, 1, 99, 100] {
            let bytes = vec![b'x'; length];
            assert_eq!(read(written(&scratch, &bytes), 100).unwrap().0.expose(), bytes);
        }
        assert_eq!(read(written(&scratch, &[b'x'; 101]), 100).unwrap_err(), Failure::TooLong { limit: 100 });
    }

    #[test]
    fn a_file_that_grew_is_read_anew_with_all_the_room() {
        let scratch = Scratch::new();
        let file = written(&scratch, &[b'y'; 50]);
        assert_eq!(filled(&file, 50), Ok(None), "a full buffer may not be the whole file");
        assert_eq!(filled(&file, 51), Ok(Some(Sealed::new(vec![b'y'; 50]))));
    }

    #[test]
    fn a_size_of_zero_is_not_believed() {
        let version = read(File::open("/proc/version").unwrap(), 4096).unwrap().0;
        assert!(version.expose().starts_with(b"Linux"));
        assert_eq!(read(File::open("/proc/version").unwrap(), 5).unwrap_err(), Failure::TooLong { limit: 5 });
    }

    #[test]
    fn what_is_no_file_is_called_by_its_name() {
        let folder = read(File::open("/proc").unwrap(), 10).unwrap_err();
        assert_eq!(folder, Failure::NotAFile("a folder"));
        assert_eq!(read(File::open("/dev/null").unwrap(), 10).unwrap_err(), Failure::NotAFile("a device"));
    }
}
