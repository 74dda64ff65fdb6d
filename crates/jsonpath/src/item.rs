//! A value on the way, and what Go's gval makes of it where it wants a number, a truth or a name.

use crate::Error;
use crate::meter::Meter;
use crate::parse::decimal;
use gjson::Numbers;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A value: a part of the document, or what an expression made.
#[derive(Clone, Debug)]
pub(crate) enum Item<'a> {
    Json(&'a [u8]),
    Text(String),
    Number(f64),
    Bool(bool),
    Nil,
    List(Vec<Item<'a>>),
}

/// What an item is, wherever it is from.
pub(crate) enum View<'i> {
    Nil,
    Bool(bool),
    Number(f64),
    Text(Cow<'i, [u8]>),
    Array,
    Object,
}

impl<'a> Item<'a> {
    pub(crate) fn view(&self) -> Result<View<'_>, Error> {
        Ok(match self {
            Self::Text(text) => View::Text(Cow::Borrowed(text.as_bytes())),
            Self::Number(number) => View::Number(*number),
            Self::Bool(truth) => View::Bool(*truth),
            Self::Nil => View::Nil,
            Self::List(_) => View::Array,
            Self::Json(raw) => match raw.first() {
                Some(b'{') => View::Object,
                Some(b'[') => View::Array,
                Some(b't') => View::Bool(true),
                Some(b'f') => View::Bool(false),
                Some(b'n') | None => View::Nil,
                Some(b'"') => View::Text(text_of(raw)),
                Some(_) => View::Number(float(raw)?),
            },
        })
    }

    /// The elements of an array, the members of an object, each key once; of anything else nothing.
    pub(crate) fn children(&self, meter: &Meter) -> Result<Vec<Item<'a>>, Error> {
        match self {
            Self::List(items) => {
                meter.look(items.len().saturating_mul(32))?;
                Ok(items.clone())
            }
            Self::Json(raw @ [b'[', ..]) => elements(raw, meter),
            Self::Json(raw @ [b'{', ..]) => members(raw, meter),
            _ => Ok(Vec::new()),
        }
    }

    /// The element with this number.
    pub(crate) fn element(&self, index: i64, meter: &Meter) -> Result<Option<Item<'a>>, Error> {
        let Ok(index) = usize::try_from(index) else { return Ok(None) };
        match self {
            Self::List(items) => Ok(items.get(index).cloned()),
            Self::Json(raw) => {
                meter.look(raw.len())?;
                Ok(gjson::entries(raw).nth(index).map(|(_, value)| Item::Json(value)))
            }
            _ => Ok(None),
        }
    }

    /// The member with this name, the last of several.
    pub(crate) fn member(&self, name: &str, meter: &Meter) -> Result<Option<Item<'a>>, Error> {
        let Self::Json(raw) = self else { return Ok(None) };
        meter.look(raw.len())?;
        Ok(gjson::entries(raw).filter(|(key, _)| **key == *name.as_bytes()).last().map(|(_, value)| Item::Json(value)))
    }

    /// As a number; texts that are one count.
    pub(crate) fn as_number(&self) -> Result<f64, Error> {
        const WHY: Error = Error::Unfit("an index of the path is no number");
        match self.view()? {
            View::Number(number) => Ok(number),
            View::Text(text) => std::str::from_utf8(&text).ok().and_then(decimal).ok_or(WHY),
            _ => Err(WHY),
        }
    }

    /// As an index, cut to an integer.
    #[expect(clippy::cast_possible_truncation, reason = "what is beyond is no index either")]
    pub(crate) fn as_index(&self) -> Result<i64, Error> {
        let number = self.as_number()?;
        if number.is_nan() { Err(Error::Unfit("an index of the path is no number")) } else { Ok(number as i64) }
    }

    /// As a condition.
    pub(crate) fn as_truth(&self) -> Result<bool, Error> {
        match self.view()? {
            View::Nil => Ok(false),
            View::Bool(truth) => Ok(truth),
            View::Text(text) if matches!(&*text, b"false" | b"FALSE") => Ok(false),
            View::Text(text) if matches!(&*text, b"true" | b"TRUE") => Ok(true),
            _ => self.as_number().map(|number| number != 0.0),
        }
    }

    /// As the name of a member: what Go prints for it.
    pub(crate) fn as_name(&self) -> Result<String, Error> {
        Ok(match self.view()? {
            View::Nil => "<nil>".to_owned(),
            View::Bool(truth) => truth.to_string(),
            View::Number(number) => printed(number),
            View::Text(text) => String::from_utf8_lossy(&text).into_owned(),
            View::Array | View::Object => return Err(Error::Unfit("a name in the path is a list or an object")),
        })
    }

    /// Go's `reflect.DeepEqual`.
    pub(crate) fn equals(&self, other: &Self, meter: &Meter) -> Result<bool, Error> {
        Ok(match (self.view()?, other.view()?) {
            (View::Nil, View::Nil) => true,
            (View::Bool(a), View::Bool(b)) => a == b,
            // Go's equality of numbers is bit by bit only for NaN, of which there is none.
            #[expect(clippy::float_cmp, reason = "as Go does")]
            (View::Number(a), View::Number(b)) => a == b,
            (View::Text(a), View::Text(b)) => a == b,
            (View::Array, View::Array) | (View::Object, View::Object) => {
                self.written(meter)? == other.written(meter)?
            }
            _ => false,
        })
    }

    /// As JSON in the one form that Go writes.
    fn written(&self, meter: &Meter) -> Result<Vec<u8>, Error> {
        match self {
            Self::Json(raw) => {
                // Writing takes many times as long as looking.
                meter.look(raw.len().saturating_mul(32))?;
                gjson::marshal(raw, Numbers::Floats).map_err(|_| Error::TooDeep { limit: crate::DEPTH })
            }
            Self::List(items) => {
                let mut whole = vec![b'['];
                for item in items {
                    whole.extend(item.written(meter)?);
                    whole.push(b',');
                }
                whole.pop_if(|last| *last == b',');
                whole.push(b']');
                Ok(whole)
            }
            Self::Text(text) => {
                let mut quoted = Vec::new();
                gjson::quote(&mut quoted, text.as_bytes());
                Ok(quoted)
            }
            Self::Number(number) => gjson::marshal(number.to_string().as_bytes(), Numbers::Floats)
                .map_err(|_| Error::Unfit("a number is none")),
            Self::Bool(truth) => Ok(truth.to_string().into_bytes()),
            Self::Nil => Ok(b"null".to_vec()),
        }
    }
}

