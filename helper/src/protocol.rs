//! The secret backend protocol of the Datadog Agent: a JSON object with handles in, one with values or errors out.
//!
//! As the Agent, its Cluster Agent, their operator and the Agent Data Plane speak it; `docs/helper-protocol.md` has it in full.

mod request;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealed::Sealed;

pub use request::{Broken, Request};

use crate::answer::Answer;
use crate::failure::Failure;
use crate::handle::{Encoding, Handle};
use crate::reader::{Reading, View};
use crate::settings::Settings;

/// Answers a request: an error for each handle that has no value, and no error for the whole.
pub fn answer<'a>(request: &'a Request, settings: &Settings) -> Answer<'a> {
    settings.reader().call(|view| {
        let mut answer = Answer::new(request.handles(), settings.max_output);
        answer.fill(|handle| value(view, settings, handle));
        answer
    })
}

/// Answers a request while the settings cannot be read: nothing is allowed then.
pub fn refusal<'a>(request: &'a Request, error: &str) -> Answer<'a> {
    let mut answer = Answer::new(request.handles(), Settings::default().max_output);
    answer.fill(|_| Err(Failure::Settings(error.to_owned())));
    answer
}

/// A line for the log: how many were asked for, and which have no value. No value, and no more than the first few names.
pub fn audit(request: &Request, answer: &Answer<'_>) -> String {
    const NAMES: usize = 20;
    let asked = request.handles().count();
    let refused: Vec<_> = answer.refused().take(NAMES).map(|handle| format!("{:.80}", format!("{handle:?}"))).collect();
    let resolved = answer.resolved();
    if refused.is_empty() {
        return format!("keyferry-helper: {asked} handles, {resolved} resolved\n");
    }
    format!("keyferry-helper: {asked} handles, {resolved} resolved, {} not: {}\n", asked - resolved, refused.join(" "))
}

/// The text of the answer for one handle.
fn value(view: &View<'_>, settings: &Settings, written: &str) -> Result<Sealed, Failure> {
    let handle = Handle::parse(written).map_err(Failure::Handle)?;
    if !settings.allow.iter().all(|list| list.allows(written)) {
        return Err(Failure::NotAllowed);
    }
    let Reading { value, .. } = view.read(&handle)?;
    match handle.encoding() {
        Encoding::Base64 => Ok(encoded(&value)),
        Encoding::Text if settings.trim => trimmed(&value),
        Encoding::Text => Ok(value),
    }
}

fn encoded(value: &Sealed) -> Sealed {
    let mut text = vec![0; value.len().div_ceil(3) * 4];
    // The buffer has the length of the encoding.
    let _ = STANDARD.encode_slice(value.expose(), &mut text);
    Sealed::new(text)
}

fn trimmed(value: &Sealed) -> Result<Sealed, Failure> {
    let end = value.expose().iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).ok_or(Failure::Empty)?;
    Ok(Sealed::new(value.expose().get(..=end).unwrap_or_default().to_vec()))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::{Value, json};

    use super::*;
    use crate::scratch::Scratch;
    use crate::settings::Given;

    fn answered(scratch: &Scratch, handles: &[&str], change: impl FnOnce(&mut Settings)) -> Value {
        let roots = vec![PathBuf::from(scratch.root())];
        let mut settings = Settings::merged(Given { roots, ..Given::default() }, None, None).unwrap();
        change(&mut settings);
        let request = json!({"version": "1.1", "secrets": handles}).to_string();
        let request = Request::parse(request.as_bytes()).unwrap();
        serde_json::from_slice(&answer(&request, &settings).json()).unwrap()
    }

    #[test]
    fn each_handle_has_its_own_value_or_error() {
        let scratch = Scratch::new();
        scratch.write("good", "value\n");
        scratch.write("binary", b"\xff\xfe\x00");
        let said = answered(&scratch, &["good", "binary", "binary;base64", "absent", "../x", ""], |_| ());
        assert_eq!(said["good"], json!({"value": "value\n", "error": null}));
        assert_eq!(said["binary;base64"]["value"], json!("//4A"));
        for (handle, word) in [("binary", ";base64"), ("absent", "no such file"), ("../x", "'..'"), ("", "empty")] {
            assert!(said[handle]["value"].is_null(), "{handle}");
            assert!(said[handle]["error"].as_str().unwrap().contains(word), "{handle}: {said}");
        }
    }

    #[test]
    fn trimming_takes_line_ends_from_the_end_of_texts_only() {
        let scratch = Scratch::new();
        scratch.write("text", "\na \r\n\r\n");
        scratch.write("lines", "\r\n");
        let said = answered(&scratch, &["text", "text;base64", "lines"], |settings| settings.trim = true);
        assert_eq!(said["text"]["value"], json!("\na "));
        assert_eq!(said["text;base64"]["value"], json!("CmEgDQoNCg=="));
        assert!(said["lines"]["error"].as_str().unwrap().contains("empty"));
    }

    #[test]
    fn what_the_allow_list_does_not_have_is_not_looked_for() {
        let scratch = Scratch::new();
        scratch.write("listed", "v");
        scratch.write("other", "v");
        let list = crate::allow::AllowList::parse("listed").unwrap();
        let said = answered(&scratch, &["listed", "other", "absent"], |settings| settings.allow.push(list));
        assert_eq!(said["listed"]["value"], json!("v"));
        for handle in ["other", "absent"] {
            assert!(said[handle]["error"].as_str().unwrap().contains("not in the allow-list"), "{handle}");
        }
    }

    #[test]
    fn the_audit_line_has_names_and_no_value() {
        let scratch = Scratch::new();
        scratch.write("good", "hunter2");
        let request = Request::parse(br#"{"version":"1.0","secrets":["good","bad\u001b[31m"]}"#).unwrap();
        let settings = Settings { roots: vec![scratch.root().to_owned()], ..Settings::default() };
        let line = audit(&request, &answer(&request, &settings));
        assert_eq!(line, "keyferry-helper: 2 handles, 1 resolved, 1 not: \"bad\\u{1b}[31m\"\n");
    }

    #[test]
    fn settings_that_cannot_be_read_refuse_every_handle() {
        let request = Request::parse(br#"{"version":"1.0","secrets":["a"]}"#).unwrap();
        let said: Value = serde_json::from_slice(&refusal(&request, "helper.json: what").json()).unwrap();
        assert_eq!(said, json!({"a": {"value": null, "error": "helper.json: what"}}));
    }
}
