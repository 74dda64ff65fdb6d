//! Which functions a template names, whether they are ever called or not.

use crate::node::{Branch, Command, Expression, List, Node, Pipe, Word};
use std::collections::BTreeSet;

/// Adds the names of all functions in `list`. The parser bounds how deep it goes.
pub(crate) fn in_list<'t>(list: &'t List, names: &mut BTreeSet<&'t str>) {
    for node in list {
        match node {
            Node::Text(_) | Node::Break | Node::Continue => {}
            Node::Action { pipe, .. } => in_pipe(pipe, names),
            Node::If(branch) | Node::With(branch) => in_branch(branch, names),
            Node::Range(range) => {
                in_pipe(&range.pipe, names);
                in_list(&range.list, names);
                in_list(&range.otherwise, names);
            }
            Node::Template(template) => {
                if let Some(pipe) = &template.pipe {
                    in_pipe(pipe, names);
                }
            }
        }
    }
}

fn in_branch<'t>(branch: &'t Branch, names: &mut BTreeSet<&'t str>) {
    for (pipe, list) in &branch.arms {
        in_pipe(pipe, names);
        in_list(list, names);
    }
    in_list(&branch.otherwise, names);
}

fn in_pipe<'t>(pipe: &'t Pipe, names: &mut BTreeSet<&'t str>) {
    for Command { first, arguments } in &pipe.commands {
        in_word(first, names);
        for word in arguments {
            in_word(word, names);
        }
    }
}

fn in_word<'t>(word: &'t Word, names: &mut BTreeSet<&'t str>) {
    match &word.kind {
        Expression::Function(name) => {
            names.insert(name);
        }
        Expression::Pipe(pipe) => in_pipe(pipe, names),
        Expression::Chain { of, .. } => in_word(of, names),
        _ => {}
    }
}
