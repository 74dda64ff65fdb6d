//! What every provider must do alike, as functions that any of them can be put through.
//!
//! A [`Fixture`] is the server side of one provider: the suite puts, rotates and deletes secrets there, and reads them
//! through the session as `poll` does; then it does so while the session's connections fail in every way that they can
//! ([`wire`]). It needs no test framework, so that the end-to-end tests can run it on emulators. Every value has a canary
//! in it, and nothing that the suite or a provider says may show it.
//!
//! A case that a provider has no part in is declined with a reason: none is left out without a word.

mod detect;
mod find;
mod read;
#[cfg(test)]
mod tests;
mod value;
pub mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;

use super::{Error, Kind, Part, Provider, RemoteKey};
use crate::sealed::Sealed;

pub use find::Searches;
pub use read::ITEM;
pub use value::{EMPTY, UNICODE};

/// The server side of a provider under test.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// A session that sees what was put.
    fn provider(&self) -> Arc<dyn Provider>;

    /// Creates a secret or adds a version to it; answers what a reference's `version` must be to read exactly this
    /// value for ever, or nothing where the provider has no versions.
    async fn put(&self, key: &str, value: &[u8]) -> Option<String>;

    /// Takes a secret away so that it is not found.
    async fn delete(&self, key: &str);

    /// Whether values may be other than UTF-8.
    fn keeps_binary(&self) -> bool {
        true
    }

    /// Whether a search finds such values as they are; not where what it finds is JSON.
    fn finds_binary(&self) -> bool {
        self.keeps_binary()
    }

    /// The most bytes of a value that the provider takes; 64 KiB where it does not say.
    fn most_bytes(&self) -> usize {
        64 << 10
    }

    /// In which ways the provider searches.
    fn searches(&self) -> Searches;

    /// The name under which the provider lists what was put under `key`, or, of a part of a key, how that begins.
    fn listed(&self, key: &str) -> String {
        key.to_owned()
    }

    /// Gives what was put under `key` tags or labels; asked only where [`Searches::tags`] is set.
    async fn tag(&self, key: &str, tags: &BTreeMap<String, String>);

    /// Makes the second call of every search fail, or no longer; whether the fixture can do that. One with a wire need
    /// not: there every call of a search fails in turn.
    async fn fail_page(&self, _with: Option<Kind>) -> bool {
        false
    }

    /// Makes the item of `key` fail in the answer to a batch that has others, or no longer; whether the fixture can do
    /// that. Asked only where keys are read in batches.
    async fn fail_item(&self, _key: &str, _with: Option<Kind>) -> bool {
        false
    }

    /// Why the provider has no part in `case`: [`ITEM`], [`EMPTY`], [`UNICODE`], or one of [`wire`]'s that says so.
    fn declines(&self, _case: &str) -> Option<String> {
        None
    }

    /// A session of its own with what was put, all of whose calls go through a wire, and that gives up on a call after
    /// [`wire::DEADLINE`].
    ///
    /// # Errors
    /// Why there is none: [`wire::Without`].
    async fn wired(&self) -> Result<wire::Wired, wire::Without> {
        Err(wire::Without::Unknown)
    }

    /// How the provider's server says that it will not answer; nothing where it has no words of its own for it, and a
    /// status says it all.
    fn says(&self, _complaint: wire::Complaint) -> Option<wire::Answer> {
        None
    }

    /// Takes from one page of a listing the way to the next, while it still says that there is more; nothing where no
    /// page says so in another way than by that.
    fn loses_token(&self) -> Option<wire::Edit> {
        None
    }

    /// What went wrong on the fixture's own side so far, which makes every outcome worthless.
    fn failures(&self) -> Vec<String> {
        Vec::new()
    }
}

/// How it went with one case. The words of a failure name keys and kinds and show no value.
pub type Outcome = (&'static str, Result<Verdict, String>);

/// A case that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The provider does what it must.
    Holds,
    /// It has no part in it, and this is why.
    Declined(String),
}

/// What a case comes to.
type Case = Result<Verdict, String>;

/// In every value that the suite puts, and in what a fixture's server says of a failure.
pub const CANARY: &str = "canary-7f3a";

