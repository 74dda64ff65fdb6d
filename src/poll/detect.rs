//! A round in which the provider is asked what has changed, and only that is read.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};

use crate::provider::{Error, Kind, Mark, Remote, RemoteKey, reading};

use super::identity::Reference;
use super::listed::Suspect;
use super::read::{Question, Refusal, failure};
use super::record::Round;
use super::schedule::Manner;
use super::seen::{Reading, Seen};
use super::session::Session;
use super::slots::Way;
use super::{Inner, held, now};

impl Inner {
    /// Asks for the marks of `question`'s references, of one `kind`; answers which of them are to be read.
    ///
    /// None are where the listing failed in a way that reads would: then all have failed.
    pub(super) async fn look(
        self: &Arc<Self>,
        session: &Arc<Session>,
        kind: usize,
        question: Question,
    ) -> Vec<Suspect> {
        let mut round = Round::new(session.id, question.polled, now());
        if !self.may_list(session, kind, &question) {
            return self.sift(&round, question, Vec::new());
        }
        let references = &question.references;
        let asked = self.in_turn(session, &question, &mut round, self.list(session, references)).await;
        let listing = asked.map(|listing| self.weigh(session, kind, &round, &question, listing));
        let failed = match listing {
            Ok(Ok(marks)) => return self.sift(&round, question, marks),
            Ok(Err(error)) => references.iter().map(|reference| Err(as_read(&error, reference))).collect(),
            Err(refusal) => references.iter().map(|reference| Err(refusal.about(self, reference))).collect(),
        };
        self.take_in(session, &round, question, failed);
        Vec::new()
    }

    fn may_list(&self, session: &Session, kind: usize, question: &Question) -> bool {
        let (Some(first), Some(interval)) = (question.references.first(), question.polled) else { return false };
        let manner = Manner { detects: Some(kind), ..session.manner(&first.remote) };
        held(&self.schedule).way(session.id, interval, manner, now()) == Way::List(kind)
    }

    async fn list(&self, session: &Session, references: &[Reference]) -> Result<Vec<Option<Mark>>, Error> {
        let keys: Vec<_> = references.iter().filter_map(key).cloned().collect();
        let listing = self.guarded(session.provider.marks(&keys)).await;
        listing.unwrap_or_else(|cause| Err(failure(session.provider.name(), Kind::Unavailable, cause)))
    }

    /// What a listing says beyond its marks. A failure that says nothing of the secrets is one without marks.
    fn weigh(
        self: &Arc<Self>,
        session: &Arc<Session>,
        kind: usize,
        round: &Round,
        question: &Question,
        listing: Result<Vec<Option<Mark>>, Error>,
    ) -> Result<Vec<Option<Mark>>, Error> {
        let first = question.references.first().and_then(key);
        let calls = first.map_or(1, |key| session.provider.listing_calls(key));
        let answer = listing.as_ref().map(|_| ()).map_err(|error| error.kind);
        let tells = held(&self.schedule).listed(round, kind, calls, answer, now());
        match listing {
            Err(error) if tells && self.may_list(session, kind, question) => Err(error),
            listing => {
                self.conclude(session, round, &[answer]);
                Ok(listing.unwrap_or_default())
            }
        }
    }

    /// A listing that is shorter than its question knows nothing of the rest.
    fn sift(&self, round: &Round, question: Question, marks: Vec<Option<Mark>>) -> Vec<Suspect> {
        let marks = marks.into_iter().map(|mark| mark.map(|mark| self.fingerprinter.of_mark(&mark)));
        let marked = question.references.into_iter().zip(marks.chain(std::iter::repeat(None))).collect();
        held(&self.schedule).sift(round, marked, now())
    }

    /// Reads `suspects` batch by batch, as many at once as the session may.
    pub(super) async fn read_apart(
        self: &Arc<Self>,
        session: &Arc<Session>,
        interval: Duration,
        mut suspects: Vec<Suspect>,
    ) {
        let kind = |(reference, _): &Suspect| session.provider.batch_of(&reference.remote);
        suspects.sort_by_key(kind);
        let alike = suspects.chunk_by(|a, b| kind(a) == kind(b));
        let batches = alike.flat_map(|alike| alike.chunks(alike.first().map_or(1, |first| kind(first).size())));
        let sent: Vec<_> = batches.map(|batch| Sent::new(self, batch, interval)).collect();
        held(&self.schedule).expect(session.id, sent.len(), interval);
        let progress = Mutex::new(Progress { told: now(), silent: 0 });
        let read = |sent: Sent| self.read_batch(session, sent, &progress);
        stream::iter(sent).for_each_concurrent(self.settings.session_concurrency, read).await;
    }

    /// Behind calls that all hang nobody waits for longer than for a permit, and nobody follows many that all failed.
    async fn read_batch(self: &Arc<Self>, session: &Arc<Session>, sent: Sent, progress: &Mutex<Progress>) {
        if !self.fence.may_read(session.id) {
            return;
        }
        let question = sent.question.clone();
        if held(progress).is_hopeless(self.settings.deadline, self.settings.session_concurrency) {
            let round = Round { order: held(&self.schedule).begin(), ..Round::new(session.id, question.polled, now()) };
            let stuck = |reference| Err(Refusal::Stuck.about(self, reference));
            let stuck = question.references.iter().map(stuck).collect();
            self.take_in(session, &round, question, stuck);
            return;
        }
        let readings = self.read(session, question).await;
        held(progress).note(readings.iter().any(is_told));
    }
}

/// How the reads go that a listing has asked for.
struct Progress {
    /// When one last had an answer.
    told: Instant,
    /// How many have failed without one since.
    silent: usize,
}

impl Progress {
    fn is_hopeless(&self, deadline: Duration, many: usize) -> bool {
        self.silent >= many || now().saturating_duration_since(self.told) >= deadline
    }

    fn note(&mut self, told: bool) {
        self.silent = if told { 0 } else { self.silent + 1 };
        if told {
            self.told = now();
        }
    }
}

/// A listing's failure as a reference's own: where it says the same as a read will, in a read's words, so that who is told one
/// after the other is told once.
fn as_read(error: &Error, reference: &Reference) -> Error {
    let key = key(reference).filter(|_| error.kind == Kind::Unavailable);
    let doing = key.map_or_else(|| error.doing.clone(), reading);
    Error { doing, ..error.clone() }
}

/// What is known of a reading's secret; an outage says nothing.
fn is_told(reading: &Reading) -> bool {
    !matches!(&reading.seen, Seen::Failed(error) if error.kind == Kind::Unavailable)
}

fn key(reference: &Reference) -> Option<&RemoteKey> {
    match &*reference.remote {
        Remote::Key(key) => Some(key),
        Remote::Query(_) => None,
    }
}

/// References that are being read since a listing said so: no longer when this goes, whatever became of it.
struct Sent {
    inner: Arc<Inner>,
    question: Question,
}

impl Sent {
    fn new(inner: &Arc<Inner>, batch: &[Suspect], interval: Duration) -> Self {
        let (references, marks) = batch.iter().cloned().unzip();
        let question = Question { references, marks, ..Question::poll(interval) };
        Self { inner: Arc::clone(inner), question }
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        held(&self.inner.schedule).returned(self.question.references.iter());
    }
}
