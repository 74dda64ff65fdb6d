//! Values from outside: what every external store can be asked, and how it may fail.
//!
//! A provider reads remote keys and nothing else: it holds no Kubernetes client, writes nothing, remembers no value.
//! Credentials come through [`Credentials`], which the controller wires to the cluster; calls are counted through
//! [`Observer`]. `poll` is the only caller of [`Read`]; `conformance` is what every provider must pass. [`open`] is where
//! a store's spec becomes a session.

pub mod alibaba;
mod audience;
pub mod aws;
pub mod azure;
pub mod conformance;
mod crd;
pub mod deadline;
mod detect;
pub mod fake;
mod find;
pub mod gcp;
pub mod http;
pub mod kubernetes;
pub mod limit;
pub mod memory;
mod open;
mod openbao;
mod pause;
mod referent;
mod site;
mod vault;
mod webhook;

#[cfg(test)]
mod canned;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

pub use crate::api::external_secret::StoreKind;
pub use crate::api::external_secret::{Part, Query, Remote, RemoteKey};
use crate::api::provider::gcpsm::ConfigMapKey;
use crate::api::provider::{CaProvider, SecretKeySelector, ServiceAccountSelector};
use crate::sealed::Sealed;
pub use audience::is_for_an_api_server;
pub use detect::{Detect, Mark};
pub use find::{Find, Matches, Search};
pub use limit::Limits;
pub use open::{depends_on_consumer, open, permit};

/// For how long a sign-in that failed is not made again in its session. The session is tried once an interval, by default one
/// of ten seconds: each of these tries has to be a real one, or a credential that is good again is found out an interval late.
const SIGN_IN_PAUSE: std::time::Duration = std::time::Duration::from_secs(5);

/// What a read of `key` that failed was about to do, in the words of an [`Error`].
pub fn reading(key: &RemoteKey) -> String {
    match key.part {
        Part::Value => format!("read {:?}", key.key),
        Part::Metadata => format!("read the metadata of {:?}", key.key),
    }
}

/// Reads remote secrets.
#[async_trait]
pub trait Read: fmt::Debug + Send + Sync {
    /// The provider's name as ESO's metrics have it, for example `AWS/SecretsManager`.
    fn name(&self) -> &'static str;

    /// How many keys of `key`'s kind one call can answer; keys of different [`Batch`]es are never sent together.
    fn batch(&self, key: &RemoteKey) -> Batch;

    /// Whether what `key` names can never change, so that it is read once and never polled.
    fn is_immutable(&self, key: &RemoteKey) -> bool;

    /// Reads `keys` (all of one [`Batch`], at most its size) and answers each, in their order.
    ///
    /// The answer has exactly as many items as `keys`; one key that fails fails alone.
    async fn read_many(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>>;
}

/// Says whether a store could be used.
#[async_trait]
pub trait Validate: fmt::Debug + Send + Sync {
    /// Asks the provider, at the least cost it allows, whether the store's credentials are good.
    async fn validate(&self) -> Result<Validity, Error>;

    /// What Keyferry can do with such a store.
    fn capabilities(&self) -> Capabilities;
}

/// Ends a session.
#[async_trait]
pub trait Close: fmt::Debug + Send + Sync {
    /// Gives back what the provider keeps for the session, a token for example; nothing is read afterwards. It cannot
    /// fail: what is not given back ends by itself. Most providers keep nothing.
    async fn close(&self) {}
}

/// An open session with a provider.
pub trait Provider: Read + Detect + Find + Validate + Close {}
impl<P: Read + Detect + Find + Validate + Close> Provider for P {}

impl dyn Provider {
    /// How `remote` is sent: a search is always a call of its own.
    pub fn batch_of(&self, remote: &Remote) -> Batch {
        match remote {
            Remote::Key(key) => self.batch(key),
            Remote::Query(_) => Batch::Single,
        }
    }

    /// The most keys of `remote`'s kind whose marks are asked for together; none where it is read each time.
    pub fn detects_of(&self, remote: &Remote) -> Option<usize> {
        match remote {
            Remote::Key(key) => self.detects(key).filter(|most| *most > 0),
            Remote::Query(_) => None,
        }
    }

