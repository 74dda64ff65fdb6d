//! As whom a session asks: keys from Secrets, a ServiceAccount's role, or the operator's own identity, and then any
//! roles that are assumed one after the other.
//!
//! Keys and annotations are read once, when the session is opened; a session is opened anew when they change. Tokens and
//! role credentials are fetched when they are first needed and again before they end.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_credential_types::Credentials as Keys;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_sts::types::Tag;
use tokio::time::Instant;

use super::client::Base;
use super::error::{self, Failure};
use crate::api::external_secret::StoreKind;
use crate::api::provider::aws::{AwsJwtAuth, AwsSecretRef, SessionTagsPolicy};
use crate::api::provider::{AwsProvider, SecretKeySelector, ServiceAccountSelector};
use crate::provider::site::Site;
use crate::provider::{Context, Credentials, Error, Validity};

/// What the sessions of assumed roles are called in the account's logs; ESO's name.
const SESSION: &str = "external-secrets-provider-aws";
const ROLE: &str = "eks.amazonaws.com/role-arn";
const AUDIENCE: &str = "eks.amazonaws.com/audience";
const DEFAULT_AUDIENCE: &str = "sts.amazonaws.com";
/// For how long a role that was refused is not asked for again; the default interval of polls.
const REFUSED: Duration = Duration::from_secs(10);
const ACCOUNT: &str = "jwt.serviceAccountRef";

/// Tags that say for whom a session is; nobody but us may set them.
const NAMESPACE_TAG: &str = "esoNamespace";
const STORE_NAME_TAG: &str = "esoStoreName";
const STORE_KIND_TAG: &str = "esoStoreKind";

/// The configuration of a session's clients. `provider` is for errors.
pub(super) async fn configure(
    provider: &'static str,
    spec: &AwsProvider,
    context: &Context,
    credentials: Arc<dyn Credentials>,
    base: &Base,
) -> Result<SdkConfig, Error> {
    let asker = Asker { site: super::site(provider), session: SESSION };
    let (jwt, keys) = spec.auth.as_ref().map_or((None, None), |auth| (auth.jwt.as_ref(), auth.secret_ref.as_ref()));
    let first = asker.identity(&spec.region, jwt, keys, credentials, base).await?;
    let assume = |config, role| asker.assume(&config, role, base);
    let chained = spec.additional_roles.iter().map(|role| Role::plain(role)).fold(first, assume);
    let last = spec.role.as_deref().filter(|role| !role.is_empty()).map(|role| Role::last(role, spec, context));
    Ok(last.into_iter().fold(chained, assume))
}

/// Who asks for credentials.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker {
    /// Where the store has them.
    pub(super) site: Site,
    /// What the sessions of assumed roles are called in the account's logs.
    pub(super) session: &'static str,
}

impl Asker {
    /// A configuration with the identity that a store names, or the operator's own where it names none.
    pub(super) async fn identity(
        self,
        region: &str,
        jwt: Option<&AwsJwtAuth>,
        keys: Option<&AwsSecretRef>,
        credentials: Arc<dyn Credentials>,
        base: &Base,
    ) -> Result<SdkConfig, Error> {
        let own = base.in_region(region);
        Ok(match (jwt, keys) {
            (Some(jwt), _) => {
                let account = jwt.service_account_ref.as_ref().ok_or_else(|| missing(self.site, ACCOUNT))?;
                let identity = WebIdentity::new(self, base.sts(&own), account, credentials).await?;
                base.with_credentials(&own, Held::new(identity))
            }
            (None, Some(keys)) => base.with_credentials(&own, fixed(self.site, keys, &*credentials).await?),
            (None, None) => own,
        })
    }

    /// `config` with a role in place of its identity, which may assume it.
    pub(super) fn assume(self, config: &SdkConfig, role: Role, base: &Base) -> SdkConfig {
        base.with_credentials(config, Held::new(Assumed { asker: self, client: base.sts(config), role }))
    }
}

/// Gets the credentials, as ESO's validation does; what they allow is seen at the first read.
pub(super) async fn validate(
    provider: &'static str,
    credentials: Option<&SharedCredentialsProvider>,
) -> Result<Validity, Error> {
    provide(super::site(provider), credentials, "validate the store").await.map(|_| Validity::Valid)
}

