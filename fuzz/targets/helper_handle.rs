//! Any text: it is no handle, in words that are short and say so, or one whose path leads nowhere but down.

#![no_main]

use keyferry_helper::handle::{Handle, MAX_BYTES, Place};
use keyferry_helper::mount;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|written: &str| {
    match Handle::parse(written) {
        Ok(handle) => is_sound(&handle, written),
        Err(error) => {
            let words = error.to_string();
            assert!((10..500).contains(&words.len()), "{words}");
            assert!(!words.chars().any(char::is_control), "{words:?}");
        }
    }
});

fn is_sound(handle: &Handle, written: &str) {
    assert_eq!(handle.to_string(), written);
    assert_eq!(Handle::parse(written).as_ref(), Ok(handle));
    assert!(written.len() <= MAX_BYTES && !written.chars().any(char::is_control));
    assert_ne!(handle.field(), Some(""));
    let path = match handle.place() {
        Place::Absolute(path) => {
            assert_eq!(handle.beneath("/"), path.strip_prefix('/'));
            path.strip_prefix('/').expect("an absolute path begins with a slash")
        }
        Place::Secret(path) => {
            assert_eq!(path.split('/').count(), 3);
            path
        }
        Place::Beneath(path) => path,
    };
    for part in path.split('/') {
        assert!(!part.is_empty() && part != "." && !part.starts_with("..") && part.len() <= 255, "{path}");
    }
    if let Ok(item) = mount::item(handle, Some("secret"), "/run/keyferry") {
        assert!(path.ends_with(&item.path) && item.path.ends_with(&item.key));
    }
}
