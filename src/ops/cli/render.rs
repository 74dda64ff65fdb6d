//! What may be typed behind `keyferry render agent`, the only word that is no flag of the operator.
//!
//! The operator's flags are External Secrets Operator's and have no subcommands, so this is a command line of its own,
//! chosen by its first argument before any flag is read.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

/// The word that chooses it.
const WORD: &str = "render";

const EXAMPLES: &str = "Examples:
  What do these Helm values need?
    keyferry render agent values.yaml --namespace datadog --store vault
  A kustomize component from checks and the agents' manifests:
    keyferry render agent conf.d/ agents.yaml --store vault --output kustomize --to components/keyferry
  A post-renderer of Helm 3 (Helm 4 takes a plugin that runs the same command):
    helm upgrade datadog datadog/datadog -f values.yaml --post-renderer ./render.sh
    with render.sh: exec keyferry render agent --output post-renderer --store vault values.yaml
  Let the API server do it:
    keyferry render agent datadogagent.yaml --store vault --output policy | kubectl apply -f -

Notes and warnings go to standard error. Values that are no handles are never printed.";

/// Prints what shows secrets as files to agents.
#[derive(Debug, Parser)]
#[command(name = "keyferry render", bin_name = "keyferry render", version, max_term_width = 120)]
struct Render {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Reads the configuration of Datadog's agents and prints what their handles (ENC[...]) need
    ///
    /// It reads Helm values of Datadog's chart, a DatadogAgent, conf.d files and folders, files of the Agent, and manifests
    /// (workloads, pods with Autodiscovery annotations, Services, ConfigMaps), several at once. It prints the
    /// ExternalSecrets, one volume with exactly the keys that are used, the mounts in the containers that use them, and the
    /// Agent's variables. It asks no cluster.
    #[command(after_help = EXAMPLES)]
    Agent(Box<Agent>),
}

/// The flags of `keyferry render agent`.
#[derive(Clone, Debug, Args)]
pub struct Agent {
    /// Files and folders to read; - is standard input, which is also read where none is given
    #[arg(value_name = "FILE")]
    pub inputs: Vec<PathBuf>,
    /// The form of the answer
    #[arg(long, value_enum, default_value = "manifests")]
    pub output: Output,
    /// Write the files of a kustomize component into this folder
    #[arg(long, value_name = "FOLDER")]
    pub to: Option<PathBuf>,
    /// The store that the ExternalSecrets read from; without it none is printed
    #[arg(long, value_name = "NAME")]
    pub store: Option<String>,
    /// The store's kind
    #[arg(long, value_enum, default_value = "SecretStore")]
    pub store_kind: StoreKind,
    /// How often the ExternalSecrets are refreshed; by default as the operator has it
    #[arg(long, value_name = "DURATION")]
    pub refresh_interval: Option<String>,
    /// A file of rules that say which remote key a key is read from; by default the Secret's name, with the key as property
    #[arg(long, value_name = "FILE", conflicts_with = "remote_key")]
    pub map: Option<PathBuf>,
    /// One pattern instead, such as prod/{namespace}/{secret} or {secret}-{key}#; behind a # stands the property
    #[arg(long, value_name = "PATTERN")]
    pub remote_key: Option<String>,
    /// The agents' namespace; by default the one that the input names
    #[arg(long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// The Helm release, for the names of workloads that the input does not have
    #[arg(long, value_name = "NAME", default_value = "datadog")]
    pub release: String,
    /// The Secret of handles that name a key alone, as ENC[password]
    #[arg(long, value_name = "NAME", default_value = "datadog-secrets")]
    pub secret: String,
    /// The helper's image
    #[arg(long, value_name = "IMAGE", default_value = concat!("keyferry/keyferry-helper:", env!("CARGO_PKG_VERSION")))]
    pub image: String,
    /// How the helper comes into a pod; Helm values and a DatadogAgent can only have it as an image volume
    #[arg(long, value_enum, default_value = "init")]
    pub helper: Helper,
    /// Where the secrets are mounted
    #[arg(long, value_name = "PATH", default_value = "/run/keyferry")]
    pub root: String,
    /// The group that may read the files, for pods without fsGroup; none leaves them so (OpenShift gives one itself)
    #[arg(long, value_name = "GID|none", default_value = "65532", value_parser = group)]
    pub fs_group: Group,
    /// How long the Agent waits for the helper, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub timeout: u32,
    /// How often the Agent reads its secrets again, in seconds; 0 never does
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = clap::value_parser!(u32).range(0..=86400))]
    pub agent_refresh: u32,
    /// Let the operator nudge the pods (see its --nudge-pods), so that a changed key is in the files at once
    #[arg(long)]
    pub nudge: bool,
    /// Fail where there is a warning
    #[arg(long)]
    pub strict: bool,
}

