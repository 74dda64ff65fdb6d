//! `docs/templates.md` has every function, and its examples give what it says: here, and in Go where there is one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a broken setup is a failed test")]
#![allow(clippy::expect_used, clippy::needless_pass_by_value, clippy::format_push_string, reason = "the support's")]
#![allow(missing_docs, unreachable_pub, dead_code, reason = "tests, of which the support is shared")]

mod support;

use keyferry_gotemplate::Template;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use support::Case;
use support::case::Answer;
use support::data::{base64, map, string, value};

const PAGE: &str = include_str!("../../../docs/templates.md");

/// What the page writes for the end of a line in a result.
const LINE: &str = "↵";

struct Example {
    functions: Vec<String>,
    template: String,
    shown: Shown,
}

#[derive(Debug, Clone, PartialEq)]
enum Shown {
    Result(String),
    Error(String),
    /// Another result each time.
    Random,
}

/// The rows of all tables with four columns that follow the heading.
fn examples(heading: &str) -> Vec<Example> {
    let (_, after) = PAGE.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = after.split("\n## ").next().unwrap();
    section.lines().filter(|line| line.starts_with("| `")).map(example).collect()
}

fn example(row: &str) -> Example {
    let row = row.replace(r"\|", "\u{1}");
    let cells: Vec<String> = row.trim_matches('|').split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect();
    let [name, _, template, shown] = cells.as_slice() else { panic!("not four columns: {row}") };
    let name = code(name).unwrap().split(' ').next().unwrap().to_owned();
    Example { functions: vec![name], template: code(template).unwrap(), shown: result(shown) }
}

/// What stands between backticks, if that is all.
fn code(cell: &str) -> Option<String> {
    Some(cell.strip_prefix('`')?.strip_suffix('`')?.to_owned())
}

fn result(cell: &str) -> Shown {
    match cell.strip_prefix("error ") {
        Some(cause) => Shown::Error(code(cause).unwrap()),
        None if cell == "another each time" => Shown::Random,
        None if cell.is_empty() => Shown::Result(String::new()),
        None => Shown::Result(code(cell).unwrap_or_else(|| panic!("no result: {cell}")).replace(LINE, "\n")),
    }
}

/// What the page says that the examples have.
fn data() -> Json {
    let chain = concat!(
        include_str!("fixtures/leaf.pem"),
        include_str!("fixtures/intermediate.pem"),
        include_str!("fixtures/root.pem")
    );
    map(
        "map",
        [
            ("user", string("app")),
            ("password", string(r#"s3cr3t"!"#)),
            ("json", string(r#"{"host": "db.example", "port": 5432, "tags": ["a", "b"]}"#)),
            ("chain", string(chain)),
            ("key", string(include_str!("fixtures/leaf.key"))),
            ("p12", string(base64::encode(include_bytes!("fixtures/modern.p12")))),
            ("rsaKey", string(include_str!("fixtures/rsa.key"))),
            ("sealed", string(include_str!("fixtures/sealed.b64"))),
            ("jwk", string(JWK)),
        ],
    )
}

/// RFC 7517's first example.
const JWK: &str = r#"{"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;

fn ours(template: &str) -> Shown {
    let parsed = Template::parse("t", template, support::functions());
    let rendered = parsed.and_then(|parsed| parsed.render(&value(&data())));
    match rendered {
        Ok(output) => Shown::Result(String::from_utf8(output).unwrap()),
        Err(error) => Shown::Error(error.cause().to_owned()),
    }
}

#[test]
fn the_page_has_every_function_once_and_no_other() {
    let examples = examples("Functions");
    let names: Vec<&str> = examples.iter().flat_map(|example| &example.functions).map(String::as_str).collect();
    let shown: BTreeSet<&str> = names.iter().copied().collect();
    let there: BTreeSet<&str> = support::functions().names().collect();
    let missing: Vec<_> = there.difference(&shown).collect();
    let unknown: Vec<_> = shown.difference(&there).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "the page lacks {missing:?} and has {unknown:?} too many");
    assert_eq!(names.len(), shown.len(), "a function stands twice");
}

#[test]
fn every_example_calls_its_function_and_gives_what_the_page_shows() {
    let mut wrong = Vec::new();
    for Example { functions, template, shown } in examples("Functions").into_iter().chain(examples("The language")) {
        let words: Vec<&str> = template.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
        assert!(functions.iter().all(|name| words.contains(&name.as_str())), "{template} does not call {functions:?}");
        let ours = ours(&template);
        let fits = if shown == Shown::Random {
            matches!(&ours, Shown::Result(text) if !text.is_empty())
        } else {
            ours == shown
        };
        if !fits {
            wrong.push(format!("{template} => {ours:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} examples are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn go_gives_what_the_page_shows() {
    let Some(mut oracle) = support::oracle() else { return eprintln!("SKIPPED: no Go") };
    let mut examples = examples("Functions");
    examples.extend(self::examples("The language"));
    examples.retain(|example| example.shown != Shown::Random);
    let cases: Vec<Case> = examples.iter().map(|example| Case::new(&example.template, data())).collect();
    let answers = Case::ask(&mut oracle, &cases);
    let wrong = examples.iter().zip(&answers).filter(|(example, answer)| match (&example.shown, answer) {
        (Shown::Result(shown), Answer::Output(output)) => shown.as_bytes() != output,
        (Shown::Error(_), Answer::Error(_)) => false,
        _ => true,
    });
    let wrong: Vec<_> = wrong.map(|(example, answer)| format!("{} => {}", example.template, answer.show())).collect();
    assert!(wrong.is_empty(), "Go says otherwise:\n{}", wrong.join("\n"));
}
