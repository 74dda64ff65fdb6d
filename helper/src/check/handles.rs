//! The verdict on each handle, and on all of them together.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

use sealed::Sealed;

use super::environment::Environment;
use super::finding::{Code, Finding};
use super::root::{Root, list};
use crate::configuration::has_template_variable;
use crate::failure::Failure;
use crate::handle::{Encoding, Handle};
use crate::limits;
use crate::settings::Settings;

/// Bytes of an answer around a handle and its value: `"":{"value":"","error":null},`.
const AROUND: u64 = 29;

/// A handle and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// As the configuration has it, without `ENC[` and `]`.
    pub handle: String,
    /// Where it is written: file, line and path.
    pub places: Vec<String>,
    /// Whether it resolves.
    pub outcome: Outcome,
}

/// What became of a handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It has a value.
    Resolves(Value),
    /// It has none.
    Fails(Failure),
    /// What it stands for is known only to Autodiscovery.
    Template,
}

/// What matters of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The file that it was read from.
    pub file: PathBuf,
    /// Whether it ends with a line break.
    pub line_break: bool,
    /// Bytes that it takes in an answer, its handle included.
    pub answer: u64,
}

impl Value {
    /// Judges a value that was read from a file; of the value itself nothing else is kept.
    pub fn of(handle: &Handle, file: PathBuf, value: &Sealed) -> Self {
        let bytes = match handle.encoding() {
            Encoding::Base64 => value.len().div_ceil(3) as u64 * 4,
            Encoding::Text => std::str::from_utf8(value.expose()).map_or(0, escaped),
        };
        let line_break = handle.encoding() == Encoding::Text && value.expose().ends_with(b"\n");
        Self { file, line_break, answer: bytes + escaped(&handle.to_string()) + AROUND }
    }
}

/// Bytes of a text between the quotes of a JSON string.
fn escaped(text: &str) -> u64 {
    let mut count = Count(0);
    // Counting does not fail.
    let _ = serde_json::to_writer(&mut count, text);
    count.0.saturating_sub(2)
}

struct Count(u64);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is wrong with the handles.
pub fn judge(handles: &[Checked], environment: &Environment, settings: &Settings) -> Vec<Finding> {
    let trimmed = settings.trim || environment.removes_line_breaks();
    let each = handles.iter().filter_map(|checked| one(checked, trimmed));
    each.chain(batch(handles, environment.output().min(settings.max_output as u64))).collect()
}

fn one(checked: &Checked, trimmed: bool) -> Option<Finding> {
    let (code, words) = match &checked.outcome {
        Outcome::Resolves(value) if value.line_break && !trimmed => {
            (Code::HandleLineBreak, "the agent gets it too".to_owned())
        }
        Outcome::Resolves(_) => return None,
        Outcome::Template => (Code::HandleTemplate, "Autodiscovery fills it in".to_owned()),
        Outcome::Fails(failure) => (code_of(failure), failure.to_string()),
    };
    let place = match checked.places.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    };
    Some(Finding::new(code, place, format!("ENC[{}]: {words}", shown(&checked.handle))))
}

/// As much of a handle as a message needs, on one line.
pub fn shown(handle: &str) -> String {
    const LONGEST: usize = 200;
    let escaped: String = handle.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if handle.chars().nth(LONGEST).is_some() { format!("{escaped}...") } else { escaped }
}

fn code_of(failure: &Failure) -> Code {
    match failure {
        Failure::Handle(_) => Code::HandleGrammar,
        Failure::NotAllowed => Code::HandleNotAllowed,
        Failure::Settings(_) => Code::SettingsUnusable,
        Failure::Root(..) | Failure::NotFound(_) => Code::HandleMissing,
        Failure::Elsewhere(_) | Failure::Outside | Failure::Links => Code::HandleEscapes,
        Failure::NotAFile(_) => Code::HandleKind,
        Failure::TooLong { .. } => Code::HandleTooLong,
        Failure::Empty => Code::HandleEmpty,
        Failure::NotText => Code::HandleNotText,
        Failure::Field(_) => Code::HandleField,
        Failure::Denied | Failure::Moving | Failure::System(_) => Code::HandleUnreadable,
    }
}

/// An agent that refreshes asks for all the handles that it has met in one call.
fn batch(handles: &[Checked], most: u64) -> Option<Finding> {
    let values = handles.iter().map(|checked| match &checked.outcome {
        Outcome::Resolves(value) => value.answer,
        _ => 0,
    });
    let bytes = values.sum::<u64>() + 1;
    let what = format!("an answer of {bytes} bytes for all handles, and {most} are read");
    (bytes > most).then(|| Finding::new(Code::BatchTooLong, "all handles", what))
}