/// The form of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// ExternalSecrets, and a patch for each workload or the DatadogAgent, for kubectl apply --server-side
    Manifests,
    /// A kustomize component
    Kustomize,
    /// Values for Datadog's chart
    HelmValues,
    /// The manifests of standard input, changed
    PostRenderer,
    /// A MutatingAdmissionPolicy for each workload
    Policy,
}

/// A store's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
pub enum StoreKind {
    /// Of the agents' namespace
    SecretStore,
    /// Of the cluster
    ClusterSecretStore,
}

/// How the helper comes into a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Helper {
    /// An init container copies it into a memory volume
    Init,
    /// Its image is mounted as a volume (Kubernetes 1.35)
    Image,
}

/// A pod's group for volumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group(pub Option<u32>);

fn group(text: &str) -> Result<Group, String> {
    if text == "none" {
        return Ok(Group(None));
    }
    let number = text.parse::<u32>().ok().filter(|number| i32::try_from(*number).is_ok());
    number.map(|number| Group(Some(number))).ok_or_else(|| "it is neither a number nor none".to_owned())
}

/// What was asked of `keyferry render`; none where the arguments (the program's name first) are the operator's.
pub fn asked(arguments: impl IntoIterator<Item = OsString>) -> Option<Result<Agent, clap::Error>> {
    let mut arguments = arguments.into_iter().skip(1).peekable();
    arguments.next_if(|first| first == WORD)?;
    let typed = std::iter::once(OsString::from("keyferry render")).chain(arguments);
    Some(Render::try_parse_from(typed).map(|Render { what: What::Agent(agent) }| *agent))
}

/// The command line of `keyferry render agent`, for the page that documents it.
pub fn agent() -> clap::Command {
    let mut command = Render::command();
    command.build();
    command.find_subcommand("agent").cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(arguments: &[&str]) -> Option<Result<Agent, clap::Error>> {
        asked(std::iter::once("keyferry").chain(arguments.iter().copied()).map(OsString::from))
    }

    #[test]
    fn the_flags_are_well_formed() {
        Render::command().debug_assert();
    }

    #[test]
    fn the_operators_own_arguments_are_never_taken() {
        for arguments in [&[][..], &["--namespace", "render"], &["--help"], &["--log-format=text", "render"]] {
            assert!(typed(arguments).is_none(), "{arguments:?}");
        }
    }

    #[test]
    fn render_alone_says_what_there_is() {
        let error = typed(&["render"]).unwrap().unwrap_err().to_string();
        assert!(error.contains("agent"), "{error}");
    }

    #[test]
    fn a_group_is_a_number_or_none() {
        let group = |text: &str| typed(&["render", "agent", "--fs-group", text]).unwrap().map(|agent| agent.fs_group);
        assert_eq!(group("none").unwrap(), Group(None));
        assert_eq!(group("0").unwrap(), Group(Some(0)));
        assert!(group("-1").is_err() && group("4294967295").is_err() && group("x").is_err());
    }

    #[test]
    fn the_help_has_examples() {
        let help = typed(&["render", "agent", "--help"]).unwrap().unwrap_err().to_string();
        assert!(help.contains("--output post-renderer") && help.contains("ClusterSecretStore"), "{help}");
    }
}
