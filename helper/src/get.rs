//! `get`: where a handle comes from and what can be told of its value without telling it.

use std::path::PathBuf;
use std::time::SystemTime;

use serde::Serialize;

use crate::failure::Failure;
use crate::handle::Handle;
use crate::reader::{Reading, View};
use crate::settings::Settings;

/// What can be told of one handle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// As it was written.
    pub handle: String,
    /// Where its value comes from.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
    /// Why it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Where a value comes from, and what it is like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// The root.
    pub root: PathBuf,
    /// The path beneath it.
    pub path: PathBuf,
    /// The field of the JSON file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The length of the value, before any encoding.
    pub bytes: usize,
    /// Whether the value is UTF-8.
    pub utf8: bool,
    /// Whether a line end is its last character: an Agent removes it only if told so.
    pub trailing_newline: bool,
    /// The generation of the volume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<String>,
    /// How long ago the file was written.
    pub age_seconds: u64,
    /// Its permission bits, in octal digits.
    pub mode: String,
    /// Whether the file is a mount of its own, which the kubelet never updates.
    pub own_mount: bool,
}

/// Tells of each handle, all in one call.
pub fn tell(handles: &[String], settings: &Settings, now: SystemTime) -> Vec<Told> {
    settings.reader().call(|view| handles.iter().map(|handle| told(view, settings, handle, now)).collect())
}

/// The same as text.
pub fn text(told: &[Told]) -> String {
    told.iter().map(paragraph).collect::<Vec<_>>().join("\n")
}

fn told(view: &View<'_>, settings: &Settings, written: &str, now: SystemTime) -> Told {
    let (found, error) = match found(view, settings, written, now) {
        Ok(found) => (Some(found), None),
        Err(failure) => (None, Some(failure.to_string())),
    };
    Told { handle: written.to_owned(), found, error }
}

fn found(view: &View<'_>, settings: &Settings, written: &str, now: SystemTime) -> Result<Found, Failure> {
    let handle = Handle::parse(written).map_err(Failure::Handle)?;
    if !settings.allow.iter().all(|list| list.allows(written)) {
        return Err(Failure::NotAllowed);
    }
    let Reading { value, origin } = view.read(&handle)?;
    Ok(Found {
        field: handle.field().map(str::to_owned),
        bytes: value.len(),
        utf8: std::str::from_utf8(value.expose()).is_ok(),
        trailing_newline: matches!(value.expose().last(), Some(b'\n' | b'\r')),
        age_seconds: now.duration_since(origin.modified).unwrap_or_default().as_secs(),
        mode: format!("{:04o}", origin.mode),
        root: origin.root,
        path: origin.path,
        generation: origin.generation,
        own_mount: origin.own_mount,
    })
}

fn paragraph(told: &Told) -> String {
    let mut lines = vec![format!("{:?}", told.handle)];
    match (&told.found, &told.error) {
        (Some(found), _) => lines.extend(found.lines()),
        (None, error) => lines.push(format!("error       {}", error.as_deref().unwrap_or_default())),
    }
    lines.join("\n  ") + "\n"
}

impl Found {
    fn lines(&self) -> Vec<String> {
        let field = self.field.as_ref().map(|field| format!(", field {field:?}")).unwrap_or_default();
        let kind = if self.utf8 { "UTF-8" } else { "not UTF-8" };
        let mut lines = vec![
            format!("file        {}{field}", self.root.join(&self.path).display()),
            format!("size        {} bytes, {kind}", self.bytes),
            format!("written     {} s ago, mode {}", self.age_seconds, self.mode),
        ];
        lines.extend(self.generation.as_ref().map(|generation| format!("generation  {generation}")));
        if self.trailing_newline {
            lines.push(
                "note        ends with a line end: set secret_backend_remove_trailing_line_break, or --trim".into(),
            );
        }
        if self.own_mount {
            lines.push("note        the file is a mount of its own: a subPath is never updated".into());
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::scratch::Scratch;

    fn settings(scratch: &Scratch) -> Settings {
        Settings { roots: vec![scratch.root().to_owned()], ..Settings::default() }
    }

    #[test]
    fn it_tells_where_a_value_is_and_what_it_is_like_but_not_the_value() {
        let scratch = Scratch::new();
        scratch.write("db.json", r#"{"password":"hunter2\n"}"#);
        scratch.write("binary", b"\xffhunter2");
        let handles = ["db.json;password", "binary;base64", "absent"].map(str::to_owned);
        let later = SystemTime::now() + Duration::from_secs(100);
        let told = tell(&handles, &settings(&scratch), later);
        let json = serde_json::to_value(&told).unwrap();
        assert_eq!(json[0]["field"], json!("password"));
        assert_eq!([&json[0]["bytes"], &json[1]["bytes"]], [8, 8].map(|bytes| json!(bytes)).each_ref());
        assert_eq!([&json[0]["utf8"], &json[1]["utf8"]], [true, false].map(|utf8| json!(utf8)).each_ref());
        assert_eq!([&json[0]["trailingNewline"], &json[1]["trailingNewline"]], [&json!(true), &json!(false)]);
        assert!((99..=101).contains(&json[0]["ageSeconds"].as_u64().unwrap()));
        assert!(json[2]["error"].as_str().unwrap().contains("no such file"));
        for shown in [json.to_string(), text(&told), format!("{told:?}")] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn the_text_has_a_paragraph_for_each_handle() {
        let scratch = Scratch::new();
        scratch.write("a", "v\n");
        let shown = text(&tell(&["a".to_owned(), "\u{1b}[31m".to_owned()], &settings(&scratch), SystemTime::now()));
        let file = scratch.path("a").display().to_string();
        for line in [&*format!("  file        {file}"), "  size        2 bytes, UTF-8", "\"\\u{1b}[31m\""] {
            assert!(shown.lines().any(|shown| shown == line), "{line} in\n{shown}");
        }
        assert!(shown.contains("ends with a line end") && shown.contains("control character"));
    }
}
