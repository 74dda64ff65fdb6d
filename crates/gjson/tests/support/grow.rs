//! Documents and paths by grammar. Keys come from one small set, so that most paths lead somewhere.

use super::Case;
use keyferry_gjson::{get, members};
use keyferry_oracle::Random;
use std::fmt::Write;

/// Paths for one document.
const PATHS: usize = 10;

pub fn case(random: &mut Random) -> Case {
    let mut json = String::new();
    container(random, 4, &mut json);
    let mut bytes = json.into_bytes();
    if random.chance(8) {
        damage_document(random, &mut bytes);
    }
    let paths = (0..PATHS).map(|_| whole_path(random, &bytes)).collect();
    Case { json: bytes, paths }
}

const KEYS: &[&str] = &[
    "a",
    "a",
    "b",
    "b",
    "name",
    "tag",
    "a.b",
    "",
    "x-y",
    "k*",
    "\u{e9}",
    "#",
    "0",
    "1",
    r#"q\""#,
    r"b\\s",
    "@this",
    r"\u0061",
    "a|b",
    r"\ud83d\ude00",
    "{a}",
    "[0]",
    "n:m",
    "!true",
    "..",
    "~true",
    "a?",
    "<&>",
    "t\tab",
];

const SCALARS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "2",
    "42",
    "-7",
    "1.50",
    "1e3",
    "1E-2",
    "-2.5e+10",
    "12345678901234567890",
    "9007199254740993",
    "1e400",
    "1e-400",
    "0.1",
    "0.30000000000000004",
    "5e-324",
    r#""""#,
    r#""s""#,
    r#""S""#,
    r#""two words""#,
    r#""\u00e9\u0000\u007f""#,
    r#""\ud83d\ude00""#,
    r#""\ud83d""#,
    r#""\ud83d\u0041""#,
    r#""\"quoted\"""#,
    r#""a\nb\tc""#,
    r#""{\"in\":[1,{\"a\":2}]}""#,
    r#""[1,2]""#,
    r#""true""#,
    r#""T""#,
    r#""0""#,
    r#""42""#,
    r#""1.5""#,
    r#""\\""#,
    r#""<&>\/""#,
    r#""a.b""#,
    r#""*?""#,
    "\"\u{e9}\u{2028}\u{1f600}\"",
];

fn blank(random: &mut Random, out: &mut String) {
    out.push_str(random.word(&["", "", "", "", " ", "\n\t", "  \r\n"]));
}

fn value(random: &mut Random, depth: usize, out: &mut String) {
    if depth == 0 || random.chance(3) { out.push_str(random.word(SCALARS)) } else { container(random, depth, out) }
}

fn container(random: &mut Random, depth: usize, out: &mut String) {
    let object = random.below(7) < 4;
    out.push(if object { '{' } else { '[' });
    for index in 0..random.below(6) {
        if index > 0 {
            out.push(',');
        }
        blank(random, out);
        if object {
            write!(out, "\"{}\"", random.word(KEYS)).unwrap();
            blank(random, out);
            out.push(':');
            blank(random, out);
        }
        value(random, depth - 1, out);
        blank(random, out);
    }
    out.push(if object { '}' } else { ']' });
}

/// Takes bytes out, puts some in, or adds another document, so that most are no JSON any more.
fn damage_document(random: &mut Random, json: &mut Vec<u8>) {
    for _ in 0..=random.below(2) {
        let at = random.below(json.len() + 1);
        match random.below(5) {
            0 => json.truncate(at),
            1 => drop(json.splice(at..(at + 1).min(json.len()), [])),
            2 => json.extend_from_slice(random.word(&["\n{\"a\":1}\n[2]", "x", " ", "}", "]", "\0"]).as_bytes()),
            3 => json.insert(at, *random.pick(b"\"\\{}[],:()#n-0.\x01\x7f\xff\xc3\xe2")),
            _ => drop(json.splice(at..at, random.word(BROKEN_JSON).bytes())),
        }
    }
}

const BROKEN_JSON: &[&str] = &[
    "nan",
    "Inf",
    "-Infinity",
    "+1",
    "01",
    "1.",
    "tru",
    "nul",
    "\\u12",
    "\\x",
    "'a'",
    "//",
    "\u{feff}",
    "\u{a0}",
    "1_0",
    "1__0",
    "_1",
    "1_",
    "1_.5",
    "1e1_0",
    "1_e1",
    "-4_2",
    "0x1",
    ",,",
    "{,",
    "\"a\" 1",
];

fn whole_path(random: &mut Random, json: &[u8]) -> String {
    let mut path = String::new();
    if random.chance(30) {
        path.push_str("..");
    }
    match random.below(4) {
        0 => walk(random, 3, &mut path),
        1 => inward(random, json, &mut path),
        _ => {
            inward(random, json, &mut path);
            path.push_str(random.word(&[".", ".", "|"]));
            component(random, 3, &mut path);
        }
    }
    if random.chance(12) {
        path = damaged(random, &path);
    }
    path
}

