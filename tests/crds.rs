//! The API's contract: `crds/` is what the types say, the types lose nothing of what the schemas allow, and everything
//! has words.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may end where it finds what it should not"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

use keyferry::api::crd::definitions;
use keyferry::api::provider::{Chosen, StoreProvider};
use keyferry::api::{ClusterSecretStore, ExternalSecret, SecretStore};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// What `kubectl apply` can put into its annotation.
const LAST_APPLIED_LIMIT: usize = 262_144;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn documents(path: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&fs::read_to_string(root().join(path)).unwrap()).unwrap()
}

fn definition(kind: &str) -> Value {
    let all = definitions().into_iter().map(|(_, definition)| definition);
    all.into_iter().find(|definition| definition["spec"]["names"]["kind"] == kind).unwrap()
}

fn schema(kind: &str) -> Value {
    definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
}

fn through<T: DeserializeOwned + Serialize>(object: &Value) -> Value {
    serde_json::to_value(serde_json::from_value::<T>(object.clone()).unwrap()).unwrap()
}

fn through_its_kind(object: &Value) -> Value {
    match object["kind"].as_str().unwrap() {
        "ExternalSecret" => through::<ExternalSecret>(object),
        "SecretStore" => through::<SecretStore>(object),
        "ClusterSecretStore" => through::<ClusterSecretStore>(object),
        kind => panic!("{kind} has no type"),
    }
}

/// An object in which every property of a schema is set.
fn fullest(schema: &Value) -> Value {
    if let Some(values) = schema["enum"].as_array() {
        return values[0].clone();
    }
    if schema["x-kubernetes-preserve-unknown-fields"] == true {
        return json!({"anything": {"at": ["all", 1, null, true]}});
    }
    match schema["type"].as_str() {
        Some("object") => fullest_object(schema),
        Some("array") => json!([fullest(&schema["items"])]),
        Some("string") if schema["format"] == "date-time" => json!("2026-01-02T03:04:05Z"),
        Some("string") => json!("text"),
        Some("boolean") => json!(true),
        _ => json!(7),
    }
}

fn fullest_object(schema: &Value) -> Value {
    match schema["properties"].as_object() {
        Some(properties) => properties.iter().map(|(name, property)| (name.clone(), fullest(property))).collect(),
        None if schema["additionalProperties"].is_object() => json!({"name": fullest(&schema["additionalProperties"])}),
        None => json!({}),
    }
}

/// Calls `visit` with the path and schema of every property.
fn walk(path: &str, schema: &Value, visit: &mut impl FnMut(&str, &Value)) {
    for (name, property) in schema["properties"].as_object().unwrap_or(&Map::new()) {
        let path = format!("{path}.{name}");
        visit(&path, property);
        walk(&path, property, visit);
    }
    for child in ["items", "additionalProperties"] {
        if schema[child].is_object() {
            walk(path, &schema[child], visit);
        }
    }
}

const KINDS: [&str; 3] = ["ExternalSecret", "SecretStore", "ClusterSecretStore"];

#[test]
fn the_files_in_crds_are_what_the_types_say() {
    let checked = Command::new(env!("CARGO_BIN_EXE_crdgen")).arg("--check").current_dir(root()).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    for (name, definition) in definitions() {
        assert_eq!(documents(&format!("crds/{name}")), [definition], "{name} reads as something else");
    }
}

#[test]
fn a_file_that_is_stale_is_named() {
    let empty = std::env::temp_dir().join(format!("keyferry-crds-{}", std::process::id()));
    let mut crdgen = Command::new(env!("CARGO_BIN_EXE_crdgen"));
    let checked = crdgen.arg("--check").arg("--directory").arg(&empty).output().unwrap();
    assert_eq!(checked.status.code(), Some(1));
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    for (name, _) in definitions() {
        assert!(said.contains(&name), "{said}");
    }
}

#[test]
fn client_side_apply_can_hold_every_definition() {
    for (name, definition) in definitions() {
        let size = definition.to_string().len();
        assert!(size < LAST_APPLIED_LIMIT, "{name} has {size} bytes");
    }
}

