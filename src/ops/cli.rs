//! What may be typed: the operator's flags, with External Secrets Operator's names where the meaning is the same.
//!
//! Nothing is decided here; [`super::settings`] says what the flags mean and refuses what makes no sense. The comments
//! on the fields are the help text and `docs/flags.md`; "External Secrets Operator" is ESO in them.

mod accepted;
mod alibaba;
pub mod render;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::ValueParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, CommandFactory, FromArgMatches, Parser, ValueEnum};

pub use self::accepted::Accepted;
pub use self::alibaba::Alibaba;

/// The heading of the flags that are read and do nothing.
pub const NO_EFFECT: &str = "Accepted from ESO's manifests, without effect";

/// The operator's flags as they were typed.
#[derive(Clone, Debug, Parser)]
#[command(name = "keyferry", version, about, args_override_self = true, max_term_width = 120)]
#[command(after_help = "Not the operator, but in the same program: keyferry render agent --help")]
pub struct Flags {
    /// What the process serves.
    #[command(flatten)]
    pub endpoints: Endpoints,
    /// What the process prints.
    #[command(flatten)]
    pub log: Log,
    /// Which objects it reconciles.
    #[command(flatten)]
    pub scope: Scope,
    /// When and how often.
    #[command(flatten)]
    pub sync: Sync,
    /// Which pods are told of changed Secrets.
    #[command(flatten)]
    pub nudge: Nudge,
    /// How it talks to the Kubernetes API.
    #[command(flatten)]
    pub kubernetes: Kubernetes,
    /// Which of several replicas works.
    #[command(flatten)]
    pub election: Election,
    /// Where AWS is.
    #[command(flatten)]
    pub aws: Aws,
    /// Where Azure is.
    #[command(flatten)]
    pub azure: Azure,
    /// Where Alibaba Cloud is, and who the operator is there.
    #[command(flatten)]
    pub alibaba: Alibaba,
    /// Where Google Cloud is.
    #[command(flatten)]
    pub gcp: Gcp,
    /// Where other stores may be.
    #[command(flatten)]
    pub stores: Stores,
    /// What is accepted without effect.
    #[command(flatten)]
    pub accepted: Accepted,
    /// The flags under [`NO_EFFECT`] that were typed, for a line in the log.
    #[arg(skip)]
    pub without_effect: Vec<String>,
}

/// Metrics and probes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Endpoints")]
pub struct Endpoints {
    /// Where /metrics is served; without a host, on all interfaces; "0" turns it off
    #[arg(long, value_name = "[HOST]:PORT", default_value = ":8080")]
    pub metrics_addr: String,
    /// Where /healthz and /readyz are served; without a host, on all interfaces; "0" turns them off
    #[arg(long, value_name = "[HOST]:PORT", default_value = ":8082")]
    pub live_addr: String,
    /// Label the metrics of an object with its recommended labels (app.kubernetes.io/name and so on)
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "false")]
    pub enable_extended_metric_labels: bool,
    /// Refused when true: metrics are served without TLS
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "false")]
    pub metrics_secure: bool,
    /// Refused when true: metrics are served without authentication
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "false")]
    pub metrics_auth: bool,
}

/// The log.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Log")]
pub struct Log {
    /// The least severe lines printed; dpanic, panic and fatal mean error. Dependencies never print below warn
    #[arg(long, value_enum, default_value = "info")]
    pub loglevel: Level,
    /// The form of a line, on standard error
    #[arg(long, value_enum, default_value = "json")]
    pub log_format: Format,
}

/// ESO's levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the names are all there is to say, and the help shows them")]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
    Dpanic,
    Panic,
    Fatal,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line
    Json,
    /// For people
    Text,
}

/// Which objects are ours.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Scope")]
pub struct Scope {
    /// Reconcile the stores whose spec.controller is this or empty, and the objects that use them
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub controller_class: String,
    /// Work in these namespaces only; repeated or separated by commas. ESO takes one. All by default
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub namespace: Vec<String>,
    /// Reconcile ClusterSecretStores, and ExternalSecrets that use them
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "true")]
    pub enable_cluster_store_reconciler: bool,
    /// Reconcile SecretStores
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "true")]
    pub enable_secret_store_reconciler: bool,
    /// Sync an ExternalSecret only while its store is Ready
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "true")]
    pub enable_flood_gate: bool,
}

