//! Sessions against canned answers: what a real server cannot easily be made to say.

#![expect(clippy::needless_pass_by_value, reason = "it reads better where it is called with `json!`")]

mod signing_in;
mod stores;

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::provider::canned::{Answer, Asked, Canned};
use crate::provider::memory::{Keyring, Ledger, key, key_at};
use crate::provider::{Batch, Part, Query, RemoteKey, Search, Settings as Process, Validity};
use crate::sealed::Sealed;

const CANARY: &str = "canary-7c2d";
/// Long enough for a busy machine.
const AMPLE: Duration = Duration::from_secs(30);

/// A session, and a server for each of the places that it may call.
struct Session {
    provider: Arc<dyn Provider>,
    kms: Canned,
    sts: Canned,
    metadata: Canned,
    ledger: Arc<Ledger>,
    keyring: Arc<Keyring>,
}

/// What each place answers.
#[derive(Default)]
struct Answers {
    kms: Vec<Answer>,
    sts: Vec<Answer>,
    metadata: Vec<Answer>,
}

fn spec(auth: Value) -> AlibabaProvider {
    serde_json::from_value(json!({"regionID": "eu-central-1", "auth": auth})).unwrap()
}

fn with_key() -> Value {
    let at = |key: &str| json!({"name": "alibaba", "key": key});
    json!({"secretRef": {"accessKeyIDSecretRef": at("id"), "accessKeySecretSecretRef": at("secret")}})
}

fn with_account() -> Value {
    json!({"rrsa": {
        "oidcProviderArn": "acs:ram::1:oidc-provider/ack",
        "roleArn": "acs:ram::1:role/app",
        "sessionName": "app",
        "serviceAccountRef": {"name": "app", "audiences": ["more"]},
    }})
}

fn keyring() -> Arc<Keyring> {
    let keyring = Keyring::default();
    for (key, value) in [("id", "LTAI5t"), ("secret", "s3cr3t"), ("token", "CAIS"), ("line", "LTAI5t\n"), ("none", "")]
    {
        keyring.set("alibaba", key, value);
    }
    Arc::new(keyring)
}

async fn session_within(
    deadline: Duration,
    spec: AlibabaProvider,
    own: Own,
    answers: Answers,
) -> Result<Session, Error> {
    let or_none = |answers: Vec<Answer>| if answers.is_empty() { vec![failed(500, "None")] } else { answers };
    let kms = Canned::start(or_none(answers.kms)).await;
    let sts = Canned::start(or_none(answers.sts)).await;
    let metadata = Canned::start(or_none(answers.metadata)).await;
    let (ledger, keyring) = (Arc::new(Ledger::default()), keyring());
    let alibaba = Settings {
        kms_endpoint: Some(kms.url.clone()),
        sts_endpoint: Some(sts.url.clone()),
        metadata_endpoint: Some(metadata.url.clone()),
        own,
        ..Settings::default()
    };
    let process = Process { deadline, body_limit: 64 * 1024, alibaba, ..Process::default() };
    let environment = Box::pin(Environment::new(ledger.clone(), process)).await;
    let provider = Box::pin(open(&spec, &Context::default(), keyring.clone(), &environment)).await?;
    Ok(Session { provider, kms, sts, metadata, ledger, keyring })
}

async fn session(auth: Value, answers: Answers) -> Session {
    session_within(AMPLE, spec(auth), Own::default(), answers).await.unwrap()
}

/// A session with an access key.
async fn reading(kms: Vec<Answer>) -> Session {
    session(with_key(), Answers { kms, ..Answers::default() }).await
}

fn ok(body: Value) -> Answer {
    Answer::Json(200, body.to_string())
}

fn secret(data: &str) -> Answer {
    typed("Generic", "text", "v1", data)
}

fn typed(kind: &str, data_type: &str, version: &str, data: &str) -> Answer {
    ok(json!({
        "RequestId": "r", "SecretName": "a", "SecretType": kind, "SecretDataType": data_type, "SecretData": data,
        "VersionId": version, "VersionStages": {"VersionStage": ["ACSCurrent"]},
    }))
}

fn failed(status: u16, code: &str) -> Answer {
    let body = json!({"Code": code, "Message": CANARY, "RequestId": CANARY, "HostId": "kms"});
    Answer::Json(status, body.to_string())
}

