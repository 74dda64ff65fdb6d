//! Puts this program where another container of the pod runs it, and what it is to read beside it.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::allow::AllowList;
use crate::settings::{self, Given};

/// What the program is called where it is installed.
pub const PROGRAM: &str = "keyferry-helper";

/// What the allow-list is called there.
const ALLOW: &str = "helper.allow";

/// What is to be installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Install {
    /// The folder; it must be there.
    pub to: PathBuf,
    /// The program's permission bits.
    pub mode: Mode,
    /// For `helper.json`; without roots and without a list none is written.
    pub roots: Vec<PathBuf>,
    /// A file to be copied beside the program.
    pub allow: Option<PathBuf>,
}

/// What passes the Agent's check of rights: no bit for others, none that lets the group write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// 0500: the agent has the user of the init container.
    #[default]
    Owner,
    /// 0550: the agent has another user and the group of the folder, the pod's `fsGroup`.
    Group,
}

impl Mode {
    /// `0500` or `0550`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim_start_matches('0') {
            "500" => Some(Self::Owner),
            "550" => Some(Self::Group),
            _ => None,
        }
    }

    fn bits(self) -> u32 {
        match self {
            Self::Owner => 0o500,
            Self::Group => 0o550,
        }
    }

    /// For a file that is not run.
    fn read_bits(self) -> u32 {
        self.bits() & 0o444
    }
}

/// What was installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The program.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Its permission bits.
    pub mode: u32,
    /// In hexadecimal digits, lower case.
    pub sha256: String,
    /// The files that were written beside it.
    pub beside: Vec<PathBuf>,
}

impl Install {
    /// Writes the files, `program` last: when it is there, what it reads is there too. Each appears whole or not at all, so
    /// that it may be done again at any time.
    ///
    /// # Errors
    /// Names the file.
    pub fn run(&self, program: &Path) -> Result<Installed, String> {
        let mut beside = Vec::new();
        if let Some(list) = self.checked_list()? {
            beside.push(self.place(ALLOW, self.mode.read_bits(), list.as_bytes())?.0);
        }
        if let Some(file) = self.settings()? {
            beside.push(self.place(settings::FILE, self.mode.read_bits(), file.as_bytes())?.0);
        }
        let source = File::open(program).map_err(|error| format!("{} cannot be read: {error}", program.display()))?;
        let (path, bytes, sha256) = self.place(PROGRAM, self.mode.bits(), source)?;
        Ok(Installed { path, bytes, mode: self.mode.bits(), sha256, beside })
    }

    fn checked_list(&self) -> Result<Option<String>, String> {
        let Some(path) = &self.allow else { return Ok(None) };
        let text = settings::text(path)?;
        AllowList::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Some(text))
    }

    fn settings(&self) -> Result<Option<String>, String> {
        if self.roots.is_empty() && self.allow.is_none() {
            return Ok(None);
        }
        if let Some(root) = self.roots.iter().find(|root| !root.is_absolute()) {
            return Err(format!("the root {:?} is no absolute path", root.display()));
        }
        let allow = self.allow.as_ref().map(|_| PathBuf::from(ALLOW));
        let given = Given { roots: self.roots.clone(), allow, ..Given::default() };
        serde_json::to_string(&given).map(|text| Some(text + "\n")).map_err(|error| error.to_string())
    }

    /// One file, by another name first.
    fn place(&self, name: &str, mode: u32, from: impl io::Read) -> Result<(PathBuf, u64, String), String> {
        let path = self.to.join(name);
        let new = self.to.join(format!(".{name}.new"));
        let written = written(&new, mode, from).and_then(|found| {
            fs::rename(&new, &path)?;
            File::open(&self.to)?.sync_all()?;
            Ok(found)
        });
        let (bytes, sha256) = written.map_err(|error| {
            let _ = fs::remove_file(&new);
            format!("{} cannot be written: {error}", path.display())
        })?;
        Ok((path, bytes, sha256))
    }
}

/// A new file; one that an earlier run left is removed.
fn written(path: &Path, mode: u32, mut from: impl io::Read) -> io::Result<(u64, String)> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let found = copied(&mut from, &mut file)?;
    // Not at the opening: a file that may be run and written at once is what nobody should find.
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()?;
    Ok(found)
}