/// Components that are there.
fn inward(random: &mut Random, json: &[u8], out: &mut String) {
    let mut inside = json.to_vec();
    for step in 0..=random.below(4) {
        let Some((component, value)) = one_inward(random, &inside) else { return };
        if step > 0 {
            out.push_str(random.word(&[".", ".", ".", "|"]));
        }
        out.push_str(&component);
        inside = value;
    }
}

/// A component, and what it leads to.
fn one_inward(random: &mut Random, json: &[u8]) -> Option<(String, Vec<u8>)> {
    if let Ok(members) = members(json) {
        let members: Vec<_> = members.collect();
        let (key, value) = members.get(random.below(members.len().max(1)))?;
        return Some((key.chars().flat_map(escaped).collect(), value.raw().to_vec()));
    }
    let count: usize = get(json, "#").ok()??.as_text().parse().ok()?;
    let index = random.below(count.max(1)).to_string();
    let value = get(json, &index).ok()??.raw().to_vec();
    Some((if random.chance(4) { "#".into() } else { index }, value))
}

fn escaped(character: char) -> impl Iterator<Item = char> {
    ".*?\\|#@!{}[]()".contains(character).then_some('\\').into_iter().chain([character])
}

/// Components and what is between them.
fn walk(random: &mut Random, depth: usize, out: &mut String) {
    component(random, depth, out);
    for _ in 0..random.below(4) {
        out.push_str(random.word(&[".", ".", ".", ".", "|", "|"]));
        component(random, depth, out);
    }
}

fn component(random: &mut Random, depth: usize, out: &mut String) {
    match random.below(if depth == 0 { 12 } else { 20 }) {
        0..4 => key(random, out),
        4..6 => wildcard(random, out),
        6..8 => out.push_str(random.word(&["0", "1", "2", "0", "1", "3", "-1", "01", "18446744073709551616", "+1"])),
        8..10 => out.push('#'),
        10 => out.push_str(random.word(LITERALS)),
        11 => modifier(random, 0, out),
        12..16 => query(random, depth - 1, out),
        16..18 => multipath(random, depth - 1, out),
        _ => modifier(random, depth - 1, out),
    }
}

const LITERALS: &[&str] = &[
    "!true",
    "!false",
    "!null",
    "!NaN",
    "!inf",
    "!nope",
    "!5",
    "!-5.50",
    "!\"x\"",
    "!{\"a\":[1]}",
    "![1,2]",
    "!",
    "!\"a.b\"",
    "!TRUE",
    "!+1",
    "!1e3",
    "!truex",
];

/// Mostly as it must be written; what is special in it sometimes without its backslash.
fn key(random: &mut Random, out: &mut String) {
    let name = random.word(KEYS).replace("\\u0061", "a").replace("\\ud83d\\ude00", "\u{1f600}").replace("\\\"", "\"");
    for character in name.replace("\\\\", "\\").chars() {
        let special = ".*?\\|#@!{}[]()=<>%\"~:,".contains(character);
        if (special && !random.chance(4)) || random.chance(40) {
            out.push('\\');
        }
        out.push(character);
    }
}

fn wildcard(random: &mut Random, out: &mut String) {
    if random.chance(3) {
        return out.push_str(
            random.word(&["*", "?", "*a*", "n?me", "a*", "*b", "??", "**", "*\\*", "k\\*", "*.b", "[a]*", "*\\"]),
        );
    }
    let name: Vec<char> =
        random.word(&["a", "b", "name", "tag", "x-y", "\u{e9}", "a|b", "\u{1f600}"]).chars().collect();
    for character in name {
        match random.below(4) {
            0 => out.push('?'),
            1 => out.push('*'),
            _ if "|.".contains(character) => write!(out, "\\{character}").unwrap(),
            _ => out.push(character),
        }
    }
}

fn query(random: &mut Random, depth: usize, out: &mut String) {
    let square = random.chance(6);
    out.push_str(if square { "#[" } else { "#(" });
    space(random, out);
    if !random.chance(3) {
        walk(random, depth, out);
    }
    space(random, out);
    if !random.chance(4) {
        out.push_str(random.word(&["==", "=", "!=", "<", "<=", ">", ">=", "%", "!%", "!", "=~", "!=~", "=="]));
        space(random, out);
        operand(random, out);
    }
    space(random, out);
    out.push(if square { ']' } else { ')' });
    if random.chance(2) {
        out.push('#');
    }
}

fn space(random: &mut Random, out: &mut String) {
    out.push_str(random.word(&["", "", "", "", "", " "]));
}

