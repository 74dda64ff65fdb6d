use std::fs;

use super::*;
use crate::scratch::Scratch;

fn reader(scratch: &Scratch) -> Reader {
    Reader::new(vec![scratch.root().to_owned()], limits::VALUE)
}

fn read(reader: &Reader, handle: &str) -> Result<String, Failure> {
    let reading = reader.read(&Handle::parse(handle).unwrap())?;
    Ok(String::from_utf8(reading.value.expose().to_vec()).unwrap())
}

/// What a kubelet makes of these files.
fn volume(scratch: &Scratch, at: &str, generation: &str, files: &[(&str, &str)]) {
    for (name, text) in files {
        scratch.write(&format!("{at}{generation}/{name}"), text);
        let visible = name.split('/').next().unwrap();
        let link = scratch.path(&format!("{at}{visible}"));
        if fs::symlink_metadata(&link).is_err() {
            scratch.link(&format!("{at}{visible}"), &format!("..data/{visible}"));
        }
    }
    scratch.link(&format!("{at}..data_tmp"), generation);
    fs::rename(scratch.path(&format!("{at}..data_tmp")), scratch.path(&format!("{at}..data"))).unwrap();
}

#[test]
fn a_handle_of_each_form_is_read_from_a_projected_volume() {
    let scratch = Scratch::new();
    let files = [("db", "one"), ("ns/name/key", "two"), ("c.json", r#"{"user":"three","n":4}"#)];
    volume(&scratch, "", "..2026_1", &files);
    let reader = reader(&scratch);
    let absolute = format!("file@{}/db", scratch.root().display());
    for (handle, expected) in [
        ("db", "one"),
        ("ns/name/key", "two"),
        ("ns/name;key", "two"),
        ("k8s_secret@ns/name/key", "two"),
        ("c.json;user", "three"),
        ("c.json;n", "4"),
        (&absolute, "one"),
    ] {
        assert_eq!(read(&reader, handle).as_deref(), Ok(expected), "{handle}");
    }
    let origin = reader.read(&Handle::parse("db").unwrap()).unwrap().origin;
    assert_eq!((origin.generation.as_deref(), origin.bytes, origin.own_mount), (Some("..2026_1"), 3, false));
    assert_eq!((origin.root.as_path(), origin.path.as_path()), (scratch.root(), Path::new("db")));
}

#[test]
fn all_that_a_call_reads_is_of_the_generation_it_began_with() {
    let scratch = Scratch::new();
    volume(&scratch, "", "..1", &[("user", "u1"), ("password", "p1")]);
    volume(&scratch, "sub/", "..1", &[("user", "s1"), ("password", "t1")]);
    let reader = reader(&scratch);
    let [user, password] = ["user", "password"].map(|name| Handle::parse(name).unwrap());
    let [first, second] = reader.call(|view| {
        let first = view.read(&user).unwrap().value;
        volume(&scratch, "", "..2", &[("user", "u2"), ("password", "p2")]);
        [first, view.read(&password).unwrap().value]
    });
    assert_eq!([first, second], ["u1", "p1"].map(Sealed::from));
    assert_eq!(read(&reader, "password").as_deref(), Ok("p2"), "the next call has the next generation");
}

#[test]
fn a_volume_below_the_root_has_its_own_generation() {
    let scratch = Scratch::new();
    volume(&scratch, "db/", "..1", &[("user", "u1"), ("password", "p1")]);
    let reader = reader(&scratch);
    let [user, password] = ["db/user", "db/password"].map(|name| Handle::parse(name).unwrap());
    let values = reader.call(|view| {
        let first = view.read(&user).unwrap().value;
        volume(&scratch, "db/", "..2", &[("user", "u2"), ("password", "p2")]);
        [first, view.read(&password).unwrap().value]
    });
    assert_eq!(values, ["u1", "p1"].map(Sealed::from));
}

#[test]
fn a_call_begins_anew_when_its_generation_is_removed() {
    let scratch = Scratch::new();
    volume(&scratch, "", "..1", &[("user", "u1"), ("password", "p1")]);
    let reader = reader(&scratch);
    let [user, password] = ["user", "password"].map(|name| Handle::parse(name).unwrap());
    let mut attempts = 0;
    let values = reader.call(|view| {
        attempts += 1;
        let first = view.read(&user).unwrap().value;
        if attempts == 1 {
            volume(&scratch, "", "..2", &[("user", "u2"), ("password", "p2")]);
            fs::remove_dir_all(scratch.path("..1")).unwrap();
        }
        [Ok(first), view.read(&password).map(|reading| reading.value)]
    });
    assert_eq!((attempts, values), (2, ["u2", "p2"].map(|value| Ok(Sealed::from(value)))));
}

#[test]
fn a_volume_that_never_stands_still_ends_in_an_error() {
    let scratch = Scratch::new();
    volume(&scratch, "", "..0", &[("user", "u")]);
    let reader = reader(&scratch);
    let mut attempts = 0;
    let last = reader.call(|view| {
        let _ = view.read(&Handle::parse("absent").unwrap());
        attempts += 1;
        volume(&scratch, "", &format!("..{attempts}"), &[("user", "u")]);
        view.read(&Handle::parse("absent").unwrap()).unwrap_err()
    });
    assert_eq!((attempts, last), (ATTEMPTS, Failure::Moving));
}

#[test]
fn a_key_that_was_revoked_is_gone() {
    let scratch = Scratch::new();
    volume(&scratch, "", "..1", &[("kept", "a"), ("revoked", "b")]);
    volume(&scratch, "", "..2", &[("kept", "a")]);
    let roots = vec![scratch.root().to_owned()];
    assert_eq!(read(&reader(&scratch), "revoked"), Err(Failure::NotFound(roots)));
}

#[test]
fn what_stands_beside_the_generation_is_not_read_from_a_volume() {
    let scratch = Scratch::new();
    volume(&scratch, "", "..1", &[("kept", "a")]);
    scratch.write("stray", "x");
    assert!(matches!(read(&reader(&scratch), "stray"), Err(Failure::NotFound(_))));
}

#[test]
fn the_first_root_that_has_the_file_is_read() {
    let (first, second) = (Scratch::new(), Scratch::new());
    first.write("both", "first");
    second.write("both", "second");
    second.write("only", "second");
    let reader = Reader::new(vec![first.root().to_owned(), second.root().to_owned()], 100);
    assert_eq!(read(&reader, "both").as_deref(), Ok("first"));
    assert_eq!(read(&reader, "only").as_deref(), Ok("second"));
    assert_eq!(read(&reader, &format!("file@{}/only", second.root().display())).as_deref(), Ok("second"));
}

#[test]
fn an_absolute_path_may_reach_the_root_by_another_name() {
    let scratch = Scratch::new();
    scratch.write("real/secrets/key", "v");
    scratch.link("alias", "real");
    let reader = Reader::new(vec![scratch.path("real/secrets")], 100);
    assert_eq!(read(&reader, &format!("file@{}/alias/secrets/key", scratch.root().display())).as_deref(), Ok("v"));
    let elsewhere = read(&reader, "file@/etc/hostname").unwrap_err();
    assert_eq!(elsewhere, Failure::Elsewhere(vec![scratch.path("real/secrets")]));
}

#[test]
fn a_root_that_is_not_there_is_named() {
    let scratch = Scratch::new();
    let gone = scratch.path("gone");
    let reader = Reader::new(vec![gone.clone()], 100);
    assert_eq!(read(&reader, "x"), Err(Failure::Root(gone.clone(), Errno::NOENT)));
    let both = Reader::new(vec![gone, scratch.root().to_owned()], 100);
    scratch.write("x", "v");
    assert_eq!(read(&both, "x").as_deref(), Ok("v"), "the other root serves all the same");
}

#[test]
fn a_value_is_whole_or_an_error() {
    let scratch = Scratch::new();
    scratch.write("exact", "x".repeat(64 << 10));
    scratch.write("long", "x".repeat((64 << 10) + 1));
    scratch.write("empty", "");
    scratch.write("binary", b"\xff\x00");
    scratch.write("a.json", format!(r#"{{"long":"{}","empty":"","ok":"v"}}"#, "x".repeat((64 << 10) + 1)));
    let reader = reader(&scratch);
    assert_eq!(read(&reader, "exact").map(|value| value.len()), Ok(64 << 10));
    assert_eq!(read(&reader, "long"), Err(Failure::TooLong { limit: 64 << 10 }));
    assert_eq!(read(&reader, "a.json;long"), Err(Failure::TooLong { limit: 64 << 10 }));
    assert_eq!(read(&reader, "a.json;ok").as_deref(), Ok("v"));
    for handle in ["empty", "empty;base64", "a.json;empty"] {
        assert_eq!(read(&reader, handle), Err(Failure::Empty), "{handle}");
    }
    assert_eq!(read(&reader, "binary"), Err(Failure::NotText));
    let binary = reader.read(&Handle::parse("binary;base64").unwrap()).unwrap().value;
    assert_eq!(binary.expose(), b"\xff\x00", "it is encoded where the answer is written");
}

#[test]
fn a_json_file_is_parsed_once_for_all_its_fields() {
    let scratch = Scratch::new();
    scratch.write("a.json", r#"{"x":"1","y":"2"}"#);
    let reader = reader(&scratch);
    let [x, y] = ["a.json;x", "a.json;y"].map(|handle| Handle::parse(handle).unwrap());
    let values = reader.call(|view| {
        let x = view.read(&x).unwrap().value;
        fs::remove_file(scratch.path("a.json")).unwrap();
        [x, view.read(&y).unwrap().value]
    });
    assert_eq!(values, ["1", "2"].map(Sealed::from));
}
