//! The walk through a document after a path. Every byte is read at most once per walk: where a component matches and
//! what follows it does not, the search goes on behind that value, as in gjson.

use crate::meter::Meter;
use crate::path::{self, Item, Key, Query, Rest};
use crate::scan::{Token, at, block_end, cut, string_end, token};
use crate::value::{next_value, parse};
use crate::{Error, Kind, Value, modifier, multipath, query, text, wildcard};
use std::borrow::Cow;

/// The answer to a whole path; [`Value::absent`] if there is none.
pub(crate) fn get<'j>(json: &'j [u8], path: &[u8], meter: &Meter) -> Result<Value<'j>, Error> {
    meter.spend(json.len())?;
    meter.deeper(|| {
        if let Some((made, rest)) = prefix(json, path, meter)? {
            return match rest.split_first() {
                Some((b'|' | b'.', rest)) => get_in(made, rest, meter),
                _ => Ok(parse(made)),
            };
        }
        match multipath::get(json, path, meter)? {
            multipath::Outcome::Made(value) => Ok(value),
            multipath::Outcome::Plain(path) => Walk { json, meter, value: Value::absent(), pipe: None }.run(path),
        }
    })
}

/// As [`get`], in a text that may have been made on the way.
pub(crate) fn get_in<'j>(json: Cow<'j, [u8]>, path: &[u8], meter: &Meter) -> Result<Value<'j>, Error> {
    match json {
        Cow::Borrowed(json) => get(json, path, meter),
        Cow::Owned(json) => get(&json, path, meter).map(Value::into_owned),
    }
}

/// A document that a path made, and the path that is left for it.
pub(crate) type Made<'j, 'p> = (Cow<'j, [u8]>, &'p [u8]);

fn prefix<'j, 'p>(json: &'j [u8], path: &'p [u8], meter: &Meter) -> Result<Option<Made<'j, 'p>>, Error> {
    match path {
        [b'@', _, ..] => modifier::run(json, path, meter),
        [b'!', _, ..] => Ok(literal(path).map(|(literal, rest)| (Cow::Owned(literal.to_vec()), rest))),
        _ => Ok(None),
    }
}

/// `!literal`, and what follows it. Of strings and numbers gjson takes the whole rest of the path.
fn literal(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let name = cut(path, 1, path.len());
    let end = if matches!(at(name, 0), b'{' | b'[' | b'"' | b'+' | b'-' | b'0'..=b'9') {
        block_end(name, 0)
    } else {
        let end = name.iter().position(|byte| b"|.".contains(byte)).unwrap_or(name.len());
        let word = cut(name, 0, end).to_ascii_lowercase();
        [b"true".as_slice(), b"false", b"null", b"nan", b"inf"].contains(&word.as_slice()).then_some(end)?
    };
    Some((cut(name, 0, end), cut(name, end, name.len())))
}

struct Walk<'j, 'p, 'm> {
    json: &'j [u8],
    meter: &'m Meter,
    value: Value<'j>,
    /// Set as soon as the component before the pipe is read, found or not.
    pipe: Option<&'p [u8]>,
}

/// Where a walk stands, and whether it is over.
type Step = (usize, bool);

