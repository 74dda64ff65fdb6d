//! The Security Token Service: a ServiceAccount's token for the keys of a role. The call is signed by nobody, since the
//! token says who asks.

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::NAME;
use super::client::{Ask, Endpoint};
use super::credential::{Identity, Keys, Role, account_field, is_printable};
use super::error::{Failure, Purpose};
use crate::provider::{Credentials, Error, Kind};
use crate::sealed::Sealed;

const VERSION: &str = "2015-04-01";
/// Whom a token is for; what ACK's OIDC providers list.
const AUDIENCE: &str = "sts.aliyuncs.com";
/// STS takes no longer token.
const LONGEST_TOKEN: usize = 20_000;

/// STS in one region.
#[derive(Debug)]
pub(super) struct Sts(Endpoint);

impl Sts {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self(endpoint)
    }

    /// Has keys of `role`, for as long as STS gives them, an hour as a rule.
    pub(super) async fn assume(&self, role: &Role, credentials: &dyn Credentials) -> Result<Keys, Error> {
        let doing = || format!("assume role {:?}", role.arn);
        let token = token(role, credentials).await?;
        let ask = Ask {
            purpose: Purpose::SignIn,
            action: "AssumeRoleWithOIDC",
            version: VERSION,
            query: &[],
            body: Some(form(role, &token)),
            keys: None,
        };
        let answer = self.0.call(ask).await.map_err(|failure| failure.at(doing()))?;
        keys(&answer.body).ok_or_else(|| Failure::unreadable().at(doing()))
    }
}

async fn token(role: &Role, credentials: &dyn Credentials) -> Result<Sealed, Error> {
    let (field, token) = match &role.token {
        Identity::Account(account) => {
            let field = account_field();
            let audiences = [AUDIENCE.to_owned()];
            let token = credentials.token(&field, account, &audiences).await?;
            (field, token.value)
        }
        Identity::File(path) => {
            let path = path.clone();
            let read = tokio::task::spawn_blocking(move || file(&path)).await.ok().flatten();
            ("ALIBABA_CLOUD_OIDC_TOKEN_FILE".to_owned(), read.unwrap_or_default())
        }
    };
    let sound = (4..=LONGEST_TOKEN).contains(&token.len()) && token.expose().iter().all(u8::is_ascii_graphic);
    if sound { Ok(token) } else { Err(no_token(&field)) }
}

/// What a file begins with, without the space around it; nothing where it cannot be read.
fn file(path: &Path) -> Option<Sealed> {
    let mut text = Zeroizing::new(Vec::with_capacity(LONGEST_TOKEN + 2));
    let most = u64::try_from(LONGEST_TOKEN).ok()? + 1;
    std::fs::File::open(path).ok()?.take(most).read_to_end(&mut text).ok()?;
    Some(Sealed::new(text.trim_ascii().to_vec()))
}

fn no_token(field: &str) -> Error {
    let cause = "there is no token, or it is none that STS takes".to_owned();
    Error { provider: NAME, doing: format!("read the token of `{field}`"), kind: Kind::Unauthenticated, cause }
}

/// In the body, since a URL is what servers and proxies log.
fn form(role: &Role, token: &Sealed) -> Sealed {
    let pairs = [
        ("RoleArn", role.arn.as_bytes()),
        ("OIDCProviderArn", role.provider.as_bytes()),
        ("RoleSessionName", role.session.as_bytes()),
        ("OIDCToken", token.expose()),
    ];
    let room: usize = pairs.iter().map(|(name, value)| name.len() + value.len() * 3 + 2).sum();
    let mut body = Zeroizing::new(Vec::with_capacity(room));
    for (name, value) in pairs {
        let and: &[u8] = if body.is_empty() { b"" } else { b"&" };
        body.extend_from_slice(and);
        body.extend_from_slice(name.as_bytes());
        body.push(b'=');
        for part in percent_encoding::percent_encode(value, percent_encoding::NON_ALPHANUMERIC) {
            body.extend_from_slice(part.as_bytes());
        }
    }
    Sealed::new(std::mem::take(&mut *body))
}

/// Keys as STS and the metadata service write them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Given<'a> {
    #[serde(borrow)]
    access_key_id: Cow<'a, str>,
    #[serde(borrow)]
    access_key_secret: Cow<'a, str>,
    #[serde(borrow)]
    security_token: Cow<'a, str>,
    expiration: Timestamp,
}

impl Given<'_> {
    /// Nothing for what can be no key.
    pub(super) fn keys(self) -> Option<Keys> {
        let parts = [&self.access_key_id, &self.access_key_secret, &self.security_token];
        parts.iter().all(|part| is_printable(part.as_bytes())).then(|| Keys {
            id: self.access_key_id.clone().into_owned(),
            secret: Sealed::from(self.access_key_secret.as_ref()),
            token: Some(Sealed::from(self.security_token.as_ref())),
            ends: Some(self.expiration),
        })
    }
}

fn keys(body: &Sealed) -> Option<Keys> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Assumed<'a> {
        #[serde(borrow)]
        credentials: Given<'a>,
    }
    serde_json::from_slice::<Assumed<'_>>(body.expose()).ok()?.credentials.keys()
}
