//! What the API server was asked, from its own audit log: the judge of every promise about calls and writes.
//!
//! A window lies between two markers, which are requests of our own with a random word in their address. Requests are in
//! it by the time the server received them, so one that is logged late is still in the right window. A watch counts
//! once, at its start.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use kube::Client;
use serde::Deserialize;

use crate::scratch::suffix;

/// Everything at `Metadata`: names and verbs, never a body.
pub(crate) const POLICY: &str = r#"{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"],
"rules": [{"level": "None", "nonResourceURLs": ["/readyz*", "/livez*", "/healthz*"]}, {"level": "Metadata"}]}"#;

const MARKER_TRIES: u32 = 250;
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// The server answers before it logs: how long a request that was received before a marker may be logged after it.
const STRAGGLERS: Duration = Duration::from_millis(200);

/// The audit log of a control plane.
#[derive(Clone, Debug)]
pub struct Audit {
    path: PathBuf,
}

/// The begin of a window.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    position: u64,
    time: Timestamp,
}

impl Audit {
    /// Reads the log at `path`.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Marks the present moment; `client` must be one of this control plane, and its marker is not counted.
    pub async fn mark(&self, client: &Client) -> Result<Mark> {
        let position = fs::metadata(&self.path).map_or(0, |file| file.len());
        let time = self.marker(client, position).await?;
        Ok(Mark { position, time })
    }

    /// Every request that the server received between `mark` and now.
    pub async fn since(&self, mark: &Mark, client: &Client) -> Result<Requests> {
        let end = self.marker(client, mark.position).await?;
        tokio::time::sleep(STRAGGLERS).await;
        let within = |request: &Request| mark.time < request.received && request.received < end;
        Ok(Requests(self.read(mark.position)?.into_iter().filter(within).collect()))
    }

    /// Sends a marker and answers when the server received it.
    async fn marker(&self, client: &Client, position: u64) -> Result<Timestamp> {
        let uri = format!("/version?mark={}", suffix());
        client.request_text(http::Request::get(&uri).body(Vec::new())?).await.context("send a marker")?;
        for _ in 0..MARKER_TRIES {
            if let Some(found) = self.read(position)?.into_iter().find(|request| request.uri == uri) {
                return Ok(found.received);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        bail!("the marker does not appear in {}", self.path.display())
    }

    fn read(&self, position: u64) -> Result<Vec<Request>> {
        let mut file = File::open(&self.path).with_context(|| format!("open {}", self.path.display()))?;
        file.seek(SeekFrom::Start(position))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        Ok(requests(&text))
    }
}

/// The requests of a log; a last line that is still being written is left for the next reading.
fn requests(text: &str) -> Vec<Request> {
    let complete = text.rfind('\n').map_or("", |end| text.get(..end).unwrap_or_default());
    let events = complete.lines().filter_map(|line| serde_json::from_str::<Event>(line).ok());
    let mut seen = BTreeSet::new();
    events.filter(|event| seen.insert(event.audit_id.clone())).map(Request::from).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(rename = "auditID")]
    audit_id: String,
    verb: String,
    #[serde(rename = "requestURI")]
    uri: String,
    user: User,
    #[serde(default)]
    user_agent: String,
    #[serde(default)]
    object_ref: ObjectRef,
    response_status: Option<ResponseStatus>,
    request_received_timestamp: Timestamp,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ObjectRef {
    api_group: String,
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
}

#[derive(Deserialize)]
struct ResponseStatus {
    #[serde(default)]
    code: u16,
}

/// One request to the API server. What a request does not have is an empty string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// For example `system:serviceaccount:apps:keyferry`.
    pub user: String,
    /// What the user's program calls itself.
    pub user_agent: String,
    /// Kubernetes' word for it: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// For example `external-secrets.io`.
    pub group: String,
    /// For example `secrets`.
    pub resource: String,
    /// For example `status`.
    pub subresource: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name; empty for a create whose name was only in the body.
    pub name: String,
    /// The status of the answer; 0 where it had none.
    pub code: u16,
    /// The path and query.
    pub uri: String,
    /// When the server received it, by its own clock.
    pub received: Timestamp,
}

impl From<Event> for Request {
    fn from(event: Event) -> Self {
        let object = event.object_ref;
        Self {
            user: event.user.username,
            user_agent: event.user_agent,
            verb: event.verb,
            group: object.api_group,
            resource: object.resource,
            subresource: object.subresource,
            namespace: object.namespace,
            name: object.name,
            code: event.response_status.map_or(0, |status| status.code),
            uri: event.uri,
            received: event.request_received_timestamp,
        }
    }
}

impl Request {
    /// Whether it was meant to change something, refused or not.
    pub fn is_write(&self) -> bool {
        matches!(self.verb.as_str(), "create" | "update" | "patch" | "delete" | "deletecollection")
    }

