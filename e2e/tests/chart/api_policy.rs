use std::time::Duration;

use anyhow::{Result, bail};
use http::Method;
use keyferry_e2e::fixtures::API_VERSION;
use keyferry_e2e::installation::Installation;
use keyferry_e2e::namespace::Namespace;
use keyferry_e2e::raw::{Content, Reply, ask, collection};
use keyferry_e2e::{cases, namespace};
use serde::Deserialize;
use serde_json::{Value, json};

const TRIES: u32 = 300;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

#[derive(Deserialize)]
struct Table {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    kind: Option<String>,
    old: Option<Value>,
    patch: Option<Value>,
    provider: Option<Value>,
    expect: String,
    #[serde(default)]
    message: String,
}

#[tokio::test]
async fn a_store_may_name_what_the_table_says_and_nothing_else() -> Result<()> {
    namespace::with(async |namespace| {
        let known = [("$HERE", namespace.name()), ("$THERE", "elsewhere")];
        let table: Table = cases::read("api_policy_cases.yaml", &known)?;
        assert!(table.cases.len() > 10, "{} cases", table.cases.len());
        // No other installation has the policy, so what breaks it can still be put there.
        for (index, case) in table.cases.iter().enumerate() {
            if let Some(old) = &case.old {
                namespace.create_manifest(&store("SecretStore", index, old)).await?;
            }
        }
        Installation::new(namespace, &json!({"apiPolicy": {"enabled": true}})).await?;
        await_policy(namespace).await?;
        let mut broken = Vec::new();
        for (index, case) in table.cases.iter().enumerate() {
            let reply = send(namespace, index, case).await?;
            if reply.is_success() != (case.expect == "allowed") || !reply.message.contains(&case.message) {
                broken.push(format!("{}: {} {}", case.name, reply.status, reply.message));
            }
        }
        assert!(broken.is_empty(), "{broken:#?}");
        Ok(())
    })
    .await
}

async fn await_policy(namespace: &Namespace) -> Result<()> {
    let foreign = json!({"aws": {"region": "eu-west-1", "auth": {"jwt": {"serviceAccountRef":
        {"name": "a", "namespace": "elsewhere"}}}}});
    let path = collection(API_VERSION, namespace.name(), "secretstores") + "?dryRun=All";
    for _ in 0..TRIES {
        let store = store("SecretStore", 0, &foreign);
        if !ask(&namespace.client(), Method::POST, &path, Some((Content::Object, &store))).await?.is_success() {
            return Ok(());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    bail!("the API policy is not in force")
}

async fn send(namespace: &Namespace, index: usize, case: &Case) -> Result<Reply> {
    let stores = collection(API_VERSION, namespace.name(), "secretstores");
    let client = namespace.client();
    if let Some(patch) = &case.patch {
        let path = format!("{stores}/store-{index}");
        return ask(&client, Method::PATCH, &path, Some((Content::MergePatch, patch))).await;
    }
    let kind = case.kind.as_deref().unwrap_or("SecretStore");
    let path = if kind == "SecretStore" { stores } else { format!("/apis/{API_VERSION}/clustersecretstores") };
    let provider = case.provider.clone().unwrap_or_default();
    let body = store(kind, index, &provider);
    ask(&client, Method::POST, &(path + "?dryRun=All"), Some((Content::Object, &body))).await
}

fn store(kind: &str, index: usize, provider: &Value) -> Value {
    let metadata = json!({"name": format!("store-{index}")});
    json!({"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": {"provider": provider}})
}