impl<'j, 'p> Walk<'j, 'p, '_> {
    fn run(mut self, path: &'p [u8]) -> Result<Value<'j>, Error> {
        if let Some(path) = path.strip_prefix(b"..") {
            self.array(0, path)?;
        } else if let Some(from) = self.json.iter().position(|byte| matches!(byte, b'{' | b'[')) {
            self.enter(from, path)?;
        }
        match self.pipe {
            Some(pipe) => get_in(self.value.raw, pipe, self.meter),
            None => Ok(self.value),
        }
    }

    fn enter(&mut self, from: usize, path: &'p [u8]) -> Result<Step, Error> {
        let (json, meter) = (self.json, self.meter);
        meter.deeper(|| if at(json, from) == b'{' { self.object(from + 1, path) } else { self.array(from + 1, path) })
    }

    fn object(&mut self, from: usize, path: &'p [u8]) -> Result<Step, Error> {
        let wanted = path::key(path);
        self.note_pipe(wanted.rest);
        let mut index = from;
        loop {
            let Some(length) = cut(self.json, index, self.json.len()).iter().position(|b| matches!(b, b'"' | b'}'))
            else {
                return Ok((index.max(self.json.len()), false));
            };
            index += length + 1;
            if at(self.json, index - 1) == b'}' {
                return Ok((index, false));
            }
            let Some(end) = string_end(self.json, index) else { return Ok((self.json.len(), false)) };
            let matched = self.matches(cut(self.json, index, end - 1), &wanted)?;
            let (next, over) = self.member(end, matched, wanted.rest)?;
            if over {
                return Ok((next, true));
            }
            index = next;
        }
    }

    fn matches(&self, key: &[u8], wanted: &Key<'_>) -> Result<bool, Error> {
        if wanted.wild {
            if *wanted.name == *b"*" {
                return Ok(true);
            }
            return wildcard::matches(&text::unescape(key), &wanted.name, self.meter);
        }
        Ok(text::unescapes_to(key, &wanted.name))
    }

    /// The value of a member, from behind its key.
    fn member(&mut self, from: usize, matched: bool, rest: Rest<'p>) -> Result<Step, Error> {
        let mut index = from;
        while index < self.json.len() {
            match token(self.json, index) {
                Token::Nothing => index += 1,
                token => return self.take(token, index, matched, rest),
            }
        }
        Ok((index, false))
    }

    /// Takes the value if it is the one, goes into it if the path goes on there, or passes it.
    fn take(&mut self, token: Token, from: usize, matched: bool, rest: Rest<'p>) -> Result<Step, Error> {
        let (kind, end) = match (token, rest) {
            (Token::Open, Rest::Dot(path)) if matched => return self.enter(from, path),
            (Token::Open, _) => (Kind::Json, block_end(self.json, from)),
            (Token::Scalar(kind, end), _) => (kind, end),
            (Token::Broken | Token::Nothing, _) => return Ok((self.json.len(), false)),
        };
        let hit = matched && !matches!(rest, Rest::Dot(_));
        if hit {
            self.value = Value::new(kind, cut(self.json, from, end));
        }
        Ok((end, hit))
    }

    fn note_pipe(&mut self, rest: Rest<'p>) {
        if let Rest::Pipe(pipe) = rest {
            self.pipe = Some(pipe);
        }
    }

    fn array(&mut self, from: usize, path: &'p [u8]) -> Result<Step, Error> {
        let wanted = path::item(path);
        self.note_pipe(wanted.rest);
        if let Some(query) = &wanted.query {
            return self.queried(from, query, wanted.rest);
        }
        if wanted.sharp {
            return self.counted(from, &wanted);
        }
        let position = crate::number::index(wanted.name);
        let (mut index, mut count) = (from, 0);
        while let Some((start, token)) = self.element(index) {
            let (next, over) = self.take(token, start, position == Some(count), wanted.rest)?;
            if over {
                return Ok((next, true));
            }
            (index, count) = (next, count + 1);
        }
        Ok((self.array_end(index), false))
    }

    /// The next element at or after `from`; nothing at the array's end.
    fn element(&self, from: usize) -> Option<(usize, Token)> {
        let rest = self.json.get(from..)?;
        for (length, &byte) in rest.iter().enumerate() {
            match token_start(byte).then(|| token(self.json, from + length)) {
                None if byte == b']' => return None,
                None | Some(Token::Nothing) => {}
                Some(Token::Broken) => return None,
                Some(token) => return Some((from + length, token)),
            }
        }
        None
    }

    /// The index behind the bracket that ends an array whose last element ends at `from`.
    fn array_end(&self, from: usize) -> usize {
        let rest = self.json.get(from..).unwrap_or_default();
        from + rest.iter().position(|&byte| byte == b']').map_or(rest.len(), |length| length + 1)
    }

    /// `#` and `#.path`.
    fn counted(&mut self, from: usize, wanted: &Item<'p>) -> Result<Step, Error> {
        let (mut index, mut count) = (from, 0_usize);
        let mut collected = wanted.each.map(|_| vec![b'[']);
        let (each, pipe) = split(wanted.each.unwrap_or_default());
        while let Some((start, token)) = self.element(index) {
            let end = self.take(token, start, false, Rest::End)?.0;
            if let Some(collected) = &mut collected {
                collect(collected, cut(self.json, start, end), each, self.meter)?;
            }
            (index, count) = (end, count + 1);
        }
        if let Some(collected) = &mut collected {
            self.collect_behind(index, collected, each)?;
        }
        let end = self.array_end(index);
        if wanted.name != b"#" || self.is_broken(index) {
            return Ok((end, false));
        }
        if wanted.each.is_some() {
            self.pipe = pipe.or(self.pipe);
        }
        self.value = match collected {
            Some(mut collected) => {
                collected.push(b']');
                Value::made(collected)
            }
            None => Value { kind: Kind::Number, raw: Cow::Owned(count.to_string().into_bytes()) },
        };
        Ok((end, true))
    }

    /// Garbage between the last element and the bracket: gjson takes the next value behind it for an element too, be it
    /// the array's or not.
    fn collect_behind(&self, from: usize, collected: &mut Vec<u8>, each: &[u8]) -> Result<(), Error> {
        let rest = self.json.get(from..).unwrap_or_default();
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        if matches!(rest.get(blanks), None | Some(b']')) {
            return Ok(());
        }
        self.meter.spend(rest.len())?;
        match next_value(self.json, from) {
            Some((_, value)) => collect(collected, &value.raw, each, self.meter),
            None => Ok(()),
        }
    }

    /// Whether the array stops at, or in, a string without an end.
    fn is_broken(&self, from: usize) -> bool {
        let Some(rest) = self.json.get(from..) else { return true };
        rest.iter().find(|byte| matches!(byte, b'"' | b']')) == Some(&b'"')
    }

    /// `#(…)` and `#(…)#`.
    fn queried(&mut self, from: usize, query: &Query<'p>, rest: Rest<'p>) -> Result<Step, Error> {
        let mut follow = match rest {
            Rest::Dot(path) => Some(path),
            _ => None,
        };
        let (mut index, mut all) = (from, Vec::new());
        while let Some((start, _)) = self.element(index) {
            let Some((end, element)) = next_value(self.json, start) else { break };
            index = end;
            if query.all && all.is_empty() {
                all.push(b'[');
            }
            if !query::matches(query, &element, self.meter)? {
                continue;
            }
            if let Some((left, right)) = follow.and_then(path::split_pipe) {
                follow = Some(left);
                self.pipe = Some(right);
            }
            let result = match follow {
                Some(path) => get_in(element.raw, path, self.meter)?,
                None => element,
            };
            if !query.all {
                self.value = result;
                return Ok((end, true));
            }
            if !result.raw.is_empty() {
                append(&mut all, &result.raw, self.meter)?;
            }
        }
        if query.all && !self.value.exists() && !self.is_broken(index) {
            all.extend_from_slice(if all.is_empty() { b"[]" } else { b"]" });
            self.value = Value::made(all);
        }
        Ok((self.array_end(index), false))
    }
}

/// Whether a value may start with the byte.
fn token_start(byte: u8) -> bool {
    !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b']')
}

fn split(path: &[u8]) -> (&[u8], Option<&[u8]>) {
    path::split_pipe(path).map_or((path, None), |(left, right)| (left, Some(right)))
}

fn collect(collected: &mut Vec<u8>, element: &[u8], path: &[u8], meter: &Meter) -> Result<(), Error> {
    let value = get(element, path, meter)?;
    if value.exists() { append(collected, &value.raw, meter) } else { Ok(()) }
}

/// Adds to a list that has its opening bracket.
fn append(list: &mut Vec<u8>, raw: &[u8], meter: &Meter) -> Result<(), Error> {
    meter.spend(raw.len())?;
    if list.len() > 1 {
        list.push(b',');
    }
    list.extend_from_slice(raw);
    Ok(())
}
