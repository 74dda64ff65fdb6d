use super::*;

fn parsed(written: &str) -> (Place, Option<String>, Encoding) {
    let handle = Handle::parse(written).unwrap_or_else(|error| panic!("{written}: {error}"));
    assert_eq!(handle.to_string(), written, "a handle is shown as it was written");
    (handle.place, handle.field, handle.encoding)
}

fn beneath(path: &str) -> Place {
    Place::Beneath(path.to_owned())
}

fn refused(written: &str) -> Error {
    Handle::parse(written).expect_err(written)
}

#[test]
fn a_name_or_a_path_is_a_file_beneath_the_root() {
    for written in
        ["db", "db_pass.v1-a", "a/b", "ns/name/key", ".dockerconfigjson", "with space", "ключ", "a..", "a[1]"]
    {
        assert_eq!(parsed(written), (beneath(written), None, Encoding::Text));
    }
}

#[test]
fn both_ways_of_naming_a_key_of_a_secret_mean_one_file() {
    let expected = (Place::Secret("ns/name/key".into()), None, Encoding::Text);
    assert_eq!(parsed("k8s_secret@ns/name/key"), expected);
    assert_eq!(parsed("ns/name;key"), expected);
    assert_eq!(Handle::parse("ns/name;key").unwrap().path(), "ns/name/key");
}

#[test]
fn a_field_belongs_to_a_json_file_or_to_a_name_without_a_slash() {
    let field = Some("key".to_owned());
    for path in ["file.json", "config", "a/b.json", "a/b/c.json"] {
        assert_eq!(parsed(&format!("{path};key")), (beneath(path), field.clone(), Encoding::Text));
    }
    let absolute = Place::Absolute("/run/keyferry/a.json".into());
    assert_eq!(parsed("file@/run/keyferry/a.json;key"), (absolute, field, Encoding::Text));
    assert_eq!(parsed("file.json;a;b").1.as_deref(), Some("a;b"), "only the first semicolon divides");
    assert_eq!(parsed("file.json;a@b.c/d").1.as_deref(), Some("a@b.c/d"));
}

#[test]
fn base64_is_the_last_suffix_of_every_form() {
    assert_eq!(parsed("db;base64"), (beneath("db"), None, Encoding::Base64));
    assert_eq!(parsed("file.json;key;base64"), (beneath("file.json"), Some("key".into()), Encoding::Base64));
    assert_eq!(parsed("file.json;base64;base64").1.as_deref(), Some("base64"));
    assert_eq!(parsed("ns/name;key;base64").0, Place::Secret("ns/name/key".into()));
    assert_eq!(parsed("ns/name;base64").0, beneath("ns/name"));
    assert_eq!(parsed("k8s_secret@ns/name/key;base64").2, Encoding::Base64);
    assert_eq!(parsed("file@/a/b;base64").0, Place::Absolute("/a/b".into()));
}

#[test]
fn an_absolute_path_lies_beneath_a_root_only_at_a_slash() {
    let handle = Handle::parse("file@/run/sec/a/b").unwrap();
    assert_eq!(handle.path(), "/run/sec/a/b");
    assert_eq!(handle.beneath("/run/sec"), Some("a/b"));
    assert_eq!(handle.beneath("/run/sec/"), Some("a/b"));
    assert_eq!(handle.beneath("/"), Some("run/sec/a/b"));
    for other in ["/run/se", "/run/sec/a/b", "/run/secrets", "/etc"] {
        assert_eq!(handle.beneath(other), None, "{other}");
    }
    assert_eq!(Handle::parse("a/b").unwrap().beneath("/anywhere"), Some("a/b"));
}

#[test]
fn what_leads_out_or_is_the_kubelets_own_is_no_part_of_a_path() {
    for written in
        ["..", ".", "../a", "a/../b", "a/.", "..data/a", "..2026_11_22/a", "file@/run/../etc/passwd", "..;key"]
    {
        assert!(matches!(refused(written), Error::Dots(_)), "{written}");
    }
    for written in ["a//b", "a/", "file@//etc", "file@/", "/;key;base64x"] {
        assert!(matches!(refused(written), Error::EmptyPart | Error::NoPrefix), "{written}");
    }
    assert_eq!(refused("a/"), Error::EmptyPart);
    assert_eq!(refused("/etc/passwd"), Error::NoPrefix);
    assert_eq!(refused("file@etc/passwd"), Error::NotAbsolute);
    assert_eq!(refused(";key"), Error::EmptyPart);
    assert_eq!(refused(";base64"), Error::EmptyPart);
}

#[test]
fn lengths_and_characters_are_bounded() {
    assert_eq!(refused(""), Error::Empty);
    assert_eq!(refused(&"a".repeat(1025)), Error::TooLong(1025));
    assert_eq!(refused(&"a".repeat(256)), Error::PartTooLong(256));
    assert_eq!(refused(&["a"; 17].join("/")), Error::TooDeep);
    assert_eq!(parsed(&["a"; 16].join("/")).0, beneath(&["a"; 16].join("/")));
    for written in ["a\0b", "a\nb", "a\u{7f}b", "a\u{85}b"] {
        assert_eq!(refused(written), Error::Control(2), "{written:?}");
    }
}

#[test]
fn a_name_that_kubernetes_does_not_give_is_told_apart() {
    assert_eq!(refused("k8s_secret@Ns/name/key"), Error::Namespace("Ns".into()));
    assert_eq!(refused("k8s_secret@ns/Name/key"), Error::Secret("Name".into()));
    assert_eq!(refused("ns/name;k y"), Error::Key("k y".into()));
    assert_eq!(refused("ns/name;..data"), Error::Key("..data".into()));
    assert_eq!(refused("ns/name;a;b"), Error::Key("a;b".into()));
    assert_eq!(refused("ns/name;"), Error::Key(String::new()));
    for written in ["k8s_secret@ns/name", "k8s_secret@ns/name/key/more", "k8s_secret@"] {
        assert_eq!(refused(written), Error::NotThreeParts);
    }
}

#[test]
fn other_mistakes_name_their_cure() {
    assert!(refused("vault@secret/a").to_string().contains("unknown prefix \"vault\": write file@/path"));
    assert!(refused("ENC[db]").to_string().contains("between ENC[ and ]"));
    assert_eq!(refused("a/b/c;key"), Error::FieldOfNoJson);
    assert_eq!(refused("file@/a/b;key"), Error::FieldOfNoJson);
    assert_eq!(refused("file.json;"), Error::NoField);
    let long = refused(&format!("{}@x", "p".repeat(900))).to_string();
    assert!(long.len() < 300, "a message stays short: {long}");
}
