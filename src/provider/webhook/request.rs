//! One request, made of a store's templates and a reference.

use std::time::{Duration, Instant};

use gotemplate::{Meter, Value};
use jsonpath::Path;

use super::field;
use super::template::{LIMITS, Text};
use super::words::{Form, Words};
use crate::api::provider::webhook::WebhookProvider;
use crate::provider::http::{Fault, HeaderMap, HeaderName, HeaderValue, Letter, Method, Server, Target};
use crate::provider::{Kind, Part, RemoteKey};
use crate::sealed::Sealed;

/// The most headers that a store may set.
const MOST_HEADERS: usize = 64;
/// How long all templates of one request may take.
const LONGEST: Duration = Duration::from_secs(1);

/// Headers that Go's client makes by itself, whatever a store says.
const MADE: [&str; 4] = ["content-length", "host", "trailer", "transfer-encoding"];
/// Headers that are the connection's or the proxy's, and no store's to set.
const OURS: [&str; 6] = ["connection", "keep-alive", "proxy-authorization", "proxy-connection", "te", "upgrade"];

/// How requests of one store are made.
#[derive(Debug)]
pub(super) struct Recipe {
    method: Method,
    url: Text,
    source: String,
    headers: Vec<(HeaderName, Text)>,
    body: Option<Text>,
    path: JsonPath,
}

/// Where the value is in an answer.
#[derive(Debug)]
enum JsonPath {
    /// It is the answer.
    Whole,
    /// The same for all references.
    Fixed(Path),
    /// Another for each.
    Made(Text),
}

/// What is sent, and where the value is in its answer.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) letter: Letter,
    pub(super) path: Option<Path>,
}

impl Recipe {
    /// Compiles what a store says.
    pub(super) fn new(spec: &WebhookProvider) -> Result<Self, Fault> {
        if spec.headers.len() > MOST_HEADERS {
            return Err(refuse("headers", &format!("there are more than {MOST_HEADERS}")));
        }
        let headers = spec.headers.iter().filter_map(|(name, value)| header(name, value).transpose());
        let path = spec.result.as_ref().and_then(|result| result.json_path.as_deref()).unwrap_or_default();
        let body = spec.body.as_deref().filter(|body| !body.is_empty());
        Ok(Self {
            method: method(spec.method.as_deref().unwrap_or_default())?,
            url: Text::parse("url", &spec.url)?,
            source: spec.url.clone(),
            headers: headers.collect::<Result<_, _>>()?,
            body: body.map(|body| Text::parse("body", body)).transpose()?,
            path: json_path(path)?,
        })
    }

    /// The request for a reference.
    pub(super) fn make(&self, words: &Words, key: &RemoteKey) -> Result<Request, Fault> {
        let began = Instant::now();
        let stop = || began.elapsed() > LONGEST;
        let meter = Meter::new(LIMITS, &stop);
        let target = self.target(words, key, &meter)?;
        // Of each its own: a function may change what it is given.
        let plain = || words.about(key, Form::Plain);
        let mut headers = HeaderMap::with_capacity(self.headers.len());
        for (name, text) in &self.headers {
            headers.append(name, header_value(text, &plain(), &meter)?);
        }
        let body = self.body.as_ref().map(|body| body.render(&plain(), &meter)).transpose()?;
        let path = match &self.path {
            JsonPath::Whole => None,
            JsonPath::Fixed(path) => Some(path.clone()),
            JsonPath::Made(text) => made_path(text, &text.render(&plain(), &meter)?)?,
        };
        Ok(Request { letter: Letter { method: self.method.clone(), target, headers, body }, path })
    }

    fn target(&self, words: &Words, key: &RemoteKey, meter: &Meter<'_>) -> Result<Target, Fault> {
        let url = self.url.render(&words.about(key, Form::Escaped), meter)?;
        Target::parse(url.expose()).map_err(|fault| self.url.refuse(&fault.cause))
    }

