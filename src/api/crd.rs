//! The `CustomResourceDefinition`s, made of the types.
//!
//! They are values rather than `k8s-openapi` types, so that what is generated keeps the order that people read in.
//! `crds/` holds them as YAML; the `crdgen` binary writes it and a test compares it.

use serde_json::{Value, json};

use super::external_secret::{ExternalSecretSpec, ExternalSecretStatus};
use super::schema::{rule, structural};
use super::secret_store::{SecretStoreSpec, SecretStoreStatus};

/// A kind of the API, and what is not said by its type.
struct Resource {
    kind: &'static str,
    plural: &'static str,
    short: &'static str,
    scope: &'static str,
    about: &'static str,
    columns: Value,
    selectable: &'static [&'static str],
    spec: Value,
    status: Value,
}

/// Every `CustomResourceDefinition`, under the name of its file in `crds/`.
pub fn definitions() -> Vec<(String, Value)> {
    let kinds = [external_secret(), secret_store(), cluster_secret_store()];
    kinds.into_iter().map(|kind| (format!("external-secrets.io_{}.yaml", kind.plural), kind.definition())).collect()
}

fn external_secret() -> Resource {
    Resource {
        kind: "ExternalSecret",
        plural: "externalsecrets",
        short: "es",
        scope: "Namespaced",
        about: "ExternalSecret names remote secrets and the Secret that they become.",
        columns: json!([
            column("StoreType", "string", ".spec.secretStoreRef.kind"),
            column("Store", "string", ".spec.secretStoreRef.name"),
            column("Refresh Interval", "string", ".spec.refreshInterval"),
            column("Status", "string", r#".status.conditions[?(@.type=="Ready")].reason"#),
            column("Ready", "string", r#".status.conditions[?(@.type=="Ready")].status"#),
            column("Last Sync", "date", ".status.refreshTime"),
        ]),
        selectable: &[
            ".spec.secretStoreRef.name",
            ".spec.secretStoreRef.kind",
            ".spec.target.name",
            ".spec.refreshInterval",
        ],
        spec: structural::<ExternalSecretSpec>(),
        status: structural::<ExternalSecretStatus>(),
    }
}

fn secret_store() -> Resource {
    let mut spec = structural::<SecretStoreSpec>();
    for provider in ["kubernetes", "crd"] {
        let pointer = format!("/properties/provider/properties/{provider}/properties/server/properties/caProvider");
        if let Some(schema) = spec.pointer_mut(&pointer) {
            add_rule(
                schema,
                "!has(self.namespace)",
                "caProvider.namespace is for a ClusterSecretStore: leave it out, a SecretStore reads its own namespace",
            );
        }
    }
    Resource {
        kind: "SecretStore",
        plural: "secretstores",
        short: "ss",
        scope: "Namespaced",
        about: "SecretStore is where the ExternalSecrets of its namespace read remote secrets, and as whom.",
        ..store(spec)
    }
}

fn cluster_secret_store() -> Resource {
    let mut spec = structural::<SecretStoreSpec>();
    require_ca_namespace(&mut spec);
    Resource {
        kind: "ClusterSecretStore",
        plural: "clustersecretstores",
        short: "css",
        scope: "Cluster",
        about: "ClusterSecretStore is where the ExternalSecrets of every namespace that its conditions admit read remote secrets, and as whom.",
        ..store(spec)
    }
}

fn store(spec: Value) -> Resource {
    Resource {
        kind: "",
        plural: "",
        short: "",
        scope: "",
        about: "",
        columns: json!([
            column("AGE", "date", ".metadata.creationTimestamp"),
            column("Status", "string", r#".status.conditions[?(@.type=="Ready")].reason"#),
            column("Capabilities", "string", ".status.capabilities"),
            column("Ready", "string", r#".status.conditions[?(@.type=="Ready")].status"#),
        ]),
        selectable: &[],
        spec,
        status: structural::<SecretStoreStatus>(),
    }
}

/// A cluster's object has no namespace of its own that could be meant.
fn require_ca_namespace(schema: &mut Value) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for (name, property) in properties {
        if name == "caProvider" {
            add_rule(
                property,
                "has(self.namespace)",
                "caProvider.namespace is needed in a ClusterSecretStore: name the namespace of the Secret or ConfigMap",
            );
        }
        require_ca_namespace(property);
    }
}

fn add_rule(schema: &mut Value, expression: &str, message: &str) {
    if let Value::Object(schema) = schema {
        schema.insert("x-kubernetes-validations".to_owned(), json!([rule(expression, message)]));
    }
}

fn column(name: &str, kind: &str, path: &str) -> Value {
    json!({"name": name, "type": kind, "jsonPath": path})
}

impl Resource {
    fn definition(self) -> Value {
        json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {
                "name": format!("{}.external-secrets.io", self.plural),
                "labels": {"external-secrets.io/component": "controller"},
            },
            "spec": {
                "group": "external-secrets.io",
                "names": {
                    "kind": self.kind,
                    "listKind": format!("{}List", self.kind),
                    "plural": self.plural,
                    "singular": self.kind.to_lowercase(),
                    "shortNames": [self.short],
                    "categories": ["external-secrets"],
                },
                "scope": self.scope,
                "versions": [self.served(), unserved()],
            },
        })
    }

    fn served(&self) -> Value {
        let fields: Vec<Value> = self.selectable.iter().map(|path| json!({"jsonPath": path})).collect();
        let mut version = json!({
            "name": "v1",
            "served": true,
            "storage": true,
            "subresources": {"status": {}},
            "additionalPrinterColumns": self.columns,
            "selectableFields": fields,
            "schema": {"openAPIV3Schema": self.schema()},
        });
        if let (true, Value::Object(version)) = (fields.is_empty(), &mut version) {
            version.shift_remove("selectableFields");
        }
        version
    }

    fn schema(&self) -> Value {
        json!({
            "description": self.about,
            "type": "object",
            "required": ["spec"],
            "properties": {
                "apiVersion": {"description": "The API version of this object.", "type": "string"},
                "kind": {"description": "The kind of this object.", "type": "string"},
                "metadata": {"type": "object"},
                "spec": self.spec,
                "status": self.status,
            },
        })
    }
}

/// A cluster that once ran an older operator has `v1beta1` among its stored versions, and refuses a definition without
/// it. Nothing is served, and nothing is lost.
fn unserved() -> Value {
    json!({
        "name": "v1beta1",
        "served": false,
        "storage": false,
        "deprecated": true,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {
            "description": "Not served. Use external-secrets.io/v1.",
            "type": "object",
            "x-kubernetes-preserve-unknown-fields": true,
        }},
    })
}
