//! JSON text in the making, within the budget.

use keyferry_gotemplate::{Call, Stop};

/// How many bytes are looked at in about the time of a step.
pub(crate) const BYTES_OF_A_STEP: usize = 64;

/// JSON text that grows.
pub(crate) struct Writer<'c, 'a> {
    call: &'c Call<'a>,
    out: Vec<u8>,
    indent: Option<&'static str>,
    html: bool,
    depth: usize,
}

impl<'c, 'a> Writer<'c, 'a> {
    /// An empty text. Lines are indented by `indent`, and `html` escapes what HTML cannot have.
    pub(crate) fn new(call: &'c Call<'a>, indent: Option<&'static str>, html: bool) -> Self {
        Self { call, out: Vec::new(), indent, html, depth: 0 }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.out
    }

    /// Text as it is.
    pub(crate) fn raw(&mut self, text: impl AsRef<[u8]>) -> Result<(), Stop> {
        self.call.meter().allocate(text.as_ref().len())?;
        self.out.extend_from_slice(text.as_ref());
        Ok(())
    }

    /// A list or map of `items`, each of which writes itself.
    pub(crate) fn container<T, E: From<Stop>>(
        &mut self,
        [open, close]: [&str; 2],
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T) -> Result<(), E>,
    ) -> Result<(), E> {
        self.raw(open)?;
        self.depth += 1;
        let mut first = true;
        for item in items {
            self.call.meter().step(1)?;
            self.raw(if first { "" } else { "," })?;
            self.line()?;
            write(self, item)?;
            first = false;
        }
        self.depth -= 1;
        if !first {
            self.line()?;
        }
        Ok(self.raw(close)?)
    }

    fn line(&mut self) -> Result<(), Stop> {
        let Some(indent) = self.indent else { return Ok(()) };
        self.raw("\n")?;
        for _ in 0..self.depth {
            self.raw(indent)?;
        }
        Ok(())
    }

    /// The colon after a key.
    pub(crate) fn colon(&mut self) -> Result<(), Stop> {
        self.raw(if self.indent.is_some() { ": " } else { ":" })
    }

    /// A string with its quotes. What is no UTF-8 is the escape of U+FFFD, byte by byte.
    pub(crate) fn string(&mut self, text: &[u8]) -> Result<(), Stop> {
        self.call.meter().step(text.len() / BYTES_OF_A_STEP)?;
        self.raw("\"")?;
        for chunk in text.utf8_chunks() {
            self.valid(chunk.valid())?;
            for _ in chunk.invalid() {
                self.raw("\\ufffd")?;
            }
        }
        self.raw("\"")
    }

    fn valid(&mut self, text: &str) -> Result<(), Stop> {
        let mut rest = text;
        while let Some((at, special)) = rest.char_indices().find(|(_, character)| self.is_special(*character)) {
            let (plain, after) = rest.split_at_checked(at).unwrap_or_default();
            self.raw(plain)?;
            self.escape(special)?;
            rest = after.get(special.len_utf8()..).unwrap_or_default();
        }
        self.raw(rest)
    }

    fn is_special(&self, character: char) -> bool {
        match character {
            '"' | '\\' | '\u{2028}' | '\u{2029}' => true,
            '<' | '>' | '&' => self.html,
            _ => character < ' ',
        }
    }

    fn escape(&mut self, character: char) -> Result<(), Stop> {
        match character {
            '"' => self.raw("\\\""),
            '\\' => self.raw("\\\\"),
            '\u{8}' => self.raw("\\b"),
            '\u{c}' => self.raw("\\f"),
            '\n' => self.raw("\\n"),
            '\r' => self.raw("\\r"),
            '\t' => self.raw("\\t"),
            _ => self.raw(format!("\\u{:04x}", u32::from(character))),
        }
    }
}