fn operand(random: &mut Random, out: &mut String) {
    match random.below(6) {
        0 => out.push_str(random.word(SCALARS)),
        1 => out.push_str(random.word(&["true", "false", "null", "*", "~true", "~false", "~null", "~*", "~x"])),
        2 => out.push_str(random.word(&[
            "s",
            "two words",
            "a.b",
            "\"",
            "\"s",
            "s\"",
            "\"a)b\"",
            "",
            "1_0",
            "1__0",
            "_1",
            "1_",
            "1_.5",
            "1e1_0",
            "1_e1",
            "-4_2",
            "inf",
            "-nan",
            "+1",
            "(x)",
        ])),
        3 => write!(out, "\"{}\"", random.word(&["*", "s*", "?", "*o*", "\\\"*", "a\\*", "\\u00e9", "*\\\\", "t?o*s"]))
            .unwrap(),
        4 => out.push_str(&random.below(50).to_string()),
        _ => write!(out, "\"{}\"", random.word(&["s", "S", "", "true", "a.b", "42", "z", "\\\"quoted\\\"", "\u{e9}"]))
            .unwrap(),
    }
}

fn multipath(random: &mut Random, depth: usize, out: &mut String) {
    let object = random.chance(2);
    out.push(if object { '{' } else { '[' });
    for index in 0..=random.below(3) {
        if index > 0 {
            out.push(',');
        }
        if object && random.chance(2) {
            out.push_str(random.word(&[
                "n:",
                "\"n\":",
                "a b:",
                "\"\\\"\":",
                "\u{e9}:",
                "\"\":",
                "\"x\\u0041\":",
                "n.m:",
                "<:",
                "\"n:",
            ]));
        }
        if random.chance(12) { out.push_str(random.word(LITERALS)) } else { walk(random, depth, out) }
    }
    out.push(if object { '}' } else { ']' });
}

fn modifier(random: &mut Random, depth: usize, out: &mut String) {
    match random.below(16) {
        0 => pretty(random, out),
        1 => out.push_str(random.word(FLATTEN)),
        2 => out.push_str(random.word(JOIN)),
        3 => {
            out.push_str("@dig:");
            walk(random, depth, out);
        }
        4 => {
            out.push_str(random.word(&["@this:", "@keys:", "@tostr:", "@nope:", "@reverse:", "@ugly:"]));
            out.push_str(random.word(&["", "1", "{\"a\":1}", "[1,{}]", "\"x|y\"", "a(b|c)d", "x\"y", "{", "a.b"]));
        }
        _ => out.push_str(random.word(MODIFIERS)),
    }
}

const MODIFIERS: &[&str] = &[
    "@this",
    "@reverse",
    "@reverse",
    "@keys",
    "@keys",
    "@values",
    "@values",
    "@flatten",
    "@join",
    "@ugly",
    "@pretty",
    "@valid",
    "@tostr",
    "@fromstr",
    "@tostr|@fromstr",
    "@group",
    "@none",
    "@",
    "@dig",
    "@this.@this",
];

const FLATTEN: &[&str] = &[
    "@flatten",
    "@flatten:{\"deep\":true}",
    "@flatten:{\"deep\":false}",
    "@flatten:{\"deep\":1}",
    "@flatten:{\"deep\":\"t\"}",
    "@flatten:{\"deep\":true,\"deep\":0}",
    "@flatten:true",
    "@flatten:{\"de\\u0065p\":true}",
];

const JOIN: &[&str] = &[
    "@join",
    "@join:{\"preserve\":true}",
    "@join:{\"preserve\":false}",
    "@join:{\"preserve\":\"T\"}",
    "@join:{\"preserve\":-1}",
    "@join:{ \"preserve\" : true }",
    "@join:[true]",
];

fn pretty(random: &mut Random, out: &mut String) {
    out.push_str("@pretty:{");
    for index in 0..random.below(4) {
        if index > 0 {
            out.push(',');
        }
        out.push_str(random.word(PRETTY));
    }
    out.push('}');
}

const PRETTY: &[&str] = &[
    "\"sortKeys\":true",
    "\"sortKeys\":true",
    "\"sortKeys\":0",
    "\"indent\":\"\\t\"",
    "\"indent\":\"x \"",
    "\"indent\":\"\"",
    "\"indent\":1",
    "\"prefix\":\" \"",
    "\"prefix\":\"\\n\"",
    "\"prefix\":\"ab\"",
    "\"width\":20",
    "\"width\":0",
    "\"width\":-1",
    "\"width\":\"9\"",
    "\"width\":1.9",
    "\"width\":1e9",
    "\"width\":true",
    "\"nope\":1",
];

fn damaged(random: &mut Random, path: &str) -> String {
    let mut characters: Vec<char> = path.chars().collect();
    for _ in 0..=random.below(2) {
        let at = random.below(characters.len() + 1);
        match random.below(4) {
            0 => characters.truncate(at),
            1 if at < characters.len() => drop(characters.remove(at)),
            _ => {
                let some: Vec<char> = "\"\\{}[],:()#n\u{1}-\u{e9}.|@!*?~=<>% ".chars().collect();
                characters.insert(at, *random.pick(&some));
            }
        }
    }
    characters.into_iter().collect()
}
