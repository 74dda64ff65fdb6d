//! AWS sessions against canned answers.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::api::provider::aws::{AwsAuth, AwsJwtAuth, AwsSecretRef, Tag};
use crate::api::provider::{SecretKeySelector, ServiceAccountSelector};
use crate::provider::canned::{Answer, Canned};
use crate::provider::memory::{Keyring, Ledger, key, key_at};
use crate::provider::{Batch, Part, RemoteKey, StoreKind, Validity};
use crate::sealed::Sealed;

pub(super) const CANARY: &str = "canary-5e1f";

pub(super) struct Session {
    pub(super) provider: Arc<dyn Provider>,
    pub(super) server: Canned,
    pub(super) ledger: Arc<Ledger>,
    keyring: Arc<Keyring>,
}

pub(super) fn selector(key: &str) -> SecretKeySelector {
    SecretKeySelector { name: "aws".into(), key: Some(key.into()), namespace: None }
}

pub(super) fn with_keys() -> AwsProvider {
    let secret_ref = Some(AwsSecretRef {
        access_key_id_secret_ref: Some(selector("id")),
        secret_access_key_secret_ref: Some(selector("key")),
        session_token_secret_ref: None,
    });
    let auth = Some(AwsAuth { jwt: None, secret_ref });
    AwsProvider { region: "eu-west-1".into(), auth, ..AwsProvider::default() }
}

fn with_account() -> AwsProvider {
    let service_account_ref = Some(ServiceAccountSelector { name: "app".into(), ..ServiceAccountSelector::default() });
    let auth = Some(AwsAuth { jwt: Some(AwsJwtAuth { service_account_ref }), secret_ref: None });
    AwsProvider { region: "eu-west-1".into(), auth, ..AwsProvider::default() }
}

/// Long enough for a busy machine.
pub(super) const AMPLE: Duration = Duration::from_secs(30);

pub(super) async fn environment(url: &str, deadline: Duration, ledger: Arc<Ledger>) -> Environment {
    let endpoint = Some(url.to_owned());
    let aws =
        Settings { secrets_manager_endpoint: endpoint.clone(), ssm_endpoint: endpoint.clone(), sts_endpoint: endpoint };
    let settings =
        crate::provider::Settings { deadline, body_limit: 1024 * 1024, aws, ..crate::provider::Settings::default() };
    Environment::new(ledger, settings).await
}

pub(super) fn keyring() -> Arc<Keyring> {
    let keyring = Keyring::default();
    keyring.set("aws", "id", "AKIDEXAMPLE");
    keyring.set("aws", "key", CANARY);
    keyring.set("aws", "token", "session");
    keyring.annotate("app", "eks.amazonaws.com/role-arn", "arn:aws:iam::1:role/app");
    Arc::new(keyring)
}

pub(super) async fn session_of(spec: AwsProvider, answers: impl IntoIterator<Item = Answer>) -> Session {
    session_within(AMPLE, spec, answers).await
}

pub(super) async fn session_within(
    deadline: Duration,
    spec: AwsProvider,
    answers: impl IntoIterator<Item = Answer>,
) -> Session {
    let (server, ledger, keyring) = (Canned::start(answers).await, Arc::new(Ledger::default()), keyring());
    let environment = environment(&server.url, deadline, ledger.clone()).await;
    let context = Context {
        store_kind: StoreKind::ClusterSecretStore,
        store_name: "shared".into(),
        store_namespace: None,
        consumer_namespace: Some("team-a".into()),
    };
    let provider = open(&spec, &context, keyring.clone(), &environment).await.unwrap();
    Session { provider, server, ledger, keyring }
}

pub(super) async fn session(answers: impl IntoIterator<Item = Answer>) -> Session {
    session_of(with_keys(), answers).await
}

#[expect(clippy::needless_pass_by_value, reason = "it reads better where it is called with `json!`")]
pub(super) fn ok(body: serde_json::Value) -> Answer {
    Answer::Json(200, body.to_string())
}

