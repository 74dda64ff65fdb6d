use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use keyferry_e2e::aws::{self, Secrets};
use keyferry_e2e::proxy::{Fault, Proxy, Rule};
use keyferry_e2e::scratch::suffix;
use serde_json::Value;

const NOT_YET: Duration = Duration::from_millis(500);

/// A proxy, a client through it, and the name of a secret that exists and holds `value`.
async fn scene() -> Result<(Proxy, Secrets, String)> {
    let moto = aws::shared().await?;
    let proxy = Proxy::start(moto.address()).await?;
    let name = format!("proxy/{}", suffix());
    moto.secrets().create(&name, "value").await?;
    let secrets = Secrets::at(&proxy.url());
    Ok((proxy, secrets, name))
}

#[tokio::test]
async fn a_secret_comes_back_through_the_proxy_and_each_call_is_counted() -> Result<()> {
    let (proxy, secrets, name) = scene().await?;
    let first = secrets.get(&name).await?;
    secrets.put(&name, "other").await?;
    let mark = proxy.mark();
    let second = secrets.get_batch(&[&name, "missing"]).await?;
    assert_eq!(first["SecretString"], "value");
    assert_eq!(second["SecretValues"][0]["SecretString"], "other");
    assert_eq!(second["Errors"][0]["ErrorCode"], "ResourceNotFoundException");
    assert_eq!(proxy.tally(mark), BTreeMap::from([("BatchGetSecretValue".to_owned(), 1)]));
    let operations: Vec<String> = proxy.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(operations, ["GetSecretValue", "PutSecretValue", "BatchGetSecretValue"]);
    let last = proxy.calls().pop().expect("a call");
    assert_eq!((last.secrets, last.status, last.faulty), (vec![name, "missing".into()], Some(200), false));
    Ok(())
}

#[tokio::test]
async fn binary_values_versions_and_stages_are_kept() -> Result<()> {
    let (_proxy, secrets, name) = scene().await?;
    let version = secrets.put_staged(&name, "next", &["NEXT"]).await?;
    let staged = secrets.call("GetSecretValue", serde_json::json!({"SecretId": name, "VersionStage": "NEXT"})).await?;
    assert_eq!((&staged["SecretString"], &staged["VersionId"]), (&"next".into(), &version.into()));
    assert_eq!(secrets.get(&name).await?["SecretString"], "value");
    let binary = format!("{name}/binary");
    secrets.create_binary(&binary, &[0, 255]).await?;
    assert_eq!(secrets.get(&binary).await?["SecretBinary"], "AP8=");
    secrets.delete(&binary).await?;
    secrets.get(&binary).await.expect_err("it is deleted");
    Ok(())
}

#[tokio::test]
async fn a_batch_of_more_than_twenty_is_refused_as_aws_does() -> Result<()> {
    let (_proxy, secrets, name) = scene().await?;
    let error = secrets.get_batch(&vec![name.as_str(); 21]).await.expect_err("twenty are the most");
    assert!(error.to_string().ends_with("InvalidParameterException"), "{error}");
    Ok(())
}

#[tokio::test]
async fn latency_delays_the_right_answer() -> Result<()> {
    let (proxy, secrets, name) = scene().await?;
    proxy.inject(Rule::always(Fault::Latency(NOT_YET)));
    let start = Instant::now();
    assert_eq!(secrets.get(&name).await?["SecretString"], "value");
    assert!(start.elapsed() >= NOT_YET);
    Ok(())
}

#[tokio::test]
async fn an_error_code_is_answered_as_often_as_it_was_asked_for() -> Result<()> {
    let (proxy, secrets, name) = scene().await?;
    proxy.inject(Rule::always(Fault::Answer(400, "ThrottlingException")).on("GetSecretValue").of(&name).times(1));
    let error = secrets.get(&name).await.expect_err("throttled");
    assert!(error.to_string().ends_with("ThrottlingException"), "{error}");
    secrets.get(&name).await?;
    let faulty: Vec<(bool, Option<u16>)> = proxy.calls().iter().map(|call| (call.faulty, call.status)).collect();
    assert_eq!(faulty, [(true, Some(400)), (false, Some(200))]);
    Ok(())
}

#[tokio::test]
async fn one_secret_of_a_batch_fails_alone() -> Result<()> {
    let (proxy, secrets, name) = scene().await?;
    let other = format!("{name}/other");
    secrets.create(&other, "value").await?;
    proxy.inject(Rule::always(Fault::Answer(400, "AccessDeniedException")).of(&other));
    let answer = secrets.get_batch(&[&name, &other]).await?;
    assert_eq!(names(&answer["SecretValues"], "Name"), [name]);
    assert_eq!(names(&answer["Errors"], "SecretId"), [other]);
    assert_eq!(answer["Errors"][0]["ErrorCode"], "AccessDeniedException");
    Ok(())
}

fn names(list: &Value, field: &str) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item[field].as_str()).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_disconnect_is_no_answer_and_the_next_call_works() -> Result<()> {
    let (proxy, secrets, name) = scene().await?;
    proxy.inject(Rule::always(Fault::Disconnect));
    secrets.get(&name).await.expect_err("disconnected");
    assert_eq!(proxy.calls()[0].status, None);
    proxy.heal();
    secrets.get(&name).await?;
    Ok(())
}

#[tokio::test]
async fn refused_connections_are_refused_until_they_are_taken_again() -> Result<()> {
    let (proxy, secrets, name) = scene().await?;
    proxy.refuse_connections().await?;
    let error = secrets.get(&name).await.expect_err("refused");
    assert!(format!("{error:#}").contains("Connection refused"), "{error:#}");
    proxy.take_connections().await?;
    secrets.get(&name).await?;
    Ok(())
}

#[tokio::test]
async fn what_hangs_drips_or_floods_does_not_end() -> Result<()> {
    let (proxy, secrets, name) = scene().await?;
    for fault in [Fault::Hang, Fault::Drip(Duration::from_millis(10)), Fault::Flood] {
        proxy.heal();
        proxy.inject(Rule::always(fault.clone()));
        let answer = tokio::time::timeout(NOT_YET, secrets.get(&name)).await;
        assert!(answer.is_err(), "{fault:?} ended");
    }
    Ok(())
}

#[tokio::test]
async fn a_truncated_answer_is_half_a_document_and_a_cut_off_one_is_a_broken_connection() -> Result<()> {
    let (proxy, secrets, name) = scene().await?;
    proxy.inject(Rule::always(Fault::Truncate));
    let error = secrets.get(&name).await.expect_err("truncated");
    assert_eq!(error.to_string(), "GetSecretValue answered 200 OK, and no JSON");
    proxy.heal();
    proxy.inject(Rule::always(Fault::CutOff));
    let error = secrets.get(&name).await.expect_err("cut off");
    assert!(error.to_string().starts_with("GetSecretValue at "), "{error:#}");
    Ok(())
}
