//! Reads the objects that hold a store's credentials, and remembers which they were.
//!
//! The namespace rules are here, once, for every provider: a SecretStore reads in its own namespace whatever a selector
//! says; a ClusterSecretStore reads in the selector's namespace, or where it gives none in the consumer's. Certificates of
//! authorities are never the consumer's: who may choose whom a shared store believes may stand in for its server.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{ConfigMap, Secret, ServiceAccount};
use kube::ResourceExt;
use kube::api::{Api, PostParams};

use super::error::{Error, Kind};
use super::reach::Clients;
use crate::api::external_secret::StoreKind;
use crate::sealed::Sealed;

/// What a Secret is for, in its owner's words.
const TYPE_LABEL: &str = "external-secrets.io/type";

/// On whose behalf credentials are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The store's kind.
    pub kind: StoreKind,
    /// The store's namespace; none for a ClusterSecretStore.
    pub namespace: Option<String>,
    /// The namespace of the object that is synced; none while a ClusterSecretStore is validated.
    pub consumer: Option<String>,
}

/// An object that was read, as it was then.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Witness {
    kind: Source,
    namespace: String,
    name: String,
    /// UID and resourceVersion; of a ServiceAccount its annotations, since its version changes with its tokens.
    identity: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Secret,
    ConfigMap,
    ServiceAccount,
}

/// The credentials that one session may read.
#[derive(Debug)]
pub struct Reader {
    clients: Clients,
    bearer: Bearer,
    witnesses: Mutex<BTreeSet<Witness>>,
}

impl Reader {
    /// Reads for `bearer` and for nobody else.
    pub fn new(clients: Clients, bearer: Bearer) -> Self {
        Self { clients, bearer, witnesses: Mutex::default() }
    }

    /// One key of a Secret.
    ///
    /// # Errors
    /// The namespace is not allowed, or the Secret or its key is missing.
    pub async fn secret_key(&self, namespace: Option<&str>, name: &str, key: &str) -> Result<Sealed, Error> {
        let doing = format!("read the key {key:?} of the Secret {name:?}");
        let namespace = self.namespace(namespace, &doing)?;
        let found = self.clients.api::<Secret>(&namespace).get(name).await;
        let secret = found.map_err(|error| Error::of(doing.clone(), &error))?;
        self.remember(witness(Source::Secret, &secret));
        let value = secret.data.into_iter().flatten().find(|(found, _)| found == key);
        value.map(|(_, value)| Sealed::new(value.0)).ok_or_else(|| Error {
            doing,
            kind: Kind::NotFound,
            cause: "the Secret has no such key; correct the selector or add the key".to_owned(),
        })
    }

    /// All keys of a Secret whose label [`TYPE_LABEL`] is `type_`; the label is looked at before any value is.
    ///
    /// # Errors
    /// As for [`Reader::secret_key`]; a ClusterSecretStore that names no namespace; another label, or none.
    pub async fn labelled_secret(
        &self,
        namespace: Option<&str>,
        name: &str,
        type_: &str,
    ) -> Result<BTreeMap<String, Sealed>, Error> {
        let doing = format!("read the Secret {name:?}");
        let namespace = self.given_namespace(namespace, &doing)?;
        let found = self.clients.api::<Secret>(&namespace).get(name).await;
        let secret = found.map_err(|error| Error::of(doing.clone(), &error))?;
        self.remember(witness(Source::Secret, &secret));
        if secret.labels().get(TYPE_LABEL).is_none_or(|label| label != type_) {
            let cause = format!("the Secret lacks the label {TYPE_LABEL}: {type_}; add it if the store may use it");
            return Err(Error { doing, kind: Kind::Refused, cause });
        }
        Ok(secret.data.into_iter().flatten().map(|(key, value)| (key, Sealed::new(value.0))).collect())
    }

    /// The certificates of authorities that a Secret holds under `key`.
    ///
    /// # Errors
    /// As for [`Reader::secret_key`]; a ClusterSecretStore that names no namespace.
    pub async fn authorities_of_secret(&self, namespace: Option<&str>, name: &str, key: &str) -> Result<Sealed, Error> {
        let namespace = self.given_namespace(namespace, &format!("read the Secret {name:?}"))?;
        self.secret_key(Some(&namespace), name, key).await
    }

