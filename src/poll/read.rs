//! One guarded call: who may make it, when, for how long, and what becomes of the answer.
//!
//! A poll and a fetch both come through here. The session's pace says when, its permits how many at once, its health
//! whether at all; the call itself has a deadline, and neither a lost future nor a panic in a provider stays with
//! anybody but the references that were read.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::time::timeout;

use crate::provider::{Error, Kind, Provider, Query, Remote, RemoteKey, Search};
use crate::sealed::Sealed;

use super::fingerprint::Fingerprint;
use super::health::{Admission, authenticated};
use super::identity::Reference;
use super::record::{Found, Round};
use super::seen::{Reading, Seen};
use super::session::Session;
use super::shrink::Names;
use super::{Inner, held, now};

/// What is asked in one call.
#[derive(Clone, Debug, Default)]
pub(super) struct Question {
    pub(super) references: Vec<Reference>,
    /// Their marks in a listing just before, in their order; empty where there was none.
    pub(super) marks: Vec<Option<Fingerprint>>,
    /// The interval of the slot that asks; `None` for a fetch.
    pub(super) polled: Option<Duration>,
    /// For how long the question may wait for its turn.
    pub(super) patience: Duration,
}

impl Question {
    /// What a slot of this interval asks. It has its turn, however late; while it waits it does not ask again.
    pub(super) fn poll(interval: Duration) -> Self {
        Self { polled: Some(interval), patience: Duration::from_hours(1), ..Self::default() }
    }
}

impl Inner {
    /// Asks `session`, remembers what was seen, hands over what somebody is about to fetch. Answers in order.
    pub(super) async fn read(self: &Arc<Self>, session: &Arc<Session>, question: Question) -> Vec<Reading> {
        let mut round = Round::new(session.id, question.polled, now());
        let references = &question.references;
        let asked = self.in_turn(session, &question, &mut round, self.call(session, references)).await;
        let answers = asked
            .unwrap_or_else(|refusal| references.iter().map(|reference| Err(refusal.about(self, reference))).collect());
        self.take_in(session, &round, question, answers)
    }

    /// Makes `call` for `question` when it may be made, and says in `round` whether and when it was.
    pub(super) async fn in_turn<T>(
        &self,
        session: &Session,
        question: &Question,
        round: &mut Round,
        call: impl Future<Output = T>,
    ) -> Result<T, Refusal> {
        let permit = self.wait(session, question).await;
        round.order = held(&self.schedule).begin();
        let _permit = permit?;
        (round.began, round.called) = (now(), true);
        Ok(call.await)
    }

