//! Templates that grow from a seed: calls of the families' functions, in pipelines and with data.

use super::Case;
use super::data::{bytes, float, map, number, string};
use keyferry_oracle::Random;
use serde_json::Value as Json;
use std::sync::LazyLock;

/// A pipeline without its braces.
pub type Line = String;

/// Makes a call of one of a family's functions.
pub type Family = fn(&mut Grower<'_>) -> Line;

/// Every family's own generator; each is as likely as the others.
pub const FAMILIES: &[(&str, Family)] = &[
    ("strings", super::strings::grow),
    ("regexes", super::regexes::grow),
    ("paths", super::paths::grow),
    ("urls", super::urls::grow),
    ("encodings", super::encodings::grow),
    ("numbers", super::numbers::grow),
    ("lists", super::lists::grow),
    ("dicts", super::dicts::grow),
    ("defaults", super::defaults::grow),
    ("reflection", super::reflection::grow),
    ("randoms", super::randoms::grow),
    ("dates", super::dates::grow),
    ("versions", super::versions::grow),
    ("json", super::json::grow),
    ("yaml", super::yaml::grow),
    ("passwords", super::passwords::grow),
    ("keys", super::keys::grow),
    ("certificates", super::certificates::grow),
    ("ciphers", super::ciphers::grow),
    ("pkcs12", super::pkcs12::grow),
    ("pem", super::pem::grow),
    ("jwk", super::jwk::grow),
];

pub struct Grower<'a> {
    pub random: &'a mut Random,
    families: Vec<Family>,
}