    /// As [`Reader::authorities_of_secret`], of a ConfigMap.
    pub async fn authorities_of_config_map(
        &self,
        namespace: Option<&str>,
        name: &str,
        key: &str,
    ) -> Result<Sealed, Error> {
        let namespace = self.given_namespace(namespace, &format!("read the ConfigMap {name:?}"))?;
        self.config_map_key(Some(&namespace), name, key).await
    }

    /// One key of a ConfigMap, under the rules of [`Reader::secret_key`].
    ///
    /// # Errors
    /// As there.
    pub async fn config_map_key(&self, namespace: Option<&str>, name: &str, key: &str) -> Result<Sealed, Error> {
        let doing = format!("read the key {key:?} of the ConfigMap {name:?}");
        let namespace = self.namespace(namespace, &doing)?;
        let found = self.clients.api::<ConfigMap>(&namespace).get(name).await;
        let map = found.map_err(|error| Error::of(doing.clone(), &error))?;
        self.remember(witness(Source::ConfigMap, &map));
        let text = map.data.into_iter().flatten().find(|(found, _)| found == key).map(|(_, text)| Sealed::from(text));
        let bytes = map.binary_data.into_iter().flatten().find(|(found, _)| found == key);
        text.or(bytes.map(|(_, bytes)| Sealed::new(bytes.0))).ok_or_else(|| Error {
            doing,
            kind: Kind::NotFound,
            cause: "the ConfigMap has no such key; correct `key` or add it".to_owned(),
        })
    }

    /// The annotations of a ServiceAccount.
    pub async fn annotations(&self, namespace: Option<&str>, name: &str) -> Result<BTreeMap<String, String>, Error> {
        let doing = format!("read the ServiceAccount {name:?}");
        let namespace = self.namespace(namespace, &doing)?;
        let found = self.clients.api::<ServiceAccount>(&namespace).get_metadata(name).await;
        let account = found.map_err(|error| Error::of(doing, &error))?;
        self.remember(witness(Source::ServiceAccount, &account));
        Ok(account.metadata.annotations.unwrap_or_default())
    }

    /// A token of a ServiceAccount for `audiences`, and when it ends: after `life`, of which every API server gives 10 minutes
    /// at least, unless the API server has other bounds.
    pub async fn token(
        &self,
        namespace: Option<&str>,
        name: &str,
        audiences: Vec<String>,
        life: Duration,
    ) -> Result<(Sealed, SystemTime), Error> {
        let doing = format!("request a token of the ServiceAccount {name:?}");
        let namespace = self.namespace(namespace, &doing)?;
        let spec = TokenRequestSpec {
            audiences,
            expiration_seconds: i64::try_from(life.as_secs()).ok(),
            bound_object_ref: None,
        };
        let request = TokenRequest { spec, ..TokenRequest::default() };
        let accounts: Api<ServiceAccount> = self.clients.api(&namespace);
        let answer = accounts.create_token_request(name, &PostParams::default(), &request).await;
        let answer = answer.map_err(|error| Error::of(doing.clone(), &error))?;
        let status = answer.status.ok_or_else(|| Error {
            doing,
            kind: Kind::Unavailable,
            cause: "the API server's answer holds no token".to_owned(),
        })?;
        Ok((Sealed::from(status.token), SystemTime::from(status.expiration_timestamp.0)))
    }

    /// Whether any object that was read is gone or another now; an API server that does not answer changes nothing.
    pub async fn changed(&self) -> bool {
        let witnesses = self.witnesses.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for witness in &witnesses {
            if self.has_changed(witness).await {
                return true;
            }
        }
        false
    }

    async fn has_changed(&self, then: &Witness) -> bool {
        let now = match then.kind {
            Source::Secret => {
                let api = self.clients.api::<Secret>(&then.namespace);
                api.get_metadata(&then.name).await.map(|found| witness(then.kind, &found))
            }
            Source::ConfigMap => {
                let api = self.clients.api::<ConfigMap>(&then.namespace);
                api.get_metadata(&then.name).await.map(|found| witness(then.kind, &found))
            }
            Source::ServiceAccount => {
                let api = self.clients.api::<ServiceAccount>(&then.namespace);
                api.get_metadata(&then.name).await.map(|found| witness(then.kind, &found))
            }
        };
        match now {
            Ok(now) => now != *then,
            Err(error) => Error::of("look", &error).kind == Kind::NotFound,
        }
    }