pub(super) fn refused(status: u16, code: &str) -> Answer {
    Answer::Json(status, json!({"__type": code, "message": CANARY}).to_string())
}

pub(super) fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:eu-west-1:111111111111:secret:{name}-AbCdEf")
}

pub(super) fn secret(name: &str, value: &str) -> serde_json::Value {
    json!({"ARN": arn(name), "Name": name, "VersionId": "v", "SecretString": value, "VersionStages": ["AWSCURRENT"]})
}

pub(super) fn kinds(answers: &[Result<Sealed, Error>]) -> Vec<Option<Kind>> {
    answers.iter().map(|answer| answer.as_ref().err().map(|error| error.kind)).collect()
}

pub(super) fn operations(session: &Session) -> Vec<String> {
    session.server.asked().iter().map(|asked| asked.target.split_once('.').unwrap().1.to_owned()).collect()
}

#[tokio::test]
async fn a_batch_answers_each_key_with_its_own_value_or_error() {
    let session = session([ok(json!({
        "SecretValues": [secret("b", "2"), {"ARN": arn("c"), "Name": "c", "SecretBinary": "AP8="}],
        "Errors": [
            {"SecretId": "gone", "ErrorCode": "ResourceNotFoundException", "Message": CANARY},
            {"SecretId": "dying", "ErrorCode": "InvalidRequestException", "Message": "was marked for deletion"},
            {"SecretId": "closed", "ErrorCode": "AccessDeniedException", "Message": CANARY},
            {"SecretId": "locked", "ErrorCode": "DecryptionFailure", "Message": CANARY},
        ],
    }))])
    .await;
    let keys = ["gone", "b", "closed", "c", "locked", "dying", "b"].map(key);
    let answers = session.provider.read_many(&keys).await;
    assert_eq!(
        (&answers[1], &answers[3], &answers[6]),
        (&Ok("2".into()), &Ok(Sealed::new(vec![0, 255])), &Ok("2".into()))
    );
    let (missing, denied) = (Some(Kind::NotFound), Some(Kind::Denied));
    assert_eq!(kinds(&answers), [missing, None, denied, None, denied, missing, None]);
    assert_eq!(session.ledger.take(), [("AWS/SecretsManager", "BatchGetSecretValue", true)]);
    let ids: serde_json::Value = serde_json::from_str(&session.server.asked()[0].body).unwrap();
    assert_eq!(ids, json!({"SecretIdList": ["b", "c", "closed", "dying", "gone", "locked"]}));
}

#[tokio::test]
async fn a_key_that_the_batch_does_not_answer_is_read_by_itself() {
    let session = session([ok(json!({"SecretValues": [secret("a", "1")]})), ok(secret("b", "2"))]).await;
    assert_eq!(session.provider.read_many(&["a", "b"].map(key)).await, [Ok("1".into()), Ok("2".into())]);
    assert_eq!(operations(&session), ["BatchGetSecretValue", "GetSecretValue"]);
}

#[tokio::test]
async fn a_principal_that_may_not_batch_reads_singly_until_the_hour_is_over() {
    let session = session([refused(400, "AccessDeniedException"), ok(secret("a", "1"))]).await;
    assert_eq!(session.provider.batch(&key("a")), Batch::Many(20));
    let keys = ["a", "a"].map(key);
    assert_eq!(session.provider.read_many(&keys).await, [Ok("1".into()), Ok("1".into())]);
    assert_eq!(operations(&session), ["BatchGetSecretValue", "GetSecretValue", "GetSecretValue"]);
    assert_eq!(session.provider.batch(&key("a")), Batch::Single);
    session.provider.read_many(&keys).await;
    assert_eq!(operations(&session), ["GetSecretValue", "GetSecretValue"]);
    tokio::time::pause();
    tokio::time::advance(Duration::from_hours(1)).await;
    assert_eq!(session.provider.batch(&key("a")), Batch::Many(20));
}

