use anyhow::{Context, Result, bail};
use http::Method;
use k8s_openapi::api::core::v1::Pod;
use keyferry_e2e::cases::{self, Expectation};
use keyferry_e2e::installation::Installation;
use keyferry_e2e::namespace::{self, Namespace};
use keyferry_e2e::raw::{Content, Reply, ask, collection};
use kube::Client;
use kube::ResourceExt;
use serde::Deserialize;
use serde_json::{Value, json};

use super::pods::{await_policy, create, of, on, pod};

#[derive(Deserialize)]
struct Table {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    old: Value,
    #[serde(rename = "as")]
    asker: Option<String>,
    verb: String,
    #[serde(default)]
    subresource: String,
    body: Option<Value>,
    expect: Expectation,
    #[serde(default)]
    message: String,
}

#[tokio::test]
async fn even_with_every_right_on_pods_the_operator_may_do_what_the_table_says_and_nothing_else() -> Result<()> {
    namespace::with(async |namespace| {
        let operator = Installation::new(namespace, &on()).await?.identity().client().await?;
        allow_everything(namespace).await?;
        await_policy(namespace, &operator).await?;
        let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner"}});
        let owner = namespace.create_manifest(&owner).await?.uid().context("it has a UID")?;
        let table: Table = cases::read("nudge_policy_cases.yaml", &[("$OWNER", &owner)])?;
        assert!(table.cases.len() > 50, "{} cases", table.cases.len());
        let mut broken = Vec::new();
        for (index, case) in table.cases.into_iter().enumerate() {
            broken.extend(run(namespace, &operator, &format!("case-{index}"), case).await?);
        }
        assert!(broken.is_empty(), "{broken:#?}");
        Ok(())
    })
    .await
}

/// More than the chart grants, so that it is the policy that refuses.
async fn allow_everything(namespace: &Namespace) -> Result<()> {
    let metadata = json!({"name": "everything"});
    let rules = json!([{"apiGroups": [""], "resources": ["*"], "verbs": ["*"]}]);
    let group = "rbac.authorization.k8s.io";
    let version = format!("{group}/v1");
    let account = json!({"kind": "ServiceAccount", "name": namespace.name(), "namespace": namespace.name()});
    let reference = json!({"apiGroup": group, "kind": "Role", "name": "everything"});
    for object in [
        json!({"apiVersion": version, "kind": "Role", "metadata": metadata, "rules": rules}),
        json!({"apiVersion": version, "kind": "RoleBinding", "metadata": metadata, "roleRef": reference, "subjects": [account]}),
    ] {
        namespace.create_manifest(&object).await?;
    }
    Ok(())
}

/// What was wrong with the answer, if anything.
async fn run(namespace: &Namespace, operator: &Client, name: &str, case: Case) -> Result<Option<String>> {
    let mut old = pod(name, &[of("app")]);
    merge(&mut old, &case.old);
    if case.verb != "post" || !case.subresource.is_empty() {
        create(namespace, std::slice::from_ref(&old)).await.with_context(|| case.name.clone())?;
    }
    if case.verb == "put" {
        old = serde_json::to_value(namespace.api::<Pod>().get(name).await?)?;
    }
    let administrator = namespace.client();
    let asker = if case.asker.as_deref() == Some("administrator") { &administrator } else { operator };
    let reply = send(asker, namespace.name(), name, &old, &case).await?;
    Ok(case.expect.verdict(&case.name, &case.message, &reply))
}

async fn send(client: &Client, namespace: &str, name: &str, old: &Value, case: &Case) -> Result<Reply> {
    let all = collection("v1", namespace, "pods");
    let mut one = format!("{all}/{name}");
    if !case.subresource.is_empty() {
        one = format!("{one}/{}", case.subresource);
    }
    let body = case.body.clone().unwrap_or_default();
    let on_top = |path: &str| {
        let mut whole = old.clone();
        merge(&mut whole, &body);
        (path.to_owned(), whole)
    };
    let (method, content, (path, body)) = match case.verb.as_str() {
        "post" if case.subresource.is_empty() => (Method::POST, Some(Content::Object), on_top(&all)),
        "post" => (Method::POST, Some(Content::Object), (one, named(name, body))),
        "put" => (Method::PUT, Some(Content::Object), on_top(&one)),
        "apply" => (Method::PATCH, Some(Content::Apply), (format!("{one}?fieldManager=keyferry"), named(name, body))),
        "merge-patch" => (Method::PATCH, Some(Content::MergePatch), (one, body)),
        "json-patch" => (Method::PATCH, Some(Content::JsonPatch), (one, body)),
        "get" => (Method::GET, None, (one, body)),
        "list" => (Method::GET, None, (all, body)),
        "delete" => (Method::DELETE, None, (one, body)),
        "deletecollection" => (Method::DELETE, None, (all, body)),
        other => bail!("{}: there is no verb {other}", case.name),
    };
    ask(client, method, &path, content.map(|content| (content, &body))).await
}

/// `body` with the pod's name, and as a pod where it does not say what it is.
fn named(name: &str, mut body: Value) -> Value {
    body["metadata"]["name"] = name.into();
    for (field, value) in [("apiVersion", "v1"), ("kind", "Pod")] {
        if body.get(field).is_none() {
            body[field] = value.into();
        }
    }
    body
}

/// RFC 7386, but for lists: they are replaced whole.
fn merge(value: &mut Value, change: &Value) {
    match (value, change) {
        (_, Value::Null) => {}
        (Value::Object(value), Value::Object(change)) => {
            for (key, change) in change {
                if change.is_null() {
                    value.remove(key);
                } else {
                    merge(value.entry(key.clone()).or_insert(Value::Null), change);
                }
            }
        }
        (value, change) => *value = change.clone(),
    }
}