    /// What it was about, with its subresource: `secrets`, `externalsecrets/status`; the path where it was no resource.
    pub fn target(&self) -> String {
        match (self.resource.as_str(), self.subresource.as_str()) {
            ("", _) => self.uri.split('?').next().unwrap_or_default().to_owned(),
            (resource, "") => resource.to_owned(),
            (resource, subresource) => format!("{resource}/{subresource}"),
        }
    }
}

/// The requests of a window, in the order of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests(pub Vec<Request>);

impl Requests {
    /// Those of `user` alone.
    #[must_use]
    pub fn by(self, user: &str) -> Self {
        self.only(|request| request.user == user)
    }

    /// Those that were meant to change something.
    #[must_use]
    pub fn writes(self) -> Self {
        self.only(Request::is_write)
    }

    /// Those that only look.
    #[must_use]
    pub fn reads(self) -> Self {
        self.only(|request| !request.is_write())
    }

    /// Those in `namespace`.
    #[must_use]
    pub fn in_namespace(self, namespace: &str) -> Self {
        self.only(|request| request.namespace == namespace)
    }

    /// Those about `target`, as [`Request::target`] has it.
    #[must_use]
    pub fn about(self, target: &str) -> Self {
        self.only(|request| request.target() == target)
    }

    /// All but leader election, which goes on by the clock.
    #[must_use]
    pub fn without_leases(self) -> Self {
        self.only(|request| request.resource != "leases")
    }

    /// Those for which `wanted` answers true.
    #[must_use]
    pub fn only(mut self, wanted: impl Fn(&Request) -> bool) -> Self {
        self.0.retain(wanted);
        self
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// How many there are of each verb and target, for example `("patch", "externalsecrets/status") -> 2`.
    pub fn tally(&self) -> BTreeMap<(String, String), usize> {
        let mut tally = BTreeMap::new();
        for request in &self.0 {
            *tally.entry((request.verb.clone(), request.target())).or_default() += 1;
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WATCH: &str = r#"{"auditID":"a","stage":"ResponseStarted","requestURI":"/api/v1/pods?watch=true","verb":"watch",
        "user":{"username":"u"},"objectRef":{"resource":"pods","apiVersion":"v1"},
        "requestReceivedTimestamp":"2026-01-02T03:04:05.000006Z"}"#;

    fn log() -> String {
        let watch = WATCH.replace('\n', "");
        let lease = watch.replace(r#""a""#, r#""b""#).replace("pods", "leases").replace("watch\"", "update\"");
        format!("{watch}\n{}\n{lease}\n{{\"auditID\":\"c\"", watch.replace("Started", "Complete"))
    }

    #[test]
    fn a_watch_counts_once_and_a_half_written_line_not_at_all() {
        let found = Requests(requests(&log()));
        let expected = [(("update".into(), "leases".into()), 1), (("watch".into(), "pods".into()), 1)];
        assert_eq!(found.tally(), BTreeMap::from(expected));
    }

    #[test]
    fn leases_can_be_left_out_and_writes_told_from_reads() {
        let all = Requests(requests(&log()));
        assert_eq!(all.clone().without_leases().writes().count(), 0);
        assert_eq!(all.clone().writes().count(), 1);
        assert_eq!(all.by("u").reads().count(), 1);
    }
}
