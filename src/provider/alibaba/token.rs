//! The keys of a session: had once, had anew before they end, dropped once when KMS does not take them.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::credential::{Keys, Source};
use super::error::Failure;
use super::metadata::Metadata;
use super::sts::Sts;
use crate::provider::{Credentials, Error, SIGN_IN_PAUSE};

/// For how long keys that were had just now are not had anew; the default interval of polls.
const PROOF: Duration = Duration::from_secs(10);
/// How much of their life keys have spent when others are had, in hundredths.
const SPENT: u32 = 67;
/// The longest that keys are held; an Instant has bounds.
const LONGEST: Duration = Duration::from_hours(12);

/// The keys of one session and how they are had.
#[derive(Debug)]
pub(super) struct Tokens {
    source: Source,
    ways: Ways,
    state: Mutex<State>,
}

/// What keys can be had from.
#[derive(Debug)]
pub(super) struct Ways {
    pub(super) sts: Sts,
    pub(super) metadata: Metadata,
    pub(super) credentials: Arc<dyn Credentials>,
}

#[derive(Debug, Default)]
struct State {
    held: Held,
    /// How many keys there were.
    serial: u64,
}

#[derive(Debug, Default)]
enum Held {
    #[default]
    Nothing,
    Lease(Lease),
    Refused(Error, Instant),
}

#[derive(Clone, Debug)]
struct Lease {
    keys: Arc<Keys>,
    given: Instant,
    tend: Instant,
    end: Instant,
}

/// Keys to sign with, and which they are.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) keys: Arc<Keys>,
    serial: u64,
}

impl Tokens {
    pub(super) fn new(source: Source, ways: Ways) -> Self {
        Self { source, ways, state: Mutex::default() }
    }

    /// The keys, had first where that is due; however many ask, it is done once.
    pub(super) async fn current(&self) -> Result<Shown, Error> {
        if let Source::Given(keys) = &self.source {
            return Ok(Shown { keys: Arc::clone(keys), serial: 0 });
        }
        let mut state = self.state.lock().await;
        let now = Instant::now();
        match &state.held {
            Held::Refused(error, until) if now < *until => return Err(error.clone()),
            Held::Lease(lease) if now < lease.tend => {}
            Held::Lease(lease) if now < lease.end => {
                let lease = lease.clone();
                // What was had before is good for a while yet.
                if self.sign_in(&mut state).await.is_err() {
                    state.held = Held::Lease(Lease { tend: Instant::now() + PROOF, ..lease });
                }
            }
            _ => self.sign_in(&mut state).await?,
        }
        state.shown().ok_or_else(|| Failure::unreadable().at("sign in".to_owned()))
    }

    /// Whether there are other keys than `shown`, which KMS did not take; those of a Secret are what they are.
    ///
    /// # Errors
    /// There are none.
    pub(super) async fn replace(&self, shown: &Shown) -> Result<bool, Error> {
        if matches!(self.source, Source::Given(_)) {
            return Ok(false);
        }
        let mut state = self.state.lock().await;
        if state.serial != shown.serial {
            return Ok(true);
        }
        match &state.held {
            Held::Lease(lease) if Instant::now() < lease.given + PROOF => Ok(false),
            _ => self.sign_in(&mut state).await.map(|()| true),
        }
    }

    async fn sign_in(&self, state: &mut State) -> Result<(), Error> {
        match self.keys().await {
            Ok(keys) => {
                state.held = Held::Lease(Lease::new(keys, Instant::now()));
                state.serial += 1;
                Ok(())
            }
            Err(error) => {
                state.held = Held::Refused(error.clone(), Instant::now() + SIGN_IN_PAUSE);
                Err(error)
            }
        }
    }

    async fn keys(&self) -> Result<Arc<Keys>, Error> {
        let Ways { sts, metadata, credentials } = &self.ways;
        match &self.source {
            Source::Given(keys) => Ok(Arc::clone(keys)),
            Source::Role(role) => sts.assume(role, &**credentials).await.map(Arc::new),
            Source::Instance(role) => metadata.keys(role.as_deref()).await.map(Arc::new),
        }
    }
}

impl State {
    fn shown(&self) -> Option<Shown> {
        match &self.held {
            Held::Lease(lease) => Some(Shown { keys: Arc::clone(&lease.keys), serial: self.serial }),
            _ => None,
        }
    }
}

impl Lease {
    fn new(keys: Arc<Keys>, now: Instant) -> Self {
        let life = keys.ends.and_then(|end| Duration::try_from(end.duration_since(Timestamp::now())).ok());
        // At least as long as no others would be had, even where the clock says that they have ended.
        let life = life.unwrap_or_default().clamp(PROOF, LONGEST);
        Self { keys, given: now, tend: now + life * SPENT / 100, end: now + life }
    }
}
