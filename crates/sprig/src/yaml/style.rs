//! How scalars are written: what their text allows, and the writing.

use super::emit::Emitter;
use keyferry_gotemplate::Stop;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// What the text of a scalar allows.
#[expect(clippy::struct_excessive_bools, reason = "they are what there is to know")]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Analysis {
    /// Whether it has ends of lines, also Unicode's.
    pub(super) multiline: bool,
    empty: bool,
    /// Whether a sign in it means something where it stands.
    indicators: bool,
    /// Whether it begins or ends with white space.
    padded: bool,
    /// Whether a space stands after the end of a line.
    break_space: bool,
    ends_in_space: bool,
    /// Whether it has to be escaped, or a space stands before the end of a line.
    special: bool,
}

/// The most characters in a line before it is folded at a space.
const WIDTH: isize = 80;

fn is_break(character: char) -> bool {
    matches!(character, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What Go's library writes as it is: nothing beyond 16 bits.
fn is_printable(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

impl Analysis {
    pub(super) fn of(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let mut found = Self { empty: text.is_empty(), ..Self::default() };
        found.indicators = text.starts_with("---") || text.starts_with("...");
        let (mut previous, mut characters) = (None, text.chars().peekable());
        while let Some(character) = characters.next() {
            found.look(previous, character, characters.peek().copied());
            previous = Some(character);
        }
        found
    }

    fn look(&mut self, previous: Option<char>, character: char, next: Option<char>) {
        let before_white = next.is_none_or(|next| matches!(next, ' ' | '\t'));
        let after_white = previous.is_none_or(|previous| matches!(previous, ' ' | '\t' | '\0') || is_break(previous));
        self.indicators |= match character {
            '#' => after_white,
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => {
                previous.is_none()
            }
            '?' | '-' => previous.is_none() && before_white,
            ':' => before_white,
            _ => false,
        };
        let edge = previous.is_none() || next.is_none();
        self.special |= !is_printable(character);
        if character == ' ' {
            self.padded |= edge;
            self.ends_in_space |= next.is_none();
            self.break_space |= previous.is_some_and(is_break);
        } else if is_break(character) {
            self.multiline = true;
            self.padded |= edge;
            self.special |= previous == Some(' ');
        }
    }

    /// The style, if it can be, and one that is as near as can be otherwise.
    pub(super) fn style(self, wanted: Style, simple_key: bool) -> Style {
        let wanted = if simple_key && self.multiline { Style::Double } else { wanted };
        let bare = !(self.padded || self.break_space || self.special || self.multiline || self.indicators);
        let single = !(self.break_space || self.special);
        match wanted {
            Style::Plain if bare && !(self.empty && simple_key) => Style::Plain,
            Style::Plain | Style::Single if single => Style::Single,
            Style::Literal if !(simple_key || self.ends_in_space || self.special || self.empty) => Style::Literal,
            _ => Style::Double,
        }
    }
}

impl Emitter<'_, '_> {
    /// Writes a scalar. Only what is no key can be folded.
    pub(super) fn write_scalar(&mut self, text: &str, style: Style, folds: bool) -> Result<(), Stop> {
        match style {
            Style::Plain => {
                if !self.whitespace {
                    self.put(" ")?;
                }
                self.folded(text, false, folds)
            }
            Style::Single => {
                self.indicator("'", true, false)?;
                self.folded(text, true, folds)?;
                self.indicator("'", false, false)
            }
            Style::Double => {
                self.indicator("\"", true, false)?;
                self.escaped(text, folds)?;
                self.indicator("\"", false, false)
            }
            Style::Literal => self.literal(text),
        }?;
        if style != Style::Literal {
            self.whitespace = false;
            self.indention = false;
        }
        Ok(())
    }

    fn character(&mut self, character: char) -> Result<(), Stop> {
        self.put(character.encode_utf8(&mut [0; 4]))
    }

    fn write_break(&mut self, character: char) -> Result<(), Stop> {
        self.character(character)?;
        self.column = 0;
        self.indention = true;
        Ok(())
    }

    /// Plain or in single quotes.
    fn folded(&mut self, text: &str, quoted: bool, folds: bool) -> Result<(), Stop> {
        let (mut spaces, mut breaks, mut first) = (false, false, true);
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let next = characters.peek().copied();
            if character == ' ' {
                let inner = !quoted || (!first && next.is_some());
                if folds && !spaces && self.column > WIDTH && inner && next != Some(' ') {
                    self.write_indent()?;
                } else {
                    self.put(" ")?;
                }
                spaces = true;
            } else if is_break(character) {
                if !breaks && character == '\n' {
                    self.put_break()?;
                }
                self.write_break(character)?;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent()?;
                }
                if quoted && character == '\'' {
                    self.put("'")?;
                }
                self.character(character)?;
                self.indention = false;
                (spaces, breaks) = (false, false);
            }
            first = false;
        }
        Ok(())
    }

    fn escaped(&mut self, text: &str, folds: bool) -> Result<(), Stop> {
        // Text that begins with a byte order mark has all of it escaped.
        let marked = text.starts_with('\u{feff}');
        let (mut spaces, mut first) = (false, true);
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let next = characters.peek().copied();
            if marked || !is_printable(character) || is_break(character) || matches!(character, '"' | '\\') {
                self.escape(character)?;
                spaces = false;
            } else if character == ' ' && folds && !spaces && self.column > WIDTH && !first && next.is_some() {
                self.write_indent()?;
                if next == Some(' ') {
                    self.put("\\")?;
                }
                spaces = true;
            } else {
                self.character(character)?;
                spaces = character == ' ';
            }
            first = false;
        }
        Ok(())
    }

    fn escape(&mut self, character: char) -> Result<(), Stop> {
        let code = u32::from(character);
        match character {
            '\0' => self.put("\\0"),
            '\u{7}' => self.put("\\a"),
            '\u{8}' => self.put("\\b"),
            '\t' => self.put("\\t"),
            '\n' => self.put("\\n"),
            '\u{b}' => self.put("\\v"),
            '\u{c}' => self.put("\\f"),
            '\r' => self.put("\\r"),
            '\u{1b}' => self.put("\\e"),
            '"' => self.put("\\\""),
            '\\' => self.put("\\\\"),
            '\u{85}' => self.put("\\N"),
            '\u{a0}' => self.put("\\_"),
            '\u{2028}' => self.put("\\L"),
            '\u{2029}' => self.put("\\P"),
            '\0'..='\u{ff}' => self.put(&format!("\\x{code:02X}")),
            '\0'..='\u{ffff}' => self.put(&format!("\\u{code:04X}")),
            _ => self.put(&format!("\\U{code:08X}")),
        }
    }

    fn literal(&mut self, text: &str) -> Result<(), Stop> {
        self.indicator("|", true, false)?;
        if text.starts_with(|character| character == ' ' || is_break(character)) {
            self.indicator("2", false, false)?;
        }
        let mut ends = text.chars().rev();
        match (ends.next().is_some_and(is_break), ends.next().is_none_or(is_break)) {
            (false, _) => self.indicator("-", false, false)?,
            (true, true) => self.indicator("+", false, false)?,
            (true, false) => {}
        }
        self.put_break()?;
        self.indention = true;
        self.whitespace = true;
        let mut breaks = true;
        for character in text.chars() {
            if is_break(character) {
                self.write_break(character)?;
            } else {
                if breaks {
                    self.write_indent()?;
                }
                self.character(character)?;
                self.indention = false;
            }
            breaks = is_break(character);
        }
        Ok(())
    }
}
