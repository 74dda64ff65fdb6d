//! Where to read, and within which limits: from arguments, the environment, and `helper.json` beside the program.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::allow::AllowList;
use crate::{limits, reader::Reader};

/// The environment variable with roots, colon separated.
pub const ROOT_VARIABLE: &str = "KEYFERRY_HELPER_ROOT";

/// The file beside the program.
pub const FILE: &str = "helper.json";

/// Where Docker, Swarm and Compose put secrets.
const DEFAULT_ROOT: &str = "/run/secrets";

/// What a call works with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Absolute paths; of two that have a file the first is read.
    pub roots: Vec<PathBuf>,
    /// A handle must be in each of them; none allows everything.
    pub allow: Vec<AllowList>,
    /// The most bytes of a value.
    pub max_value: usize,
    /// The most bytes of an answer.
    pub max_output: usize,
    /// Whether line ends at the end of a text are left out.
    pub trim: bool,
    /// Whether each call writes a line to standard error, handles only.
    pub audit: bool,
}

/// What somebody asked for, in arguments or in `helper.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Given {
    /// Absolute paths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roots: Vec<PathBuf>,
    /// A file; in `helper.json` relative to its folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<PathBuf>,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_value: Option<usize>,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output: Option<usize>,
    /// See [`Settings::trim`].
    #[serde(skip_serializing_if = "is_false")]
    pub trim: bool,
    /// See [`Settings::audit`].
    #[serde(skip_serializing_if = "is_false")]
    pub audit: bool,
}

impl Settings {
    /// The settings of this process: `given` in its arguments, roots of the environment, and the file beside the program.
    ///
    /// # Errors
    /// What is there cannot be read or makes no sense. Nothing is left out then: a list that is not there would allow all.
    pub fn gather(given: Given) -> Result<Self, String> {
        let program = std::env::current_exe().ok();
        let file = program.as_deref().and_then(Path::parent).map_or(Ok(None), beside)?;
        Self::merged(given, std::env::var_os(ROOT_VARIABLE).as_deref(), file)
    }

    /// Arguments come before the environment, and the environment before the file; allow-lists add up.
    pub fn merged(given: Given, environment: Option<&OsStr>, file: Option<Given>) -> Result<Self, String> {
        let file = file.unwrap_or_default();
        let lists = [&file.allow, &given.allow].into_iter().flatten();
        let allow = lists.map(|path| allow_list(path)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            audit: given.audit || file.audit || !allow.is_empty(),
            allow,
            max_value: bytes("max-value", given.max_value.or(file.max_value), limits::VALUE, limits::VALUE_CAP)?,
            max_output: bytes("max-output", given.max_output.or(file.max_output), limits::OUTPUT, limits::OUTPUT_CAP)?,
            trim: given.trim || file.trim,
            roots: roots([given.roots, listed(environment), file.roots])?,
        })
    }

    /// Reads as these settings say.
    pub fn reader(&self) -> Reader {
        Reader::new(self.roots.clone(), self.max_value)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            roots: vec![PathBuf::from(DEFAULT_ROOT)],
            allow: Vec::new(),
            max_value: limits::VALUE,
            max_output: limits::OUTPUT,
            trim: false,
            audit: false,
        }
    }
}

/// The first of them that has any.
fn roots(sources: [Vec<PathBuf>; 3]) -> Result<Vec<PathBuf>, String> {
    let default = || vec![PathBuf::from(DEFAULT_ROOT)];
    let roots = sources.into_iter().find(|roots| !roots.is_empty()).unwrap_or_else(default);
    match roots.iter().find(|root| !root.is_absolute()) {
        Some(root) => Err(format!("the root {:?} is no absolute path", root.display())),
        None => Ok(roots),
    }
}

fn listed(variable: Option<&OsStr>) -> Vec<PathBuf> {
    let parts = variable.unwrap_or_default().as_bytes().split(|byte| *byte == b':');
    parts.filter(|part| !part.is_empty()).map(|part| PathBuf::from(OsStr::from_bytes(part))).collect()
}

fn bytes(name: &str, asked: Option<usize>, default: usize, cap: usize) -> Result<usize, String> {
    match asked.unwrap_or(default) {
        asked if (1..=cap).contains(&asked) => Ok(asked),
        asked => Err(format!("{name} is {asked}: it must be from 1 to {cap} bytes")),
    }
}

