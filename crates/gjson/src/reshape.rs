//! The modifiers that take a document apart and put its values together in another way.

use crate::meter::Meter;
use crate::scan::{cut, trim};
use crate::text::{inside, unescape};
use crate::value::{Entries, parse};
use crate::{Error, Kind, Value, walk};
use std::borrow::Cow;
use std::collections::HashMap;

/// A list of pieces between brackets.
fn bracketed<'a>(open: u8, pieces: impl IntoIterator<Item = Cow<'a, [u8]>>) -> Vec<u8> {
    let mut out = vec![open];
    for (index, piece) in pieces.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(&piece);
    }
    out.push(open + 2);
    out
}

fn member<'a>(key: &[u8], value: &[u8]) -> Cow<'a, [u8]> {
    Cow::Owned([key, b":", value].concat())
}

pub(crate) fn reverse(json: &[u8]) -> Vec<u8> {
    let value = parse(Cow::Borrowed(json));
    let mut entries: Vec<_> = Entries::of(&value.raw).collect();
    entries.reverse();
    if value.is_array() {
        bracketed(b'[', entries.into_iter().map(|(_, value)| value.raw))
    } else if value.is_object() {
        bracketed(b'{', entries.iter().map(|(key, value)| member(key, &value.raw)))
    } else {
        json.to_vec()
    }
}

/// The keys of an object; a null for each element of an array, and for a scalar.
pub(crate) fn keys(json: &[u8]) -> Vec<u8> {
    let value = parse(Cow::Borrowed(json));
    if value.is_object() {
        bracketed(b'[', Entries::of(&value.raw).map(|(key, _)| Cow::Borrowed(key)))
    } else if value.kind == Kind::Json {
        bracketed(b'[', Entries::of(&value.raw).map(|_| Cow::Borrowed(b"null".as_slice())))
    } else {
        bracketed(b'[', value.exists().then_some(Cow::Borrowed(b"null".as_slice())))
    }
}

pub(crate) fn values(json: &[u8]) -> Vec<u8> {
    let value = parse(Cow::Borrowed(json));
    if value.is_array() {
        json.to_vec()
    } else if value.is_object() {
        bracketed(b'[', Entries::of(&value.raw).map(|(_, value)| value.raw))
    } else {
        bracketed(b'[', value.exists().then_some(value.raw))
    }
}

/// Arrays in the array give their elements; with `deep`, those in them too.
pub(crate) fn flatten(json: &[u8], deep: bool, meter: &Meter) -> Result<Vec<u8>, Error> {
    let value = parse(Cow::Borrowed(json));
    if !value.is_array() {
        return Ok(json.to_vec());
    }
    let mut pieces = Vec::new();
    for (_, element) in Entries::of(&value.raw) {
        let piece = match (element.is_array(), deep) {
            (true, true) => {
                meter.spend(element.raw.len())?;
                Cow::Owned(unwrap(&meter.deeper(|| flatten(&element.raw, true, meter))?).to_vec())
            }
            (true, false) => Cow::Owned(unwrap(&element.raw).to_vec()),
            (false, _) => element.raw,
        };
        let piece = piece.trim_ascii().to_vec();
        if !piece.is_empty() {
            pieces.push(Cow::Owned(piece));
        }
    }
    Ok(bracketed(b'[', pieces))
}

/// What is between the brackets.
fn unwrap(json: &[u8]) -> &[u8] {
    let json = trim(json);
    match json {
        [b'[' | b'{', .., _] => cut(json, 1, json.len() - 1),
        _ => json,
    }
}

/// The members of all objects of an array in one: a key stands where it came first and has the value that came last,
/// unless `preserve` keeps every one.
pub(crate) fn join(json: &[u8], preserve: bool) -> Vec<u8> {
    let value = parse(Cow::Borrowed(json));
    if !value.is_array() {
        return json.to_vec();
    }
    let objects = Entries::of(&value.raw).map(|(_, object)| object).filter(Value::is_object);
    if preserve {
        return bracketed(b'{', objects.map(|object| Cow::Owned(unwrap(&object.raw).to_vec())));
    }
    let mut members: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
    for object in objects {
        for (key, value) in Entries::of(&object.raw) {
            let place = *places.entry(unescape(inside(key)).into_owned()).or_insert(members.len());
            match members.get_mut(place) {
                Some((_, last)) => *last = value.raw.into_owned(),
                None => members.push((key.to_vec(), value.raw.into_owned())),
            }
        }
    }
    bracketed(b'{', members.iter().map(|(key, value)| member(key, value)))
}

/// `{"a":[1,2],"b":[3,4]}` to `[{"a":1,"b":3},{"a":2,"b":4}]`; nothing for what is no object.
pub(crate) fn group(json: &[u8]) -> Vec<u8> {
    let value = parse(Cow::Borrowed(json));
    if !value.is_object() {
        return Vec::new();
    }
    let mut groups: Vec<Vec<Cow<'_, [u8]>>> = Vec::new();
    for (key, list) in Entries::of(&value.raw).filter(|(_, list)| list.is_array()) {
        for (index, (_, element)) in Entries::of(&list.raw).enumerate() {
            let piece = member(key, &element.raw);
            match groups.get_mut(index) {
                Some(group) => group.push(piece),
                None => groups.push(vec![piece]),
            }
        }
    }
    bracketed(b'[', groups.into_iter().map(|group| Cow::Owned(bracketed(b'{', group))))
}

/// What `path` gives in the document, in each of its values, in each of theirs, and so on.
pub(crate) fn dig(json: &[u8], path: &[u8], meter: &Meter) -> Result<Vec<u8>, Error> {
    let mut found = Vec::new();
    descend(&parse(Cow::Borrowed(json)), path, meter, &mut found)?;
    Ok(bracketed(b'[', found.into_iter().map(Cow::Owned)))
}

fn descend(value: &Value<'_>, path: &[u8], meter: &Meter, found: &mut Vec<Vec<u8>>) -> Result<(), Error> {
    let hit = walk::get(&value.raw, path, meter)?;
    if hit.exists() {
        meter.spend(hit.raw.len())?;
        found.push(hit.raw.into_owned());
    }
    if value.kind != Kind::Json {
        return Ok(());
    }
    meter.deeper(|| Entries::of(&value.raw).try_for_each(|(_, value)| descend(&value, path, meter, found)))
}
