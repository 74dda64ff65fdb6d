//! Text to times.

use super::calendar::{days_before, days_in, is_leap};
use super::layout::{self, Element, Fraction, Offset, Until};
use super::names::{MONTHS, WEEKDAYS};
use super::time::{Clock, Time};
use super::zone::Zone;
use std::sync::Arc;

/// What the elements of a layout have said so far.
struct Parts {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    clock: Clock,
    nanosecond: i64,
    /// Whether `AM` and whether `PM` has been read.
    halves: [bool; 2],
    utc: bool,
    offset: Option<i64>,
    zone: Vec<u8>,
}

/// Go's `time.ParseInLocation` with the zone `Local`; nothing for what it refuses.
pub(super) fn parse(layout: &[u8], text: &[u8]) -> Option<Time> {
    let clock = Clock { hour: 0, minute: 0, second: 0 };
    let mut parts = Parts {
        year: 0,
        month: None,
        day: None,
        year_day: None,
        clock,
        nanosecond: 0,
        halves: [false; 2],
        utc: false,
        offset: None,
        zone: Vec::new(),
    };
    let (mut layout, mut text) = (layout, text);
    loop {
        let piece = layout::next(layout);
        text = skip(text, piece.before)?;
        let Some(element) = piece.element else { break };
        layout = piece.after;
        text = parts.element(element, layout, text)?;
    }
    if text.is_empty() { parts.finish() } else { None }
}

/// What stands in both. Spaces may be more or fewer.
fn skip<'t>(text: &'t [u8], prefix: &[u8]) -> Option<&'t [u8]> {
    let (mut text, mut prefix) = (text, prefix);
    while let [expected, after @ ..] = prefix {
        if *expected == b' ' {
            if text.first().is_some_and(|byte| *byte != b' ') {
                return None;
            }
            (text, prefix) = (without_spaces(text), without_spaces(prefix));
        } else {
            (text, prefix) = (text.strip_prefix(&[*expected])?, after);
        }
    }
    Some(text)
}

fn without_spaces(mut text: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] = text {
        text = rest;
    }
    text
}

