//! Where in a document a value stands.

use std::fmt;

/// Letters of a key that a place keeps: more than the longest annotation's name has.
const MAX_KEY: usize = 400;

/// How a document lies inside a string of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// The string is a JSON object or array, as the values of Autodiscovery annotations are.
    Json,
    /// The string is YAML, as the values of a ConfigMap or of `confd` in Helm values are.
    Yaml,
    /// The string is `NAME=value`, as a line of a Compose file's `environment` or `labels` is.
    Assignment,
}

/// One step from the root of the text to a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The document of this number, from 0, of a text that has several.
    Document(usize),
    /// The value of a mapping's key; `?` where the key is itself a mapping or a sequence.
    Key(String),
    /// The element of a sequence, from 0.
    Index(usize),
    /// Into the document that the string holds.
    Inside(Format),
}

impl Step {
    /// The step to a key's value; a key of unusual length is cut.
    pub(super) fn key(name: &str) -> Self {
        match name.char_indices().nth(MAX_KEY) {
            Some((end, _)) => Self::Key(format!("{}...", name.get(..end).unwrap_or_default())),
            None => Self::Key(name.to_owned()),
        }
    }
}

/// The steps from the root of the text to a value; shown as `instances[0].password`, with ` > ` where a string holds a
/// document, and with `document 2: ` before the second document's.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(Vec<Step>);

impl Place {
    /// The place that is reached by these steps.
    pub fn new(steps: Vec<Step>) -> Self {
        Self(steps)
    }

    /// The steps, from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The strings that hold the document, from the outermost; none for a value of the text's own documents.
    pub fn formats(&self) -> Vec<Format> {
        let inside = self.0.iter().filter_map(|step| match step {
            Step::Inside(format) => Some(*format),
            _ => None,
        });
        inside.collect()
    }

    /// The annotation in whose value the place is: the key beneath the first `annotations`.
    pub fn annotation(&self) -> Option<&str> {
        let mut below = self.0.iter().skip_while(|step| !matches!(step, Step::Key(key) if key == "annotations"));
        match below.nth(1) {
            Some(Step::Key(name)) => Some(name),
            _ => None,
        }
    }

    /// The number of the text's document, from 0.
    pub fn document(&self) -> usize {
        match self.0.first() {
            Some(Step::Document(number)) => *number,
            _ => 0,
        }
    }

    /// How much memory the place takes, roughly.
    pub(super) fn bytes(&self) -> usize {
        let step = |step: &Step| size_of::<Step>() + if let Step::Key(key) = step { key.len() } else { 0 };
        self.0.iter().map(step).sum()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for step in &self.0 {
            show(step, first, formatter)?;
            first = matches!(step, Step::Document(_) | Step::Inside(_));
        }
        Ok(())
    }
}

/// Writes one step; `first` is that of its document.
fn show(step: &Step, first: bool, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    match step {
        Step::Document(number) => write!(formatter, "document {}: ", number + 1),
        Step::Inside(_) => formatter.write_str(" > "),
        Step::Index(index) => write!(formatter, "[{index}]"),
        Step::Key(key) if !is_plain(key) => write!(formatter, "[{key:?}]"),
        Step::Key(key) if first => formatter.write_str(key),
        Step::Key(key) => write!(formatter, ".{key}"),
    }
}

/// Whether a key can stand between dots without quotes.
fn is_plain(key: &str) -> bool {
    key == "?" || !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Step {
        Step::key(name)
    }

    #[test]
    fn a_place_is_written_as_a_person_would_write_it() {
        let annotation = "ad.datadoghq.com/app.checks";
        let steps = vec![
            Step::Document(1),
            key("metadata"),
            key("annotations"),
            key(annotation),
            Step::Inside(Format::Json),
            key("postgres"),
            key("instances"),
            Step::Index(0),
            key("password"),
        ];
        let place = Place::new(steps);
        assert_eq!(
            place.to_string(),
            r#"document 2: metadata.annotations["ad.datadoghq.com/app.checks"] > postgres.instances[0].password"#
        );
        assert_eq!(place.annotation(), Some(annotation));
        assert_eq!(place.formats(), [Format::Json]);
        assert_eq!(place.document(), 1);
    }

    #[test]
    fn a_key_with_a_line_break_stays_on_one_line() {
        assert_eq!(Place::new(vec![key("a\nb"), key("")]).to_string(), r#"["a\nb"][""]"#);
    }

    #[test]
    fn a_key_that_is_very_long_is_cut_between_letters() {
        let Step::Key(cut) = key(&"é".repeat(5_000)) else { panic!("a key") };
        assert_eq!(cut, format!("{}...", "é".repeat(MAX_KEY)));
    }

    #[test]
    fn a_value_outside_annotations_has_no_annotation() {
        assert_eq!(Place::new(vec![key("annotations")]).annotation(), None);
        assert_eq!(Place::new(vec![key("a"), key("b")]).annotation(), None);
    }
}