/// The rhythm of the work, and its brakes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Sync")]
pub struct Sync {
    /// How often a remote secret is polled for an ExternalSecret without spec.refreshInterval. ESO: 1h
    #[arg(long, value_name = "DURATION", value_parser = duration(), default_value = "10s")]
    pub default_refresh_interval: Duration,
    /// How often status.refreshTime is written while nothing changes, spread over the second half; 0 never does
    #[arg(long, value_name = "DURATION", value_parser = duration(), default_value = "1h")]
    pub status_heartbeat: Duration,
    /// How often a store is validated again
    #[arg(long, value_name = "DURATION", value_parser = duration(), default_value = "5m")]
    pub store_requeue_interval: Duration,
    /// How many objects of one kind are reconciled at once. ESO: 1; here a reconcile mostly waits for answers
    #[arg(long, value_name = "COUNT", default_value = "16")]
    pub concurrent: u16,
    /// The longest that one call to a provider may take, connection included
    #[arg(long, value_name = "DURATION", value_parser = duration(), default_value = "30s")]
    pub provider_deadline: Duration,
    /// Watch the metadata of managed Secrets, so that a changed target is repaired at once. Needs the rights to list
    /// and watch Secrets, which is as much as reading them all
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "false")]
    pub watch_secrets: bool,
    /// Whether a Secret that was never ours may lose keys to creation policy Orphan
    #[arg(long, value_enum, default_value = "keep")]
    pub adoption: Adoption,
    /// How many target Secrets a second are looked at (metadata only) for changes made by others
    #[arg(long, value_name = "COUNT", default_value = "25")]
    pub target_check_qps: u32,
    /// How many target Secrets a minute may be deleted because their remote secret is gone; 0 deletes none
    #[arg(long, value_name = "COUNT", default_value = "10")]
    pub max_deletes_per_minute: u32,
    /// What opens an action in a template
    #[arg(long, value_name = "TEXT", default_value = "{{")]
    pub template_left_delimiter: String,
    /// What closes an action in a template
    #[arg(long, value_name = "TEXT", default_value = "}}")]
    pub template_right_delimiter: String,
}

/// Whether a Secret that was never ours may lose keys to creation policy Orphan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Adoption {
    /// It keeps every key, or is refused
    Keep,
    /// It may lose keys, as with ESO
    Any,
}

/// Pods whose files follow at once.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Fresh files")]
pub struct Nudge {
    /// Annotate the pods with the label keyferry.dev/nudge=true that mount a Secret whose data was just changed, so that
    /// their files follow at once instead of within 90 s. Needs the rights to list and patch pods
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "false")]
    pub nudge_pods: bool,
    /// In which namespaces; repeated or separated by commas. All that the operator works in by default
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub nudge_namespaces: Vec<String>,
    /// How many pods a second are annotated, on average
    #[arg(long, value_name = "COUNT", default_value = "5")]
    pub nudge_qps: u32,
    /// How many pods are annotated at once after a pause
    #[arg(long, value_name = "COUNT", default_value = "10")]
    pub nudge_burst: u32,
}

/// The budget at the API server.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Kubernetes API")]
pub struct Kubernetes {
    /// Requests a second, on average; 0 leaves it to the API server's own priorities. ESO: 50
    #[arg(long, value_name = "RATE", default_value = "0")]
    pub client_qps: f32,
    /// Requests at once
    #[arg(long, value_name = "COUNT", default_value = "100")]
    pub client_burst: u32,
}

/// Leader election, compatible with that of client-go.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Leader election")]
pub struct Election {
    /// Let one replica work at a time, as a Lease says
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "false")]
    pub enable_leader_election: bool,
    /// The name of the Lease; ESO's, so that the two never work at once
    #[arg(long, value_name = "NAME", default_value = "external-secrets-controller")]
    pub leader_election_id: String,
    /// The namespace of the Lease; by default the pod's own
    #[arg(long, value_name = "NAME")]
    pub leader_election_namespace: Option<String>,
    /// What this replica is called in the Lease, before a random part
    #[arg(long, value_name = "NAME", env = "HOSTNAME", default_value = "keyferry")]
    pub leader_election_identity: String,
    /// How long others wait for a leader that is not heard of; whole seconds
    #[arg(long, value_name = "DURATION", value_parser = duration(), default_value = "15s")]
    pub leader_election_lease_duration: Duration,
    /// How long the leader works on without having renewed its Lease
    #[arg(long, value_name = "DURATION", value_parser = duration(), default_value = "10s")]
    pub leader_election_renew_deadline: Duration,
    /// How often the Lease is renewed or asked for
    #[arg(long, value_name = "DURATION", value_parser = duration(), default_value = "2s")]
    pub leader_election_retry_period: Duration,
}

