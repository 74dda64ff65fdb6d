//! Any text: its scan ends, finds no handle without its sign, and every place can be shown on one line.
#![no_main]

use keyferry_helper::configuration::{Fault, Scan, scan};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Scan { handles, warnings, errors } = scan(text);
    // YAML ends a line at a carriage return too.
    let most = text.split(['\n', '\r']).count() + 1;
    for found in &handles {
        assert!((1..=most).contains(&found.line));
        assert!(!found.place.to_string().contains('\n'));
        // What was written with escapes is longer in the text than the handle is.
        assert!(found.handle.len() < text.len());
    }
    for warning in &warnings {
        assert!((1..=most).contains(&warning.line));
        assert!(!warning.place.to_string().contains('\n'));
    }
    let brackets = text.matches(['[', '5']).count();
    assert!(handles.len() <= brackets, "a handle needs a bracket, or its escape \\u005b or \\x5b");
    assert!(errors.iter().all(|error| error.fault != Fault::TooLong));
    assert_eq!(scan(text), Scan { handles, warnings, errors }, "the same text has the same scan");
});