fn gone() -> Answer {
    failed(404, "Forbidden.ResourceNotFound")
}

impl Session {
    async fn read(&self, key: RemoteKey) -> Result<Sealed, Error> {
        self.provider.read_many(&[key]).await.remove(0)
    }

    async fn kind(&self, key: RemoteKey) -> Option<Kind> {
        let error = self.read(key).await.err()?;
        assert!(!format!("{error:?} {error}").contains(CANARY), "{error:?}");
        Some(error.kind)
    }

    /// What KMS was asked since the last time: action and query.
    fn asked(&self) -> Vec<String> {
        self.kms.asked().iter().map(|asked| format!("{} {}", header(asked, "x-acs-action"), asked.request)).collect()
    }

    async fn found(&self, query: Query) -> Result<Vec<String>, Kind> {
        let found = self.provider.find(&Search::new(&query).unwrap()).await.map_err(|error| error.kind)?;
        Ok(found.entries().keys().cloned().collect())
    }
}

fn header<'a>(asked: &'a Asked, name: &str) -> &'a str {
    asked.headers.get(name).map_or("-", |value| value.to_str().unwrap())
}

fn about(name: &str) -> RemoteKey {
    RemoteKey { part: Part::Metadata, ..key(name) }
}

#[tokio::test]
async fn text_is_read_byte_by_byte_in_one_signed_call() {
    let session = reading(vec![secret(" \u{feff}{\"a\":\r\n1e400} \\u0041 \u{1f511}\u{0} ")]).await;
    let value = session.read(key("team/db")).await.unwrap();
    assert_eq!(value, " \u{feff}{\"a\":\r\n1e400} \\u0041 \u{1f511}\u{0} ".into());
    let asked = session.kms.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].request, "POST /?SecretName=team%2Fdb");
    assert_eq!(header(&asked[0], "x-acs-version"), "2016-01-20");
    assert!(asked[0].authorization.starts_with("ACS3-HMAC-SHA256 Credential=LTAI5t,SignedHeaders=host;x-acs-action;"));
    assert_eq!(session.ledger.take(), [("Alibaba/SecretsManager", "GetSecretValue", true)]);
}

#[tokio::test]
async fn binary_is_decoded_and_other_types_are_refused() {
    let session = reading(vec![
        typed("Generic", "binary", "v1", "/wD+AA=="),
        typed("Generic", "binary", "v1", CANARY),
        typed("Generic", "image", "v1", CANARY),
    ])
    .await;
    assert_eq!(session.read(key("a")).await, Ok(Sealed::new(vec![0xff, 0, 0xfe, 0])));
    assert_eq!(session.kind(key("a")).await, Some(Kind::Invalid));
    assert_eq!(session.kind(key("a")).await, Some(Kind::Invalid));
}

#[tokio::test]
async fn versions_are_ids_or_stages_and_each_key_is_a_call() {
    let session = reading(vec![secret("1")]).await;
    for (version, query) in
        [("v1", "VersionId=v1"), ("ACSPrevious", "VersionStage=ACSPrevious"), ("stage/blue", "VersionStage=blue")]
    {
        assert_eq!(session.read(key_at("a", version)).await, Ok("1".into()), "{version}");
        assert_eq!(session.asked(), [format!("GetSecretValue POST /?SecretName=a&{query}")]);
    }
    assert_eq!(session.kind(key_at("a", "stage/")).await, Some(Kind::Invalid));
    assert_eq!(session.kind(key("")).await, Some(Kind::Invalid));
    assert!(session.asked().is_empty());
    assert!(session.provider.is_immutable(&key_at("a", "v1")) && !session.provider.is_immutable(&key("a")));
    assert_eq!(session.provider.batch(&key("a")), Batch::Single);
}

#[tokio::test]
async fn a_version_by_its_id_is_that_version_of_a_secret_that_keeps_its_versions() {
    let rotated = session(
        with_key(),
        Answers {
            kms: vec![typed("Rds", "text", "v1", CANARY), typed("Generic", "text", "v2", CANARY)],
            ..Answers::default()
        },
    )
    .await;
    let error = rotated.read(key_at("a", "v1")).await.unwrap_err();
    assert!(error.kind == Kind::Invalid && error.cause.contains("ACSPrevious"), "{error}");
    assert_eq!(rotated.kind(key_at("a", "v1")).await, Some(Kind::Invalid));
    let current = reading(vec![typed("Rds", "text", "v9", "1")]).await;
    assert_eq!(current.read(key_at("a", "ACSCurrent")).await, Ok("1".into()));
}

