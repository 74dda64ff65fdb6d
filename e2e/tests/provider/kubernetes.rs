//! The session for Secrets of another namespace, put through the conformance suite on a real API server.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyferry::api::SecretStoreSpec;
use keyferry::provider::conformance::wire::{self, Answer, Complaint, Wired, Without};
use keyferry::provider::conformance::{self, Fixture, Searches, UNICODE};
use keyferry::provider::http::{Reach, Settings as Http};
use keyferry::provider::memory::{Keyring, Unobserved, key};
use keyferry::provider::{
    Batch, Capabilities, Close, Context, Detect, Environment, Error, Find, Kind, Matches, Part, Provider, Read,
    RemoteKey, Search, Settings, Validate, Validity, open,
};
use keyferry::sealed::Sealed;
use keyferry_e2e::control_plane::{ControlPlane, shared};
use keyferry_e2e::namespace::Namespace;
use keyferry_e2e::scratch::suffix;
use keyferry_e2e::wire::{Upstream, Wire};
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::trials::Stand;

/// Which part of what is read is the suite's value.
pub(super) type Pick = fn(&Sealed) -> Sealed;

/// A session that reads one part of each object, since the suite's secrets are one value each.
#[derive(Debug)]
pub(super) struct Member {
    session: Arc<dyn Provider>,
    read: Pick,
    found: Pick,
}

impl Member {
    pub(super) fn over(session: Arc<dyn Provider>, read: Pick, found: Pick) -> Arc<dyn Provider> {
        Arc::new(Self { session, read, found })
    }
}

#[async_trait]
impl Read for Member {
    fn name(&self) -> &'static str {
        self.session.name()
    }

    fn batch(&self, key: &RemoteKey) -> Batch {
        self.session.batch(key)
    }

    fn is_immutable(&self, key: &RemoteKey) -> bool {
        self.session.is_immutable(key)
    }

    async fn read_many(&self, keys: &[RemoteKey]) -> Vec<Result<Sealed, Error>> {
        let answers = self.session.read_many(keys).await.into_iter();
        answers.map(|answer| answer.map(|whole| (self.read)(&whole))).collect()
    }
}

#[async_trait]
impl Find for Member {
    async fn find(&self, search: &Search) -> Result<Matches, Error> {
        let found = self.session.find(search).await?;
        let mut members = Matches::default();
        for (name, whole) in found.entries() {
            members.add(search, self.name(), name.clone(), (self.found)(whole))?;
        }
        Ok(members)
    }
}

impl Detect for Member {}

#[async_trait]
impl Close for Member {
    async fn close(&self) {
        self.session.close().await;
    }
}

#[async_trait]
impl Validate for Member {
    async fn validate(&self) -> Result<Validity, Error> {
        self.session.validate().await
    }

    fn capabilities(&self) -> Capabilities {
        self.session.capabilities()
    }
}

/// Objects of one kind in a namespace of the test's own, and sessions that read them.
pub(super) struct Ground {
    pub(super) namespace: Namespace,
    pub(super) api: Api<DynamicObject>,
    slot: &'static str,
    spec: Value,
    token: String,
    pub(super) failures: Mutex<Vec<String>>,
}

/// What a store that reads through a wire says, and the data of the Secret of its slot's name.
pub(super) struct Before {
    pub(super) wire: Arc<Wire>,
    pub(super) provider: Value,
    pub(super) credentials: Value,
}

impl Ground {
    /// A namespace with a ServiceAccount that may get and list `resources` of `group` there, and do nothing else.
    pub(super) async fn new(slot: &'static str, kind: (&str, &str), resources: &str, spec: Value) -> Result<Self> {
        Self::within(Namespace::make(shared().await?).await?, slot, kind, resources, spec).await
    }

    /// The same in `namespace`.
    pub(super) async fn within(
        namespace: Namespace,
        slot: &'static str,
        kind: (&str, &str),
        resources: &str,
        spec: Value,
    ) -> Result<Self> {
        let group = kind.0.split_once('/').map_or("", |(group, _)| group);
        let rules = json!([{"apiGroups": [group], "resources": [resources], "verbs": ["get", "list"]}]);
        grant(&namespace, "reader", &rules, &account(namespace.name(), "reader")).await?;
        let token = namespace.plane().service_account(namespace.name(), "reader").await?.token;
        let api = namespace.dynamic(kind.0, kind.1);
        Ok(Self { namespace, api, slot, spec, token, failures: Mutex::default() })
    }

