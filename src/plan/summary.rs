//! What a sync came to, in the words of the status and of the event.
//!
//! Reasons and first words are ESO's, since dashboards, health checks and alerts match on them; the cause follows.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::problem::Problem;
use super::target::Refusal;
use crate::api::external_secret::{Binding, Condition, ExternalSecretStatus};

/// The longest message that a condition or an event carries, in bytes.
const LONGEST_MESSAGE: usize = 1024;

/// How a sync ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The target is what it should be.
    Synced {
        /// What was done to it, if anything.
        change: Option<Change>,
    },
    /// The provider has nothing and the policy keeps the target.
    Retained,
    /// The provider has nothing and the policy deleted the target.
    Deleted {
        /// Whether it was this sync that did.
        now: bool,
    },
    /// There is no target, and the policy creates none.
    Missing,
    /// Nothing was written, or not all.
    Failed(Failure),
}

/// What was done to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was made.
    Created,
    /// It was brought up to date.
    Updated,
}

/// The step that failed, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {cause}", stage.words())]
pub struct Failure {
    /// Where the sync ended.
    pub stage: Stage,
    /// Field, cause and cure.
    pub cause: String,
}

/// The steps of a sync that can fail, each with ESO's words for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The spec makes no sense.
    Spec,
    /// A provider, or the store.
    Fetch,
    /// The template could not be rendered, and will not be until one of its inputs is another.
    Template,
    /// The target could not be read or written.
    Write,
    /// The target could not be deleted.
    Delete,
    /// The target is sealed.
    Immutable,
    /// The target is controlled by something else.
    Ownership,
    /// The target is another ExternalSecret's.
    OwnedByAnother,
}

impl Stage {
    /// ESO's message for the step.
    pub fn words(self) -> &'static str {
        match self {
            Self::Spec => "invalid ExternalSecret",
            Self::Fetch => "could not get secret data from provider",
            Self::Template | Self::Write => "could not update secret",
            Self::Delete => "could not delete secret",
            Self::Immutable => "could not update secret, target is immutable",
            Self::Ownership => "failed to take ownership of target secret",
            Self::OwnedByAnother => "target is owned by another ExternalSecret",
        }
    }
}

impl Failure {
    /// A failure of `stage`; `cause` is stable text that holds no value.
    pub fn new(stage: Stage, cause: &impl std::fmt::Display) -> Self {
        Self { stage, cause: cause.to_string() }
    }

    /// A fault of the spec or of what it names.
    pub fn spec(problem: &Problem) -> Self {
        Self::new(Stage::Spec, problem)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let stage = match refusal {
            Refusal::OwnedByAnother(_) => Stage::OwnedByAnother,
            Refusal::Ownership(_) => Stage::Ownership,
            Refusal::Immutable(_) => Stage::Immutable,
            Refusal::Content(_) => Stage::Write,
        };
        Self::new(stage, &refusal)
    }
}

/// Something to tell the user beside the status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// A warning, or news.
    pub warning: bool,
    /// ESO's reason.
    pub reason: &'static str,
    /// What happened.
    pub note: String,
}

impl Outcome {
    /// Whether the object is `Ready`.
    pub fn is_ready(&self) -> bool {
        !matches!(self, Self::Failed(_))
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Synced { .. } | Self::Retained => "SecretSynced",
            Self::Deleted { .. } => "SecretDeleted",
            Self::Missing => "SecretMissing",
            Self::Failed(_) => "SecretSyncedError",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Synced { .. } => "secret synced".to_owned(),
            Self::Retained => "secret retained due to DeletionPolicy=Retain".to_owned(),
            Self::Deleted { .. } => "secret deleted due to DeletionPolicy=Delete".to_owned(),
            Self::Missing => "secret will not be created due to CreationPolicy=Merge".to_owned(),
            Self::Failed(failure) => cut(failure.to_string()),
        }
    }
}

/// The status to write, if it says anything new, and the event to send with it.
///
/// The times of conditions and of the last refresh are no news by themselves; with `beat` the latter is written
/// nevertheless. A failure never touches what was last synced.
pub fn report(
    outcome: &Outcome,
    last: Option<&ExternalSecretStatus>,
    version: &str,
    target: &str,
    now: Timestamp,
    beat: bool,
) -> (Option<ExternalSecretStatus>, Option<Event>) {
    let empty = ExternalSecretStatus::default();
    let last = last.unwrap_or(&empty);
    let condition = condition(outcome, last, now);
    let news = !last.conditions.iter().any(|old| says_the_same(old, &condition));
    let event = event(outcome, news);
    let mut next = last.clone();
    next.conditions.retain(|old| old.type_ != condition.type_);
    next.conditions.push(condition);
    if outcome.is_ready() {
        next.synced_resource_version = Some(version.to_owned());
        if matches!(outcome, Outcome::Synced { .. }) {
            next.binding = Some(Binding { name: target.to_owned() });
        }
    }
    let changed = news
        || matches!(outcome, Outcome::Synced { change: Some(_) } | Outcome::Deleted { now: true })
        || next.synced_resource_version != last.synced_resource_version
        || next.binding != last.binding;
    let aged = outcome.is_ready() && beat;
    if outcome.is_ready() && (changed || aged) {
        next.refresh_time = Some(Time(whole_seconds(now)));
    }
    ((changed || aged).then_some(next), event)
}

