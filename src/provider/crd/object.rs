//! Reading objects: one a request, whole.

use async_trait::async_trait;
use futures::{StreamExt, stream};
use gjson::Numbers;

use super::key::{Keys, Place};
use super::resource::{Resource, Resources};
use super::whitelist::{DENIED, Whitelist};
use crate::provider::http::Answer;
use crate::provider::kubernetes::{Ask, Cluster, Failure, Missing, Right, Why};
use crate::provider::{
    Batch, Capabilities, Close, Detect, Error, Kind, Read, RemoteKey, StoreKind, Validate, Validity,
};
use crate::sealed::Sealed;

/// How many reads of one call of ours are under way at once.
const ABREAST: usize = 4;

/// A session with one principal and one kind.
#[derive(Debug)]
pub(super) struct Objects {
    pub(super) cluster: Cluster,
    pub(super) resources: Resources,
    pub(super) whitelist: Whitelist,
    pub(super) keys: Keys,
}

impl Objects {
    pub(super) fn new(cluster: Cluster, resources: Resources, whitelist: Whitelist, keys: Keys) -> Self {
        Self { cluster, resources, whitelist, keys }
    }

    pub(super) fn right<'a>(&'a self, verb: &'a str, resource: &'a Resource, namespace: Option<&'a str>) -> Right<'a> {
        Right::new(verb, &self.resources.spec.group, &resource.plural, namespace)
    }

    async fn read_one(&self, key: &RemoteKey) -> Result<Sealed, Error> {
        let answer = self.read(&key.key).await;
        answer.map_err(|why| why.at(self.cluster.flavor.name, format!("read {:?}", key.key)))
    }

    /// What the whitelist says of properties is for [`super::permit`], which knows which one is wanted.
    async fn read(&self, key: &str) -> Result<Sealed, Why> {
        let invalid = |cause: &str| Failure::new(Kind::Invalid, cause);
        let place = self.keys.place(key).map_err(invalid)?;
        if !self.whitelist.permits_part(&place.name, place.namespace.as_deref()) {
            return Err(Failure::new(Kind::Denied, DENIED).into());
        }
        let resource = self.resources.get(&self.cluster).await?;
        let why = match self.get(&resource, &place).await {
            Ok(answer) => return Ok(whole(&answer)?),
            Err(why) => why,
        };
        if why.missing() != Some(&Missing::Path) || !self.resources.dismiss(&resource).await {
            return Err(why);
        }
        let resource = self.resources.get(&self.cluster).await?;
        Ok(whole(&self.get(&resource, &place).await?)?)
    }

    async fn get(&self, resource: &Resource, place: &Place) -> Result<Answer, Why> {
        let namespace = self.keys.namespace(place, resource.namespaced);
        let namespace = namespace.map_err(|cause| Failure::new(Kind::Invalid, cause))?;
        let mut path = self.resources.path(resource, namespace);
        path.push(place.name.clone());
        match self.cluster.ask(&Ask::get("GetObject", &path, self.right("get", resource, namespace))).await {
            Ok(answer) => Ok(answer),
            Err(why) => Err(self.cluster.judge(why, &resource.plural, &place.name, namespace).await),
        }
    }
}

/// The object of an answer as Go writes it anew.
fn whole(answer: &Answer) -> Result<Sealed, Failure> {
    let body = answer.body.expose();
    let object = gjson::marshal(body, Numbers::Kept).map_err(|_| Failure::unreadable())?;
    // An answer that is no object of a kind is none of an API server's.
    let kind = gjson::get(&object, "metadata.name").map_err(|_| Failure::unreadable())?;
    if kind.is_some() { Ok(Sealed::new(object)) } else { Err(Failure::unreadable()) }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Read for Objects {
    fn name(&self) -> &'static str {
        self.cluster.flavor.name
    }

    fn batch(&self, _key: &RemoteKey) -> Batch {
        Batch::Single
    }

    /// Objects have no versions; as in ESO, `version` and `metadataPolicy` say nothing.
    fn is_immutable(&self, _key: &RemoteKey) -> bool {
        false
    }

    async fn read_many(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        stream::iter(keys.iter().map(|key| self.read_one(key)).collect::<Vec<_>>()).buffered(ABREAST).collect().await
    }
}

impl Detect for Objects {}

#[async_trait]
impl Close for Objects {}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Validate for Objects {
    /// That the kind is there, and where it is known in which namespace, that its objects may be read.
    async fn validate(&self) -> Result<Validity, Error> {
        let resource = self.resources.get(&self.cluster).await;
        let resource = resource.map_err(|why| why.at(self.cluster.flavor.name, "validate the store".to_owned()))?;
        if resource.namespaced && self.keys.kind == StoreKind::ClusterSecretStore {
            return Ok(Validity::Valid);
        }
        let namespace = self.keys.listed(resource.namespaced);
        self.cluster.review(self.right("get", &resource, namespace)).await.map(|()| Validity::Valid)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ReadOnly
    }
}
