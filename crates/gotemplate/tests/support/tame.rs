//! Templates whose types fit, so that they go on to their end.

use super::Case;
use super::data::{bytes, float, map, number, string};
use super::grow::{Grower, KEYS, go_string};
use serde_json::{Value as Json, json};

/// What an expression gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Text,
    Int,
    Bool,
    List,
    Map,
    Any,
}

const KINDS: [Kind; 6] = [Kind::Text, Kind::Int, Kind::Bool, Kind::List, Kind::Map, Kind::Any];

pub fn case(grower: &mut Grower<'_>) -> Case {
    let data = data(grower);
    let mut tame = Tame { grower, variables: Vec::new(), loops: 0, defined: 0 };
    let mut out = String::new();
    for index in 0..tame.grower.random.below(3) {
        out += &format!("{{{{define \"d{index}\"}}}}");
        tame.nodes(2, &mut out);
        out += "{{end}}";
        tame.variables.clear();
        tame.defined = index + 1;
    }
    tame.nodes(3, &mut out);
    Case::new(out, data)
}

fn data(grower: &mut Grower<'_>) -> Json {
    let texts = |grower: &mut Grower<'_>| json!(["strings", [string(grower.text()), string(grower.text())]]);
    let entries = [
        ("s", string(grower.text())),
        ("t", string(grower.text())),
        ("n", number("int", grower.random.below(5))),
        ("i", number("int", grower.an_int())),
        ("u", number("uint8", grower.random.below(256))),
        ("f", float("float64", grower.a_float())),
        ("g", float("float32", grower.a_float())),
        ("y", json!(["bool", grower.random.chance(2)])),
        ("l", json!(["list", [grower.scalar(), grower.value(2), grower.scalar()]])),
        ("ss", texts(grower)),
        ("ii", json!(["ints", [number("int", grower.an_int()), number("int", 2)]])),
        ("m", map("map", [("a", string(grower.text())), ("b", grower.value(2)), ("c", grower.scalar())])),
        ("sm", map("smap", [("a", string(grower.text())), (*grower.random.pick(&KEYS), string(grower.text()))])),
        ("bs", bytes(grower.text())),
        ("p", number("pair", grower.random.below(10))),
        ("d", number("duration", grower.random.below(60) * 1_000_000_000)),
        ("v", grower.value(3)),
    ];
    map("map", entries)
}

struct Tame<'g, 'r> {
    grower: &'g mut Grower<'r>,
    variables: Vec<(String, Kind)>,
    loops: usize,
    defined: usize,
}

impl Tame<'_, '_> {
    fn below(&mut self, bound: usize) -> usize {
        self.grower.random.below(bound)
    }