/// Puts a provider through every case.
pub async fn run(fixture: &dyn Fixture) -> Vec<Outcome> {
    let mut outcomes = read::run(fixture).await;
    outcomes.extend(value::run(fixture).await);
    outcomes.extend(find::run(fixture).await);
    outcomes.extend(detect::run(fixture).await);
    outcomes.extend(wire::run(fixture).await);
    outcomes.push(("the fixture itself works", works(fixture)));
    outcomes
}

/// Runs the suite and panics with every rule that is broken.
#[cfg(test)]
pub(crate) async fn assert_all(fixture: &dyn Fixture) {
    let broken: Vec<_> = run(fixture).await.into_iter().filter(|(_, outcome)| outcome.is_err()).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

fn works(fixture: &dyn Fixture) -> Case {
    let failures = fixture.failures();
    holds(failures.is_empty(), || failures.join("; "))
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a case comes to, as others are")]
fn declined(reason: impl Into<String>) -> Case {
    Ok(Verdict::Declined(reason.into()))
}

fn holds(holds: bool, otherwise: impl FnOnce() -> String) -> Case {
    ensure(holds, otherwise).map(|()| Verdict::Holds)
}

async fn put_and_read(fixture: &dyn Fixture, name: &str, bytes: &[u8]) -> Result<(), String> {
    fixture.put(name, bytes).await;
    let answers = read(fixture, &[value(name)]).await?;
    answers.iter().try_for_each(|answer| expect(name, answer, &Sealed::new(bytes.to_vec())))
}

async fn read(fixture: &dyn Fixture, keys: &[RemoteKey]) -> Result<Vec<Result<Sealed, Error>>, String> {
    read_through(&*fixture.provider(), keys).await
}

/// Reads as `poll` does: keys of one batch together, at most its size of them in a call; answers are put back in order.
async fn read_through(provider: &dyn Provider, keys: &[RemoteKey]) -> Result<Vec<Result<Sealed, Error>>, String> {
    let batches: BTreeSet<_> = keys.iter().map(|key| provider.batch(key)).collect();
    let mut answers = Vec::new();
    for batch in batches {
        let (places, keys): (Vec<_>, Vec<_>) =
            keys.iter().cloned().enumerate().filter(|(_, key)| provider.batch(key) == batch).unzip();
        for (places, keys) in places.chunks(batch.size()).zip(keys.chunks(batch.size())) {
            let chunk = provider.read_many(keys).await;
            ensure(chunk.len() == keys.len(), || format!("{} answers to {} keys", chunk.len(), keys.len()))?;
            answers.extend(places.iter().copied().zip(chunk));
        }
    }
    answers.sort_by_key(|(place, _)| *place);
    let answers: Vec<_> = answers.into_iter().map(|(_, answer)| answer).collect();
    ensure(answers.len() == keys.len(), || "a key changed its batch while it was read".to_owned())?;
    answers.iter().try_for_each(|answer| keeps_quiet(provider.name(), answer.as_ref().err()))?;
    Ok(answers)
}

fn keeps_quiet(provider: &str, error: Option<&Error>) -> Result<(), String> {
    let Some(error) = error else { return Ok(()) };
    ensure(!format!("{error} {error:?}").contains(CANARY), || "an error shows a value".to_owned())?;
    ensure(error.provider == provider, || format!("an error names {:?} as its provider", error.provider))?;
    ensure(!error.doing.is_empty() && !error.cause.is_empty(), || "an error says too little".to_owned())
}

fn expect(name: &str, answer: &Result<Sealed, Error>, wanted: &Sealed) -> Result<(), String> {
    match answer {
        Ok(value) if value == wanted => Ok(()),
        Ok(value) => Err(format!("{name}: {value:?} are not the {} bytes that were put", wanted.len())),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

fn kind(answer: &Result<Sealed, Error>) -> Option<Kind> {
    answer.as_ref().err().map(|error| error.kind)
}

fn content(name: &str) -> Sealed {
    format!("{CANARY} of {name}").into()
}

fn value(name: &str) -> RemoteKey {
    RemoteKey { key: name.to_owned(), version: None, part: Part::Value, property: None }
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}
