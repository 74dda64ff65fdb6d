//! Signing in by NTLM: it is the connection that is signed in, so all messages of a handshake go over one.
//!
//! A request is first made as it is, for a connection may be signed in already, and is made twice more where the server
//! wants NTLM. The password itself is sent in no case, not even to a server that would take it plain, as ESO would.

mod message;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::credential::User;
use crate::provider::Kind;
use crate::provider::http::{Answer, Fault, HeaderMap, HeaderName, HeaderValue, Lane, Lanes, Letter, StatusCode};
use message::{Challenge, Chance, authenticate, negotiate};

const AUTHORIZATION: HeaderName = HeaderName::from_static("authorization");
const ASKS: HeaderName = HeaderName::from_static("www-authenticate");

/// From 1601, where Windows' time begins, to 1970.
const EPOCH: Duration = Duration::from_hours(3_234_576);
/// The most connections that are kept while nobody uses them; as many as a session's calls at once.
const KEPT: usize = 16;

/// A user at one server.
pub(super) struct Ntlm {
    user: User,
    lanes: Lanes,
    kept: Mutex<Vec<Lane>>,
}

impl fmt::Debug for Ntlm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ntlm").finish_non_exhaustive()
    }
}

impl Ntlm {
    pub(super) fn new(user: User, lanes: Lanes) -> Self {
        Self { user, lanes, kept: Mutex::default() }
    }

    /// The answer to `letter` when it is sent as the user.
    pub(super) async fn send(&self, mut letter: Letter) -> Result<Answer, Fault> {
        letter.headers.remove(AUTHORIZATION);
        let kept = self.kept().pop();
        if let Some(lane) = kept {
            match self.converse(&lane, letter.clone()).await {
                Err(_) if lane.is_gone() => {}
                answer => return answer.inspect(|_| self.keep(lane)),
            }
        }
        let lane = self.lanes.make()?;
        self.converse(&lane, letter).await.inspect(|_| self.keep(lane))
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Lane>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, lane: Lane) {
        let mut kept = self.kept();
        if kept.len() < KEPT {
            kept.push(lane);
        }
    }

    async fn converse(&self, lane: &Lane, letter: Letter) -> Result<Answer, Fault> {
        let answer = lane.send(letter.clone()).await?;
        let Some(scheme) = wanted(&answer) else { return Ok(answer) };
        let answer = lane.send(with(letter.clone(), scheme, &negotiate())?).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let challenge = challenge(&answer.headers, scheme).ok_or_else(|| strange("the server's challenge is none"))?;
        let message = authenticate(&challenge, &self.user, &chance());
        let message = message.ok_or_else(|| strange("the user's name or password is no UTF-8, or too long"))?;
        lane.send(with(letter, scheme, &message)?).await
    }
}

fn strange(cause: &str) -> Fault {
    Fault::new(Kind::Invalid, format!("the NTLM handshake failed: {cause}"))
}

fn chance() -> Chance {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default() + EPOCH;
    let time = u64::try_from(now.as_nanos() / 100).unwrap_or_default();
    Chance { nonce: rand::random(), time: time.to_le_bytes() }
}

/// The scheme by which a server that refuses a request would have NTLM.
fn wanted(answer: &Answer) -> Option<&'static str> {
    if answer.status != StatusCode::UNAUTHORIZED {
        return None;
    }
    ["NTLM", "Negotiate"].into_iter().find(|scheme| token(&answer.headers, scheme).is_some())
}

/// What stands behind a scheme in the server's answer; often nothing.
fn token<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    headers.get_all(ASKS).iter().filter_map(|value| value.to_str().ok()).find_map(|value| {
        let (name, token) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
        name.eq_ignore_ascii_case(scheme).then_some(token.trim())
    })
}

fn challenge(headers: &HeaderMap, scheme: &str) -> Option<Challenge> {
    Challenge::read(&STANDARD.decode(token(headers, scheme)?).ok()?)
}

fn with(mut letter: Letter, scheme: &str, message: &[u8]) -> Result<Letter, Fault> {
    let value = Zeroizing::new(format!("{scheme} {}", STANDARD.encode(message)));
    let mut value = HeaderValue::from_str(&value).map_err(|_| strange("a message is no header"))?;
    value.set_sensitive(true);
    letter.headers.insert(AUTHORIZATION, value);
    Ok(letter)
}
