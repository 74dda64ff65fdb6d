//! The templates of a store: compiled once, executed within budgets, and what is said of those that fail.
//!
//! A store's author writes them and an ExternalSecret's author chooses the words that they are about, so both are to be
//! held within bounds, and neither may read in an error what the other, or a Secret, has said.

use std::sync::LazyLock;

use gotemplate::{Error, ErrorKind, Functions, Limits, Meter, MissingKey, Parser, Template, Value};

use super::field;
use crate::provider::Kind;
use crate::provider::http::Fault;
use crate::sealed::Sealed;

/// What all templates of one request may cost together. It is a URL, some headers and a body: no place to make keys.
pub(super) const LIMITS: Limits = Limits {
    source: 256 << 10,
    nesting: 100,
    nodes: 20_000,
    output: 1 << 20,
    memory: 8 << 20,
    steps: 200_000,
    work: 100,
    calls: 1_000,
    depth: 100,
};

/// How many characters of a cause are shown.
const LONGEST: usize = 200;

/// The functions of all templates, as in a target's.
static FUNCTIONS: LazyLock<Functions> = LazyLock::new(|| sprig::functions(sprig::System));

/// One field's template.
#[derive(Debug)]
pub(super) struct Text {
    /// Below `spec.provider.webhook`.
    pub(super) field: String,
    template: Template,
}

impl Text {
    /// Compiles the template that stands in `field`.
    pub(super) fn parse(field: impl Into<String>, source: &str) -> Result<Self, Fault> {
        let field = field.into();
        // As ESO leaves it: a key that is missing prints as `<no value>`.
        let parser = Parser { left: "", right: "", missing_key: MissingKey::Invalid, limits: LIMITS };
        match parser.parse(field.as_str(), source, &FUNCTIONS) {
            Ok(template) => Ok(Self { field, template }),
            Err(error) => Err(fault(&field, &error)),
        }
    }

    /// Executes it over `values`.
    pub(super) fn render(&self, values: &Value, meter: &Meter<'_>) -> Result<Sealed, Fault> {
        let made = self.template.render_named(self.template.name(), values, meter);
        made.map(Sealed::new).map_err(|error| fault(&self.field, &error))
    }

    /// A fault of what it has made.
    pub(super) fn refuse(&self, cause: &str) -> Fault {
        Fault::new(Kind::Invalid, format!("`{}`: {cause}", field(&self.field)))
    }
}

fn fault(name: &str, error: &Error) -> Fault {
    let line = error.line().map(|line| format!("line {line}")).unwrap_or_default();
    let column = error.column().map(|column| format!(", column {}", column + 1)).unwrap_or_default();
    let place = if line.is_empty() { String::new() } else { format!("{line}{column}: ") };
    let (cause, cure) = match error.kind() {
        ErrorKind::Budget(budget) => (budget.to_string(), "leave less to it"),
        ErrorKind::Interrupted => ("over budget: it takes too long".to_owned(), "leave less to it"),
        ErrorKind::Parse => (parsing(error.cause()), "correct the template"),
        _ => (executing(error), "correct the template, or what it is made from"),
    };
    Fault::new(Kind::Invalid, format!("`{}`: {place}{cause}; {cure}", field(name)))
}

/// Up to the first quotation: templates may hold credentials. The name of a function that is missing is none.
fn parsing(cause: &str) -> String {
    if cause.starts_with("function \"") && cause.ends_with("not defined") {
        return cut(cause);
    }
    let quote = cause.find(['"', '\'', '<', '`']).unwrap_or(cause.len());
    let said = cause.get(..quote).unwrap_or_default().trim_end();
    if said.is_empty() { "it is no template".to_owned() } else { format!("it is no template ({})", cut(said)) }
}

/// A function's own words may be made of values.
fn executing(error: &Error) -> String {
    let function = error.cause().strip_prefix("error calling ").and_then(|rest| rest.split(':').next());
    match function {
        Some(function) => format!("error calling {function}; its message is not shown, as it may hold a value"),
        None => cut(error.cause()),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(source: &str) -> String {
        let values = Value::from(gotemplate::Map::strings([("key", "canary")]));
        let rendered = Text::parse("url", source).and_then(|text| text.render(&values, &Meter::new(LIMITS, &|| false)));
        rendered.unwrap_err().cause
    }

    #[test]
    fn an_error_names_field_line_and_column_and_quotes_neither_template_nor_value() {
        for (source, begins) in [
            ("a\n{{ .key", "`spec.provider.webhook.url`: line 2"),
            ("{{ canary }}", "`spec.provider.webhook.url`: line 1: function \"canary\" not defined"),
            ("{{ \"canary }}", "`spec.provider.webhook.url`: line 1: it is no template (unterminated"),
            ("{{ .key canary' }}", "`spec.provider.webhook.url`: line 1"),
            ("\n\n  {{ fail .key }}", "`spec.provider.webhook.url`: line 3, column 6: error calling fail;"),
            ("{{ .key | mustFromJson }}", "`spec.provider.webhook.url`: line 1"),
            ("{{ .key.x }}", "`spec.provider.webhook.url`: line 1, column 8: can't evaluate field x"),
            ("{{ range 1000000 }}{{ end }}", "`spec.provider.webhook.url`: line 1"),
        ] {
            let said = said(source);
            assert!(said.starts_with(begins), "{source}: {said}");
            assert!(!said.replace("function \"canary\" not", "").contains("canary"), "{said}");
        }
    }

    #[test]
    fn a_function_that_takes_long_is_over_budget_before_it_begins() {
        let started = std::time::Instant::now();
        assert!(said("{{ genPrivateKey \"rsa\" }}").contains("over budget: costly functions"));
        assert!(started.elapsed() < std::time::Duration::from_millis(500));
    }
}
