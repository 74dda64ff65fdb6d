//! One value after another, with the flags of its directive.

use crate::error::Stop;
use crate::limits::Meter;
use crate::list::is_container;
use crate::types::Type;
use crate::unicode::{count, push};
use crate::{Bytes, List, Map, Object, Value};

/// What stands between the percent sign and the verb.
#[expect(clippy::struct_excessive_bools, reason = "they are flags")]
#[derive(Default, Clone, Copy)]
pub(super) struct Flags {
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v`: with the names of fields.
    pub(super) plus_v: bool,
    /// `%#v`: as Go source.
    pub(super) sharp_v: bool,
}

impl Flags {
    /// For the verb `v` two flags have another meaning.
    pub(super) fn go_syntax(&mut self) {
        self.sharp_v = std::mem::take(&mut self.sharp);
        self.plus_v = std::mem::take(&mut self.plus);
    }
}

pub(super) struct Printer<'m> {
    pub(super) out: Vec<u8>,
    pub(super) flags: Flags,
    meter: &'m Meter<'m>,
    charged: usize,
    /// While a value is shown that has the wrong kind for its verb, its methods are left alone.
    erroring: bool,
}

/// A stand-in for every address: a real one would differ from run to run and tell of our memory.
const ADDRESS: u64 = 0xc0_0000_0000;

impl<'m> Printer<'m> {
    pub(super) fn new(meter: &'m Meter<'m>) -> Self {
        Self { out: Vec::new(), flags: Flags::default(), meter, charged: 0, erroring: false }
    }

    pub(super) fn clear_flags(&mut self) {
        self.flags = Flags::default();
    }

    pub(super) fn finish(mut self) -> Result<Vec<u8>, Stop> {
        self.charge()?;
        Ok(self.out)
    }

    /// Takes what was written since the last time from the budget.
    fn charge(&mut self) -> Result<(), Stop> {
        self.meter.allocate(self.out.len() - self.charged)?;
        self.charged = self.out.len();
        Ok(())
    }

    /// Makes sure of the budget before `bytes` are written.
    pub(super) fn reserve(&mut self, bytes: usize) -> Result<(), Stop> {
        self.charge()?;
        if bytes > self.meter.memory_left() { self.meter.allocate(bytes) } else { Ok(()) }
    }

    pub(super) fn step(&self) -> Result<(), Stop> {
        self.meter.step(1)
    }

    pub(super) fn write(&mut self, text: &[u8]) -> Result<(), Stop> {
        self.reserve(text.len())?;
        self.out.extend_from_slice(text);
        Ok(())
    }

    pub(super) fn padding(&mut self, length: usize) {
        let byte = if self.flags.zero && !self.flags.minus { b'0' } else { b' ' };
        self.out.resize(self.out.len() + length, byte);
    }

    /// Writes `text` in the width that was asked for.
    pub(super) fn pad(&mut self, text: &[u8]) {
        let padding = self.flags.width.map_or(0, |width| width.saturating_sub(count(text)));
        if !self.flags.minus {
            self.padding(padding);
        }
        self.out.extend_from_slice(text);
        if self.flags.minus {
            self.padding(padding);
        }
    }

    /// As [`Printer::pad`], with spaces.
    pub(super) fn pad_with_spaces(&mut self, text: &[u8]) {
        let zero = std::mem::take(&mut self.flags.zero);
        self.pad(text);
        self.flags.zero = zero;
    }

    /// An argument of a call.
    pub(super) fn argument(&mut self, value: &Value, verb: char) -> Result<(), Stop> {
        self.meter.step(1)?;
        self.reserve(self.flags.width.unwrap_or(0) + self.flags.precision.unwrap_or(0))?;
        match (value, verb) {
            (Value::Nil, 'T' | 'v') => self.pad(b"<nil>"),
            (Value::Nil, _) => self.bad_verb(verb, None)?,
            (_, 'T') => {
                let name = value.type_of().unwrap_or(Type::Any).to_string();
                self.string(name.as_bytes());
            }
            (_, 'p') => self.pointer(value, verb)?,
            (Value::Bytes(bytes), _) => self.bytes(bytes, verb, "[]byte")?,
            (Value::List(_) | Value::Map(_) | Value::Func(_) | Value::Object(_), 'w') => {
                self.bad_verb(verb, Some(value))?;
            }
            (Value::Object(object), _) => self.object(object.as_ref(), value, verb, true)?,
            _ => self.value(value, verb)?,
        }
        self.charge()
    }

