//! Times to text.

use super::calendar::{self, Date};
use super::layout::{self, Element, Fraction, Offset, Until};
use super::names::{month, weekday};
use super::time::{Clock, Time, clock};
use super::zone::{Local, Zone};
use keyferry_gotemplate::{Meter, Stop};
use std::io::Write as _;

/// The layout of a time's own text.
const TEXT: &[u8] = b"2006-01-02 15:04:05.999999999 -0700 MST";

/// That of JSON.
const RFC3339: &[u8] = b"2006-01-02T15:04:05.999999999Z07:00";

/// A time as it is shown.
struct Shown {
    date: Date,
    clock: Clock,
    nanosecond: i64,
    local: Local,
}

impl Time {
    /// Go's `Format`, in the time's own zone.
    pub(super) fn format(&self, layout: &[u8], meter: &Meter<'_>) -> Result<Vec<u8>, Stop> {
        self.format_in(layout, self.local(), meter)
    }

    /// As [`Time::format`], with what holds in another zone.
    pub(super) fn format_in(&self, layout: &[u8], local: Local, meter: &Meter<'_>) -> Result<Vec<u8>, Stop> {
        meter.step(layout.len())?;
        write(&self.shown(local), layout, |bytes| meter.allocate(bytes))
    }

    fn local(&self) -> Local {
        Local { offset: self.zone.offset(), name: self.zone.name().to_vec() }
    }

    fn shown(&self, local: Local) -> Shown {
        let (day, of_day) = calendar::split(self.second.wrapping_add(local.offset));
        Shown { date: calendar::date(day), clock: clock(of_day), nanosecond: self.nanosecond, local }
    }

    fn fixed(&self, layout: &[u8]) -> Vec<u8> {
        write(&self.shown(self.local()), layout, |_| Ok::<(), Stop>(())).unwrap_or_default()
    }

    /// Go's `String`.
    pub(super) fn text(&self) -> Vec<u8> {
        self.fixed(TEXT)
    }

    /// What JSON has between the quotes; an error where the year has not four digits or the zone is a day or more away.
    pub(crate) fn rfc3339(&self) -> Result<Vec<u8>, &'static str> {
        if !(0..=9999).contains(&self.date().year) {
            return Err("year outside of range [0,9999]");
        }
        if self.zone.offset().abs() / 3600 >= 24 {
            return Err("timezone hour outside of range [0,23]");
        }
        Ok(self.fixed(RFC3339))
    }

    /// Go's `GoString`.
    pub(super) fn go_text(&self) -> Vec<u8> {
        let (date, clock) = (self.date(), self.clock());
        let start = format!("time.Date({}, time.{}, {}, ", date.year, month(date.month), date.day);
        let middle = format!("{}, {}, {}, {}, ", clock.hour, clock.minute, clock.second, self.nanosecond);
        let mut out = [start, middle].concat().into_bytes();
        match &self.zone {
            Zone::Utc => out.extend_from_slice(b"time.UTC)"),
            Zone::Local => out.extend_from_slice(b"time.Local)"),
            Zone::Fixed(fixed) => {
                out.extend_from_slice(b"time.Location(\"");
                out.extend_from_slice(&fixed.0);
                out.extend_from_slice(b"\"))");
            }
        }
        out
    }
}

fn write<E>(shown: &Shown, layout: &[u8], mut charge: impl FnMut(usize) -> Result<(), E>) -> Result<Vec<u8>, E> {
    let (mut out, mut rest) = (Vec::new(), layout);
    loop {
        let piece = layout::next(rest);
        charge(piece.before.len() + 12)?;
        out.extend_from_slice(piece.before);
        let Some(element) = piece.element else { return Ok(out) };
        if let Element::ZoneName = element {
            charge(shown.local.name.len())?;
        }
        shown.element(element, &mut out);
        rest = piece.after;
    }
}

