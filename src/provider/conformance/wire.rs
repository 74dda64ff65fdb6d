//! The rules of bad weather: what a session says, and that it is well again, when its connections fail.
//!
//! A [`Wire`] sits between a session and its server, and does to their connections what it is told. Whatever it does is
//! no absence: [`Kind::NotFound`] may delete a Secret, so only a sound answer of the server's own may mean it.

mod find;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use tokio::time::{Instant, sleep, timeout};

use super::{CANARY, Case, Fixture, Outcome, Verdict, content, declined, ensure, expect, kind, read_through, value};
use crate::provider::{Kind, Provider};

/// After how long a session on a wire gives up: long enough for a busy machine, short enough for a test.
pub const DEADLINE: Duration = Duration::from_secs(4);
/// How long a session may take to be well again: a refusal may be remembered for the default interval of polls.
const RECOVERY: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// A session and what it goes through.
pub struct Wired {
    /// The session.
    pub provider: Arc<dyn Provider>,
    /// What all of its connections go through.
    pub wire: Arc<dyn Wire>,
}

/// Why a fixture has no session on a wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Without {
    /// It was not written: a gap.
    Unknown,
    /// The provider has no connections, for this reason.
    Needless(String),
    /// It could not be made.
    Failed(String),
}

/// What sits between a session and its server.
#[async_trait]
pub trait Wire: Send + Sync {
    /// From now on `fault` befalls the requests of `scope`, in place of what befell them before.
    async fn befall(&self, fault: Fault, scope: Scope);

    /// Requests and answers pass again.
    async fn heal(&self);

    /// How many requests have come so far, whatever became of them.
    fn calls(&self) -> usize;

    /// How many connections were made to the server that [`Fault::Redirect`] points to.
    fn strayed(&self) -> usize;

    /// Whether its connections are TLS.
    fn is_secure(&self) -> bool;
}

/// What can befall a request, its answer or its connection.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This is answered, and the server never hears of the request.
    Answer(Answer),
    /// A redirect with this status to another server, which nobody may call.
    Redirect(u16),
    /// No answer, ever.
    Hang,
    /// A head of success, then a byte now and then, for ever.
    Drip,
    /// A head of success, then bytes as fast as they are read, for ever.
    Flood,
    /// The first half of the server's answer, well framed.
    Truncate,
    /// The first half of the server's answer under the head of the whole, then the end of the connection.
    CutOff,
    /// The server's answer to the first such request (same verb, path and operation), to it and to all that follow.
    Repeat,
    /// The server's answer with another body.
    Edit(Edit),
    /// Connections are refused.
    Refuse,
    /// The certificate ended long ago.
    Expired,
    /// The certificate is of an authority that nobody named.
    Foreign,
    /// The certificate is for another name.
    Misnamed,
}

/// Changes an answer's body.
pub type Edit = fn(&[u8]) -> Vec<u8>;

/// Which requests a fault is for: all, unless narrowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// So many requests pass before.
    pub after: usize,
    /// Only requests in whose path, query or body this is.
    pub about: Option<String>,
}

/// An answer that a wire gives by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers besides the content's type and length.
    pub headers: Vec<(&'static str, String)>,
    /// The content's type.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Answer {
    /// A JSON answer.
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), content_type: "application/json", body: body.into() }
    }

    /// What a proxy or a portal answers, in the name of whom one wanted to ask.
    fn page(status: u16) -> Self {
        let body = format!("<!DOCTYPE html><html><head><title>{CANARY}</title></head><body>{status}</body></html>");
        Self { status, headers: Vec::new(), content_type: "text/html; charset=utf-8", body }
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What a server may say in place of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// It does not know who asks.
    Unauthenticated,
    /// It knows who asks, who may not.
    Denied,
    /// There are too many calls; its answer says to wait for a second.
    Throttled,
    /// It has a fault.
    Broken,
}

/// The case of a 404 that is not the provider's own.
pub const STRANGER: &str = "a stranger's 404 is not absence";
/// The case of a success with a page for people.
pub const PAGE: &str = "a page of HTML is no value and not absence";
/// The case of a success that says nothing.
pub const NOTHING: &str = "a success that says nothing is no value and not absence";
/// The case of the first half of an answer.
pub const HALF: &str = "half an answer is no value and not absence";
/// The case of one key's failure among others'.
pub const ONE: &str = "a key that fails on the wire fails alone";

/// The case of an answer that says when to come back.
pub const PAUSE: &str = "a session that is told to wait makes no call before";

/// One case: each of these is to come to one of those.
struct Trial {
    case: &'static str,
    faults: Vec<Fault>,
    kinds: &'static [Kind],
    scope: Scope,
}

