//! The token of a session: had once, renewed before it ends, doubted when a read is forbidden, given back at the end.
//!
//! A server answers 403 both to a token that is no good and to a good one that may not read a path. Signing in anew at
//! each would be a sign-in for each poll of a forbidden path, so the token is looked up first, and not more often than
//! every [`PROOF`].

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::client::{Ask, Vault};
use super::credential::{Login, token_header};
use super::error::{Failure, TokenState};
use crate::provider::http::{HeaderValue, Method};
use crate::provider::{Credentials, Error, Kind, SIGN_IN_PAUSE};
use crate::sealed::Sealed;

/// For how long a sign-in or look-up speaks for a token; the default interval of polls.
const PROOF: Duration = Duration::from_secs(10);
/// For how long a token that may not be looked up is believed after it was given.
const BELIEF: Duration = Duration::from_mins(5);
/// How much of its life a token has spent when it is renewed, in hundredths.
const SPENT: u32 = 67;

/// The token of one session and how it is had.
#[derive(Debug)]
pub(super) struct Tokens {
    vault: Arc<Vault>,
    login: Login,
    credentials: Arc<dyn Credentials>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Held,
    /// How many tokens there were.
    serial: u64,
    /// Whether even a fresh token could not be looked up.
    unseen: bool,
    /// When a given token was last found to be no good.
    dismissed: Option<Instant>,
}

#[derive(Debug, Default)]
enum Held {
    #[default]
    Nothing,
    Lease(Lease),
    Refused(Error, Instant),
    Closed,
}

/// A token and its ends.
#[derive(Clone, Debug)]
struct Lease {
    token: HeaderValue,
    /// When to see to it, and when it ends; never for one that does not end.
    ends: Option<Ends>,
    renewable: bool,
    revocable: bool,
    given: Instant,
    proved: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Ends {
    life: Duration,
    tend: Instant,
    end: Instant,
}

/// A token to show, and which it is.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) token: HeaderValue,
    serial: u64,
}

/// What to do about a forbidden call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The token is good: the call is forbidden.
    Denied,
    /// There is another token: the call may be made once more.
    Again,
}

#[derive(Deserialize)]
struct Given<'a> {
    #[serde(borrow)]
    auth: Option<Auth<'a>>,
}

#[derive(Deserialize)]
struct Auth<'a> {
    #[serde(borrow, default)]
    client_token: Cow<'a, str>,
    #[serde(default)]
    lease_duration: u64,
    #[serde(default)]
    renewable: bool,
    #[serde(borrow, default)]
    token_type: Cow<'a, str>,
}

impl Tokens {
    pub(super) fn new(vault: Arc<Vault>, login: Login, credentials: Arc<dyn Credentials>) -> Self {
        Self { vault, login, credentials, state: Mutex::default() }
    }

    /// Whether somebody else made the token, and ends it.
    pub(super) fn is_given(&self) -> bool {
        matches!(self.login, Login::Token(_))
    }

    /// The token, had or renewed first where that is due; however many ask, it is done once.
    pub(super) async fn current(&self) -> Result<Shown, Error> {
        let mut state = self.state.lock().await;
        self.settle(&mut state).await?;
        state.shown().ok_or_else(|| self.closed())
    }

    async fn settle(&self, state: &mut State) -> Result<(), Error> {
        let now = Instant::now();
        match &state.held {
            Held::Closed => Err(self.closed()),
            Held::Refused(error, until) if now < *until => Err(error.clone()),
            Held::Lease(lease) if !lease.is_due(now) => Ok(()),
            Held::Lease(lease) if !lease.is_over(now) => {
                let lease = lease.clone();
                self.prolong(state, lease).await;
                Ok(())
            }
            _ => self.sign_in(state).await,
        }
    }

    /// Renews a token or has another; where neither can be, the old one is good for a while yet.
    async fn prolong(&self, state: &mut State, lease: Lease) {
        if lease.renewable {
            if let Some(renewed) = self.renew(&lease).await {
                state.held = Held::Lease(renewed);
                return;
            }
            tracing::debug!(provider = self.vault.flavor.name, "a token could not be renewed");
        }
        if self.sign_in(state).await.is_ok() {
            self.give_back(&lease).await;
        } else {
            state.held = Held::Lease(lease.later(Instant::now() + PROOF));
        }
    }

