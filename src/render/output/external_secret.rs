//! The ExternalSecrets that fill the Secrets.

use serde_json::{Map, Value, json};

use super::super::mapping::Remote;
use super::super::plan::Plan;
use super::super::settings::Settings;

/// One for each Secret, in order; none without a store.
pub(super) fn objects(plan: &Plan, settings: &Settings) -> Vec<Value> {
    let Some((store, kind)) = &settings.store else { return Vec::new() };
    let one = |((namespace, name), keys): (&(Option<String>, String), &_)| {
        let mut spec = Map::new();
        let interval = settings.refresh_interval.as_deref();
        spec.extend(interval.map(|interval| ("refreshInterval".to_owned(), Value::from(interval))));
        spec.insert("secretStoreRef".to_owned(), json!({"name": store, "kind": kind}));
        spec.insert("target".to_owned(), json!({"name": name}));
        spec.insert("data".to_owned(), data(keys));
        json!({
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": metadata(name, namespace.as_deref()),
            "spec": spec,
        })
    };
    plan.secrets.iter().map(one).collect()
}

/// A name and, where it is known, a namespace.
pub(super) fn metadata(name: &str, namespace: Option<&str>) -> Value {
    let mut metadata = Map::from_iter([("name".to_owned(), Value::from(name))]);
    metadata.extend(namespace.map(|namespace| ("namespace".to_owned(), Value::from(namespace))));
    Value::Object(metadata)
}

fn data(keys: &std::collections::BTreeMap<String, Remote>) -> Value {
    let entry = |(key, remote): (&String, &Remote)| {
        let mut reference = Map::from_iter([("key".to_owned(), Value::from(remote.key.as_str()))]);
        reference.extend(remote.property.as_deref().map(|property| ("property".to_owned(), Value::from(property))));
        json!({"secretKey": key, "remoteRef": reference})
    };
    keys.iter().map(entry).collect()
}