    /// Whether the answer to `remote` can never change; that to a search always can.
    pub fn is_fixed(&self, remote: &Remote) -> bool {
        match remote {
            Remote::Key(key) => self.is_immutable(key),
            Remote::Query(_) => false,
        }
    }
}

/// How keys are sent together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Batch {
    /// One key a call.
    Single,
    /// Up to this many keys a call.
    Many(usize),
}

impl Batch {
    /// The most keys that one call takes.
    pub fn size(self) -> usize {
        match self {
            Self::Single => 1,
            Self::Many(size) => size.max(1),
        }
    }
}

/// What a validation found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// The provider accepted the credentials.
    Valid,
    /// It cannot be known before a namespace is (a ClusterSecretStore whose credentials depend on the consumer).
    Unknown,
}

/// What can be done with a store, as its status says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Capabilities {
    /// Secrets are read.
    #[default]
    ReadOnly,
    /// Secrets are written.
    WriteOnly,
    /// Both.
    ReadWrite,
}

impl Capabilities {
    /// The word of `status.capabilities`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "ReadOnly",
            Self::WriteOnly => "WriteOnly",
            Self::ReadWrite => "ReadWrite",
        }
    }
}

/// What a caller may conclude from a failure; nothing else is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The provider answered that there is no such secret or version.
    NotFound,
    /// The credentials are missing, malformed, expired or unknown to the provider.
    Unauthenticated,
    /// The credentials are good and not allowed to do this.
    Denied,
    /// Too many calls.
    Throttled,
    /// No answer, or one that says "later".
    Unavailable,
    /// The request or the answer makes no sense: trying again does not help.
    Invalid,
}

/// A failed call, in words that are the same for the same failure: no request id, no time, no response body, no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{provider} could not {doing}: {cause}")]
pub struct Error {
    /// The provider's name, as [`Read::name`] or the slot's name.
    pub provider: &'static str,
    /// What was tried, for example `read "db/password"` or `assume role "arn:…"`.
    pub doing: String,
    /// What the caller may conclude.
    pub kind: Kind,
    /// The provider's own error code where it is one of a closed set, and what to do about it.
    pub cause: String,
}

/// The objects of the cluster that a session may read: those that its store names, and no others.
///
/// An implementation applies the namespace rules (a SecretStore's own namespace always; for a ClusterSecretStore the
/// selector's, else the consumer's) and remembers what it has read, so that [`Credentials::changed`] can tell.
#[async_trait]
pub trait Credentials: fmt::Debug + Send + Sync {
    /// One key of a Secret. `field` is the store's field that names it, for the error.
    async fn secret_key(&self, field: &str, selector: &SecretKeySelector) -> Result<Sealed, Error>;

    /// All keys of a Secret that has the label `external-secrets.io/type` with the value `type_`: its owner's word that a
    /// store's author may use the whole of it. A ClusterSecretStore must name the Secret's namespace. Without the label
    /// there is an error and no value; the selector's key does not count.
    async fn labelled_secret(
        &self,
        field: &str,
        selector: &SecretKeySelector,
        type_: &str,
    ) -> Result<BTreeMap<String, Sealed>, Error>;

    /// A token of a ServiceAccount for `audiences` (the selector's own are added), good for about `life` (10 minutes at
    /// least). Where there are any, it is never one for the API server: whoever is shown it could use it there.
    async fn token_for(
        &self,
        field: &str,
        account: &ServiceAccountSelector,
        audiences: &[String],
        life: Duration,
    ) -> Result<Token, Error>;

    /// The annotations of a ServiceAccount.
    async fn annotations(
        &self,
        field: &str,
        account: &ServiceAccountSelector,
    ) -> Result<BTreeMap<String, String>, Error>;

    /// The certificates of authorities, PEM, that a Secret or ConfigMap holds. A ClusterSecretStore must name the object's
    /// namespace; for a SecretStore it is its own, whatever `source` says.
    async fn authorities(&self, field: &str, source: &CaProvider) -> Result<Sealed, Error>;

    /// One key of a ConfigMap, under the same rules as one of a Secret.
    async fn config_map_key(&self, field: &str, selector: &ConfigMapKey) -> Result<Sealed, Error>;

    /// Whether any object that was read through this value is no longer the one that was read.
    async fn changed(&self) -> bool;
}

