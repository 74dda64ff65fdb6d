//! Whether an ExternalSecret has work, and at what pace it is polled.

use std::time::Duration;

use jiff::Timestamp;

use super::problem::Problem;
use super::window;
use crate::api::external_secret::{ExternalSecretSpec, ExternalSecretStatus, RefreshPolicy};
use crate::duration;

/// What the controller knows of an object beside its spec.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Situation {
    /// `status.syncedResourceVersion` is what spec, labels and annotations give now.
    pub version_matches: bool,
    /// It was ever synced, by whomever.
    pub was_synced: bool,
    /// A remote secret is no longer what was last taken over.
    pub dirty: bool,
    /// The target is not known to be what was last written.
    pub doubtful: bool,
}

/// How an object is to be treated now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Read, decide, write.
    Sync,
    /// It is synced and asks for nothing more; only its target is to be looked at.
    CheckTarget,
    /// There is nothing to do.
    Rest,
}

/// The interval at which the object's remote secrets are polled; none when it is synced once per change of its spec.
///
/// # Errors
/// An interval that Go would not read.
pub fn interval(spec: &ExternalSecretSpec, default: Duration) -> Result<Option<Duration>, Problem> {
    let read = match spec.refresh_interval.as_deref() {
        None | Some("") => Ok(default),
        Some(text) => duration::parse(text).map_err(|_| {
            let cause = format!("{text:?} is no duration");
            Problem::new("spec.refreshInterval", cause, "write it like 10s, 15m or 1h; 0 reads once")
        }),
    }?;
    let periodic = spec.refresh_policy.unwrap_or_default() == RefreshPolicy::Periodic && !read.is_zero();
    Ok(periodic.then_some(read))
}

/// Decides whether there is work at `now`.
///
/// # Errors
/// A sync window that cannot be read.
pub fn work(spec: &ExternalSecretSpec, periodic: bool, situation: Situation, now: Timestamp) -> Result<Work, Problem> {
    let unchanged =
        situation.was_synced && (situation.version_matches || spec.refresh_policy == Some(RefreshPolicy::CreatedOnce));
    if !unchanged {
        return Ok(Work::Sync);
    }
    if !periodic {
        return Ok(if situation.doubtful { Work::CheckTarget } else { Work::Rest });
    }
    if situation.doubtful {
        return Ok(Work::Sync);
    }
    let open = window::is_open(spec.sync_windows.as_ref(), now)?;
    Ok(if situation.dirty && open { Work::Sync } else { Work::Rest })
}

/// Whether a status says that the object was synced at least once.
pub fn was_synced(status: Option<&ExternalSecretStatus>) -> bool {
    status.is_some_and(|status| {
        status.refresh_time.is_some() && status.synced_resource_version.as_ref().is_some_and(|v| !v.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SYNCED: Situation = Situation { version_matches: true, was_synced: true, dirty: false, doubtful: false };

    fn spec(value: serde_json::Value) -> ExternalSecretSpec {
        serde_json::from_value(value).unwrap()
    }

    fn pace(value: serde_json::Value) -> Option<Duration> {
        interval(&spec(value), Duration::from_secs(10)).unwrap()
    }

    fn judged(policy: &str, situation: Situation) -> Work {
        let spec = spec(json!({"refreshPolicy": policy}));
        work(&spec, policy == "Periodic", situation, Timestamp::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn without_an_interval_the_default_counts_and_zero_is_once() {
        assert_eq!(pace(json!({})), Some(Duration::from_secs(10)));
        assert_eq!(pace(json!({"refreshInterval": "1h0m0s"})), Some(Duration::from_hours(1)));
        for once in [json!({"refreshInterval": "0"}), json!({"refreshInterval": "0s"})] {
            assert_eq!(pace(once), None);
        }
        assert_eq!(pace(json!({"refreshPolicy": "CreatedOnce", "refreshInterval": "1h"})), None);
        assert_eq!(pace(json!({"refreshPolicy": "OnChange"})), None);
    }

    #[test]
    fn an_interval_that_is_no_duration_is_named() {
        let bad = spec(json!({"refreshInterval": "often"}));
        assert_eq!(interval(&bad, Duration::ZERO).unwrap_err().field, "spec.refreshInterval");
    }

    #[test]
    fn a_changed_spec_is_work_for_all_but_created_once() {
        let changed = Situation { version_matches: false, ..SYNCED };
        assert_eq!(judged("Periodic", changed), Work::Sync);
        assert_eq!(judged("OnChange", changed), Work::Sync);
        assert_eq!(judged("CreatedOnce", changed), Work::Rest);
        assert_eq!(judged("CreatedOnce", Situation::default()), Work::Sync);
    }

    #[test]
    fn nothing_changed_is_no_work() {
        for policy in ["Periodic", "OnChange", "CreatedOnce"] {
            assert_eq!(judged(policy, SYNCED), Work::Rest, "{policy}");
        }
    }

    #[test]
    fn a_doubtful_target_is_read_anew_or_looked_at() {
        let doubtful = Situation { doubtful: true, ..SYNCED };
        assert_eq!(judged("Periodic", doubtful), Work::Sync);
        assert_eq!(judged("CreatedOnce", doubtful), Work::CheckTarget);
    }

    #[test]
    fn a_closed_window_holds_back_a_changed_value_but_not_a_changed_spec() {
        let closed = spec(json!({"syncWindows": {"kind": "allow", "windows": [
            {"schedule": "0 12 * * *", "duration": "1m"},
        ]}}));
        let judge = |situation| work(&closed, true, situation, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(judge(Situation { dirty: true, ..SYNCED }), Work::Rest);
        assert_eq!(judge(Situation { dirty: true, version_matches: false, ..SYNCED }), Work::Sync);
        let open = spec(json!({}));
        let dirty = Situation { dirty: true, ..SYNCED };
        assert_eq!(work(&open, true, dirty, Timestamp::UNIX_EPOCH).unwrap(), Work::Sync);
    }
}
