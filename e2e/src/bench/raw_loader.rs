//! The floor under `burst-es`: a program that makes the operator's three writes per object and does nothing else.
//!
//! It writes as the operator's ServiceAccount, so that tokens, rights and the write policy cost the same, with as many
//! objects abreast, and with bodies that an operator wrote in the same run, in which only names and UIDs are changed.

use std::sync::Arc;

use anyhow::{Context, Result};
use http::{Request, header};
use kube::Client;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use super::load::{ABREAST, Created};
use crate::fixtures::API_VERSION;
use crate::raw::collection;

const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const EVENTS: &str = "events.k8s.io/v1";

/// What an operator wrote for one object.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    secret: Value,
    status: Value,
    event: Value,
}

impl Sample {
    /// Reads what was written for the ExternalSecret `name`, whose target has the same name.
    pub(super) async fn read(client: &Client, namespace: &str, name: &str) -> Result<Self> {
        let get = async |api_version: &str, plural: &str, name: &str| -> Result<Value> {
            let path = collection(api_version, namespace, plural) + name;
            let request = Request::get(path).body(Vec::new())?;
            client.request(request).await.with_context(|| format!("read {plural} of the sample"))
        };
        let secret = get("v1", "secrets", &format!("/{name}")).await?;
        let object = get(API_VERSION, "externalsecrets", &format!("/{name}")).await?;
        let events = get(EVENTS, "events", "").await?;
        let mut events = events.get("items").and_then(Value::as_array).into_iter().flatten();
        let event = events.find(|event| is_about(event, name)).context("there is an event about the sample")?;
        Ok(Self {
            secret: as_applied(&secret),
            status: object.get("status").cloned().context("the sample has a status")?,
            event: as_sent(event),
        })
    }

    fn secret_of(&self, object: &Created) -> Value {
        let mut secret = self.secret.clone();
        set(&mut secret, "/metadata/name", &object.name);
        set(&mut secret, "/metadata/namespace", &object.namespace);
        set(&mut secret, "/metadata/ownerReferences/0/name", &object.name);
        set(&mut secret, "/metadata/ownerReferences/0/uid", &object.uid);
        secret
    }

    fn event_of(&self, object: &Created) -> Value {
        let mut event = self.event.clone();
        set(&mut event, "/metadata/name", &format!("{}.17a0000000000000", object.name));
        set(&mut event, "/metadata/namespace", &object.namespace);
        set(&mut event, "/regarding/name", &object.name);
        set(&mut event, "/regarding/namespace", &object.namespace);
        set(&mut event, "/regarding/uid", &object.uid);
        event
    }
}

fn is_about(event: &Value, name: &str) -> bool {
    let regarding = |field: &str| event.pointer(&format!("/regarding/{field}")).and_then(Value::as_str);
    (regarding("kind"), regarding("name")) == (Some("ExternalSecret"), Some(name))
}

/// The body of the apply that made a Secret.
fn as_applied(secret: &Value) -> Value {
    let kept = ["labels", "annotations", "ownerReferences"];
    let mut metadata = json!({"namespace": "", "name": "", "resourceVersion": "1"});
    copy(&mut metadata, secret.get("metadata").unwrap_or(&Value::Null), &kept);
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": secret.get("data")})
}

/// The body that made an event; what the server added and the empty fields of the older API are taken away.
fn as_sent(event: &Value) -> Value {
    let kept =
        ["eventTime", "reportingController", "reportingInstance", "action", "reason", "regarding", "note", "type"];
    let mut sent = json!({"apiVersion": EVENTS, "kind": "Event", "metadata": {"name": "", "namespace": ""}});
    copy(&mut sent, event, &kept);
    sent
}

fn copy(to: &mut Value, from: &Value, fields: &[&str]) {
    let fields: Map<String, Value> =
        fields.iter().filter_map(|field| Some(((*field).to_owned(), from.get(field)?.clone()))).collect();
    if let Some(object) = to.as_object_mut() {
        object.extend(fields);
    }
}

fn set(object: &mut Value, pointer: &str, text: &str) {
    if let Some(place) = object.pointer_mut(pointer) {
        *place = Value::String(text.to_owned());
    }
}

/// Writes for objects as they are handed to it.
pub(super) struct RawLoader {
    objects: mpsc::UnboundedSender<Created>,
    workers: JoinSet<Result<()>>,
}