#[test]
fn names_columns_and_fields_are_those_that_users_know() {
    let columns = |kind: &str| -> Vec<String> {
        let version = &definition(kind)["spec"]["versions"][0];
        let columns = version["additionalPrinterColumns"].as_array().unwrap();
        let text = |column: &Value, key: &str| column[key].as_str().unwrap().to_owned();
        columns.iter().map(|c| [text(c, "name"), text(c, "type"), text(c, "jsonPath")].join("|")).collect()
    };
    let ready = |field: &str| format!(".status.conditions[?(@.type==\"Ready\")].{field}");
    assert_eq!(
        columns("ExternalSecret"),
        [
            "StoreType|string|.spec.secretStoreRef.kind".to_owned(),
            "Store|string|.spec.secretStoreRef.name".to_owned(),
            "Refresh Interval|string|.spec.refreshInterval".to_owned(),
            format!("Status|string|{}", ready("reason")),
            format!("Ready|string|{}", ready("status")),
            "Last Sync|date|.status.refreshTime".to_owned(),
        ]
    );
    for (kind, plural, short, scope) in [
        ("ExternalSecret", "externalsecrets", "es", "Namespaced"),
        ("SecretStore", "secretstores", "ss", "Namespaced"),
        ("ClusterSecretStore", "clustersecretstores", "css", "Cluster"),
    ] {
        let definition = definition(kind);
        assert_eq!(definition["metadata"]["name"], format!("{plural}.external-secrets.io"));
        assert_eq!(definition["metadata"]["labels"], json!({"external-secrets.io/component": "controller"}));
        assert_eq!(definition["spec"]["names"]["shortNames"], json!([short]));
        assert_eq!(definition["spec"]["names"]["categories"], json!(["external-secrets"]));
        assert_eq!(definition["spec"]["scope"], scope);
        assert_eq!(definition["spec"]["versions"][0]["subresources"], json!({"status": {}}));
    }
    for kind in ["SecretStore", "ClusterSecretStore"] {
        assert_eq!(
            columns(kind),
            [
                "AGE|date|.metadata.creationTimestamp".to_owned(),
                format!("Status|string|{}", ready("reason")),
                "Capabilities|string|.status.capabilities".to_owned(),
                format!("Ready|string|{}", ready("status")),
            ]
        );
    }
    let selectable = &definition("ExternalSecret")["spec"]["versions"][0]["selectableFields"];
    let paths: Vec<_> =
        selectable.as_array().unwrap().iter().map(|field| field["jsonPath"].as_str().unwrap()).collect();
    assert_eq!(
        paths,
        [".spec.secretStoreRef.name", ".spec.secretStoreRef.kind", ".spec.target.name", ".spec.refreshInterval"]
    );
}

#[test]
fn v1_is_served_and_stored_and_v1beta1_only_keeps_what_is_stored() {
    for kind in KINDS {
        let versions = definition(kind)["spec"]["versions"].clone();
        let say =
            |version: &Value| json!([version["name"], version["served"], version["storage"], version["deprecated"]]);
        assert_eq!(say(&versions[0]), json!(["v1", true, true, null]));
        assert_eq!(say(&versions[1]), json!(["v1beta1", false, false, true]));
        assert_eq!(versions[1]["schema"]["openAPIV3Schema"]["x-kubernetes-preserve-unknown-fields"], true);
        assert_eq!(versions.as_array().unwrap().len(), 2);
    }
}

#[test]
fn every_field_has_words() {
    for kind in KINDS {
        walk(kind, &schema(kind)["properties"]["spec"], &mut |path, property| {
            let words = property["description"].as_str().unwrap_or_default();
            assert!(words.len() > 10 && words.ends_with('.'), "{path} says {words:?}");
        });
        walk(kind, &schema(kind)["properties"]["status"], &mut |path, property| {
            assert!(property["description"].is_string(), "{path} says nothing");
        });
    }
}

#[test]
fn every_rule_has_a_message() {
    for kind in KINDS {
        let text = schema(kind).to_string();
        assert_eq!(text.matches("{\"rule\":").count(), text.matches("\",\"message\":\"").count(), "{kind}");
    }
}

#[test]
fn only_times_may_be_null() {
    for kind in KINDS {
        walk("", &schema(kind), &mut |path, property| {
            let time = path.ends_with(".refreshTime") || path.ends_with(".lastTransitionTime");
            assert_eq!(property["nullable"] == true, time, "{kind}{path}");
            assert!(property["type"].is_string() || property["x-kubernetes-int-or-string"] == true, "{kind}{path}");
            let format = property["format"].as_str().unwrap_or_default();
            assert!(["", "byte", "int32", "int64", "date-time"].contains(&format), "{kind}{path}: {format}");
        });
    }
}

#[test]
fn defaults_are_the_known_ones_and_the_interval_has_none() {
    let mut defaults = Vec::new();
    walk("", &schema("ExternalSecret"), &mut |path, property| {
        if let Some(default) = property.get("default") {
            defaults.push(format!("{path}={default}"));
        }
    });
    let mut expected = vec![
        r#".spec.target={"creationPolicy":"Owner","deletionPolicy":"Retain"}"#,
        r#".spec.target.creationPolicy="Owner""#,
        r#".spec.target.deletionPolicy="Retain""#,
        r#".spec.target.template.engineVersion="v2""#,
        r#".spec.target.template.mergePolicy="Replace""#,
        r#".spec.target.template.templateFrom.configMap.items.templateAs="Values""#,
        r#".spec.target.template.templateFrom.secret.items.templateAs="Values""#,
        r#".spec.target.template.templateFrom.target="Data""#,
        r#".spec.data.sourceRef.generatorRef.apiVersion="generators.external-secrets.io/v1alpha1""#,
        r#".spec.dataFrom.rewrite.merge.into="""#,
        r#".spec.dataFrom.rewrite.merge.priorityPolicy="Strict""#,
        r#".spec.dataFrom.rewrite.merge.conflictPolicy="Error""#,
        r#".spec.dataFrom.rewrite.merge.strategy="Extract""#,
        r#".spec.dataFrom.sourceRef.generatorRef.apiVersion="generators.external-secrets.io/v1alpha1""#,
        r#".status.binding.name="""#,
    ];
    expected.sort_unstable();
    defaults.sort_unstable();
    assert_eq!(defaults, expected);
}

