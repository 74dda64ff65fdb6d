//! What the flags mean: every decision that a flag or a variable of the environment takes part in is made here, once.
//!
//! The rest of the program gets [`Settings`], where nothing is left to parse or to refuse. Spend it by destructuring it
//! in full, so that a setting that nobody uses does not compile.

mod alibaba;
mod azure;
mod gcp;

use std::path::PathBuf;
use std::time::Duration;

pub use self::alibaba::Alibaba;
pub use self::azure::Azure;
pub use self::gcp::Gcp;
use super::cli::{self, Flags};
use super::server::Listen;

/// A flag that makes no sense, alone or with another, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--{flag} {problem}; {cure}")]
pub struct Invalid {
    /// The flag's long name, without dashes.
    pub flag: &'static str,
    /// What is wrong with the value.
    pub problem: String,
    /// What to do.
    pub cure: &'static str,
}

/// What the operator was told to do; everything in it has been checked.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Settings {
    /// What is printed.
    pub log: Log,
    /// Where metrics are served, if anywhere.
    pub metrics: Option<Listen>,
    /// Where probes are served, if anywhere.
    pub probes: Option<Listen>,
    /// Whether metrics of an object carry its `app.kubernetes.io` labels.
    pub extended_metric_labels: bool,
    /// Which stores are ours: `spec.controller` is empty or this.
    pub controller_class: String,
    /// Where we work; empty means in the whole cluster.
    pub namespaces: Vec<String>,
    /// Whether ClusterSecretStores, and ExternalSecrets that use them, are reconciled.
    pub cluster_stores: bool,
    /// Whether SecretStores are reconciled.
    pub stores: bool,
    /// Whether an ExternalSecret waits for its store to be Ready.
    pub flood_gate: bool,
    /// The rhythm of the work, and its brakes.
    pub sync: Sync,
    /// How pods are told of changed Secrets; `None`: not at all.
    pub nudge: Option<Nudge>,
    /// The budget at the API server.
    pub client: Client,
    /// What this replica is called: the pod's name, as events show it.
    pub instance: Option<String>,
    /// How one of several replicas is chosen; without it this one works at once.
    pub election: Option<Election>,
    /// Other endpoints than AWS' own.
    pub aws: Aws,
    /// The operator's own identity at Azure, and where else its servers may be.
    pub azure: Azure,
    /// What is particular to Alibaba Cloud.
    pub alibaba: Alibaba,
    /// Other endpoints than Google Cloud's own.
    pub gcp: Gcp,
    /// Whether stores may name servers on this machine.
    pub loopback_stores: bool,
    /// Flags that were typed and do nothing, with their dashes, for a line in the log.
    pub without_effect: Vec<String>,
}

/// What is printed, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// The least severe lines of our own.
    pub level: tracing::Level,
    /// How a line looks.
    pub format: cli::Format,
}

/// The rhythm of the work, and its brakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sync {
    /// The interval of an ExternalSecret that names none; at least a second.
    pub default_refresh_interval: Duration,
    /// How often an unchanged status is written; `None` is never.
    pub status_heartbeat: Option<Duration>,
    /// How often a store is validated again; at least a second.
    pub store_requeue_interval: Duration,
    /// Reconciles at once, for each kind; at least one.
    pub concurrent: u16,
    /// The longest call to a provider; at least a second.
    pub provider_deadline: Duration,
    /// Metadata reads of targets a second; at least one.
    pub target_check_qps: u32,
    /// Deletions a minute because a remote secret is gone; 0 means that nothing is deleted.
    pub max_deletes_per_minute: u32,
    /// Whether managed Secrets are watched.
    pub watch_secrets: bool,
    /// Whether creation policy `Orphan` may take keys from a foreign Secret.
    pub adoption: cli::Adoption,
    /// What opens and closes an action in a template; neither is empty.
    pub template_delimiters: (String, String),
}