#[tokio::test]
async fn a_batch_that_is_refused_as_a_whole_is_read_one_by_one() {
    let session = session([
        refused(400, "InvalidParameterException"),
        ok(secret("a", "1")),
        refused(400, "ResourceNotFoundException"),
    ])
    .await;
    let answers = session.provider.read_many(&["a", "b"].map(key)).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(session.provider.batch(&key("a")), Batch::Many(20));
}

#[tokio::test]
async fn versions_are_stages_or_ids_and_only_ids_are_immutable() {
    let session = session([ok(secret("a", "1"))]).await;
    let bodies = async |asked: RemoteKey| {
        session.provider.read_many(&[asked]).await;
        serde_json::from_str::<serde_json::Value>(&session.server.asked()[0].body).unwrap()
    };
    assert_eq!(bodies(key("a")).await, json!({"SecretId": "a", "VersionStage": "AWSCURRENT"}));
    assert_eq!(bodies(key_at("a", "AWSPREVIOUS")).await, json!({"SecretId": "a", "VersionStage": "AWSPREVIOUS"}));
    assert_eq!(bodies(key_at("a", "uuid/1234")).await, json!({"SecretId": "a", "VersionId": "1234"}));
    let tags = |version| RemoteKey { part: Part::Metadata, ..key_at("a", version) };
    for (asked, batch, immutable) in [
        (key("a"), Batch::Many(20), false),
        (key_at("a", "AWSCURRENT"), Batch::Many(20), false),
        (key_at("a", "AWSPREVIOUS"), Batch::Single, false),
        (key_at("a", "uuid/1234"), Batch::Single, true),
        (tags("uuid/1234"), Batch::Single, false),
        (key("not a name"), Batch::Single, false),
        (key(""), Batch::Single, false),
        (key(&"a".repeat(2049)), Batch::Single, false),
    ] {
        assert_eq!(
            (session.provider.batch(&asked), session.provider.is_immutable(&asked)),
            (batch, immutable),
            "{asked:?}"
        );
    }
}

