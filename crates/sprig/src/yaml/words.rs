//! Anchors, tags and directives.

use super::scan::Scanner;
use super::token::{Kind, Token};
use keyferry_gotemplate::FuncError;

impl Scanner<'_, '_> {
    /// Letters, digits, `_` and `-`.
    fn name(&mut self, into: &mut Vec<u8>) {
        while self.source.byte(0).is_ascii_alphanumeric() || matches!(self.source.byte(0), b'_' | b'-') {
            self.source.take(into);
        }
    }

    pub(super) fn scan_anchor(&mut self) -> Result<Token, FuncError> {
        let (line, alias) = (self.source.mark.line, self.source.byte(0) == b'*');
        self.source.skip(1);
        let mut name = Vec::new();
        self.name(&mut name);
        let ends = self.source.is_white_or_end(0) || b"?:,]}%@`".contains(&self.source.byte(0));
        if name.is_empty() || !ends {
            return Err(self.fail("did not find expected alphabetic or numeric character"));
        }
        self.call.meter().allocate(name.len())?;
        Ok(Token { kind: if alias { Kind::Alias(name) } else { Kind::Anchor(name) }, line })
    }

    pub(super) fn scan_tag(&mut self) -> Result<Token, FuncError> {
        let line = self.source.mark.line;
        let (handle, suffix) = if self.source.byte(1) == b'<' {
            self.source.skip(2);
            let suffix = self.uri(&[])?;
            if self.source.byte(0) != b'>' {
                return Err(self.fail("did not find the expected '>'"));
            }
            self.source.skip(1);
            (Vec::new(), suffix)
        } else {
            self.short_tag()?
        };
        if !self.source.is_white_or_end(0) {
            return Err(self.fail("did not find expected whitespace or line break"));
        }
        self.call.meter().allocate(handle.len() + suffix.len())?;
        Ok(Token { kind: Kind::Tag { handle, suffix }, line })
    }

    fn short_tag(&mut self) -> Result<(Vec<u8>, Vec<u8>), FuncError> {
        let handle = self.handle(false)?;
        if handle.len() > 1 && handle.ends_with(b"!") {
            let suffix = self.uri(&[])?;
            return Ok((handle, suffix));
        }
        let suffix = self.uri(&handle)?;
        // A tag that is `!` alone has no handle.
        Ok(if suffix.is_empty() { (suffix, b"!".to_vec()) } else { (b"!".to_vec(), suffix) })
    }

    fn handle(&mut self, directive: bool) -> Result<Vec<u8>, FuncError> {
        if self.source.byte(0) != b'!' {
            return Err(self.fail("did not find expected '!'"));
        }
        let mut handle = Vec::new();
        self.source.take(&mut handle);
        self.name(&mut handle);
        if self.source.byte(0) == b'!' {
            self.source.take(&mut handle);
        } else if directive && handle != b"!" {
            return Err(self.fail("did not find expected '!'"));
        }
        Ok(handle)
    }

    /// What follows `head`, of which the first character is not part of it.
    fn uri(&mut self, head: &[u8]) -> Result<Vec<u8>, FuncError> {
        let mut uri = head.get(1..).unwrap_or_default().to_vec();
        let mut found = !head.is_empty();
        loop {
            match self.source.byte(0) {
                b'%' => self.escaped(&mut uri)?,
                byte if byte.is_ascii_alphanumeric() || b"_-;/?:@&=+$,.!~*'()[]".contains(&byte) => {
                    self.source.take(&mut uri);
                }
                _ if found => return Ok(uri),
                _ => return Err(self.fail("did not find expected tag URI")),
            }
            found = true;
        }
    }

    /// A character that is written as the escapes of its bytes.
    fn escaped(&mut self, uri: &mut Vec<u8>) -> Result<(), FuncError> {
        let mut left = 1;
        let mut first = true;
        while left > 0 {
            let digit = |distance| char::from(self.source.byte(distance)).to_digit(16);
            let octet = match (self.source.byte(0), digit(1), digit(2)) {
                (b'%', Some(high), Some(low)) => u8::try_from(high << 4 | low).unwrap_or(0),
                _ => return Err(self.fail("did not find URI escaped octet")),
            };
            if first {
                left = match octet {
                    0..0x80 => 1,
                    0xc0..0xe0 => 2,
                    0xe0..0xf0 => 3,
                    0xf0..0xf8 => 4,
                    _ => return Err(self.fail("found an incorrect leading UTF-8 octet")),
                };
            } else if octet & 0xc0 != 0x80 {
                return Err(self.fail("found an incorrect trailing UTF-8 octet"));
            }
            uri.push(octet);
            self.source.skip(3);
            (first, left) = (false, left - 1);
        }
        Ok(())
    }

    pub(super) fn scan_directive(&mut self) -> Result<Token, FuncError> {
        let line = self.source.mark.line;
        self.source.skip(1);
        let mut name = Vec::new();
        self.name(&mut name);
        if name.is_empty() {
            return Err(self.fail("could not find expected directive name"));
        }
        if !self.source.is_white_or_end(0) {
            return Err(self.fail("found unexpected non-alphabetical character"));
        }
        let kind = match name.as_slice() {
            b"YAML" => self.version()?,
            b"TAG" => self.tag_directive()?,
            _ => return Err(self.fail("found unknown directive name")),
        };
        self.source.skip_blanks();
        self.source.skip_comment();
        if !self.source.is_break_or_end(0) {
            return Err(self.fail("did not find expected comment or line break"));
        }
        self.source.skip_break();
        Ok(Token { kind, line })
    }

    fn version(&mut self) -> Result<Kind, FuncError> {
        self.source.skip_blanks();
        let major = self.version_number()?;
        if self.source.byte(0) != b'.' {
            return Err(self.fail("did not find expected digit or '.' character"));
        }
        self.source.skip(1);
        Ok(Kind::Version(major, self.version_number()?))
    }

    fn version_number(&mut self) -> Result<u8, FuncError> {
        let (mut number, mut length) = (0, 0);
        while self.source.byte(0).is_ascii_digit() {
            length += 1;
            if length > 2 {
                return Err(self.fail("found extremely long version number"));
            }
            number = number * 10 + (self.source.byte(0) - b'0');
            self.source.skip(1);
        }
        if length == 0 { Err(self.fail("did not find expected version number")) } else { Ok(number) }
    }

    fn tag_directive(&mut self) -> Result<Kind, FuncError> {
        self.source.skip_blanks();
        let handle = self.handle(true)?;
        if !self.source.is_blank(0) {
            return Err(self.fail("did not find expected whitespace"));
        }
        self.source.skip_blanks();
        let prefix = self.uri(&[])?;
        if !self.source.is_white_or_end(0) {
            return Err(self.fail("did not find expected whitespace or line break"));
        }
        self.call.meter().allocate(handle.len() + prefix.len())?;
        Ok(Kind::TagDirective { handle, prefix })
    }
}