    /// An element of a list, map or struct.
    fn element(&mut self, value: &Value, verb: char) -> Result<(), Stop> {
        self.meter.step(1)?;
        self.charge()?;
        match value {
            Value::Nil if self.flags.sharp_v => self.out.extend_from_slice(b"interface {}(nil)"),
            Value::Nil => self.out.extend_from_slice(b"<nil>"),
            Value::Bytes(bytes) => self.inner_bytes(bytes, verb)?,
            Value::Object(object) => self.object(object.as_ref(), value, verb, false)?,
            _ if is_container(value) => {
                let meter = self.meter;
                meter.deeper(|| self.value(value, verb))?;
            }
            _ => self.value(value, verb)?,
        }
        Ok(())
    }

    pub(super) fn value(&mut self, value: &Value, verb: char) -> Result<(), Stop> {
        match value {
            Value::Nil => Ok(()),
            Value::Bool(truth) => self.bool(*truth, value, verb),
            Value::Int(number, _) => self.integer(number.cast_unsigned(), true, value, verb),
            Value::Uint(number, _) => self.integer(*number, false, value, verb),
            Value::Float(number, kind) => self.float(*number, *kind, value, verb),
            Value::Complex(real, imaginary, kind) => self.complex((*real, *imaginary), *kind, value, verb),
            Value::Str(text) => self.text(text, value, verb),
            Value::Bytes(bytes) => self.inner_bytes(bytes, verb),
            Value::List(list) => self.list(list, verb),
            Value::Map(map) => self.map(map, verb),
            Value::Func(_) => self.pointer(value, verb),
            Value::Object(object) => self.object(object.as_ref(), value, verb, true),
        }
    }

    /// Shows a value whose kind does not fit its verb.
    pub(super) fn bad_verb(&mut self, verb: char, value: Option<&Value>) -> Result<(), Stop> {
        let erroring = std::mem::replace(&mut self.erroring, true);
        self.out.extend_from_slice(b"%!");
        push(&mut self.out, verb);
        self.out.push(b'(');
        if let Some((value, name)) = value.and_then(|value| Some((value, value.type_of()?))) {
            self.out.extend_from_slice(format!("{name}=").as_bytes());
            self.value(value, 'v')?;
        } else {
            self.out.extend_from_slice(b"<nil>");
        }
        self.out.push(b')');
        self.erroring = erroring;
        Ok(())
    }