/// Other endpoints than AWS' own, for tests, private links and proxies that break TLS; ESO's variables and the SDKs'.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "AWS")]
pub struct Aws {
    /// The endpoint of Secrets Manager, instead of the region's
    #[arg(long, value_name = "URL", env = "AWS_SECRETSMANAGER_ENDPOINT")]
    pub aws_secretsmanager_endpoint: Option<String>,
    /// The endpoint of Parameter Store (Systems Manager), instead of the region's
    #[arg(long, value_name = "URL", env = "AWS_SSM_ENDPOINT")]
    pub aws_ssm_endpoint: Option<String>,
    /// The endpoint of the Security Token Service, instead of the region's
    #[arg(long, value_name = "URL", env = "AWS_STS_ENDPOINT")]
    pub aws_sts_endpoint: Option<String>,
    /// A file of authorities, PEM, that AWS' certificates are checked with instead of the system's
    #[arg(long, value_name = "FILE", env = "AWS_CA_BUNDLE")]
    pub aws_ca_file: Option<PathBuf>,
}

/// Azure's own variables, which its workload identity webhook sets in pods, and where else its servers may be.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Azure")]
pub struct Azure {
    /// Where to sign in instead of the public cloud's own place. A place of another of Microsoft's clouds has no effect:
    /// each store names its cloud
    #[arg(long, value_name = "URL", env = "AZURE_AUTHORITY_HOST")]
    pub azure_authority_host: Option<String>,
    /// Where managed identities' tokens come from, instead of the machine's own service
    #[arg(long, value_name = "URL", env = "AZURE_POD_IDENTITY_AUTHORITY_HOST")]
    pub azure_identity_endpoint: Option<String>,
    /// The application of the operator's own workload identity
    #[arg(long, value_name = "ID", env = "AZURE_CLIENT_ID")]
    pub azure_client_id: Option<String>,
    /// The tenant of the operator's own workload identity
    #[arg(long, value_name = "ID", env = "AZURE_TENANT_ID")]
    pub azure_tenant_id: Option<String>,
    /// The file with the token of the operator's own workload identity
    #[arg(long, value_name = "FILE", env = "AZURE_FEDERATED_TOKEN_FILE")]
    pub azure_federated_token_file: Option<PathBuf>,
    /// Hosts that may be vaults besides those of the stores' clouds, or what their names end with; repeated or separated
    /// by commas. They are shown tokens that open every vault, also of the operator's own identity
    #[arg(long, value_name = "SUFFIX", value_delimiter = ',')]
    pub azure_keyvault_suffixes: Vec<String>,
    /// A PEM file of the authorities that Azure's servers are checked with, in place of the system's: for Azure Stack
    #[arg(long, value_name = "FILE")]
    pub azure_ca_file: Option<PathBuf>,
}

/// Other endpoints than Google Cloud's own, for tests, private access and proxies that break TLS; gcloud's variables.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Google Cloud")]
pub struct Gcp {
    /// The endpoint of Secret Manager, instead of the global one and of the locations'
    #[arg(long, value_name = "URL", env = "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER")]
    pub gcp_secretmanager_endpoint: Option<String>,
    /// The endpoint of the Security Token Service, and of the one for GKE's identities
    #[arg(long, value_name = "URL", env = "CLOUDSDK_API_ENDPOINT_OVERRIDES_STS")]
    pub gcp_sts_endpoint: Option<String>,
    /// The endpoint of IAM Service Account Credentials
    #[arg(long, value_name = "URL", env = "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS")]
    pub gcp_iamcredentials_endpoint: Option<String>,
    /// Where the keys of service accounts are exchanged, with its path. Keys may name it as their `token_uri`
    #[arg(long, value_name = "URL", env = "CLOUDSDK_AUTH_TOKEN_HOST")]
    pub gcp_token_url: Option<String>,
    /// The metadata server: a host, or a host and a port
    #[arg(long, value_name = "HOST", env = "GCE_METADATA_HOST")]
    pub gce_metadata_host: Option<String>,
    /// A file of authorities, PEM, that Google's certificates are checked with instead of the system's
    #[arg(long, value_name = "FILE", env = "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE")]
    pub gcp_ca_file: Option<PathBuf>,
}