/// How pods are told of changed Secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nudge {
    /// Where; empty means everywhere we work.
    pub namespaces: Vec<String>,
    /// Pods a second; at least one.
    pub qps: u32,
    /// Pods at once; at least one.
    pub burst: u32,
}

/// The budget at the API server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Client {
    /// Requests a second; zero is without limit.
    pub qps: f32,
    /// Requests at once; at least one.
    pub burst: u32,
}

/// How one of several replicas is chosen; `retry_period` < `renew_deadline` < `lease_duration`, as client-go asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Election {
    /// The Lease's name.
    pub name: String,
    /// The Lease's namespace; `None` is the pod's own.
    pub namespace: Option<String>,
    /// What this replica is called, before a random part.
    pub host: String,
    /// How long others wait for a silent leader; whole seconds.
    pub lease_duration: Duration,
    /// How long a leader works on without a renewal.
    pub renew_deadline: Duration,
    /// How often the Lease is renewed or asked for.
    pub retry_period: Duration,
}

/// Other endpoints than AWS' own; each begins with `http://` or `https://`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aws {
    /// Of Secrets Manager.
    pub secrets_manager: Option<String>,
    /// Of Parameter Store.
    pub ssm: Option<String>,
    /// Of the Security Token Service.
    pub sts: Option<String>,
    /// Authorities, PEM.
    pub ca_file: Option<PathBuf>,
}

impl TryFrom<Flags> for Settings {
    type Error = Invalid;

    fn try_from(flags: Flags) -> Result<Self, Invalid> {
        let Flags {
            endpoints,
            log,
            scope,
            sync,
            nudge,
            kubernetes,
            election,
            aws,
            azure,
            alibaba,
            gcp,
            stores,
            accepted: _,
            without_effect,
        } = flags;
        plain_metrics(&endpoints)?;
        Ok(Self {
            log: Log { level: level(log.loglevel), format: log.log_format },
            metrics: listen("metrics-addr", &endpoints.metrics_addr)?,
            probes: listen("live-addr", &endpoints.live_addr)?,
            extended_metric_labels: endpoints.enable_extended_metric_labels,
            controller_class: scope.controller_class,
            namespaces: namespaces("namespace", &scope.namespace)?,
            cluster_stores: scope.enable_cluster_store_reconciler,
            stores: scope.enable_secret_store_reconciler,
            flood_gate: scope.enable_flood_gate,
            sync: self::sync(sync)?,
            nudge: self::nudge(&nudge)?,
            client: client(kubernetes)?,
            instance: Some(election.leader_election_identity.clone()).filter(|name| !name.is_empty()),
            election: self::election(election)?,
            aws: self::aws(aws)?,
            azure: azure::settings(azure)?,
            alibaba: Alibaba::try_from(alibaba)?,
            gcp: gcp::settings(gcp)?,
            loopback_stores: stores.allow_loopback_stores,
            without_effect,
        })
    }
}

fn level(typed: cli::Level) -> tracing::Level {
    match typed {
        cli::Level::Debug => tracing::Level::DEBUG,
        cli::Level::Info => tracing::Level::INFO,
        cli::Level::Warn => tracing::Level::WARN,
        cli::Level::Error | cli::Level::Dpanic | cli::Level::Panic | cli::Level::Fatal => tracing::Level::ERROR,
    }
}

fn plain_metrics(endpoints: &cli::Endpoints) -> Result<(), Invalid> {
    let cure = "leave it out, and admit only your monitoring to the port with a NetworkPolicy";
    let refuse =
        |flag| Err(Invalid { flag, problem: "is not supported: metrics are served in the clear".into(), cure });
    match (endpoints.metrics_secure, endpoints.metrics_auth) {
        (true, _) => refuse("metrics-secure"),
        (_, true) => refuse("metrics-auth"),
        _ => Ok(()),
    }
}

