use anyhow::{Context, Result};
use http::Method;
use keyferry_e2e::raw::{Content, ask, collection};
use keyferry_e2e::{cases, namespace};
use kube::Client;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    expect: Expectation,
    #[serde(default)]
    message_contains: String,
    object: Value,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Expectation {
    Accepted,
    Rejected,
}

#[tokio::test]
async fn the_api_server_admits_what_the_table_says_and_nothing_else() -> Result<()> {
    namespace::with(async |namespace| {
        let cases: Vec<Case> = cases::read("admission_cases.yaml", &[])?;
        assert!(cases.len() > 100, "{} cases", cases.len());
        let mut broken = Vec::new();
        for case in cases {
            broken.extend(run(&namespace.client(), namespace.name(), case).await?);
        }
        assert!(broken.is_empty(), "{broken:#?}");
        Ok(())
    })
    .await
}

/// What was wrong with the answer, if anything. Nothing is stored: the rules are run all the same.
async fn run(client: &Client, namespace: &str, mut case: Case) -> Result<Option<String>> {
    let metadata = case.object["metadata"].as_object_mut().context("a case has metadata")?;
    let namespaced = metadata.contains_key("namespace");
    if namespaced {
        metadata.insert("namespace".into(), namespace.into());
    }
    let (version, kind) = (text(&case.object, "apiVersion"), text(&case.object, "kind"));
    let plural = kind.to_lowercase() + "s";
    let path = if namespaced { collection(&version, namespace, &plural) } else { format!("/apis/{version}/{plural}") };
    let reply = ask(client, Method::POST, &(path + "?dryRun=All"), Some((Content::Object, &case.object))).await?;
    let admitted = reply.is_success() == (case.expect == Expectation::Accepted);
    if admitted && reply.message.contains(&case.message_contains) {
        return Ok(None);
    }
    Ok(Some(format!("{}: {} {}", case.name, reply.status, reply.message)))
}

fn text(object: &Value, field: &str) -> String {
    object[field].as_str().unwrap_or_default().to_owned()
}
