//! What the server has: projects and their secrets, who may do what, and what it was asked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::jwt::Key;
use crate::scratch::suffix;

/// All of it.
#[derive(Debug, Default)]
pub struct State {
    pub(super) secrets: BTreeMap<Place, Secret>,
    /// Which principal may read which project.
    grants: BTreeSet<(String, String)>,
    /// Which principal may act as which service account.
    actors: BTreeSet<(String, String)>,
    tokens: BTreeMap<String, Holder>,
    /// Public keys of service accounts, by key id.
    pub(super) keys: BTreeMap<String, (String, Vec<u8>)>,
    /// Certificates of service accounts' keys, by key id.
    pub(super) certificates: BTreeMap<String, (String, String)>,
    /// The keys that Google keeps for service accounts, by their e-mail addresses.
    pub(super) system_keys: BTreeMap<String, Key>,
    /// Google's own key, which signs what machines are.
    pub(super) own_key: Option<Key>,
    /// What assertions may be made out to.
    pub(super) token_uris: BTreeSet<String>,
    /// Providers of pools, by the audience of an exchange.
    pub providers: BTreeMap<String, Provider>,
    /// The machine whose metadata it serves.
    pub machine: Machine,
    /// What the external token endpoint answers.
    pub external: String,
    /// How long the tokens are good that it gives; an hour where it does not say.
    pub token_life: Option<Duration>,
    pub(super) asked: Vec<Asked>,
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) project: String,
    pub(super) location: Option<String>,
    pub(super) id: String,
}

/// A secret; its versions are counted from 1.
#[derive(Debug, Default)]
pub(super) struct Secret {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) aliases: BTreeMap<String, usize>,
    pub(super) versions: Vec<Version>,
    pub(super) created: Timestamp,
}

/// A version of a secret.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) payload: Vec<u8>,
    pub(super) state: VersionState,
    pub(super) created: Timestamp,
}

/// Whether a version can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionState {
    /// It can.
    Enabled,
    /// Not now.
    Disabled,
    /// Never again.
    Destroyed,
}

impl VersionState {
    /// Google's word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Enabled => "ENABLED",
            Self::Disabled => "DISABLED",
            Self::Destroyed => "DESTROYED",
        }
    }
}

/// Who holds a token.
#[derive(Debug)]
struct Holder {
    principal: String,
    end: Instant,
}

/// A pool's provider, or a cluster that GKE knows.
#[derive(Clone, Debug)]
pub enum Provider {
    /// One that trusts an issuer of tokens.
    Oidc {
        /// The `iss` of its tokens.
        issuer: String,
        /// Its key, DER.
        key: Vec<u8>,
        /// Of which one must be a token's.
        audiences: Vec<String>,
        /// What a subject's principal begins with; a GKE pool's name where it is one.
        pool: String,
    },
    /// One that trusts an account of AWS.
    Aws {
        /// The access key that signs.
        id: String,
        /// Its secret.
        secret: String,
        /// The session token that must come with it.
        session: Option<String>,
        /// The principal.
        principal: String,
    },
}

/// A machine of Google's.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// Its project.
    pub project: String,
    /// Its cluster's name.
    pub cluster: String,
    /// Its cluster's location.
    pub location: String,
    /// The service account it acts as.
    pub email: String,
}

/// One request, as the log has it: no value is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Google's name of the method, for example `AccessSecretVersion`.
    pub operation: &'static str,
    /// What it was for: a resource's name, or a principal.
    pub key: String,
    /// Who asked, where a token says so.
    pub principal: String,
    /// The status of the answer.
    pub status: u16,
    /// When.
    pub at: Instant,
}

impl State {
    /// Adds a version to a secret, which is made if need be; answers the version's number.
    pub fn put(&mut self, project: &str, location: Option<&str>, id: &str, payload: &[u8]) -> usize {
        let secret = self.secret(project, location, id);
        let version = Version { payload: payload.to_vec(), state: VersionState::Enabled, created: Timestamp::now() };
        secret.versions.push(version);
        secret.versions.len()
    }

    /// A secret, which is made if need be.
    fn secret(&mut self, project: &str, location: Option<&str>, id: &str) -> &mut Secret {
        let place = Place { project: project.to_owned(), location: location.map(str::to_owned), id: id.to_owned() };
        let fresh = || Secret { created: Timestamp::now(), ..Secret::default() };
        self.secrets.entry(place).or_insert_with(fresh)
    }

    /// Takes a global secret away.
    pub fn delete(&mut self, project: &str, id: &str) {
        self.secrets.retain(|place, _| place.project != project || place.id != id);
    }

    /// Sets the state of a global secret's version.
    pub fn set_version(&mut self, project: &str, id: &str, number: usize, state: VersionState) {
        let versions = &mut self.secret(project, None, id).versions;
        if let Some(version) = number.checked_sub(1).and_then(|index| versions.get_mut(index)) {
            version.state = state;
        }
    }

    /// Gives a version of a global secret another name.
    pub fn alias(&mut self, project: &str, id: &str, alias: &str, number: usize) {
        self.secret(project, None, id).aliases.insert(alias.to_owned(), number);
    }

    /// Gives a global secret these labels, in place of those it had.
    pub fn label(&mut self, project: &str, id: &str, labels: &BTreeMap<String, String>) {
        self.secret(project, None, id).labels.clone_from(labels);
    }

    /// Gives a global secret an annotation.
    pub fn annotate(&mut self, project: &str, id: &str, name: &str, value: &str) {
        self.secret(project, None, id).annotations.insert(name.to_owned(), value.to_owned());
    }

    /// Lets a principal read a project's secrets.
    pub fn grant(&mut self, principal: &str, project: &str) {
        self.grants.insert((principal.to_owned(), project.to_owned()));
    }

    /// Lets nobody read a project's secrets.
    pub fn revoke(&mut self, project: &str) {
        self.grants.retain(|(_, granted)| granted != project);
    }

    pub(super) fn may_read(&self, principal: &str, project: &str) -> bool {
        self.grants.contains(&(principal.to_owned(), project.to_owned()))
    }

    /// Lets a principal act as a service account.
    pub fn let_act(&mut self, principal: &str, email: &str) {
        self.actors.insert((principal.to_owned(), email.to_owned()));
    }

    pub(super) fn may_act(&self, principal: &str, email: &str) -> bool {
        self.actors.contains(&(principal.to_owned(), email.to_owned()))
    }

    /// Ends all tokens that were given.
    pub fn end_tokens(&mut self) {
        self.tokens.clear();
    }

    pub(super) fn life(&self) -> Duration {
        self.token_life.unwrap_or(Duration::from_hours(1))
    }

    /// Gives a principal a token.
    pub(super) fn give(&mut self, principal: &str) -> String {
        let token = format!("ya29.{}{}", suffix(), suffix());
        let holder = Holder { principal: principal.to_owned(), end: Instant::now() + self.life() };
        self.tokens.insert(token.clone(), holder);
        token
    }

    pub(super) fn holder(&self, token: &str) -> Option<String> {
        let holder = self.tokens.get(token).filter(|holder| Instant::now() < holder.end)?;
        Some(holder.principal.clone())
    }
}