impl Shown {
    fn element(&self, element: Element, out: &mut Vec<u8>) {
        match element {
            Element::LongMonth => out.extend_from_slice(month(self.date.month).as_bytes()),
            Element::Month => short(month(self.date.month), out),
            Element::LongWeekday => out.extend_from_slice(weekday(self.date.weekday).as_bytes()),
            Element::Weekday => short(weekday(self.date.weekday), out),
            Element::UpperHalf => out.extend_from_slice(if self.clock.hour >= 12 { b"PM" } else { b"AM" }),
            Element::LowerHalf => out.extend_from_slice(if self.clock.hour >= 12 { b"pm" } else { b"am" }),
            Element::SpaceDay => spaced(self.date.day, 2, out),
            Element::SpaceYearDay => spaced(self.date.year_day, 3, out),
            Element::ZoneName => self.zone(out),
            Element::Offset(how) => offset(self.local.offset, how, out),
            Element::Fraction(how) => fraction(self.nanosecond, how, out),
            _ => {
                let (number, width) = self.number(element);
                padded(number, width, out);
            }
        }
    }

    fn number(&self, element: Element) -> (i64, usize) {
        let (date, clock) = (&self.date, &self.clock);
        let hour12 = (clock.hour + 11) % 12 + 1;
        match element {
            Element::NumericMonth => (date.month, 0),
            Element::ZeroMonth => (date.month, 2),
            Element::Day => (date.day, 0),
            Element::ZeroDay => (date.day, 2),
            Element::ZeroYearDay => (date.year_day, 3),
            Element::Hour => (clock.hour, 2),
            Element::Hour12 => (hour12, 0),
            Element::ZeroHour12 => (hour12, 2),
            Element::Minute => (clock.minute, 0),
            Element::ZeroMinute => (clock.minute, 2),
            Element::Second => (clock.second, 0),
            Element::ZeroSecond => (clock.second, 2),
            Element::Year => (date.year.abs() % 100, 2),
            _ => (date.year, 4),
        }
    }

    /// The abbreviation, or the offset of a zone that has none.
    fn zone(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.local.name);
        if self.local.name.is_empty() {
            let how = Offset { z: false, colon: false, until: Until::Minutes };
            offset(self.local.offset, how, out);
        }
    }
}

fn short(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(name.get(..3).unwrap_or(name).as_bytes());
}

fn padded(number: i64, width: usize, out: &mut Vec<u8>) {
    let sign = if number < 0 { "-" } else { "" };
    let _ = write!(out, "{sign}{:0width$}", number.unsigned_abs());
}

fn spaced(number: i64, width: usize, out: &mut Vec<u8>) {
    let _ = write!(out, "{number:width$}");
}

fn offset(seconds: i64, how: Offset, out: &mut Vec<u8>) {
    if how.z && seconds == 0 {
        return out.push(b'Z');
    }
    // Less than a minute west of UTC has Go's plus.
    let minutes = seconds / 60;
    out.push(if minutes < 0 { b'-' } else { b'+' });
    padded(minutes.abs() / 60, 2, out);
    let rest = if minutes < 0 { -seconds } else { seconds } % 60;
    for (unit, part) in [(Until::Minutes, minutes.abs() % 60), (Until::Seconds, rest)] {
        if how.until >= unit {
            out.extend_from_slice(if how.colon { b":" } else { b"" });
            padded(part, 2, out);
        }
    }
}

fn fraction(nanosecond: i64, how: Fraction, out: &mut Vec<u8>) {
    if how.trimmed && (how.digits == 0 || nanosecond == 0) {
        return;
    }
    let digits = format!("{nanosecond:09}");
    let digits = digits.get(..how.digits).unwrap_or(&digits);
    let digits = if how.trimmed { digits.trim_end_matches('0') } else { digits };
    if !(how.trimmed && digits.is_empty()) {
        out.push(how.separator);
        out.extend_from_slice(digits.as_bytes());
    }
}
