//! Go's layouts: a time that is written as the reference time would be.

/// What a piece of a layout stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    LongMonth,
    Month,
    NumericMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    SpaceDay,
    ZeroDay,
    SpaceYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperHalf,
    LowerHalf,
    ZoneName,
    Offset(Offset),
    Fraction(Fraction),
}

/// How the distance to UTC is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offset {
    /// UTC itself is `Z`.
    pub(super) z: bool,
    pub(super) colon: bool,
    pub(super) until: Until,
}

/// Down to which unit a distance is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Until {
    Hours,
    Minutes,
    Seconds,
}

/// How parts of a second are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fraction {
    pub(super) digits: usize,
    /// `.` or `,`.
    pub(super) separator: u8,
    /// Without zeros at the end, and without itself if nothing is left.
    pub(super) trimmed: bool,
}

/// The layout up to its next element, that element if there is one, how it is written, and the rest.
pub(super) struct Piece<'l> {
    pub(super) before: &'l [u8],
    pub(super) element: Option<Element>,
    pub(super) after: &'l [u8],
}

/// The next piece of a layout.
pub(super) fn next(layout: &[u8]) -> Piece<'_> {
    for at in 0..layout.len() {
        let Some((before, rest)) = layout.split_at_checked(at) else { break };
        let found = element(rest).or_else(|| fraction(rest)).or_else(|| literal_underscore(rest));
        if let Some((skipped, element, length)) = found {
            let before = layout.get(..at + skipped).unwrap_or(before);
            return Piece { before, element: Some(element), after: rest.get(length..).unwrap_or_default() };
        }
    }
    Piece { before: layout, element: None, after: &[] }
}

type Found = Option<(usize, Element, usize)>;

/// Texts and what they stand for. Of those that fit, the first counts.
const ELEMENTS: &[(&[u8], Element)] = &[
    (b"January", Element::LongMonth),
    (b"Monday", Element::LongWeekday),
    (b"MST", Element::ZoneName),
    (b"01", Element::ZeroMonth),
    (b"02", Element::ZeroDay),
    (b"03", Element::ZeroHour12),
    (b"04", Element::ZeroMinute),
    (b"05", Element::ZeroSecond),
    (b"06", Element::Year),
    (b"002", Element::ZeroYearDay),
    (b"15", Element::Hour),
    (b"1", Element::NumericMonth),
    (b"2006", Element::LongYear),
    (b"2", Element::Day),
    (b"__2", Element::SpaceYearDay),
    (b"3", Element::Hour12),
    (b"4", Element::Minute),
    (b"5", Element::Second),
    (b"PM", Element::UpperHalf),
    (b"pm", Element::LowerHalf),
    (b"-070000", Element::Offset(offset(false, false, Until::Seconds))),
    (b"-07:00:00", Element::Offset(offset(false, true, Until::Seconds))),
    (b"-0700", Element::Offset(offset(false, false, Until::Minutes))),
    (b"-07:00", Element::Offset(offset(false, true, Until::Minutes))),
    (b"-07", Element::Offset(offset(false, false, Until::Hours))),
    (b"Z070000", Element::Offset(offset(true, false, Until::Seconds))),
    (b"Z07:00:00", Element::Offset(offset(true, true, Until::Seconds))),
    (b"Z0700", Element::Offset(offset(true, false, Until::Minutes))),
    (b"Z07:00", Element::Offset(offset(true, true, Until::Minutes))),
    (b"Z07", Element::Offset(offset(true, false, Until::Hours))),
];

const fn offset(z: bool, colon: bool, until: Until) -> Offset {
    Offset { z, colon, until }
}

fn element(text: &[u8]) -> Found {
    if !text.first().is_some_and(|byte| b"JM0123_45Pp-Z".contains(byte)) {
        return None;
    }
    let short =
        |word: &[u8]| text.strip_prefix(word).is_some_and(|rest| !rest.first().is_some_and(u8::is_ascii_lowercase));
    let found = ELEMENTS.iter().find(|(word, _)| text.starts_with(word));
    match found {
        Some((word, element)) => Some((0, *element, word.len())),
        None if short(b"Jan") => Some((0, Element::Month, 3)),
        None if short(b"Mon") => Some((0, Element::Weekday, 3)),
        None => None,
    }
}

/// `_2` is a day, but in `_2006` the underscore is itself.
fn literal_underscore(text: &[u8]) -> Found {
    if text.starts_with(b"_2006") {
        return Some((1, Element::LongYear, 5));
    }
    text.starts_with(b"_2").then_some((0, Element::SpaceDay, 2))
}

/// A separator and zeros or nines, with no other digit after them.
fn fraction(text: &[u8]) -> Found {
    let [separator @ (b'.' | b','), digit @ (b'0' | b'9'), ..] = text else { return None };
    let digits = text.iter().skip(1).take_while(|byte| *byte == digit).count();
    if text.get(1 + digits).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    // Go keeps the number of digits in some bits of a machine word.
    let fraction = Fraction { digits: digits & 0xfff, separator: *separator, trimmed: *digit == b'9' };
    Some((0, Element::Fraction(fraction), 1 + digits))
}