/// Puts a provider through all of it.
pub(super) async fn run(fixture: &dyn Fixture) -> Vec<Outcome> {
    let trials = trials(fixture);
    let wired = match fixture.wired().await {
        Ok(wired) => wired,
        Err(without) => {
            let cases = trials.iter().map(|trial| trial.case).chain([ONE, PAUSE]).chain(find::CASES);
            return cases.map(|case| (case, without.outcome())).collect();
        }
    };
    for name in NAMES {
        fixture.put(name, content(name).expose()).await;
    }
    let mut outcomes = Vec::new();
    for trial in &trials {
        outcomes.push((trial.case, one(fixture, &wired, trial).await));
    }
    outcomes.push((ONE, fails_alone(fixture, &wired).await));
    outcomes.push((PAUSE, waits(fixture, &wired).await));
    outcomes.extend(find::run(fixture, &wired).await);
    outcomes
}

impl Without {
    fn outcome(&self) -> Case {
        match self {
            Self::Unknown => Err("a gap: Fixture::wired is not there".to_owned()),
            Self::Needless(reason) => declined(reason.clone()),
            Self::Failed(why) => Err(format!("no session on a wire: {why}")),
        }
    }
}

const NAMES: [&str; 3] = ["wire-here", "wire-failing", "wire-there"];
const GONE: &str = "wire-gone";

fn trials(fixture: &dyn Fixture) -> Vec<Trial> {
    const REFUSED: &[Kind] = &[Kind::Unauthenticated, Kind::Denied];
    const LATER: &[Kind] = &[Kind::Unavailable];
    const STRANGE: &[Kind] = &[Kind::Invalid, Kind::Unavailable];
    let trial = |case, faults, kinds| Trial { case, faults, kinds, scope: Scope::default() };
    // Of the secrets alone: a server that knows nobody is another case.
    let scope = Scope { about: Some("wire-".to_owned()), after: 0 };
    let own = |case, complaint, kinds| Trial {
        case,
        faults: fixture.says(complaint).map(Fault::Answer).into_iter().collect(),
        kinds,
        scope: scope.clone(),
    };
    vec![
        own("unknown credentials are told in the server's words", Complaint::Unauthenticated, &[Kind::Unauthenticated]),
        own("a denial is told in the server's words", Complaint::Denied, &[Kind::Denied]),
        own("throttling is told in the server's words", Complaint::Throttled, &[Kind::Throttled]),
        own("a fault is told in the server's words", Complaint::Broken, LATER),
        trial("401 and 403 are a refusal", bare(&[401, 403]), REFUSED),
        trial("429 is throttling", throttled(), &[Kind::Throttled]),
        trial("500 to 504 are for later", bare(&[500, 502, 503, 504]), LATER),
        trial(STRANGER, [bare(&[404, 410]), vec![says(Answer::json(404, ""))]].concat(), STRANGE),
        trial(PAGE, vec![says(Answer::page(200))], STRANGE),
        trial(NOTHING, ["{}", "[]", "null", "\"\"", ""].map(|body| says(Answer::json(200, body))).into(), STRANGE),
        trial("a redirect is not followed", [301, 302, 307, 308].map(Fault::Redirect).into(), STRANGE),
        trial(HALF, vec![Fault::Truncate], STRANGE),
        trial("an answer that is cut off is for later", vec![Fault::CutOff], LATER),
        trial("an answer without an end is given up", vec![Fault::Flood], STRANGE),
        trial("an answer that drips is given up in time", vec![Fault::Drip], LATER),
        trial("a server that hangs is given up in time", vec![Fault::Hang], LATER),
        trial("a server that refuses connections is for later", vec![Fault::Refuse], LATER),
        trial("an expired certificate is not believed", vec![Fault::Expired], LATER),
        trial("a foreign authority is not believed", vec![Fault::Foreign], LATER),
        trial("a certificate of another name is not believed", vec![Fault::Misnamed], LATER),
    ]
}

fn says(answer: Answer) -> Fault {
    Fault::Answer(answer)
}

/// The statuses, said by who does not know the provider's words.
fn bare(statuses: &[u16]) -> Vec<Fault> {
    let answers = |status: &u16| [Answer::page(*status), Answer::json(*status, format!("{{\"{CANARY}\":1}}"))];
    statuses.iter().flat_map(answers).map(says).collect()
}

fn throttled() -> Vec<Fault> {
    [Answer::page(429), Answer::json(429, "{}")].map(|answer| says(answer.with("retry-after", "1"))).into()
}