    async fn renew(&self, lease: &Lease) -> Option<Lease> {
        let path = ["auth", "token", "renew-self"].map(str::to_owned);
        let ask = Ask {
            name: "RenewSelf",
            method: Method::POST,
            path: &path,
            query: &[],
            token: Some(&lease.token),
            body: Some(Sealed::from("{}")),
        };
        let answer = self.vault.tend(ask).await.ok()?;
        let given: Given<'_> = serde_json::from_slice(answer.body.expose()).ok()?;
        let auth = given.auth?;
        let now = Instant::now();
        let ends = Ends::after(auth.lease_duration, now);
        let (old, new) = (lease.ends.map(|ends| ends.life), ends.map(|ends| ends.life));
        // Near its last end a token is given ever less: then it is time for another.
        let renewable = auth.renewable && old.zip(new).is_none_or(|(old, new)| new * 2 >= old);
        let ends = ends.map(|ends| Ends { life: old.unwrap_or(ends.life), ..ends });
        Some(Lease { ends, renewable, proved: now, ..lease.clone() })
    }

    async fn sign_in(&self, state: &mut State) -> Result<(), Error> {
        let request = match &self.login {
            Login::Token(token) => {
                state.take(Lease::given(token.clone()));
                return Ok(());
            }
            Login::Call(request) => request,
        };
        let had = match request.body(&*self.credentials).await {
            Ok(body) => self.have(&request.path, body).await,
            Err(error) => Err(error),
        };
        match had {
            Ok(lease) => {
                state.take(lease);
                Ok(())
            }
            Err(error) => {
                state.held = Held::Refused(error.clone(), Instant::now() + SIGN_IN_PAUSE);
                Err(error)
            }
        }
    }

    async fn have(&self, path: &[String], body: Sealed) -> Result<Lease, Error> {
        let doing = || format!("sign in at {:?}", path.join("/"));
        let at = |failure: Failure| failure.at(self.vault.flavor.name, doing());
        let answer = self.vault.login(path, body).await.map_err(at)?;
        let given: Given<'_> = serde_json::from_slice(answer.body.expose()).map_err(|_| at(Failure::unreadable()))?;
        let auth = given.auth.ok_or_else(|| at(Failure::unreadable()))?;
        let token = token_header(auth.client_token.as_bytes()).ok_or_else(|| {
            at(Failure::new(
                Kind::Unauthenticated,
                "the server gave no token; it may ask for a second factor, which nobody can give here",
            ))
        })?;
        let now = Instant::now();
        Ok(Lease {
            token,
            ends: Ends::after(auth.lease_duration, now),
            renewable: auth.renewable,
            revocable: auth.token_type != "batch",
            given: now,
            proved: now,
        })
    }

    /// What a call that was forbidden with `shown` comes to.
    ///
    /// # Errors
    /// The token is no good and there is no other.
    pub(super) async fn doubt(&self, shown: &Shown, said: TokenState) -> Result<Verdict, Error> {
        let mut state = self.state.lock().await;
        if state.serial != shown.serial {
            return Ok(Verdict::Again);
        }
        let Held::Lease(lease) = &state.held else { return Ok(Verdict::Again) };
        let lease = lease.clone();
        if said != TokenState::Bad && self.is_good(&mut state, lease).await? {
            return Ok(Verdict::Denied);
        }
        if self.is_given() {
            return Err(self.refused());
        }
        state.held = Held::Nothing;
        self.sign_in(&mut state).await?;
        if said != TokenState::Bad {
            // Where even a fresh token may not be looked up, looking up says nothing of any.
            state.unseen = match &state.held {
                Held::Lease(lease) => {
                    matches!(self.look_up(&lease.token).await, Err(failure) if failure.is_forbidden())
                }
                _ => false,
            };
        }
        Ok(Verdict::Again)
    }

    async fn is_good(&self, state: &mut State, lease: Lease) -> Result<bool, Error> {
        let now = Instant::now();
        if state.dismissed.is_some_and(|at| now < at + PROOF) {
            return Ok(false);
        }
        let believed = state.unseen && now < lease.given + BELIEF;
        if believed || now < lease.proved + PROOF {
            return Ok(true);
        }
        match self.look_up(&lease.token).await {
            Ok(()) => {
                state.held = Held::Lease(Lease { proved: now, ..lease });
                Ok(true)
            }
            Err(failure) if failure.is_forbidden() => {
                state.dismissed = self.is_given().then_some(now);
                Ok(false)
            }
            Err(failure) => Err(failure.at(self.vault.flavor.name, "look the token up".to_owned())),
        }
    }