#[tokio::test]
async fn metadata_is_what_kms_says_of_a_secret_without_its_dates() {
    let session = reading(vec![
        ok(json!({
            "Arn": "acs:kms:eu-central-1:1:secret/db", "SecretName": "db", "SecretType": "Rds", "Description": "d",
            "UpdateTime": "2026-01-01T00:00:00Z", "LastRotationDate": "2026-01-01T00:00:00Z",
            "ExtendedConfig": "{\"SecretSubType\":\"SingleUser\",\"CustomData\":{}}",
            "Tags": {"Tag": [{"TagKey": "team", "TagValue": "a"}, {"TagKey": "env", "TagValue": ""}]},
        })),
        ok(json!({"Arn": "acs:kms:eu-central-1:1:secret/db", "SecretName": "db", "SecretType": "Generic"})),
    ])
    .await;
    let wanted = r#"{"arn":"acs:kms:eu-central-1:1:secret/db","description":"d","extendedConfig":{"SecretSubType":"SingleUser","CustomData":{}},"tags":{"env":"","team":"a"},"type":"Rds"}"#;
    assert_eq!(session.read(about("db")).await, Ok(wanted.into()));
    assert_eq!(session.asked(), ["DescribeSecret POST /?SecretName=db&FetchTags=true"]);
    let plain = r#"{"arn":"acs:kms:eu-central-1:1:secret/db","description":"","tags":{},"type":"Generic"}"#;
    assert_eq!(session.read(about("db")).await, Ok(plain.into()));
}

#[tokio::test]
async fn answers_that_make_no_sense_are_neither_values_nor_absence() {
    for answer in [
        Answer::Json(200, format!("{{\"SecretData\": \"{CANARY}\", \"SecretDataType\": \"text\", \"Versi")),
        Answer::Json(200, json!({"SecretDataType": "text", "VersionId": "v1"}).to_string()),
        Answer::Json(200, json!({"SecretData": 7, "SecretDataType": "text", "VersionId": "v1"}).to_string()),
        Answer::Json(200, "null".into()),
        Answer::Text(200, "text/html", format!("<html>{CANARY}</html>")),
        Answer::Text(404, "text/html", format!("<html>{CANARY}</html>")),
        Answer::Elsewhere("http://127.0.0.1:1/".into()),
        Answer::Endless,
    ] {
        let session = reading(vec![answer.clone()]).await;
        let kind = session.kind(key("a")).await;
        assert!(matches!(kind, Some(Kind::Invalid | Kind::Unavailable)), "{answer:?}: {kind:?}");
    }
    let session = session_within(
        Duration::from_millis(300),
        spec(with_key()),
        Own::default(),
        Answers { kms: vec![Answer::Hang], ..Answers::default() },
    );
    assert_eq!(session.await.unwrap().kind(key("a")).await, Some(Kind::Unavailable));
}

