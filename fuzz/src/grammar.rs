//! Templates that bytes choose: every function with arguments of the types that it takes, or of others.

use gotemplate::{Functions, Type};
use std::fmt::Write;

/// A source that means something, most of the time. All bytes give one.
pub fn source(bytes: &[u8], functions: &Functions) -> String {
    let names: Vec<&str> = functions.names().collect();
    let mut writer = Writer { bytes, names: &names, functions, out: String::new(), variables: 0 };
    writer.list(3);
    writer.out
}

/// Go's own, which have no signature here: these are how many arguments they like.
const BUILTINS: &[(&str, usize)] = &[
    ("and", 2),
    ("or", 2),
    ("not", 1),
    ("len", 1),
    ("index", 2),
    ("slice", 3),
    ("print", 2),
    ("printf", 3),
    ("println", 2),
    ("html", 1),
    ("js", 1),
    ("urlquery", 1),
    ("call", 2),
    ("eq", 2),
    ("ne", 2),
    ("lt", 2),
    ("le", 2),
    ("gt", 2),
    ("ge", 2),
];

const STRINGS: &[&str] = &[
    r#""""#,
    r#""a""#,
    r#""hello world""#,
    r#""a,b,,c""#,
    r#""%d %s %v %x""#,
    r#""\xff\xfe\u00e9\U0001f600""#,
    r#""{\"a\":[1,2.5,null,{\"b\":\"c\"}]}""#,
    r#""a: 1\nb: [x, y]\n""#,
    r#""aGVsbG8=""#,
    r#""^(a+)+$""#,
    r#""(\\w+)-(\\d{1,5})""#,
    r#""$1${2}$$""#,
    r#""1.2.3-beta.1+build""#,
    r#"">=1.2 <3 || ~4""#,
    r#""2006-01-02T15:04:05Z07:00""#,
    r#""2024-02-29 23:59:60""#,
    r#""1h30m0.5s""#,
    r#""Europe/Berlin""#,
    r#""http://u:p@h:80/p?q=1#f""#,
    r#""../a/./b//c.txt""#,
    r#""-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n""#,
    r#""CERTIFICATE""#,
    r#""ecdsa""#,
    r#""ed25519""#,
    r#""sha256""#,
    r#""0123456789abcdef""#,
    r#""0x1F""#,
    r#""-12.5e3""#,
    r#""true""#,
    "`raw\n{{ }}`",
    "(printf \"%c\" 0)",
];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "-1",
    "3",
    "7",
    "16",
    "64",
    "255",
    "1000",
    "65536",
    "100000000",
    "10000000000",
    "9223372036854775807",
    "-9223372036854775808",
    "0x10",
    "1_000",
    "'a'",
];

const OTHERS: &[&str] = &[
    "nil",
    "true",
    "false",
    "1.5",
    "-0.0",
    "1e308",
    "2i",
    ".",
    ".s",
    ".i",
    ".f",
    ".u8",
    ".b",
    ".l",
    ".ss",
    ".m",
    ".m.n",
    ".big",
    ".none",
    ".none.x",
    "$",
    "$.m",
    "$.l",
    "(list 1 \"a\" nil)",
    "(dict \"a\" 1 \"b\" (list 2))",
    "(tuple)",
    "now",
    "(list (list (list)))",
];

struct Writer<'a> {
    bytes: &'a [u8],
    names: &'a [&'a str],
    functions: &'a Functions,
    out: String,
    variables: usize,
}

impl Writer<'_> {
    /// The next byte, below `bound`; 0 when all are used up.
    fn below(&mut self, bound: usize) -> usize {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        usize::from(*first) % bound.max(1)
    }

    fn word(&mut self, from: &[&str]) {
        let word = from[self.below(from.len())];
        self.out.push_str(word);
    }

    fn list(&mut self, depth: usize) {
        for _ in 0..=self.below(4) {
            self.statement(depth);
        }
    }

    fn statement(&mut self, depth: usize) {
        match self.below(if depth == 0 { 6 } else { 10 }) {
            0 => self.word(&["text ", "\n", "{{- /* c */ -}}", "\u{e9}"]),
            1..=3 => self.action("", depth),
            4 | 5 => {
                let name = format!("$v{} := ", self.below(3));
                self.variables = 3;
                self.action(&name, depth);
            }
            6 => self.block("if ", depth),
            7 => self.block("with ", depth),
            8 => self.block("range ", depth),
            _ => self.block("range $k, $x := ", depth),
        }
    }

    fn action(&mut self, before: &str, depth: usize) {
        self.out.push_str("{{ ");
        self.out.push_str(before);
        self.pipeline(depth.max(1));
        self.out.push_str(" }}");
    }

    fn block(&mut self, keyword: &str, depth: usize) {
        self.action(keyword, depth);
        // A variable that was made inside is not there behind it.
        let variables = self.variables;
        self.list(depth - 1);
        if self.below(3) == 0 {
            self.out.push_str("{{ else }}");
            self.list(depth - 1);
        }
        self.variables = variables;
        self.out.push_str("{{ end }}");
    }

    fn pipeline(&mut self, depth: usize) {
        self.command(depth);
        for _ in 0..self.below(8).saturating_sub(5) {
            self.out.push_str(" | ");
            self.call(depth, 1);
        }
    }

    fn command(&mut self, depth: usize) {
        if self.below(8) == 0 { self.argument(Type::Any, depth) } else { self.call(depth, 0) }
    }

    /// A call whose last `given` arguments come by the pipe.
    fn call(&mut self, depth: usize, given: usize) {
        let choice = self.below(256) * 256 + self.below(256);
        let Some(name) = self.names.get(choice % (self.names.len() + BUILTINS.len())) else {
            let (name, count) = BUILTINS[choice % BUILTINS.len()];
            self.out.push_str(name);
            return (given..count).for_each(|_| self.argument(Type::Any, depth));
        };
        self.out.push_str(name);
        let Some(function) = self.functions.get(name) else { return };
        let signature = function.signature();
        let fixed = signature.parameters.len();
        let more = if signature.variadic { self.below(5) } else { 0 };
        let wrong = self.below(40);
        let count = (fixed + more).saturating_sub(given + usize::from(signature.variadic)) + usize::from(wrong == 1);
        for index in 0..count {
            let of = signature.parameters.get(index).or(signature.parameters.last()).copied().unwrap_or(Type::Any);
            self.argument(if wrong == 0 { Type::Any } else { of }, depth);
        }
    }

    fn argument(&mut self, of: Type, depth: usize) {
        self.out.push(' ');
        let choice = self.below(8);
        if choice == 0 && depth > 0 {
            self.out.push('(');
            self.pipeline(depth - 1);
            return self.out.push(')');
        }
        if choice == 1 && self.variables > 0 {
            let variable = self.below(self.variables);
            return write!(self.out, "$v{variable}").unwrap_or_default();
        }
        match of {
            Type::String => self.word(STRINGS),
            Type::Int(_) | Type::Uint(_) | Type::Float(_) => self.word(NUMBERS),
            Type::List(_) => self.word(&[".l", ".ss", "(list 1 2 3)", "(list)", "(splitList \",\" \"a,b\")", ".none"]),
            Type::Map(_) => self.word(&[".m", "(dict)", "(dict \"a\" 1)", ".sm", "$"]),
            _ => match self.below(3) {
                0 => self.word(STRINGS),
                1 => self.word(NUMBERS),
                _ => self.word(OTHERS),
            },
        }
    }
}
