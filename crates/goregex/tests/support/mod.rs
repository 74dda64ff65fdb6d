pub mod cases;
pub mod grow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyferry_goregex::{Error, Regexp, quote_meta};
use serde_json::{Value as Json, json};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub pattern: Vec<u8>,
    pub input: Vec<u8>,
    pub replacement: Vec<u8>,
    /// For `split`; all if negative.
    pub pieces: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Error {
        message: Vec<u8>,
        quoted: Vec<u8>,
    },
    Fine(Box<Fine>),
    /// Over a limit that Go does not have.
    Limit,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fine {
    names: Vec<String>,
    /// As Go has them: -1 for what took no part.
    pub matches: Vec<Vec<i64>>,
    replaced: Vec<u8>,
    literal: Vec<u8>,
    split: Vec<Vec<u8>>,
    quoted: Vec<u8>,
}

impl Case {
    pub fn new(pattern: impl AsRef<[u8]>, input: impl AsRef<[u8]>, replacement: impl AsRef<[u8]>) -> Self {
        let (pattern, input) = (pattern.as_ref().to_vec(), input.as_ref().to_vec());
        Self { pattern, input, replacement: replacement.as_ref().to_vec(), pieces: -1 }
    }

    pub fn to_json(&self) -> Json {
        json!({
            "pattern": STANDARD.encode(&self.pattern),
            "input": STANDARD.encode(&self.input),
            "replacement": STANDARD.encode(&self.replacement),
            "pieces": self.pieces,
        })
    }

    pub fn from_json(json: &Json) -> Self {
        let [pattern, input, replacement] = ["pattern", "input", "replacement"].map(|field| bytes(&json[field]));
        Self { pattern, input, replacement, pieces: json["pieces"].as_i64().unwrap() }
    }

    pub fn run(&self) -> Answer {
        let quoted = quote_meta(&self.pattern);
        match Regexp::new(&self.pattern) {
            Err(Error::Limit(_)) => Answer::Limit,
            Err(error) => Answer::Error { message: error.message(), quoted },
            Ok(regexp) => Answer::Fine(Box::new(self.run_with(&regexp, quoted))),
        }
    }

    fn run_with(&self, regexp: &Regexp, quoted: Vec<u8>) -> Fine {
        let matches = find_all(regexp, &self.input);
        // Once more, when it has seen so much text that the fast engine is there.
        regexp.is_match("x".repeat(5000));
        assert_eq!(find_all(regexp, &self.input), matches, "the engines disagree: {}", self.show());
        let first = regexp.find_submatch(&self.input);
        assert_eq!(regexp.is_match(&self.input), first.is_some());
        assert_eq!(regexp.find(&self.input), first.as_ref().and_then(|found| found.get(0)));
        assert_eq!(regexp.find_all(&self.input).next(), first);
        assert_eq!(regexp.num_subexp() + 1, regexp.subexp_names().len());
        let pieces = usize::try_from(self.pieces).ok();
        Fine {
            names: regexp.subexp_names().to_vec(),
            matches,
            replaced: regexp.replace_all(&self.input, &self.replacement),
            literal: regexp.replace_all_literal(&self.input, &self.replacement),
            split: regexp.split(&self.input, pieces).into_iter().map(<[u8]>::to_vec).collect(),
            quoted,
        }
    }

    pub fn show(&self) -> String {
        let show = |bytes: &[u8]| bytes.escape_ascii().to_string();
        let [pattern, input, replacement] = [&self.pattern, &self.input, &self.replacement].map(|bytes| show(bytes));
        format!("`{pattern}` on `{input}` with `{replacement}`, {} pieces", self.pieces)
    }
}

fn find_all(regexp: &Regexp, input: &[u8]) -> Vec<Vec<i64>> {
    let ends = |range: Option<std::ops::Range<usize>>| range.map_or([-1, -1], |r| [r.start, r.end].map(number));
    regexp.find_all(input).map(|found| found.iter().flat_map(ends).collect()).collect()
}

fn number(offset: usize) -> i64 {
    i64::try_from(offset).unwrap()
}

fn bytes(json: &Json) -> Vec<u8> {
    json.as_str().map(|text| STANDARD.decode(text).unwrap()).unwrap_or_default()
}

fn list<T>(json: &Json, each: impl Fn(&Json) -> T) -> Vec<T> {
    json.as_array().map(|items| items.iter().map(each).collect()).unwrap_or_default()
}

impl Answer {
    pub fn from_json(json: &Json) -> Self {
        let quoted = bytes(&json["quoted"]);
        if json["error"].is_string() {
            return Self::Error { message: bytes(&json["error"]), quoted };
        }
        Self::Fine(Box::new(Fine {
            names: list(&json["names"], |name| name.as_str().unwrap().into()),
            matches: list(&json["matches"], |found| list(found, |offset| offset.as_i64().unwrap())),
            replaced: bytes(&json["replaced"]),
            literal: bytes(&json["literal"]),
            split: list(&json["split"], bytes),
            quoted,
        }))
    }

    pub fn show(&self) -> String {
        match self {
            Self::Error { message, .. } => message.escape_ascii().to_string(),
            Self::Limit => "over a limit".into(),
            Self::Fine(fine) => format!(
                "{:?} {:?} replaced `{}` literal `{}` split {:?}",
                fine.names,
                fine.matches,
                fine.replaced.escape_ascii(),
                fine.literal.escape_ascii(),
                fine.split.iter().map(|part| part.escape_ascii().to_string()).collect::<Vec<_>>()
            ),
        }
    }
}
