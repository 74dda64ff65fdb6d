//! The session for objects of any kind, put through the conformance suite with a kind of the tests' own.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use async_trait::async_trait;
use keyferry::provider::Provider;
use keyferry::provider::conformance::wire::{self, Answer, Complaint, Wired, Without};
use keyferry::provider::conformance::{Fixture, Searches, UNICODE};
use keyferry::sealed::Sealed;
use keyferry_e2e::control_plane::{ControlPlane, shared};
use keyferry_e2e::namespace::Namespace;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::trials::Stand;

use super::kubernetes::{Before, Ground, Member, says, without_token};

const GROUP: &str = "e2e.keyferry.io";
/// The API version of the tests' own kind.
pub(super) const WIDGETS: &str = "e2e.keyferry.io/v1";

/// Has the API server serve the kind `Widget`, whose objects may hold anything; once for all tests.
pub(super) async fn serve_widgets(plane: &ControlPlane) -> Result<()> {
    static SERVED: OnceCell<()> = OnceCell::const_new();
    SERVED.get_or_try_init(async || define(plane).await).await.copied()
}

async fn define(plane: &ControlPlane) -> Result<()> {
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let version = json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}});
    plane
        .kubectl_apply(&json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("widgets.{GROUP}")},
            "spec": {
                "group": GROUP, "scope": "Namespaced", "versions": [version],
                "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
            },
        }))
        .await?;
    plane.kubectl(["wait", "--for=condition=Established", &format!("crd/widgets.{GROUP}")]).await.map(|_| ())
}

/// What a store says of the kind.
pub(super) fn resource() -> Value {
    json!({"group": GROUP, "version": "v1", "kind": "Widget"})
}

struct Widgets {
    ground: Ground,
    session: Arc<dyn Provider>,
}

impl Widgets {
    async fn within(namespace: Namespace) -> Result<Self> {
        serve_widgets(namespace.plane()).await?;
        let spec = json!({"resource": resource()});
        let ground = Ground::within(namespace, "crd", (WIDGETS, "Widget"), "widgets", spec).await?;
        let session = ground.direct().await?;
        Ok(Self { ground, session })
    }
}

/// The fixture for the matrix.
pub(super) async fn widgets() -> Result<Box<dyn Fixture>> {
    Ok(Box::new(Widgets::within(Namespace::make(shared().await?).await?).await?))
}

/// The stand for the trials, whose store reads in its own namespace.
pub(crate) async fn stand(namespace: &Namespace) -> Result<Stand> {
    let widgets = Widgets::within(namespace.another()).await?;
    let Before { wire, provider, credentials } = widgets.ground.before().await?;
    let stand = Stand::new("crd", Box::new(widgets), wire, provider, credentials);
    Ok(Stand { property: Some("spec.value"), ..stand })
}

fn value(whole: &Sealed) -> Sealed {
    let object: Value = serde_json::from_slice(whole.expose()).expect("it is JSON");
    Sealed::from(object["spec"]["value"].as_str().expect("it has a value"))
}

#[async_trait]
impl Fixture for Widgets {
    fn provider(&self) -> Arc<dyn Provider> {
        Member::over(self.session.clone(), value, value)
    }

    async fn put(&self, key: &str, value: &[u8]) -> Option<String> {
        let value = std::str::from_utf8(value).expect("it keeps text");
        let object = json!({
            "apiVersion": WIDGETS, "kind": "Widget", "metadata": {"name": key}, "spec": {"value": value},
        });
        self.ground.put_object(key, &object).await;
        None
    }

    async fn delete(&self, key: &str) {
        self.ground.delete(key).await;
    }

    fn keeps_binary(&self) -> bool {
        false
    }

    /// Less than what the API server's store takes of an object in all.
    fn most_bytes(&self) -> usize {
        1 << 20
    }

    fn searches(&self) -> Searches {
        Searches { path: false, ..Searches::ALL }
    }

    async fn tag(&self, key: &str, tags: &BTreeMap<String, String>) {
        self.ground.label(key, tags).await;
    }

    fn declines(&self, case: &str) -> Option<String> {
        (case == UNICODE).then(|| "names of objects are lower case ASCII".to_owned())
    }

    async fn wired(&self) -> Result<Wired, Without> {
        self.ground.wired(value, value).await.map_err(|error| Without::Failed(format!("{error:#}")))
    }

    fn says(&self, complaint: Complaint) -> Option<Answer> {
        Some(says(complaint))
    }

    fn loses_token(&self) -> Option<wire::Edit> {
        Some(without_token)
    }

    fn failures(&self) -> Vec<String> {
        self.ground.failures.lock().expect("no panic before").clone()
    }
}
