//! Flags of External Secrets Operator that keep a manifest running and change nothing here; each says why.
//!
//! A flag moves out of this list when what it switches exists. Values are checked no further than their type.

use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};

use super::{duration, switch};

/// Read and ignored; what was typed of it is in [`super::Flags::without_effect`].
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = super::NO_EFFECT)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct Accepted {
    /// How zap writes times; times are always RFC 3339 here
    #[arg(long, value_enum, default_value = "epoch")]
    pub zap_time_encoding: TimeEncoding,
    /// For --metrics-secure, which is refused
    #[arg(long, value_name = "PATH", default_value = "")]
    pub metrics_cert_dir: String,
    /// For --metrics-secure, which is refused
    #[arg(long, value_name = "NAME", default_value = "tls.crt")]
    pub metrics_cert_name: String,
    /// For --metrics-secure, which is refused
    #[arg(long, value_name = "NAME", default_value = "tls.key")]
    pub metrics_key_name: String,
    /// Metrics are served over HTTP/1.1
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "false")]
    pub enable_http2: bool,
    /// Secrets are never cached
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "false")]
    pub enable_secrets_caching: bool,
    /// ConfigMaps are never cached
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "false")]
    pub enable_configmaps_caching: bool,
    /// Secrets are never cached
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "true")]
    pub enable_managed_secrets_caching: bool,
    /// Without a cache there is nothing to disagree with
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "true")]
    pub enable_secret_api_read_on_cache_mismatch: bool,
    /// Generators are not served yet
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "true")]
    pub enable_generator_state: bool,
    /// Generators are not served yet
    #[arg(long, value_name = "DURATION", value_parser = duration(), default_value = "2m")]
    pub generator_gc_grace_period: Duration,
    /// ClusterExternalSecrets are not served yet
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "true")]
    pub enable_cluster_external_secret_reconciler: bool,
    /// PushSecrets are not served yet
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "true")]
    pub enable_push_secret_reconciler: bool,
    /// ClusterPushSecrets are not served yet
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "true")]
    pub enable_cluster_push_secret_reconciler: bool,
    /// Targets other than Secrets are not served yet; an ExternalSecret that asks for one says so
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "false")]
    pub unsafe_allow_generic_targets: bool,
    /// ESO's next provider interface is not served
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "false")]
    pub enable_v2_providers: bool,
    /// A session keeps its token and renews it
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "false")]
    pub enable_vault_token_cache: bool,
    /// A session keeps its token and renews it
    #[arg(long, value_name = "COUNT", default_value = "262144")]
    pub vault_token_cache_size: i64,
    /// ESO's old name of --enable-vault-token-cache
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "false")]
    pub experimental_enable_vault_token_cache: bool,
    /// ESO's old name of --vault-token-cache-size
    #[arg(long, value_name = "COUNT", default_value = "262144")]
    pub experimental_vault_token_cache_size: i64,
    /// A session keeps its credentials
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "false")]
    pub experimental_enable_aws_session_cache: bool,
    /// Doppler is not served
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "false")]
    pub experimental_enable_doppler_oidc_cache: bool,
    /// Doppler is not served
    #[arg(long, value_name = "COUNT", default_value = "262144")]
    pub experimental_doppler_oidc_cache_size: i64,
    /// Doppler is not served
    #[arg(long, value_name = "COUNT", default_value = "262144")]
    pub doppler_oidc_cache_size: i64,
    /// Doppler is not served
    #[arg(long, value_name = "COUNT", default_value = "16384")]
    pub doppler_etag_cache_size: i64,
    /// Nebius MysteryBox is not served
    #[arg(long, value_name = "COUNT", default_value = "0")]
    pub mysterybox_tokens_cache_size: i64,
    /// Nebius MysteryBox is not served
    #[arg(long, value_name = "COUNT", default_value = "0")]
    pub mysterybox_connections_cache_size: i64,
}

/// zap's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TimeEncoding {
    Epoch,
    Millis,
    Nano,
    Iso8601,
    Rfc3339,
    Rfc3339nano,
}