fn listen(flag: &'static str, typed: &str) -> Result<Option<Listen>, Invalid> {
    let cure = "write :8080, 127.0.0.1:8080, or 0 to turn it off";
    let invalid = || Invalid { flag, problem: format!("is {typed:?}, which is no address"), cure };
    if typed == "0" {
        return Ok(None);
    }
    Listen::parse(typed).map(Some).ok_or_else(invalid)
}

fn namespaces(flag: &'static str, typed: &[String]) -> Result<Vec<String>, Invalid> {
    let mut names: Vec<String> = typed.iter().map(|name| name.trim().to_owned()).filter(|n| !n.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    match names.iter().find(|name| !is_label(name)) {
        Some(name) => Err(Invalid {
            flag,
            problem: format!("has {name:?}, which is no namespace's name"),
            cure: "write names such as team-a, separated by commas",
        }),
        None => Ok(names),
    }
}

/// RFC 1123, as Kubernetes applies it to namespaces.
fn is_label(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = name.bytes().next().is_some_and(plain) && name.bytes().last().is_some_and(plain);
    ends && name.len() <= 63 && name.bytes().all(|byte| plain(byte) || byte == b'-')
}

fn sync(typed: cli::Sync) -> Result<Sync, Invalid> {
    Ok(Sync {
        default_refresh_interval: a_second_or_more("default-refresh-interval", typed.default_refresh_interval)?,
        status_heartbeat: Some(typed.status_heartbeat).filter(|every| !every.is_zero()),
        store_requeue_interval: a_second_or_more("store-requeue-interval", typed.store_requeue_interval)?,
        concurrent: at_least_one("concurrent", typed.concurrent)?,
        provider_deadline: a_second_or_more("provider-deadline", typed.provider_deadline)?,
        target_check_qps: at_least_one("target-check-qps", typed.target_check_qps)?,
        max_deletes_per_minute: typed.max_deletes_per_minute,
        watch_secrets: typed.watch_secrets,
        adoption: typed.adoption,
        template_delimiters: (
            not_empty("template-left-delimiter", typed.template_left_delimiter)?,
            not_empty("template-right-delimiter", typed.template_right_delimiter)?,
        ),
    })
}

fn nudge(typed: &cli::Nudge) -> Result<Option<Nudge>, Invalid> {
    if !typed.nudge_pods {
        return Ok(None);
    }
    Ok(Some(Nudge {
        namespaces: namespaces("nudge-namespaces", &typed.nudge_namespaces)?,
        qps: at_least_one("nudge-qps", typed.nudge_qps)?,
        burst: at_least_one("nudge-burst", typed.nudge_burst)?,
    }))
}

fn client(typed: cli::Kubernetes) -> Result<Client, Invalid> {
    if !typed.client_qps.is_finite() || typed.client_qps < 0.0 {
        let problem = format!("is {}, which is no rate", typed.client_qps);
        return Err(Invalid { flag: "client-qps", problem, cure: "write a number such as 50, or 0 for no limit" });
    }
    Ok(Client { qps: typed.client_qps, burst: at_least_one("client-burst", typed.client_burst)? })
}

fn election(typed: cli::Election) -> Result<Option<Election>, Invalid> {
    if !typed.enable_leader_election {
        return Ok(None);
    }
    let lease_duration = a_second_or_more("leader-election-lease-duration", typed.leader_election_lease_duration)?;
    let renew_deadline = typed.leader_election_renew_deadline;
    let retry_period = typed.leader_election_retry_period;
    timing(lease_duration, renew_deadline, retry_period)?;
    Ok(Some(Election {
        name: not_empty("leader-election-id", typed.leader_election_id)?,
        namespace: typed.leader_election_namespace.filter(|name| !name.is_empty()),
        host: typed.leader_election_identity,
        lease_duration,
        renew_deadline,
        retry_period,
    }))
}

/// client-go's rules: the deadline ends before the lease does, and leaves time for two tries with their jitter.
fn timing(lease_duration: Duration, renew_deadline: Duration, retry_period: Duration) -> Result<(), Invalid> {
    let refuse = |flag, problem, cure| Err(Invalid { flag, problem, cure });
    if lease_duration.subsec_nanos() != 0 {
        let problem = format!("is {lease_duration:?}, and a Lease counts whole seconds");
        return refuse("leader-election-lease-duration", problem, "write for example 15s");
    }
    if renew_deadline >= lease_duration {
        let problem = format!("is {renew_deadline:?}, not below --leader-election-lease-duration ({lease_duration:?})");
        return refuse("leader-election-renew-deadline", problem, "make it about two thirds of the lease's duration");
    }
    if retry_period.is_zero() || retry_period.mul_f64(1.2) >= renew_deadline {
        let problem = format!("is {retry_period:?}; --leader-election-renew-deadline is {renew_deadline:?}");
        return refuse("leader-election-retry-period", problem, "make it above 0 and about a fifth of the deadline");
    }
    Ok(())
}

fn aws(typed: cli::Aws) -> Result<Aws, Invalid> {
    Ok(Aws {
        secrets_manager: endpoint("aws-secretsmanager-endpoint", typed.aws_secretsmanager_endpoint)?,
        ssm: endpoint("aws-ssm-endpoint", typed.aws_ssm_endpoint)?,
        sts: endpoint("aws-sts-endpoint", typed.aws_sts_endpoint)?,
        ca_file: typed.aws_ca_file.filter(|file| !file.as_os_str().is_empty()),
    })
}

/// An empty variable counts as none.
fn endpoint(flag: &'static str, typed: Option<String>) -> Result<Option<String>, Invalid> {
    let Some(url) = typed.filter(|url| !url.is_empty()) else { return Ok(None) };
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    if host.is_some_and(|host| !host.is_empty() && !host.starts_with('/')) {
        return Ok(Some(url));
    }
    let problem = format!("is {url:?}, which is no URL");
    Err(Invalid { flag, problem, cure: "write https:// and a host" })
}

fn a_second_or_more(flag: &'static str, typed: Duration) -> Result<Duration, Invalid> {
    if typed >= Duration::from_secs(1) {
        return Ok(typed);
    }
    Err(Invalid { flag, problem: format!("is {typed:?}, below a second"), cure: "write 1s or more" })
}

fn at_least_one<N: Default + PartialEq>(flag: &'static str, typed: N) -> Result<N, Invalid> {
    if typed == N::default() {
        return Err(Invalid { flag, problem: "is 0, so nothing would be done".into(), cure: "write 1 or more" });
    }
    Ok(typed)
}

fn not_empty(flag: &'static str, typed: String) -> Result<String, Invalid> {
    if typed.is_empty() {
        return Err(Invalid { flag, problem: "is empty".into(), cure: "leave it out for the default" });
    }
    Ok(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(arguments: &[&str]) -> Result<Settings, Invalid> {
        let flags = Flags::read(std::iter::once("keyferry").chain(arguments.iter().copied())).unwrap();
        Settings::try_from(flags)
    }

    #[test]
    fn without_flags_the_defaults_are_those_of_the_design() {
        let settings = settings(&[]).unwrap();
        assert_eq!(settings.metrics, Listen::parse(":8080"));
        assert_eq!(settings.probes, Listen::parse(":8082"));
        assert_eq!(settings.namespaces, Vec::<String>::new());
        assert_eq!(settings.election, None);
        assert_eq!(settings.sync.default_refresh_interval, Duration::from_secs(10));
        assert_eq!(settings.sync.status_heartbeat, Some(Duration::from_hours(1)));
        assert_eq!((settings.sync.target_check_qps, settings.sync.max_deletes_per_minute), (25, 10));
        assert_eq!((settings.client.qps, settings.client.burst), (0.0, 100));
        assert!(settings.cluster_stores && settings.stores && settings.flood_gate);
        assert!(!settings.extended_metric_labels && settings.without_effect.is_empty());
    }

    #[test]
    fn zero_turns_off_what_may_be_off() {
        let settings = settings(&["--metrics-addr=0", "--live-addr=0", "--status-heartbeat=0"]).unwrap();
        assert_eq!((settings.metrics, settings.probes, settings.sync.status_heartbeat), (None, None, None));
    }

    #[test]
    fn a_refusal_names_the_flag_and_the_cure() {
        let refused = [
            ("metrics-addr", "8080"),
            ("live-addr", ":99999"),
            ("metrics-secure", "true"),
            ("metrics-auth", "true"),
            ("namespace", "Team_A"),
            ("default-refresh-interval", "0"),
            ("store-requeue-interval", "10ms"),
            ("provider-deadline", "0"),
            ("concurrent", "0"),
            ("target-check-qps", "0"),
            ("client-qps", "-1"),
            ("client-qps", "NaN"),
            ("client-burst", "0"),
            ("template-left-delimiter", ""),
            ("aws-sts-endpoint", "sts.example.com"),
            ("aws-secretsmanager-endpoint", "https://"),
            ("azure-authority-host", "http://login.example.com"),
            ("azure-identity-endpoint", "169.254.169.254"),
            ("aws-ssm-endpoint", "ftp://ssm.example.com"),
            ("gcp-secretmanager-endpoint", "secretmanager.googleapis.com"),
            ("gcp-sts-endpoint", "ftp://sts"),
            ("gcp-iamcredentials-endpoint", "https:///"),
            ("gcp-token-url", "oauth2.googleapis.com/token"),
            ("gce-metadata-host", "http://metadata"),
        ];
        for (flag, value) in refused {
            let invalid = settings(&[&format!("--{flag}={value}")]).unwrap_err();
            assert_eq!(invalid.flag, flag);
            assert!(invalid.to_string().starts_with(&format!("--{flag} is ")) || flag == "namespace", "{invalid}");
        }
    }

    #[test]
    fn the_election_takes_only_times_that_keep_two_leaders_apart() {
        let election = |arguments: &[&str]| {
            settings(&[&["--enable-leader-election"], arguments].concat()).map(|settings| settings.election.unwrap())
        };
        assert_eq!(election(&[]).unwrap().lease_duration, Duration::from_secs(15));
        for (flag, value) in [("lease-duration", "1500ms"), ("renew-deadline", "15s"), ("retry-period", "9s")] {
            let invalid = election(&[&format!("--leader-election-{flag}={value}")]).unwrap_err();
            assert_eq!(invalid.flag, format!("leader-election-{flag}"));
        }
    }

    #[test]
    fn pods_are_told_only_where_that_was_asked_for() {
        assert_eq!(settings(&[]).unwrap().nudge, None);
        assert_eq!(settings(&["--nudge-namespaces=A", "--nudge-qps=0"]).unwrap().nudge, None);
        let nudge = |more: &[&str]| settings(&[&["--nudge-pods"], more].concat()).map(|settings| settings.nudge);
        assert_eq!(nudge(&[]).unwrap(), Some(Nudge { namespaces: Vec::new(), qps: 5, burst: 10 }));
        assert_eq!(nudge(&["--nudge-namespaces=b,a"]).unwrap().unwrap().namespaces, ["a", "b"]);
        for (flag, value) in [("nudge-qps", "0"), ("nudge-burst", "0"), ("nudge-namespaces", "A")] {
            assert_eq!(nudge(&[&format!("--{flag}={value}")]).unwrap_err().flag, flag);
        }
    }

    #[test]
    fn times_of_an_election_that_is_off_are_not_looked_at() {
        assert!(settings(&["--leader-election-renew-deadline=20s"]).is_ok());
    }

    #[test]
    fn namespaces_are_sorted_and_each_is_there_once() {
        let settings = settings(&["--namespace=b,a", "--namespace=b", "--namespace="]).unwrap();
        assert_eq!(settings.namespaces, ["a", "b"]);
    }
}
