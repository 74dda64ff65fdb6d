//! A store without `auth` has the operator's own identity: here that of EKS Pod Identity, whose agent is on loopback, and
//! whose session moto knows.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use keyferry_e2e::aws::{AccessKey, Account};
use keyferry_e2e::fixtures;
use keyferry_e2e::installation::Installation;
use keyferry_e2e::namespace;
use keyferry_e2e::proxy::Proxy;
use keyferry_e2e::scratch::Scratch;
use keyferry_e2e::settings::Settings;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const SOON: Duration = Duration::from_secs(40);
/// What the kubelet would put into the pod for the agent.
const TOKEN: &str = "pod-identity-token";

/// An agent that gives credentials for an hour to whoever has the token; it keeps what it was asked.
async fn agent(key: &AccessKey) -> Result<(String, Arc<Mutex<Vec<String>>>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/v1/credentials", listener.local_addr()?);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (heard, key) = (Arc::clone(&asked), key.clone());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let known = request.contains(TOKEN);
            heard.lock().expect("no panic before").push(request);
            let expiration = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
            let body = json!({"AccessKeyId": key.id, "SecretAccessKey": key.secret, "Token": key.token,
                "AccountId": "111111111111", "Expiration": expiration.to_string()});
            let (status, body) = if known { ("200 OK", body.to_string()) } else { ("403 Forbidden", "{}".to_owned()) };
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n", body.len());
            // One that hangs up fails the test by what it then lacks.
            let _ = stream.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes()).await;
        }
    });
    Ok((url, asked))
}

#[tokio::test]
async fn a_store_without_auth_reads_as_the_pods_identity() -> Result<()> {
    namespace::with(async |namespace| {
        let account = Account::start(&Settings::from_environment()).await?;
        let reading = json!(["secretsmanager:GetSecretValue", "ssm:GetParameter"]);
        let trust = json!([{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]);
        let key = account.session(&account.role("pods", &reading, &trust).await?).await?;
        let (url, asked) = agent(&key).await?;
        let proxy = Proxy::start(account.moto.address()).await?;
        let scratch = Scratch::new("pod-identity", false)?;
        let token = scratch.write("token", TOKEN)?;
        account.secrets().create("/team/key", "secret").await?;
        account.parameters().put("/team/key", "parameter").await?;
        let installation = Box::pin(Installation::new(namespace, &json!({}))).await?;
        let launch = installation.launch().aws_at(&proxy.url());
        let launch = launch.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
        let launch = launch.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token.display().to_string());
        let _operator = launch.start(namespace, SOON).await?;
        for (service, value) in [("SecretsManager", "secret"), ("ParameterStore", "parameter")] {
            let mut store = fixtures::aws_store(value);
            store["spec"]["provider"]["aws"]["auth"] = json!(null);
            store["spec"]["provider"]["aws"]["service"] = service.into();
            namespace.create_manifest(&store).await?;
            let refresh = Duration::from_secs(1);
            let manifest = fixtures::external_secret(value, value, refresh, &[("key", "/team/key")]);
            namespace.create_manifest(&manifest).await?;
            let synced = |secret: Option<&k8s_openapi::api::core::v1::Secret>| {
                let held = secret.and_then(|secret| secret.data.as_ref()?.get("key").cloned());
                held.is_some_and(|held| held.0 == value.as_bytes())
            };
            namespace.await_condition(value, synced, SOON).await?;
        }
        proxy.await_calls(proxy.mark(), 6, SOON).await?;
        let calls = proxy.calls();
        assert!(!calls.is_empty() && calls.iter().all(|call| call.access_key == key.id), "{calls:?}");
        assert!(calls.iter().all(|call| call.status == Some(200) || call.status.is_none()), "{calls:?}");
        let asked = asked.lock().expect("no panic before").len();
        assert!((1..=4).contains(&asked), "{asked}: each store's validation asks, and all reads together once");
        Ok(())
    })
    .await
}