    /// Where a selector may be read.
    fn namespace(&self, selected: Option<&str>, doing: &str) -> Result<String, Error> {
        let chosen = match self.bearer.kind {
            StoreKind::SecretStore => self.bearer.namespace.as_deref(),
            StoreKind::ClusterSecretStore => {
                selected.filter(|namespace| !namespace.is_empty()).or(self.bearer.consumer.as_deref())
            }
        };
        chosen.map(str::to_owned).ok_or_else(|| Error {
            doing: doing.to_owned(),
            kind: Kind::Refused,
            cause: "the selector names no namespace; name one, since a ClusterSecretStore has none".to_owned(),
        })
    }

    /// Where an object that a selector must place may be read: as [`Reader::namespace`], and never at the consumer's.
    fn given_namespace(&self, selected: Option<&str>, doing: &str) -> Result<String, Error> {
        let missing = selected.is_none_or(str::is_empty);
        if self.bearer.kind == StoreKind::ClusterSecretStore && missing {
            return Err(Error {
                doing: doing.to_owned(),
                kind: Kind::Refused,
                cause: "no namespace is named, and a ClusterSecretStore must name one here; add `namespace`".to_owned(),
            });
        }
        self.namespace(selected, doing)
    }

    fn remember(&self, witness: Witness) {
        self.witnesses.lock().unwrap_or_else(PoisonError::into_inner).insert(witness);
    }
}

fn witness(kind: Source, object: &impl ResourceExt) -> Witness {
    let version = match kind {
        Source::Secret | Source::ConfigMap => object.resource_version().unwrap_or_default(),
        Source::ServiceAccount => {
            // What may matter of it: the annotations that providers read.
            format!("{:?}", object.annotations())
        }
    };
    Witness {
        kind,
        namespace: object.namespace().unwrap_or_default(),
        name: object.name_any(),
        identity: format!("{}/{version}", object.uid().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(kind: StoreKind, own: Option<&str>, consumer: Option<&str>) -> Reader {
        let (service, _) =
            tower_test::mock::pair::<http::Request<kube::client::Body>, http::Response<kube::client::Body>>();
        let clients = Clients::new(kube::Client::new(service, "default"));
        let bearer = Bearer { kind, namespace: own.map(str::to_owned), consumer: consumer.map(str::to_owned) };
        Reader::new(clients, bearer)
    }

    fn place(kind: StoreKind, own: Option<&str>, consumer: Option<&str>, selected: Option<&str>) -> Option<String> {
        reader(kind, own, consumer).namespace(selected, "look").ok()
    }

    #[tokio::test]
    async fn authorities_are_the_stores_own_or_where_a_cluster_store_says_and_never_the_consumers() {
        let place = |kind, own, selected| {
            reader(kind, own, Some("team-a")).given_namespace(selected, "look").map_err(|error| error.kind)
        };
        let cluster = StoreKind::ClusterSecretStore;
        assert_eq!(place(cluster, None, Some("vault")), Ok("vault".to_owned()));
        assert_eq!(place(cluster, None, None), Err(Kind::Refused));
        assert_eq!(place(cluster, None, Some("")), Err(Kind::Refused));
        for selected in [None, Some("kube-system")] {
            assert_eq!(place(StoreKind::SecretStore, Some("team-a"), selected), Ok("team-a".to_owned()));
        }
    }

    #[tokio::test]
    async fn a_secret_store_never_leaves_its_namespace() {
        let own = Some("team-a");
        for selected in [None, Some("team-a"), Some("kube-system")] {
            assert_eq!(place(StoreKind::SecretStore, own, own, selected).as_deref(), own);
        }
    }

    #[tokio::test]
    async fn a_cluster_store_reads_where_its_selector_says_or_else_at_the_consumers() {
        let kind = StoreKind::ClusterSecretStore;
        assert_eq!(place(kind, None, Some("team-a"), Some("vault")).as_deref(), Some("vault"));
        assert_eq!(place(kind, None, Some("team-a"), None).as_deref(), Some("team-a"));
        assert_eq!(place(kind, None, None, None), None);
    }
}
