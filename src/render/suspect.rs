//! Credentials that stand in the input as they are. They are told by their place; the value is compared and let go.

use super::document::{Document, Kind};
use super::problem::Note;
use super::yaml::{self, Node};

/// Texts within texts that are looked into.
const DEEPEST: usize = 3;
/// Notes of this kind, so that a large input stays readable.
const MOST: usize = 100;
/// Keys whose value is a credential, without `-`, `_` and capitals.
const NAMES: [&str; 18] = [
    "accesskey",
    "apikey",
    "apptoken",
    "appkey",
    "applicationkey",
    "authtoken",
    "bearertoken",
    "clientsecret",
    "clusteragentauthtoken",
    "ddapikey",
    "ddappkey",
    "passwd",
    "password",
    "privatekey",
    "secretaccesskey",
    "secretkey",
    "sharedsecret",
    "token",
];

/// Notes every credential that stands in the open; of resources that are not known it is not said what their fields mean.
pub(super) fn look(documents: &[Document], notes: &mut Vec<Note>) {
    let mut found = Vec::new();
    for document in documents.iter().filter(|document| !matches!(document.kind, Kind::Secret | Kind::Other)) {
        let mut look = Look { document, path: Vec::new(), depth: 0, line: None, found: &mut found };
        look.node(&document.node);
    }
    notes.extend(found.into_iter().take(MOST));
}

struct Look<'a> {
    document: &'a Document,
    path: Vec<String>,
    depth: usize,
    /// The line of the string that is looked into.
    line: Option<usize>,
    found: &'a mut Vec<Note>,
}

impl Look<'_> {
    fn node(&mut self, node: &Node) {
        for (index, item) in node.items().iter().enumerate() {
            self.within(format!("[{index}]"), item);
        }
        let named = node.text_at(&["name"]).filter(|_| node.get("value").is_some());
        for (key, value) in node.entries() {
            let name = if key.text == "value" { named.unwrap_or(&key.text) } else { &key.text };
            self.judge(name, value);
            self.within(if self.path.is_empty() { key.text.clone() } else { format!(".{}", key.text) }, value);
        }
        if let Some(text) = node.text().filter(|text| self.depth < DEEPEST && text.contains(['\n', '{', ':'])) {
            self.inside(text, node.line);
        }
    }

    fn within(&mut self, step: String, node: &Node) {
        self.path.push(step);
        self.node(node);
        self.path.pop();
    }

    /// Looks into a string that holds YAML or JSON.
    fn inside(&mut self, text: &str, line: usize) {
        let Some(tree) = yaml::read(text, 1).ok().flatten().filter(|tree| tree.text().is_none()) else { return };
        let outer = self.line;
        self.line.get_or_insert(line);
        self.depth += 1;
        self.node(&tree);
        self.depth -= 1;
        self.line = outer;
    }

    fn judge(&mut self, name: &str, value: &Node) {
        let plain: String =
            name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
        let Some(text) = value.text().filter(|text| is_open(text)) else { return };
        if NAMES.contains(&plain.as_str()) || is_datadog_key(&plain, text) {
            let line = self.line.unwrap_or(value.line);
            let place = format!(
                "{}:{line}: {}{}",
                self.document.file,
                self.path.concat(),
                if self.path.is_empty() { "" } else { "." }
            );
            self.found.push(Note::warning(format!(
                "{place}{name} is a credential in the open; put it into the store and write ENC[...] here"
            )));
        }
    }
}

/// Whether a value is written out: no handle, no variable, no switch.
fn is_open(text: &str) -> bool {
    let refers = ["ENC[", "%%", "${", "{{"].iter().any(|sign| text.contains(sign));
    !(text.is_empty() || refers || text == "true" || text == "false")
}

/// Whether the value has the form of a key of Datadog's under a name that speaks of one.
fn is_datadog_key(name: &str, text: &str) -> bool {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex && matches!(text.len(), 32 | 40) && name.contains("key")
}