impl dyn Credentials + '_ {
    /// As [`Credentials::token_for`], for [`TOKEN_LIFE`].
    ///
    /// # Errors
    /// As there.
    pub async fn token(
        &self,
        field: &str,
        account: &ServiceAccountSelector,
        audiences: &[String],
    ) -> Result<Token, Error> {
        self.token_for(field, account, audiences, TOKEN_LIFE).await
    }
}

/// How long a ServiceAccount's token is good unless a store says otherwise.
pub const TOKEN_LIFE: Duration = Duration::from_hours(1);

/// A bearer token and its end.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token.
    pub value: Sealed,
    /// When it ends.
    pub expires: SystemTime,
}

/// Hears of every call that leaves for a provider.
pub trait Observer: fmt::Debug + Send + Sync {
    /// `call` is ESO's name for it, for example `GetSecretValue`.
    fn called(&self, provider: &'static str, call: &'static str, ok: bool, took: Duration);
}

/// Which store a session is opened for, and on whose behalf.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Context {
    /// The kind of the store.
    pub store_kind: StoreKind,
    /// The name of the store.
    pub store_name: String,
    /// Where the store is; none for a ClusterSecretStore.
    pub store_namespace: Option<String>,
    /// The namespace of the objects that read; none while a store is validated for nobody in particular.
    pub consumer_namespace: Option<String>,
}

impl Context {
    /// The namespace on whose behalf the session acts: the consumer's, else the store's own.
    pub fn namespace(&self) -> Option<&str> {
        self.consumer_namespace.as_deref().or(self.store_namespace.as_deref())
    }
}

/// What a process may set for all sessions.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The longest that one read may take, waiting and connection included; 30 s by default.
    pub deadline: Duration,
    /// The most bytes of one answer that are read; 4 MiB by default, twice the largest batch that AWS can answer.
    pub body_limit: usize,
    /// How many calls one session may make.
    pub limits: Limits,
    /// What is particular to Alibaba Cloud.
    pub alibaba: alibaba::Settings,
    /// What is particular to AWS.
    pub aws: aws::Settings,
    /// What is particular to Azure.
    pub azure: azure::Settings,
    /// What is particular to Google Cloud.
    pub gcp: gcp::Settings,
    /// Where stores that name a server may reach.
    pub http: http::Settings,
    /// How the operator reaches the API server of its own cluster; stores that mean it go there by its DNS name otherwise.
    pub kubernetes: Option<kubernetes::Local>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(30),
            body_limit: 4 * 1024 * 1024,
            limits: Limits::default(),
            alibaba: alibaba::Settings::default(),
            aws: aws::Settings::default(),
            azure: azure::Settings::default(),
            gcp: gcp::Settings::default(),
            http: http::Settings::default(),
            kubernetes: None,
        }
    }
}

/// What all sessions share, made once from the process' settings.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Hears of every call.
    pub observer: Arc<dyn Observer>,
    /// The longest that one read may take, waiting and connection included.
    pub deadline: Duration,
    /// The most bytes of one answer that are read.
    pub body_limit: usize,
    /// How many calls one session may make.
    pub limits: Limits,
    /// The operator's own identity at Alibaba Cloud, and endpoints that the administrator names.
    pub alibaba: alibaba::Base,
    /// The one HTTP client and the operator's own credentials for AWS.
    pub aws: aws::Base,
    /// What is particular to Azure.
    pub azure: azure::Settings,
    /// Where Google Cloud is.
    pub gcp: gcp::Settings,
    /// The way to the servers that stores name.
    pub http: http::Base,
    /// How the operator reaches the API server of its own cluster.
    pub kubernetes: Option<kubernetes::Local>,
}

impl Environment {
    /// Builds what is shared. Reads the process' AWS settings (variables and profile) and its proxies, and calls nobody.
    pub async fn new(observer: Arc<dyn Observer>, settings: Settings) -> Self {
        let Settings { deadline, body_limit, limits, alibaba, aws, azure, gcp, http, kubernetes } = settings;
        let alibaba = alibaba::Base::new(alibaba);
        let aws = aws::Base::new(aws, deadline, body_limit).await;
        let http = http::Base::new(http, deadline, body_limit);
        Self { observer, deadline, body_limit, limits, alibaba, aws, azure, gcp, http, kubernetes }
    }
}