impl Parts {
    /// Takes an element from the text; `layout` is what comes after it.
    fn element<'t>(&mut self, element: Element, layout: &[u8], text: &'t [u8]) -> Option<&'t [u8]> {
        match element {
            Element::Year | Element::LongYear => self.year(element, text),
            Element::LongMonth | Element::Month => {
                let (index, rest) = name(&MONTHS, element == Element::Month, text)?;
                self.month = Some(index + 1);
                Some(rest)
            }
            Element::LongWeekday | Element::Weekday => Some(name(&WEEKDAYS, element == Element::Weekday, text)?.1),
            Element::SpaceYearDay | Element::ZeroYearDay => self.day_of_year(element, text),
            Element::Second | Element::ZeroSecond => self.second(element, layout, text),
            Element::UpperHalf => self.half(text, [b"AM", b"PM"]),
            Element::LowerHalf => self.half(text, [b"am", b"pm"]),
            Element::Offset(how) => self.offset(how, text),
            Element::ZoneName => self.zone(text),
            Element::Fraction(how) => self.fraction(how, text),
            _ => self.number(element, text),
        }
    }

    fn year<'t>(&mut self, element: Element, text: &'t [u8]) -> Option<&'t [u8]> {
        if element == Element::LongYear {
            let (digits, rest) = text.split_at_checked(4)?;
            self.year = decimal(digits)?;
            return Some(rest);
        }
        let (digits, rest) = text.split_at_checked(2)?;
        let year = signed(digits)?;
        self.year = if year >= 69 { year + 1900 } else { year + 2000 };
        Some(rest)
    }

    /// Elements that are a number of at most two digits.
    fn number<'t>(&mut self, element: Element, text: &'t [u8]) -> Option<&'t [u8]> {
        let fixed =
            matches!(element, Element::ZeroMonth | Element::ZeroDay | Element::ZeroHour12 | Element::ZeroMinute);
        let text = if element == Element::SpaceDay { text.strip_prefix(b" ").unwrap_or(text) } else { text };
        let (number, rest) = two_digits(text, fixed)?;
        match element {
            Element::NumericMonth | Element::ZeroMonth => self.month = Some(within(number, 1..=12)?),
            Element::Hour => self.clock.hour = within(number, 0..=23)?,
            Element::Hour12 | Element::ZeroHour12 => self.clock.hour = within(number, 0..=12)?,
            Element::Minute | Element::ZeroMinute => self.clock.minute = within(number, 0..=59)?,
            _ => self.day = Some(number),
        }
        Some(rest)
    }

    fn day_of_year<'t>(&mut self, element: Element, text: &'t [u8]) -> Option<&'t [u8]> {
        let mut text = text;
        for _ in 0..2 {
            if element == Element::SpaceYearDay {
                text = text.strip_prefix(b" ").unwrap_or(text);
            }
        }
        let count = text.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 || (element == Element::ZeroYearDay && count != 3) {
            return None;
        }
        let (digits, rest) = text.split_at_checked(count)?;
        self.year_day = decimal(digits);
        Some(rest)
    }

    /// Parts of a second may follow even if the layout has none.
    fn second<'t>(&mut self, element: Element, layout: &[u8], text: &'t [u8]) -> Option<&'t [u8]> {
        let (number, rest) = two_digits(text, element == Element::ZeroSecond)?;
        self.clock.second = within(number, 0..=59)?;
        let follows = matches!(rest, [b'.' | b',', b'0'..=b'9', ..]);
        if !follows || matches!(layout::next(layout).element, Some(Element::Fraction(_))) {
            return Some(rest);
        }
        self.fraction(Fraction { digits: 0, separator: b'.', trimmed: true }, rest)
    }

    fn half<'t>(&mut self, text: &'t [u8], [before, after]: [&[u8]; 2]) -> Option<&'t [u8]> {
        let (half, rest) = text.split_at_checked(2)?;
        let [am, pm] = self.halves;
        self.halves = match half {
            half if half == before => [true, pm],
            half if half == after => [am, true],
            _ => return None,
        };
        Some(rest)
    }

    fn offset<'t>(&mut self, how: Offset, text: &'t [u8]) -> Option<&'t [u8]> {
        if let (true, [b'Z', rest @ ..]) = (how.z, text) {
            self.utc = true;
            return Some(rest);
        }
        let (sign, mut rest) = text.split_first()?;
        let mut numbers = [0; 3];
        let units = [Until::Hours, Until::Minutes, Until::Seconds];
        for (index, (number, _)) in
            numbers.iter_mut().zip(units).enumerate().filter(|(_, (_, unit))| *unit <= how.until)
        {
            if index > 0 && how.colon {
                rest = rest.strip_prefix(b":")?;
            }
            let (digits, after) = rest.split_at_checked(2)?;
            *number = decimal(digits)?;
            rest = after;
        }
        let [hours, minutes, seconds] = numbers;
        let seconds = (within(hours, 0..=24)? * 60 + within(minutes, 0..=60)?) * 60 + within(seconds, 0..=60)?;
        self.offset = Some(match sign {
            b'+' => seconds,
            b'-' => -seconds,
            _ => return None,
        });
        Some(rest)
    }

    fn zone<'t>(&mut self, text: &'t [u8]) -> Option<&'t [u8]> {
        if let Some(rest) = text.strip_prefix(b"UTC") {
            self.utc = true;
            return Some(rest);
        }
        let (name, rest) = text.split_at_checked(zone_length(text)?)?;
        self.zone = name.to_vec();
        Some(rest)
    }

    fn fraction<'t>(&mut self, how: Fraction, text: &'t [u8]) -> Option<&'t [u8]> {
        let digits = if how.trimmed {
            if !matches!(text, [b'.' | b',', b'0'..=b'9', ..]) {
                return Some(text);
            }
            text.iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count()
        } else {
            how.digits
        };
        let (taken, rest) = text.split_at_checked(1 + digits)?;
        let (separator, digits) = taken.split_first()?;
        if !matches!(separator, b'.' | b',') {
            return None;
        }
        let digits = digits.get(..9).unwrap_or(digits);
        // Go takes a sign here, and refuses a number that is less than nothing.
        let number = signed(digits).filter(|number| *number >= 0)?;
        self.nanosecond = number * 10_i64.pow(9_u32.saturating_sub(u32::try_from(digits.len()).ok()?));
        Some(rest)
    }

    fn finish(mut self) -> Option<Time> {
        self.clock.hour = match (self.halves, self.clock.hour) {
            ([_, true], hour) if hour < 12 => hour + 12,
            ([true, _], 12) => 0,
            (_, hour) => hour,
        };
        let (month, day) = match self.year_day {
            Some(year_day) => self.date_of(year_day)?,
            None => (self.month.unwrap_or(1), self.day.unwrap_or(1)),
        };
        if !(1..=days_in(month, self.year)).contains(&day) {
            return None;
        }
        let at = |zone| Time::of([self.year, month, day], &self.clock, self.nanosecond, zone);
        Some(match self.offset {
            _ if self.utc => at(Zone::Utc),
            // Go's mark for none, which is also a second west of UTC.
            Some(offset) if offset != -1 => self.at_offset(&at(Zone::Utc), offset),
            _ if self.zone.is_empty() => at(Zone::Local),
            _ => {
                let offset = self.zone.strip_prefix(b"GMT").and_then(signed).unwrap_or(0) * 3600;
                at(Zone::Utc).within(Zone::Fixed(Arc::new((self.zone.clone(), offset))))
            }
        })
    }

    fn at_offset(&self, utc: &Time, offset: i64) -> Time {
        let time = utc.later(-offset);
        let local = offset == 0 && self.zone.is_empty();
        time.within(if local { Zone::Local } else { Zone::Fixed(Arc::new((self.zone.clone(), offset))) })
    }

    /// The month and day of a day of the year, which must be what has been read of them.
    fn date_of(&self, year_day: i64) -> Option<(i64, i64)> {
        let leap = is_leap(self.year);
        let (month, day) = if leap && year_day == 60 {
            (2, 29)
        } else {
            let year_day = within(year_day - i64::from(leap && year_day > 60), 1..=365)?;
            let month = (1..=12).rev().find(|month| days_before(*month) < year_day)?;
            (month, year_day - days_before(month))
        };
        let fits = |read: Option<i64>, number| read.is_none_or(|read| read == number);
        (fits(self.month, month) && fits(self.day, day)).then_some((month, day))
    }
}

