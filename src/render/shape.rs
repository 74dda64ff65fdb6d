//! What a pod gets, as the pieces of its manifest.

use std::collections::BTreeMap;

use keyferry_helper::fragment::{PROGRAM_FOLDER as PROGRAMS, PROGRAM_VOLUME as HELPER, SECRETS_VOLUME as SECRETS};
use serde_json::{Value, json};

use super::consumer::{Component, Containers};
use super::plan::{Bundle, Mounted};
use super::problem::Note;
use super::settings::{Delivery, Settings};
use super::workload::Workload;

/// The label that asks for the nudge.
pub(super) const NUDGE: &str = "keyferry.dev/nudge";
/// The helper's own user, for an init container in a pod of root's.
const HELPER_USER: u32 = 65532;
/// 0400: with a group for volumes the kubelet makes it 0440.
const MODE: u32 = 0o400;
/// Containers that run a program of Datadog's; others of its pods resolve no handle.
const RESOLVERS: [&str; 8] = [
    "agent",
    "agent-data-plane",
    "cluster-agent",
    "otel-agent",
    "process-agent",
    "security-agent",
    "system-probe",
    "trace-agent",
];

/// What one pod gets.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shape {
    /// Labels of the pod.
    pub labels: BTreeMap<String, String>,
    /// The pod's group for volumes, where it has none.
    pub fs_group: Option<u32>,
    /// Its volumes.
    pub volumes: Vec<Value>,
    /// Its init container, without a user.
    pub init: Option<Value>,
    /// The user of the init container in a pod whose processes are root's by default.
    pub init_user: u32,
    /// Its containers' variables and mounts, by name.
    pub containers: Vec<Container>,
}

/// What one container gets.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Container {
    /// Its name.
    pub name: String,
    /// Its variables, as `env` has them.
    pub env: Vec<Value>,
    /// Its mounts, as `volumeMounts` has them.
    pub mounts: Vec<Value>,
}

/// What a pod of `workload` gets of `bundle`.
pub(super) fn shape(bundle: &Bundle, workload: &Workload, settings: &Settings, notes: &mut Vec<Note>) -> Shape {
    let holds = !bundle.items.is_empty();
    let of = |name: String| container(name, bundle, workload, settings);
    Shape {
        labels: if holds && settings.nudge { BTreeMap::from([(NUDGE.into(), "true".into())]) } else { BTreeMap::new() },
        fs_group: settings.fs_group.filter(|_| holds && workload.pod.as_ref().is_none_or(|pod| !pod.has_fs_group)),
        volumes: if holds { volumes(&bundle.items, settings) } else { Vec::new() },
        init: (holds && settings.delivery == Delivery::Init).then(|| init(settings, is_for_group(workload, settings))),
        init_user: HELPER_USER,
        containers: chosen(bundle, workload, notes).into_iter().map(of).collect(),
    }
}

/// The containers of a workload that a bundle means, as they are called there.
pub(super) fn chosen(bundle: &Bundle, workload: &Workload, notes: &mut Vec<Note>) -> Vec<String> {
    let skipper = bundle.skips_checks.then(|| Component::ClusterAgent.main_container().to_owned());
    let mut names: Vec<String> = match (&bundle.containers, &workload.containers) {
        (Containers::Named(names), None) => names.iter().cloned().collect(),
        (Containers::Named(names), Some(known)) => known.iter().filter(|name| names.contains(*name)).cloned().collect(),
        (Containers::Every, Some(known)) => {
            let resolves = |name: &&String| workload.component.is_none() || RESOLVERS.contains(&name.as_str());
            known.iter().filter(resolves).cloned().collect()
        }
        (Containers::Every, None) => guessed(workload, notes),
    };
    names.extend(skipper.filter(|name| !names.contains(name)));
    tell_missing(bundle, workload, &names, notes);
    names
}

/// What a component runs unless its configuration says more.
fn guessed(workload: &Workload, notes: &mut Vec<Note>) -> Vec<String> {
    let main = workload.component.map_or("agent", Component::main_container).to_owned();
    if workload.component != Some(Component::NodeAgent) {
        return vec![main];
    }
    notes.push(Note::hint(
        "a handle that every container of the node agent resolves is mounted into agent and trace-agent: give the rendered \
         manifests too if it has more containers",
    ));
    vec![main, "trace-agent".to_owned()]
}

fn tell_missing(bundle: &Bundle, workload: &Workload, names: &[String], notes: &mut Vec<Note>) {
    let Containers::Named(wanted) = &bundle.containers else { return };
    for name in wanted.iter().filter(|name| !names.contains(name)) {
        notes.push(Note::warning(format!(
            "{} {} has no container {name}, which would resolve a handle of its configuration",
            workload.kind, workload.name
        )));
    }
}

