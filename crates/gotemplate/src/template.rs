//! A template that was parsed, and how it is parsed and executed.

use crate::builtin::Builtin;
use crate::error::Error;
use crate::function::Functions;
use crate::limits::{Limits, Meter};
use crate::node::List;
use crate::parse::{Settings, Trees, parse};
use crate::value::Value;
use std::sync::Arc;

/// What a key is that a map does not have: Go's option `missingkey`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// `missingkey=default` or `invalid`: nothing, which prints as `<no value>`.
    #[default]
    Invalid,
    /// `missingkey=zero`: the zero value of the map's elements.
    Zero,
    /// `missingkey=error`: an error.
    Error,
}

/// How a source is parsed, and what its template may cost.
///
/// ```
/// use keyferry_gotemplate::{Functions, Map, MissingKey, Parser, Value};
/// let parser = Parser { left: "[[", right: "]]", missing_key: MissingKey::Error, ..Parser::default() };
/// let template = parser.parse("greeting", "Hello [[ .name ]]", &Functions::new()).unwrap();
/// let data = Value::from(Map::strings([("name", "world")]));
/// assert_eq!(template.render(&data).unwrap(), b"Hello world");
/// let error = template.render(&Value::from(Map::strings::<&str, &str>([]))).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     r#"template: greeting:1:9: executing "greeting" at <.name>: map has no entry for key "name""#
/// );
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Parser<'p> {
    /// What an action begins with; empty for `{{`.
    pub left: &'p str,
    /// What an action ends with; empty for `}}`.
    pub right: &'p str,
    /// What a key is that a map does not have.
    pub missing_key: MissingKey,
    /// What the template may cost.
    pub limits: Limits,
}

impl Parser<'_> {
    /// Parses a source of any bytes. `name` is what errors call it.
    pub fn parse(
        &self,
        name: impl Into<String>,
        source: impl AsRef<[u8]>,
        functions: &Functions,
    ) -> Result<Template, Error> {
        let (name, source) = (name.into(), source.as_ref());
        let or = |delimiter: &str, default: &'static str| {
            if delimiter.is_empty() { default.into() } else { delimiter.to_owned() }
        };
        let (left, right) = (or(self.left, "{{"), or(self.right, "}}"));
        let settings = Settings {
            name: &name,
            delimiters: (left.as_bytes(), right.as_bytes()),
            limits: self.limits,
            has_function: &|name| functions.get(name).is_some() || Builtin::named(name).is_some(),
        };
        let trees = parse(source, &settings)?;
        let (missing_key, limits, functions) = (self.missing_key, self.limits, functions.clone());
        Ok(Template(Arc::new(Parsed { name, source: source.into(), trees, functions, missing_key, limits })))
    }
}

/// A template that was parsed. It does not change, can be executed by many threads at once, and a clone is cheap.
#[derive(Clone)]
pub struct Template(Arc<Parsed>);

struct Parsed {
    name: String,
    source: Box<[u8]>,
    trees: Trees,
    functions: Functions,
    missing_key: MissingKey,
    limits: Limits,
}

impl Template {
    /// Parses a source with all of [`Parser`]'s defaults.
    pub fn parse(name: impl Into<String>, source: impl AsRef<[u8]>, functions: &Functions) -> Result<Self, Error> {
        Parser::default().parse(name, source, functions)
    }

    /// Executes it, with the limits that it was parsed with.
    pub fn render(&self, data: &Value) -> Result<Vec<u8>, Error> {
        self.render_until(data, &|| false)
    }

    /// As [`Template::render`], until `interrupt` says true. It is asked every few hundred steps, and the place to look at
    /// a clock; this crate does not.
    ///
    /// ```
    /// use keyferry_gotemplate::{ErrorKind, Functions, Template, Value};
    /// use std::time::{Duration, Instant};
    /// let template = Template::parse("t", "{{ range 1000000 }}{{ end }}", &Functions::new()).unwrap();
    /// let deadline = Instant::now() + Duration::from_millis(1);
    /// let error = template.render_until(&Value::Nil, &|| Instant::now() > deadline).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Interrupted);
    /// ```
    pub fn render_until(&self, data: &Value, interrupt: &dyn Fn() -> bool) -> Result<Vec<u8>, Error> {
        self.render_named(&self.0.name, data, &Meter::new(self.0.limits, interrupt))
    }

    /// Executes one of the templates that the source defines, within a budget that may be shared by several executions.
    pub fn render_named(&self, name: impl AsRef<[u8]>, data: &Value, meter: &Meter<'_>) -> Result<Vec<u8>, Error> {
        crate::exec::execute(self, name.as_ref(), data, meter)
    }

    /// The name that it was parsed with.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The names of all templates that the source defines, itself among them.
    pub fn defined(&self) -> impl Iterator<Item = &[u8]> {
        self.0.trees.keys().map(Vec::as_slice)
    }

    /// The names of all functions that the source names, also where they are never called.
    ///
    /// ```
    /// use keyferry_gotemplate::{Functions, Template};
    /// let source = r#"{{ define "x" }}{{ len (index . 0) }}{{ end }}{{ if .a }}{{ print .b | html }}{{ end }}"#;
    /// let template = Template::parse("t", source, &Functions::new()).unwrap();
    /// assert_eq!(template.functions().collect::<Vec<_>>(), ["html", "index", "len", "print"]);
    /// ```
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        let mut names = std::collections::BTreeSet::new();
        for list in self.0.trees.values() {
            crate::called::in_list(list, &mut names);
        }
        names.into_iter()
    }

    pub(crate) fn tree(&self, name: &[u8]) -> Option<(&[u8], &List)> {
        self.0.trees.get_key_value(name).map(|(name, list)| (name.as_slice(), list))
    }

    pub(crate) fn table(&self) -> &Functions {
        &self.0.functions
    }

    pub(crate) fn missing_key(&self) -> MissingKey {
        self.0.missing_key
    }

    /// Where a byte of the source stands: its line from 1, and the bytes before it in that line.
    pub(crate) fn line_and_column(&self, at: usize) -> (usize, usize) {
        let before = self.0.source.get(..at).unwrap_or_default();
        let line = crate::unicode::newlines(before) + 1;
        let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count();
        (line, column)
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template").field("name", &self.0.name).finish_non_exhaustive()
    }
}
