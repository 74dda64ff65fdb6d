//! The Gregorian calendar, before and after its time, for all years that an `i64` of seconds reaches.

/// A day of the calendar, and its place in week and year.
#[derive(Debug, Clone, Copy)]
pub(super) struct Date {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: i64,
    /// From 1.
    pub(super) day: i64,
    /// From 1.
    pub(super) year_day: i64,
    /// Sunday is 0.
    pub(super) weekday: i64,
}

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// Days of 400 years, after which all repeats.
const CYCLE: i64 = 146_097;

/// Days from the first of March of the year 0 to the first of January of the year 1.
const MARCH: i64 = 306;

/// The years that lie before Go's year 0 of absolute time, a multiple of 400.
const ABSOLUTE_YEARS: i64 = 292_277_022_400;

/// Days from Go's start of absolute time to the first of January of the year 1.
const ABSOLUTE_DAYS: i64 = ABSOLUTE_YEARS / 400 * CYCLE + MARCH;

/// The day of an instant, in seconds since the start of the year 1, and the seconds that have passed of it. Beyond Go's
/// range of absolute time it wraps around, as there.
pub(super) fn split(second: i64) -> (i64, i64) {
    let absolute = second.wrapping_add(ABSOLUTE_DAYS.wrapping_mul(DAY)).cast_unsigned();
    let day = i64::try_from(absolute / DAY.cast_unsigned()).unwrap_or(0);
    (day - ABSOLUTE_DAYS, i64::try_from(absolute % DAY.cast_unsigned()).unwrap_or(0))
}

/// The date of a day, counted from the first of January of the year 1.
pub(super) fn date(day: i64) -> Date {
    let since_march = day + MARCH;
    let (cycle, in_cycle) = (since_march.div_euclid(CYCLE), since_march.rem_euclid(CYCLE));
    let year_of_cycle = (in_cycle - in_cycle / 1460 + in_cycle / 36_524 - in_cycle / 146_096) / 365;
    let in_year = in_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let shifted = (5 * in_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = cycle * 400 + year_of_cycle + i64::from(month <= 2);
    let day_of_month = in_year - (153 * shifted + 2) / 5 + 1;
    Date { year, month, day: day_of_month, year_day: day - day_of(year, 1, 1) + 1, weekday: (day + 1).rem_euclid(7) }
}

/// The day, counted from the first of January of the year 1. The day of the month may be any; beyond Go's range of absolute
/// time it wraps around, as there.
pub(super) fn day_of(year: i64, month: i64, day: i64) -> i64 {
    let early = i64::from(month <= 2);
    let year = year.wrapping_sub(early).wrapping_add(ABSOLUTE_YEARS).cast_unsigned();
    let of_centuries = (year / 100).wrapping_mul(CYCLE.cast_unsigned()) / 4;
    let of_years = i64::try_from(year % 100 * 1461 / 4).unwrap_or(0);
    let in_year = (153 * (month - 3 + 12 * early) + 2) / 5;
    let rest = (of_years + in_year).wrapping_add(day).wrapping_sub(1 + ABSOLUTE_DAYS);
    of_centuries.cast_signed().wrapping_add(rest)
}

pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// How many days the months before this one have in a common year; the 13th is the next year's first.
pub(super) fn days_before(month: i64) -> i64 {
    if month > 12 { 365 } else { day_of(1, month, 1) }
}

pub(super) fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
