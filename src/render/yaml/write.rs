//! Writes trees as YAML in block style, the same tree always as the same text.

use std::fmt::Write as _;

use super::{Kind, Node, Scalar};

/// One document, without `---`.
pub(crate) fn write(node: &Node) -> String {
    let mut out = String::new();
    block(&mut out, node, 0);
    out
}

/// Writes a map or a list, a line for each entry, each `indent` deep.
fn block(out: &mut String, node: &Node, indent: usize) {
    match &node.kind {
        Kind::Map(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                let _ = write!(out, "{:indent$}{}:", "", inline(key));
                entry(out, value, indent);
            }
        }
        Kind::List(items) if !items.is_empty() => {
            for item in items {
                listed(out, item, indent);
            }
        }
        _ => {
            let _ = writeln!(out, "{:indent$}{}", "", alone(node));
        }
    }
}

/// Writes what follows a key. Lists stand as deep as their key.
fn entry(out: &mut String, value: &Node, indent: usize) {
    match &value.kind {
        Kind::Map(entries) if !entries.is_empty() => {
            out.push('\n');
            block(out, value, indent + 2);
        }
        Kind::List(items) if !items.is_empty() => {
            out.push('\n');
            block(out, value, indent);
        }
        Kind::Scalar(scalar) if is_literal(scalar) => literal(out, &scalar.text, indent + 2),
        _ => {
            let text = alone(value);
            let _ = if text.is_empty() { writeln!(out) } else { writeln!(out, " {text}") };
        }
    }
}

/// Writes an item of a list, whose first line takes the place of its indent's end.
fn listed(out: &mut String, item: &Node, indent: usize) {
    if let Kind::Scalar(scalar) = &item.kind
        && is_literal(scalar)
    {
        let _ = write!(out, "{:indent$}-", "");
        return literal(out, &scalar.text, indent + 2);
    }
    let mut text = String::new();
    block(&mut text, item, indent + 2);
    let _ = write!(out, "{:indent$}- {}", "", text.get(indent + 2..).unwrap_or_default());
}

/// A scalar, or an empty map or list, in one line.
fn alone(node: &Node) -> String {
    match &node.kind {
        Kind::Scalar(scalar) => inline(scalar),
        Kind::List(_) => "[]".to_owned(),
        Kind::Map(_) => "{}".to_owned(),
    }
}

/// JSON's strings are YAML's where nothing plainer will do.
fn inline(scalar: &Scalar) -> String {
    let one_line = !scalar.text.contains(['\n', '\r']);
    if one_line && (scalar.plain || reads_as_itself(&scalar.text)) {
        scalar.text.clone()
    } else {
        serde_json::Value::from(scalar.text.as_str()).to_string()
    }
}

/// Whether every reader of YAML takes the plain `text` for that string: no number, no switch, no sign that ends it.
fn reads_as_itself(text: &str) -> bool {
    let begins =
        text.strip_prefix("--").unwrap_or(text).starts_with(|first: char| first.is_ascii_alphabetic() || first == '/');
    let safe = |sign: char| sign.is_ascii_alphanumeric() || " -_./:@=,;()".contains(sign);
    let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    begins
        && text.chars().all(safe)
        && !text.contains(": ")
        && !text.ends_with([' ', ':'])
        && !reserved.contains(&text.to_lowercase().as_str())
}

/// Whether a text can stand as a block: several lines, none with a sign or an indent that a block would lose.
fn is_literal(scalar: &Scalar) -> bool {
    let text = &scalar.text;
    let fits = |line: &str| !line.ends_with(' ') && !line.chars().any(char::is_control);
    text.trim_end().contains('\n') && !text.starts_with([' ', '\n']) && text.split('\n').all(fits)
}

fn literal(out: &mut String, text: &str, indent: usize) {
    let ends = text.len() - text.trim_end_matches('\n').len();
    let keep = match ends {
        0 => "-",
        1 => "",
        _ => "+",
    };
    let _ = writeln!(out, " |{keep}");
    for line in text.trim_end_matches('\n').split('\n') {
        let _ = if line.is_empty() { writeln!(out) } else { writeln!(out, "{:indent$}{line}", "") };
    }
    out.push_str(&"\n".repeat(ends.saturating_sub(1)));
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    fn again(text: &str) -> String {
        write(&read(text, 1).ok().flatten().unwrap())
    }

    #[test]
    fn what_was_plain_stays_plain_and_what_was_a_string_stays_one() {
        for text in ["a: yes\n", "a: \"yes\"\n", "a: 010\n", "a: \"8125\"\n", "a: 1e3\n", "a: \"\"\n", "a: ~\n"] {
            assert_eq!(again(text), text);
        }
    }

    #[test]
    fn writing_again_changes_nothing() {
        let text = "a:\n- b: |\n    x\n\n    y\n  c: {}\n- |-\n  p: q\n  r\n- []\n- - d\n  - \"e: f\"\nz: \"tab\\there\\nx\"\n";
        assert_eq!(again(text), text);
    }

    #[test]
    fn flow_style_and_folded_text_keep_their_meaning() {
        assert_eq!(again("a:\n  b: [1, 'two']\n  c: >-\n    x\n    y\n"), "a:\n  b:\n  - 1\n  - two\n  c: x y\n");
    }
}
