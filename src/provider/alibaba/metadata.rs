//! The metadata service of the instance that the operator runs on: the keys of its RAM role. Each call has a token that
//! was asked for by a PUT, which no request that somebody else was made to send can have.

use std::sync::Arc;

use serde::Deserialize;
use tokio::time::Instant;

use super::NAME;
use super::credential::Keys;
use super::sts::Given;
use crate::provider::http::{Answer, Call, Client, Fault, HeaderMap, HeaderName, HeaderValue, Method, segments};
use crate::provider::{Error, Kind, Observer};

const TTL: HeaderName = HeaderName::from_static("x-aliyun-ecs-metadata-token-ttl-seconds");
const TOKEN: HeaderName = HeaderName::from_static("x-aliyun-ecs-metadata-token");
/// For how many seconds a token is good: a sign-in takes two calls.
const LIFE: &str = "60";
const ROLES: &str = "latest/meta-data/ram/security-credentials";

const NONE: &str = "the metadata service says of no such role; give the instance a RAM role, or sign in another way";
const STRANGE: &str = "what answers at the metadata service's address is none of Alibaba Cloud's; sign in another way";

/// The metadata service.
#[derive(Debug)]
pub(super) struct Metadata {
    client: Client,
    observer: Arc<dyn Observer>,
}

impl Metadata {
    pub(super) fn new(client: Client, observer: Arc<dyn Observer>) -> Self {
        Self { client, observer }
    }

    /// The keys of `role`, or of the role that the instance has.
    pub(super) async fn keys(&self, role: Option<&str>) -> Result<Keys, Error> {
        let started = Instant::now();
        let keys = self.ask(role).await;
        self.observer.called(NAME, "GetInstanceCredentials", keys.is_ok(), started.elapsed());
        keys.map_err(|fault| fault.at(NAME, "read the instance's RAM role".to_owned()))
    }

    async fn ask(&self, role: Option<&str>) -> Result<Keys, Fault> {
        let strange = || Fault::new(Kind::Unauthenticated, STRANGE);
        let token = self.token().await?;
        let named = if let Some(role) = role {
            role.to_owned()
        } else {
            let answer = self.get(ROLES.to_owned() + "/", &token).await?;
            let text = str::from_utf8(answer.body.expose()).map_err(|_| strange())?;
            text.lines().next().unwrap_or_default().trim().to_owned()
        };
        let one = segments(&named).is_some_and(|parts| parts.len() == 1);
        let answer = if one { self.get(format!("{ROLES}/{named}"), &token).await? } else { return Err(strange()) };
        keys(&answer).ok_or_else(strange)
    }

    async fn token(&self) -> Result<HeaderValue, Fault> {
        let headers = HeaderMap::from_iter([(TTL, HeaderValue::from_static(LIFE))]);
        let answer = self.send(Method::PUT, "latest/api/token".to_owned(), headers).await?;
        let mut token = HeaderValue::from_bytes(answer.body.expose().trim_ascii())
            .map_err(|_| Fault::new(Kind::Unauthenticated, STRANGE))?;
        token.set_sensitive(true);
        Ok(token)
    }

    async fn get(&self, path: String, token: &HeaderValue) -> Result<Answer, Fault> {
        self.send(Method::GET, path, HeaderMap::from_iter([(TOKEN, token.clone())])).await
    }

    async fn send(&self, method: Method, path: String, headers: HeaderMap) -> Result<Answer, Fault> {
        let path: Vec<_> = path.split('/').map(str::to_owned).collect();
        let answer = self.client.call(Call { method, path: &path, query: &[], headers, body: None }).await?;
        match answer.status.as_u16() {
            200..=299 => Ok(answer),
            404 => Err(Fault::new(Kind::Unauthenticated, NONE)),
            429 | 500..=599 => {
                Err(Fault::new(Kind::Unavailable, "the metadata service has a fault; it is tried again"))
            }
            _ => Err(Fault::new(Kind::Unauthenticated, STRANGE)),
        }
    }
}

fn keys(answer: &Answer) -> Option<Keys> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Said {
        code: String,
    }
    let said: Said = serde_json::from_slice(answer.body.expose()).ok()?;
    let given: Given<'_> = serde_json::from_slice(answer.body.expose()).ok()?;
    (said.code == "Success").then(|| given.keys()).flatten()
}
