//! Hostile input, each in a process of its own: how long it takes to end, how much memory it takes for that, and with which
//! words it ends.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use goregex::Regexp;
use gotemplate::{Map, Parser, Value};
use serde_json::json;
use sprig::System;

use crate::table::{say, tell};

const MOST_TIME: Duration = Duration::from_millis(50);
const MOST_KIB: u64 = 50 << 10;

/// What is done, and with how much.
enum Charge {
    /// A template's source.
    Template(String),
    /// A source, and the one string that its data has, under `big`.
    Data(&'static str, String),
    /// A document and a path.
    Path(Vec<u8>, String),
    /// An expression on a text.
    Expression(String, String),
}

/// A name, a part of the error that it ends with (empty: it must end well), and how it is made.
type Bomb = (&'static str, &'static str, fn() -> Charge);

const BOMBS: &[Bomb] = &[
    ("repeat 10^10", "intermediate results", || source("{{ repeat 10000000000 \"x\" }}")),
    ("until 10^10", "over budget", || source("{{ until 10000000000 }}")),
    ("seq of 10^10", "over budget", || source("{{ seq 1 10000000000 }}")),
    ("nested until", "over budget", || source(&nested_until(4))),
    ("endless range", "steps", || source("{{ range 9223372036854775807 }}{{ end }}")),
    ("a text doubled 60 times", "intermediate results", || {
        source("{{ $x := \"xxxxxxxx\" }}{{ range 60 }}{{ $x = print $x $x }}{{ end }}{{ $x }}")
    }),
    ("output of 1 GB", "over budget", || source("{{ $x := repeat 1000000 \"x\" }}{{ range 1000 }}{{ $x }}{{ end }}")),
    ("a template that calls itself", "template depth", || {
        source("{{ define \"x\" }}{{ template \"x\" }}{{ end }}{{ template \"x\" }}")
    }),
    ("templates that call two each", "over budget", || source(&fan(40))),
    ("source of 10 MB", "source is longer", || source(&"x".repeat(10 << 20))),
    ("10,000 nested ifs", "nested deeper", || source(&around("{{ if 1 }}", "", "{{ end }}"))),
    ("10,000 nested parentheses", "nested deeper", || source(&format!("{{{{ {} }}}}", around("(", "1", ")")))),
    ("a list 10,000 deep, printed", "nested deeper", || {
        source("{{ $x := list }}{{ range 10000 }}{{ $x = list $x }}{{ end }}{{ $x }}")
    }),
    ("fromJson of 10,000 brackets", "nested deeper", || {
        Charge::Data("{{ .big | fromJson | kindOf }}", around("[", "", "]"))
    }),
    ("fromJson of a number of 1 MB", "", || Charge::Data("{{ .big | fromJson | kindOf }}", "7".repeat(1 << 20))),
    ("YAML aliases, 10^9 values", "over budget", || Charge::Data("{{ .big | fromYaml | toJson | len }}", laughs())),
    ("100 RSA keys", "milliseconds", || source("{{ range 100 }}{{ genPrivateKey \"rsa\" }}{{ end }}")),
    ("regexMatch of (a+)+$", "", || Charge::Data("{{ regexMatch \"^(a+)+$\" .big }}", "a".repeat(100_000) + "!")),
    ("(a+)+$", "", || expression("^(a+)+$", "a".repeat(1 << 20) + "!")),
    ("(a|aa)*b", "", || expression("^(a|aa)*b$", "a".repeat(1 << 20))),
    ("(.*)*(.*)*=", "", || expression("(.*)*(.*)*(.*)*=", "x".repeat(1 << 16))),
    (r"\pL{1000}", "program", || expression(r"\pL{1000}", String::new())),
    ("((a{100}){100}){100}", "repeat", || expression("((a{100}){100}){100}", String::new())),
    ("10,000 nested groups", "nest", || expression(&around("(", "a", ")"), String::new())),
    ("an expression of 10 MB", "limit", || expression(&"a".repeat(10 << 20), String::new())),
    ("a path that doubles", "too much work", || path(b"{\"a\":1}".to_vec(), &vec!["[@this,@this]"; 60].join("|"))),
    ("a path of 10 MB", "longer than", || path(b"{}".to_vec(), &"a".repeat(10 << 20))),
    ("@flatten, 10,000 deep", "deeper", || path(around("[", "", "]").into_bytes(), "@flatten:{\"deep\":true}")),
    ("wildcards on a long key", "too much work", || {
        path(format!("{{\"{}\":1}}", "a".repeat(1 << 20)).into_bytes(), &("*a".repeat(500) + "b"))
    }),
    ("a JSON number of 64 MB", "too much work", || path(number(64 << 20), "a")),
    ("a JSON number of 1 GB", "too much work", || path(number(1 << 30), "a")),
];

fn source(text: &str) -> Charge {
    Charge::Template(text.to_owned())
}

fn expression(pattern: &str, text: String) -> Charge {
    Charge::Expression(pattern.to_owned(), text)
}

fn path(json: Vec<u8>, path: &str) -> Charge {
    Charge::Path(json, path.to_owned())
}

fn around(open: &str, inside: &str, close: &str) -> String {
    open.repeat(10_000) + inside + &close.repeat(10_000)
}

fn nested_until(depth: usize) -> String {
    "{{ range until 10000 }}".repeat(depth) + "x" + &"{{ end }}".repeat(depth)
}

/// Each template calls the next one twice.
fn fan(count: usize) -> String {
    let define = |index: usize| {
        format!(
            "{{{{ define \"t{index}\" }}}}{0}{0}{{{{ end }}}}",
            format_args!("{{{{ template \"t{}\" }}}}", index + 1)
        )
    };
    (0..count).map(define).collect::<String>()
        + &format!("{{{{ define \"t{count}\" }}}}x{{{{ end }}}}{{{{ template \"t0\" }}}}")
}

fn laughs() -> String {
    let line = |index: usize| format!("a{index}: &a{index} [{}]\n", vec![format!("*a{}", index - 1); 10].join(", "));
    "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned() + &(1..9).map(line).collect::<String>()
}

fn number(digits: usize) -> Vec<u8> {
    let mut json = Vec::with_capacity(digits + 8);
    json.extend_from_slice(b"{\"a\":");
    json.resize(digits + 5, b'7');
    json.push(b'}');
    json
}

/// What it ends with: nothing if well.
fn set_off(charge: &Charge) -> Option<String> {
    match charge {
        Charge::Template(source) => render(source, ""),
        Charge::Data(source, big) => render(source, big),
        Charge::Path(json, path) => match gjson::get(json, path) {
            Ok(found) => found.and_then(|value| (value.as_bytes().len() > json.len()).then(|| "longer".to_owned())),
            Err(error) => Some(error.to_string()),
        },
        Charge::Expression(pattern, text) => match Regexp::new(pattern) {
            Ok(regexp) => regexp.find_all(text).take(100).last().and_then(|_| None),
            Err(error) => Some(error.to_string()),
        },
    }
}

fn render(source: &str, big: &str) -> Option<String> {
    let data = Value::from(Map::strings([("big", big)]));
    let template = Parser::default().parse("t", source, &sprig::functions(System));
    template.and_then(|template| template.render(&data)).err().map(|error| error.to_string())
}

/// Sets one off in this process, and tells what it took.
pub(crate) fn explode(name: &str) -> Result<()> {
    let (_, _, make) = BOMBS.iter().find(|bomb| bomb.0 == name).context("no such bomb")?;
    let charge = make();
    // What is made once for all templates is not the bomb's.
    drop(render("{{ now | date \"2006\" }}", ""));
    let (before, start) = (peak_kib()?, Instant::now());
    let error = set_off(&charge);
    let taken = start.elapsed();
    let told = json!({"ms": taken.as_secs_f64() * 1e3, "kib": peak_kib()?.saturating_sub(before), "error": error});
    Ok(std::io::Write::write_all(&mut std::io::stdout(), format!("{told}\n").as_bytes())?)
}

/// The most memory that this process has held.
fn peak_kib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("Linux tells it")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// Sets all off, one after the other.
pub(crate) fn run() -> Result<()> {
    let (mut rows, mut missed) = (Vec::new(), 0);
    for (name, words, _) in BOMBS {
        say(name)?;
        let told = in_a_process(name)?;
        let (ms, kib) = (told["ms"].as_f64().context("ms")?, told["kib"].as_u64().context("kib")?);
        let error = told["error"].as_str().unwrap_or_default();
        ensure!(
            error.contains(words) && error.is_empty() == words.is_empty(),
            "{name} ends with {error:.300}, not {words:?}"
        );
        let fine = ms <= MOST_TIME.as_secs_f64() * 1e3 && kib <= MOST_KIB;
        missed += usize::from(!fine);
        let ends = if error.is_empty() { "a result" } else { last_part(error) };
        let verdict = if fine { "" } else { "MISSED" };
        let memory = format!("{}.{}", kib >> 10, (kib & 1023) * 10 >> 10);
        rows.push([name, ends, &*format!("{ms:.1}"), &*memory, verdict].map(str::to_owned));
    }
    tell(&["bomb", "ends with", "ms", "memory, MiB", ""], &rows)?;
    say(&format!("{} bombs, {missed} over {MOST_TIME:?} or {} MiB", rows.len(), MOST_KIB >> 10))
}

/// An error without its places.
fn last_part(error: &str) -> &str {
    let from = error.find("over budget").or_else(|| error.find("error parsing")).unwrap_or(0);
    error.get(from..).and_then(|text| text.get(..70)).unwrap_or(error.get(from..).unwrap_or(error))
}

fn in_a_process(name: &str) -> Result<serde_json::Value> {
    let done = Command::new(std::env::current_exe()?).args(["bomb", name]).output()?;
    if !done.status.success() {
        bail!("{name}: {} {}", done.status, String::from_utf8_lossy(&done.stderr));
    }
    Ok(serde_json::from_slice(&done.stdout)?)
}
