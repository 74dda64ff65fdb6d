//! Sync windows: five-field cron expressions and descriptors as robfig/cron reads them, in UTC.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::problem::Problem;
use crate::api::external_secret::{SyncWindow, SyncWindows, WindowKind};
use crate::duration;

/// How far back a firing is looked for: a window that lasts longer is always open once it fired within it.
const LONGEST: Duration = Duration::from_hours(366 * 24);
const MINUTE: i64 = 60;

/// When a window opens.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Schedule {
    /// Bits of minute, hour, day of month, month, day of week.
    Fields(Box<Fields>),
    /// Each time that this has passed.
    Every(Duration),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Fields {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Day of month or day of week is `*`: both must match then; otherwise one is enough.
    any_day: bool,
}

/// Whether a periodic refresh may take place at `now`.
///
/// # Errors
/// A schedule or duration that cannot be read, by field.
pub fn is_open(windows: Option<&SyncWindows>, now: Timestamp) -> Result<bool, Problem> {
    let Some(windows) = windows else { return Ok(true) };
    let active = windows.windows.iter().enumerate().map(|(index, window)| is_active(index, window, now));
    let active = active.collect::<Result<Vec<_>, _>>()?;
    let any = active.contains(&true);
    Ok(match windows.kind {
        WindowKind::Allow => any,
        WindowKind::Deny => !any,
    })
}

/// Whether all windows can be read, before any of them is needed.
///
/// # Errors
/// As [`is_open`].
pub fn check(windows: Option<&SyncWindows>) -> Result<(), Problem> {
    let all = windows.into_iter().flat_map(|windows| &windows.windows).enumerate();
    all.into_iter().try_for_each(|(index, window)| read(index, window).map(|_| ()))
}

fn is_active(index: usize, window: &SyncWindow, now: Timestamp) -> Result<bool, Problem> {
    let (schedule, lasts) = read(index, window)?;
    Ok(match schedule {
        Schedule::Every(period) => period <= lasts,
        Schedule::Fields(fields) => fired_within(&fields, now, lasts.min(LONGEST)),
    })
}

fn read(index: usize, window: &SyncWindow) -> Result<(Schedule, Duration), Problem> {
    let field = |name: &str| format!("spec.syncWindows.windows[{index}].{name}");
    let lasts = duration::parse(&window.duration).map_err(|_| {
        Problem::new(field("duration"), format!("{:?} is no duration", window.duration), "write it like 8h or 30m")
    })?;
    let schedule = parse(&window.schedule).ok_or_else(|| {
        let cause = format!("{:?} is neither five cron fields nor a descriptor", window.schedule);
        Problem::new(field("schedule"), cause, "write it like \"0 22 * * 1-5\" or @daily")
    })?;
    Ok((schedule, lasts))
}

/// Whether there is a firing at most `lasts` before `now`.
fn fired_within(fields: &Fields, now: Timestamp, lasts: Duration) -> bool {
    let last_minute = now.as_second().div_euclid(MINUTE);
    let earliest = now.as_second() - i64::try_from(lasts.as_secs()).unwrap_or(i64::MAX / 2);
    let first_minute = earliest.div_euclid(MINUTE) + i64::from(earliest.rem_euclid(MINUTE) > 0);
    (first_minute..=last_minute).rev().any(|minute| {
        let at = Timestamp::from_second(minute * MINUTE);
        at.is_ok_and(|at| fields.fire_at(at.to_zoned(TimeZone::UTC).datetime()))
    })
}

impl Fields {
    fn fire_at(&self, at: DateTime) -> bool {
        let weekday = has(self.weekdays, at.weekday().to_sunday_zero_offset());
        let day = has(self.days, at.day());
        let on_day = if self.any_day { weekday && day } else { weekday || day };
        on_day && has(self.months, at.month()) && has(self.hours, at.hour()) && has(self.minutes, at.minute())
    }
}

fn has(bits: u64, value: i8) -> bool {
    u32::try_from(value).is_ok_and(|value| bits >> value & 1 == 1)
}

fn parse(text: &str) -> Option<Schedule> {
    if let Some(period) = text.strip_prefix("@every ") {
        return duration::parse(period).ok().map(Schedule::Every);
    }
    let fields = match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        other => other,
    };
    parse_fields(fields).map(|fields| Schedule::Fields(Box::new(fields)))
}

