//! The pause that a server asks for with a refusal: `Retry-After`.
//!
//! Whoever reads an answer's head calls [`heed`]; the session's [`super::limit::Limit`] hears of it and lets no call leave
//! before the pause is over. The way between them is the task that makes the call, since a client may serve many sessions
//! and an SDK's errors have no room for it. A head that is read in another task is heard by nobody, and harms nobody.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, StatusCode, header};
use tokio::time::Instant;

use super::{Error, Kind};

/// The longest pause that is kept, whatever is asked for: quotas are counted by the minute, a call a minute harms no
/// server, and a store must not stand still for longer because of one header.
const LONGEST: Duration = Duration::from_mins(1);

/// Azure's, which are more exact.
const MILLISECONDS: [HeaderName; 2] =
    [HeaderName::from_static("retry-after-ms"), HeaderName::from_static("x-ms-retry-after-ms")];

tokio::task_local! {
    static HEARD: Arc<Pause>;
}

/// The pause of one session.
#[derive(Debug, Default)]
pub(super) struct Pause(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    until: Option<Instant>,
    /// What a call was told that the pause came with.
    refusal: Option<(Kind, String)>,
}

impl Pause {
    /// Runs `call` so that a pause which is asked for meanwhile is this one.
    pub(super) async fn hear<T>(self: &Arc<Self>, call: impl Future<Output = T>) -> T {
        HEARD.scope(Arc::clone(self), call).await
    }

    /// When the pause ends, if there is one.
    pub(super) fn until(&self) -> Option<Instant> {
        let now = Instant::now();
        self.with(|state| state.until.filter(|until| *until > now))
    }

    /// Remembers what the calls of the pause fail with, so that it reads the same while they are not made.
    pub(super) fn explain<'a>(&self, errors: impl IntoIterator<Item = &'a Error>) {
        let later = |error: &&Error| matches!(error.kind, Kind::Throttled | Kind::Unavailable);
        if self.until().is_some() {
            let said = errors.into_iter().find(later).map(|error| (error.kind, error.cause.clone()));
            self.with(|state| state.refusal = said.or(state.refusal.take()));
        }
    }

    /// What a call is told that cannot wait for the end of the pause.
    pub(super) fn refusal(&self) -> (Kind, String) {
        let unsaid = || (Kind::Throttled, "the server asked for a pause; it is tried again after it".to_owned());
        self.with(|state| state.refusal.clone()).unwrap_or_else(unsaid)
    }

    pub(super) fn ask(&self, pause: Duration) {
        let until = Instant::now() + pause.min(LONGEST);
        self.with(|state| state.until = state.until.max(Some(until)));
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Has the session that makes this call keep the pause which an answer asks for, if it is a failure and asks for one.
pub(super) fn heed(status: StatusCode, headers: &HeaderMap) {
    if !(status.is_client_error() || status.is_server_error()) {
        return;
    }
    if let Some(pause) = asked(headers, SystemTime::now()) {
        // Nobody hears where a call is made beside a session.
        let _ = HEARD.try_with(|heard| heard.ask(pause));
    }
}

/// The pause that is asked for: milliseconds, seconds, or until a date.
fn asked(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(milliseconds) = MILLISECONDS.iter().find_map(|name| text(name)?.parse().ok()) {
        return Some(Duration::from_millis(milliseconds));
    }
    let text = text(&header::RETRY_AFTER)?;
    text.parse().ok().map(Duration::from_secs).or_else(|| until(text, now))
}

fn until(date: &str, now: SystemTime) -> Option<Duration> {
    let end = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    SystemTime::from(end).duration_since(now).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(name: &'static str, value: &str) -> Option<Duration> {
        let headers = HeaderMap::from_iter([(HeaderName::from_static(name), value.parse().unwrap())]);
        asked(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770))
    }

    #[test]
    fn a_pause_is_seconds_milliseconds_or_a_date() {
        assert_eq!(pause("retry-after", " 7 "), Some(Duration::from_secs(7)));
        assert_eq!(pause("x-ms-retry-after-ms", "250"), Some(Duration::from_millis(250)));
        assert_eq!(pause("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(7)));
        for none in ["", "-1", "soon", "1.5", "Sun, 06 Nov 1994 08:49:00 GMT", "99999999999999999999"] {
            assert_eq!(pause("retry-after", none), None, "{none}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_heeded_for_a_minute_at_most_and_a_success_not_at_all() {
        let pause = Arc::new(Pause::default());
        let headers = HeaderMap::from_iter([(header::RETRY_AFTER, "86400".parse().unwrap())]);
        pause.hear(async { heed(StatusCode::OK, &headers) }).await;
        assert_eq!(pause.until(), None);
        pause.hear(async { heed(StatusCode::SERVICE_UNAVAILABLE, &headers) }).await;
        assert_eq!(pause.until(), Some(Instant::now() + LONGEST));
        tokio::time::advance(LONGEST).await;
        assert_eq!(pause.until(), None);
        heed(StatusCode::TOO_MANY_REQUESTS, &headers);
        assert_eq!(pause.until(), None, "nobody was listening");
    }

    #[tokio::test(start_paused = true)]
    async fn while_it_lasts_a_call_is_told_what_the_last_one_was_told() {
        let pause = Arc::new(Pause::default());
        let error = Error { provider: "P", doing: "read".into(), kind: Kind::Unavailable, cause: "sealed".into() };
        pause.explain([&error]);
        assert_eq!(pause.refusal().0, Kind::Throttled, "no pause was asked for");
        pause.ask(LONGEST);
        pause.explain([&error]);
        assert_eq!(pause.refusal(), (Kind::Unavailable, "sealed".to_owned()));
    }
}