/// The file in this folder, if there is one.
fn beside(folder: &Path) -> Result<Option<Given>, String> {
    let path = folder.join(FILE);
    let Some(text) = text_if_any(&path)? else { return Ok(None) };
    let mut given: Given = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    given.allow = given.allow.map(|allow| folder.join(allow));
    Ok(Some(given))
}

fn allow_list(path: &Path) -> Result<AllowList, String> {
    AllowList::parse(&text(path)?).map_err(|error| format!("{}: {error}", path.display()))
}

/// A file of at most [`limits::SETTINGS`] bytes.
pub(crate) fn text(path: &Path) -> Result<String, String> {
    text_if_any(path)?.ok_or_else(|| format!("{} does not exist", path.display()))
}

/// None only where there is no such file: one that cannot be read may forbid something.
fn text_if_any(path: &Path) -> Result<Option<String>, String> {
    let told = |error: io::Error| format!("{} cannot be read: {error}", path.display());
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(told)?,
    };
    let mut text = String::new();
    file.take(limits::SETTINGS as u64 + 1).read_to_string(&mut text).map_err(told)?;
    if text.len() > limits::SETTINGS {
        return Err(format!("{} is longer than {} bytes", path.display(), limits::SETTINGS));
    }
    Ok(Some(text))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn given(roots: &[&str]) -> Given {
        Given { roots: roots.iter().map(PathBuf::from).collect(), ..Given::default() }
    }

    fn merged_roots(arguments: &[&str], environment: Option<&str>, file: Option<&[&str]>) -> Vec<PathBuf> {
        Settings::merged(given(arguments), environment.map(OsStr::new), file.map(given)).unwrap().roots
    }

    #[test]
    fn roots_come_from_arguments_then_the_environment_then_the_file() {
        let file: Option<&[&str]> = Some(&["/file"]);
        assert_eq!(merged_roots(&["/a", "/b"], Some("/env"), file), ["/a", "/b"].map(PathBuf::from));
        assert_eq!(merged_roots(&[], Some("/env:/more:"), file), ["/env", "/more"].map(PathBuf::from));
        assert_eq!(merged_roots(&[], Some(""), file), [PathBuf::from("/file")]);
        assert_eq!(merged_roots(&[], None, None), [PathBuf::from("/run/secrets")]);
    }

    #[test]
    fn nothing_given_is_the_default() {
        assert_eq!(Settings::merged(Given::default(), None, None), Ok(Settings::default()));
    }

    #[test]
    fn a_root_is_an_absolute_path_and_a_limit_is_within_its_cap() {
        let wrong = |given: Given| Settings::merged(given, None, None).unwrap_err();
        assert!(wrong(given(&["read"])).contains("\"read\" is no absolute path"));
        for bytes in [0, (1 << 20) + 1] {
            assert!(wrong(Given { max_value: Some(bytes), ..Given::default() }).contains("from 1 to 1048576 bytes"));
        }
        assert!(wrong(Given { max_output: Some(usize::MAX), ..Given::default() }).contains("max-output"));
    }

    #[test]
    fn the_file_beside_the_program_is_strict_and_its_list_is_relative_to_it() {
        let scratch = Scratch::new();
        assert_eq!(beside(scratch.root()), Ok(None));
        scratch.write(FILE, r#"{"roots":["/r"],"allow":"list","maxValue":9}"#);
        let found = beside(scratch.root()).unwrap().unwrap();
        assert_eq!((found.allow, found.max_value), (Some(scratch.path("list")), Some(9)));
        scratch.write(FILE, r#"{"alow":"list"}"#);
        assert!(beside(scratch.root()).unwrap_err().contains("unknown field `alow`"));
    }

    #[test]
    fn lists_add_up_and_one_that_cannot_be_read_is_an_error() {
        let scratch = Scratch::new();
        let [ours, theirs] =
            ["ours", "theirs"].map(|name| Given { allow: Some(scratch.path(name)), ..Given::default() });
        scratch.write("ours", "a\nb");
        assert!(
            Settings::merged(ours.clone(), None, Some(theirs.clone())).unwrap_err().contains("theirs does not exist")
        );
        scratch.write("theirs", "b\nc");
        let settings = Settings::merged(ours, None, Some(theirs)).unwrap();
        let allowed = |handle: &str| settings.allow.iter().all(|list| list.allows(handle));
        assert_eq!(["a", "b", "c"].map(allowed), [false, true, false]);
        assert!(settings.audit, "who has a list wants to know what was asked for");
    }

    #[test]
    fn a_file_without_an_end_is_not_read_to_it() {
        assert!(text(Path::new("/dev/zero")).unwrap_err().contains("longer than"));
    }
}
