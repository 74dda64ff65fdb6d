//! AWS sessions against canned answers.

use std::time::Duration;

use serde_json::json;

use super::secrets_manager::tests::secret;
use super::*;
use crate::api::provider::aws::{AwsAuth, AwsJwtAuth, AwsSecretRef, Tag};
use crate::api::provider::{SecretKeySelector, ServiceAccountSelector};
use crate::provider::canned::{Answer, Canned};
use crate::provider::memory::{Keyring, Ledger, key};
use crate::provider::{Batch, Matches, Query, Search, StoreKind, Validity};
use crate::sealed::Sealed;

mod reading;
mod searching;
pub(super) mod service;

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
    let aws = Settings {
        secrets_manager_endpoint: endpoint.clone(),
        ssm_endpoint: endpoint.clone(),
        sts_endpoint: endpoint,
        authorities: None,
    };
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
    let environment = Box::pin(environment(&server.url, deadline, ledger.clone())).await;
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

pub(super) fn kinds(answers: &[Result<Sealed, Error>]) -> Vec<Option<Kind>> {
    answers.iter().map(|answer| answer.as_ref().err().map(|error| error.kind)).collect()
}

pub(super) fn operations(session: &Session) -> Vec<String> {
    session.server.asked().iter().map(|asked| asked.target.split_once('.').unwrap().1.to_owned()).collect()
}

/// The bodies of the calls since the last look.
pub(super) fn bodies(session: &Session) -> Vec<serde_json::Value> {
    session.server.asked().iter().map(|asked| serde_json::from_str(&asked.body).unwrap()).collect()
}

pub(super) fn search(path: Option<&str>, name: Option<&str>, tags: &[(&str, &str)]) -> Search {
    let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Search::new(&Query { path: path.map(Into::into), name: name.map(Into::into), tags }).unwrap()
}

pub(super) fn names(found: &Matches) -> Vec<&str> {
    found.entries().keys().map(String::as_str).collect()
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