impl Grower<'_> {
    /// One of these.
    pub fn one_of<'t>(&mut self, choices: &[&'t str]) -> &'t str {
        choices[self.random.below(choices.len())]
    }

    /// An integer literal that is mostly small, also negative.
    pub fn small(&mut self) -> String {
        self.one_of(&["0", "1", "2", "3", "4", "5", "7", "10", "16", "33", "-1", "-2", "-5"]).to_owned()
    }

    /// An integer or float literal, also at the edges of its type.
    pub fn number(&mut self) -> String {
        let edges =
            ["9223372036854775807", "-9223372036854775808", "1.5", "-0.5", "1e6", "1e300", "0x1F", "2147483648"];
        if self.random.below(3) == 0 { self.one_of(&edges).to_owned() } else { self.small() }
    }

    /// A string literal, or a field of the data that holds a string of any bytes.
    pub fn text(&mut self) -> String {
        let literals = [
            r#""""#,
            r#""a""#,
            r#""abc""#,
            r#""Hello, World""#,
            r#""  two  words ""#,
            r#""a,b,,c""#,
            r#""äöü ß €""#,
            r#""日本語""#,
            r#""snake_case""#,
            r#""kebab-case""#,
            r#""camelCaseHTTP""#,
            r#""UPPER lower""#,
            r#""$1""#,
            r#""line\nline\ttab""#,
            r#""\x00\xff""#,
            r#""1""#,
            r#""-12.5""#,
            r#""true""#,
            "`raw \"quoted\" 'single'`",
            ".s",
            ".t",
            ".bin",
            ".u",
            ".e",
        ];
        self.one_of(&literals).to_owned()
    }

    /// A string literal of pieces that text functions treat differently: letters of all cases, digits, spaces,
    /// connectors, signs, bytes that are no UTF-8.
    pub fn words(&mut self) -> String {
        if self.random.below(4) == 0 {
            return self.text();
        }
        let count = self.random.below(9);
        let pieces: String = (0..count).map(|_| self.inner()).collect();
        format!("\"{pieces}\"")
    }

    /// A string literal of one piece.
    pub fn piece(&mut self) -> String {
        if self.random.below(6) == 0 { "\"\"".into() } else { format!("\"{}\"", self.inner()) }
    }

    fn inner(&mut self) -> &'static str {
        let pieces = [
            "a",
            "b",
            "c",
            "ab",
            "A",
            "B",
            "HTTP",
            "Word",
            "word",
            "1",
            "23",
            " ",
            "  ",
            "_",
            "-",
            "__",
            ".",
            ",",
            "/",
            ":",
            "!",
            "'",
            "\\n",
            "\\t",
            "\\xff",
            "\\xe4\\xb8",
            "\\ufffd",
            "ä",
            "Ä",
            "ß",
            "ǆ",
            "ǅ",
            "Ǆ",
            "İ",
            "ſ",
            "日本",
            "㐀",
            "½",
            "٣",
            "\\u0300",
            "\\u00a0",
            "\\u2028",
            "\\u0085",
            "“",
            "€",
            "𐐀",
            "🎉",
            "ⅷ",
            "=",
            "$",
            "%v",
            "\\x00",
            "a",
            "b",
            " ",
        ];
        self.one_of(&pieces)
    }

    /// Any value: literals of every kind and fields of the data.
    pub fn any(&mut self) -> String {
        let fields = [
            ".i", ".i8", ".i64", ".u8", ".u64", ".f", ".f32", ".yes", ".no", ".nil", ".list", ".strings", ".ints",
            ".map", ".smap", ".empty", ".bytes", ".deep",
        ];
        match self.random.below(4) {
            0 => self.text(),
            1 => self.number(),
            2 => self.one_of(&["true", "false", "'a'", "nil", "(list)", "(dict)"]).to_owned(),
            _ => self.one_of(&fields).to_owned(),
        }
    }

    /// A list: of the data, or made here.
    pub fn list(&mut self) -> String {
        match self.random.below(3) {
            0 => self.one_of(&[".list", ".strings", ".ints", ".empty", "(list)"]).to_owned(),
            1 => format!("(list {} {})", self.any(), self.any()),
            _ => format!("(list {} {} {})", self.text(), self.text(), self.text()),
        }
    }

    /// A map: of the data, or made here.
    pub fn dict(&mut self) -> String {
        match self.random.below(3) {
            0 => self.one_of(&[".map", ".smap", ".deep", "(dict)"]).to_owned(),
            1 => format!("(dict {} {})", self.one_of(&[r#""a""#, r#""b""#, r#""key with space""#]), self.any()),
            _ => format!(r#"(dict "a" {} "b" {})"#, self.any(), self.any()),
        }
    }

    /// A call of any family's function.
    pub fn line(&mut self) -> Line {
        self.families[self.random.below(self.families.len())](self)
    }
}

/// What every case can use.
pub fn data() -> Json {
    map("map", FIELDS.clone())
}

/// As [`data`], but only what a template names: it is written, sent and read for each case.
fn data_for(template: &str) -> Json {
    let named = FIELDS.iter().filter(|(name, _)| template.contains(&format!(".{name}")));
    map("map", named.cloned())
}

static FIELDS: LazyLock<Vec<(&'static str, Json)>> = LazyLock::new(fields);

fn fields() -> Vec<(&'static str, Json)> {
    let list = serde_json::json!(["list", [string("x"), number("int", 1), float("float64", 2.5), ["nil"]]]);
    let deep = map("map", [("a", map("map", [("b", string("c"))])), ("l", list.clone())]);
    vec![
        ("s", string("some text")),
        ("t", string("Tïtle Case and-more_things HERE")),
        ("bin", string((0..=255).collect::<Vec<u8>>())),
        ("u", string("naïve 漢字 🎉 e\u{301}")),
        ("e", string("")),
        ("i", number("int", 7)),
        ("i8", number("int8", -8)),
        ("i64", number("int64", i64::MAX)),
        ("u8", number("uint8", 200)),
        ("u64", number("uint64", u64::MAX)),
        ("f", float("float64", 3.75)),
        ("f32", float("float32", 0.1)),
        ("yes", serde_json::json!(["bool", true])),
        ("no", serde_json::json!(["bool", false])),
        ("nil", serde_json::json!(["nil"])),
        ("list", list),
        ("strings", serde_json::json!(["strings", [string("b"), string("a"), string("a"), string("")]])),
        ("ints", serde_json::json!(["ints", [number("int", 3), number("int", 1), number("int", 2)]])),
        ("map", map("map", [("a", number("int", 1)), ("b", string("two")), ("c", serde_json::json!(["nil"]))])),
        ("smap", map("smap", [("a", string("1")), ("z", string("26"))])),
        ("empty", serde_json::json!(["list", []])),
        ("bytes", bytes(b"byte slice")),
        ("deep", deep),
        ("took", number("duration", 5_025_500_000_000_i64)),
        ("when", number("time", 1_234_567_890)),
    ]
}

/// A template of one or two lines, printed as text, quoted or with their types.
///
/// `only` names a family; empty means all.
pub fn case(random: &mut Random, only: &str) -> Case {
    let chosen = FAMILIES.iter().filter(|(name, _)| only.is_empty() || *name == only);
    let mut grower = Grower { random, families: chosen.map(|(_, grow)| *grow).collect() };
    let line = grower.line();
    let template = match grower.random.below(6) {
        0 => format!("{{{{ printf \"%T\" ({line}) }}}}"),
        1 => format!("{{{{ printf \"%q\" ({line}) }}}}"),
        2 => format!("{{{{ printf \"%#v\" ({line}) }}}}"),
        3 => format!("{{{{ {line} }}}}|{{{{ {} }}}}", grower.line()),
        _ => format!("{{{{ {line} }}}}"),
    };
    let data = data_for(&template);
    Case::new(template, data)
}
