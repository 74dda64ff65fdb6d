//! What a process is told about Alibaba Cloud, and what all sessions share of it.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use crate::provider::http::{self, Client, Fault, Server, Trust};
use crate::sealed::Sealed;

/// Where an instance asks who it is.
const METADATA: &str = "http://100.100.100.200";

/// What an administrator may set; nothing of it is a store's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The URL of KMS, instead of the region's.
    pub kms_endpoint: Option<String>,
    /// The URL of every KMS instance's gateway, instead of its own.
    pub instance_endpoint: Option<String>,
    /// The URL of STS, instead of the region's.
    pub sts_endpoint: Option<String>,
    /// The URL of the metadata service, instead of `http://100.100.100.200`.
    pub metadata_endpoint: Option<String>,
    /// The authorities, PEM, that KMS' and STS' certificates are checked with; the system's without.
    pub authorities: Option<Sealed>,
    /// As whom the operator itself asks.
    pub own: Own,
}

/// As whom the operator itself asks, by the variables of Alibaba Cloud's SDKs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// `ALIBABA_CLOUD_ACCESS_KEY_ID`.
    pub access_key_id: Option<String>,
    /// `ALIBABA_CLOUD_ACCESS_KEY_SECRET`.
    pub access_key_secret: Option<Sealed>,
    /// `ALIBABA_CLOUD_SECURITY_TOKEN`.
    pub security_token: Option<Sealed>,
    /// `ALIBABA_CLOUD_OIDC_PROVIDER_ARN`.
    pub oidc_provider_arn: Option<String>,
    /// `ALIBABA_CLOUD_OIDC_TOKEN_FILE`, the only file with a token that is ever read.
    pub oidc_token_file: Option<PathBuf>,
    /// `ALIBABA_CLOUD_ROLE_ARN`.
    pub role_arn: Option<String>,
    /// `ALIBABA_CLOUD_ROLE_SESSION_NAME`; `keyferry` without.
    pub session_name: Option<String>,
    /// `ALIBABA_CLOUD_ECS_METADATA`: the name of the instance's role, which is asked for without.
    pub instance_role: Option<String>,
    /// `ALIBABA_CLOUD_ECS_METADATA_DISABLED`: whether the instance's role is nobody's to use.
    pub instance_disabled: bool,
}

/// What all sessions share.
#[derive(Clone)]
pub struct Base {
    pub(super) settings: Arc<Settings>,
    chosen: Arc<[OnceLock<Client>; 2]>,
}

impl fmt::Debug for Base {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Base").finish_non_exhaustive()
    }
}

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Kms,
    Sts,
    Instance,
}

impl Base {
    /// Calls nobody and reads nothing.
    pub(in crate::provider) fn new(settings: Settings) -> Self {
        Self { settings: Arc::new(settings), chosen: Arc::default() }
    }

    /// A client for `place`: at `host` of Alibaba Cloud, or where the administrator says. Who checks its certificate is
    /// the store's to say for an instance's gateway only.
    pub(super) fn client(
        &self,
        place: Place,
        host: &str,
        store: &Trust,
        environment: &http::Base,
    ) -> Result<Client, Fault> {
        let endpoint = match place {
            Place::Kms => &self.settings.kms_endpoint,
            Place::Sts => &self.settings.sts_endpoint,
            Place::Instance => &self.settings.instance_endpoint,
        };
        match (endpoint, place) {
            (Some(url), Place::Instance) => environment.chosen(Server::parse(url)?, store),
            (Some(url), _) => self.chosen(place, url, environment),
            (None, _) => environment.client(Server::parse(&format!("https://{host}"))?, store),
        }
    }

    /// A client for the metadata service; the tokens that it asks for keep others from it, and not TLS.
    pub(super) fn metadata(&self, environment: &http::Base) -> Result<Client, Fault> {
        let url = self.settings.metadata_endpoint.as_deref().unwrap_or(METADATA);
        environment.beside(Server::parse(url)?)
    }

    /// One client of all sessions.
    fn chosen(&self, place: Place, url: &str, environment: &http::Base) -> Result<Client, Fault> {
        let held = self.chosen.get(place as usize);
        if let Some(client) = held.and_then(OnceLock::get) {
            return Ok(client.clone());
        }
        let mut trust = Trust::default();
        if let Some(pem) = &self.settings.authorities {
            trust.authorities(pem.clone());
        }
        let client = environment.chosen(Server::parse(url)?, &trust)?;
        Ok(held.map_or_else(|| client.clone(), |held| held.get_or_init(|| client.clone()).clone()))
    }
}
