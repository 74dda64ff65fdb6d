//! Templates and data that a seed grows, most of which mean something.

use super::Case;
use super::data::{bytes, float, map, number, string};
use keyferry_oracle::Random;
use serde_json::{Value as Json, json};

/// One case. All kinds of templates come up.
pub fn case(random: &mut Random) -> Case {
    let mut grower = Grower { random, variables: Vec::new(), templates: Vec::new(), loops: 0 };
    if grower.random.chance(10) {
        return grower.numbers();
    }
    if grower.random.chance(2) {
        return super::tame::case(&mut grower);
    }
    let source = match grower.random.below(10) {
        0..=4 => grower.template(),
        5..=7 => grower.formats(),
        8 => grower.literals(),
        _ => {
            let source = grower.template();
            grower.bent(source)
        }
    };
    let mut case = Case::new(source, json!(["nil"]));
    case.data = if grower.random.chance(20) { grower.value(2) } else { grower.data() };
    case.missing = (grower.random.word(&["", "", "error", "zero", "invalid"])).into();
    case
}

pub struct Grower<'r> {
    pub random: &'r mut Random,
    variables: Vec<String>,
    templates: Vec<String>,
    loops: usize,
}

pub const KEYS: [&str; 12] = ["a", "b", "c", "n", "s", "m", "l", "x", "été", "k_1", "B", "none"];

const TEXTS: [&str; 30] = [
    "",
    "a",
    "abc",
    "B",
    "two words",
    "é",
    "日本",
    "😀",
    "\u{feff}",
    "\u{ad}",
    "\u{200b}",
    "<b>&'\"=\\</b>",
    "line\nfeed",
    "tab\t",
    "\r",
    "\0",
    "\x7f",
    "`raw`",
    "100%",
    "%d",
    "{{.a}}",
    "-1",
    "0x10",
    "1e6",
    "true",
    "null",
    "   ",
    "z",
    "ab",
    "\u{10ffff}",
];

const BYTES: [&[u8]; 6] = [b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80\x81z", b"\xe2\x82"];

const FLOATS: [f64; 34] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.1,
    0.5,
    1.5,
    2.5,
    -2.5,
    3.0,
    10.0,
    100.0,
    99999.0,
    1e5,
    123_456.0,
    999_999.5,
    1e6,
    1e7,
    1e20,
    1e21,
    1e22,
    1e-4,
    1e-5,
    0.000_123_45,
    1.0 / 3.0,
    123_456_789.0,
    9_007_199_254_740_993.0,
    f64::MAX,
    f64::MIN_POSITIVE,
    5e-324,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    6.02e23,
];

const INTS: [i64; 22] = [
    0,
    1,
    -1,
    2,
    3,
    7,
    8,
    9,
    10,
    64,
    97,
    127,
    -128,
    255,
    1000,
    0x20ac,
    0x1f600,
    0xd800,
    0x11_0000,
    i64::MAX,
    i64::MIN,
    1 << 33,
];

const INT_KINDS: [(&str, u32); 5] = [("int", 64), ("int8", 8), ("int16", 16), ("int32", 32), ("int64", 64)];
const UINT_KINDS: [(&str, u32); 6] =
    [("uint", 64), ("uint8", 8), ("uint16", 16), ("uint32", 32), ("uint64", 64), ("uintptr", 64)];

