//! What all AWS sessions share, and the clients that a session makes of it.

use std::fmt;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::identity::IdentityCache;
use aws_config::meta::region::RegionProviderChain;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use super::body::bounded;
use super::trust::{self, Authorities};
use super::{endpoint, parameter_store};

/// The longest wait for a connection; a host that does not answer in that time is down or filtered.
const CONNECT: Duration = Duration::from_secs(5);

/// Where the operator's own STS calls go when nothing names a region; AWS' oldest, and the only one that is always on.
const FALLBACK_REGION: &str = "us-east-1";

/// ESO's variables for endpoints; the SDK's own `AWS_ENDPOINT_URL` and its like work beside them and count less.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `AWS_SECRETSMANAGER_ENDPOINT`.
    pub secrets_manager_endpoint: Option<String>,
    /// `AWS_SSM_ENDPOINT`.
    pub ssm_endpoint: Option<String>,
    /// `AWS_STS_ENDPOINT`.
    pub sts_endpoint: Option<String>,
    /// Whom to believe instead of the system's authorities; the file that `AWS_CA_BUNDLE` names.
    pub authorities: Option<Authorities>,
}

/// One HTTP client with one connection pool, and the operator's own credentials with one cache.
#[derive(Clone)]
pub struct Base {
    config: SdkConfig,
    settings: Settings,
    deadline: Duration,
}

impl fmt::Debug for Base {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Base").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Base {
    pub(in crate::provider) async fn new(settings: Settings, deadline: Duration, body_limit: usize) -> Self {
        let https = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(trust::context(settings.authorities.as_ref()))
            .build_https();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT.min(deadline))
            // The session's own deadline comes first, so that a hang always reads the same.
            .read_timeout(deadline * 2)
            .operation_timeout(deadline * 2)
            .build();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(bounded(https, body_limit))
            // Never from the metadata endpoint: a start off the cloud would wait for it.
            .region(RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new()).or_else(FALLBACK_REGION))
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .identity_cache(IdentityCache::lazy().load_timeout(deadline).build())
            .load()
            .await;
        Self { config, settings, deadline }
    }

    /// The operator's own credentials, in `region`.
    pub(super) fn in_region(&self, region: &str) -> SdkConfig {
        self.config.to_builder().region(Region::new(region.to_owned())).build()
    }

    /// `config` with other credentials, which are kept until they end and dropped with the session.
    pub(super) fn with_credentials(
        &self,
        config: &SdkConfig,
        provider: impl ProvideCredentials + 'static,
    ) -> SdkConfig {
        config
            .to_builder()
            .credentials_provider(SharedCredentialsProvider::new(provider))
            .identity_cache(IdentityCache::lazy().load_timeout(self.deadline).build())
            .build()
    }

    pub(super) fn secrets_manager(&self, config: &SdkConfig) -> aws_sdk_secretsmanager::Client {
        let mut builder = aws_sdk_secretsmanager::config::Builder::from(config);
        if let Some(endpoint) = &self.settings.secrets_manager_endpoint {
            builder.set_endpoint_url(Some(endpoint.clone()));
        }
        aws_sdk_secretsmanager::Client::from_conf(builder.build())
    }

    pub(super) async fn parameter_store(&self, config: &SdkConfig) -> Option<parameter_store::Client> {
        let endpoint = match &self.settings.ssm_endpoint {
            Some(endpoint) => endpoint.clone(),
            None => endpoint::of_parameter_store(config).await?,
        };
        Some(parameter_store::Client::new(config, &endpoint))
    }

    pub(super) fn sts(&self, config: &SdkConfig) -> aws_sdk_sts::Client {
        let mut builder = aws_sdk_sts::config::Builder::from(config);
        if let Some(endpoint) = &self.settings.sts_endpoint {
            builder.set_endpoint_url(Some(endpoint.clone()));
        }
        aws_sdk_sts::Client::from_conf(builder.build())
    }
}
