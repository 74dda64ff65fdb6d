//! PEM texts: what to keep of them.

mod block;
mod chain;

pub(crate) use block::{decode, encode, from_base64, to_base64};
pub(crate) use chain::in_order;

use crate::arguments::{Outcome, text, unexpected};
use crate::certificates::parse::Certificate;
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, FuncError, Function, Type, Value};
use zeroize::Zeroizing;

pub(crate) fn family(_: &Shared) -> Family {
    let kept = "func(string, string) (string, error)";
    vec![
        ("filterPEM", Function::new(&[Type::String, Type::String], filter_pem).named(kept)),
        ("filterCertChain", Function::new(&[Type::String, Type::String], filter_chain).named(kept)),
    ]
}

/// Looks through `text`, which takes some steps.
pub(crate) fn look_through(call: &Call<'_>, text: &[u8]) -> Result<(), FuncError> {
    call.meter().step(1 + text.len() / 1024)?;
    Ok(call.meter().allocate(text.len())?)
}

/// The text from the first begin line on. Go 1.25 and older looked for blocks there, 1.26 does not.
pub(crate) fn from_begin(text: &[u8]) -> &[u8] {
    let begin = text.windows(10).position(|window| window == b"-----BEGIN");
    begin.and_then(|begin| text.get(begin..)).unwrap_or(text)
}

fn filter_pem(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [label, input] = arguments else { return Err(unexpected("pair")) };
    let (label, input) = (text(label)?, text(input)?);
    look_through(call, input)?;
    let mut rest = from_begin(input);
    let mut kept = Zeroizing::new(Vec::new());
    while let Some((block, after)) = decode(rest) {
        rest = after;
        if is_label(block.label, label) {
            kept.extend_from_slice(&block::encode_block(&block));
        }
    }
    if kept.is_empty() && !rest.is_empty() {
        return Err("error filtering pem: found junk".into());
    }
    call.text(&*kept)
}

/// Go's `strings.EqualFold`: letters of either case are the same, also beyond ASCII.
fn is_label(label: &[u8], wanted: &[u8]) -> bool {
    match (std::str::from_utf8(label), std::str::from_utf8(wanted)) {
        (Ok(label), Ok(wanted)) => label.chars().map(folded).eq(wanted.chars().map(folded)),
        _ => label == wanted,
    }
}

/// One letter for all that fold to each other.
fn folded(letter: char) -> char {
    let single = |mut letters: &mut dyn Iterator<Item = char>| match (letters.next(), (&mut letters).next()) {
        (Some(letter), None) => Some(letter),
        _ => None,
    };
    let upper = single(&mut letter.to_uppercase()).unwrap_or(letter);
    single(&mut upper.to_lowercase()).unwrap_or(upper)
}

/// The certificates of all blocks.
pub(crate) fn certificates(call: &Call<'_>, input: &[u8]) -> Result<Vec<Zeroizing<Vec<u8>>>, FuncError> {
    look_through(call, input)?;
    let mut rest = input;
    let mut found = Vec::new();
    while let Some((block, after)) = decode(rest) {
        call.meter().step(1)?;
        found.push(block.bytes);
        rest = after;
    }
    Ok(found)
}

fn filter_chain(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [kind, input] = arguments else { return Err(unexpected("pair")) };
    let (kind, input) = (text(kind)?, text(input)?);
    let blocks = certificates(call, input)?;
    let parsed: Vec<Certificate<'_>> =
        blocks.iter().map(|block| Certificate::parse(block)).collect::<Result<_, _>>()?;
    let chain = in_order(call, &parsed)?;
    let chosen: Vec<u8> = chosen(kind, &chain).iter().flat_map(|one| encode("CERTIFICATE", one.raw).to_vec()).collect();
    call.text(chosen)
}

/// The part of a chain that has this name; nothing for any other name.
fn chosen<'c, 'a>(kind: &[u8], chain: &'c [&'c Certificate<'a>]) -> &'c [&'c Certificate<'a>] {
    let between = chain.split_first().map_or(&[][..], |(_, rest)| rest);
    let roots = between.iter().position(|one| one.is_root()).unwrap_or(between.len());
    match (kind, chain) {
        (b"leaf", [leaf, ..]) if !leaf.is_root() => std::slice::from_ref(leaf),
        (b"intermediate", _) => between.get(..roots).unwrap_or_default(),
        (b"root", [.., root]) if root.is_root() => std::slice::from_ref(root),
        _ => &[],
    }
}