    fn opened(&mut self, name: Type) {
        if self.flags.sharp_v {
            self.out.extend_from_slice(format!("{name}{{").as_bytes());
        } else {
            self.out.push(b'[');
        }
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.out.extend_from_slice(if self.flags.sharp_v { b", " } else { b" " });
        }
    }

    fn close(&mut self) {
        self.out.push(if self.flags.sharp_v { b'}' } else { b']' });
    }

    /// In Go source a nil slice or map is its type, converted; says whether that is what was written.
    fn nil_of(&mut self, name: &str, nil: bool) -> bool {
        if nil && self.flags.sharp_v {
            self.out.extend_from_slice(format!("{name}(nil)").as_bytes());
        }
        nil && self.flags.sharp_v
    }

    fn list(&mut self, list: &List, verb: char) -> Result<(), Stop> {
        let name = Type::List(list.element());
        if self.nil_of(&name.to_string(), list.is_nil()) {
            return Ok(());
        }
        self.opened(name);
        for (index, item) in list.items().iter().enumerate() {
            self.separate(index);
            self.element(item, verb)?;
        }
        self.close();
        Ok(())
    }

    fn map(&mut self, map: &Map, verb: char) -> Result<(), Stop> {
        let name = Type::Map(map.element());
        if self.nil_of(&name.to_string(), map.is_nil()) {
            return Ok(());
        }
        if !self.flags.sharp_v {
            self.out.extend_from_slice(b"map");
        }
        self.opened(name);
        for (index, (key, value)) in map.entries().into_iter().enumerate() {
            self.separate(index);
            self.element(&Value::Str(key), verb)?;
            self.out.push(b':');
            self.element(&value, verb)?;
        }
        self.close();
        Ok(())
    }

    /// Bytes that are an argument themselves.
    fn bytes(&mut self, bytes: &Bytes, verb: char, name: &str) -> Result<(), Stop> {
        match verb {
            'v' | 'd' if self.flags.sharp_v => self.go_bytes(bytes, name),
            'v' | 'd' => {
                self.out.push(b'[');
                for (index, &byte) in bytes.as_slice().iter().enumerate() {
                    self.separate(index);
                    self.number(byte.into(), 10, false, verb, false);
                    self.charge()?;
                }
                self.out.push(b']');
                Ok(())
            }
            's' => {
                self.reserve(bytes.len())?;
                self.string(bytes.as_slice());
                Ok(())
            }
            'x' | 'X' => self.hexadecimal(bytes.as_slice(), verb == 'X'),
            'q' => self.quoted(bytes.as_slice()),
            _ => self.inner_bytes(bytes, verb),
        }
    }

    fn go_bytes(&mut self, bytes: &Bytes, name: &str) -> Result<(), Stop> {
        if self.nil_of(name, bytes.is_nil()) {
            return Ok(());
        }
        self.out.extend_from_slice(format!("{name}{{").as_bytes());
        for (index, &byte) in bytes.as_slice().iter().enumerate() {
            self.separate(index);
            self.with_0x(byte.into(), true);
            self.charge()?;
        }
        self.out.push(b'}');
        Ok(())
    }

    /// Bytes within something, or for a verb that is for each of them.
    fn inner_bytes(&mut self, bytes: &Bytes, verb: char) -> Result<(), Stop> {
        if matches!(verb, 's' | 'q' | 'x' | 'X') {
            return self.bytes(bytes, verb, "[]uint8");
        }
        if self.nil_of("[]uint8", bytes.is_nil()) {
            return Ok(());
        }
        self.opened(Type::BYTES);
        for (index, &byte) in bytes.as_slice().iter().enumerate() {
            self.separate(index);
            self.element(&Value::from(byte), verb)?;
        }
        self.close();
        Ok(())
    }

    /// `outer` is an argument itself: there a pointer is what it points to, and deeper an address.
    fn object(&mut self, object: &dyn Object, value: &Value, verb: char, outer: bool) -> Result<(), Stop> {
        let worded = matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') && !self.flags.sharp_v && !self.erroring;
        if let Some(text) = worded.then(|| object.text()).flatten() {
            return self.text(&text, value, verb);
        }
        let go = self.flags.sharp_v && !self.erroring;
        if let Some(text) = go.then(|| object.go_text()).flatten() {
            self.string(&text);
            return Ok(());
        }
        if let Some(underlying) = object.underlying() {
            return self.underlying(&underlying, value, verb);
        }
        if object.type_name().starts_with('*') && !outer {
            return self.pointer(value, verb);
        }
        self.structure(object, verb)
    }

    /// As its underlying value, but named as itself where the verb does not fit.
    fn underlying(&mut self, underlying: &Value, value: &Value, verb: char) -> Result<(), Stop> {
        match underlying {
            Value::Bool(truth) => self.bool(*truth, value, verb),
            Value::Int(number, _) => self.integer(number.cast_unsigned(), true, value, verb),
            Value::Uint(number, _) => self.integer(*number, false, value, verb),
            Value::Float(number, kind) => self.float(*number, *kind, value, verb),
            Value::Str(text) => self.text(text, value, verb),
            _ => self.value(underlying, verb),
        }
    }

    fn structure(&mut self, object: &dyn Object, verb: char) -> Result<(), Stop> {
        let pointed = object.type_name().strip_prefix('*');
        self.out.extend_from_slice(if pointed.is_some() { b"&" } else { b"" });
        if self.flags.sharp_v {
            self.out.extend_from_slice(pointed.unwrap_or(object.type_name()).as_bytes());
        }
        self.out.push(b'{');
        for (index, (name, value)) in object.fields().into_iter().enumerate() {
            self.separate(index);
            if self.flags.plus_v || self.flags.sharp_v {
                self.out.extend_from_slice(format!("{name}:").as_bytes());
            }
            let meter = self.meter;
            meter.deeper(|| self.element(&value, verb))?;
        }
        self.out.push(b'}');
        Ok(())
    }

    /// What has an address: all addresses are the same here, and nil has none.
    fn pointer(&mut self, value: &Value, verb: char) -> Result<(), Stop> {
        let pointer = match value {
            Value::Bytes(_) | Value::List(_) | Value::Map(_) | Value::Func(_) => true,
            Value::Object(object) => object.type_name().starts_with('*'),
            _ => false,
        };
        if !pointer {
            return self.bad_verb(verb, Some(value));
        }
        let address = if value.is_nil() { 0 } else { ADDRESS };
        let sharp = self.flags.sharp;
        match verb {
            'v' if self.flags.sharp_v => {
                let name = value.type_of().unwrap_or(Type::Any);
                self.out.extend_from_slice(format!("({name})(").as_bytes());
                self.with_0x(address, true);
                self.out.push(b')');
            }
            'v' | 'p' => self.with_0x(address, !sharp),
            'b' | 'o' | 'd' | 'x' | 'X' => self.integer(address, false, value, verb)?,
            _ => self.bad_verb(verb, Some(value))?,
        }
        Ok(())
    }
}
