//! Any input: it is no request, or its answer is JSON within the budget, with a value or an error for each handle, and
//! nothing from outside of the root.

#![no_main]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::LazyLock;

use keyferry_helper::protocol::{self, Request};
use keyferry_helper::settings::Settings;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const CANARY: &str = "OUTSIDE";
const BUDGET: usize = 2000;

static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    let base = std::env::temp_dir().join(format!("keyferry-fuzz-{}", std::process::id()));
    let root = base.join("r");
    fs::create_dir_all(root.join("..1/d")).expect("a folder");
    for (name, text) in [("..1/a", "v"), ("..1/d/a", "\u{1}\"é"), ("..1/c", "{\"a\":\"\\u00e9\",\"b\":[1],\"c\":1}")] {
        fs::write(root.join(name), text).expect("a file");
    }
    fs::write(root.join("..1/b"), b"\xff").expect("a file");
    fs::write(base.join("x"), CANARY).expect("a file");
    for (name, target) in [("..data", "..1"), ("..1/up", "../../x"), ("..1/abs", "/etc/passwd"), ("..1/l", "l")] {
        symlink(target, root.join(name)).expect("a link");
    }
    root
});

fuzz_target!(|input: &[u8]| {
    let request = match Request::parse(input) {
        Ok(request) => request,
        Err(error) => {
            assert!((10..400).contains(&error.to_string().len()));
            return;
        }
    };
    let settings = Settings { roots: vec![ROOT.clone()], max_output: BUDGET, ..Settings::default() };
    let answer = protocol::answer(&request, &settings);
    let json = answer.json();
    assert!(json.len() <= BUDGET && json.capacity() <= BUDGET, "{} bytes", json.capacity());
    let entries: Value = serde_json::from_slice(&json).expect("an answer is JSON");
    let entries = entries.as_object().expect("an answer is an object");
    assert_eq!(entries.len() + answer.left_out(), request.handles().count());
    for (handle, entry) in entries {
        assert!(request.handles().any(|asked| asked == handle));
        let (value, error) = (&entry["value"], &entry["error"]);
        assert!(value.is_null() != error.is_null() && value != "" && error != "", "{entry}");
        assert!(!value.as_str().unwrap_or_default().contains(CANARY), "{handle}");
    }
    let line = protocol::audit(&request, &answer);
    assert!(line.ends_with('\n') && line.len() < 4000 && !line.trim_end().chars().any(char::is_control));
});