impl Grower<'_> {
    pub fn text(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        for _ in 0..=self.random.below(2) {
            match self.random.below(12) {
                0 => text.extend_from_slice(self.random.word(&BYTES)),
                1 => text.push(u8::try_from(self.random.below(256)).unwrap()),
                2 => text.extend_from_slice(
                    char::from_u32(u32::try_from(self.random.below(0x3000)).unwrap()).unwrap().to_string().as_bytes(),
                ),
                _ => text.extend_from_slice(self.random.word(&TEXTS).as_bytes()),
            }
        }
        text
    }

    pub fn a_float(&mut self) -> f64 {
        match self.random.below(4) {
            0 => f64::from_bits(self.random.number()),
            #[expect(clippy::cast_precision_loss, reason = "any number will do")]
            1 => self.random.below(1_000_000) as f64 / 64.0,
            _ => *self.random.pick(&FLOATS),
        }
    }

    pub fn an_int(&mut self) -> i64 {
        match self.random.below(5) {
            0 => self.random.number().cast_signed(),
            1 => i64::try_from(self.random.below(200)).unwrap() - 100,
            _ => *self.random.pick(&INTS),
        }
    }

    pub fn scalar(&mut self) -> Json {
        match self.random.below(12) {
            0 => json!(["nil"]),
            1 => json!(["bool", self.random.chance(2)]),
            2 | 3 => {
                let &(kind, bits) = self.random.pick(&INT_KINDS);
                let int = self.an_int();
                number(kind, int << (64 - bits) >> (64 - bits))
            }
            4 => {
                let &(kind, bits) = self.random.pick(&UINT_KINDS);
                let uint = self.an_int().cast_unsigned();
                number(kind, uint << (64 - bits) >> (64 - bits))
            }
            5 | 6 => float(if self.random.chance(4) { "float32" } else { "float64" }, self.a_float()),
            7 => float(if self.random.chance(2) { "complex64" } else { "complex128" }, self.a_float()),
            8 => bytes(self.text()),
            _ => string(self.text()),
        }
    }

    pub fn value(&mut self, depth: usize) -> Json {
        let kinds = if depth == 0 { 8 } else { 20 };
        match self.random.below(kinds) {
            0..=7 => self.scalar(),
            8 => json!([self.random.word(&["nilbytes", "nillist", "nilstrings", "nilmap", "nilsmap"])]),
            9 => number("duration", self.random.below(60) * 1_000_000_000),
            10 => number("pair", self.random.below(10)),
            11 | 12 => self.map("map", |grower| grower.value(depth - 1)),
            13 => self.map("smap", |grower| string(grower.text())),
            14 => self.map("imap", |grower| number("int", grower.an_int())),
            15 => self.map("lmap", |grower| grower.list("strings", |grower| string(grower.text()))),
            16 => self.list("strings", |grower| string(grower.text())),
            17 => self.list("ints", |grower| number("int", grower.an_int())),
            18 => self.list("lists", |grower| grower.list("list", |grower| grower.value(0))),
            _ => self.list("list", |grower| grower.value(depth - 1)),
        }
    }

    fn list(&mut self, kind: &str, mut item: impl FnMut(&mut Self) -> Json) -> Json {
        let items: Vec<Json> = (0..self.random.below(4)).map(|_| item(self)).collect();
        json!([kind, items])
    }

    fn map(&mut self, kind: &str, mut value: impl FnMut(&mut Self) -> Json) -> Json {
        let count = self.random.below(4);
        let entries: Vec<_> = (0..count).map(|_| (self.random.word(&KEYS), value(self))).collect();
        map(kind, entries)
    }

    fn data(&mut self) -> Json {
        let entries: Vec<_> = KEYS[..KEYS.len() - 1].iter().map(|key| (*key, self.value(3))).collect();
        map("map", entries)
    }

    fn template(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        for name in ["one", "two", "\u{e9}"].iter().take(self.random.below(3)) {
            out.extend_from_slice(format!("{{{{define {name:?}}}}}").as_bytes());
            let variables = std::mem::take(&mut self.variables);
            self.nodes(2, &mut out);
            self.variables = variables;
            out.extend_from_slice(b"{{end}}");
            self.templates.push((*name).into());
        }
        self.nodes(3, &mut out);
        out
    }

    fn nodes(&mut self, depth: usize, out: &mut Vec<u8>) {
        for _ in 0..=self.random.below(4) {
            self.node(depth, out);
        }
    }

    pub fn open(&mut self) -> &'static str {
        self.random.word(&["{{", "{{", "{{", "{{ ", "{{- ", "{{-\n"])
    }

    pub fn close(&mut self) -> &'static str {
        self.random.word(&["}}", "}}", "}}", " }}", " -}}", "\n-}}"])
    }

    fn action(&mut self, out: &mut Vec<u8>, inside: &str) {
        let action = format!("{}{inside}{}", self.open(), self.close());
        out.extend_from_slice(action.as_bytes());
    }

    fn node(&mut self, depth: usize, out: &mut Vec<u8>) {
        let kinds = if depth == 0 { 8 } else { 16 };
        match self.random.below(kinds) {
            0 | 1 => out.extend_from_slice(
                self.random.word(&["x", " ", "\n", "é\n ", "{", "}} ", "text\t", "\"", "-"]).as_bytes(),
            ),
            2 => self.action(out, "/* a comment */"),
            3 => {
                let name = format!("${}", self.random.word(&["x", "y", "été", "v1"]));
                let pipe = self.pipe(2);
                self.action(out, &format!("{name} := {pipe}"));
                self.variables.push(name);
            }
            4 => {
                if let Some(name) = self.a_variable() {
                    let pipe = self.pipe(2);
                    self.action(out, &format!("{name} = {pipe}"));
                }
            }
            8 | 9 => self.branch("if", depth, out),
            10 => self.branch("with", depth, out),
            11 | 12 => self.range(depth, out),
            13 => {
                if !self.templates.is_empty() {
                    let name = self.random.pick(&self.templates).clone();
                    let pipe = if self.random.chance(3) { String::new() } else { self.pipe(1) };
                    self.action(out, &format!("template {name:?} {pipe}"));
                }
            }
            14 => {
                let name = self.random.word(&["blk", "other", "`raw`"]).to_string();
                let pipe = self.pipe(1);
                let quoted = if name.starts_with('`') { name } else { format!("{name:?}") };
                self.action(out, &format!("block {quoted} {pipe}"));
                let (variables, loops) = (std::mem::take(&mut self.variables), std::mem::take(&mut self.loops));
                self.nodes(depth - 1, out);
                (self.variables, self.loops) = (variables, loops);
                self.action(out, "end");
            }
            15 if self.loops > 0 => {
                let word = self.random.word(&["break", "continue"]);
                self.action(out, word);
            }
            _ => {
                let pipe = self.pipe(3);
                self.action(out, &pipe);
            }
        }
    }

    fn branch(&mut self, word: &str, depth: usize, out: &mut Vec<u8>) {
        let scope = self.variables.len();
        let declared = if self.random.chance(4) { "$w := " } else { "" };
        let pipe = self.pipe(2);
        self.action(out, &format!("{word} {declared}{pipe}"));
        if !declared.is_empty() {
            self.variables.push("$w".into());
        }
        self.nodes(depth - 1, out);
        while self.random.chance(4) {
            let pipe = self.pipe(2);
            self.action(out, &format!("else {word} {pipe}"));
            self.nodes(depth - 1, out);
        }
        if self.random.chance(2) {
            self.action(out, "else");
            self.nodes(depth - 1, out);
        }
        self.action(out, "end");
        self.variables.truncate(scope);
    }

    fn range(&mut self, depth: usize, out: &mut Vec<u8>) {
        let scope = self.variables.len();
        let over = match self.random.below(6) {
            0 => self.random.word(&["0", "3", "-1", "2.5", "1e1"]).to_string(),
            1 | 2 => format!(".{}", self.random.word(&["l", "m", "a", "b"])),
            _ => self.pipe(2),
        };
        let names: &[&str] = match self.random.below(6) {
            0 => &["$i"],
            1 | 2 => &["$k", "$v"],
            _ => &[],
        };
        let assigned = names.len() == 2 && self.variables.len() >= 2 && self.random.chance(3);
        let declared = match names {
            [] => String::new(),
            _ if assigned => format!("{}, {} = ", self.variables[0], self.variables[1]),
            _ => format!("{} := ", names.join(", ")),
        };
        self.action(out, &format!("range {declared}{over}"));
        if !assigned {
            self.variables.extend(names.iter().map(|name| (*name).to_owned()));
        }
        self.loops += 1;
        self.nodes(depth - 1, out);
        self.loops -= 1;
        if self.random.chance(3) {
            self.action(out, "else");
            self.nodes(depth - 1, out);
        }
        self.action(out, "end");
        self.variables.truncate(scope);
    }

    fn a_variable(&mut self) -> Option<String> {
        (!self.variables.is_empty()).then(|| self.random.pick(&self.variables).clone())
    }

    fn pipe(&mut self, depth: usize) -> String {
        let mut pipe = self.command(depth);
        while depth > 0 && self.random.chance(4) {
            pipe += self.random.word(&[" | ", "|", " |\n"]);
            pipe += &self.call(depth - 1, true);
        }
        pipe
    }

    fn command(&mut self, depth: usize) -> String {
        if depth > 0 && self.random.chance(2) { self.call(depth - 1, false) } else { self.operand(depth) }
    }

    fn operand(&mut self, depth: usize) -> String {
        match self.random.below(if depth == 0 { 9 } else { 12 }) {
            0 => ".".into(),
            1 => "$".into(),
            2 => self.a_variable().unwrap_or_else(|| "$".into()) + &self.chain(2),
            3 => self.literal(),
            4 => self.random.word(&["answer", "nothing", "nil", "true", "false", "nothing.x", "answer.x"]).to_string(),
            5 => format!("$.{}{}", self.random.word(&KEYS), self.chain(2)),
            9 | 10 => format!("({})", self.pipe(depth - 1)),
            11 => format!("({}){}", self.pipe(depth - 1), self.chain(2)),
            _ => format!(".{}{}", self.random.word(&KEYS), self.chain(3)),
        }
    }

    fn chain(&mut self, one_in: usize) -> String {
        let mut chain = String::new();
        while self.random.chance(one_in + 1) {
            chain += ".";
            chain += self.random.word(&["a", "b", "m", "Left", "Right", "Sum", "Seconds", "été", "none", "Nope"]);
        }
        chain
    }

    fn literal(&mut self) -> String {
        match self.random.below(8) {
            0 | 1 => self.random.pick(&INTS).to_string(),
            2 => self.number_literal(),
            3 => self
                .random
                .word(&["1.5", "1e3", "0x1p4", "1_000", "'a'", "'\\n'", "'é'", "1i", "1+2i", "0x_1F", "0b101", "0o17"])
                .to_string(),
            4 => format!("`{}`", self.random.word(&["raw", "", "a\\n", "é", "two\nlines", "\r"])),
            _ => self.string_literal(),
        }
    }

    pub fn string_literal(&mut self) -> String {
        let inside = self.random.word(&[
            "",
            "a",
            "abc",
            "é",
            "\\n",
            "\\t\\r\\a\\b\\f\\v",
            "\\x41\\xff",
            "\\u00e9",
            "\\U0001F600",
            "\\101\\377",
            "\\\"q\\\"",
            "\\\\",
            "%v",
            "<&>",
            "日本",
            "m",
            "x y",
        ]);
        format!("\"{inside}\"")
    }

    /// Mostly a number, in all of Go's spellings.
    fn number_literal(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..=self.random.below(7) {
            text += self.random.word(&[
                "0",
                "1",
                "7",
                "9",
                "f",
                "_",
                ".",
                "e",
                "E",
                "p",
                "+",
                "-",
                "0x",
                "0X",
                "0b",
                "0o",
                "i",
                "12",
                "999999999999",
                "00",
                "e5",
                "p-3",
                "'a'",
                "1",
                "2",
            ]);
        }
        text
    }

    fn call(&mut self, depth: usize, piped: bool) -> String {
        let name = self.random.word(&[
            "and", "or", "not", "len", "index", "slice", "print", "println", "printf", "html", "js", "urlquery", "eq",
            "ne", "lt", "le", "gt", "ge", "call", "add", "upper", "join", "list", "dict", "set", "double", "byte",
            "int64", "negate", "conj", "count", "size", "echo", "bytes", "fail", ".Sum", ".Join", ".a", "$", "printf",
            "index", "eq",
        ]);
        let mut arguments = Vec::new();
        let usual = match name {
            "not" | "len" | "upper" | "double" | "byte" | "int64" | "negate" | "conj" | "count" | "size" | "echo"
            | "bytes" | "fail" => 1,
            "ne" | "lt" | "le" | "gt" | "ge" | "add" | "eq" | "index" => 2,
            "set" => 3,
            ".a" | "$" => 0,
            _ => self.random.below(4),
        };
        let count = if self.random.chance(12) { self.random.below(4) } else { usual };
        for index in 0..count.saturating_sub(usize::from(piped)) {
            arguments.push(self.call_argument(name, index, depth));
        }
        let name = if name == "call" && self.random.chance(2) { "call adder".to_owned() } else { name.to_owned() };
        std::iter::once(name).chain(arguments).collect::<Vec<_>>().join(self.random.word(&[" ", " ", "  ", "\n"]))
    }

    fn call_argument(&mut self, name: &str, index: usize, depth: usize) -> String {
        let sure = !self.random.chance(4);
        match (name, index) {
            ("printf", 0) if sure => format!("{:?}", self.format(2)),
            ("set" | "size", 0) if sure => "(dict \"a\" 1)".into(),
            ("set", 2) => self.literal(),
            ("upper" | "join" | "bytes" | "fail" | "dict" | "set" | ".Join", _) if sure => self.string_literal(),
            ("add" | "call" | "slice" | ".Sum" | "byte" | "int64", 1..) | ("add" | "byte" | "int64", 0) if sure => {
                self.random.word(&["0", "1", "2", "3", "-1", "255", "256", "1.0"]).to_string()
            }
            ("index", 1..) if sure => {
                self.random.word(&["0", "1", "2", "\"a\"", "\"none\"", ".k", "-1", "nil"]).to_string()
            }
            _ => self.operand(depth),
        }
    }

    /// A template that only prints.
    fn formats(&mut self) -> Vec<u8> {
        let mut out = String::new();
        for _ in 0..=self.random.below(3) {
            let format = self.format(4);
            let values: Vec<String> =
                (0..self.random.below(4)).map(|_| format!(" $.{}", self.random.word(&KEYS))).collect();
            out += &format!("{{{{printf {} {} }}}}\n", go_string(&format), values.join(""));
        }
        out.into_bytes()
    }

    /// Many numbers, and texts, by few directives.
    fn numbers(&mut self) -> Case {
        let items: Vec<Json> = (0..20)
            .map(|_| match self.random.below(5) {
                0 => float("float64", f64::from_bits(self.random.number())),
                #[expect(clippy::cast_possible_truncation, reason = "any bits will do")]
                1 => float("float32", f32::from_bits(self.random.number() as u32).into()),
                2 => float("float64", self.a_float()),
                3 => number("int64", self.an_int()),
                _ => string(self.text()),
            })
            .collect();
        let format = self.format(2);
        let source = format!("{{{{printf {} . . .}}}}{{{{range .}}}}{{{{.}}}} {{{{end}}}}", go_string(&format));
        Case::new(source, json!(["list", items]))
    }

    /// A format string. `%p` is left out, since it shows addresses.
    pub fn format(&mut self, most: usize) -> String {
        let mut format = String::new();
        for _ in 0..=self.random.below(most) {
            format += self.random.word(&["", "", " ", "x", "é", "%%"]);
            format.push('%');
            while self.random.chance(2) {
                format.push(*self.random.pick(&['+', '-', '#', ' ', '0']));
            }
            if self.random.chance(10) {
                format += self.random.word(&["[1]", "[2]", "[3]", "[0]", "[9]", "[]", "[x]", "[-1]", "[1", "[1]*"]);
            }
            format += self.random.word(&["", "", "", "", "1", "3", "8", "20", "*", "70", "01"]);
            if self.random.chance(4) {
                format += self.random.word(&[".", ".0", ".1", ".2", ".5", ".20", ".*", ".-1", ".[1]*", ".70"]);
            }
            format.push(*self.random.pick(&[
                'v', 'v', 'v', 'T', 't', 'd', 'b', 'o', 'O', 'x', 'X', 'c', 'q', 'U', 'e', 'E', 'f', 'F', 'g', 'G',
                's', 's', 'w', 'z', '!', 'é', '%',
            ]));
        }
        if self.random.chance(12) {
            format.push('%');
        }
        format
    }

    /// A template of literals.
    fn literals(&mut self) -> Vec<u8> {
        let mut out = String::new();
        for _ in 0..=self.random.below(2) {
            let literal = if self.random.chance(3) { self.literal() } else { self.number_literal() };
            let function = self.random.word(&[
                "printf \"%v %T\"",
                "",
                "print",
                "double",
                "byte",
                "int64",
                "conj",
                "index $.l",
                "eq 1",
                "not",
            ]);
            out += &format!("{{{{{function} {literal}}}}}\n");
        }
        out.into_bytes()
    }

    /// What mostly is no template any more.
    fn bent(&mut self, mut source: Vec<u8>) -> Vec<u8> {
        for _ in 0..=self.random.below(2) {
            let at = self.random.below(source.len() + 1);
            match self.random.below(3) {
                0 => source.truncate(at),
                1 => {
                    let inserted = self.random.word(&[
                        "\"",
                        "`",
                        "'",
                        "{{",
                        "}}",
                        "(",
                        ")",
                        "|",
                        ".",
                        "$",
                        ":=",
                        "=",
                        ",",
                        "{{end}}",
                        "{{else}}",
                        "{{else if}}",
                        "{{if",
                        "\n",
                        "\\",
                        "\0",
                        "é",
                        "😀",
                        "-",
                        "/*",
                        "*/",
                        " nil",
                        "{{break}}",
                        "{{define \"one\"}}",
                        "{{template",
                        "{{range",
                        "@",
                        "\u{ad}",
                        "%",
                        ";",
                    ]);
                    source.splice(at..at, inserted.bytes());
                }
                _ => {
                    source.splice(at..(at + 1 + self.random.below(3)).min(source.len()), []);
                }
            }
        }
        source
    }
}

/// A Go string literal.
pub fn go_string(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' => out += "\\n",
            _ => out.push(character),
        }
    }
    out + "\""
}