#[test]
fn an_object_with_every_field_of_its_schema_loses_none() {
    for kind in KINDS {
        let mut object = fullest(&schema(kind));
        object["apiVersion"] = json!("external-secrets.io/v1");
        object["kind"] = json!(kind);
        assert_eq!(through_its_kind(&object), object, "{kind}");
    }
}

#[test]
fn every_object_that_the_api_server_accepts_decodes_and_loses_nothing() {
    let cases = documents("e2e/tests/data/admission_cases.yaml").remove(0);
    let cases = cases.as_array().unwrap();
    assert!(cases.len() >= 60);
    let accepted = cases.iter().filter(|case| case["expect"] == "accepted");
    for case in accepted {
        assert_eq!(through_its_kind(&case["object"]), case["object"], "{}", case["name"]);
    }
}

#[test]
fn every_sample_decodes_and_loses_nothing() {
    let mut kinds = Vec::new();
    for file in fs::read_dir(root().join("config/samples")).unwrap() {
        let file = file.unwrap().file_name().into_string().unwrap();
        for object in documents(&format!("config/samples/{file}")) {
            if object["kind"] == "Secret" {
                let text = object.to_string();
                assert!(text.contains("emulator") && text.matches("fake").count() >= 3, "{file} holds credentials");
                through::<k8s_openapi::api::core::v1::Secret>(&object);
            } else if object["kind"] == "ConfigMap" {
                assert_eq!(through::<k8s_openapi::api::core::v1::ConfigMap>(&object), object, "{file}");
            } else {
                assert_eq!(through_its_kind(&object), object, "{file}");
                kinds.push(object["kind"].as_str().unwrap().to_owned());
            }
        }
    }
    for kind in KINDS {
        assert!(kinds.iter().filter(|sampled| *sampled == kind).count() >= 2, "{kind} has too few samples");
    }
}

#[test]
fn what_older_operators_stored_still_decodes() {
    let stored = json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": "old"},
        "spec": {
            "someday": {"removed": true},
            "secretStoreRef": {"name": "store"},
            "data": [{"secretKey": "a", "remoteRef": {
                "key": "k", "conversionStrategy": "Default", "decodingStrategy": "None", "metadataPolicy": "None",
                "nullBytePolicy": "Ignore", "unknown": 1,
            }}],
            "target": {},
        },
        "status": {"refreshTime": null, "conditions": [{"type": "Ready"}]},
    });
    let object: ExternalSecret = serde_json::from_value(stored).unwrap();
    assert_eq!(object.spec.data[0].remote_ref.key, "k");
    let store: SecretStore =
        serde_json::from_value(json!({"metadata": {}, "spec": {"provider": {"vault": {}}}})).unwrap();
    assert!(matches!(store.spec.provider.chosen(), Chosen::Vault(_)));
}

#[test]
fn a_provider_that_is_not_served_is_kept_and_named() {
    let provider = json!({"doppler": {"auth": {"secretRef": {"dopplerToken": {"name": "s"}}}, "list": [1, null]}});
    let decoded: StoreProvider = serde_json::from_value(provider.clone()).unwrap();
    assert!(matches!(decoded.chosen(), Chosen::Unsupported("doppler")));
    assert_eq!(decoded.slot(), "doppler");
    assert_eq!(serde_json::to_value(&decoded).unwrap(), provider);
}

#[test]
fn every_slot_of_the_schema_is_chosen_by_its_name() {
    let slots = schema("SecretStore")["properties"]["spec"]["properties"]["provider"].clone();
    let slots = slots["properties"].as_object().unwrap();
    assert_eq!(slots.len(), 44);
    for slot in slots.keys() {
        let decoded: StoreProvider = serde_json::from_value(json!({slot: {}})).unwrap();
        assert_eq!(decoded.slot(), slot);
    }
    assert!(matches!(StoreProvider::default().chosen(), Chosen::Missing));
    assert_eq!(StoreProvider::default().slot(), "");
}

#[test]
fn no_debug_output_shows_what_a_store_holds_inline() {
    let provider: StoreProvider = serde_json::from_value(json!({
        "fake": {"data": [{"key": "shown", "value": "canary"}]},
        "webhook": {"url": "https://canary@host?token=canary", "headers": {"shown": "canary"}, "body": "canary"},
        "vault": {"server": "shown", "headers": {"shown": "canary"}},
        "delinea": {"clientSecret": {"value": "canary"}},
    }))
    .unwrap();
    for shown in [format!("{provider:?}"), format!("{provider:#?}")] {
        assert!(!shown.contains("canary") && shown.contains("shown") && shown.contains("delinea"), "{shown}");
    }
}
