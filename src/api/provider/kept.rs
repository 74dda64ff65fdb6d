//! Providers of the API that this operator keeps but does not serve.

use std::collections::BTreeMap;
use std::fmt;

use schemars::Schema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// JSON names of the slots that are kept, and what they are called in the world.
const SLOTS: [(&str, &str); 34] = [
    ("akeyless", "Akeyless"),
    ("barbican", "OpenStack Barbican"),
    ("beyondtrust", "BeyondTrust Password Safe"),
    ("beyondtrustworkloadcredentials", "BeyondTrust Workload Credentials"),
    ("bitwardensecretsmanager", "Bitwarden Secrets Manager"),
    ("chef", "Chef Infra Server"),
    ("cloudrusm", "Cloud.ru Secret Manager"),
    ("conjur", "CyberArk Conjur"),
    ("delinea", "Delinea DevOps Secrets Vault"),
    ("doppler", "Doppler"),
    ("dvls", "Devolutions Server"),
    ("fortanix", "Fortanix Data Security Manager"),
    ("github", "GitHub Actions secrets"),
    ("gitlab", "GitLab variables"),
    ("ibm", "IBM Cloud Secrets Manager"),
    ("infisical", "Infisical"),
    ("keepersecurity", "Keeper Security"),
    ("nebiusmysterybox", "Nebius MysteryBox"),
    ("ngrok", "ngrok"),
    ("onboardbase", "Onboardbase"),
    ("onepassword", "1Password Connect"),
    ("onepasswordSDK", "1Password"),
    ("oracle", "Oracle Cloud Vault"),
    ("ovh", "OVHcloud Key Management Service"),
    ("passbolt", "Passbolt"),
    ("passworddepot", "Password Depot"),
    ("previder", "Previder Vault"),
    ("pulumi", "Pulumi ESC"),
    ("scaleway", "Scaleway Secret Manager"),
    ("secretserver", "Delinea Secret Server"),
    ("senhasegura", "senhasegura"),
    ("volcengine", "Volcengine"),
    ("yandexcertificatemanager", "Yandex Certificate Manager"),
    ("yandexlockbox", "Yandex Lockbox"),
];

/// Settings of providers that are not served, as they were written.
///
/// They may hold credentials, so `Debug` shows their names only.
#[derive(Clone, Default, Deserialize, Serialize, PartialEq)]
#[serde(transparent)]
pub struct Kept(BTreeMap<String, Value>);

impl Kept {
    /// The JSON name of the first provider that is set.
    pub fn slot(&self) -> Option<&str> {
        self.0.iter().find(|(_, settings)| !settings.is_null()).map(|(slot, _)| slot.as_str())
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.keys()).finish()
    }
}

/// Whether it is the JSON name of a slot that is kept.
pub(super) fn is_kept(slot: &str) -> bool {
    SLOTS.iter().any(|(kept, _)| *kept == slot)
}

/// Without a property of its own a slot would be pruned by the API server at the next write.
pub(super) fn add_slots(schema: &mut Schema) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for (slot, provider) in SLOTS {
        properties.insert(
            slot.to_owned(),
            json!({
                "description": format!("{provider}. Settings of this provider are kept as they are; Keyferry does not serve it, and says so in the store's `Ready` condition."),
                "type": "object",
                "x-kubernetes-preserve-unknown-fields": true,
            }),
        );
    }
}
