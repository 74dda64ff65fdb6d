//! The two times of a certificate.

use super::Parsed;
use crate::der::{GENERALIZED_TIME, Reader, SEQUENCE, UTC_TIME};

/// Checks that both times are written as they must be.
pub(super) fn validity(reader: &mut Reader<'_>) -> Parsed<()> {
    let mut times = reader.within(SEQUENCE).ok_or("x509: malformed validity")?;
    time(&mut times)?;
    time(&mut times)
}

fn time(times: &mut Reader<'_>) -> Parsed<()> {
    let element = times.any().ok_or("x509: unsupported time format")?;
    match element.tag {
        UTC_TIME => is_time(element.value, 2, true).then_some(()).ok_or("x509: malformed UTCTime"),
        GENERALIZED_TIME => is_time(element.value, 4, false).then_some(()).ok_or("x509: malformed GeneralizedTime"),
        _ => Err("x509: unsupported time format"),
    }
}

/// Digits of the year, month, day, hour and minute, then seconds, which may be missing where `is_short` allows it, then
/// `Z` or the difference to it.
fn is_time(text: &[u8], year_digits: usize, is_short: bool) -> bool {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let expected = year_digits + 10;
    let (Some(clock), Some(zone)) = (text.get(..digits), text.get(digits..)) else { return false };
    let parts: Vec<u32> = clock.get(year_digits..).unwrap_or_default().chunks(2).map(number).collect();
    let year = number(clock.get(..year_digits).unwrap_or_default());
    let year = if year_digits == 2 { year + if year < 69 { 2000 } else { 1900 } } else { year };
    let fits = digits == expected || is_short && digits + 2 == expected;
    fits && is_clock(year, &parts) && is_zone(zone)
}

fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
}

fn is_clock(year: u32, parts: &[u32]) -> bool {
    let [month, day, hour, minute, seconds @ ..] = parts else { return false };
    let days = days_of(year, *month);
    (1..=days).contains(day) && *hour < 24 && *minute < 60 && seconds.iter().all(|second| *second < 60)
}

/// No days in a month that there is not.
fn days_of(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => 0,
    }
}

fn is_zone(zone: &[u8]) -> bool {
    let [b'+' | b'-', digits @ ..] = zone else { return zone == b"Z" };
    let is_number = digits.len() == 4 && digits.iter().all(u8::is_ascii_digit);
    let (hours, minutes) = digits.split_at(digits.len().min(2));
    is_number && digits != b"0000" && number(hours) <= 24 && number(minutes) < 60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_one_that_the_calendar_has() {
        for (text, fits) in [
            (&b"260102030405Z"[..], true),
            (b"2601020304Z", true),
            (b"260102030405+0100", true),
            (b"260102030405+0000", false),
            (b"260102030405", false),
            (b"261302030405Z", false),
            (b"260230030405Z", false),
            (b"240229030405Z", true),
            (b"250229030405Z", false),
            (b"260102240405Z", false),
            (b"260102030460Z", false),
            (b"26010203040Z", false),
            (b"", false),
        ] {
            assert_eq!(is_time(text, 2, true), fits, "{}", String::from_utf8_lossy(text));
        }
        assert!(is_time(b"20500102030405Z", 4, false));
        assert!(!is_time(b"205001020304Z", 4, false));
    }
}