/// The keys of a root that no handle means. A handle with a template variable means every key that fits around it.
pub fn unused(root: &Root, handles: &[Checked]) -> Option<Finding> {
    let Ok(open) = &root.state else { return None };
    let parsed: Vec<Handle> = handles.iter().filter_map(|checked| Handle::parse(&checked.handle).ok()).collect();
    let at = root.path.to_str().unwrap_or_default();
    let paths: BTreeSet<&str> = parsed.iter().filter_map(|handle| handle.beneath(at)).collect();
    let patterns: Vec<&str> = paths.iter().copied().filter(|path| has_template_variable(path)).collect();
    let read: BTreeSet<PathBuf> = handles.iter().filter_map(file_of).collect();
    let used = |key: &str| {
        paths.contains(key) || read.contains(&root.path.join(key)) || patterns.iter().any(|pattern| fits(pattern, key))
    };
    let idle: Vec<&str> = open.keys.iter().map(|key| key.path.as_str()).filter(|key| !used(key)).collect();
    let what = || format!("{} of {} keys: {}", idle.len(), open.keys.len(), list(&idle));
    (!idle.is_empty()).then(|| Finding::new(Code::KeyUnused, root.path.display(), what()))
}

fn file_of(checked: &Checked) -> Option<PathBuf> {
    match &checked.outcome {
        Outcome::Resolves(value) => Some(value.file.clone()),
        _ => None,
    }
}

/// Whether a text is a pattern with something in the place of each `%%variable%%`.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split("%%").step_by(2);
    let Some(rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    let after = middle.iter().try_fold(rest, |rest, part| rest.find(part).and_then(|at| rest.get(at + part.len()..)));
    after.is_some_and(|rest| rest.ends_with(last))
}

/// Places that are kept of one handle.
const MAX_PLACES: usize = 100;
/// Bytes of all handles and places together.
const MAX_TEXT: usize = 32 << 20;

/// The handles of several configurations, each once, with the places where it is written.
#[derive(Debug, Default)]
pub struct Collected {
    handles: BTreeMap<String, Vec<String>>,
    bytes: usize,
}

impl Collected {
    /// Adds a handle and one place of it; false, and nothing is added, if there are as many as a request may have, or if they
    /// take too much room.
    pub fn add(&mut self, handle: String, place: String) -> bool {
        let bytes = self.bytes + handle.len() + place.len();
        let new = !self.handles.contains_key(&handle);
        if bytes > MAX_TEXT || (new && self.handles.len() >= limits::HANDLES) {
            return false;
        }
        let places = self.handles.entry(handle).or_default();
        if places.len() < MAX_PLACES {
            places.push(place);
            self.bytes = bytes;
        }
        true
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.handles.is_empty()
    }