    fn one(&mut self, from: &[&'static str]) -> String {
        self.grower.random.word(from).to_owned()
    }

    fn nodes(&mut self, depth: usize, out: &mut String) {
        for _ in 0..=self.below(4) {
            self.node(depth, out);
        }
    }

    fn action(&mut self, inside: &str, out: &mut String) {
        let (open, close) = (self.grower.open(), self.grower.close());
        *out += &format!("{open}{inside}{close}");
    }

    fn node(&mut self, depth: usize, out: &mut String) {
        match self.below(if depth == 0 { 8 } else { 14 }) {
            0 => *out += &self.one(&["text ", "\n", " é", "x\n\n", "}}", "{"]),
            1 => {
                let kind = *self.grower.random.pick(&KINDS);
                let name = format!("${}", self.one(&["a", "b", "é", "x1"]));
                let value = self.expression(kind, 3);
                self.action(&format!("{name} := {value}"), out);
                self.variables.push((name, kind));
            }
            2 if !self.variables.is_empty() => {
                let (name, kind) = self.grower.random.pick(&self.variables).clone();
                // A later one of the same name may be of another kind.
                let shadowed =
                    self.variables.iter().rev().find(|(other, _)| *other == name) != Some(&(name.clone(), kind));
                let value = self.expression(kind, 2);
                self.action(&if shadowed { value } else { format!("{name} = {value}") }, out);
            }
            8 | 9 => self.branch("if", depth, out),
            10 => self.branch("with", depth, out),
            11 | 12 => self.range(depth, out),
            13 if self.defined > 0 => {
                let index = self.below(self.defined);
                self.action(&format!("template \"d{index}\" $"), out);
            }
            7 if self.loops > 0 => {
                let word = self.one(&["break", "continue"]);
                let condition = self.expression(Kind::Bool, 1);
                *out += &format!("{{{{if {condition}}}}}{{{{{word}}}}}{{{{end}}}}");
            }
            _ => {
                let kind = *self.grower.random.pick(&KINDS);
                let mut value = self.expression(kind, 3);
                if self.grower.random.chance(4) {
                    value += &self.one(&[
                        " | print",
                        " | printf \"%v\"",
                        " | html",
                        " | println 1",
                        " | js",
                        " | urlquery",
                        " | echo | print",
                    ]);
                }
                self.action(&value, out);
            }
        }
    }

    fn branch(&mut self, word: &str, depth: usize, out: &mut String) {
        let scope = self.variables.len();
        let kind = if word == "if" { Kind::Bool } else { Kind::Any };
        let condition = self.expression(kind, 2);
        self.action(&format!("{word} {condition}"), out);
        self.nodes(depth - 1, out);
        self.variables.truncate(scope);
        while self.grower.random.chance(4) {
            let condition = self.expression(kind, 2);
            self.action(&format!("else {word} {condition}"), out);
            self.nodes(depth - 1, out);
            self.variables.truncate(scope);
        }
        if self.grower.random.chance(2) {
            self.action("else", out);
            self.nodes(depth - 1, out);
        }
        self.action("end", out);
        self.variables.truncate(scope);
    }

    fn range(&mut self, depth: usize, out: &mut String) {
        let scope = self.variables.len();
        let (over, count) = match self.below(6) {
            0 => (self.one(&["3", "0", "$.n", "2"]), 1),
            1 => (self.one(&["$.m", "$.sm"]), 3),
            _ => (self.one(&["$.l", "$.ss", "$.ii", "$.bs", "(list 1 \"a\" nil)"]), 3),
        };
        let declared = match self.below(count) {
            0 => "",
            1 => "$e := ",
            _ => "$k, $e := ",
        };
        self.action(&format!("range {declared}{over}"), out);
        if !declared.is_empty() {
            self.variables.push(("$e".into(), Kind::Any));
        }
        if declared.starts_with("$k") {
            self.variables.push(("$k".into(), Kind::Any));
        }
        self.loops += 1;
        self.nodes(depth - 1, out);
        self.loops -= 1;
        self.variables.truncate(scope);
        if self.grower.random.chance(3) {
            self.action("else", out);
            self.nodes(depth - 1, out);
        }
        self.action("end", out);
        self.variables.truncate(scope);
    }

    /// A variable that has this kind, if the last of its name has.
    fn variable(&mut self, kind: Kind) -> Option<String> {
        let names: Vec<String> =
            self.variables.iter().filter(|(_, of)| *of == kind).map(|(name, _)| name.clone()).collect();
        let name = (!names.is_empty()).then(|| self.grower.random.pick(&names).clone())?;
        let last = self.variables.iter().rev().find(|(other, _)| *other == name);
        last.is_some_and(|(_, of)| *of == kind).then_some(name)
    }

    fn expression(&mut self, kind: Kind, depth: usize) -> String {
        if let Some(name) = self.grower.random.chance(4).then(|| self.variable(kind)).flatten() {
            return name;
        }
        match kind {
            Kind::Text => self.text(depth),
            Kind::Int => self.int(depth),
            Kind::Bool => self.bool(depth),
            Kind::List => match self.below(if depth == 0 { 2 } else { 4 }) {
                0 | 1 => self.one(&["$.l", "$.ss", "$.ii", "$.bs"]),
                2 => format!(
                    "(slice {} {})",
                    self.one(&["$.l", "$.ss", "$.ii"]),
                    self.one(&["", "0", "1", "0 1", "1 2", "0 1 1", "2"])
                ),
                _ => format!(
                    "(list {} {})",
                    self.expression(Kind::Any, depth - 1),
                    self.expression(Kind::Any, depth - 1)
                ),
            },
            Kind::Map => match self.below(if depth == 0 { 2 } else { 4 }) {
                0 | 1 => self.one(&["$.m", "$.sm"]),
                2 => format!("(dict \"k\" {} \"a\" 1)", self.expression(Kind::Any, depth - 1)),
                _ => format!("(set (dict \"z\" 0) {} {})", self.text(depth - 1), self.int(depth - 1)),
            },
            Kind::Any => match self.below(8) {
                0 => self.one(&[
                    "$.f",
                    "$.g",
                    "$.u",
                    "$.v",
                    "$.p",
                    "$.d",
                    "$.m.b",
                    "$.m.c",
                    "$.y",
                    "$.bs",
                    "(index $.l 1)",
                    "$.p.Right",
                    "$.d.Seconds",
                ]),
                1 => self
                    .grower
                    .random
                    .word(&["1.5", "1e6", "'x'", "2i", "0x1p-3", "-0.0", "1e21", "nil"])
                    .replace("nil", "(index $.m \"c\")"),
                2 => self.expression(Kind::List, depth),
                3 => self.expression(Kind::Map, depth),
                4 => self.expression(Kind::Bool, depth),
                5 => self.int(depth),
                6 => format!("(or {} {})", self.text(0), self.int(0)),
                _ => self.text(depth),
            },
        }
    }

    fn text(&mut self, depth: usize) -> String {
        let text = |tame: &mut Self| tame.expression(Kind::Text, depth.saturating_sub(1));
        match self.below(if depth == 0 { 3 } else { 13 }) {
            0 => self.one(&[
                "$.s",
                "$.t",
                "$.m.a",
                "$.sm.a",
                "(index $.ss 1)",
                "(index $.sm \"a\")",
                "(index $.sm \"none\")",
            ]),
            1 | 2 => self.grower.string_literal(),
            3 => format!("(upper {})", self.grower.random.word(&["\"abc\"", "\"x y\"", "\"\""])),
            4 => format!("(print {} {})", self.expression(Kind::Any, depth - 1), self.expression(Kind::Any, depth - 1)),
            5 | 6 => self.printf(depth),
            7 => format!(
                "({} {})",
                self.one(&["html", "js", "urlquery", "println"]),
                self.expression(Kind::Any, depth - 1)
            ),
            8 => format!("(join {} {} {})", text(self), text(self), text(self)),
            9 => format!("(slice {} {})", text(self), self.one(&["", "0", "0 0"])),
            10 => format!("($.p.Join {} false)", text(self)),
            11 => format!("({} | print {})", text(self), text(self)),
            _ => format!("(and true {})", text(self)),
        }
    }

    fn printf(&mut self, depth: usize) -> String {
        let format = self.grower.format(2);
        let values: Vec<String> = (0..self.below(4)).map(|_| self.expression(Kind::Any, depth - 1)).collect();
        format!("(printf {} {})", go_string(&format), values.join(" "))
    }

    fn int(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 2 } else { 7 }) {
            0 => self.one(&["$.n", "$.i", "$.p.Left", "(index $.ii 0)", "answer", "(len $.s)", "(len $.m)"]),
            1 => self
                .one(&["0", "1", "-7", "0x10", "'a'", "1_000", "0b11", "9223372036854775807", "2.0"])
                .replace("2.0", "(add 1.0 1e1)"),
            2 => format!(
                "(len {})",
                self.expression(*[Kind::Text, Kind::List, Kind::Map].get(depth % 3).unwrap(), depth - 1)
            ),
            3 => format!("(add {} {})", self.int(depth - 1), self.int(depth - 1)),
            4 => format!("($.p.Sum {} {})", self.int(depth - 1), self.int(depth - 1)),
            5 => format!("(call adder {} {})", self.int(depth - 1), self.int(depth - 1)),
            _ => format!("({} | add {})", self.int(depth - 1), self.int(depth - 1)),
        }
    }

    fn bool(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 2 } else { 9 }) {
            0 => self.one(&["true", "false", "$.y", "$.s", "$.n", "$.l", "$.sm"]),
            1 => format!("(not {})", self.one(&["true", "$.y", "$.f", "$.d", "$.p", "$.v"])),
            2 => format!(
                "({} {} {})",
                self.one(&["eq", "ne", "lt", "le", "gt", "ge"]),
                self.int(depth - 1),
                self.int(depth - 1)
            ),
            3 => format!(
                "({} {} {})",
                self.one(&["eq", "ne", "lt", "le", "gt", "ge"]),
                self.text(depth - 1),
                self.text(depth - 1)
            ),
            4 => format!("({} {} {})", self.one(&["and", "or"]), self.bool(depth - 1), self.bool(depth - 1)),
            5 => format!("(eq {} {} {})", self.text(depth - 1), self.text(depth - 1), self.text(depth - 1)),
            6 => self.one(&[
                "(eq $.u 7)",
                "(lt $.u $.n)",
                "(eq $.f 1.5)",
                "(lt $.f 1e3)",
                "(ge $.g $.f)",
                "(eq $.p $.p)",
                "(eq $.d 3000000000)",
                "(eq $.l nil)",
                "(eq nil $.m.c)",
            ]),
            7 => format!("({} | not)", self.bool(depth - 1)),
            _ => format!("(not {})", self.bool(depth - 1)),
        }
    }
}
