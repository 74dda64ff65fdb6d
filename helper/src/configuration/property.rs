//! Random documents whose handles are known, and random bytes.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::*;

/// Knuth's linear congruential generator: the same documents in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const KEYS: [&str; 12] = [
    "a",
    "instances",
    "password",
    "ad.datadoghq.com/app.checks",
    "é",
    "with space",
    "",
    "x: y",
    "-",
    "\u{1f511}",
    "#",
    "1",
];
const HANDLES: [&str; 9] =
    ["db/password", "a", "a[1]", "file@/run/x", "ns/n;k", "x;base64", "%%host%%_x", "ü", " a:\t{}"];
const OTHERS: [&str; 10] = ["", "x", "ENC", "[x]", "a: b", "line\nline", "{}", "- -", "\u{85}\u{2028}", "%%host%%"];

/// What a scan must find: place and handle, in the order of the text.
type Expected = Vec<(String, String)>;

/// A document, with its handles noted; `embedded` says how many strings may still hold a document.
fn document(random: &mut Random, place: &Place, depth: usize, embedded: usize, expected: &mut Expected) -> Value {
    let below = |step: Step| Place::new([place.steps(), &[step]].concat());
    match random.below(if depth == 0 { 4 } else { 10 }) {
        0 | 1 => json!(random.one(&OTHERS)),
        2 => json!(random.below(100)),
        3 => {
            let handle = random.one(&HANDLES);
            expected.push((place.to_string(), handle.to_owned()));
            json!(format!("{}ENC[{handle}]{}", random.one(&["", " \t"]), random.one(&["", "  "])))
        }
        4 if embedded > 0 && !place.steps().is_empty() => {
            string(random, &below(Step::Inside(Format::Json)), embedded - 1, expected)
        }
        4..=6 => (0..random.below(4))
            .map(|index| document(random, &below(Step::Index(index)), depth - 1, embedded, expected))
            .collect(),
        _ => Value::Object(mapping(random, place, depth, embedded, expected)),
    }
}

fn mapping(
    random: &mut Random,
    place: &Place,
    depth: usize,
    embedded: usize,
    expected: &mut Expected,
) -> Map<String, Value> {
    let mut map = Map::new();
    for _ in 0..random.below(4) {
        let key = random.one(&KEYS);
        if !map.contains_key(key) {
            let place = Place::new([place.steps(), &[Step::key(key)]].concat());
            map.insert(key.to_owned(), document(random, &place, depth - 1, embedded, expected));
        }
    }
    map
}

/// A string that holds a JSON object.
fn string(random: &mut Random, place: &Place, embedded: usize, expected: &mut Expected) -> Value {
    json!(Value::Object(mapping(random, place, 3, embedded, expected)).to_string())
}

/// The document as YAML blocks; every scalar is JSON's, which YAML reads alike.
fn blocks(value: &Value, indent: usize, text: &mut String) {
    let begin = format!("\n{}", " ".repeat(indent));
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                write!(text, "{begin}{}:", json!(key)).unwrap();
                blocks(value, indent + 2, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                write!(text, "{begin}-").unwrap();
                blocks(item, indent + 2, text);
            }
        }
        Value::String(held) if held.starts_with('{') && held.len() > 2 => {
            let tree: Value = serde_json::from_str(held).unwrap();
            let pretty = serde_json::to_string_pretty(&tree).unwrap();
            write!(text, " |-{begin}{}", pretty.replace('\n', &begin)).unwrap();
        }
        scalar => write!(text, " {scalar}").unwrap(),
    }
}

fn found(scan: &Scan) -> Expected {
    scan.handles.iter().map(|found| (found.place.to_string(), found.handle.clone())).collect()
}

#[test]
fn every_handle_of_a_random_document_is_found_at_its_place_and_nothing_else() {
    let random = &mut Random(3);
    let (mut handles, mut empty) = (0, 0);
    for _ in 0..4_000 {
        let mut expected = Expected::new();
        let value = document(random, &Place::default(), 6, 3, &mut expected);
        let mut yaml = String::new();
        blocks(&value, 0, &mut yaml);
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        for text in [value.to_string(), pretty, yaml] {
            let scan = scan(&text);
            assert_eq!(
                (found(&scan), &scan.errors[..], &scan.warnings[..]),
                (expected.clone(), &[][..], &[][..]),
                "{text}"
            );
        }
        handles += expected.len();
        empty += usize::from(expected.is_empty());
    }
    assert!(handles > 2_000 && empty > 1_000, "{handles} handles, {empty} documents without one");
}

#[test]
fn a_handle_is_found_on_the_line_where_it_stands() {
    let random = &mut Random(4);
    let mut seen = 0;
    for _ in 0..2_000 {
        let value = document(random, &Place::default(), 6, 3, &mut Expected::new());
        let mut text = String::new();
        blocks(&value, 0, &mut text);
        for found in scan(&text).handles {
            let line = text.lines().nth(found.line - 1).unwrap();
            assert!(line.contains("ENC["), "line {} of {text}", found.line);
            seen += 1;
        }
    }
    assert!(seen > 500, "{seen}");
}

const PIECES: [&str; 35] = [
    "ENC[",
    "]",
    "ENC[a]",
    "enc[a]",
    "\"",
    "'",
    "{",
    "}",
    "[",
    ",",
    ": ",
    ":",
    "- ",
    "\n",
    "\n  ",
    "\n    ",
    "|\n",
    ">-\n",
    "---\n",
    "...\n",
    "#",
    "&a ",
    "*a",
    "<<: ",
    "? ",
    "!!str ",
    "%%",
    "{{",
    "\\",
    "\t",
    "\r\n",
    "\r",
    "é",
    "\u{feff}",
    "environment:\n- A=",
];

#[test]
fn no_text_makes_it_panic_or_hang_and_no_handle_is_found_without_its_sign() {
    let random = &mut Random(5);
    for _ in 0..30_000 {
        let text: String = (0..random.below(40)).map(|_| random.one(&PIECES)).collect();
        let scan = scan(&text);
        let signs = text.matches("ENC[").count();
        assert!(scan.handles.len() <= signs, "{text:?}");
        for line in scan.handles.iter().map(|found| found.line).chain(scan.warnings.iter().map(|found| found.line)) {
            assert!((1..=text.split(['\n', '\r']).count() + 1).contains(&line), "line {line} of {text:?}");
        }
    }
}