    /// Asks for each what becomes of it; in order, so that those of one JSON file follow each other.
    pub fn checked(&self, outcome: impl Fn(&str) -> Outcome) -> Vec<Checked> {
        let each = |(handle, places): (&String, &Vec<String>)| Checked {
            handle: handle.clone(),
            places: places.clone(),
            outcome: outcome(handle),
        };
        self.handles.iter().map(each).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::check::rights::Standing;
    use crate::check::root::{Key, Open};
    use crate::{fields, handle};

    fn checked(handle: &str, outcome: Outcome) -> Checked {
        Checked { handle: handle.to_owned(), places: vec!["a.yaml:1 p".to_owned()], outcome }
    }

    fn value(handle: &str, bytes: &[u8]) -> Value {
        Value::of(&Handle::parse(handle).unwrap(), PathBuf::new(), &Sealed::new(bytes.to_vec()))
    }

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::new(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn each_failure_has_its_own_code() {
        let failures = [
            (Failure::Handle(handle::Error::Empty), Code::HandleGrammar),
            (Failure::NotAllowed, Code::HandleNotAllowed),
            (Failure::Settings(String::new()), Code::SettingsUnusable),
            (Failure::NotFound(Vec::new()), Code::HandleMissing),
            (Failure::Elsewhere(Vec::new()), Code::HandleEscapes),
            (Failure::Outside, Code::HandleEscapes),
            (Failure::Links, Code::HandleEscapes),
            (Failure::Denied, Code::HandleUnreadable),
            (Failure::NotAFile("a FIFO"), Code::HandleKind),
            (Failure::TooLong { limit: 1 }, Code::HandleTooLong),
            (Failure::Empty, Code::HandleEmpty),
            (Failure::NotText, Code::HandleNotText),
            (Failure::Field(fields::Error::Missing), Code::HandleField),
            (Failure::Moving, Code::HandleUnreadable),
        ];
        for (failure, code) in failures {
            let found =
                judge(&[checked("a", Outcome::Fails(failure.clone()))], &environment(&[]), &Settings::default());
            assert_eq!(found.iter().map(|finding| finding.code).collect::<Vec<_>>(), [code], "{failure:?}");
            assert!(found[0].what.starts_with("ENC[a]: ") && found[0].place == "a.yaml:1 p", "{found:?}");
        }
    }

    #[test]
    fn a_line_break_is_told_unless_the_agent_removes_it() {
        let handles = [checked("a", Outcome::Resolves(value("a", b"x\n")))];
        assert_eq!(judge(&handles, &environment(&[]), &Settings::default())[0].code, Code::HandleLineBreak);
        assert_eq!(
            judge(
                &handles,
                &environment(&[("DD_SECRET_BACKEND_REMOVE_TRAILING_LINE_BREAK", "true")]),
                &Settings::default()
            ),
            []
        );
        assert_eq!(judge(&handles, &environment(&[]), &Settings { trim: true, ..Settings::default() }), []);
        assert!(!value("a;base64", b"x\n").line_break && !value("a", b"\nx").line_break);
    }

    #[test]
    fn an_answer_is_counted_as_it_will_be_written() {
        for (handle, bytes) in
            [("a", &b"plain"[..]), ("d\"b", b"a\"\\\n\x01\xc3\xa9"), ("x;base64", b"\x00\xff\x01\x02")]
        {
            let text = match std::str::from_utf8(bytes) {
                Ok(text) if !handle.ends_with("base64") => text.to_owned(),
                _ => "AAAAAA==".to_owned(),
            };
            let answer = serde_json::json!({ handle: { "value": text, "error": null } }).to_string();
            // Braces around and a comma after: one of each for all handles.
            assert_eq!(value(handle, bytes).answer, answer.len() as u64 - 1, "{answer}");
        }
    }

    #[test]
    fn all_values_together_must_fit_what_the_agent_reads() {
        let handles: Vec<Checked> = (0..20)
            .map(|number| checked(&format!("k{number}"), Outcome::Resolves(value("k", &vec![b'x'; 60_000]))))
            .collect();
        let codes = |handles: &[Checked], variables: &[(&str, &str)]| {
            judge(handles, &environment(variables), &Settings::default())
                .iter()
                .map(|finding| finding.code)
                .collect::<Vec<_>>()
        };
        assert_eq!(codes(&handles, &[]), [Code::BatchTooLong]);
        assert_eq!(codes(&handles[..17], &[]), []);
        assert_eq!(codes(&handles[..1], &[("DD_SECRET_BACKEND_OUTPUT_MAX_SIZE", "60000")]), [Code::BatchTooLong]);
    }

    fn root(keys: &[&str]) -> Root {
        let standing = Standing { mode: 0o440, uid: 0, gid: 0 };
        let key = |path: &&str| Key { path: (*path).to_owned(), standing, reads: true, own: None, token: false };
        let open = Open {
            real: "/r".into(),
            standing,
            mount: None,
            generation: None,
            age: Some(Duration::ZERO),
            keys: keys.iter().map(key).collect(),
            nested: Vec::new(),
        };
        Root { path: PathBuf::from("/r"), state: Ok(open) }
    }

    #[test]
    fn a_key_that_no_handle_means_is_named() {
        let keys = ["a", "ns/db/password", "s.json", "f", "host-1_db", "idle", "host"];
        let handles =
            ["a", "k8s_secret@ns/db/password", "s.json;user", "file@/r/f;base64", "%%host%%_db", "file@/other/idle"];
        let handles: Vec<Checked> = handles.iter().map(|handle| checked(handle, Outcome::Template)).collect();
        let found = unused(&root(&keys), &handles).unwrap();
        assert_eq!(found.what, "2 of 7 keys: idle, host");
        assert_eq!(unused(&root(&keys[..5]), &handles), None);
        let read = Value { file: "/r/idle".into(), line_break: false, answer: 0 };
        let other_name = [checked("file@/link/idle", Outcome::Resolves(read))];
        assert_eq!(unused(&root(&["idle"]), &other_name), None, "a root has several names");
    }

    #[test]
    fn a_pattern_fits_what_has_its_parts_in_order() {
        for (pattern, text, expected) in [
            ("a_%%h%%", "a_1", true),
            ("%%h%%_b", "x_b", true),
            ("%%a%%-%%b%%", "1-2", true),
            ("a%%h%%c%%i%%e", "a1c2e", true),
            ("a%%h%%c%%i%%e", "a1d2e", false),
            ("a_%%h%%", "b_1", false),
            ("plain", "plain", true),
            ("plain", "plainer", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_handle_that_is_written_twice_is_checked_once_with_both_places() {
        let mut collected = Collected::default();
        for place in ["a:1", "b:2", "c:3"] {
            assert!(collected.add("h".to_owned(), place.to_owned()));
        }
        let handles = collected.checked(|_| Outcome::Template);
        assert_eq!(handles.len(), 1);
        assert_eq!(one(&handles[0], false).unwrap().place, "a:1 and 2 more");
    }

    #[test]
    fn no_configuration_makes_it_keep_more_than_its_bounds() {
        let mut many = Collected::default();
        assert!((0..limits::HANDLES).all(|number| many.add(number.to_string(), "a:1".to_owned())));
        assert!(!many.add("one more".to_owned(), "a:1".to_owned()));
        assert!(many.add("1".to_owned(), "a:2".to_owned()), "a handle that is there has room for places");
        let mut long = Collected::default();
        assert!(long.add("h".repeat(MAX_TEXT / 2), "a:1".to_owned()));
        assert!(!long.add("i".repeat(MAX_TEXT / 2), "a:1".to_owned()));
    }

    #[test]
    fn a_handle_is_shown_on_one_line_and_cut() {
        assert_eq!(shown("a\n\u{1b}[31m"), "a\\n\\u{1b}[31m");
        assert_eq!(shown(&"é".repeat(300)), format!("{}...", "é".repeat(200)));
    }
}