fn copied(from: &mut impl io::Read, to: &mut File) -> io::Result<(u64, String)> {
    let (mut bytes, mut digest, mut buffer) = (0, Sha256::new(), vec![0; 64 << 10]);
    loop {
        let length = from.read(&mut buffer)?;
        let part = buffer.get(..length).unwrap_or_default();
        if part.is_empty() {
            break;
        }
        digest.update(part);
        to.write_all(part)?;
        bytes += part.len() as u64;
    }
    Ok((bytes, hexadecimal(&digest.finalize())))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;
    use crate::scratch::Scratch;

    fn install(scratch: &Scratch) -> Install {
        Install { to: scratch.path("opt"), mode: Mode::Owner, roots: Vec::new(), allow: None }
    }

    fn prepared() -> (Scratch, PathBuf) {
        let scratch = Scratch::new();
        fs::create_dir(scratch.path("opt")).unwrap();
        let program = scratch.write("program", "abc");
        (scratch, program)
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    fn names(scratch: &Scratch) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(scratch.path("opt"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_program_is_copied_whole_with_its_mode_and_nothing_stays_beside_it() {
        let (scratch, program) = prepared();
        for (chosen, bits) in [(Mode::Owner, 0o500), (Mode::Group, 0o550), (Mode::Owner, 0o500)] {
            let installed = Install { mode: chosen, ..install(&scratch) }.run(&program).unwrap();
            assert_eq!((mode(&installed.path), installed.mode, installed.bytes), (bits, bits, 3));
            assert_eq!(installed.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
            assert_eq!(fs::read(&installed.path).unwrap(), b"abc");
            assert_eq!(names(&scratch), [PROGRAM]);
        }
    }

    #[test]
    fn what_an_interrupted_run_left_does_not_stop_the_next() {
        let (scratch, program) = prepared();
        scratch.write("opt/.keyferry-helper.new", "half");
        install(&scratch).run(&program).unwrap();
        assert_eq!(names(&scratch), [PROGRAM]);
    }

    #[test]
    fn a_program_that_runs_can_be_replaced() {
        let (scratch, _) = prepared();
        let installed = install(&scratch).run(Path::new("/bin/sleep")).unwrap();
        let mut running = std::process::Command::new(&installed.path).arg("30").spawn().unwrap();
        let again = install(&scratch).run(Path::new("/bin/sleep"));
        running.kill().unwrap();
        running.wait().unwrap();
        assert_eq!(again, Ok(installed));
    }

    #[test]
    fn roots_and_the_list_are_what_the_program_will_read() {
        let (scratch, program) = prepared();
        let list = scratch.write("list", "a\n");
        let roots = vec![PathBuf::from("/run/keyferry")];
        let installed = Install { roots: roots.clone(), allow: Some(list), ..install(&scratch) }.run(&program).unwrap();
        assert_eq!(installed.beside, [scratch.path("opt/helper.allow"), scratch.path("opt/helper.json")]);
        assert_eq!(installed.beside.iter().map(|path| mode(path)).collect::<Vec<_>>(), [0o400, 0o400]);
        let text = fs::read_to_string(scratch.path("opt/helper.json")).unwrap();
        assert_eq!(text, "{\"roots\":[\"/run/keyferry\"],\"allow\":\"helper.allow\"}\n");
    }

    #[test]
    fn what_is_wrong_is_said_before_the_program_is_there() {
        let (scratch, program) = prepared();
        let list = scratch.write("list", "db/*");
        let wrong = Install { allow: Some(list), ..install(&scratch) }.run(&program).unwrap_err();
        assert!(wrong.contains("line 1 has a '*'"), "{wrong}");
        let wrong = Install { roots: vec!["run".into()], ..install(&scratch) }.run(&program).unwrap_err();
        assert!(wrong.contains("no absolute path"), "{wrong}");
        assert_eq!(names(&scratch), Vec::<String>::new());
        let wrong = Install { to: scratch.path("gone"), ..install(&scratch) }.run(&program).unwrap_err();
        assert!(wrong.contains("gone/keyferry-helper cannot be written"), "{wrong}");
    }

    #[test]
    fn only_modes_that_agents_accept_are_modes() {
        assert_eq!(
            ["0500", "500", "0550", "0755", "0555", ""].map(Mode::parse).map(|mode| mode.map(Mode::bits)),
            [Some(0o500), Some(0o500), Some(0o550), None, None, None]
        );
    }
}