fn container(name: String, bundle: &Bundle, workload: &Workload, settings: &Settings) -> Container {
    let mut container = Container { name, env: Vec::new(), mounts: Vec::new() };
    if !bundle.items.is_empty() {
        let with_arguments = workload.pod.as_ref().is_some_and(|pod| pod.with_arguments.contains(&container.name));
        container.env = environment(settings, is_for_group(workload, settings), with_arguments);
        container.mounts = mounts(settings);
    }
    if bundle.skips_checks {
        container.env.push(variable("DD_SECRET_BACKEND_SKIP_CHECKS", "true"));
    }
    container
}

/// One variable.
pub(super) fn variable(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}

/// Where the Agent finds the helper's program.
pub(super) fn command() -> String {
    format!("{PROGRAMS}/{HELPER}")
}

/// Whether the program is run by its group: its owner is the init container's user, or root in an image.
fn is_for_group(workload: &Workload, settings: &Settings) -> bool {
    settings.delivery == Delivery::Image || !workload.pod.as_ref().is_some_and(|pod| pod.shares_user)
}

/// The Agent's variables. Arguments that another backend was given would be taken for roots, so they are emptied.
fn environment(settings: &Settings, for_group: bool, with_arguments: bool) -> Vec<Value> {
    let mut variables = vec![
        variable("DD_SECRET_BACKEND_COMMAND", &command()),
        variable("DD_SECRET_BACKEND_TIMEOUT", &settings.timeout.to_string()),
        variable("DD_SECRET_REFRESH_INTERVAL", &settings.agent_refresh.to_string()),
        variable("KEYFERRY_HELPER_ROOT", &settings.root),
    ];
    variables.extend(for_group.then(|| variable("DD_SECRET_BACKEND_COMMAND_ALLOW_GROUP_EXEC_PERM", "true")));
    variables.extend(with_arguments.then(|| variable("DD_SECRET_BACKEND_ARGUMENTS", "")));
    variables
}

/// The mounts of a container that resolves handles.
pub(super) fn mounts(settings: &Settings) -> Vec<Value> {
    vec![
        json!({"name": HELPER, "mountPath": PROGRAMS, "readOnly": true}),
        json!({"name": SECRETS, "mountPath": settings.root, "readOnly": true}),
    ]
}

/// The two volumes of a pod.
pub(super) fn volumes<'a>(items: impl IntoIterator<Item = &'a Mounted>, settings: &Settings) -> Vec<Value> {
    let programs = match settings.delivery {
        Delivery::Init => json!({"name": HELPER, "emptyDir": {"medium": "Memory", "sizeLimit": "8Mi"}}),
        Delivery::Image => json!({"name": HELPER, "image": {"reference": settings.image}}),
    };
    let mut secrets: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for item in items {
        secrets.entry(&item.secret).or_default().push(json!({"key": item.key, "path": item.path}));
    }
    let source =
        |(name, items): (&str, Vec<Value>)| json!({"secret": {"name": name, "items": items, "optional": true}});
    let sources: Vec<Value> = secrets.into_iter().map(source).collect();
    vec![programs, json!({"name": SECRETS, "projected": {"defaultMode": MODE, "sources": sources}})]
}

/// The container that copies the helper's program into the pod. It asks nothing that the restricted profile refuses, and
/// runs in group 0 whatever the pod has: the file in the image is for root and that group alone.
fn init(settings: &Settings, for_group: bool) -> Value {
    // The program takes 0500 itself: nobody but its owner.
    let mode: &[&str] = if for_group { &["--mode", "0550"] } else { &[] };
    let arguments = [&["install", "--to", PROGRAMS, "--root", &settings.root], mode].concat();
    json!({
        "name": HELPER,
        "image": settings.image,
        "command": [format!("/{HELPER}")],
        "args": arguments,
        "resources": {
            "requests": {"cpu": "10m", "memory": "16Mi"},
            "limits": {"memory": "32Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": true,
            "runAsGroup": 0,
            "runAsNonRoot": true,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [{"name": HELPER, "mountPath": PROGRAMS}],
    })
}

impl Shape {
    /// The init container of a pod, with a user of its own where the pod's would be root.
    pub(super) fn init_of(&self, is_root: bool) -> Option<Value> {
        let mut init = self.init.clone()?;
        if is_root && let Some(context) = init.get_mut("securityContext").and_then(Value::as_object_mut) {
            context.insert("runAsUser".to_owned(), self.init_user.into());
        }
        Some(init)
    }

    /// Whether the pod stays as it is.
    pub(super) fn is_empty(&self) -> bool {
        self.containers.is_empty() || (self.volumes.is_empty() && self.containers.iter().all(|own| own.env.is_empty()))
    }
}

/// Whether the processes of a component are root's where its pods are not known: the chart's node agent is.
pub(super) fn is_root(workload: &Workload) -> bool {
    workload.pod.as_ref().map_or(workload.component == Some(Component::NodeAgent), |pod| pod.is_root)
}
