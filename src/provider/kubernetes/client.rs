//! One API server, and the calls that are made at it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Flavor;
use super::error::{Failure, Missing, Why, failure};
use super::review::Right;
use super::token::Tokens;
use crate::provider::http::{Answer, Call, Client, HeaderMap, HeaderName, HeaderValue, Method};
use crate::provider::{Kind, Observer};
use crate::sealed::Sealed;

const ACCEPT: HeaderName = HeaderName::from_static("accept");
const AUTHORIZATION: HeaderName = HeaderName::from_static("authorization");
const CONTENT_TYPE: HeaderName = HeaderName::from_static("content-type");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// For how long it is believed that a namespace is there, or is not.
const BELIEF: Duration = Duration::from_secs(10);
/// Of so many namespaces that is remembered.
const MOST_NAMESPACES: usize = 1_000;

/// An API server, as one session sees it.
pub(in crate::provider) struct Cluster {
    pub(in crate::provider) flavor: Flavor,
    client: Client,
    tokens: Tokens,
    observer: Arc<dyn Observer>,
    /// Which namespaces were seen to be missing, or not, and when.
    namespaces: Mutex<BTreeMap<String, (Instant, bool)>>,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Cluster")
            .field("flavor", &self.flavor)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// One call.
#[derive(Clone, Debug)]
pub(in crate::provider) struct Ask<'a> {
    /// ESO's name for it in metrics.
    pub(in crate::provider) name: &'static str,
    pub(in crate::provider) method: Method,
    pub(in crate::provider) path: &'a [String],
    pub(in crate::provider) query: &'a [(&'a str, &'a str)],
    /// What it takes, for the one who has to grant it.
    pub(in crate::provider) right: Right<'a>,
    pub(in crate::provider) body: Option<Sealed>,
}

impl<'a> Ask<'a> {
    /// A read of `path`.
    pub(in crate::provider) fn get(name: &'static str, path: &'a [String], right: Right<'a>) -> Self {
        Self { name, method: Method::GET, path, query: &[], right, body: None }
    }
}

impl Cluster {
    pub(super) fn new(flavor: Flavor, client: Client, tokens: Tokens, observer: Arc<dyn Observer>) -> Self {
        Self { flavor, client, tokens, observer, namespaces: Mutex::default() }
    }

    /// Makes a call; a second time with another token where the first was not known.
    pub(in crate::provider) async fn ask(&self, ask: &Ask<'_>) -> Result<Answer, Why> {
        let shown = self.tokens.current().await.map_err(Why::Told)?;
        let failure = match self.send(ask, shown.header()).await {
            Err(failure) if failure.unknown && self.tokens.dismiss(&shown).await => failure,
            answer => return answer.map_err(Why::Failed),
        };
        let shown = self.tokens.current().await.map_err(|_| Why::Failed(failure))?;
        self.send(ask, shown.header()).await.map_err(Why::Failed)
    }

    async fn send(&self, ask: &Ask<'_>, token: Option<&HeaderValue>) -> Result<Answer, Failure> {
        let mut headers = HeaderMap::from_iter([(ACCEPT, JSON)]);
        if let Some(token) = token {
            headers.insert(AUTHORIZATION, token.clone());
        }
        if ask.body.is_some() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        let (method, body) = (ask.method.clone(), ask.body.clone());
        let started = Instant::now();
        let answer = self.client.call(Call { method, path: ask.path, query: ask.query, headers, body }).await;
        let answer = answer
            .map_err(Failure::from)
            .and_then(|answer| if answer.status.is_success() { Ok(answer) } else { Err(failure(&answer, ask.right)) });
        self.observer.called(self.flavor.name, ask.name, answer.is_ok(), started.elapsed());
        answer
    }

    /// What it means that the API server found no `name` among `plural` in `namespace`: the object's absence, unless the
    /// whole namespace is not there, which a name that was mistyped looks like too.
    pub(in crate::provider) async fn judge(&self, why: Why, plural: &str, name: &str, namespace: Option<&str>) -> Why {
        let Some(Missing::Object(kind, found)) = why.missing() else { return why };
        if kind != plural || found != name {
            return why;
        }
        let lacks = match namespace {
            Some(namespace) => self.lacks(namespace).await,
            None => Ok(false),
        };
        match lacks {
            Ok(false) => Failure::new(Kind::NotFound, "there is no such object").into(),
            Ok(true) => {
                let cause = "there is no such namespace; create it, or correct its name in the store or the reference";
                Failure::new(Kind::Invalid, cause).into()
            }
            Err(why) => why,
        }
    }

    /// Whether the API server says that a namespace is missing. Who may not ask is none the wiser.
    async fn lacks(&self, namespace: &str) -> Result<bool, Why> {
        if let Some(lacks) = self.recall(namespace) {
            return Ok(lacks);
        }
        let path = ["api", "v1", "namespaces", namespace].map(str::to_owned);
        let right = Right::new("get", "", "namespaces", Some(namespace));
        let lacks = match self.ask(&Ask::get("GetNamespace", &path, right)).await {
            Ok(_) | Err(Why::Failed(Failure { kind: Kind::Denied, .. })) => false,
            Err(why) => {
                let missing = Missing::Object("namespaces".to_owned(), namespace.to_owned());
                if why.missing() != Some(&missing) {
                    return Err(why);
                }
                true
            }
        };
        self.remember(namespace, lacks);
        Ok(lacks)
    }

    fn recall(&self, namespace: &str) -> Option<bool> {
        let known = self.namespaces.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, lacks) = known.get(namespace)?;
        (at.elapsed() < BELIEF).then_some(*lacks)
    }

    fn remember(&self, namespace: &str, lacks: bool) {
        let mut known = self.namespaces.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_NAMESPACES {
            known.clear();
        }
        known.insert(namespace.to_owned(), (Instant::now(), lacks));
    }
}
