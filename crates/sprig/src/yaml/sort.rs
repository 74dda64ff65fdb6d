//! The orders of keys.

use super::resolve::Plain;
use keyferry_goregex::Regexp;
use std::cmp::Ordering;
use std::sync::LazyLock;

/// Sorts by an order that may be none: numbers that are too long can each be less than another in a circle, at which the
/// standard library's sorting may panic.
pub(super) fn sorted<T>(items: Vec<T>, compare: &impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let mut runs: Vec<Vec<T>> = items.into_iter().map(|item| vec![item]).collect();
    while runs.len() > 1 {
        let mut pairs = runs.into_iter();
        runs = Vec::new();
        while let Some(one) = pairs.next() {
            runs.push(match pairs.next() {
                Some(two) => merged(one, two, compare),
                None => one,
            });
        }
    }
    runs.pop().unwrap_or_default()
}

fn merged<T>(one: Vec<T>, two: Vec<T>, compare: &impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let mut out = Vec::with_capacity(one.len() + two.len());
    let (mut left, mut right) = (one.into_iter().peekable(), two.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if compare(a, b).is_gt() { right.next() } else { left.next() };
        out.extend(next);
    }
    out.extend(left);
    out.extend(right);
    out
}

/// The order in which YAML is written: numbers in text count as numbers, and letters come after all else.
pub(super) fn natural(one: &[char], two: &[char]) -> Ordering {
    let Some(at) = one.iter().zip(two).position(|(one, two)| one != two) else {
        return one.len().cmp(&two.len());
    };
    let character = |text: &[char]| text.get(at).copied().unwrap_or_default();
    let (left, right) = (character(one), character(two));
    match (is_letter(left), is_letter(right)) {
        (true, true) => return left.cmp(&right),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let start = i64::from((left == '0' || right == '0') && has_digits_before(one, at));
    let (left_end, left_number) = number(one, at, start);
    let (right_end, right_number) = number(two, at, start);
    left_number.cmp(&right_number).then(left_end.cmp(&right_end)).then(left.cmp(&right))
}

/// Whether the digits just before are more than zeros.
fn has_digits_before(text: &[char], at: usize) -> bool {
    let before = text.iter().take(at).rev().take_while(|character| is_digit(**character));
    before.into_iter().any(|character| *character != '0')
}

static LETTER: LazyLock<Option<Regexp>> = LazyLock::new(|| Regexp::new(r"^\pL$").ok());

static DIGIT: LazyLock<Option<Regexp>> = LazyLock::new(|| Regexp::new(r"^\p{Nd}$").ok());

/// Of any script, as Go's tables have it.
fn is_letter(character: char) -> bool {
    if character.is_ascii() { character.is_ascii_alphabetic() } else { is_in(&LETTER, character) }
}

/// A decimal digit of any script.
fn is_digit(character: char) -> bool {
    if character.is_ascii() { character.is_ascii_digit() } else { is_in(&DIGIT, character) }
}

fn is_in(class: &LazyLock<Option<Regexp>>, character: char) -> bool {
    class.as_ref().is_some_and(|class| class.is_match(character.encode_utf8(&mut [0; 4])))
}

/// Where the digits end, and the number they make; it wraps around.
fn number(text: &[char], at: usize, start: i64) -> (usize, i64) {
    let digits = text.iter().skip(at).take_while(|character| is_digit(**character));
    digits.fold((at, start), |(end, number), character| {
        let digit = i64::from(u32::from(*character)) - i64::from(u32::from('0'));
        (end + 1, number.wrapping_mul(10).wrapping_add(digit))
    })
}

/// The order in which Go prints a map.
pub(super) fn for_printing(one: &Plain, two: &Plain) -> Ordering {
    let rank = |key: &Plain| match key {
        Plain::Null | Plain::Date => 0,
        Plain::Bool(_) => 1,
        Plain::Int(_) => 2,
        Plain::Uint(_) => 3,
        Plain::Float(_) => 4,
        Plain::Text(_) => 5,
    };
    match (one, two) {
        (Plain::Bool(one), Plain::Bool(two)) => one.cmp(two),
        (Plain::Int(one), Plain::Int(two)) => one.cmp(two),
        (Plain::Uint(one), Plain::Uint(two)) => one.cmp(two),
        (Plain::Float(one), Plain::Float(two)) => one.total_cmp(two),
        (Plain::Text(one), Plain::Text(two)) => one.cmp(two),
        _ => rank(one).cmp(&rank(two)),
    }
}
