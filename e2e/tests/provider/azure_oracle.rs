//! Our Azure on loopback, read by Microsoft's own Python client: it signs in, and finds what the operator finds.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyferry::provider::memory::{key, key_at};
use keyferry::provider::{Query, Search};
use keyferry_e2e::azure::{Certificate, Federated, State, TENANT};
use keyferry_e2e::scratch::Scratch;
use keyferry_e2e::settings::{Settings, repository};
use keyferry_e2e::tools::Tool;
use serde_json::{Value, json};

use super::azure::{CLIENT, PASSWORD, Vault};

const SUBJECT: &str = "system:serviceaccount:team:app";
const ISSUER: &str = "https://issuer.example";

/// What the client makes of `question`.
async fn ask(question: Value) -> Result<Value> {
    let program = Tool::AzureClient.find(&Settings::from_environment())?;
    let run = move || -> Result<Value> {
        let mut client = Command::new(program)
            .env("PYTHONPATH", repository().join("e2e/oracle/azure"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("start the client")?;
        client.stdin.take().context("its input")?.write_all(question.to_string().as_bytes())?;
        let output = client.wait_with_output()?;
        if !output.status.success() {
            bail!("the client failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    };
    tokio::task::spawn_blocking(run).await?
}

/// What a cluster's ServiceAccount would show.
fn assertion(state: &State) -> Result<String> {
    let end = u64::try_from(state.now())? + 600;
    state.sign(&json!({"iss": ISSUER, "sub": SUBJECT, "aud": ["api://AzureADTokenExchange"], "exp": end}))
}

#[tokio::test]
async fn microsofts_client_signs_in_and_reads_what_the_session_reads() -> Result<()> {
    let vault = Vault::new().await?;
    let certificate = Certificate::generate()?;
    let names: Vec<_> = (0..60).map(|number| format!("many-{number:02}")).collect();
    let (old, token) = {
        let mut state = vault.server.state();
        let federated = Federated { issuer: ISSUER.into(), subject: SUBJECT.into(), key: state.public().to_vec() };
        let application = state.applications.get_mut(CLIENT).context("the application")?;
        application.certificates.push(certificate.known.clone());
        application.federated.push(federated);
        for name in &names {
            state.put_secret(name, &format!("value of {name} \u{1f511} \"<&>\" \r\n"));
        }
        let old = state.put_secret("rotated", "first");
        state.put_secret("rotated", "second");
        state.put_secret("off", "v");
        state.touch("secrets", "off").context("it was put")?.enabled = false;
        state.touch("secrets", "many-00").context("it was put")?.tags.insert("env".into(), "prod".into());
        state.put("certificates", "web", json!({"cer": STANDARD.encode("DER")}));
        let jwk = json!({"kty": "RSA", "n": "tw", "e": "AQAB", "key_ops": ["sign", "verify"]});
        state.put("keys", "sign", json!({"key": jwk}));
        (old, assertion(&state)?)
    };
    let scratch = Scratch::new("azure-oracle", false)?;
    let authority = scratch.write("ca.pem", vault.wire.authority())?;
    let port = vault.wire.address().port();
    let answer = ask(json!({
        "vault": format!("https://localhost:{port}"),
        "authority": vault.wire.url(),
        "ca": authority,
        "tenant": TENANT,
        "client": CLIENT,
        "secret": PASSWORD,
        "certificate": certificate.pem,
        "assertion": token,
        "names": ["many-00", "many-59", "rotated", "off", "gone"],
        "versions": {"rotated": old},
    }));
    let answer = answer.await?;
    let wanted = json!({
        "secret": true, "certificate": true, "assertion": true, "wrong secret": "error ClientAuthenticationError",
    });
    for (way, outcome) in wanted.as_object().context("ways")? {
        let told = answer["signed in"][way].clone();
        let refused = way == "wrong secret" && told.as_str().is_some_and(|told| told.starts_with("error "));
        assert!(told == *outcome || refused, "{way}: {told}");
    }
    for name in ["many-00", "many-59", "rotated"] {
        assert_eq!(answer["secrets"][name].as_str(), vault.read(key(name)).await.ok().as_deref(), "{name}");
    }
    assert_eq!(answer["versions"]["rotated"].as_str(), vault.read(key_at("rotated", &old)).await.ok().as_deref());
    assert_eq!(answer["secrets"]["off"], "error 403 Forbidden");
    assert_eq!(answer["secrets"]["gone"], "error 404 SecretNotFound");
    let listed = answer["listed"].as_array().context("a listing")?;
    let enabled: BTreeMap<_, _> = listed.iter().map(|one| (one["name"].as_str().unwrap_or_default(), one)).collect();
    assert_eq!(enabled.len(), 62);
    assert_eq!((&enabled["off"]["enabled"], &enabled["many-00"]["tags"]["env"]), (&json!(false), &json!("prod")));
    let query = Query { name: Some(String::new()), ..Query::default() };
    let found = vault.provider.find(&Search::new(&query)?).await?;
    let expected: Vec<_> = enabled.iter().filter(|(_, one)| one["enabled"] == true).map(|(name, _)| *name).collect();
    assert_eq!(found.entries().keys().map(String::as_str).collect::<Vec<_>>(), expected);
    let certificate = STANDARD.decode(answer["certificate"].as_str().context("a certificate")?)?;
    assert_eq!(Some(certificate), vault.read(key("cert/web")).await.ok().map(String::into_bytes));
    let own: Value = serde_json::from_str(&vault.read(key("key/sign")).await.ok().context("a key")?)?;
    assert_eq!(answer["key"], own);
    assert_eq!((&answer["certificates"], &answer["keys"]), (&json!(["web"]), &json!(["sign"])));
    assert_eq!(answer["no certificate"], "error 404 CertificateNotFound");
    assert_eq!(answer["no key"], "error 404 KeyNotFound");
    Ok(())
}