    /// The one server of all requests. An ExternalSecret's author chooses the reference and must not choose with it where
    /// the store's Secrets are sent, so the server is to be the same whatever the reference is. Mostly it stands in the
    /// template as it is; where it does not, two references that have nothing in common must lead to the same.
    pub(super) fn server(&self, words: &Words) -> Result<Server, Fault> {
        if let Some(fixed) = fixed(&self.source) {
            let target = Target::parse(fixed.as_bytes()).map_err(|fault| self.url.refuse(&fault.cause))?;
            return Ok(target.server());
        }
        let began = Instant::now();
        let stop = || began.elapsed() > LONGEST;
        let meter = Meter::new(LIMITS, &stop);
        let [one, other] = ["keyferry-a", "probe-of-keyferry"].map(|word| self.target(words, &probe(word), &meter));
        let (one, other) = (one?.server(), other?.server());
        if one == other { Ok(one) } else { Err(self.url.refuse(WANDERS)) }
    }

    /// The fault of a reference for which the URL is one of another server.
    pub(super) fn wanders(&self) -> Fault {
        self.url.refuse(WANDERS)
    }
}

const WANDERS: &str = "its scheme, host or port would be another for another reference, and only the store may choose \
                       where its Secrets are sent; write them as they are, or take them from `secrets`";

fn refuse(name: &str, cause: &str) -> Fault {
    Fault::new(Kind::Invalid, format!("`{}`: {cause}", field(name)))
}

fn probe(word: &str) -> RemoteKey {
    let word = || word.to_owned();
    RemoteKey { key: word(), version: Some(word()), part: Part::Value, property: Some(word()) }
}

/// The beginning of a URL's template, if scheme, host and port stand in it as they are: all of it, or up to its first
/// action.
fn fixed(template: &str) -> Option<&str> {
    let Some((before, _)) = template.split_once("{{") else { return Some(template) };
    let (_, behind) = before.split_once("://")?;
    behind.contains(['/', '?', '#']).then_some(before)
}

fn method(name: &str) -> Result<Method, Fault> {
    match name {
        "" => Ok(Method::GET),
        _ if name.eq_ignore_ascii_case("CONNECT") => Err(refuse("method", "CONNECT is for proxies; choose another")),
        _ => {
            Method::from_bytes(name.as_bytes()).map_err(|_| refuse("method", "it is no HTTP method; write GET or POST"))
        }
    }
}

/// Nothing for a header that is made anyway.
fn header(name: &str, value: &str) -> Result<Option<(HeaderName, Text)>, Fault> {
    let place = format!("headers[{name}]");
    let parsed = HeaderName::try_from(name).map_err(|_| refuse("headers", "a name is none of an HTTP header"))?;
    if MADE.contains(&parsed.as_str()) {
        return Ok(None);
    }
    if OURS.contains(&parsed.as_str()) {
        return Err(refuse(&place, "it is not for a store to set; remove it"));
    }
    Ok(Some((parsed, Text::parse(place, value)?)))
}

fn header_value(text: &Text, words: &Value, meter: &Meter<'_>) -> Result<HeaderValue, Fault> {
    let value = text.render(words, meter)?;
    let mut value = HeaderValue::from_bytes(value.expose()).map_err(|_| {
        text.refuse("the value has a line feed or another control character, which no header may have; trim it")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

const PATH: &str = "result.jsonPath";

fn json_path(source: &str) -> Result<JsonPath, Fault> {
    match source {
        "" => Ok(JsonPath::Whole),
        _ if source.contains("{{") => Text::parse(PATH, source).map(JsonPath::Made),
        _ => Path::parse(source).map(JsonPath::Fixed).map_err(|error| refuse(PATH, &error.to_string())),
    }
}

/// As in ESO a path that comes out empty is none.
fn made_path(text: &Text, made: &Sealed) -> Result<Option<Path>, Fault> {
    let made = std::str::from_utf8(made.expose()).map_err(|_| text.refuse("it is not UTF-8"))?;
    if made.is_empty() {
        return Ok(None);
    }
    Path::parse(made).map(Some).map_err(|error| text.refuse(&error.to_string()))
}
