//! From a kind to its paths, as the API server lists them.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::api::provider::crd::CrdResource;
use crate::provider::Kind;
use crate::provider::kubernetes::{Ask, Cluster, Failure, Right, Why};

/// A kind is not looked up again sooner, however many reads miss it; the default interval of polls.
const PAUSE: Duration = Duration::from_secs(10);

/// A kind, by the words of paths and rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resource {
    /// The plural of the kind, for example `widgets`.
    pub(super) plural: String,
    /// Whether its objects are in namespaces.
    pub(super) namespaced: bool,
}

/// The kind of a session, looked up once.
#[derive(Debug)]
pub(super) struct Resources {
    pub(super) spec: CrdResource,
    found: Mutex<Option<(Result<Resource, Why>, Instant)>>,
}

#[derive(Deserialize)]
struct Listing<'a> {
    #[serde(borrow)]
    resources: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    namespaced: bool,
}

impl Resources {
    pub(super) fn new(spec: &CrdResource) -> Self {
        Self { spec: spec.clone(), found: Mutex::default() }
    }

    /// The kind, looked up by the first who asks; a failure is believed for a while.
    pub(super) async fn get(&self, cluster: &Cluster) -> Result<Resource, Why> {
        let mut found = self.found.lock().await;
        match &*found {
            Some((Ok(resource), _)) => return Ok(resource.clone()),
            Some((Err(why), at)) if at.elapsed() < PAUSE => return Err(why.clone()),
            _ => (),
        }
        let answer = self.look_up(cluster).await;
        *found = Some((answer.clone(), Instant::now()));
        answer
    }

    /// Takes it that nothing is at the path of `stale` any more; whether it is worth looking the kind up anew.
    pub(super) async fn dismiss(&self, stale: &Resource) -> bool {
        let mut found = self.found.lock().await;
        match &*found {
            Some((Ok(resource), at)) if resource == stale => {
                let again = at.elapsed() >= PAUSE;
                if again {
                    *found = None;
                }
                again
            }
            _ => true,
        }
    }

    /// The path of the kind's objects, all of them or those of one namespace.
    pub(super) fn path(&self, resource: &Resource, namespace: Option<&str>) -> Vec<String> {
        let namespace = namespace.into_iter().flat_map(|namespace| ["namespaces", namespace]);
        let below = namespace.chain([resource.plural.as_str()]).map(str::to_owned);
        self.version_path().into_iter().chain(below).collect()
    }

    fn version_path(&self) -> Vec<String> {
        let CrdResource { group, version, .. } = &self.spec;
        let path = if group.is_empty() { vec!["api", version] } else { vec!["apis", group, version] };
        path.into_iter().map(str::to_owned).collect()
    }

    async fn look_up(&self, cluster: &Cluster) -> Result<Resource, Why> {
        let path = self.version_path();
        let right = Right::new("get", &self.spec.group, "the API's list of kinds", None);
        let answer = match cluster.ask(&Ask::get("GetAPIResources", &path, right)).await {
            Err(why) if why.missing().is_some() => return Err(self.unknown().into()),
            answer => answer?,
        };
        let listing: Listing<'_> = serde_json::from_slice(answer.body.expose()).map_err(|_| Failure::unreadable())?;
        let named = |entry: &Entry<'_>| entry.kind == self.spec.kind && is_plural(&entry.name);
        let found = listing.resources.into_iter().find(named).ok_or_else(|| self.unknown())?;
        Ok(Resource { plural: found.name.into_owned(), namespaced: found.namespaced })
    }

    fn unknown(&self) -> Failure {
        let CrdResource { group, version, kind } = &self.spec;
        let cause = format!(
            "the API server does not serve the kind {kind:?} of {:?}; install its CustomResourceDefinition, or correct \
             `resource`",
            if group.is_empty() { version.clone() } else { format!("{group}/{version}") }
        );
        Failure::new(Kind::Invalid, cause)
    }
}

/// Subresources have a slash in their names, and are of other kinds or of the same.
fn is_plural(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}
