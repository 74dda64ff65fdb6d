//! Name constraints, of which only the form is checked.

use super::{Parsed, ascii};
use crate::der::{CONTEXT, EXPLICIT, Reader, SEQUENCE};
use std::net::IpAddr;

pub(super) fn check(mut reader: Reader<'_>) -> Parsed<()> {
    let malformed = "x509: invalid NameConstraints extension";
    let mut lists = reader.within(SEQUENCE).filter(|_| reader.is_empty()).ok_or(malformed)?;
    let permitted = lists.optional(EXPLICIT).ok_or(malformed)?;
    let excluded = lists.optional(EXPLICIT | 1).filter(|_| lists.is_empty()).ok_or(malformed)?;
    let lists = [permitted, excluded].into_iter().flatten();
    if lists.clone().all(|list| list.is_empty()) {
        return Err("x509: empty name constraints extension");
    }
    lists.flat_map(constraints).try_for_each(|is_fine| is_fine.ok_or("x509: invalid name constraint"))
}

/// Whether each constraint of a list is one; the first that is none ends the list.
fn constraints(mut list: Reader<'_>) -> impl Iterator<Item = Option<()>> {
    std::iter::from_fn(move || if list.is_empty() { None } else { Some(constraint(&mut list)) })
        .scan(true, |goes_on, is_fine| std::mem::replace(goes_on, is_fine.is_some()).then_some(is_fine))
}

fn constraint(list: &mut Reader<'_>) -> Option<()> {
    let name = list.within(SEQUENCE)?.any()?;
    let is_fine = match name.tag ^ CONTEXT {
        1 => is_mailbox(ascii(name.value)?),
        2 => is_domain(ascii(name.value)?, true),
        6 => is_uri_domain(ascii(name.value)?),
        7 => is_network(name.value),
        _ => true,
    };
    is_fine.then_some(())
}

/// A mailbox, or the domain of many.
fn is_mailbox(text: &str) -> bool {
    match text.rsplit_once('@') {
        Some((local, domain)) => !local.is_empty() && is_domain(domain, false),
        None => is_domain(text, true),
    }
}

fn is_uri_domain(text: &str) -> bool {
    text.parse::<IpAddr>().is_err() && is_domain(text, true)
}

/// An address and its mask, which is ones before zeros.
fn is_network(bytes: &[u8]) -> bool {
    let mask = bytes.get(bytes.len() / 2..).unwrap_or_default();
    let ones: u32 = mask.iter().map(|byte| byte.leading_ones()).sum();
    let all: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    let tail = mask.iter().skip_while(|byte| **byte == 255).skip(1);
    matches!(bytes.len(), 8 | 32) && ones == all && tail.into_iter().all(|byte| *byte == 0)
}

/// Labels of visible letters, none of them empty; a constraint may begin with a dot. Nothing is one too.
pub(super) fn is_domain(text: &str, is_constraint: bool) -> bool {
    let labels = if is_constraint { text.strip_prefix('.').unwrap_or(text) } else { text };
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_graphic());
    text.is_empty() || labels.split('.').all(is_label)
}
