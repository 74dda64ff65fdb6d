//! Targets that grow from a seed: most can be made, some cannot.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyferry::api::external_secret::Template;
use serde_json::{Value, json};

use keyferry_oracle::Random;

/// A target and all it is made of.
pub struct Case {
    pub template: Template,
    pub values: BTreeMap<String, Vec<u8>>,
    pub config_map: BTreeMap<String, String>,
    pub secret: BTreeMap<String, Vec<u8>>,
}

impl Case {
    pub fn to_json(&self) -> Value {
        let encoded = |map: &BTreeMap<String, Vec<u8>>| -> BTreeMap<String, String> {
            map.iter().map(|(key, value)| (key.clone(), STANDARD.encode(value))).collect()
        };
        json!({
            "template": self.template,
            "values": encoded(&self.values),
            "configMap": self.config_map,
            "secret": encoded(&self.secret),
        })
    }
}

const KEYS: [&str; 6] = ["user", "password", "a-b", "json", "bin", "empty"];
const TARGET_KEYS: [&str; 8] = ["a", "b", "c", "tls.crt", "user", "x_y", "A-1", "conf.d"];
const TEXTS: [&str; 12] = ["x", "root", "a b", "1", "true", "é", "#", ": ", "\"", "line\nline", "-", "0755"];

/// Actions that give the same each time.
const ACTIONS: [&str; 34] = [
    "{{ .user }}",
    "{{ .password }}",
    "{{ index . \"a-b\" }}",
    "{{ .missing }}",
    "{{ index . \"missing\" }}",
    "{{ .user | b64enc }}",
    "{{ .user | upper | quote }}",
    "{{ .json | fromJson | toYaml }}",
    "{{ (.json | fromJson).n }}",
    "{{ .json | fromJson | toJson }}",
    "{{ range $k, $v := . }}{{ $k }}={{ len $v }} {{ end }}",
    "{{ if eq .user \"root\" }}yes{{ else }}no{{ end }}",
    "{{ with .empty }}{{ . }}{{ else }}none{{ end }}",
    "{{ printf \"%q %x %5d\" .user .bin 7 }}",
    "{{ .bin }}",
    "{{ len . }}",
    "{{ define \"t\" }}[{{ . }}]{{ end }}{{ template \"t\" .user }}",
    "{{ list 1 2.5 \"x\" true | toJson }}",
    "{{ dict \"a\" 1 \"b\" (list 1 2) | toYaml }}",
    "{{ .password | toJson }}",
    "{{ .user | sha256sum | trunc 8 }}",
    "{{ $x := .user }}{{ $x = print $x $x }}{{ $x }}",
    "{{- .user -}}",
    "{{/* nothing */}}",
    "{{ .user",
    "{{ nosuch .user }}",
    "{{ fail .user }}",
    "{{ default \"d\" .empty }}",
    "{{ .password | replace \"a\" \"b\" | indent 2 }}",
    "{{ 010 }}{{ 1e3 }}{{ 0x1F }}",
    "{{ .user | html }}{{ .password | urlquery }}",
    "{{ ternary \"t\" \"f\" (contains \"o\" .user) }}",
    "{{ template \"a\" }}",
    "{{ . }}",
];

/// What may stand as a value in YAML, and what becomes of it is another matter.
const SCALARS: [&str; 46] = [
    "1",
    "-1",
    "+1",
    "007",
    "010",
    "08",
    "0x1F",
    "0X1f",
    "0b11",
    "0o17",
    "1_000",
    "1.5",
    "1.10",
    "1e3",
    "1e999",
    ".5",
    "5.",
    "-.5e-7",
    "1234567.0",
    "16777217.25",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "true",
    "yes",
    "Off",
    "y",
    "N",
    "null",
    "~",
    "",
    ".inf",
    "-.Inf",
    ".NaN",
    "2001-01-02",
    "1:20",
    "'single'",
    "\"dou\\tble\"",
    "plain text",
    "!!str 1",
    "[a]",
    "{a: b}",
    "a: b",
    "- x",
    "0.00001",
    "<<",
];

const MAP_KEYS: [&str; 12] = ["a", "b", "c", "\"q\"", "'s'", "1", "1.5", "on", "null", "x y", "é", "tls.key"];

/// Draws a case.
pub fn case(random: &mut Random) -> Case {
    let config_map = BTreeMap::from([
        ("conf".to_owned(), text(random)),
        ("map".to_owned(), yaml(random)),
        ("a".to_owned(), text(random)),
    ]);
    let secret = BTreeMap::from([
        ("conf".to_owned(), text(random).into_bytes()),
        ("map".to_owned(), yaml(random).into_bytes()),
        ("a".to_owned(), text(random).into_bytes()),
    ]);
    Case { template: template(random), values: values(random), config_map, secret }
}

