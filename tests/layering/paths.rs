//! Finds the paths that a Rust source names, well enough for imports: no macro is expanded, no alias is followed.

/// A path and where its last part stands, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    pub(crate) line: usize,
    pub(crate) path: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Name(String),
    /// `::`
    Step,
    Other(char),
}

/// Every path of two parts or more, and every item of every `use`; `crate`, `self` and `super` are resolved to
/// `crate::…` from `module`. Modules within a file count as the file's own.
pub(crate) fn imports(text: &str, module: &[String]) -> Vec<Import> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let name = |at: usize| matches!(tokens.get(at), Some((_, Token::Name(_))));
        if matches!(&tokens[at].1, Token::Name(word) if word == "use") {
            at = tree(&tokens, at + 1, &[], &mut found);
        } else if name(at) || tokens[at].1 == Token::Step && name(at + 1) {
            at = path(&tokens, at, &mut found);
        } else {
            at += 1;
        }
    }
    found.into_iter().map(|(line, parts)| Import { line, path: resolve(&parts, module).join("::") }).collect()
}

type Found = Vec<(usize, Vec<String>)>;
type Tokens = [(usize, Token)];

/// Reads `a::b::c`; a lone name is none of our business.
fn path(tokens: &Tokens, mut at: usize, found: &mut Found) -> usize {
    let mut parts = Vec::new();
    let mut line = tokens[at].0;
    at += usize::from(tokens[at].1 == Token::Step);
    while let Some((here, Token::Name(name))) = tokens.get(at) {
        parts.push(name.clone());
        line = *here;
        at += 1;
        let goes_on = matches!(tokens.get(at), Some((_, Token::Step)));
        if !goes_on || !matches!(tokens.get(at + 1), Some((_, Token::Name(_)))) {
            break;
        }
        at += 1;
    }
    // `pub(in crate::x)` and `Type::<T>` end here too; `x::{` is only written in a `use`.
    if parts.len() > 1 {
        found.push((line, parts));
    }
    at
}

/// Reads one item of a `use` up to its `,`, `}` or `;`, which is left to the caller.
fn tree(tokens: &Tokens, mut at: usize, before: &[String], found: &mut Found) -> usize {
    let mut parts = before.to_vec();
    let mut line = None;
    while let Some((here, token)) = tokens.get(at) {
        match token {
            Token::Name(name) if name == "as" => at += 1,
            Token::Name(name) => {
                line = Some(*here);
                parts.push(name.clone());
            }
            Token::Other('*') => line = Some(*here),
            Token::Other('{') => return group(tokens, at + 1, &parts, found),
            Token::Step => {}
            Token::Other(_) => break,
        }
        at += 1;
    }
    parts.pop_if(|last| last == "self" && !before.is_empty());
    if let Some(line) = line {
        found.push((line, parts));
    }
    at
}

fn group(tokens: &Tokens, mut at: usize, before: &[String], found: &mut Found) -> usize {
    loop {
        at = tree(tokens, at, before, found);
        match tokens.get(at) {
            Some((_, Token::Other(','))) => at += 1,
            Some((_, Token::Other('}'))) => return at + 1,
            _ => return at,
        }
    }
}

fn resolve(parts: &[String], module: &[String]) -> Vec<String> {
    let ups = parts.iter().take_while(|part| *part == "super").count();
    let keep = module.len().saturating_sub(ups);
    match parts.first().map(String::as_str) {
        Some("super") => [&["crate".to_owned()], &module[..keep], &parts[ups..]].concat(),
        Some("self") if parts.get(1).is_some_and(|next| next == "super") => resolve(&parts[1..], module),
        Some("self") => [&["crate".to_owned()], module, &parts[1..]].concat(),
        _ => parts.to_vec(),
    }
}

/// Cuts a source into names, `::` and single characters; comments, texts and lifetimes are dropped.
fn tokens(text: &str) -> Vec<(usize, Token)> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let (length, token) = next(rest, first);
        tokens.extend(token.map(|token| (line, token)));
        let (read, left) = rest.split_at(length);
        line += read.matches('\n').count();
        rest = left;
    }
    tokens
}

/// How many bytes the next token has, and what it is.
fn next(rest: &str, first: char) -> (usize, Option<Token>) {
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), None);
    }
    if rest.starts_with("/*") {
        return (comment(rest), None);
    }
    if let Some(length) = raw(rest) {
        return (length, None);
    }
    match first {
        '"' => (quoted(rest), None),
        '\'' => (quote(rest), None),
        ':' if rest.starts_with("::") => (2, Some(Token::Step)),
        _ if first.is_alphabetic() || first == '_' => (word, Some(Token::Name(rest[..word].to_owned()))),
        _ if first.is_ascii_digit() => (word, None),
        _ if first.is_whitespace() => (first.len_utf8(), None),
        _ => (first.len_utf8(), Some(Token::Other(first))),
    }
}

fn comment(rest: &str) -> usize {
    let mut depth = 0;
    for (at, _) in rest.char_indices() {
        if rest[at..].starts_with("/*") {
            depth += 1;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            if depth == 0 {
                return at + 2;
            }
        }
    }
    rest.len()
}

/// `r"…"`, `r#"…"#` and their byte forms.
fn raw(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = body.len() - body.trim_start_matches('#').len();
    let inside = body[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = inside.find(&end).map_or(inside.len(), |at| at + end.len());
    Some(rest.len() - inside.len() + length)
}

fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A character, or only the tick of a lifetime.
fn quote(rest: &str) -> usize {
    let mut inside = rest.chars().skip(1);
    match (inside.next(), inside.next()) {
        (Some('\\'), Some(escaped)) => {
            let from = 2 + escaped.len_utf8();
            rest[from..].find('\'').map_or(rest.len(), |at| from + at + 1)
        }
        (Some(c), Some('\'')) => c.len_utf8() + 2,
        _ => 1,
    }
}