/// Gets the credentials that a configuration has.
pub(super) async fn provide(
    site: Site,
    credentials: Option<&SharedCredentialsProvider>,
    doing: &str,
) -> Result<Keys, Error> {
    let failed = |failure: Failure| failure.of(site, doing.to_owned());
    let credentials = credentials.ok_or_else(|| failed(Failure::no_credentials()))?;
    credentials.provide_credentials().await.map_err(|error| failed(error::credentials_failure(&error)))
}

async fn fixed(site: Site, keys: &AwsSecretRef, credentials: &dyn Credentials) -> Result<Keys, Error> {
    let text = async |field, selector: &Option<_>| text(site, field, selector.as_ref(), credentials).await;
    let id = text("accessKeyIDSecretRef", &keys.access_key_id_secret_ref).await?;
    let key = text("secretAccessKeySecretRef", &keys.secret_access_key_secret_ref).await?;
    let token = match &keys.session_token_secret_ref {
        selector @ Some(_) => Some(text("sessionTokenSecretRef", selector).await?),
        None => None,
    };
    Ok(Keys::new(id, key, token, None, "secretRef"))
}

async fn text(
    site: Site,
    field: &str,
    selector: Option<&SecretKeySelector>,
    credentials: &dyn Credentials,
) -> Result<String, Error> {
    let field = format!("secretRef.{field}");
    let selector = selector.ok_or_else(|| missing(site, &field))?;
    let value = credentials.secret_key(&site.field(&field), selector).await?;
    let printable = value.expose().iter().all(u8::is_ascii_graphic) && !value.is_empty();
    // Unprintable bytes could not be sent in a header; a line end is what an editor leaves behind.
    match str::from_utf8(value.expose()) {
        Ok(text) if printable => Ok(text.to_owned()),
        _ => Err(site.unusable(&field, "it is empty, or has a space, a line end or another byte that no AWS key has")),
    }
}

fn missing(site: Site, field: &str) -> Error {
    site.unusable(field, "it is not set")
}

/// A role and what it takes to have its credentials.
#[async_trait]
trait Assume: std::fmt::Debug + Send + Sync {
    async fn assume(&self) -> Result<Keys, Error>;
}

/// A role whose refusal is remembered for a while, so that a thousand keys with a bad role are not a thousand calls.
#[derive(Debug)]
struct Held<A> {
    role: A,
    refused: Mutex<Option<(Instant, Error)>>,
}

impl<A: Assume> Held<A> {
    fn new(role: A) -> Self {
        Self { role, refused: Mutex::default() }
    }

    fn refusal(&self) -> Option<Error> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.as_ref().filter(|(since, _)| since.elapsed() < REFUSED).map(|(_, error)| error.clone())
    }

    async fn credentials(&self) -> Result<Keys, Error> {
        if let Some(error) = self.refusal() {
            return Err(error);
        }
        let answer = self.role.assume().await;
        let refusal = answer.as_ref().err().map(|error| (Instant::now(), error.clone()));
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = refusal;
        answer
    }
}

impl<A: Assume> ProvideCredentials for Held<A> {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async { self.credentials().await.map_err(CredentialsError::provider_error) })
    }
}

/// A role that a ServiceAccount's token stands for.
#[derive(Debug)]
struct WebIdentity {
    asker: Asker,
    client: aws_sdk_sts::Client,
    credentials: Arc<dyn Credentials>,
    account: ServiceAccountSelector,
    audience: String,
    role: String,
}

impl WebIdentity {
    async fn new(
        asker: Asker,
        client: aws_sdk_sts::Client,
        account: &ServiceAccountSelector,
        credentials: Arc<dyn Credentials>,
    ) -> Result<Self, Error> {
        let mut annotations = credentials.annotations(&asker.site.field(ACCOUNT), account).await?;
        let mut annotation = |name| annotations.remove(name).filter(|value| !value.is_empty());
        let role = annotation(ROLE).ok_or_else(|| {
            asker.site.unusable(
                ACCOUNT,
                "the ServiceAccount has no annotation `eks.amazonaws.com/role-arn`, which names its role",
            )
        })?;
        let audience = annotation(AUDIENCE).unwrap_or_else(|| DEFAULT_AUDIENCE.to_owned());
        Ok(Self { asker, client, credentials, account: account.clone(), audience, role })
    }
}