fn within(number: i64, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
    range.contains(&number).then_some(number)
}

/// Digits only, at least one.
fn decimal(digits: &[u8]) -> Option<i64> {
    std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}

/// Digits, which may have a sign before them; none at all are 0.
fn signed(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        _ => (false, text),
    };
    let number = if digits.is_empty() { 0 } else { decimal(digits)? };
    Some(if negative { -number } else { number })
}

fn two_digits(text: &[u8], fixed: bool) -> Option<(i64, &[u8])> {
    match text {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', rest @ ..] => {
            Some((i64::from(tens - b'0') * 10 + i64::from(ones - b'0'), rest))
        }
        [ones @ b'0'..=b'9', rest @ ..] if !fixed => Some((i64::from(ones - b'0'), rest)),
        _ => None,
    }
}

/// A name of the table, whatever its case, and its place there.
fn name<'t>(names: &[&str], short: bool, text: &'t [u8]) -> Option<(i64, &'t [u8])> {
    names.iter().zip(0..).find_map(|(name, index)| {
        let name = if short { name.get(..3)? } else { name };
        let (start, rest) = text.split_at_checked(name.len())?;
        start.eq_ignore_ascii_case(name.as_bytes()).then_some((index, rest))
    })
}

/// How long the abbreviation of a zone at the start is: three capitals, four or five of which the last is a T, an offset,
/// and what else there is.
fn zone_length(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(rest) = text.strip_prefix(b"GMT") {
        return Some(3 + signed_offset(rest));
    }
    if matches!(text, [b'+' | b'-', ..]) {
        return Some(signed_offset(text)).filter(|length| *length > 0);
    }
    match text.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count() {
        5 if text.get(4) == Some(&b'T') => Some(5),
        4 if text.get(3) == Some(&b'T') || text.starts_with(b"WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

/// How long a signed number of hours is; 0 if there is none.
fn signed_offset(text: &[u8]) -> usize {
    let [b'+' | b'-', rest @ ..] = text else { return 0 };
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let hours = rest.get(..count).and_then(decimal);
    if hours.is_some_and(|hours| hours <= 23) { 1 + count } else { 0 }
}
