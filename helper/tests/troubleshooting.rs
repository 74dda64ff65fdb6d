//! `docs/helper-troubleshooting.md` against the code's list of findings, both ways, and against what the program prints.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a failed setup is a failed test")]

use std::collections::BTreeSet;
use std::process::Command;

use keyferry_helper::check::finding::Code;
use keyferry_helper::check::options::USAGE;
use keyferry_helper::check::report::SCHEMA;
use serde_json::Value;

const PAGE: &str = include_str!("../../docs/helper-troubleshooting.md");

/// Each finding's title line and its text with single spaces, by id.
fn sections() -> Vec<(&'static str, &'static str, String)> {
    let sections = PAGE.split("\n### ").skip(1);
    let each = sections.map(|section| {
        let (heading, text) = section.split_once('\n').unwrap();
        let (id, title) = heading.split_once(": ").unwrap();
        let text = text.split("\n## ").next().unwrap();
        (id, title, text.split_whitespace().collect::<Vec<_>>().join(" "))
    });
    each.collect()
}

#[test]
fn the_page_has_every_finding_with_its_words_its_weight_and_its_cure_and_no_other() {
    let sections = sections();
    let ids: Vec<&str> = sections.iter().map(|(id, ..)| *id).collect();
    assert_eq!(ids, Code::ALL.iter().map(|code| code.id()).collect::<Vec<_>>());
    for (code, (id, title, text)) in Code::ALL.iter().zip(&sections) {
        assert_eq!(*title, code.title(), "{id}");
        let severity = format!("{:?}. ", code.severity());
        let (meaning, cure) = text.split_once(" Cure: ").unwrap_or_else(|| panic!("{id} has no cure"));
        assert!(meaning.starts_with(&severity) && meaning.len() > severity.len() + 20, "{id}: {meaning}");
        assert_eq!(cure, code.cure(), "{id}");
    }
}

#[test]
fn the_page_names_no_id_that_there_is_not() {
    let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.id()).collect();
    for named in PAGE.split("KFH").skip(1) {
        let id = format!("KFH{}", named.get(..3).unwrap());
        assert!(known.contains(id.as_str()), "{id}");
    }
}

#[test]
fn the_page_has_every_option() {
    for option in USAGE.split_whitespace().filter(|word| word.starts_with("--")) {
        let option = option.trim_end_matches([',', '.']);
        assert!(option == "--help" || PAGE.contains(&format!("`{option}")), "{option}");
    }
}

/// The names of all fields of an object, those of objects in it included.
fn fields(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                into.insert(name.clone());
                fields(value, into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, into)),
        _ => {}
    }
}

#[test]
fn the_page_describes_every_field_of_the_json_and_its_example_has_the_same() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyferry-helper"));
    let folder = env!("CARGO_MANIFEST_DIR");
    let config = concat!(env!("CARGO_TARGET_TMPDIR"), "/troubleshooting.yaml");
    std::fs::write(config, "a: ENC[missing]").unwrap();
    let output = command.args(["check", "--json", "--root", folder, "--config", config]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["schema"], SCHEMA);
    let mut printed = BTreeSet::new();
    fields(&report, &mut printed);
    let (_, json) = PAGE.split_once("## JSON").unwrap();
    let (table, example) = json.split_once("```json").unwrap();
    for field in
        printed.iter().filter(|field| !["id", "severity", "title", "what", "where", "cure"].contains(&field.as_str()))
    {
        assert!(table.contains(&format!("`{field}`")), "{field}");
    }
    let example: Value = serde_json::from_str(example.split_once("```").unwrap().0).unwrap();
    let top = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(top(&example), top(&report));
    for list in ["roots", "handles", "findings"] {
        assert_eq!(top(&example[list][0]), top(&report[list][0]), "{list}");
    }
}
