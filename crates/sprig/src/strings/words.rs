//! Names of several words: `camelcase`, `snakecase`, `kebabcase`.

use super::of_text;
use crate::arguments::{Outcome, texts};
use crate::output::{Output, walk};
use crate::runes::{characters, decode, is_letter, is_number, is_punct, is_space, is_upper, to_lower, to_upper};
use crate::table::Family;
use keyferry_gotemplate::{Call, FuncError, Value};

pub(super) fn family() -> Family {
    vec![
        ("camelcase", of_text(camel)),
        ("snakecase", of_text(|call, arguments| joined(call, arguments, '_'))),
        ("kebabcase", of_text(|call, arguments| joined(call, arguments, '-'))),
    ]
}

fn is_connector(character: char) -> bool {
    matches!(character, '-' | '_') || is_space(character)
}

/// Each word with a capital, without what was between them; what is before the first word stays. A text of nothing but
/// connectors has its last one twice, as in the library that sprig takes this from.
fn camel(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [text] = texts(arguments)?;
    walk(call, text.len())?;
    let mut out = Output::new(call);
    let mut rest = characters(text).map(|(character, _)| character);
    let Some(mut last) = leading(&mut rest, &mut out)? else { return Ok(out.finish()) };
    let mut after_upper = is_upper(last);
    if !is_connector(last) {
        last = to_upper(last);
    }
    for character in rest {
        let before = std::mem::replace(&mut last, character);
        if is_connector(before) && is_connector(character) {
            out.push_char(before)?;
        } else if is_connector(before) {
            after_upper = is_upper(character);
            last = to_upper(character);
        } else {
            after_upper = after_upper && is_upper(character);
            last = if after_upper { to_lower(character) } else { character };
            out.push_char(before)?;
        }
    }
    out.push_char(last)?;
    Ok(out.finish())
}

/// Writes the connectors before the first word, and gives its first character; the last connector if there is no word.
fn leading(rest: &mut impl Iterator<Item = char>, out: &mut Output<'_, '_>) -> Result<Option<char>, FuncError> {
    let mut last = None;
    for character in rest {
        last = Some(character);
        if !is_connector(character) {
            break;
        }
        out.push_char(character)?;
    }
    Ok(last)
}

/// What a piece of text is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing but bytes that are no UTF-8, or nothing at all.
    Invalid,
    Number,
    Upper,
    /// Letters, of which only the first may be upper case.
    Alphabet,
    Connector,
    Punct,
    Other,
}

/// A piece of text, all of a kind.
#[derive(Clone, Copy)]
struct Word<'t> {
    kind: Kind,
    text: &'t [u8],
}

/// Letters but those of Chinese, which have no words between spaces.
fn is_alphabet(character: char) -> bool {
    let chinese = matches!(character, '\u{4e00}'..='\u{9fcc}' | '\u{3400}'..='\u{4d85}' | '\u{20000}'..='\u{2b81d}');
    is_letter(character) && !chinese
}

fn is_small(character: char) -> bool {
    is_alphabet(character) && !is_upper(character)
}

/// Whether a piece that is neither letters, number, punctuation nor connectors goes on.
fn is_other(character: char) -> bool {
    !(is_connector(character) || is_alphabet(character) || is_number(character) || is_punct(character))
}

/// The next character that is UTF-8, and its bytes with those before it that are none; `otherwise` if there is no more.
fn next_valid(text: &[u8], otherwise: char) -> (char, usize) {
    let mut size = 0;
    loop {
        let (character, width) = decode(text.get(size..).unwrap_or_default());
        size += width;
        if width == 0 {
            return (otherwise, size);
        }
        if character != char::REPLACEMENT_CHARACTER {
            return (character, size);
        }
    }
}

/// How far text goes on with characters that are `like` the first, which was `previous`.
fn extent(text: &[u8], previous: char, like: impl Fn(char) -> bool) -> usize {
    let (mut length, mut previous) = (0, previous);
    while let Some(rest) = text.get(length..).filter(|rest| !rest.is_empty()) {
        let (character, size) = next_valid(rest, previous);
        if !like(character) {
            break;
        }
        previous = character;
        length += size;
    }
    length
}