async fn one(fixture: &dyn Fixture, wired: &Wired, trial: &Trial) -> Case {
    if let Some(reason) = fixture.declines(trial.case) {
        return declined(reason);
    }
    let tls = |fault: &Fault| matches!(fault, Fault::Expired | Fault::Foreign | Fault::Misnamed);
    if trial.faults.iter().any(tls) && !wired.wire.is_secure() {
        return declined("its connections are not TLS here");
    }
    if trial.faults.is_empty() {
        return declined("it has no words for it");
    }
    for fault in &trial.faults {
        well(wired).await.map_err(|why| format!("before {fault:?}: {why}"))?;
        let (calls, strayed) = (wired.wire.calls(), wired.wire.strayed());
        wired.wire.befall(fault.clone(), trial.scope.clone()).await;
        let outcome = befallen(wired, fault, trial.kinds).await;
        let heard = wired.wire.calls() - calls;
        wired.wire.heal().await;
        outcome.map_err(|why| format!("{fault:?}: {why}"))?;
        ensure(wired.wire.strayed() == strayed, || format!("{fault:?} was followed"))?;
        ensure(!tls(fault) || heard == 0, || format!("{fault:?}: {heard} requests went to who is not believed"))?;
        well(wired).await.map_err(|why| format!("after {fault:?}: {why}"))?;
    }
    Ok(Verdict::Holds)
}

/// A secret that is there and one that is not fail alike: the second is where absence would be easiest said. Of half an
/// answer the head may say it, and truly.
async fn befallen(wired: &Wired, fault: &Fault, kinds: &[Kind]) -> Result<(), String> {
    let has_head = matches!(fault, Fault::Truncate | Fault::CutOff);
    let keys = ["wire-here", GONE].map(|name| [value(name)]);
    let started = Instant::now();
    for (keys, answers) in keys.iter().zip(join_all(keys.iter().map(|key| read_through(&*wired.provider, key))).await) {
        for (key, answer) in keys.iter().zip(answers?) {
            let told = kind(&answer);
            let truly_gone = has_head && key.key == GONE && told == Some(Kind::NotFound);
            let right = truly_gone || told.is_some_and(|told| kinds.contains(&told));
            ensure(right, || format!("{:?} is {told:?} and not of {kinds:?} ({:?})", key.key, answer.err()))?;
        }
    }
    ensure(started.elapsed() < DEADLINE * 2, || format!("it took {:?}", started.elapsed()))
}

/// Waits until the session is as it was. An answer that is wrong, and not merely a failure, is not waited over.
async fn well(wired: &Wired) -> Result<(), String> {
    let end = Instant::now() + RECOVERY;
    loop {
        let names = [NAMES[0], NAMES[1], NAMES[2], GONE];
        let answers = read_through(&*wired.provider, &names.map(value)).await?;
        let mut failure = None;
        for (name, answer) in names.iter().zip(&answers) {
            match kind(answer) {
                Some(Kind::NotFound) if *name == GONE => {}
                Some(Kind::NotFound) | None => expect(name, answer, &content(name))?,
                Some(_) => failure = answer.as_ref().err().map(ToString::to_string),
            }
        }
        match failure {
            None => return Ok(()),
            Some(failure) => ensure(Instant::now() < end, || format!("it is not well again: {failure}"))?,
        }
        sleep(LOOK_AGAIN).await;
    }
}

async fn fails_alone(fixture: &dyn Fixture, wired: &Wired) -> Case {
    if let Some(reason) = fixture.declines(ONE) {
        return declined(reason);
    }
    if wired.provider.batch(&value(NAMES[1])).size() > 1 {
        return declined("keys are read in batches");
    }
    let scope = Scope { about: Some(NAMES[1].to_owned()), after: 0 };
    let denied = fixture.says(Complaint::Denied).unwrap_or_else(|| Answer::json(403, "{}"));
    for (answer, wanted) in [(denied, Kind::Denied), (Answer::json(500, "{}"), Kind::Unavailable)] {
        well(wired).await?;
        wired.wire.befall(says(answer), scope.clone()).await;
        let answers = read_through(&*wired.provider, &NAMES.map(value)).await;
        wired.wire.heal().await;
        let kinds: Vec<_> = answers?.iter().map(kind).collect();
        ensure(kinds == [None, Some(wanted), None], || format!("{wanted:?}: {kinds:?}"))?;
    }
    well(wired).await.map(|()| Verdict::Holds)
}

/// A second after it was told to wait for two, nothing has come; then it is well.
async fn waits(fixture: &dyn Fixture, wired: &Wired) -> Case {
    if let Some(reason) = fixture.declines(PAUSE) {
        return declined(reason);
    }
    let key = [value(NAMES[0])];
    let told = Answer::json(429, "{}").with("retry-after", "2");
    well(wired).await?;
    wired.wire.befall(says(told), Scope::default()).await;
    let answers = read_through(&*wired.provider, &key).await;
    wired.wire.heal().await;
    let kinds: Vec<_> = answers?.iter().map(kind).collect();
    ensure(kinds == [Some(Kind::Throttled)], || format!("it is told {kinds:?}"))?;
    let calls = wired.wire.calls();
    let _ = timeout(Duration::from_secs(1), read_through(&*wired.provider, &key)).await;
    ensure(wired.wire.calls() == calls, || format!("{} calls came", wired.wire.calls() - calls))?;
    well(wired).await.map(|()| Verdict::Holds)
}
