//! URLs, as Go's `net/url` reads and writes them.

mod escape;
mod parse;
mod url;

use crate::arguments::{Outcome, exactly, unexpected};
use crate::output::walk;
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, FuncError, Function, Map, Type, Value};
use url::{Url, User};

pub(crate) fn family(_: &Shared) -> Family {
    vec![
        ("urlParse", Function::new(&[Type::String], parse).named("func(string) map[string]interface {}")),
        ("urlJoin", Function::new(&[Type::MAP], join).named("func(map[string]interface {}) string")),
    ]
}

/// How many bytes a byte of a URL becomes at most, and how often it is copied.
const ESCAPED: usize = 3;
const COPIES: usize = 3;

fn charge(call: &Call<'_>, length: usize) -> Result<(), FuncError> {
    walk(call, length)?;
    Ok(call.meter().allocate(length.saturating_mul(COPIES))?)
}

fn parse(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [text] = crate::arguments::texts(arguments)?;
    charge(call, text.len())?;
    let url = parse::parse(text).map_err(|wrong| format!("unable to parse url: {wrong}"))?;
    let map = call.map();
    let user = url.user.as_ref().map(User::text).unwrap_or_default();
    let parts = [
        ("scheme", &url.scheme),
        ("host", &url.host),
        ("hostname", &url.hostname().to_vec()),
        ("path", &url.path),
        ("query", &url.query),
        ("opaque", &url.opaque),
        ("fragment", &url.fragment),
        ("userinfo", &user),
    ];
    for (name, part) in parts {
        call.insert(&map, name, call.text(part)?)?;
    }
    Ok(map.into())
}

/// The text of a part; empty if it is not there.
fn part(call: &Call<'_>, map: &Map, name: &str) -> Result<Vec<u8>, FuncError> {
    match map.get(name) {
        None => Ok(Vec::new()),
        Some(Value::Str(text)) => {
            charge(call, text.len().saturating_mul(ESCAPED))?;
            Ok(text.to_vec())
        }
        Some(_) => Err(format!("unable to parse {name} key, must be of type string").into()),
    }
}

fn join(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [Value::Map(map)] = exactly(arguments)? else { return Err(unexpected("map")) };
    let part = |name| part(call, map, name);
    let url = Url {
        scheme: part("scheme")?,
        opaque: part("opaque")?,
        user: user(&part("userinfo")?)?,
        host: part("host")?,
        path: part("path")?,
        query: part("query")?,
        fragment: part("fragment")?,
    };
    Ok(Value::str(url.text()))
}

/// What a URL with this text before its host has as its user.
fn user(text: &[u8]) -> Result<Option<User>, FuncError> {
    if text.is_empty() {
        return Ok(None);
    }
    let url = parse::parse(&[b"proto://", text, b"@host"].concat());
    Ok(url.map_err(|wrong| format!("unable to parse userinfo in dict: {wrong}"))?.user)
}