#[async_trait]
impl Assume for WebIdentity {
    async fn assume(&self) -> Result<Keys, Error> {
        let field = self.asker.site.field(ACCOUNT);
        let token = self.credentials.token(&field, &self.account, std::slice::from_ref(&self.audience)).await?;
        let request = self
            .client
            .assume_role_with_web_identity()
            .role_arn(&self.role)
            .role_session_name(self.asker.session)
            .web_identity_token(String::from_utf8_lossy(token.value.expose()));
        let given = match request.send().await {
            Ok(answer) => keys(answer.credentials),
            Err(error) => Err(error::failure(&error)),
        };
        given.map_err(|failure| failure.of_role().of(self.asker.site, assuming(&self.role)))
    }
}

/// A role that the credentials before it may assume.
#[derive(Debug)]
struct Assumed {
    asker: Asker,
    client: aws_sdk_sts::Client,
    role: Role,
}

#[derive(Debug, Default, PartialEq)]
pub(super) struct Role {
    arn: String,
    external_id: Option<String>,
    tags: Vec<(String, String)>,
    transitive_tag_keys: Vec<String>,
}

impl Role {
    fn plain(arn: &str) -> Self {
        Self { arn: arn.to_owned(), ..Self::default() }
    }

    /// With what its trust policy may ask for.
    pub(super) fn with(arn: &str, external_id: Option<&str>) -> Self {
        Self { external_id: external_id.map(str::to_owned), ..Self::plain(arn) }
    }

    fn last(arn: &str, spec: &AwsProvider, context: &Context) -> Self {
        Self {
            arn: arn.to_owned(),
            external_id: spec.external_id.clone().filter(|id| !id.is_empty()),
            tags: tags(spec, context),
            transitive_tag_keys: spec.transitive_tag_keys.clone(),
        }
    }
}

/// The tags that the spec lists and those that its policy adds. STS takes keys that differ in case for equal.
fn tags(spec: &AwsProvider, context: &Context) -> Vec<(String, String)> {
    let listed = spec.session_tags.iter().map(|tag| (tag.key.clone(), tag.value.clone()));
    if !spec.sessions_are_tagged() {
        return listed.collect();
    }
    let kind = match context.store_kind {
        StoreKind::SecretStore => "SecretStore",
        StoreKind::ClusterSecretStore => "ClusterSecretStore",
    };
    let ours = [
        (NAMESPACE_TAG, context.namespace().unwrap_or_default()),
        (STORE_NAME_TAG, &context.store_name),
        (STORE_KIND_TAG, kind),
    ];
    let is_ours = |key: &str| ours.iter().any(|(name, _)| name.eq_ignore_ascii_case(key));
    let custom = spec
        .custom_session_tags
        .iter()
        .filter(|_| spec.session_tags_policy == Some(SessionTagsPolicy::Custom))
        .filter(|(key, value)| !key.is_empty() && !value.is_empty())
        .map(|(key, value)| (key.clone(), value.clone()));
    let theirs = listed.chain(custom).filter(|(key, _)| !is_ours(key));
    theirs.chain(ours.map(|(key, value)| (key.to_owned(), value.to_owned()))).collect()
}

#[async_trait]
impl Assume for Assumed {
    async fn assume(&self) -> Result<Keys, Error> {
        let Role { arn, external_id, tags, transitive_tag_keys } = &self.role;
        let tag = |(key, value): &(String, String)| Tag::builder().key(key).value(value).build().ok();
        let set = |list: Vec<_>| Some(list).filter(|list| !list.is_empty());
        let request = self
            .client
            .assume_role()
            .role_arn(arn)
            .role_session_name(self.asker.session)
            .set_external_id(external_id.clone())
            .set_tags(set(tags.iter().filter_map(tag).collect()))
            .set_transitive_tag_keys(Some(transitive_tag_keys.clone()).filter(|keys| !keys.is_empty()));
        let given = match request.send().await {
            Ok(answer) => keys(answer.credentials),
            Err(error) => Err(error::failure(&error)),
        };
        given.map_err(|failure| failure.of_role().of(self.asker.site, assuming(arn)))
    }
}

fn assuming(role: &str) -> String {
    format!("assume role {role:?}")
}

fn keys(given: Option<aws_sdk_sts::types::Credentials>) -> Result<Keys, Failure> {
    let given = given.ok_or_else(Failure::unreadable)?;
    let ends = SystemTime::try_from(given.expiration).map_err(|_| Failure::unreadable())?;
    Ok(Keys::new(given.access_key_id, given.secret_access_key, Some(given.session_token), Some(ends), "role"))
}
