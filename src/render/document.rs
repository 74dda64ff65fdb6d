//! What each document of the input is.

use super::problem::{Note, Problem};
use super::settings::Form;
use super::yaml::{self, Chunk, Node};

/// What a stream on standard input is called.
pub const STREAM: &str = "standard input";
/// The most bytes of all inputs together.
pub(super) const MOST_BYTES: usize = 32 << 20;

/// A text of the input and what it is called in messages.
#[derive(Clone)]
pub struct Source {
    /// A file's path, or `standard input`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// One document.
pub(super) struct Document {
    /// The name of its source.
    pub file: String,
    /// The line in which its text begins.
    pub line: usize,
    /// Its text, without `---`.
    pub text: String,
    /// The same as a tree.
    pub node: Node,
    /// What it is.
    pub kind: Kind,
}

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Values of Datadog's chart; `nested` where they lie under `datadog` as those of a subchart.
    Values {
        /// Whether they are a subchart's.
        nested: bool,
    },
    /// A resource of Datadog's operator.
    DatadogAgent,
    /// A pod, or what makes pods.
    Workload,
    /// A `ConfigMap`.
    ConfigMap,
    /// A Service, which may carry cluster checks.
    Service,
    /// A Secret; it is not looked into.
    Secret,
    /// A file of `conf.d`.
    Check,
    /// A configuration file of the Agent, such as `datadog.yaml`.
    AgentFile,
    /// Another resource.
    Other,
}

/// What makes pods, and a pod itself.
pub(super) const WORKLOADS: [&str; 8] =
    ["CronJob", "DaemonSet", "Deployment", "ExtendedDaemonSet", "Job", "Pod", "ReplicaSet", "StatefulSet"];
/// Files of the Agent that are no checks.
pub(super) const AGENT_FILES: [&str; 5] =
    ["datadog.yaml", "datadog-cluster.yaml", "security-agent.yaml", "system-probe.yaml", "otel-config.yaml"];
/// What a chart of Datadog's has at its top.
const TOP: [&str; 4] = ["datadog", "agents", "clusterAgent", "clusterChecksRunner"];

impl Document {
    /// The place of a line of its text in the input.
    pub(super) fn at(&self, line: usize) -> String {
        format!("{}:{}", self.file, self.line + line.saturating_sub(1))
    }

    /// The object's name.
    pub(super) fn name(&self) -> Option<&str> {
        self.node.text_at(&["metadata", "name"])
    }

    /// The object's namespace.
    pub(super) fn namespace(&self) -> Option<&str> {
        self.node.text_at(&["metadata", "namespace"])
    }

    /// The values of Datadog's chart, wherever they lie.
    pub(super) fn values(&self) -> Option<&Node> {
        match self.kind {
            Kind::Values { nested: false } => Some(&self.node),
            Kind::Values { nested: true } => self.node.get("datadog"),
            _ => None,
        }
    }
}

/// Reads every document of every source.
///
/// # Errors
/// One that is no YAML. A post-renderer passes such a document on as it is, and a note says so.
pub(super) fn documents(sources: &[Source], form: Form, notes: &mut Vec<Note>) -> Result<Vec<Document>, Problem> {
    if sources.iter().map(|source| source.text.len()).sum::<usize>() > MOST_BYTES {
        return Err(Problem::new("the input", "it is longer than 32 MiB", "render its parts one by one"));
    }
    let mut found = Vec::new();
    for source in sources {
        for chunk in yaml::chunks(&source.text) {
            match read(source, &chunk) {
                Ok(documents) => found.extend(documents),
                Err(problem) if form == Form::PostRenderer => {
                    notes.push(Note::warning(format!("{problem}; the document is passed on as it is")));
                }
                Err(problem) => return Err(problem),
            }
        }
    }
    Ok(found)
}

fn read(source: &Source, chunk: &Chunk<'_>) -> Result<Vec<Document>, Problem> {
    let tree = yaml::read(chunk.text, chunk.line).map_err(|error| {
        let (cause, cure) = error.cause.split_once("; ").unwrap_or((error.cause, "mend it"));
        Problem::new(format!("{}:{}", source.name, error.line), cause, cure)
    })?;
    let Some(node) = tree else { return Ok(Vec::new()) };
    if node.text_at(&["kind"]).is_some_and(|kind| kind.ends_with("List")) && node.get("items").is_some() {
        return Ok(node
            .get("items")
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .map(|item| listed(source, item))
            .collect());
    }
    let kind = kind_of(&node, &source.name);
    let (line, text) = (chunk.line, chunk.text.to_owned());
    Ok(vec![Document { file: source.name.clone(), line, text, node, kind }])
}

/// An item of a List as a document of its own.
fn listed(source: &Source, item: &Node) -> Document {
    let (text, kind) = (yaml::write(item), kind_of(item, &source.name));
    Document { file: source.name.clone(), line: item.line, text, node: item.clone(), kind }
}

fn kind_of(node: &Node, file: &str) -> Kind {
    match (node.text_at(&["apiVersion"]), node.text_at(&["kind"])) {
        (Some(_), Some("DatadogAgent")) => Kind::DatadogAgent,
        (Some(_), Some("ConfigMap")) => Kind::ConfigMap,
        (Some(_), Some("Service")) => Kind::Service,
        (Some(_), Some("Secret")) => Kind::Secret,
        (Some(_), Some(kind)) if WORKLOADS.contains(&kind) => Kind::Workload,
        (Some(_), Some(_)) => Kind::Other,
        _ => file_kind(node, file),
    }
}

/// What a document is that is no resource.
fn file_kind(node: &Node, file: &str) -> Kind {
    let name = file.rsplit('/').next().unwrap_or(file);
    if AGENT_FILES.contains(&name) {
        return Kind::AgentFile;
    }
    if ["instances", "init_config", "logs", "ad_identifiers"].iter().any(|key| node.get(key).is_some()) {
        return Kind::Check;
    }
    let inner = node.get("datadog").is_some_and(|datadog| TOP.iter().any(|key| datadog.get(key).is_some()));
    if inner || TOP.iter().any(|key| node.get(key).is_some()) {
        return Kind::Values { nested: inner };
    }
    Kind::Other
}