/// Stores whose manifests name a server by its URL: Vault, OpenBao and others.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Stores that name a server")]
pub struct Stores {
    /// Let stores name servers on the operator's own machine (127.0.0.0/8 and its like in IPv6), for tests and for an
    /// agent beside it. Link-local addresses and metadata services are refused in any case
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "false")]
    pub allow_loopback_stores: bool,
}

impl Flags {
    /// Reads `arguments`, the program's name first; the error prints itself and knows its exit code.
    ///
    /// A flag that is given twice counts as it was given last, as in Go; only `--namespace` adds up.
    pub fn read<I, T>(arguments: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString> + Clone,
    {
        let matches = command().try_get_matches_from(arguments)?;
        let mut flags = Self::from_arg_matches(&matches)?;
        flags.without_effect = typed_without_effect(&matches);
        Ok(flags)
    }
}

/// The flags, their help and their defaults.
pub fn command() -> Command {
    Flags::command().mut_args(|flag| if is_switch(&flag) { go_switch(flag) } else { flag.hide_env_values(true) })
}

fn is_switch(flag: &Arg) -> bool {
    flag.get_value_parser().type_id() == clap::builder::ValueParser::bool().type_id()
        && flag.get_action().takes_values()
}

/// Absent, `--name` or `--name=<bool>`, as Go has it; never `--name <bool>`, since Go reads that as two arguments.
fn go_switch(flag: Arg) -> Arg {
    flag.num_args(0..=1).require_equals(true).default_missing_value("true").value_name("BOOL")
}

fn switch() -> ValueParser {
    ValueParser::from(|text: &str| match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("it is neither true nor false"),
    })
}

fn duration() -> ValueParser {
    ValueParser::from(crate::duration::parse)
}

fn typed_without_effect(matches: &ArgMatches) -> Vec<String> {
    let typed = |flag: &&Arg| matches.value_source(flag.get_id().as_str()) == Some(ValueSource::CommandLine);
    let command = command();
    let without_effect = command.get_arguments().filter(|flag| flag.get_help_heading() == Some(NO_EFFECT));
    without_effect.filter(typed).filter_map(|flag| flag.get_long().map(|name| format!("--{name}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Flags {
        Flags::read(std::iter::once("keyferry").chain(arguments.iter().copied())).unwrap()
    }

    #[test]
    fn the_flags_are_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn a_switch_is_typed_as_in_go() {
        let on = |arguments: &[&str]| read(arguments).election.enable_leader_election;
        assert!(!on(&[]));
        for typed in ["", "=true", "=1", "=T"] {
            assert!(on(&[&format!("--enable-leader-election{typed}")]), "{typed}");
        }
        assert!(!on(&["--enable-leader-election=false"]));
        assert!(!read(&["--enable-flood-gate=0"]).scope.enable_flood_gate);
    }

    #[test]
    fn a_switch_does_not_swallow_the_next_argument() {
        let flags = read(&["--enable-leader-election", "--concurrent=3"]);
        assert!(flags.election.enable_leader_election);
        assert_eq!(flags.sync.concurrent, 3);
        assert!(Flags::read(["keyferry", "--enable-leader-election", "false"]).is_err());
    }

    #[test]
    fn the_last_of_two_counts_and_namespaces_add_up() {
        let flags = read(&["--concurrent=3", "--concurrent", "4", "--namespace=a,b", "--namespace", "c"]);
        assert_eq!(flags.sync.concurrent, 4);
        assert_eq!(flags.scope.namespace, ["a", "b", "c"]);
    }

    #[test]
    fn a_bad_duration_is_refused_with_the_flags_name_and_the_reason() {
        let error = Flags::read(["keyferry", "--store-requeue-interval=1d"]).unwrap_err().to_string();
        assert!(error.contains("--store-requeue-interval") && error.contains("the units are"), "{error}");
    }

    #[test]
    fn only_flags_that_were_typed_are_reported_as_without_effect() {
        assert_eq!(read(&["--concurrent=2"]).without_effect, Vec::<String>::new());
        let flags = read(&["--enable-http2", "--vault-token-cache-size=5", "--concurrent=2"]);
        assert_eq!(flags.without_effect, ["--enable-http2", "--vault-token-cache-size"]);
    }
}