    /// What a store says that reads at `url`, whose authority is `authority`; its token is in the Secret of the slot's name.
    fn provider(&self, url: &str, authority: &[u8]) -> Value {
        let mut spec = self.spec.clone();
        spec["server"] = json!({"url": url, "caBundle": STANDARD.encode(authority)});
        spec["auth"] = json!({"token": {"bearerToken": {"name": self.slot, "key": "token"}}});
        json!({self.slot: spec})
    }

    /// A session at `url`, whose authority is `authority`.
    pub(super) async fn session(&self, url: &str, authority: &[u8], deadline: Duration) -> Result<Arc<dyn Provider>> {
        let spec: SecretStoreSpec = serde_json::from_value(json!({"provider": self.provider(url, authority)}))?;
        let settings = Settings { http: Http { reach: Reach::Loopback }, deadline, ..Settings::default() };
        let environment = Box::pin(Environment::new(Arc::new(Unobserved), settings)).await;
        let keyring = Keyring::default();
        keyring.set(self.slot, "token", &self.token);
        let context = Context { store_namespace: Some(self.namespace.name().to_owned()), ..Context::default() };
        Ok(Box::pin(open(&spec, &context, Arc::new(keyring), &environment)).await?)
    }

    /// A session with the API server itself.
    pub(super) async fn direct(&self) -> Result<Arc<dyn Provider>> {
        let server = self.namespace.plane().server();
        self.session(&server.url, &server.authority, Settings::default().deadline).await
    }

    /// A session through a wire.
    pub(super) async fn wired(&self, read: Pick, found: Pick) -> Result<Wired> {
        let wire = self.wire().await?;
        let session = self.session(&wire.url(), wire.authority().as_bytes(), wire::DEADLINE).await?;
        Ok(Wired { provider: Member::over(session, read, found), wire: Arc::new(wire) })
    }

    async fn wire(&self) -> Result<Wire> {
        let server = self.namespace.plane().server();
        let address = server.url.trim_start_matches("https://").trim_end_matches('/').parse()?;
        let authority = std::str::from_utf8(&server.authority)?;
        Wire::start(Upstream::secure(address, "127.0.0.1", authority)?, &[]).await
    }

    /// A wire before the API server, and what is particular to a stand of the trials that reads through it.
    pub(super) async fn before(&self) -> Result<Before> {
        let wire = Arc::new(self.wire().await?);
        let provider = self.provider(&wire.url(), wire.authority().as_bytes());
        Ok(Before { wire, provider, credentials: json!({"token": self.token}) })
    }

    /// The suite takes no errors from a fixture, so they are kept for the end.
    pub(super) fn note<T>(&self, outcome: Result<T>) -> Option<T> {
        outcome.inspect_err(|error| self.failures.lock().expect("no panic before").push(format!("{error:#}"))).ok()
    }

    /// Not by server-side apply: the API server reads that as YAML, which folds U+2028 to a space.
    pub(super) async fn put_object(&self, name: &str, object: &Value) {
        let put = match self.api.patch(name, &PatchParams::default(), &Patch::Merge(object)).await {
            Err(kube::Error::Api(status)) if status.code == 404 => self.create(object).await,
            patched => patched.map_err(Into::into),
        };
        self.note(put.with_context(|| format!("put {name}")));
    }

    async fn create(&self, object: &Value) -> Result<DynamicObject> {
        Ok(self.api.create(&PostParams::default(), &serde_json::from_value(object.clone())?).await?)
    }

    pub(super) async fn label(&self, name: &str, labels: &BTreeMap<String, String>) {
        let patch = json!({"metadata": {"labels": labels}});
        let patched = self.api.patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await;
        self.note(patched.with_context(|| format!("label {name}")));
    }

    pub(super) async fn delete(&self, name: &str) {
        let deleted = self.api.delete(name, &DeleteParams::default()).await;
        self.note(deleted.with_context(|| format!("delete {name}")));
    }
}