    async fn look_up(&self, token: &HeaderValue) -> Result<(), Failure> {
        let path = ["auth", "token", "lookup-self"].map(str::to_owned);
        let ask =
            Ask { name: "LookupSelf", method: Method::GET, path: &path, query: &[], token: Some(token), body: None };
        self.vault.tend(ask).await.map(|_| ())
    }

    /// Whether the token is one that the server knows. That of a sign-in is; a given one is looked up.
    pub(super) async fn prove(&self) -> Result<(), Error> {
        let shown = self.current().await?;
        if !self.is_given() {
            return Ok(());
        }
        match self.look_up(&shown.token).await {
            Ok(()) => Ok(()),
            Err(failure) if failure.is_forbidden() => Err(self.refused()),
            Err(failure) => Err(failure.at(self.vault.flavor.name, "look the token up".to_owned())),
        }
    }

    /// Gives the token back, unless it was given to us; there is none from then on.
    pub(super) async fn close(&self) {
        let held = std::mem::replace(&mut self.state.lock().await.held, Held::Closed);
        if let Held::Lease(lease) = held {
            self.give_back(&lease).await;
        }
    }

    async fn give_back(&self, lease: &Lease) {
        if !lease.revocable || self.is_given() || lease.is_over(Instant::now()) {
            return;
        }
        let path = ["auth", "token", "revoke-self"].map(str::to_owned);
        let ask = Ask {
            name: "RevokeSelf",
            method: Method::POST,
            path: &path,
            query: &[],
            token: Some(&lease.token),
            body: Some(Sealed::from("{}")),
        };
        if let Err(failure) = self.vault.tend(ask).await {
            tracing::debug!(
                provider = self.vault.flavor.name,
                cause = failure.cause,
                "a token could not be given back"
            );
        }
    }

    fn refused(&self) -> Error {
        let cause = "the server does not know the token, or it has ended; put a new one into the Secret, and let it look \
                     itself up (policy `default`)";
        self.error("use the store's token", Kind::Unauthenticated, cause)
    }

    fn closed(&self) -> Error {
        self.error("use the session's token", Kind::Unavailable, "the session is closed; the next one is tried")
    }

    fn error(&self, doing: &str, kind: Kind, cause: &str) -> Error {
        Error { provider: self.vault.flavor.name, doing: doing.to_owned(), kind, cause: cause.to_owned() }
    }
}

impl State {
    fn take(&mut self, lease: Lease) {
        self.held = Held::Lease(lease);
        self.serial += 1;
    }

    fn shown(&self) -> Option<Shown> {
        match &self.held {
            Held::Lease(lease) => Some(Shown { token: lease.token.clone(), serial: self.serial }),
            _ => None,
        }
    }
}

impl Lease {
    fn given(token: HeaderValue) -> Self {
        // Nothing is known of it, so its first refusal is looked into.
        let (given, proved) = (Instant::now(), Instant::now().checked_sub(PROOF).unwrap_or_else(Instant::now));
        Self { token, ends: None, renewable: false, revocable: false, given, proved }
    }

    fn is_due(&self, now: Instant) -> bool {
        self.ends.is_some_and(|ends| now >= ends.tend)
    }

    fn is_over(&self, now: Instant) -> bool {
        self.ends.is_some_and(|ends| now >= ends.end)
    }

    fn later(self, tend: Instant) -> Self {
        Self { ends: self.ends.map(|ends| Ends { tend, ..ends }), ..self }
    }
}

impl Ends {
    /// None for a life of zero, which is one without an end.
    fn after(seconds: u64, now: Instant) -> Option<Self> {
        // As long as Vault allows at most by default; an Instant has bounds too.
        const LONGEST: u64 = 32 * 24 * 3600;
        let life = Duration::from_secs(seconds.min(LONGEST));
        (!life.is_zero()).then(|| Self { life, tend: now + life * SPENT / 100, end: now + life })
    }
}
