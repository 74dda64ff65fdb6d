//! `keyferry render agent`: everything it prints is taken by a real API server, in namespaces that enforce the restricted
//! profile, and every way of applying it comes to the same pod.

mod accepted;
mod helm;
mod policy;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1;
use keyferry_e2e::namespace::Namespace;
use keyferry_e2e::operator;
use keyferry_e2e::settings::{Settings, repository};
use kube::api::{Api, Patch, PatchParams};
use serde_json::{Value, json};

/// The word in every value of the inputs that is no handle.
const CANARY: &str = "CANARY";
const SOON: Duration = Duration::from_secs(30);

/// What a run of the command printed.
struct Printed {
    /// Standard output.
    answer: String,
    /// Standard error.
    notes: String,
}

/// Runs the command with `input` on standard input; the answer and the notes hold no value of it.
fn render(arguments: &[&str], input: &str) -> Result<Printed> {
    let printed = run(&mut Command::new(operator::binary(&Settings::from_environment())?), arguments, input)?;
    if printed.notes.contains(CANARY) || (!input.contains(CANARY) && printed.answer.contains(CANARY)) {
        bail!("{arguments:?} printed a value of its input");
    }
    Ok(printed)
}

fn run(command: &mut Command, arguments: &[&str], input: &str) -> Result<Printed> {
    command.args(["render", "agent"]).args(arguments).env_clear();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().context("it has a standard input")?;
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output()?;
    drop(writer.join());
    let (answer, notes) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    if !output.status.success() {
        bail!("{arguments:?} failed: {notes}");
    }
    Ok(Printed { answer, notes })
}

/// An input of the golden tests.
fn input(name: &str) -> PathBuf {
    repository().join("tests/render/input").join(name)
}

/// The text of an input with its namespaces named after the test's.
fn text(name: &str, namespace: &Namespace) -> Result<String> {
    let text = std::fs::read_to_string(input(name))?;
    let own = format!("namespace: {}", namespace.name());
    Ok(["datadog", "monitoring", "shop"]
        .iter()
        .fold(text, |text, name| text.replace(&format!("namespace: {name}"), &own)))
}

/// Writes a text into this run's folder.
fn file(namespace: &Namespace, name: &str, text: &str) -> Result<PathBuf> {
    namespace.plane().scratch().write(&format!("{}-{name}", namespace.name()), text)
}

fn shown(path: &Path) -> Result<&str> {
    path.to_str().context("a path of text")
}

/// Has the namespace refuse what the restricted profile forbids.
async fn restrict(namespace: &Namespace) -> Result<()> {
    let labels = json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}});
    let all: Api<v1::Namespace> = Api::all(namespace.client());
    all.patch(namespace.name(), &PatchParams::default(), &Patch::Merge(&labels)).await?;
    Ok(())
}

/// Waits for the ServiceAccount that pods have by default.
async fn account(namespace: &Namespace) -> Result<()> {
    let exists = |account: Option<&v1::ServiceAccount>| account.is_some();
    namespace.await_condition("default", exists, SOON).await.map(|_| ())
}

/// The documents of a stream.
fn documents(stream: &str) -> Result<Vec<Value>> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(stream).context("read a stream of YAML")?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}

/// The documents of one kind.
fn of_kind<'a>(documents: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    documents.iter().filter(move |document| document["kind"] == kind)
}

/// What of a pod's spec counts: lists with names in their order, without what the API server fills in by itself.
fn comparable(pod: &Value) -> Value {
    let mut pod = json!({"labels": pod["metadata"]["labels"], "spec": pod["spec"]});
    let spec = &mut pod["spec"];
    for field in ["volumes", "containers", "initContainers"] {
        sort(&mut spec[field], "name");
    }
    for field in ["containers", "initContainers"] {
        for container in spec[field].as_array_mut().into_iter().flatten() {
            sort(&mut container["volumeMounts"], "mountPath");
            sort(&mut container["env"], "name");
        }
    }
    pod
}

/// Sorts a list by a field, without the token of the ServiceAccount, which an init container gets only if it was there
/// before the API server looked.
fn sort(list: &mut Value, field: &str) {
    let Some(items) = list.as_array_mut() else { return };
    items.retain(|item| !item["name"].as_str().is_some_and(|name| name.starts_with("kube-api-access")));
    items.sort_by_key(|item| item[field].as_str().unwrap_or_default().to_owned());
}