fn values(random: &mut Random) -> BTreeMap<String, Vec<u8>> {
    let mut values: BTreeMap<String, Vec<u8>> =
        KEYS.iter().map(|key| ((*key).to_owned(), random.word(&TEXTS).as_bytes().to_vec())).collect();
    values.insert("json".into(), br#"{"n": 5, "s": "x<y", "l": [1, 2.5, null], "m": {"k": true}}"#.to_vec());
    values.insert("bin".into(), (0..random.below(8)).map(|_| u8::try_from(random.below(256)).unwrap()).collect());
    values.insert("empty".into(), Vec::new());
    if random.chance(20) {
        values.clear();
    }
    values
}

fn template(random: &mut Random) -> Template {
    let mut template = json!({});
    if random.chance(2) {
        template["data"] = map(random);
    }
    if random.chance(3) {
        template["metadata"] = json!({"labels": small(random), "annotations": map(random)});
    }
    if random.chance(2) {
        template["mergePolicy"] = random.word(&["Merge", "Replace"]).into();
    } else {
        template["mergePolicy"] = "Replace".into();
    }
    let entries = if random.chance(3) { 0 } else { 1 + random.below(3) };
    template["templateFrom"] = (0..entries).map(|_| entry(random)).collect();
    serde_json::from_value(template).unwrap()
}

fn map(random: &mut Random) -> Value {
    (0..random.below(4)).map(|_| (random.word(&TARGET_KEYS).to_owned(), Value::from(text(random)))).collect()
}

/// Labels may hold next to nothing.
fn small(random: &mut Random) -> Value {
    let texts = ["x", "{{ .user }}", "{{ len . }}", "{{ .user | sha1sum }}", "a b", ""];
    (0..random.below(3)).map(|_| (random.word(&TARGET_KEYS).to_owned(), Value::from(*random.pick(&texts)))).collect()
}

fn entry(random: &mut Random) -> Value {
    let mut entry = json!({"target": random.word(&["Data", "Data", "Data", "Annotations", "Labels"])});
    match random.below(4) {
        0 => entry["configMap"] = source(random, "map"),
        1 => entry["secret"] = source(random, "secret"),
        2 => {
            entry["configMap"] = source(random, "map");
            entry["literal"] = yaml(random).into();
        }
        _ => entry["literal"] = yaml(random).into(),
    }
    entry
}

fn source(random: &mut Random, name: &str) -> Value {
    let items: Vec<Value> = (0..=random.below(2))
        .map(|_| match random.below(8) {
            0..4 => json!({"key": random.word(&["conf", "a"]), "templateAs": "Values"}),
            4..7 => json!({"key": "map", "templateAs": "KeysAndValues"}),
            _ => {
                json!({"key": random.word(&["conf", "none"]), "templateAs": random.word(&["Values", "KeysAndValues"])})
            }
        })
        .collect();
    json!({"name": name, "items": items})
}

/// Text and actions.
fn text(random: &mut Random) -> String {
    let parts = random.below(4);
    (0..parts).map(|_| if random.chance(3) { random.word(&TEXTS) } else { safe(random) }).collect()
}

/// An action; those that fail are rare.
fn safe(random: &mut Random) -> &'static str {
    loop {
        let action = *random.pick(&ACTIONS);
        let fails = ["missing", "nosuch", "fail", "{{ .user\0", "template \"a\"", "{{ . }}"]
            .iter()
            .any(|word| action.contains(word));
        if (!fails && action != "{{ .user") || random.chance(12) {
            return action;
        }
    }
}

/// A text that makes a YAML map, most of the time.
fn yaml(random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..random.below(5) {
        let (keys, scalars) = (if random.chance(4) { 12 } else { 5 }, if random.chance(6) { 46 } else { 38 });
        let key = random.word(&MAP_KEYS[..keys]);
        let value = match random.below(6) {
            0..3 => random.word(&SCALARS[..scalars]).to_owned(),
            3 => "{{ .password | toJson }}".to_owned(),
            4 => format!("|\n  {}\n  two", random.word(&["x", "{{ .user | b64enc }}"])),
            _ => safe(random).to_owned(),
        };
        text.push_str(&format!("{key}: {value}\n"));
    }
    match random.below(30) {
        0 => text + "---\nz: z\n",
        1 => format!("# comment\n{text}"),
        2 => format!("{{{{ if true }}}}\n{text}{{{{ end }}}}"),
        3 => format!("x: &x 1\n{text}y: *x\n"),
        4 => format!("{text}<<: {{m: 1, a: 2}}\n"),
        _ => text,
    }
}
