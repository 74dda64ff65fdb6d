//! What a failed test leaves to read: statuses, events and names. Values of Secrets are never in it.

use std::fmt::Write as _;
use std::io::Write as _;

use k8s_openapi::api::core::v1::{Event, Pod, Secret};
use kube::api::{Api, DynamicObject, GroupVersionKind, ListParams, LogParams};
use kube::core::discovery::ApiResource;
use kube::{Client, ResourceExt};

const LOG_LINES: i64 = 12;
const KINDS: [&str; 2] = ["ExternalSecret", "SecretStore"];

/// All of it for one namespace, as text; what cannot be read is left out.
pub(crate) async fn namespace(client: &Client, name: &str) -> String {
    let mut text = format!("--- {name}\n");
    for kind in KINDS {
        text += &statuses(client, name, kind).await;
    }
    text + &secrets(client, name).await + &events(client, name).await + &pods(client, name).await
}

/// Writes to standard error, which the test harness does not hold back.
pub(crate) fn write(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

async fn statuses(client: &Client, namespace: &str, kind: &str) -> String {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("external-secrets.io", "v1", kind));
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    let mut text = String::new();
    for object in api.list(&ListParams::default()).await.into_iter().flatten() {
        let status = object.data.get("status").map_or_else(|| "no status".to_owned(), ToString::to_string);
        let _ = writeln!(text, "{kind} {}: {status}", object.name_any());
    }
    text
}

async fn secrets(client: &Client, namespace: &str) -> String {
    let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let mut text = String::new();
    for secret in api.list(&ListParams::default()).await.into_iter().flatten() {
        let keys: Vec<String> = secret.data.iter().flatten().map(|(key, _)| key.clone()).collect();
        let owners: Vec<&String> = secret.owner_references().iter().map(|owner| &owner.name).collect();
        let _ = writeln!(text, "Secret {}: keys {keys:?}, owners {owners:?}", secret.name_any());
    }
    text
}

/// Each container's state and the end of its log; of one that was started again, that of the one before too.
async fn pods(client: &Client, namespace: &str) -> String {
    let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let mut text = String::new();
    for pod in api.list(&ListParams::default()).await.into_iter().flatten() {
        let status = pod.status.clone().unwrap_or_default();
        let statuses = [status.init_container_statuses, status.container_statuses];
        for container in statuses.into_iter().flatten().flatten() {
            let (ready, state) = (container.ready, serde_json::to_string(&container.state).unwrap_or_default());
            let _ = writeln!(text, "Pod {} {}: ready {ready}, {state}", pod.name_any(), container.name);
            for previous in [true, false] {
                let what = LogParams {
                    container: Some(container.name.clone()),
                    previous,
                    tail_lines: Some(LOG_LINES),
                    ..LogParams::default()
                };
                text += &api.logs(&pod.name_any(), &what).await.unwrap_or_default();
            }
        }
    }
    text
}

async fn events(client: &Client, namespace: &str) -> String {
    let api: Api<Event> = Api::namespaced(client.clone(), namespace);
    let mut text = String::new();
    for event in api.list(&ListParams::default()).await.into_iter().flatten() {
        let subject = event.involved_object.name.unwrap_or_default();
        let (reason, message) = (event.reason.unwrap_or_default(), event.message.unwrap_or_default());
        let _ = writeln!(text, "Event {subject} {reason} (x{}): {message}", event.count.unwrap_or(1));
    }
    text
}
