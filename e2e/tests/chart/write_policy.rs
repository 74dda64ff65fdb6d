use anyhow::{Context, Result, bail};
use http::Method;
use k8s_openapi::api::core::v1::ServiceAccount;
use keyferry_e2e::cases::{self, Expectation};
use keyferry_e2e::fixtures;
use keyferry_e2e::installation::Installation;
use keyferry_e2e::namespace::{self, Namespace};
use keyferry_e2e::raw::{Content, Reply, ask, collection};
use kube::{Client, ResourceExt};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
struct Table {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    adoption: Option<String>,
    old: Option<Value>,
    #[serde(rename = "as")]
    asker: Option<String>,
    verb: String,
    #[serde(default)]
    manager: String,
    body: Option<Value>,
    expect: Expectation,
    #[serde(default)]
    message: String,
}

#[tokio::test]
async fn the_operator_may_write_what_the_table_says_and_nothing_else() -> Result<()> {
    the_table_holds("keep").await
}

#[tokio::test]
async fn with_adoption_any_the_operator_may_also_empty_what_it_adopts() -> Result<()> {
    the_table_holds("any").await
}

async fn the_table_holds(adoption: &str) -> Result<()> {
    namespace::with(async |namespace| {
        let values = json!({"writePolicy": {"adoption": adoption}});
        let operator = Installation::new(namespace, &values).await?.identity().client().await?;
        let exists = |account: Option<&ServiceAccount>| account.is_some();
        namespace.await_condition("default", exists, SOON).await?;
        let mut broken = Vec::new();
        for (index, case) in table(namespace, adoption).await?.into_iter().enumerate() {
            broken.extend(run(namespace, &operator, &format!("case-{index}"), case).await?);
        }
        assert!(broken.is_empty(), "{broken:#?}");
        Ok(())
    })
    .await
}

async fn table(namespace: &Namespace, adoption: &str) -> Result<Vec<Case>> {
    let owner = fixtures::external_secret("owner", "none", Duration::from_secs(10), &[("a", "a")]);
    let foreign = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "foreign"}});
    let owner = namespace.create_manifest(&owner).await?.uid().context("it has a UID")?;
    let foreign = namespace.create_manifest(&foreign).await?.uid().context("it has a UID")?;
    let table: Table =
        cases::read("write_policy_cases.yaml", &[("$EXTERNAL_SECRET", &owner), ("$CONFIG_MAP", &foreign)])?;
    assert!(table.cases.len() > 40, "{} cases", table.cases.len());
    let holds = |case: &Case| case.adoption.as_deref().is_none_or(|under| under == adoption);
    Ok(table.cases.into_iter().filter(holds).collect())
}

/// What was wrong with the answer, if anything.
async fn run(namespace: &Namespace, operator: &Client, name: &str, case: Case) -> Result<Option<String>> {
    if let Some(old) = &case.old {
        namespace.create_manifest(&secret(name, old)?).await.with_context(|| case.name.clone())?;
    }
    let administrator = namespace.client();
    let asker = if case.asker.as_deref() == Some("administrator") { &administrator } else { operator };
    let reply = send(asker, namespace.name(), name, &case).await?;
    Ok(case.expect.verdict(&case.name, &case.message, &reply))
}

async fn send(client: &Client, namespace: &str, name: &str, case: &Case) -> Result<Reply> {
    let all = collection("v1", namespace, "secrets");
    let one = format!("{all}/{name}");
    let body = case.body.clone().unwrap_or_default();
    let (method, path, content, body) = match case.verb.as_str() {
        "apply" => (Method::PATCH, &one, Some(Content::Apply), secret(name, &body)?),
        "post" => (Method::POST, &all, Some(Content::Object), secret(name, &body)?),
        "put" => (Method::PUT, &one, Some(Content::Object), secret(name, &body)?),
        "merge-patch" => (Method::PATCH, &one, Some(Content::MergePatch), body),
        "json-patch" => (Method::PATCH, &one, Some(Content::JsonPatch), body),
        "get" => (Method::GET, &one, None, body),
        "delete" => (Method::DELETE, &one, None, body),
        "list" | "watch" => (Method::GET, &all, None, body),
        "deletecollection" => (Method::DELETE, &all, None, body),
        other => bail!("{}: there is no verb {other}", case.name),
    };
    let watch = if case.verb == "watch" { "&watch=true&timeoutSeconds=1" } else { "" };
    let manager = if case.manager.is_empty() { String::new() } else { format!("&fieldManager={}", case.manager) };
    ask(client, method, &format!("{path}?{manager}{watch}"), content.map(|content| (content, &body))).await
}

/// A Secret of the given name with the rest of `content`.
fn secret(name: &str, content: &Value) -> Result<Value> {
    let mut secret = content.clone();
    secret["metadata"]["name"] = name.into();
    let fields = secret.as_object_mut().context("a Secret is an object")?;
    fields.insert("apiVersion".into(), "v1".into());
    fields.insert("kind".into(), "Secret".into());
    Ok(secret)
}