fn parse_fields(text: &str) -> Option<Fields> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [minutes, hours, days, months, weekdays] = *parts.as_slice() else { return None };
    let is_star = |part: &str| part.starts_with('*') || part.starts_with('?');
    Some(Fields {
        minutes: bits(minutes, 0, 59, &[])?,
        hours: bits(hours, 0, 23, &[])?,
        days: bits(days, 1, 31, &[])?,
        months: bits(months, 1, 12, &MONTHS)?,
        weekdays: bits(weekdays, 0, 6, &WEEKDAYS)?,
        any_day: is_star(days) || is_star(weekdays),
    })
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// A list of ranges, each with an optional step.
fn bits(list: &str, low: u32, high: u32, names: &[&str]) -> Option<u64> {
    list.split(',').try_fold(0, |all, part| Some(all | range(part, low, high, names)?))
}

fn range(part: &str, low: u32, high: u32, names: &[&str]) -> Option<u64> {
    let (span, step) = match part.split_once('/') {
        Some((span, step)) => (span, Some(step.parse::<usize>().ok().filter(|step| *step > 0)?)),
        None => (part, None),
    };
    let (first, last) = ends(span, step.is_some(), (low, high), names)?;
    let fits = low <= first && first <= last && last <= high;
    fits.then(|| (first..=last).step_by(step.unwrap_or(1)).fold(0, |bits, value| bits | 1 << value))
}

/// A star is everything, and a number with a step goes on to the end.
fn ends(span: &str, steps: bool, (low, high): (u32, u32), names: &[&str]) -> Option<(u32, u32)> {
    if matches!(span, "*" | "?") {
        return Some((low, high));
    }
    if let Some((first, last)) = span.split_once('-') {
        return Some((number(first, low, names)?, number(last, low, names)?));
    }
    let first = number(span, low, names)?;
    Some((first, if steps { high } else { first }))
}

fn number(text: &str, low: u32, names: &[&str]) -> Option<u32> {
    let Some(position) = names.iter().position(|name| name.eq_ignore_ascii_case(text)) else {
        return text.parse().ok();
    };
    u32::try_from(position).ok().map(|position| position + low)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(kind: WindowKind, schedule: &str, lasts: &str, now: &str) -> bool {
        let window = SyncWindow { schedule: schedule.to_owned(), duration: lasts.to_owned() };
        let windows = SyncWindows { kind, windows: vec![window] };
        is_open(Some(&windows), now.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_window_is_open_from_its_firing_to_its_end() {
        let allow = |now| open(WindowKind::Allow, "0 22 * * *", "2h", now);
        assert!(!allow("2026-11-23T21:59:59Z"));
        assert!(allow("2026-11-23T22:00:00Z"));
        assert!(allow("2026-11-23T23:59:59Z"));
        assert!(allow("2026-11-24T00:00:00Z"));
        assert!(!allow("2026-11-24T00:00:01Z"));
    }

    #[test]
    fn a_deny_window_is_the_opposite() {
        assert!(!open(WindowKind::Deny, "@daily", "1h", "2026-11-23T00:30:00Z"));
        assert!(open(WindowKind::Deny, "@daily", "1h", "2026-11-23T01:30:00Z"));
    }

    #[test]
    fn fields_are_read_as_lists_ranges_steps_and_names() {
        // 2026-11-23 is a Monday.
        for (schedule, fires) in [
            ("30 9 * * mon", true),
            ("30 9 * * 1-5", true),
            ("*/15 9 * * *", true),
            ("20,30 9 23 nov *", true),
            ("30 9 * * tue-fri", false),
            ("30 9 1 * MON", true),
            ("30 9 1 * *", false),
        ] {
            assert_eq!(open(WindowKind::Allow, schedule, "1m", "2026-11-23T09:30:30Z"), fires, "{schedule}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_field() {
        for (schedule, lasts, field) in [
            ("* * * *", "1h", "schedule"),
            ("60 * * * *", "1h", "schedule"),
            ("5-1 * * * *", "1h", "schedule"),
            ("*/0 * * * *", "1h", "schedule"),
            ("@often", "1h", "schedule"),
            ("@daily", "soon", "duration"),
        ] {
            let window = SyncWindow { schedule: schedule.to_owned(), duration: lasts.to_owned() };
            let windows = SyncWindows { kind: WindowKind::Allow, windows: vec![window] };
            let problem = is_open(Some(&windows), Timestamp::UNIX_EPOCH).unwrap_err();
            assert_eq!(problem.field, format!("spec.syncWindows.windows[0].{field}"), "{schedule}");
        }
    }

    #[test]
    fn without_windows_it_is_always_open() {
        assert!(is_open(None, Timestamp::UNIX_EPOCH).unwrap());
    }
}
