//! Time zones: of times, and by name from the database that is built in. Nothing of the system is read, as in an image
//! that has nothing: `Local` is UTC.

use super::calendar::DAY;
use crate::arguments::Outcome;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use keyferry_gotemplate::{Call, Object, Signature, Value};
use std::any::Any;
use std::sync::Arc;

/// The zone of a time that templates can hold.
#[derive(Debug, Clone)]
pub(super) enum Zone {
    Utc,
    Local,
    /// As it was read, with its name and its seconds east of UTC. Two of them are the same one only if Go would have
    /// but one.
    Fixed(Arc<(Vec<u8>, i64)>),
}

impl Zone {
    /// Its seconds east of UTC.
    pub(super) fn offset(&self) -> i64 {
        match self {
            Self::Fixed(fixed) => fixed.1,
            _ => 0,
        }
    }

    /// Its abbreviation, which may be empty.
    pub(super) fn name(&self) -> &[u8] {
        match self {
            Self::Fixed(fixed) => &fixed.0,
            _ => b"UTC",
        }
    }

    /// Go keeps the zones of whole hours that have no name.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Utc, Self::Utc) | (Self::Local, Self::Local) => true,
            (Self::Fixed(one), Self::Fixed(two)) => {
                let kept = one.0.is_empty() && one.1 % 3600 == 0 && (-12..=14).contains(&(one.1 / 3600));
                Arc::ptr_eq(one, two) || (kept && one == two)
            }
            _ => false,
        }
    }
}

/// What holds in a zone at one time: its seconds east of UTC and its abbreviation.
pub(super) struct Local {
    pub(super) offset: i64,
    pub(super) name: Vec<u8>,
}

/// A zone by its name, or UTC if there is none such, at seconds since 1970. Names are those of the database, to the letter.
pub(super) fn named(name: &[u8], second: i64) -> Local {
    match std::str::from_utf8(name).ok().and_then(find) {
        Some(zone) => {
            let instant = Timestamp::from_second(within(second)).unwrap_or(Timestamp::UNIX_EPOCH);
            let info = zone.to_offset_info(instant);
            Local { offset: info.offset().seconds().into(), name: info.abbreviation().as_bytes().to_vec() }
        }
        None => Local { offset: 0, name: b"UTC".to_vec() },
    }
}

fn find(name: &str) -> Option<TimeZone> {
    let database = jiff::tz::TimeZoneDatabase::bundled();
    let zone = database.get(name).ok()?;
    (zone.iana_name() == Some(name)).then_some(zone)
}

/// Seconds of 400 years, after which all rules repeat.
const CYCLE: i64 = 146_097 * DAY;

/// The first second of the year 2400. All later years repeat those before.
const FUTURE: i64 = 13_569_465_600;

/// The first second of the year 1. Zones have had no rules before.
const PAST: i64 = -62_135_596_800;

/// A second that has the same rules, and which the database can tell of.
fn within(second: i64) -> i64 {
    if second < FUTURE { second.max(PAST) } else { (second - FUTURE) % CYCLE + FUTURE }
}

/// A `*time.Location`.
pub(super) struct Location(pub(super) Zone);

impl Location {
    fn name(&self) -> Vec<u8> {
        match &self.0 {
            Zone::Fixed(fixed) => fixed.0.clone(),
            _ => b"UTC".to_vec(),
        }
    }
}

impl Object for Location {
    fn type_name(&self) -> &'static str {
        "*time.Location"
    }

    fn method(&self, name: &str) -> Option<Signature> {
        (name == "String").then_some(Signature { parameters: &[], variadic: false })
    }

    fn call(&self, call: &mut Call<'_>, _: &str, _: &[Value]) -> Outcome {
        call.text(self.name())
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(self.name())
    }

    fn equals(&self, other: &dyn Object) -> Option<bool> {
        let other = other.as_any().downcast_ref::<Self>();
        Some(other.is_some_and(|other| self.0.is_same(&other.0)))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