#[tokio::test]
async fn only_the_secret_itself_can_be_absent() {
    for (answer, kind) in [
        (gone(), Kind::NotFound),
        (failed(403, "Forbidden.NoPermission"), Kind::Denied),
        (failed(404, "InvalidAccessKeyId.NotFound"), Kind::Unauthenticated),
        (failed(429, "Rejected.Throttling"), Kind::Throttled),
        (failed(503, "ServiceUnavailableTemporary"), Kind::Unavailable),
    ] {
        let session = reading(vec![answer]).await;
        assert_eq!(session.kind(key("a")).await, Some(kind));
        // Keys of a Secret are what they are: nothing is tried again with them.
        assert_eq!(session.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_store_validates_by_what_only_good_credentials_are_told() {
    for (answer, valid) in [
        (gone(), Ok(Validity::Valid)),
        (failed(403, "Forbidden.NoPermission"), Ok(Validity::Valid)),
        (secret(CANARY), Ok(Validity::Valid)),
        (failed(404, "InvalidAccessKeyId.NotFound"), Err(Kind::Unauthenticated)),
        (failed(400, "SignatureDoesNotMatch"), Err(Kind::Unauthenticated)),
        (failed(429, "Rejected.Throttling"), Err(Kind::Throttled)),
        (Answer::Text(404, "text/html", "<html>".into()), Err(Kind::Invalid)),
        (Answer::Text(403, "text/html", "<html>".into()), Err(Kind::Denied)),
    ] {
        let session = reading(vec![answer]).await;
        assert_eq!(session.provider.validate().await.map_err(|error| error.kind), valid);
        assert_eq!(session.asked(), ["GetSecretValue POST /?SecretName=keyferry%2Fvalidation"]);
    }
}

fn listed(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| json!({"SecretName": name})).collect()
}

fn page(number: usize, total: usize, secrets: Vec<Value>) -> Answer {
    ok(json!({"PageNumber": number, "PageSize": 100, "TotalCount": total, "SecretList": {"Secret": secrets}}))
}

fn by_name(name: &str) -> Query {
    Query { name: Some(name.to_owned()), ..Query::default() }
}

#[tokio::test]
async fn a_search_reads_what_matches_and_passes_over_what_is_deleted() {
    let mut secrets = listed(&["db-1", "web", "db-2", "db-3"]);
    secrets.push(json!({"SecretName": "db-4", "PlannedDeleteTime": "2026-02-01T00:00:00Z"}));
    let session = reading(vec![page(1, 5, secrets), secret("1"), gone(), secret("3")]).await;
    let found = session.found(by_name("^db-")).await.unwrap();
    assert_eq!(found.len(), 2);
    let asked = session.asked();
    assert_eq!(asked[0], "ListSecrets POST /?PageNumber=1&PageSize=100&FetchTags=false");
    assert_eq!(asked.len(), 4);
}

#[tokio::test]
async fn a_search_by_tags_fetches_them_and_wants_all_of_them() {
    let tag = |key: &str, value: &str| json!({"TagKey": key, "TagValue": value});
    let both = json!({"SecretName": "both", "Tags": {"Tag": [tag("env", "b"), tag("team", "a")]}});
    let mixed = json!({"SecretName": "mixed", "Tags": {"Tag": [tag("env", "a"), tag("team", "b")]}});
    let session = reading(vec![page(1, 3, vec![both, mixed, json!({"SecretName": "none"})]), secret("1")]).await;
    let tags = [("team", "a"), ("env", "b")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(session.found(Query { tags: tags.into(), ..Query::default() }).await, Ok(vec!["both".to_owned()]));
    assert_eq!(session.asked()[0], "ListSecrets POST /?PageNumber=1&PageSize=100&FetchTags=true");
    assert_eq!(session.found(Query::default()).await, Err(Kind::Invalid));
}

#[tokio::test]
async fn pages_that_do_not_add_up_are_no_listing() {
    let names: Vec<_> = (0..150).map(|number| format!("a-{number:03}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let (first, rest) = names.split_at(100);
    let whole = vec![page(1, 150, listed(first)), page(2, 150, listed(rest)), secret("1")];
    assert_eq!(reading(whole).await.found(by_name("^a-")).await.map(|found| found.len()), Ok(150));
    for second in [
        page(2, 149, listed(&rest[1..])),
        page(2, 151, listed(rest)),
        page(2, 150, listed(&rest[1..])),
        page(2, 150, Vec::new()),
        page(1, 150, listed(rest)),
        // One that was on the first page too hides one that has moved there.
        page(2, 150, listed(&[&names[99..100], &rest[1..]].concat())),
        failed(404, "Forbidden.ResourceNotFound"),
        failed(429, "Rejected.Throttling"),
        Answer::Json(200, "{\"PageNumber\": 2".into()),
    ] {
        let answers = vec![page(1, 150, listed(first)), second.clone(), secret(CANARY)];
        let found = reading(answers).await.found(by_name("^a-")).await;
        let expected = [Err(Kind::Unavailable), Err(Kind::Throttled), Err(Kind::Invalid)];
        assert!(expected.contains(&found), "{second:?}: {found:?}");
    }
    let none = reading(vec![page(1, 0, Vec::new())]).await;
    assert_eq!(none.found(by_name("a")).await, Ok(Vec::new()));
}
