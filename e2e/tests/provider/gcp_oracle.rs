//! Google's own client, at the server that stands for Google: what it makes of the server's answers is what the operator
//! makes of them, and what it sends has the server's approval. See `e2e/oracle/google`.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use keyferry::provider::memory::{Keyring, key};
use keyferry::provider::{Kind, Part, Query, RemoteKey, Search, Settings as All};
use keyferry_e2e::gcp::{Provider, VersionState};
use keyferry_e2e::scratch::Scratch;
use keyferry_e2e::settings::{Settings, repository};
use keyferry_e2e::tools::Tool;
use serde_json::{Value, json};

use super::gcp::{Cloud, PROJECT};

const POOL: &str = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/oidc";
const AWS: &str = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/aws";
const ISSUER: &str = "https://issuer.example";
const REGION: &str = "eu-central-1";

/// A token of another issuer.
fn subject(key: &KeyPair) -> Result<String> {
    let now = jiff::Timestamp::now().as_second();
    let claims = json!({"iss": ISSUER, "sub": "somebody", "aud": "keyferry", "iat": now, "exp": now + 600});
    let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let text = format!("{}.{}", encoded(&json!({"alg": "RS256", "typ": "JWT"})), encoded(&claims));
    let mut signature = vec![0; key.public_modulus_len()];
    let signed = key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature);
    signed.map_err(|_| anyhow::anyhow!("it does not sign"))?;
    Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// What is read: versions in all states, labels, pages, a region.
fn fill(cloud: &Cloud) {
    let mut state = cloud.google.state();
    let every: Vec<u8> = (0..=u8::MAX).collect();
    for value in [b"first".as_slice(), &every] {
        state.put(PROJECT, None, "plain", value);
    }
    state.alias(PROJECT, "plain", "prod", 1);
    state.put(PROJECT, Some("europe-west3"), "plain", b"regional");
    for value in ["1", "2", "3"] {
        state.put(PROJECT, None, "asleep", value.as_bytes());
    }
    state.set_version(PROJECT, "asleep", 1, VersionState::Destroyed);
    state.set_version(PROJECT, "asleep", 3, VersionState::Disabled);
    state.put(PROJECT, None, "described", b"x");
    state.annotate(PROJECT, "described", "example.com/owner", "me");
    state.label(PROJECT, "described", &BTreeMap::from([("team".to_owned(), "a".to_owned())]));
    for number in 0..120 {
        let name = format!("page-{number:03}");
        state.put(PROJECT, None, &name, b"x");
        let team = if number % 2 == 0 { "a" } else { "b" };
        state.label(PROJECT, &name, &BTreeMap::from([("team".to_owned(), team.to_owned())]));
    }
}

