//! The secrets, with their versions, stages and tags.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{ACCOUNT, REGION};

/// All secrets of the region.
#[derive(Debug, Default)]
pub(super) struct Vault {
    secrets: BTreeMap<String, Secret>,
    versions: usize,
}

/// One secret.
#[derive(Debug, Default)]
pub(super) struct Secret {
    /// By id.
    versions: BTreeMap<String, Version>,
    tags: BTreeMap<String, String>,
    /// What KMS rotates itself has another kind than `Generic`, and a configuration.
    managed: Option<(String, Value)>,
    /// Whether it is only there to be restored.
    pub(super) planned: bool,
}

#[derive(Debug)]
struct Version {
    value: Vec<u8>,
    stages: Vec<String>,
}

impl Vault {
    /// By name or ARN.
    pub(super) fn find(&self, key: &str) -> Option<(&str, &Secret)> {
        let own = format!("acs:kms:{REGION}:{ACCOUNT}:secret/");
        let name = key.strip_prefix(&own).unwrap_or(key);
        self.secrets.get_key_value(name).map(|(name, secret)| (name.as_str(), secret))
    }

    pub(super) fn all(&self) -> impl ExactSizeIterator<Item = (&str, &Secret)> {
        self.secrets.iter().map(|(name, secret)| (name.as_str(), secret))
    }

    pub(super) fn put(&mut self, name: &str, value: &[u8]) -> String {
        self.versions += 1;
        let id = format!("{:032}", self.versions);
        let secret = self.secrets.entry(name.to_owned()).or_default();
        for version in secret.versions.values_mut() {
            version.stages.retain(|stage| stage != "ACSPrevious");
            for stage in version.stages.iter_mut().filter(|stage| *stage == "ACSCurrent") {
                "ACSPrevious".clone_into(stage);
            }
        }
        secret.versions.insert(id.clone(), Version { value: value.to_vec(), stages: vec!["ACSCurrent".to_owned()] });
        id
    }

    pub(super) fn manage(&mut self, name: &str, kind: &str, config: &Value) {
        self.secrets.entry(name.to_owned()).or_default().managed = Some((kind.to_owned(), config.clone()));
    }

    pub(super) fn stage(&mut self, name: &str, id: &str, stage: &str) {
        let Some(secret) = self.secrets.get_mut(name) else { return };
        for (other, version) in &mut secret.versions {
            version.stages.retain(|had| had != stage);
            if other == id {
                version.stages.push(stage.to_owned());
            }
        }
    }

    pub(super) fn tag(&mut self, name: &str, tags: &BTreeMap<String, String>) {
        if let Some(secret) = self.secrets.get_mut(name) {
            secret.tags.extend(tags.clone());
        }
    }

    pub(super) fn delete(&mut self, name: &str) {
        self.secrets.remove(name);
    }

    pub(super) fn plan_deletion(&mut self, name: &str) {
        if let Some(secret) = self.secrets.get_mut(name) {
            secret.planned = true;
        }
    }
}

impl Secret {
    /// The answer of `GetSecretValue`; nothing where there is no such version.
    pub(super) fn value(&self, name: &str, id: Option<&str>, stage: Option<&str>, with_config: bool) -> Option<Value> {
        // Of what it rotates itself, KMS keeps no ids for others to name.
        let id = id.filter(|_| self.managed.is_none());
        let stage = stage.or(if id.is_none() { Some("ACSCurrent") } else { None });
        let (id, version) = self.versions.iter().find(|(other, version)| {
            id.is_none_or(|id| id == *other)
                && stage.is_none_or(|stage| version.stages.iter().any(|other| other == stage))
        })?;
        let (data, kind) = match str::from_utf8(&version.value) {
            Ok(text) => (text.to_owned(), "text"),
            Err(_) => (STANDARD.encode(&version.value), "binary"),
        };
        let mut answer = json!({
            "RequestId": "r", "SecretName": name, "SecretType": self.kind(), "SecretData": data,
            "SecretDataType": kind, "VersionId": id, "VersionStages": {"VersionStage": version.stages},
            "CreateTime": "2026-01-01T00:00:00Z",
        });
        if with_config && let Some((_, config)) = &self.managed {
            answer["ExtendedConfig"] = config.to_string().into();
        }
        Some(answer)
    }

    /// The answer of `DescribeSecret`.
    pub(super) fn description(&self, name: &str, with_tags: bool) -> Value {
        let mut answer = json!({
            "RequestId": "r", "Arn": format!("acs:kms:{REGION}:{ACCOUNT}:secret/{name}"), "SecretName": name,
            "SecretType": self.kind(), "Description": "", "CreateTime": "2026-01-01T00:00:00Z",
        });
        if let Some((_, config)) = &self.managed {
            answer["ExtendedConfig"] = config.to_string().into();
        }
        if with_tags {
            answer["Tags"] = self.tags();
        }
        answer
    }

    /// The entry of `ListSecrets`.
    pub(super) fn entry(&self, name: &str, with_tags: bool) -> Value {
        let mut entry = json!({"SecretName": name, "SecretType": self.kind(), "CreateTime": "2026-01-01T00:00:00Z"});
        if self.planned {
            entry["PlannedDeleteTime"] = "2027-01-01T00:00:00Z".into();
        }
        if with_tags {
            entry["Tags"] = self.tags();
        }
        entry
    }

    fn kind(&self) -> &str {
        self.managed.as_ref().map_or("Generic", |(kind, _)| kind)
    }

    fn tags(&self) -> Value {
        let tags: Vec<_> = self.tags.iter().map(|(key, value)| json!({"TagKey": key, "TagValue": value})).collect();
        json!({"Tag": tags})
    }
}
