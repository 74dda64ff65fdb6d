//! Points in time.

use super::calendar::{self, DAY, Date};
use super::duration::{Duration, SECOND};
use super::zone::Zone;
use std::cmp::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

/// Go's name of the type.
pub(super) const NAME: &str = "time.Time";

/// A `time.Time`, without the monotonic clock that Go's `now` carries along.
#[derive(Debug, Clone)]
pub(crate) struct Time {
    /// Seconds since the start of the year 1. Beyond an `i64` they wrap around, as in Go.
    pub(super) second: i64,
    pub(super) nanosecond: i64,
    pub(super) zone: Zone,
}

/// From the start of the year 1 to that of 1970, in seconds.
const EPOCH: i64 = 719_162 * DAY;

/// Hours, minutes and seconds of a day.
pub(super) struct Clock {
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
}

impl Time {
    /// The start of the year 1: what a time is before anything is put into it.
    pub(super) const ZERO: Self = Self { second: 0, nanosecond: 0, zone: Zone::Utc };

    /// Seconds since 1970, in the zone `Local`.
    pub(crate) fn unix(second: i64) -> Self {
        Self { second: second.wrapping_add(EPOCH), nanosecond: 0, zone: Zone::Local }
    }

    /// In the zone `Local`.
    pub(super) fn from_system(time: SystemTime) -> Self {
        let seconds = |duration: std::time::Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self { nanosecond: after.subsec_nanos().into(), ..Self::unix(seconds(after)) },
            Err(before) => {
                let before = before.duration();
                Self::unix(-seconds(before)).add(Duration(-i64::from(before.subsec_nanos())))
            }
        }
    }

    /// As Go's `time.Date`: what is beyond its range is carried over. Hours, minutes, seconds and nanoseconds are in range.
    pub(super) fn of([year, month, day]: [i64; 3], clock: &Clock, nanosecond: i64, zone: Zone) -> Self {
        let months = month.wrapping_sub(1);
        let (years, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
        let days = calendar::day_of(year.wrapping_add(years), month, day);
        let of_day = clock.hour * 3600 + clock.minute * 60 + clock.second;
        let local = days.wrapping_mul(DAY).wrapping_add(of_day);
        Self { second: local.wrapping_sub(zone.offset()), nanosecond, zone }
    }

    pub(super) fn unix_seconds(&self) -> i64 {
        self.second.wrapping_sub(EPOCH)
    }

    /// Since 1970, in units of which a second has `per_second`.
    pub(super) fn unix_in(&self, per_second: i64) -> i64 {
        self.unix_seconds().wrapping_mul(per_second).wrapping_add(self.nanosecond / (SECOND / per_second))
    }

    fn split(&self) -> (i64, i64) {
        calendar::split(self.second.wrapping_add(self.zone.offset()))
    }

    pub(super) fn date(&self) -> Date {
        calendar::date(self.split().0)
    }

    pub(super) fn clock(&self) -> Clock {
        clock(self.split().1)
    }

    #[must_use]
    pub(super) fn within(&self, zone: Zone) -> Self {
        Self { zone, ..self.clone() }
    }

    pub(super) fn is_zero(&self) -> bool {
        self.second == 0 && self.nanosecond == 0
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        (self.second, self.nanosecond).cmp(&(other.second, other.nanosecond))
    }

    /// Beyond the range of seconds it stays at the range's end.
    #[must_use]
    pub(super) fn add(&self, duration: Duration) -> Self {
        let nanosecond = self.nanosecond + duration.0 % SECOND;
        let seconds = duration.0 / SECOND + nanosecond.div_euclid(SECOND);
        Self { nanosecond: nanosecond.rem_euclid(SECOND), ..self.later(seconds) }
    }

    #[must_use]
    pub(super) fn later(&self, seconds: i64) -> Self {
        let second = self.second.saturating_add(seconds).max(-i64::MAX);
        Self { second: if seconds == 0 { self.second } else { second }, ..self.clone() }
    }

    /// What does not fit into a duration is the shortest or the longest one.
    pub(super) fn since(&self, other: &Self) -> Duration {
        let seconds = self.second.wrapping_sub(other.second);
        let duration = Duration(seconds.wrapping_mul(SECOND).wrapping_add(self.nanosecond - other.nanosecond));
        match self.compare(other) {
            _ if other.add(duration).compare(self).is_eq() => duration,
            Ordering::Less => Duration(i64::MIN),
            _ => Duration(i64::MAX),
        }
    }

    /// By the calendar.
    #[must_use]
    pub(super) fn add_date(&self, years: i64, months: i64, days: i64) -> Self {
        let date = self.date();
        let date = [date.year.wrapping_add(years), date.month.wrapping_add(months), date.day.wrapping_add(days)];
        Self::of(date, &self.clock(), self.nanosecond, self.zone.clone())
    }

    /// What is left over of the last whole `unit` since the start of the year 1.
    fn rest(&self, unit: i64) -> i64 {
        let since = i128::from(self.second) * i128::from(SECOND) + i128::from(self.nanosecond);
        i64::try_from(since.rem_euclid(i128::from(unit))).unwrap_or(0)
    }

    #[must_use]
    pub(super) fn truncate(&self, unit: i64) -> Self {
        if unit <= 0 { self.clone() } else { self.add(Duration(-self.rest(unit))) }
    }

    #[must_use]
    pub(super) fn round(&self, unit: i64) -> Self {
        if unit <= 0 {
            return self.clone();
        }
        let rest = self.rest(unit);
        self.add(Duration(if rest.unsigned_abs() * 2 < unit.unsigned_abs() { -rest } else { unit - rest }))
    }
}

pub(super) fn clock(of_day: i64) -> Clock {
    Clock { hour: of_day / 3600, minute: of_day / 60 % 60, second: of_day % 60 }
}