fn elements<'a>(raw: &'a [u8], meter: &Meter) -> Result<Vec<Item<'a>>, Error> {
    meter.look(raw.len())?;
    gjson::entries(raw).map(|(_, value)| meter.hold().map(|()| Item::Json(value))).collect()
}

/// Each key once, with its last value.
fn members<'a>(raw: &'a [u8], meter: &Meter) -> Result<Vec<Item<'a>>, Error> {
    meter.look(raw.len().saturating_mul(2))?;
    let (mut places, mut values) = (BTreeMap::new(), Vec::new());
    for (key, value) in gjson::entries(raw).map(|(key, value)| (key, Item::Json(value))) {
        meter.hold()?;
        if let Some(before) = places.get(&key).and_then(|place: &usize| values.get_mut(*place)) {
            *before = value;
        } else {
            places.insert(key, values.len());
            values.push(value);
        }
    }
    Ok(values)
}

fn text_of(raw: &[u8]) -> Cow<'_, [u8]> {
    Cow::Owned(gjson::Value::of(raw).map(|value| value.as_extracted().into_owned()).unwrap_or_default())
}

fn float(raw: &[u8]) -> Result<f64, Error> {
    let number = std::str::from_utf8(raw).ok().and_then(|text| text.parse().ok());
    number.filter(|number: &f64| number.is_finite()).ok_or(Error::Unfit("a number of the document is out of range"))
}

/// Go's `%v` of a `float64`: an exponent of two digits at least, only for the very large and the very small.
fn printed(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 || (1e-4..1e21).contains(&size) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{digits}e{sign}{exponent:0>2}")
}
