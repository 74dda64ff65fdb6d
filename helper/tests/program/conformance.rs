//! The vectors of `vectors.json`: a tree, what is asked, what must be answered.
//!
//! Each is run twice: with `openat2`, and with a kernel that does not have it. `docs/helper-protocol.md` says where the answers
//! differ from those of Datadog's own helpers, and why.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::run::{Ended, Folder, is_there, program, request, under};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    rule: String,
    /// A text is a file; an object is another thing (see `plant`).
    #[serde(default)]
    tree: Map<String, Value>,
    /// Beneath the tree.
    #[serde(default = "tree_itself")]
    roots: Vec<String>,
    #[serde(default)]
    arguments: Vec<String>,
    #[serde(default)]
    handles: Vec<String>,
    /// Instead of a request with the handles.
    input: Option<String>,
    /// For each handle `{"value": …}`, or `{"error": "a part of its words"}`.
    #[serde(default)]
    answer: Map<String, Value>,
    #[serde(default)]
    status: i32,
    /// A part of what standard error has; without it, it has nothing.
    errors: Option<String>,
}

fn tree_itself() -> Vec<String> {
    vec![".".to_owned()]
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("vectors.json")).unwrap()
}

fn plant(folder: &Folder, name: &str, thing: &Value) {
    let Value::Object(thing) = thing else {
        folder.file(name, thing.as_str().unwrap());
        return;
    };
    let (kind, detail) = thing.iter().next().unwrap();
    match kind.as_str() {
        "link" => folder.link(name, &detail.as_str().unwrap().replace("$TREE", &folder.text())),
        "bytes" => drop(folder.file(name, detail.as_array().unwrap().iter().map(byte).collect::<Vec<_>>())),
        "repeat" => drop(folder.file(name, "x".repeat(usize::try_from(detail.as_u64().unwrap()).unwrap()))),
        "sparse" => folder.sparse(name, detail.as_u64().unwrap()),
        "fifo" => folder.fifo(name),
        "folder" => folder.folder(name),
        other => panic!("no such thing: {other}"),
    }
}

fn byte(value: &Value) -> u8 {
    u8::try_from(value.as_u64().unwrap()).unwrap()
}

impl Vector {
    fn run(&self, tracer: &[&str]) {
        let folder = Folder::new();
        self.tree.iter().for_each(|(name, thing)| plant(&folder, name, thing));
        let placed = |text: &String| text.replace("$TREE", &folder.text());
        let roots = self.roots.iter().map(|root| folder.path().join(root).to_str().unwrap().to_owned());
        let arguments: Vec<_> = roots.chain(self.arguments.iter().map(placed)).collect();
        let handles: Vec<_> = self.handles.iter().map(placed).collect();
        let input = self.input.as_ref().map_or_else(|| request(&handles), |input| input.clone().into_bytes());
        let ended = if tracer.is_empty() { program(&arguments, &input) } else { under(tracer, &arguments, &input) };
        self.compare(&ended, &folder);
    }

    fn compare(&self, ended: &Ended, folder: &Folder) {
        let rule = &self.rule;
        assert_eq!(ended.status, self.status, "{rule}: {}", ended.errors);
        match &self.errors {
            Some(errors) => assert!(ended.errors.contains(errors), "{rule}: {}", ended.errors),
            None => assert_eq!(ended.errors, "", "{rule}"),
        }
        if self.status != 0 {
            assert!(ended.output.is_empty(), "{rule}: no answer at all");
            return;
        }
        let mut answer = ended.answer();
        let answer = answer.as_object_mut().unwrap();
        for (handle, expected) in &self.answer {
            let handle = handle.replace("$TREE", &folder.text());
            let found = answer.remove(&handle).unwrap_or_else(|| panic!("{rule}: {handle} is not in the answer"));
            compare_entry(&format!("{rule}: {handle}"), &found, expected);
        }
        assert!(answer.is_empty(), "{rule}: unexpected {answer:?}");
    }
}

fn compare_entry(what: &str, found: &Value, expected: &Value) {
    let fields: Vec<_> = found.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["value", "error"], "{what}");
    match expected.get("error") {
        Some(words) => {
            assert!(found["value"].is_null(), "{what} has a value");
            assert!(found["error"].as_str().unwrap().contains(words.as_str().unwrap()), "{what}: {found}");
        }
        None => assert_eq!([&found["value"], &found["error"]], [&expected["value"], &Value::Null], "{what}"),
    }
}

#[test]
fn every_vector_is_answered_as_it_says() {
    let vectors = vectors();
    assert!(vectors.len() >= 30, "the file was not read");
    for vector in &vectors {
        vector.run(&[]);
    }
}

/// Debian's and older Docker profiles answer EPERM, older kernels and gVisor ENOSYS.
#[test]
fn every_vector_is_answered_the_same_without_openat2() {
    if !is_there("strace", "the way without openat2, in the program as a whole") {
        return;
    }
    for error in ["ENOSYS", "EPERM"] {
        let inject = format!("inject=openat2:error={error}");
        let tracer = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=openat2", "-e", &inject];
        for vector in vectors() {
            vector.run(&tracer);
        }
    }
}