#[tokio::test]
async fn metadata_is_the_tags_as_json() {
    let session =
        session([ok(json!({"ARN": arn("a"), "Tags": [{"Key": "b", "Value": "<2>"}, {"Key": "a", "Value": "1"}]}))])
            .await;
    let asked = RemoteKey { part: Part::Metadata, ..key("a") };
    let answers = session.provider.read_many(&[asked]).await;
    assert_eq!(answers, [Ok(r#"{"a":"1","b":"\u003c2\u003e"}"#.into())]);
    assert_eq!(session.ledger.take(), [("AWS/SecretsManager", "DescribeSecret", true)]);
}

#[tokio::test]
async fn the_prefix_is_put_before_every_key() {
    let spec = AwsProvider { prefix: Some("prod/".into()), ..with_keys() };
    let session = session_of(spec, [refused(400, "ResourceNotFoundException")]).await;
    let answers = session.provider.read_many(&[key("a")]).await;
    assert!(session.server.asked()[0].body.contains(r#""SecretId":"prod/a""#));
    assert!(answers[0].as_ref().unwrap_err().to_string().starts_with("AWS/SecretsManager could not read \"prod/a\": "));
}

#[tokio::test]
async fn every_failure_has_its_kind_and_shows_neither_value_nor_message() {
    let xml = |status, code: &str| {
        let body =
            format!("<ErrorResponse><Error><Code>{code}</Code><Message>{CANARY}</Message></Error></ErrorResponse>");
        Answer::Text(status, "text/xml", body)
    };
    let cases = [
        (refused(400, "ResourceNotFoundException"), Kind::NotFound),
        (refused(400, "AccessDeniedException"), Kind::Denied),
        (refused(400, "DecryptionFailure"), Kind::Denied),
        (refused(400, "UnrecognizedClientException"), Kind::Unauthenticated),
        (refused(400, "ExpiredTokenException"), Kind::Unauthenticated),
        (refused(400, "InvalidSignatureException"), Kind::Unauthenticated),
        (refused(400, "ThrottlingException"), Kind::Throttled),
        (refused(429, CANARY), Kind::Throttled),
        (refused(400, "InvalidRequestException"), Kind::Invalid),
        (refused(400, CANARY), Kind::Invalid),
        (refused(500, "InternalServiceError"), Kind::Unavailable),
        (refused(503, CANARY), Kind::Unavailable),
        (xml(403, "InvalidClientTokenId"), Kind::Denied),
        (xml(401, CANARY), Kind::Unauthenticated),
        (Answer::Text(404, "text/html", CANARY.into()), Kind::Unavailable),
        (Answer::Text(200, "text/html", CANARY.into()), Kind::Unavailable),
        (Answer::Json(200, format!("{{\"SecretString\":\"{CANARY}")), Kind::Unavailable),
        (Answer::Json(200, "{}".into()), Kind::Invalid),
        (Answer::Hang, Kind::Unavailable),
        (Answer::Endless, Kind::Unavailable),
        (Answer::Drip, Kind::Unavailable),
    ];
    for (answer, kind) in cases {
        let case = format!("{answer:?}");
        let deadline = if matches!(answer, Answer::Hang | Answer::Drip) { Duration::from_millis(300) } else { AMPLE };
        let session = session_within(deadline, with_keys(), [answer]).await;
        let single = session.provider.read_many(&[key("a")]).await;
        let batch = session.provider.read_many(&["a", "b"].map(key)).await;
        assert_eq!(kinds(&single), [Some(kind)], "{case}");
        assert_eq!(kinds(&batch), [Some(kind); 2], "{case}: {batch:?}");
        for error in single.iter().chain(&batch).map(|answer| answer.as_ref().unwrap_err()) {
            assert!(!format!("{error} {error:?}").contains("canary"), "{case}: {error}");
            assert_eq!(error.provider, "AWS/SecretsManager");
        }
        assert!(!session.ledger.take().is_empty());
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut_off_long_before_the_deadline() {
    let session = session([Answer::Endless]).await;
    let started = std::time::Instant::now();
    assert_eq!(kinds(&session.provider.read_many(&[key("a")]).await), [Some(Kind::Unavailable)]);
    assert!(started.elapsed() < AMPLE / 2, "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_throttled_or_unavailable_call_is_not_tried_again_here() {
    for code in ["ThrottlingException", "InternalServiceError"] {
        let session = session([refused(500, code)]).await;
        session.provider.read_many(&["a", "b"].map(key)).await;
        assert_eq!(session.server.asked().len(), 1, "{code}");
    }
}

fn assumed(number: u8, seconds_left: i64) -> Answer {
    let ends = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds_left);
    let credentials = format!(
        "<Credentials><AccessKeyId>ASIA{number}</AccessKeyId><SecretAccessKey>{CANARY}</SecretAccessKey>\
         <SessionToken>{CANARY}</SessionToken><Expiration>{ends}</Expiration></Credentials>"
    );
    let result = |name: &str| format!("<{name}Response><{name}Result>{credentials}</{name}Result></{name}Response>");
    let operation = if number == 0 { "AssumeRoleWithWebIdentity" } else { "AssumeRole" };
    Answer::Text(200, "text/xml", result(operation))
}

#[tokio::test]
async fn a_service_account_becomes_its_role_once_and_again_before_the_role_ends() {
    let session =
        session_of(with_account(), [assumed(0, 3600), ok(secret("a", "1")), ok(secret("a", "1")), assumed(0, 3600)])
            .await;
    for _ in 0..2 {
        assert_eq!(session.provider.read_many(&[key("a")]).await, [Ok("1".into())]);
    }
    assert_eq!(session.keyring.tokens(), [("app".into(), vec!["sts.amazonaws.com".to_owned()])]);
    let asked = session.server.asked();
    assert_eq!(asked.len(), 3);
    for part in [
        "Action=AssumeRoleWithWebIdentity",
        "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fapp",
        "RoleSessionName=external-secrets-provider-aws",
        "WebIdentityToken=token-0",
    ] {
        assert!(asked[0].body.contains(part), "{part}: {}", asked[0].body);
    }
    assert_eq!(asked[0].authorization, "");
    assert!(asked[1].authorization.contains("Credential=ASIA0/"), "{}", asked[1].authorization);

    let session =
        session_of(with_account(), [assumed(0, 1), ok(secret("a", "1")), assumed(0, 1), ok(secret("a", "1"))]).await;
    for _ in 0..2 {
        assert_eq!(session.provider.read_many(&[key("a")]).await, [Ok("1".into())]);
    }
    assert_eq!(session.keyring.tokens().len(), 2);
}

#[tokio::test]
async fn the_annotation_names_the_audience() {
    let session = session_of(with_account(), [assumed(0, 3600)]).await;
    assert_eq!(session.provider.validate().await, Ok(Validity::Valid));
    let (server, keyring) = (&session.server, keyring());
    keyring.annotate("app", "eks.amazonaws.com/audience", "sts.amazonaws.com.cn");
    let environment = environment(&server.url, AMPLE, Arc::default()).await;
    let provider = open(&with_account(), &Context::default(), keyring.clone(), &environment).await.unwrap();
    assert_eq!(provider.validate().await, Ok(Validity::Valid));
    assert_eq!(keyring.tokens(), [("app".into(), vec!["sts.amazonaws.com.cn".to_owned()])]);
}

#[tokio::test]
async fn roles_are_assumed_one_after_the_other_and_the_last_is_told_who_asks() {
    let tag = |key: &str, value: &str| Tag { key: key.into(), value: value.into() };
    let spec = AwsProvider {
        additional_roles: vec!["arn:aws:iam::1:role/between".into()],
        role: Some("arn:aws:iam::2:role/last".into()),
        external_id: Some("their-id".into()),
        session_tags: vec![tag("team", "a"), tag("ESOnamespace", "forged")],
        session_tags_policy: Some(SessionTagsPolicy::Custom),
        custom_session_tags: [("env".into(), "prod".into()), ("empty".into(), String::new())].into(),
        transitive_tag_keys: vec!["team".into()],
        ..with_keys()
    };
    let session = session_of(spec, [assumed(1, 3600), assumed(2, 3600), ok(secret("a", "1"))]).await;
    assert_eq!(session.provider.read_many(&[key("a")]).await, [Ok("1".into())]);
    let asked = session.server.asked();
    let signers: Vec<_> = asked.iter().map(|asked| asked.authorization.split(['=', '/']).nth(1).unwrap()).collect();
    assert_eq!(signers, ["AKIDEXAMPLE", "ASIA1", "ASIA2"]);
    assert!(asked[0].body.contains("role%2Fbetween") && !asked[0].body.contains("Tags"), "{}", asked[0].body);
    let last = &asked[1].body;
    for part in [
        "role%2Flast",
        "ExternalId=their-id",
        "Tags.member.1.Key=team",
        "Tags.member.2.Key=env&Tags.member.2.Value=prod",
        "Tags.member.3.Key=esoNamespace&Tags.member.3.Value=team-a",
        "Tags.member.4.Key=esoStoreName&Tags.member.4.Value=shared",
        "Tags.member.5.Key=esoStoreKind&Tags.member.5.Value=ClusterSecretStore",
        "TransitiveTagKeys.member.1=team",
    ] {
        assert!(last.contains(part), "{part}: {last}");
    }
    assert!(!last.contains("forged") && !last.contains("empty") && !last.contains("member.6"), "{last}");
}

#[tokio::test]
async fn a_role_that_cannot_be_assumed_is_named_by_every_key_and_by_the_validation() {
    let denied = Answer::Text(
        403,
        "text/xml",
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{CANARY}</Message></Error></ErrorResponse>"
        ),
    );
    let role = Some("arn:aws:iam::2:role/last".into());
    for spec in [AwsProvider { role, ..with_keys() }, with_account()] {
        let session = session_of(spec, [denied.clone()]).await;
        let mut errors: Vec<_> =
            session.provider.read_many(&["a", "b"].map(key)).await.into_iter().map(Result::unwrap_err).collect();
        errors.push(session.provider.validate().await.unwrap_err());
        for error in &errors {
            assert_eq!((error, error.kind), (&errors[0], Kind::Denied));
            assert!(error.doing.starts_with("assume role \"arn:aws:iam::"), "{error}");
            assert!(!format!("{error:?}").contains("canary"));
        }
        // A denied role is no reason to think that the batch API is denied.
        assert_eq!(session.provider.batch(&key("a")), Batch::Many(20));
        assert_eq!(session.ledger.take(), []);
        // One refusal stands for all of them, until the next interval.
        assert_eq!(session.server.asked().len(), 1);
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(10)).await;
        tokio::time::resume();
        assert_eq!(session.provider.validate().await.unwrap_err().kind, Kind::Denied);
        assert_eq!(session.server.asked().len(), 1);
    }
}

#[tokio::test]
async fn static_keys_validate_without_a_call() {
    let session = session([Answer::Hang]).await;
    assert_eq!(session.provider.validate().await, Ok(Validity::Valid));
    assert_eq!(session.server.asked().len(), 0);
}

#[tokio::test]
async fn what_no_call_could_serve_is_refused_when_the_store_is_opened() {
    let environment = environment("http://127.0.0.1:1", AMPLE, Arc::default()).await;
    let refusal = async |spec: AwsProvider, keyring: Arc<Keyring>| {
        open(&spec, &Context::default(), keyring, &environment).await.unwrap_err()
    };
    for region in ["", "eu-west-1.evil.example/", "a@b", "EU", &"a".repeat(64), "x/..#"] {
        let error = refusal(AwsProvider { region: region.into(), ..with_keys() }, keyring()).await;
        assert_eq!(error.kind, Kind::Invalid, "{region}");
        assert!(error.cause.contains("spec.provider.aws.region"));
    }
    for service in [AwsService::CertificateManager] {
        let error = refusal(AwsProvider { service, ..with_keys() }, keyring()).await;
        assert!(error.kind == Kind::Invalid && error.cause.contains("not supported by Keyferry yet"), "{error}");
    }
    for bad in ["", "canary\n", "can ary", "canarý"] {
        let keyring = keyring();
        keyring.set("aws", "key", bad);
        let error = refusal(with_keys(), keyring).await;
        assert_eq!(error.kind, Kind::Unauthenticated, "{bad:?}");
        assert!(error.doing.contains("secretAccessKeySecretRef") && !format!("{error:?}").contains("canar"), "{error}");
    }
    let error = refusal(with_keys(), Arc::new(Keyring::default())).await;
    assert_eq!(error.kind, Kind::Unauthenticated);
    let unannotated = Keyring::default();
    unannotated.annotate("app", "other", "value");
    let error = refusal(with_account(), Arc::new(unannotated)).await;
    assert!(error.cause.contains("eks.amazonaws.com/role-arn"), "{error}");
}

#[test]
fn a_session_that_is_tagged_depends_on_its_consumer() {
    let mut spec = with_keys();
    for selector in spec
        .auth
        .iter_mut()
        .filter_map(|auth| auth.secret_ref.as_mut())
        .flat_map(|keys| [&mut keys.access_key_id_secret_ref, &mut keys.secret_access_key_secret_ref])
    {
        selector.as_mut().unwrap().namespace = Some("given".into());
    }
    assert!(!depends_on_consumer(&spec));
    spec.session_tags_policy = Some(SessionTagsPolicy::Simple);
    assert!(!depends_on_consumer(&spec));
    spec.role = Some("arn:aws:iam::2:role/last".into());
    assert!(depends_on_consumer(&spec));
    assert!(depends_on_consumer(&with_account()));
}
