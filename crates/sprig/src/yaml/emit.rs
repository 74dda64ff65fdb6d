//! Values to YAML, laid out as Go's library does.

use super::decode::{Data, Entries};
use super::resolve::{Plain, is_text};
use super::sort::{natural, sorted};
use super::style::{Analysis, Style};
use keyferry_gotemplate::{Call, FuncError, Stop};

/// What a block is indented by.
const INDENT: isize = 2;

/// The longest key that is written without a question mark, in bytes.
const LONGEST_KEY: usize = 128;

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Item,
    /// A key or value of a mapping.
    Entry,
    /// A key with its colon right after it.
    SimpleKey,
}

/// YAML in the making.
pub(super) struct Emitter<'c, 'a> {
    call: &'c Call<'a>,
    pub(super) out: Vec<u8>,
    pub(super) indent: isize,
    /// In characters.
    pub(super) column: isize,
    /// Whether the last character was a space, or the line begins.
    pub(super) whitespace: bool,
    /// Whether there is nothing but indentation and `-`, `?` or `:` in the line.
    pub(super) indention: bool,
}

/// The YAML of a value, with a line feed at the end.
pub(super) fn emit(call: &Call<'_>, data: &Data) -> Result<Vec<u8>, FuncError> {
    let mut emitter = Emitter { call, out: Vec::new(), indent: -1, column: 0, whitespace: true, indention: true };
    emitter.node(data, Place::Root)?;
    emitter.write_indent()?;
    Ok(emitter.out)
}

impl Emitter<'_, '_> {
    fn node(&mut self, data: &Data, place: Place) -> Result<(), FuncError> {
        self.call.meter().step(1)?;
        match data {
            Data::Plain(plain) => self.plain(plain, place),
            Data::List(items) if items.is_empty() => Ok(self.indicator("[]", true, false)?),
            Data::Map(entries) if entries.list.is_empty() => Ok(self.indicator("{}", true, false)?),
            Data::List(items) => self.sequence(items, place),
            Data::Map(entries) => self.mapping(entries),
        }
    }

    /// In a mapping the items stand below the key.
    fn sequence(&mut self, items: &[Data], place: Place) -> Result<(), FuncError> {
        let outer = self.indent;
        self.deeper(place == Place::Entry && !self.indention);
        let call = self.call;
        call.meter().deeper(|| {
            for item in items {
                self.write_indent()?;
                self.indicator("-", true, true)?;
                self.node(item, Place::Item)?;
            }
            Ok::<(), FuncError>(())
        })?;
        self.indent = outer;
        Ok(())
    }

    fn mapping(&mut self, entries: &Entries) -> Result<(), FuncError> {
        let outer = self.indent;
        self.deeper(false);
        let call = self.call;
        let list = in_order(call, entries)?;
        call.meter().deeper(|| {
            for (key, value) in list {
                self.write_indent()?;
                self.entry(key, value)?;
            }
            Ok::<(), FuncError>(())
        })?;
        self.indent = outer;
        Ok(())
    }

    fn entry(&mut self, key: &[u8], value: &Data) -> Result<(), FuncError> {
        let simple = key.len() <= LONGEST_KEY && !Analysis::of(key).multiline;
        if simple {
            self.text(key, Place::SimpleKey)?;
            self.indicator(":", false, false)?;
        } else {
            self.indicator("?", true, true)?;
            self.text(key, Place::Entry)?;
            self.write_indent()?;
            self.indicator(":", true, true)?;
        }
        self.node(value, Place::Entry)
    }

    fn deeper(&mut self, indentless: bool) {
        self.indent = match self.indent {
            ..0 => 0,
            indent if indentless => indent,
            indent => indent + INDENT,
        };
    }

    fn plain(&mut self, plain: &Plain, place: Place) -> Result<(), FuncError> {
        let bare = match plain {
            Plain::Null | Plain::Date => "null".to_owned(),
            Plain::Bool(truth) => truth.to_string(),
            Plain::Int(number) => number.to_string(),
            Plain::Uint(number) => number.to_string(),
            Plain::Float(number) => super::number::float(*number),
            Plain::Text(text) => return self.text(text, place),
        };
        self.scalar(bare.as_bytes(), Style::Plain, place)
    }

    fn text(&mut self, text: &[u8], place: Place) -> Result<(), FuncError> {
        let style = if text.contains(&b'\n') {
            Style::Literal
        } else if is_text(text) && !super::number::is_base_60(text) {
            Style::Plain
        } else {
            Style::Double
        };
        self.scalar(text, style, place)
    }

    fn scalar(&mut self, text: &[u8], wanted: Style, place: Place) -> Result<(), FuncError> {
        self.call.meter().step(text.len() / 8)?;
        let style = Analysis::of(text).style(wanted, place == Place::SimpleKey);
        let text = std::str::from_utf8(text).map_err(|_| "yaml: no UTF-8")?;
        let outer = self.indent;
        self.indent = if outer < 0 { INDENT } else { outer + INDENT };
        self.write_scalar(text, style, place != Place::SimpleKey)?;
        self.indent = outer;
        Ok(())
    }

    pub(super) fn put(&mut self, text: &str) -> Result<(), Stop> {
        self.call.meter().allocate(text.len())?;
        self.out.extend_from_slice(text.as_bytes());
        self.column += isize::try_from(text.chars().count()).unwrap_or(0);
        Ok(())
    }

    pub(super) fn put_break(&mut self) -> Result<(), Stop> {
        self.put("\n")?;
        self.column = 0;
        Ok(())
    }

    /// Starts a line, unless nothing stands in this one yet.
    pub(super) fn write_indent(&mut self) -> Result<(), Stop> {
        let indent = self.indent.max(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.put_break()?;
        }
        while self.column < indent {
            self.put(" ")?;
        }
        self.whitespace = true;
        self.indention = true;
        Ok(())
    }

    /// A sign of YAML's own, with a space before it if it needs one.
    pub(super) fn indicator(&mut self, sign: &str, spaced: bool, indention: bool) -> Result<(), Stop> {
        if spaced && !self.whitespace {
            self.put(" ")?;
        }
        self.put(sign)?;
        self.whitespace = false;
        self.indention = self.indention && indention;
        Ok(())
    }
}

type Entry<'e> = (&'e [u8], &'e Data);

/// The entries of a map whose keys are text, as those of JSON are.
fn in_order<'e>(call: &Call<'_>, entries: &'e Entries) -> Result<Vec<Entry<'e>>, FuncError> {
    let mut keyed = Vec::new();
    for (key, value) in &entries.list {
        let Plain::Text(key) = key else { return Err("yaml: a key is no text".into()) };
        call.meter().step(1 + key.len() / 8)?;
        call.meter().allocate(key.len().saturating_mul(size_of::<char>()))?;
        let characters: Vec<char> = String::from_utf8_lossy(key).chars().collect();
        keyed.push((characters, (key.as_slice(), value)));
    }
    call.meter().step(keyed.len().saturating_mul(keyed.len().checked_ilog2().unwrap_or(0) as usize) / 4)?;
    let sorted = sorted(keyed, &|one: &(Vec<char>, Entry<'_>), two: &(Vec<char>, Entry<'_>)| natural(&one.0, &two.0));
    Ok(sorted.into_iter().map(|(_, entry)| entry).collect())
}