/// What RBAC calls a ServiceAccount.
pub(super) fn account(namespace: &str, name: &str) -> Value {
    json!({"kind": "ServiceAccount", "namespace": namespace, "name": name})
}

/// A Role `name` with `rules` in `namespace`, and `subject` bound to it.
pub(super) async fn grant(namespace: &Namespace, name: &str, rules: &Value, subject: &Value) -> Result<()> {
    let rbac = "rbac.authorization.k8s.io/v1";
    let role = json!({"apiVersion": rbac, "kind": "Role", "metadata": {"name": name}, "rules": rules});
    namespace.create_manifest(&role).await?;
    let binding = json!({
        "apiVersion": rbac, "kind": "RoleBinding", "metadata": {"name": name}, "subjects": [subject],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
    });
    namespace.create_manifest(&binding).await?;
    Ok(())
}

/// How an API server refuses.
pub(super) fn says(complaint: Complaint) -> Answer {
    let (code, reason) = match complaint {
        Complaint::Unauthenticated => (401, "Unauthorized"),
        Complaint::Denied => (403, "Forbidden"),
        Complaint::Throttled => (429, "TooManyRequests"),
        Complaint::Broken => (500, "InternalError"),
    };
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": conformance::CANARY,
        "reason": reason, "details": {"retryAfterSeconds": 1}, "code": code,
    });
    let answer = Answer::json(code, body.to_string());
    if complaint == Complaint::Throttled { answer.with("retry-after", "1") } else { answer }
}

/// A page that says that there is more, and no longer how to go on.
pub(super) fn without_token(body: &[u8]) -> Vec<u8> {
    let Ok(mut page) = serde_json::from_slice::<Value>(body) else { return body.to_vec() };
    if let Some(metadata) = page["metadata"].as_object_mut() {
        metadata.remove("continue");
    }
    page.to_string().into_bytes()
}

fn entry(packed: &Sealed) -> Sealed {
    let entries = packed.unpack().expect("a Secret's data");
    let (_, value) = entries.into_iter().find(|(name, _)| *name == "value").expect("it has a value");
    Sealed::new(value.to_vec())
}

fn json_member(whole: &Sealed) -> Sealed {
    let value: Value = serde_json::from_slice(whole.expose()).expect("a secret is an object");
    Sealed::from(value["value"].as_str().expect("it has a value"))
}

struct Secrets {
    ground: Ground,
    session: Arc<dyn Provider>,
}

impl Secrets {
    async fn new() -> Result<Self> {
        let mut ground = Ground::new("kubernetes", ("v1", "Secret"), "secrets", json!({})).await?;
        ground.spec["remoteNamespace"] = ground.namespace.name().into();
        let session = ground.direct().await?;
        Ok(Self { ground, session })
    }

    async fn put_data(&self, name: &str, data: &[(&str, &[u8])]) {
        let data: BTreeMap<_, _> = data.iter().map(|(name, value)| (*name, STANDARD.encode(value))).collect();
        let object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data});
        self.ground.put_object(name, &object).await;
    }
}

/// The fixture for the matrix.
pub(super) async fn secrets() -> Result<Box<dyn Fixture>> {
    Ok(Box::new(Secrets::new().await?))
}

/// The stand for the trials.
pub(crate) async fn stand() -> Result<Stand> {
    let secrets = Secrets::new().await?;
    let Before { wire, provider, credentials } = secrets.ground.before().await?;
    let stand = Stand::new("kubernetes", Box::new(secrets), wire, provider, credentials);
    Ok(Stand { property: Some("value"), ..stand })
}

#[async_trait]
impl Fixture for Secrets {
    fn provider(&self) -> Arc<dyn Provider> {
        Member::over(self.session.clone(), entry, json_member)
    }

    async fn put(&self, key: &str, value: &[u8]) -> Option<String> {
        self.put_data(key, &[("value", value)]).await;
        None
    }

    async fn delete(&self, key: &str) {
        self.ground.delete(key).await;
    }

    fn finds_binary(&self) -> bool {
        false
    }

    /// All of a Secret's values together.
    fn most_bytes(&self) -> usize {
        1 << 20
    }

