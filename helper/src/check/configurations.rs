//! The configurations that a check was given: every handle of every file, and what is wrong with the files.

use std::path::{Path, PathBuf};

use super::finding::{Code, Finding};
use super::handles::Collected;
use crate::configuration::{self, Mistake, Scan, files_beneath};
use crate::limits;

/// Findings that are kept of all files: a person reads a few of them.
const MAX_FINDINGS: usize = 1_000;

/// What the files hold.
#[derive(Debug, Default)]
pub struct Configurations {
    /// Their handles.
    pub handles: Collected,
    /// How many files were read.
    pub files: usize,
    /// What is wrong with them.
    pub findings: Vec<Finding>,
    /// Whether there are any, and every part of each was read: then a key that no handle means is not used.
    pub complete: bool,
}

impl Configurations {
    /// Reads files and folders. One that cannot be read costs the others nothing.
    pub fn read(paths: &[PathBuf]) -> Self {
        let mut all = Self { complete: !paths.is_empty(), ..Self::default() };
        for path in paths {
            match files_beneath(path) {
                Ok(files) => files.iter().for_each(|file| all.file(file)),
                Err(error) => all.fail(Code::ConfigurationUnread, path.display().to_string(), error.to_string()),
            }
        }
        if all.complete && all.handles.is_empty() {
            let place = paths.first().map(|path| path.display().to_string()).unwrap_or_default();
            all.find(Code::NoHandles, place, format!("files that were read: {}", all.files));
        }
        all
    }

    fn file(&mut self, file: &Path) {
        match configuration::read(file) {
            Ok(text) => {
                self.files += 1;
                self.scanned(file, configuration::scan(&text));
            }
            Err(error) => self.fail(Code::ConfigurationUnread, file.display().to_string(), error.to_string()),
        }
    }

    fn scanned(&mut self, file: &Path, scan: Scan) {
        let at = |line: usize| format!("{}:{line}", file.display());
        for error in scan.errors {
            self.fail(Code::ConfigurationBroken, at(error.line), format!("{}: {}", error.fault, error.fault.cure()));
        }
        for warning in scan.warnings {
            self.complete &= !matches!(warning.mistake, Mistake::Unreadable | Mistake::TooDeep);
            let place = format!("{} {}", at(warning.line), warning.place);
            self.find(Code::Mistake, place, format!("{}: {}", warning.mistake, warning.mistake.cure()));
        }
        for found in scan.handles {
            let place = format!("{} {}", at(found.line), found.place);
            if !self.handles.add(found.handle, place) {
                let what = format!("there are more than {} handles, or their places are too long", limits::HANDLES);
                return self.fail(Code::ConfigurationUnread, file.display().to_string(), what);
            }
        }
    }

    fn fail(&mut self, code: Code, place: String, what: String) {
        self.complete = false;
        self.find(code, place, what);
    }

    fn find(&mut self, code: Code, place: String, what: String) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding::new(code, place, what));
        }
    }
}
