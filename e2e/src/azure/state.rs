//! What an Azure on loopback has: applications, a vault's objects, a clock, and the log of what it was asked.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::{Value, json};

use super::certificate::Known;
use super::jwt::{Key, now};

/// The tenant of everything.
pub const TENANT: &str = "6f89cf12-978b-4d23-ac18-9ef0c127cf87";
/// What a token for a vault is for.
pub const RESOURCE: &str = "https://vault.azure.net";

/// An application, and how it may show itself.
#[derive(Clone, Debug, Default)]
pub struct Application {
    /// Passwords.
    pub secrets: Vec<String>,
    /// Certificates.
    pub certificates: Vec<Known>,
    /// Tokens of others.
    pub federated: Vec<Federated>,
    /// Whether it may read objects.
    pub may_get: bool,
    /// Whether it may list them.
    pub may_list: bool,
}

/// A federated credential.
#[derive(Clone, Debug)]
pub struct Federated {
    /// Who signs the tokens.
    pub issuer: String,
    /// Whom they are about.
    pub subject: String,
    /// The signer's public key, in DER.
    pub key: Vec<u8>,
}

/// One version of an object.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its id.
    pub id: String,
    /// What is particular to the type: `value`, `cer` or `key`.
    pub body: Value,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Whether it may be read.
    pub enabled: bool,
    /// Seconds.
    pub created: i64,
    /// Seconds.
    pub updated: i64,
}

/// One request: who asked for what. No value is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `get`, `list`, `token`, `metadata` or `unknown`.
    pub operation: &'static str,
    /// The object, the listing's folder, or the client.
    pub key: String,
    /// Whose token was shown.
    pub principal: String,
    /// What was answered.
    pub status: u16,
    /// When.
    pub at: Instant,
}

/// All of it.
#[derive(Debug)]
pub struct State {
    pub(super) key: Key,
    /// By client id.
    pub applications: BTreeMap<String, Application>,
    /// Managed identities' client ids; the first is the machine's own.
    pub identities: Vec<String>,
    /// Versions by folder and name, the newest last.
    pub objects: BTreeMap<(String, String), Vec<Version>>,
    /// How many seconds the vault's clock is ahead.
    pub ahead: i64,
    /// For how many seconds tokens are good.
    pub life: u64,
    /// In order.
    pub asked: Vec<Asked>,
    serial: u64,
}

impl State {
    pub(super) fn new(key: Key) -> Self {
        Self {
            key,
            applications: BTreeMap::new(),
            identities: Vec::new(),
            objects: BTreeMap::new(),
            ahead: 0,
            life: 3600,
            asked: Vec::new(),
            serial: 0,
        }
    }

    /// The vault's time, in seconds.
    pub fn now(&self) -> i64 {
        i64::try_from(now()).unwrap_or_default() + self.ahead
    }

    /// Adds a version and answers its id.
    pub fn put(&mut self, folder: &str, name: &str, body: Value) -> String {
        self.serial += 1;
        let (id, now) = (format!("{:032x}", self.serial), self.now());
        let version =
            Version { id: id.clone(), body, tags: BTreeMap::new(), enabled: true, created: now, updated: now };
        self.objects.entry((folder.to_owned(), name.to_owned())).or_default().push(version);
        id
    }

    /// Adds a version of a secret.
    pub fn put_secret(&mut self, name: &str, value: &str) -> String {
        self.put("secrets", name, json!({"value": value}))
    }

    /// The newest version, to be changed; its time is now.
    pub fn touch(&mut self, folder: &str, name: &str) -> Option<&mut Version> {
        let now = self.now();
        let version = self.objects.get_mut(&(folder.to_owned(), name.to_owned()))?.last_mut()?;
        version.updated = now;
        Some(version)
    }

    /// A token of `claims`, signed with Entra's own key: for a stand-in of a cluster whose key that is.
    pub fn sign(&self, claims: &Value) -> anyhow::Result<String> {
        self.key.sign(claims)
    }

    /// The public part of Entra's own key, DER.
    pub fn public(&self) -> &[u8] {
        self.key.public()
    }

    /// Deletes an object softly: it is not found and not listed.
    pub fn delete(&mut self, folder: &str, name: &str) {
        self.objects.remove(&(folder.to_owned(), name.to_owned()));
    }
}
