//! Go's Unicode: named classes and the cases of characters.

mod alias;
mod fold;
mod letter;
#[expect(clippy::unreadable_literal, reason = "a table made by a program")]
mod other;
mod script;

use crate::class::Ranges;
use std::ops::RangeInclusive;

/// The categories that are not made of others, but for Cn.
static CATEGORIES: &[(&str, &[u32])] = &[
    ("Cc", other::CC),
    ("Cf", other::CF),
    ("Co", other::CO),
    ("Cs", other::CS),
    ("Ll", letter::LL),
    ("Lm", letter::LM),
    ("Lo", letter::LO),
    ("Lt", letter::LT),
    ("Lu", letter::LU),
    ("Mc", other::MC),
    ("Me", other::ME),
    ("Mn", other::MN),
    ("Nd", other::ND),
    ("Nl", other::NL),
    ("No", other::NO),
    ("Pc", other::PC),
    ("Pd", other::PD),
    ("Pe", other::PE),
    ("Pf", other::PF),
    ("Pi", other::PI),
    ("Po", other::PO),
    ("Ps", other::PS),
    ("Sc", other::SC),
    ("Sk", other::SK),
    ("Sm", other::SM),
    ("So", other::SO),
    ("Zl", other::ZL),
    ("Zp", other::ZP),
    ("Zs", other::ZS),
];

/// The classes that have more characters when case does not count. Go has no such table for LC, which would get one.
const FOLDED: [&str; 11] = ["Any", "Ascii", "L", "Ll", "Lt", "Lu", "M", "Mn", "Common", "Greek", "Inherited"];

/// A class by its name, and whether `(?i)` adds to it.
pub(crate) fn named(name: &[u8]) -> Option<(Ranges, bool)> {
    let name = canonical(name)?;
    let class = special(&name).or_else(|| category(&name)).or_else(|| script(&name)).or_else(|| aliased(&name))?;
    Some(class)
}

fn with_folding(ranges: Ranges, name: &str) -> (Ranges, bool) {
    (ranges, FOLDED.contains(&name))
}

fn special(name: &str) -> Option<(Ranges, bool)> {
    let ranges = match name {
        "Any" => Ranges::all(),
        "Assigned" => unassigned().negated(),
        "Ascii" => Ranges::of(&[(0, 0x7f)]),
        "Lc" => return category("LC"),
        _ => return None,
    };
    Some(with_folding(ranges, name))
}

fn category(name: &str) -> Option<(Ranges, bool)> {
    let ranges = match name {
        "C" => beginning_with("C").with(&unassigned()),
        "Cn" => unassigned(),
        "LC" => Ranges::of_edges([letter::LU, letter::LL, letter::LT]),
        "L" | "M" | "N" | "P" | "S" | "Z" => beginning_with(name),
        _ => Ranges::of_edges([find(CATEGORIES, name)?]),
    };
    Some(with_folding(ranges, name))
}

fn script(name: &str) -> Option<(Ranges, bool)> {
    Some(with_folding(Ranges::of_edges([find(script::SCRIPTS, name)?]), name))
}

fn aliased(name: &str) -> Option<(Ranges, bool)> {
    category(find(alias::ALIASES, name)?)
}

fn find<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(entry, _)| *entry == name).map(|&(_, value)| value)
}

fn beginning_with(letter: &str) -> Ranges {
    Ranges::of_edges(CATEGORIES.iter().filter(|(name, _)| name.starts_with(letter)).map(|&(_, edges)| edges))
}

fn unassigned() -> Ranges {
    Ranges::of_edges(CATEGORIES.iter().map(|&(_, edges)| edges)).negated()
}

/// A name as the tables have it: without separators, the first letter large and the others small. Nothing for names
/// longer than any.
fn canonical(name: &[u8]) -> Option<String> {
    let mut bytes = name.iter().filter(|byte| !b"_- ".contains(byte));
    let first = bytes.next()?.to_ascii_uppercase();
    let rest: Vec<u8> = std::iter::once(first).chain(bytes.map(u8::to_ascii_lowercase)).take(64).collect();
    String::from_utf8(rest).ok()
}

/// The next character in the circle of those that differ in case only; the character itself if it is alone.
fn next_case(character: u32) -> u32 {
    let index = fold::FOLDS.partition_point(|&(_, last, _)| last < character);
    match fold::FOLDS.get(index) {
        Some(&(first, _, delta)) if first <= character => stepped(character, character - first, delta),
        _ => character,
    }
}

fn stepped(character: u32, offset: u32, delta: i32) -> u32 {
    match delta {
        0 if offset.is_multiple_of(2) => character + 1,
        0 => character - 1,
        _ => character.saturating_add_signed(delta),
    }
}

/// The other cases of a character.
pub(crate) fn other_cases(character: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(next_case(character)), |&case| Some(next_case(case)))
        .take_while(move |&case| case != character)
}

/// The runs of characters within `first..=last` that have other cases.
pub(crate) fn with_cases(first: u32, last: u32) -> impl Iterator<Item = RangeInclusive<u32>> {
    let from = fold::FOLDS.partition_point(|&(_, end, _)| end < first);
    let runs = fold::FOLDS.iter().skip(from).take_while(move |&&(start, _, _)| start <= last);
    runs.map(move |&(start, end, _)| start.max(first)..=end.min(last))
}

fn within(edges: &[u32], character: char) -> bool {
    edges.partition_point(|&edge| edge <= u32::from(character)) % 2 == 1
}

/// Whether `character` may stand in the name of a group in a replacement: a letter, a digit or `_`.
pub(crate) fn is_word(character: char) -> bool {
    match character {
        '\0'..='\x7f' => character.is_ascii_alphanumeric() || character == '_',
        _ => [letter::LU, letter::LL, letter::LT, letter::LM, letter::LO, other::ND]
            .iter()
            .any(|edges| within(edges, character)),
    }
}