/// Cuts the next piece off `rest`.
fn next_word<'t>(rest: &mut &'t [u8]) -> Word<'t> {
    let (first, size) = next_valid(rest, char::REPLACEMENT_CHARACTER);
    let after = rest.get(size..).unwrap_or_default();
    let more = |like: fn(char) -> bool| size + extent(after, first, like);
    let (kind, length) = match first {
        char::REPLACEMENT_CHARACTER => (Kind::Invalid, size),
        _ if is_connector(first) => (Kind::Connector, more(is_connector)),
        _ if is_punct(first) => (Kind::Punct, more(is_punct)),
        _ if is_upper(first) => (Kind::Upper, size + capitals(after, first)),
        _ if is_alphabet(first) => (Kind::Alphabet, more(is_small)),
        _ if is_number(first) => (Kind::Number, more(is_number)),
        _ => (Kind::Other, more(is_other)),
    };
    let (text, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
    *rest = after;
    Word { kind, text }
}

/// What belongs to a capital: more of them, but not one that begins a word, or the small letters of its word.
fn capitals(after: &[u8], first: char) -> usize {
    let (mut character, mut size) = next_valid(after, first);
    if !is_upper(character) {
        return if is_alphabet(character) { extent(after, first, is_small) } else { 0 };
    }
    let (mut length, mut last) = (0, 0);
    while is_upper(character) {
        length += size;
        last = size;
        let rest = after.get(length..).unwrap_or_default();
        if rest.is_empty() {
            return length;
        }
        (character, size) = next_valid(rest, character);
    }
    if is_alphabet(character) { length - last } else { length }
}

/// Words in small letters with a connector between them.
struct Joining<'t, 'c, 'm> {
    word: Word<'t>,
    rest: &'t [u8],
    connector: char,
    out: Output<'c, 'm>,
}

fn joined(call: &mut Call<'_>, arguments: &[Value], connector: char) -> Outcome {
    let [mut rest] = texts(arguments)?;
    walk(call, rest.len())?;
    let word = next_word(&mut rest);
    let mut joining = Joining { word, rest, connector, out: Output::new(call) };
    while !joining.rest.is_empty() {
        joining.join()?;
    }
    joining.write(joining.word)?;
    Ok(joining.out.finish())
}

impl Joining<'_, '_, '_> {
    /// Writes the word and what belongs between it and the next.
    fn join(&mut self) -> Result<(), FuncError> {
        let before = self.word;
        if before.kind != Kind::Connector {
            self.write(before)?;
        }
        self.advance();
        match before.kind {
            Kind::Connector => self.write(before),
            Kind::Punct => Ok(()),
            Kind::Number => self.rest_of_number(),
            _ if self.word.kind == Kind::Number => self.number_after_word(),
            _ => self.connect_unless(&[Kind::Connector, Kind::Punct]),
        }
    }

    fn advance(&mut self) {
        self.word = next_word(&mut self.rest);
    }

    /// Small letters after a number belong to it: `20x`.
    fn rest_of_number(&mut self) -> Result<(), FuncError> {
        while matches!(self.word.kind, Kind::Alphabet | Kind::Number) {
            self.write(self.word)?;
            self.advance();
        }
        self.connect_unless(&[Kind::Invalid, Kind::Connector, Kind::Punct])
    }

    /// A number belongs to the word before it unless small letters follow: `bld4_floor`, but `http_2xx`.
    fn number_after_word(&mut self) -> Result<(), FuncError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        let number = self.word;
        self.advance();
        if self.word.kind == Kind::Alphabet {
            self.out.push_char(self.connector)?;
            self.write(number)?;
            return self.rest_of_number();
        }
        self.write(number)?;
        self.connect_unless(&[Kind::Connector, Kind::Punct])
    }

    fn connect_unless(&mut self, kinds: &[Kind]) -> Result<(), FuncError> {
        if kinds.contains(&self.word.kind) { Ok(()) } else { self.out.push_char(self.connector) }
    }

    fn write(&mut self, word: Word<'_>) -> Result<(), FuncError> {
        if !matches!(word.kind, Kind::Upper | Kind::Connector) {
            return self.out.push(word.text);
        }
        for (character, _) in characters(word.text) {
            self.out.push_char(match character {
                _ if is_connector(character) => self.connector,
                _ if is_upper(character) => to_lower(character),
                _ => character,
            })?;
        }
        Ok(())
    }
}
