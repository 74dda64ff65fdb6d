//! The token of a session: had once, replaced ahead of its end, dropped once when it is refused.
//!
//! Google answers 401 to a token that is no good and 403 to a good one that may not read, so only the first has a token
//! replaced.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::REFUSED;
use super::credential::Principal;
use super::error::bad_token;
use super::exchange::{Exchange, Grant};
use crate::provider::http::HeaderMap;
use crate::provider::{Credentials, Error, SIGN_IN_PAUSE};

/// How long before its end a token is replaced. The metadata server has a new one a little earlier than that.
const AHEAD: Duration = Duration::from_mins(4);
/// How long readers wait for another token while theirs is still good.
const PATIENCE: Duration = Duration::from_secs(5);

/// The token of one session and how it is had.
#[derive(Debug)]
pub(super) struct Tokens {
    principal: Principal,
    exchange: Exchange,
    credentials: Arc<dyn Credentials>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    /// How many tokens there were.
    serial: u64,
    refused: Option<(Error, Instant)>,
}

/// A token and its ends.
#[derive(Debug)]
struct Held {
    grant: Grant,
    given: Instant,
    /// When to have another.
    due: Instant,
    end: Instant,
}

/// A token to show, and which it is.
#[derive(Debug)]
pub(super) struct Shown {
    grant: Grant,
    serial: u64,
}

impl Shown {
    pub(super) fn headers(&self) -> HeaderMap {
        self.grant.headers()
    }
}

impl Tokens {
    pub(super) fn new(principal: Principal, exchange: Exchange, credentials: Arc<dyn Credentials>) -> Self {
        Self { principal, exchange, credentials, state: Mutex::default() }
    }

    /// The token, had or replaced first where that is due; however many ask, it is done once.
    pub(super) async fn current(&self) -> Result<Shown, Error> {
        let mut state = self.state.lock().await;
        let now = Instant::now();
        match &state.held {
            Some(held) if now < held.due => {}
            Some(held) if now < held.end => self.prolong(&mut state).await,
            _ => self.sign_in(&mut state).await?,
        }
        state.shown().ok_or_else(bad_token)
    }

    /// Has another token; where that cannot be, the old one is good for a while yet.
    async fn prolong(&self, state: &mut State) {
        if !matches!(timeout(PATIENCE, self.sign_in(state)).await, Ok(Ok(()))) {
            tracing::debug!(provider = super::NAME, "a token could not be replaced ahead of its end");
            if let Some(held) = &mut state.held {
                held.due = Instant::now() + REFUSED;
            }
        }
    }

    async fn sign_in(&self, state: &mut State) -> Result<(), Error> {
        if let Some((error, until)) = &state.refused
            && Instant::now() < *until
        {
            return Err(error.clone());
        }
        match self.principal.sign_in(&self.exchange, &*self.credentials).await {
            Ok(grant) => {
                state.take(grant);
                Ok(())
            }
            Err(error) => {
                state.refused = Some((error.clone(), Instant::now() + SIGN_IN_PAUSE));
                Err(error)
            }
        }
    }

    /// Has another token in place of `shown`, which Google did not accept; nothing where somebody else has done so already.
    ///
    /// # Errors
    /// There is no other, or that one was given just now.
    pub(super) async fn replace(&self, shown: &Shown) -> Result<(), Error> {
        let mut state = self.state.lock().await;
        if state.serial != shown.serial {
            return Ok(());
        }
        if state.held.take_if(|held| held.given.elapsed() >= REFUSED).is_none() && state.held.is_some() {
            return Err(bad_token());
        }
        self.sign_in(&mut state).await
    }
}

impl State {
    fn take(&mut self, grant: Grant) {
        let given = Instant::now();
        let due = given + grant.life.saturating_sub(AHEAD).max(grant.life / 2);
        self.held = Some(Held { end: given + grant.life, due, given, grant });
        self.serial += 1;
        self.refused = None;
    }

    fn shown(&self) -> Option<Shown> {
        self.held.as_ref().map(|held| Shown { grant: held.grant.clone(), serial: self.serial })
    }
}