fn condition(outcome: &Outcome, last: &ExternalSecretStatus, now: Timestamp) -> Condition {
    let status = if outcome.is_ready() { "True" } else { "False" };
    let before = last.conditions.iter().find(|old| old.type_ == "Ready" && old.status == status);
    let kept = before.and_then(|old| old.last_transition_time.clone());
    Condition {
        type_: "Ready".to_owned(),
        status: status.to_owned(),
        reason: Some(outcome.reason().to_owned()),
        message: Some(outcome.message()),
        last_transition_time: Some(kept.unwrap_or_else(|| Time(whole_seconds(now)))),
    }
}

fn says_the_same(old: &Condition, new: &Condition) -> bool {
    (&old.type_, &old.status, &old.reason, &old.message) == (&new.type_, &new.status, &new.reason, &new.message)
}

/// An event tells of a write or of a new failure, never of the same failure again.
fn event(outcome: &Outcome, news: bool) -> Option<Event> {
    let told = |reason, note: &str| Some(Event { warning: false, reason, note: note.to_owned() });
    match outcome {
        Outcome::Synced { change: Some(Change::Created) } => told("Created", "secret created"),
        Outcome::Synced { change: Some(Change::Updated) } => told("Updated", "secret updated"),
        Outcome::Deleted { now: true } => told("Deleted", "secret deleted due to DeletionPolicy=Delete"),
        Outcome::Failed(failure) if news => {
            Some(Event { warning: true, reason: "UpdateFailed", note: cut(failure.to_string()) })
        }
        _ => None,
    }
}

/// Times in a status have whole seconds.
pub fn whole_seconds(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// Cuts a message at a character.
pub fn cut(mut message: String) -> String {
    if message.len() > LONGEST_MESSAGE {
        let end = (0..=LONGEST_MESSAGE - 3).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
        message.truncate(end);
        message.push('…');
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-23T10:00:00.5Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn synced(change: Option<Change>) -> Outcome {
        Outcome::Synced { change }
    }

    fn failed(cause: &str) -> Outcome {
        Outcome::Failed(Failure::new(Stage::Fetch, &cause))
    }

    fn told(
        outcome: &Outcome,
        last: Option<&ExternalSecretStatus>,
        now: &str,
    ) -> (Option<ExternalSecretStatus>, Option<Event>) {
        report(outcome, last, "1-x", "target", at(now), false)
    }

    fn after(outcome: &Outcome) -> ExternalSecretStatus {
        told(outcome, None, NOW).0.unwrap()
    }

    #[test]
    fn a_first_sync_is_written_whole_with_one_event() {
        let (status, event) = told(&synced(Some(Change::Created)), None, NOW);
        let status = status.unwrap();
        assert_eq!(status.synced_resource_version.as_deref(), Some("1-x"));
        assert_eq!(status.refresh_time, Some(Time(at("2026-11-23T10:00:00Z"))));
        assert_eq!(status.binding, Some(Binding { name: "target".into() }));
        let condition = &status.conditions[0];
        assert_eq!((condition.status.as_str(), condition.reason.as_deref()), ("True", Some("SecretSynced")));
        assert_eq!(event.unwrap().reason, "Created");
    }

    #[test]
    fn nothing_changed_writes_nothing_but_a_heartbeat() {
        let last = after(&synced(Some(Change::Created)));
        let later = at("2026-11-23T11:00:00Z");
        assert_eq!(told(&synced(None), Some(&last), "2026-11-23T11:00:00Z"), (None, None));
        let (beat, event) = report(&synced(None), Some(&last), "1-x", "target", later, true);
        assert_eq!(beat.unwrap().refresh_time, Some(Time(later)));
        assert_eq!(event, None);
        assert_eq!(report(&failed("a"), Some(&after(&failed("a"))), "1-x", "target", later, true), (None, None));
    }

    #[test]
    fn the_same_failure_is_told_once_and_another_again() {
        let last = after(&failed("a"));
        assert_eq!(told(&failed("a"), Some(&last), "2026-11-23T12:00:00Z"), (None, None));
        let (status, event) = told(&failed("b"), Some(&last), "2026-11-23T12:00:00Z");
        assert!(event.unwrap().warning);
        assert_eq!(status.unwrap().conditions[0].last_transition_time, last.conditions[0].last_transition_time);
    }

    #[test]
    fn a_failure_keeps_what_was_last_synced() {
        let last = after(&synced(None));
        let status = told(&failed("a"), Some(&last), "2026-11-23T12:00:00Z").0.unwrap();
        assert_eq!(status.synced_resource_version, last.synced_resource_version);
        assert_eq!(status.refresh_time, last.refresh_time);
        assert_eq!(status.conditions[0].last_transition_time, Some(Time(at("2026-11-23T12:00:00Z"))));
    }

    #[test]
    fn the_words_are_esos() {
        let words = |outcome: &Outcome| (outcome.reason(), outcome.message());
        assert_eq!(words(&Outcome::Retained).1, "secret retained due to DeletionPolicy=Retain");
        assert_eq!(words(&Outcome::Deleted { now: true }).0, "SecretDeleted");
        assert_eq!(words(&Outcome::Missing).0, "SecretMissing");
        assert_eq!(words(&failed("x")), ("SecretSyncedError", "could not get secret data from provider: x".into()));
    }

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        let message = cut("ä".repeat(LONGEST_MESSAGE));
        assert!(message.len() <= LONGEST_MESSAGE && message.ends_with('…'));
        assert_eq!(cut("short".into()), "short");
    }
}
