//! What a session shows of itself with each call: a token that was given to it, or one of a ServiceAccount, which is
//! requested once and again when three quarters of its life are over.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Flavor;
use super::credential::{Account, Login};
use crate::provider::http::HeaderValue;
use crate::provider::{Credentials, Error, Kind, SIGN_IN_PAUSE, Token, is_for_an_api_server};
use crate::sealed::Sealed;

/// For how long a token that was just given is not taken for a bad one; the default interval of polls.
const PAUSE: Duration = Duration::from_secs(10);
/// No token is longer.
const LONGEST: usize = 16 * 1024;
/// The token of one session and how it is had.
#[derive(Debug)]
pub(super) struct Tokens {
    flavor: Flavor,
    login: Login,
    credentials: Arc<dyn Credentials>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    refused: Option<(Error, Instant)>,
    /// How many tokens there were.
    serial: u64,
}

#[derive(Debug)]
struct Held {
    token: HeaderValue,
    given: Instant,
    /// When to have another, and when it ends.
    tend: Instant,
    end: Instant,
}

/// What is shown with one call.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    token: Option<HeaderValue>,
    serial: u64,
}

impl Shown {
    pub(super) fn header(&self) -> Option<&HeaderValue> {
        self.token.as_ref()
    }
}

impl Tokens {
    pub(super) fn new(flavor: Flavor, login: Login, credentials: Arc<dyn Credentials>) -> Self {
        Self { flavor, login, credentials, state: Mutex::default() }
    }

    /// The token, requested first where that is due; however many ask, it is done once.
    pub(super) async fn current(&self) -> Result<Shown, Error> {
        let account = match &self.login {
            Login::Certificate => return Ok(Shown { token: None, serial: 0 }),
            Login::Bearer(token) => return Ok(Shown { token: Some(token.clone()), serial: 0 }),
            Login::Account(account) => account,
        };
        let mut state = self.state.lock().await;
        self.settle(&mut state, account).await?;
        Ok(Shown { token: state.held.as_ref().map(|held| held.token.clone()), serial: state.serial })
    }

    async fn settle(&self, state: &mut State, account: &Account) -> Result<(), Error> {
        let now = Instant::now();
        if state.held.as_ref().is_some_and(|held| now < held.tend) {
            return Ok(());
        }
        if let Some((error, _)) = state.refused.as_ref().filter(|(_, at)| now < *at + SIGN_IN_PAUSE) {
            return if state.is_alive(now) { Ok(()) } else { Err(error.clone()) };
        }
        match self.request(account).await {
            Ok(held) => {
                *state = State { held: Some(held), refused: None, serial: state.serial + 1 };
                Ok(())
            }
            Err(error) => {
                state.refused = Some((error.clone(), now));
                if state.is_alive(now) { Ok(()) } else { Err(error) }
            }
        }
    }

    async fn request(&self, account: &Account) -> Result<Held, Error> {
        let Token { value, expires } =
            self.credentials.token(&account.field, &account.selector, &account.audiences).await?;
        if !account.at_home && is_for_an_api_server(&value) {
            return Err(self.flavor.refuse(
                "auth.serviceAccount.audiences",
                "it is the audience of this cluster's own API server, whose tokens are sent to no other server; name that \
                 of the other server",
            ));
        }
        let token = bearer(&value).ok_or_else(|| Error {
            provider: self.flavor.name,
            doing: "request a token".to_owned(),
            kind: Kind::Unavailable,
            cause: "the API server's answer holds no token".to_owned(),
        })?;
        let life = expires.duration_since(SystemTime::now()).unwrap_or_default();
        let now = Instant::now();
        Ok(Held { token, given: now, tend: now + life * 3 / 4, end: now + life })
    }

    /// Takes it that the server does not know what was `shown`; whether there may be another to try.
    pub(super) async fn dismiss(&self, shown: &Shown) -> bool {
        if !matches!(self.login, Login::Account(_)) {
            return false;
        }
        let mut state = self.state.lock().await;
        if state.serial != shown.serial {
            return true;
        }
        // The next would be like this one.
        let is_new = state.held.as_ref().is_some_and(|held| held.given.elapsed() < PAUSE);
        if !is_new {
            state.held = None;
        }
        !is_new
    }
}

impl State {
    fn is_alive(&self, now: Instant) -> bool {
        self.held.as_ref().is_some_and(|held| now < held.end)
    }
}

/// A token as a header that is not shown; none for what no token is.
pub(super) fn bearer(token: &Sealed) -> Option<HeaderValue> {
    let token = token.expose();
    let sound = !token.is_empty() && token.len() <= LONGEST && token.iter().all(u8::is_ascii_graphic);
    let text = std::str::from_utf8(token).ok().filter(|_| sound)?;
    let line = zeroize::Zeroizing::new(format!("Bearer {text}"));
    let mut header = HeaderValue::from_str(&line).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_made_of_what_can_be_a_token_and_is_not_shown() {
        let header = bearer(&"canary.x-y_z".into()).unwrap();
        assert_eq!(header, "Bearer canary.x-y_z");
        assert!(!format!("{header:?}").contains("canary"));
        for bad in ["", "a b", "a\n", "a\u{e9}"] {
            assert!(bearer(&bad.into()).is_none(), "{bad:?}");
        }
    }
}