    fn searches(&self) -> Searches {
        Searches { path: false, ..Searches::ALL }
    }

    async fn tag(&self, key: &str, tags: &BTreeMap<String, String>) {
        self.ground.label(key, tags).await;
    }

    fn declines(&self, case: &str) -> Option<String> {
        (case == UNICODE).then(|| "names of objects are lower case ASCII".to_owned())
    }

    async fn wired(&self) -> Result<Wired, Without> {
        let wired = self.ground.wired(entry, json_member).await;
        wired.map_err(|error| Without::Failed(format!("{error:#}")))
    }

    fn says(&self, complaint: Complaint) -> Option<Answer> {
        Some(says(complaint))
    }

    fn loses_token(&self) -> Option<wire::Edit> {
        Some(without_token)
    }

    fn failures(&self) -> Vec<String> {
        self.ground.failures.lock().expect("no panic before").clone()
    }
}

#[tokio::test]
async fn values_metadata_and_absence_are_what_the_api_server_says() -> Result<()> {
    let secrets = Secrets::new().await?;
    secrets.put_data("db", &[("a.b", b"\xff\x00"), ("cfg", br#"{"x":1}"#)]).await;
    secrets.ground.label("db", &[("app.kubernetes.io/name".to_owned(), "db".to_owned())].into()).await;
    let read = async |key: RemoteKey| secrets.session.read_many(&[key]).await.remove(0);
    let value = read(key("db")).await?;
    assert_eq!(value.unpack(), Some(vec![("a.b", &b"\xff\x00"[..]), ("cfg", br#"{"x":1}"#)]));
    let about = read(RemoteKey { part: Part::Metadata, ..key("db") }).await?;
    assert_eq!(about, r#"{"annotations":null,"labels":{"app.kubernetes.io/name":"db"}}"#.into());
    assert_eq!(read(key("none")).await.map_err(|error| error.kind), Err(Kind::NotFound));
    assert_eq!(secrets.session.validate().await, Ok(Validity::Valid));
    assert_eq!(secrets.failures(), [] as [String; 0]);
    Ok(())
}

/// Who may get Secrets anywhere, and namespaces.
async fn reader_of_all(plane: &ControlPlane, namespace: &Namespace) -> Result<()> {
    let name = format!("e2e-{}", suffix());
    let rbac = "rbac.authorization.k8s.io/v1";
    let rules = json!([{"apiGroups": [""], "resources": ["secrets", "namespaces"], "verbs": ["get"]}]);
    plane
        .kubectl_apply(&json!({"apiVersion": rbac, "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules}))
        .await?;
    let binding = json!({
        "apiVersion": rbac, "kind": "ClusterRoleBinding", "metadata": {"name": name},
        "subjects": [account(namespace.name(), "reader")],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
    });
    plane.kubectl_apply(&binding).await
}

#[tokio::test]
async fn a_namespace_that_is_not_there_is_no_absence_of_what_is_in_it() -> Result<()> {
    let mut secrets = Secrets::new().await?;
    reader_of_all(secrets.ground.namespace.plane(), &secrets.ground.namespace).await?;
    secrets.ground.spec["remoteNamespace"] = "nowhere-at-all".into();
    let session = secrets.ground.direct().await?;
    let error = session.read_many(&[key("db")]).await.remove(0).expect_err("nothing is there");
    assert_eq!(error.kind, Kind::Invalid, "{error}");
    assert!(error.cause.contains("no such namespace"), "{error}");
    Ok(())
}

#[tokio::test]
async fn who_may_not_read_is_told_which_right_is_lacking() -> Result<()> {
    let mut secrets = Secrets::new().await?;
    secrets.ground.spec["remoteNamespace"] = "kube-system".into();
    let session = secrets.ground.direct().await?;
    let read = session.read_many(&[key("db")]).await.remove(0).expect_err("it may not");
    let validated = session.validate().await.expect_err("it may not");
    for error in [read, validated] {
        assert_eq!(error.kind, Kind::Denied, "{error}");
        assert!(error.cause.contains(r#"get secrets in the namespace "kube-system""#), "{error}");
    }
    Ok(())
}
