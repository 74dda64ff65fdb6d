//! The token of a session: had once for all calls, renewed before it ends, and dropped when the vault does not accept it.
//!
//! A vault answers 401 to a token that is no good and 403 to a good one that may not do something, so a missing right
//! costs no sign-in. A vault of another tenant answers 401 to every token; another is had for that only every
//! [`BELIEF`].

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::error::Failure;
use super::sign_in::{Given, SignIn};
use crate::provider::http::HeaderValue;
use crate::provider::{Error, SIGN_IN_PAUSE};

/// When a token that could not be had anew ahead of its end is asked for again; the default interval of polls.
const PROOF: Duration = Duration::from_secs(10);
/// For how long a token that was had anew is kept whatever the vault says.
const BELIEF: Duration = Duration::from_mins(5);

/// The token of one session and how it is had.
#[derive(Debug)]
pub(super) struct Tokens {
    sign_in: SignIn,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Held,
    /// How many tokens there were.
    serial: u64,
    /// When the last one was dropped.
    dropped: Option<Instant>,
}

#[derive(Debug, Default)]
enum Held {
    #[default]
    Nothing,
    Token(Lease),
    Refused(Error, Instant),
}

#[derive(Clone, Debug)]
struct Lease {
    token: HeaderValue,
    renew: Instant,
    end: Instant,
}

/// A token to show, and which it is.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) token: HeaderValue,
    serial: u64,
}

impl Tokens {
    pub(super) fn new(sign_in: SignIn) -> Self {
        Self { sign_in, state: Mutex::default() }
    }

    /// The token, had first where that is due; however many ask, it is done once.
    pub(super) async fn current(&self) -> Result<Shown, Error> {
        let mut state = self.state.lock().await;
        let now = Instant::now();
        match &state.held {
            Held::Refused(error, until) if now < *until => return Err(error.clone()),
            Held::Token(lease) if now < lease.renew => (),
            Held::Token(lease) if now < lease.end => {
                let lease = lease.clone();
                self.renew(&mut state, lease).await;
            }
            _ => self.have(&mut state).await?,
        }
        state.shown().ok_or_else(|| Failure::unreadable().at("use the session's token".to_owned()))
    }

    /// Where another cannot be had, the old one is good for a while yet.
    async fn renew(&self, state: &mut State, lease: Lease) {
        if let Err(error) = self.have(state).await {
            tracing::debug!(provider = super::NAME, %error, "a token could not be renewed");
            state.held = Held::Token(Lease { renew: Instant::now() + PROOF, ..lease });
        }
    }

    async fn have(&self, state: &mut State) -> Result<(), Error> {
        match self.sign_in.have().await {
            Ok(given) => {
                state.take(&given);
                Ok(())
            }
            Err(error) => {
                state.held = Held::Refused(error.clone(), Instant::now() + SIGN_IN_PAUSE);
                Err(error)
            }
        }
    }

    /// Whether there is another token after the vault did not accept `shown`, so that the call may be made once more.
    ///
    /// # Errors
    /// Another could not be had.
    pub(super) async fn replace(&self, shown: &Shown) -> Result<bool, Error> {
        let mut state = self.state.lock().await;
        if state.serial != shown.serial {
            return Ok(true);
        }
        let now = Instant::now();
        if state.dropped.is_some_and(|dropped| now < dropped + BELIEF) {
            return Ok(false);
        }
        state.dropped = Some(now);
        self.have(&mut state).await.map(|()| true)
    }
}

impl State {
    fn take(&mut self, given: &Given) {
        let now = Instant::now();
        self.held = Held::Token(Lease { token: given.token.clone(), renew: now + given.renew, end: now + given.life });
        self.serial += 1;
    }

    fn shown(&self) -> Option<Shown> {
        match &self.held {
            Held::Token(lease) => Some(Shown { token: lease.token.clone(), serial: self.serial }),
            _ => None,
        }
    }
}
