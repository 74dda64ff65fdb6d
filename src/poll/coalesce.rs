//! Reads of many objects in few calls.
//!
//! What is asked for within a few milliseconds is read together, per session and batch kind, up to a batch; a batch that
//! is full leaves at once, and what cannot be batched never waits. Who asks for what is already being read gets that
//! answer. A call belongs to none of those who wait for it, so that one who gives up takes nothing from the others.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;

use crate::provider::Batch;

use super::identity::{Reference, SessionId};
use super::read::{Question, closed, unread};
use super::seen::Reading;
use super::session::Session;
use super::{Inner, held, now};

/// What is being read, and what is about to be.
#[derive(Debug, Default)]
pub(super) struct Flights {
    flying: HashMap<Reference, watch::Receiver<Option<Reading>>>,
    waiting: HashMap<(SessionId, Batch), Boarding>,
    given: u64,
}

/// A batch that is not full yet.
#[derive(Debug)]
struct Boarding {
    number: u64,
    passengers: Vec<Passenger>,
}

#[derive(Debug)]
struct Passenger {
    reference: Reference,
    told: watch::Sender<Option<Reading>>,
}

/// An answer, or the way to one.
#[derive(Debug)]
pub(super) enum Asked {
    Known(Reading),
    Coming(Reference, watch::Receiver<Option<Reading>>),
}

impl Asked {
    /// The answer.
    pub(super) async fn answer(self) -> Reading {
        match self {
            Self::Known(reading) => reading,
            Self::Coming(reference, mut coming) => match coming.wait_for(Option::is_some).await.as_deref() {
                Ok(Some(reading)) => reading.clone(),
                _ => unread(reference, closed()),
            },
        }
    }
}

impl Inner {
    /// Asks for `reference`: of the hand-over buffer, else of a call under way, else of the next one. `anew` leaves the
    /// buffer out.
    pub(super) fn ask(self: &Arc<Self>, reference: &Reference, anew: bool) -> Asked {
        let known = if anew { None } else { held(&self.handover).get(reference, now()) };
        if let Some(reading) = known {
            return Asked::Known(reading);
        }
        let Some(session) = self.sessions.get(reference.session) else {
            return Asked::Known(unread(reference.clone(), closed()));
        };
        Asked::Coming(reference.clone(), self.board(&session, reference))
    }

    fn board(self: &Arc<Self>, session: &Arc<Session>, reference: &Reference) -> watch::Receiver<Option<Reading>> {
        let batch = session.provider.batch_of(&reference.remote);
        let flights = &mut *held(&self.flights);
        // One that was lost on its way has no sender any more.
        if let Some(flying) = flights.flying.get(reference).filter(|flying| flying.has_changed().is_ok()) {
            return flying.clone();
        }
        let (told, coming) = watch::channel(None);
        flights.flying.insert(reference.clone(), coming.clone());
        let boarding = flights.waiting.entry((session.id, batch)).or_insert_with(|| {
            flights.given += 1;
            Boarding { number: flights.given, passengers: Vec::new() }
        });
        boarding.passengers.push(Passenger { reference: reference.clone(), told });
        let (count, number) = (boarding.passengers.len(), boarding.number);
        if count >= batch.size() {
            let full = flights.waiting.remove(&(session.id, batch));
            self.fly(session, full);
        } else if count == 1 {
            self.fly_later(session, batch, number);
        }
        coming
    }

    fn fly_later(self: &Arc<Self>, session: &Arc<Session>, batch: Batch, number: u64) {
        let (inner, session) = (Arc::clone(self), Arc::clone(session));
        tokio::spawn(async move {
            tokio::time::sleep(inner.settings.window).await;
            let boarding = held(&inner.flights).take(session.id, batch, number);
            inner.fly(&session, boarding);
        });
    }

    fn fly(self: &Arc<Self>, session: &Arc<Session>, boarding: Option<Boarding>) {
        let Some(boarding) = boarding else { return };
        let (inner, session) = (Arc::clone(self), Arc::clone(session));
        tokio::spawn(async move {
            let references = boarding.passengers.iter().map(|passenger| passenger.reference.clone()).collect();
            let question = Question { references, patience: inner.settings.deadline, ..Question::default() };
            let readings = inner.read(&session, question).await;
            let flights = &mut *held(&inner.flights);
            for (passenger, reading) in boarding.passengers.into_iter().zip(readings) {
                flights.flying.remove(&passenger.reference);
                passenger.told.send_replace(Some(reading));
            }
        });
    }
}

impl Flights {
    /// The batch with this number, if it has not left.
    fn take(&mut self, session: SessionId, batch: Batch, number: u64) -> Option<Boarding> {
        self.waiting.get(&(session, batch)).filter(|boarding| boarding.number == number)?;
        self.waiting.remove(&(session, batch))
    }
}