/// Has Google's client answer `question`.
fn ask(question: &Value, authority: &str) -> Result<Value> {
    let settings = Settings::from_environment();
    let scratch = Scratch::new("google-client", settings.keep)?;
    let authority = scratch.write("authority.pem", authority)?;
    let mut client = Command::new(Tool::GoogleClient.find(&settings)?)
        .current_dir(repository().join("e2e/oracle/google"))
        .env("REQUESTS_CA_BUNDLE", authority)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    client.stdin.take().context("its input")?.write_all(question.to_string().as_bytes())?;
    let output = client.wait_with_output()?;
    if !output.status.success() {
        bail!("Google's client ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn value(answer: &Value) -> Vec<u8> {
    STANDARD.decode(answer["data"].as_str().unwrap_or_default()).unwrap_or_default()
}

fn names(answer: &Value) -> Vec<String> {
    answer.as_array().into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn googles_client_reads_lists_signs_in_and_fails_here_as_the_operator_does() -> Result<()> {
    let cloud = Cloud::start().await?;
    fill(&cloud);
    let url = cloud.wire.url();
    let key_file = cloud.google.service_account("r@p1.iam.gserviceaccount.com", PROJECT, &format!("{url}/token"))?;
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow::anyhow!("no key"))?;
    {
        let mut state = cloud.google.state();
        let audiences = vec!["keyferry".to_owned()];
        let public = pair.public_key().as_ref().to_vec();
        let (issuer, pool) = (ISSUER.to_owned(), "pool".to_owned());
        state.providers.insert(POOL.to_owned(), Provider::Oidc { issuer, key: public, audiences, pool });
        let [id, secret, session] = ["AKIDEXAMPLE", "secret/key+", "session=="].map(str::to_owned);
        let principal = "aws".to_owned();
        let aws = Provider::Aws { id, secret, session: Some(session), principal: principal.clone() };
        state.providers.insert(AWS.to_owned(), aws);
        state.grant("principal:pool/subject/somebody", PROJECT);
        state.grant(&principal, PROJECT);
    }
    let question = json!({
        "endpoint": url.trim_start_matches("https://"), "sts_url": format!("{url}/v1/token"), "key": key_file,
        "project": PROJECT, "other": "p2",
        "federated": {"audience": POOL, "token": subject(&pair)?},
        "aws": {"audience": AWS, "region": REGION, "id": "AKIDEXAMPLE", "secret": "secret/key+", "session": "session=="},
    });
    let authority = cloud.wire.authority().to_owned();
    let theirs = tokio::task::spawn_blocking(move || ask(&question, &authority)).await??;

    let keyring = Keyring::default();
    keyring.set("gcp", "key.json", &key_file.to_string());
    let auth = json!({"secretRef": {"secretAccessKeySecretRef": {"name": "gcp", "key": "key.json"}}});
    let spec = |more: Value| {
        let mut spec = json!({"projectID": PROJECT, "auth": auth});
        spec.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        spec
    };
    let deadline = All::default().deadline;
    let ours = cloud.session(&cloud.wire, spec(json!({})), keyring, deadline).await?;
    let read = async |name: &str, version: Option<&str>| {
        let key = RemoteKey { version: version.map(str::to_owned), ..key(name) };
        ours.read_many(&[key]).await.remove(0)
    };
    for (case, version) in [("latest", None), ("first", Some("1")), ("alias", Some("prod"))] {
        assert_eq!(
            read("plain", version).await.map(|value| value.expose().to_vec()),
            Ok(value(&theirs[case])),
            "{case}"
        );
    }
    assert_eq!(value(&theirs["regional"]), b"regional");
    let about = RemoteKey { part: Part::Metadata, ..key("described") };
    let about = ours.read_many(&[about]).await.remove(0)?;
    assert_eq!(serde_json::from_slice::<Value>(about.expose())?, theirs["about"]);

    let errors = &theirs["errors"];
    for (case, name, version, error, kind) in [
        ("secret", "missing", None, "NotFound", Kind::NotFound),
        ("version", "plain", Some("9"), "NotFound", Kind::NotFound),
        ("disabled", "asleep", None, "FailedPrecondition", Kind::Invalid),
        ("destroyed", "asleep", Some("1"), "FailedPrecondition", Kind::Invalid),
    ] {
        // Over REST the client knows a precondition by its status 400 alone.
        let told = errors[case].as_str().unwrap_or_default();
        assert!(
            told == format!("error {error}") || (error == "FailedPrecondition" && told == "error BadRequest"),
            "{told}"
        );
        assert_eq!(read(name, version).await.map_err(|error| error.kind), Err(kind), "{case}");
    }
    assert!(["error Forbidden", "error PermissionDenied"].contains(&errors["denied"].as_str().unwrap_or_default()));
    assert!(theirs["nobody"].as_str().is_some_and(|told| told.starts_with("error Unauth")), "{}", theirs["nobody"]);
    for case in ["bad filter", "bad page"] {
        assert!(theirs[case].as_str().is_some_and(|told| told.starts_with("error ")), "{case}: {}", theirs[case]);
    }

    let find = async |query: Query| -> Result<Vec<String>> {
        Ok(ours.find(&Search::new(&query)?).await?.entries().keys().cloned().collect())
    };
    let labelled = Query {
        path: Some("page-".to_owned()),
        tags: [("team".to_owned(), "a".to_owned())].into(),
        ..Query::default()
    };
    assert_eq!(find(labelled).await?, names(&theirs["labelled"]));
    assert_eq!(names(&theirs["labelled"]).len(), 60);
    let paged = Query { name: Some("^page-".to_owned()), ..Query::default() };
    let all: Vec<_> = names(&theirs["all"]).into_iter().filter(|name| name.starts_with("page-")).collect();
    assert_eq!(find(paged).await?, all);
    assert_eq!(names(&theirs["versions"]), ["3", "2", "1"]);
    assert_eq!(names(&theirs["enabled"]), ["2"]);

    // Google's own credentials are accepted, so what the server wants of ours is what Google's libraries send.
    for way in ["federated", "aws"] {
        assert_eq!(theirs["tokens"][way], theirs["latest"], "{way}");
    }
    Ok(())
}