    async fn wait<'a>(
        &self,
        session: &'a Session,
        question: &Question,
    ) -> Result<tokio::sync::SemaphorePermit<'a>, Refusal> {
        timeout(question.patience, self.turn(session)).await.map_err(|_| Refusal::Crowded)?;
        let permit = timeout(self.settings.deadline, session.permits.acquire()).await;
        let permit = permit.ok().and_then(Result::ok).ok_or(Refusal::Stuck)?;
        let interval = question.polled.unwrap_or(self.settings.default_interval);
        match held(&self.schedule).admit(session.id, now(), interval) {
            Some(Admission::Granted) => Ok(permit),
            Some(Admission::Refused(error)) => Err(Refusal::Known(error)),
            None => Err(Refusal::Closed),
        }
    }

    /// Waits in line until the session's pace allows a call.
    async fn turn(&self, session: &Session) {
        let _line = session.line.lock().await;
        loop {
            let turn = held(&self.schedule).turn(session.id, now());
            let Err(later) = turn else { return };
            // An answer to a call before this one may let it go sooner.
            tokio::select! {
                () = tokio::time::sleep_until(later.into()) => {}
                () = session.answered.notified() => {}
            }
        }
    }

    /// Keys that the provider no longer takes together since they came into one slot are sent apart.
    async fn call(&self, session: &Session, references: &[Reference]) -> Vec<Result<Sealed, Error>> {
        let mut answers = Vec::with_capacity(references.len());
        let kind = |reference: &Reference| session.provider.batch_of(&reference.remote);
        for alike in references.chunk_by(|a, b| kind(a) == kind(b)) {
            let size = alike.first().map_or(1, |reference| kind(reference).size());
            for batch in alike.chunks(size) {
                answers.extend(self.call_once(session, batch).await);
            }
        }
        answers
    }

    async fn call_once(&self, session: &Session, references: &[Reference]) -> Vec<Result<Sealed, Error>> {
        let provider = session.provider.name();
        let failed = |cause: &str| -> Vec<_> {
            references.iter().map(|_| Err(failure(provider, Kind::Unavailable, cause))).collect()
        };
        let mut answers = match self.guarded(answers(&*session.provider, references)).await {
            Err(cause) => return failed(cause),
            Ok(answers) => answers,
        };
        let missing = || Err(failure(provider, Kind::Invalid, "the answer does not fit the question"));
        answers.resize_with(references.len(), missing);
        answers
    }

    /// Gives `call` up when it takes too long, and takes a panic in it for a failure.
    pub(super) async fn guarded<T>(&self, call: impl Future<Output = T>) -> Result<T, &'static str> {
        let call = AssertUnwindSafe(call).catch_unwind();
        let answer = timeout(self.settings.deadline + self.settings.margin, call).await.map_err(|_| NO_ANSWER)?;
        answer.map_err(|_| "the provider's code failed")
    }

    pub(super) fn take_in(
        self: &Arc<Self>,
        session: &Arc<Session>,
        round: &Round,
        question: Question,
        answers: Vec<Result<Sealed, Error>>,
    ) -> Vec<Reading> {
        let Question { references, marks, .. } = question;
        let kinds: Vec<_> = answers.iter().map(|answer| answer.as_ref().map(|_| ()).map_err(|e| e.kind)).collect();
        let values: Vec<_> = answers.into_iter().map(|answer| answer.map(Arc::new)).collect();
        let marks = marks.into_iter().chain(std::iter::repeat(None));
        let found = references.iter().zip(&values).zip(marks).map(|((reference, value), mark)| Found {
            reference: reference.clone(),
            names: value.as_ref().ok().filter(|_| reference.key().is_none()).map(|value| Names::of(value)),
            answer: value.as_ref().map(|value| self.fingerprinter.of(value)).map_err(Error::clone),
            manner: session.manner(&reference.remote),
            mark,
        });
        let found = found.collect();
        let noted = held(&self.schedule).record(round, found, now());
        session.answered.notify_one();
        let mut readings = Vec::with_capacity(references.len());
        for ((reference, value), noted) in references.into_iter().zip(values).zip(noted) {
            let value = value.ok().filter(|_| matches!(noted.seen, Seen::Value(_)));
            let reading = Reading { reference, seen: noted.seen, value };
            // A failure that cost no call is not one to remember: the session's state is, and gives it again.
            if noted.wanted && round.called {
                held(&self.handover).put(reading.clone(), now());
            }
            readings.push(reading);
        }
        // The loop hears of a poll's end by itself.
        if round.polled.is_none() {
            self.changed.notify_one();
        }
        self.conclude(session, round, &kinds);
        readings
    }

    /// What the answers say about the credentials.
    pub(super) fn conclude(self: &Arc<Self>, session: &Arc<Session>, round: &Round, kinds: &[Result<(), Kind>]) {
        if !round.called {
            return;
        }
        if kinds.iter().any(|kind| authenticated(*kind)) {
            session.prove(self.settings.session_concurrency);
        } else if kinds.contains(&Err(Kind::Unauthenticated)) {
            let (inner, session) = (Arc::clone(self), Arc::clone(session));
            tokio::spawn(async move { inner.sessions.check(&session).await });
        }
    }
}

/// The keys among `references` are read together, the searches one by one; answers in order.
async fn answers(provider: &dyn Provider, references: &[Reference]) -> Vec<Result<Sealed, Error>> {
    let (mut keys, mut answers) = (Vec::with_capacity(references.len()), Vec::new());
    for reference in references {
        match &*reference.remote {
            Remote::Key(key) => keys.push(RemoteKey::clone(key)),
            Remote::Query(query) => answers.push(find(provider, query).await),
        }
    }
    // Never both: a search is a batch of its own.
    if keys.is_empty() { answers } else { provider.read_many(&keys).await }
}

async fn find(provider: &dyn Provider, query: &Query) -> Result<Sealed, Error> {
    let found = provider.find(&Search::new(query)?).await?;
    Ok(found.packed())
}

/// Why no call was made.
#[derive(Debug)]
pub(super) enum Refusal {
    Crowded,
    Stuck,
    Closed,
    Known(Error),
}

impl Refusal {
    /// What `reference` is told: what it already knows, where that says the same.
    pub(super) fn about(&self, inner: &Inner, reference: &Reference) -> Error {
        match self {
            Self::Known(error) => error.clone(),
            Self::Closed => closed(),
            Self::Crowded => failure("session", Kind::Throttled, "the store's session is being throttled"),
            Self::Stuck => held(&inner.schedule)
                .failure(reference)
                .unwrap_or_else(|| failure("session", Kind::Unavailable, NO_ANSWER)),
        }
    }
}

const NO_ANSWER: &str = "no answer in time";

pub(super) fn failure(provider: &'static str, kind: Kind, cause: &str) -> Error {
    Error { provider, doing: "read".into(), kind, cause: cause.into() }
}

/// The failure of a reference whose session is closed: the next try opens another.
pub(super) fn closed() -> Error {
    failure("session", Kind::Unavailable, "the store's session was closed; the next try opens another")
}

/// The reading of a reference of which nothing could be learned.
pub(super) fn unread(reference: Reference, error: Error) -> Reading {
    Reading { reference, seen: Seen::Failed(error), value: None }
}
