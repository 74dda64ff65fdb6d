//! Credentials that a test has in its hand.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::api::provider::gcpsm::ConfigMapKey;
use crate::api::provider::{CaProvider, SecretKeySelector, ServiceAccountSelector};
use crate::provider::{Credentials, Error, Kind, Token};
use crate::sealed::Sealed;

/// Credentials that are what the test says, in whatever namespace they are asked for.
#[derive(Default)]
pub struct Keyring {
    state: Mutex<Keys>,
}

#[derive(Default)]
struct Keys {
    secrets: BTreeMap<(String, String), Sealed>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, BTreeMap<String, String>>,
    tokens: Vec<(String, Vec<String>)>,
    lives: Vec<Duration>,
    changed: bool,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keyring").finish_non_exhaustive()
    }
}

impl Keyring {
    /// Puts `value` under a key of a Secret.
    pub fn set(&self, secret: &str, key: &str, value: &str) {
        self.keys().secrets.insert((secret.to_owned(), key.to_owned()), value.into());
    }

    /// Says what a Secret is for, by its label `external-secrets.io/type`.
    pub fn label(&self, secret: &str, type_: &str) {
        self.keys().labels.insert(secret.to_owned(), type_.to_owned());
    }

    /// Makes a ServiceAccount with one annotation more.
    pub fn annotate(&self, account: &str, name: &str, value: &str) {
        self.keys().annotations.entry(account.to_owned()).or_default().insert(name.to_owned(), value.to_owned());
    }

    /// What [`Credentials::changed`] answers.
    pub fn change(&self, changed: bool) {
        self.keys().changed = changed;
    }

    /// The service accounts whose tokens were asked for, each with the audiences, in order.
    pub fn tokens(&self) -> Vec<(String, Vec<String>)> {
        self.keys().tokens.clone()
    }

    /// For how long the tokens were asked for, in order.
    pub fn lives(&self) -> Vec<Duration> {
        self.keys().lives.clone()
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn absent(field: &str) -> Error {
    let cause = "there is no such object".to_owned();
    Error { provider: "Kubernetes", doing: format!("read `{field}`"), kind: Kind::Unauthenticated, cause }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Credentials for Keyring {
    async fn secret_key(&self, field: &str, selector: &SecretKeySelector) -> Result<Sealed, Error> {
        let entry = (selector.name.clone(), selector.key.clone().unwrap_or_default());
        self.keys().secrets.get(&entry).cloned().ok_or_else(|| absent(field))
    }

    /// What [`Keyring::set`] put there, if [`Keyring::label`] gave it the label.
    async fn labelled_secret(
        &self,
        field: &str,
        selector: &SecretKeySelector,
        type_: &str,
    ) -> Result<BTreeMap<String, Sealed>, Error> {
        let keys = self.keys();
        if keys.labels.get(&selector.name).is_none_or(|label| label != type_) {
            return Err(absent(field));
        }
        let of_it = keys.secrets.iter().filter(|((name, _), _)| *name == selector.name);
        Ok(of_it.map(|((_, key), value)| (key.clone(), value.clone())).collect())
    }

    /// The token is `token-` and how many there were before.
    async fn token_for(
        &self,
        _field: &str,
        account: &ServiceAccountSelector,
        audiences: &[String],
        life: Duration,
    ) -> Result<Token, Error> {
        let mut keys = self.keys();
        let value = format!("token-{}", keys.tokens.len());
        let audiences = audiences.iter().chain(&account.audiences).cloned().collect();
        keys.tokens.push((account.name.clone(), audiences));
        keys.lives.push(life);
        Ok(Token { value: value.into(), expires: SystemTime::now() + life })
    }

    async fn annotations(
        &self,
        field: &str,
        account: &ServiceAccountSelector,
    ) -> Result<BTreeMap<String, String>, Error> {
        self.keys().annotations.get(&account.name).cloned().ok_or_else(|| absent(field))
    }

    /// What [`Keyring::set`] put there, be it a Secret or a ConfigMap.
    async fn authorities(&self, field: &str, source: &CaProvider) -> Result<Sealed, Error> {
        let entry = (source.name.clone(), source.key.clone().unwrap_or_default());
        self.keys().secrets.get(&entry).cloned().ok_or_else(|| absent(field))
    }

    /// What [`Keyring::set`] put there.
    async fn config_map_key(&self, field: &str, selector: &ConfigMapKey) -> Result<Sealed, Error> {
        let entry = (selector.name.clone(), selector.key.clone());
        self.keys().secrets.get(&entry).cloned().ok_or_else(|| absent(field))
    }

    async fn changed(&self) -> bool {
        self.keys().changed
    }
}