impl RawLoader {
    /// Starts as many workers as the operator has passes.
    pub(super) fn start(client: &Client, sample: &Sample) -> Self {
        let (objects, waiting) = mpsc::unbounded_channel();
        let (waiting, sample) = (Arc::new(Mutex::new(waiting)), Arc::new(sample.clone()));
        let mut workers = JoinSet::new();
        for _ in 0..ABREAST {
            workers.spawn(work(client.clone(), Arc::clone(&sample), Arc::clone(&waiting)));
        }
        Self { objects, workers }
    }

    /// Queues an object.
    pub(super) fn take(&self, object: Created) -> Result<()> {
        self.objects.send(object).ok().context("the loader has ended")
    }

    /// Waits until all is written.
    pub(super) async fn finish(self) -> Result<()> {
        let Self { objects, mut workers } = self;
        drop(objects);
        while let Some(ended) = workers.join_next().await {
            ended??;
        }
        Ok(())
    }
}

async fn work(
    client: Client,
    sample: Arc<Sample>,
    waiting: Arc<Mutex<mpsc::UnboundedReceiver<Created>>>,
) -> Result<()> {
    loop {
        let next = waiting.lock().await.recv().await;
        let Some(object) = next else { return Ok(()) };
        write(&client, &sample, &object).await?;
    }
}

async fn write(client: &Client, sample: &Sample, object: &Created) -> Result<()> {
    let Created { namespace, name, uid } = object;
    let path = collection("v1", namespace, "secrets");
    let manager = format!("externalsecrets.external-secrets.io/{name}");
    let apply = Request::patch(format!("{path}/{name}?fieldManager={manager}"))
        .header(header::ACCEPT, METADATA_ONLY)
        .header(header::CONTENT_TYPE, "application/apply-patch+yaml");
    send(client, apply, &sample.secret_of(object)).await.context("create the Secret")?;
    let path = collection(API_VERSION, namespace, "externalsecrets");
    let merge =
        Request::patch(format!("{path}/{name}/status")).header(header::CONTENT_TYPE, "application/merge-patch+json");
    let status = json!({"metadata": {"uid": uid}, "status": sample.status});
    send(client, merge, &status).await.context("write the status")?;
    let create =
        Request::post(collection(EVENTS, namespace, "events")).header(header::CONTENT_TYPE, "application/json");
    send(client, create, &sample.event_of(object)).await.context("create the event")
}

async fn send(client: &Client, request: http::request::Builder, body: &Value) -> Result<()> {
    client.request::<IgnoredAny>(request.body(serde_json::to_vec(body)?)?).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn created() -> Created {
        Created { namespace: "ns".into(), name: "es-1".into(), uid: "new".into() }
    }

    fn sample() -> Sample {
        let secret = json!({
            "metadata": {
                "name": "es-0", "namespace": "old", "uid": "u", "resourceVersion": "7", "managedFields": [],
                "labels": {"l": "1"}, "ownerReferences": [{"name": "es-0", "uid": "owner", "controller": true}],
            },
            "data": {"value": "eA=="}, "type": "Opaque",
        });
        let event = json!({
            "metadata": {"name": "es-0.1", "namespace": "old", "uid": "u"},
            "regarding": {"kind": "ExternalSecret", "name": "es-0", "uid": "owner", "namespace": "old"},
            "deprecatedCount": 1, "note": "n",
        });
        Sample { secret: as_applied(&secret), status: json!({}), event: as_sent(&event) }
    }

    #[test]
    fn a_secret_is_applied_as_new_and_belongs_to_its_own_object() {
        let secret = sample().secret_of(&created());
        let metadata = json!({
            "namespace": "ns", "name": "es-1", "resourceVersion": "1", "labels": {"l": "1"},
            "ownerReferences": [{"name": "es-1", "uid": "new", "controller": true}],
        });
        let whole = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"value": "eA=="}});
        assert_eq!(secret, whole);
    }

    #[test]
    fn an_event_is_about_its_own_object_and_carries_nothing_that_the_server_added() {
        let event = sample().event_of(&created());
        assert!(is_about(&event, "es-1"));
        assert_eq!(event.pointer("/regarding/uid"), Some(&json!("new")));
        assert_eq!((event.get("deprecatedCount"), event.pointer("/metadata/uid")), (None, None));
    }
}
