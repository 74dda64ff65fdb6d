//! The answer: a JSON object that stays under a budget, since a client throws one that is too long away as a whole.
//!
//! Every handle gets room for a short error first; what is left goes to values, in the order of the handles, then to the words
//! of errors. So one value too many costs itself and no other.

use std::io::{self, Write};

use sealed::Sealed;
use zeroize::Zeroizing;

/// Instead of a value or of an error's words. Short, so that 10,000 handles of 40 letters have room for it.
const NO_ROOM: &str = "the answer is full: ask for less";

const VALUE: [&str; 2] = [":{\"value\":", ",\"error\":null}"];
const ERROR: [&str; 2] = [":{\"value\":null,\"error\":", "}"];

/// An answer that is being put together.
#[derive(Debug)]
pub struct Answer<'a> {
    entries: Vec<Entry<'a>>,
    /// The bytes that nobody has yet.
    spare: usize,
    left_out: usize,
}

#[derive(Debug)]
struct Entry<'a> {
    handle: &'a str,
    said: Said,
}

#[derive(Debug)]
enum Said {
    Value(Sealed),
    Error(String),
    NoRoom,
}

impl<'a> Answer<'a> {
    /// Room for each handle, in their order; those that find none are left out, which a client takes for an error.
    pub fn new(handles: impl IntoIterator<Item = &'a str>, budget: usize) -> Self {
        let mut answer = Self { entries: Vec::new(), spare: budget.saturating_sub("{}".len()), left_out: 0 };
        for handle in handles {
            let entry = Entry { handle, said: Said::NoRoom };
            match answer.spare.checked_sub(entry.bytes()) {
                Some(spare) => {
                    answer.spare = spare;
                    answer.entries.push(entry);
                }
                None => answer.left_out += 1,
            }
        }
        answer
    }

    /// Asks for each handle once. A value for which there is no room is dropped at once, so no more than the budget is held.
    pub fn fill<E: ToString>(&mut self, mut ask: impl FnMut(&str) -> Result<Sealed, E>) {
        let mut errors = Vec::new();
        for (index, entry) in self.entries.iter_mut().enumerate() {
            match ask(entry.handle) {
                Ok(value) => offer(entry, &mut self.spare, Said::Value(value)),
                Err(error) => errors.push((index, error)),
            }
        }
        for (index, error) in errors {
            if let Some(entry) = self.entries.get_mut(index) {
                offer(entry, &mut self.spare, Said::Error(error.to_string()));
            }
        }
    }

    /// The handles that have no value, those that were left out not among them.
    pub fn refused(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(|entry| !matches!(entry.said, Said::Value(_))).map(|entry| entry.handle)
    }

    /// How many handles have a value.
    pub fn resolved(&self) -> usize {
        self.entries.len() - self.refused().count()
    }

    /// How many handles found no room at all.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// The JSON, in a buffer that was never moved and is zeroed when it is dropped.
    pub fn json(&self) -> Zeroizing<Vec<u8>> {
        let length = "{}".len() + self.entries.iter().map(Entry::bytes).sum::<usize>();
        let mut json = Zeroizing::new(Vec::with_capacity(length));
        json.push(b'{');
        for (index, entry) in self.entries.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            // A vector takes all that is written to it.
            let _ = entry.write(&mut *json);
        }
        json.push(b'}');
        json
    }
}

/// Puts `said` in, if what it needs beyond the entry's room is there.
fn offer(entry: &mut Entry<'_>, spare: &mut usize, said: Said) {
    let room = *spare + entry.bytes();
    let offered = Entry { handle: entry.handle, said };
    if let Some(rest) = room.checked_sub(offered.bytes()) {
        *spare = rest;
        *entry = offered;
    }
}

impl Entry<'_> {
    /// How long it is, with a comma.
    fn bytes(&self) -> usize {
        let mut counter = Counter(1);
        let _ = self.write(&mut counter);
        counter.0
    }

    fn write(&self, mut to: impl Write) -> io::Result<()> {
        let ([before, after], text) = match &self.said {
            Said::Value(value) => (VALUE, std::str::from_utf8(value.expose()).unwrap_or_default()),
            Said::Error(error) => (ERROR, error.as_str()),
            Said::NoRoom => (ERROR, NO_ROOM),
        };
        serde_json::to_writer(&mut to, self.handle)?;
        to.write_all(before.as_bytes())?;
        serde_json::to_writer(&mut to, text)?;
        to.write_all(after.as_bytes())
    }
}

/// Counts what is written to it.
struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn said(answer: &Answer<'_>) -> Value {
        serde_json::from_slice(&answer.json()).unwrap()
    }

    fn ask(handle: &str) -> Result<Sealed, String> {
        match handle.strip_prefix("bad") {
            Some(_) => Err(format!("{handle} is {}", "wrong ".repeat(30))),
            None => Ok(Sealed::from("v".repeat(handle.len() * 100))),
        }
    }

    #[test]
    fn an_entry_has_a_value_or_an_error_and_the_other_is_null() {
        let mut answer = Answer::new(["a", "b"], 1000);
        answer.fill(|handle| if handle == "a" { Ok(Sealed::from("\"q\"\n\u{1}é")) } else { Err("why") });
        let expected = json!({"a": {"value": "\"q\"\n\u{1}é", "error": null}, "b": {"value": null, "error": "why"}});
        assert_eq!(said(&answer), expected);
        assert_eq!((answer.resolved(), answer.refused().collect()), (1, vec!["b"]));
        assert_eq!(said(&Answer::new([], 10)), json!({}));
    }

    #[test]
    fn the_value_that_finds_no_room_gets_an_error_and_smaller_ones_after_it_their_values() {
        let mut answer = Answer::new(["a", "large-handle", "z"], 1000);
        answer.fill(|handle| Ok::<_, String>(Sealed::from("v".repeat(if handle.len() > 1 { 2000 } else { 50 }))));
        let said = said(&answer);
        assert_eq!(said["large-handle"], json!({"value": null, "error": NO_ROOM}));
        assert_eq!([&said["a"]["value"], &said["z"]["value"]], [&json!("v".repeat(50)); 2]);
    }

    #[test]
    fn values_come_before_the_words_of_errors() {
        let mut answer = Answer::new(["bad", "z"], 300);
        answer.fill(ask);
        assert_eq!(said(&answer)["z"]["value"], json!("v".repeat(100)));
        assert_eq!(said(&answer)["bad"]["error"], json!(NO_ROOM));
    }

    #[test]
    fn whatever_is_asked_the_answer_is_json_within_the_budget() {
        let handles: Vec<_> = (0..40).map(|n| format!("{}{n}\n\"", if n % 3 == 0 { "bad" } else { "h" })).collect();
        for budget in (2..20_000).step_by(97) {
            let mut answer = Answer::new(handles.iter().map(String::as_str), budget);
            answer.fill(ask);
            let json = answer.json();
            assert!(json.len() <= budget && json.capacity() <= budget, "{} of {budget}", json.capacity());
            let entries = said(&answer).as_object().unwrap().len();
            assert_eq!(entries + answer.left_out(), handles.len());
        }
    }
}
