//! Keys that are not in the store: when they are had, from whom, how often, and what is done when they are refused.

use std::io::Write;

use jiff::{SignedDuration, Timestamp};

use super::*;

/// Keys that STS gives, for so many seconds.
fn assumed(id: &str, life: i64) -> Answer {
    ok(json!({"RequestId": "r", "Credentials": keys(id, life)}))
}

fn keys(id: &str, life: i64) -> Value {
    let ends = Timestamp::now() + SignedDuration::from_secs(life);
    json!({
        "AccessKeyId": id, "AccessKeySecret": format!("{CANARY}-secret"), "SecurityToken": format!("token-of-{id}"),
        "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    })
}

fn expired() -> Answer {
    failed(400, "InvalidSecurityToken.Expired")
}

/// Who signed each call at KMS since the last time.
fn signers(session: &Session) -> Vec<String> {
    session.kms.asked().iter().map(|asked| header(asked, "x-acs-security-token").to_owned()).collect()
}

#[tokio::test]
async fn a_service_accounts_token_is_given_for_keys_once() {
    let answers = Answers { kms: vec![secret("1")], sts: vec![assumed("STS.1", 3600)], ..Answers::default() };
    let session = session(with_account(), answers).await;
    assert!(session.sts.asked().is_empty(), "it signs in at the first read");
    let keys: Vec<_> = (0..20).map(|number| key(&number.to_string())).collect();
    assert!(session.provider.read_many(&keys).await.iter().all(Result::is_ok));
    let asked = session.sts.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].body,
        "RoleArn=acs%3Aram%3A%3A1%3Arole%2Fapp&OIDCProviderArn=acs%3Aram%3A%3A1%3Aoidc%2Dprovider%2Fack&\
         RoleSessionName=app&OIDCToken=token%2D0"
    );
    assert_eq!((header(&asked[0], "x-acs-version"), asked[0].request.as_str()), ("2015-04-01", "POST /"));
    assert_eq!(asked[0].authorization, "", "the token says who asks");
    let audiences = ["sts.aliyuncs.com", "more"].map(str::to_owned).to_vec();
    assert_eq!(session.keyring.tokens(), [("app".to_owned(), audiences)]);
    assert_eq!(signers(&session), vec!["token-of-STS.1"; 20]);
}

#[tokio::test]
async fn keys_are_had_anew_ahead_of_their_end_and_the_old_ones_serve_while_that_fails() {
    let sts = vec![assumed("STS.1", 30), failed(503, "ServiceUnavailable"), assumed("STS.2", 3600)];
    let session = session(with_account(), Answers { kms: vec![secret("1")], sts, ..Answers::default() }).await;
    tokio::time::pause();
    let read = async |after: u64| {
        tokio::time::advance(Duration::from_secs(after)).await;
        tokio::time::resume();
        let value = session.read(key("a")).await;
        tokio::time::pause();
        assert_eq!(value, Ok("1".into()));
        signers(&session).remove(0)
    };
    assert_eq!(read(0).await, "token-of-STS.1");
    // Two thirds of their life.
    assert_eq!(read(17).await, "token-of-STS.1");
    assert_eq!(session.sts.asked().len(), 1);
    assert_eq!(read(4).await, "token-of-STS.1");
    assert_eq!(session.sts.asked().len(), 1, "the second try failed");
    assert_eq!(read(1).await, "token-of-STS.1");
    assert_eq!(session.sts.asked().len(), 0, "it is not tried again at once");
    assert_eq!(read(10).await, "token-of-STS.2");
}

#[tokio::test]
async fn refused_keys_are_dropped_once_and_the_call_is_made_again() {
    let answers = Answers { kms: vec![expired(), expired()], sts: vec![assumed("STS.1", 3600)], ..Answers::default() };
    let session = session(with_account(), answers).await;
    // Keys that were had just now are not had anew for being refused.
    for _ in 0..5 {
        assert_eq!(session.kind(key("a")).await, Some(Kind::Unauthenticated));
    }
    assert_eq!((session.sts.asked().len(), signers(&session).len()), (1, 5));
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::resume();
    assert_eq!(session.kind(key("a")).await, Some(Kind::Unauthenticated));
    assert_eq!((session.sts.asked().len(), signers(&session).len()), (1, 2));
}

#[tokio::test]
async fn other_keys_serve_where_the_first_have_been_refused() {
    let kms = vec![secret("1"), expired(), secret("2")];
    let sts = vec![assumed("STS.1", 3600), assumed("STS.2", 3600)];
    let session = session(with_account(), Answers { kms, sts, ..Answers::default() }).await;
    assert_eq!(session.read(key("a")).await, Ok("1".into()));
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::resume();
    assert_eq!(session.read(key("a")).await, Ok("2".into()));
    assert_eq!(signers(&session), ["token-of-STS.1", "token-of-STS.1", "token-of-STS.2"]);
}

#[tokio::test]
async fn a_refused_role_costs_one_call_in_ten_seconds() {
    let sts = vec![failed(403, "AuthenticationFail.NoPermission")];
    let session = session(with_account(), Answers { sts, ..Answers::default() }).await;
    for _ in 0..5 {
        assert_eq!(session.kind(key("a")).await, Some(Kind::Unauthenticated));
    }
    assert_eq!((session.sts.asked().len(), session.kms.asked().len()), (1, 0));
    assert_eq!(session.provider.validate().await.unwrap_err().kind, Kind::Unauthenticated);
}

#[tokio::test]
async fn what_is_no_key_is_not_taken_for_one() {
    for answer in [
        ok(
            json!({"Credentials": {"AccessKeyId": "a", "AccessKeySecret": "", "SecurityToken": "t", "Expiration": "2030-01-01T00:00:00Z"}}),
        ),
        ok(
            json!({"Credentials": {"AccessKeyId": "a\n", "AccessKeySecret": "s", "SecurityToken": "t", "Expiration": "2030-01-01T00:00:00Z"}}),
        ),
        ok(
            json!({"Credentials": {"AccessKeyId": "a", "AccessKeySecret": "s", "SecurityToken": "t", "Expiration": "soon"}}),
        ),
        ok(json!({})),
        Answer::Text(200, "text/html", CANARY.into()),
    ] {
        let session = session(with_account(), Answers { sts: vec![answer], ..Answers::default() }).await;
        assert_eq!(session.kind(key("a")).await, Some(Kind::Invalid));
        assert!(session.kms.asked().is_empty());
    }
}

fn said(mut keys: Value) -> Answer {
    keys["Code"] = "Success".into();
    ok(keys)
}

#[tokio::test]
async fn an_instances_role_is_asked_for_with_a_token() {
    let metadata = vec![
        Answer::Text(200, "text/plain", "imds-token".into()),
        Answer::Text(200, "text/plain", "node-role".into()),
        said(keys("STS.i", 3600)),
    ];
    let answers = Answers { kms: vec![secret("1")], metadata, ..Answers::default() };
    let session = session(json!({"instanceRole": {}}), answers).await;
    for _ in 0..3 {
        assert_eq!(session.read(key("a")).await, Ok("1".into()));
    }
    let asked = session.metadata.asked();
    let requests: Vec<_> = asked.iter().map(|asked| asked.request.as_str()).collect();
    assert_eq!(
        requests,
        [
            "PUT /latest/api/token",
            "GET /latest/meta-data/ram/security-credentials/",
            "GET /latest/meta-data/ram/security-credentials/node-role"
        ]
    );
    assert_eq!(header(&asked[0], "x-aliyun-ecs-metadata-token-ttl-seconds"), "60");
    assert!(asked[1..].iter().all(|asked| header(asked, "x-aliyun-ecs-metadata-token") == "imds-token"));
    assert_eq!(signers(&session), vec!["token-of-STS.i"; 3]);
}

#[tokio::test]
async fn an_instance_without_a_role_is_told_so_and_the_role_may_be_named() {
    let token = || Answer::Text(200, "text/plain", "imds-token".into());
    let named = session(
        json!({"instanceRole": {"roleName": "node"}}),
        Answers { kms: vec![secret("1")], metadata: vec![token(), said(keys("STS.i", 3600))], ..Answers::default() },
    )
    .await;
    assert_eq!(named.read(key("a")).await, Ok("1".into()));
    assert_eq!(named.metadata.asked().len(), 2);
    for (metadata, kind) in [
        (vec![token(), Answer::Text(404, "text/html", "no".into())], Kind::Unauthenticated),
        (vec![token(), Answer::Text(200, "text/plain", "../../x".into())], Kind::Unauthenticated),
        (vec![token(), Answer::Text(200, "text/plain", "r".into()), ok(keys("STS.i", 3600))], Kind::Unauthenticated),
        (vec![Answer::Text(503, "text/html", "no".into())], Kind::Unavailable),
    ] {
        let session = session(json!({"instanceRole": {}}), Answers { metadata, ..Answers::default() }).await;
        assert_eq!(session.kind(key("a")).await, Some(kind));
    }
}

fn own() -> Own {
    Own {
        access_key_id: Some("LTAIown".into()),
        access_key_secret: Some("own-secret".into()),
        security_token: Some("own-token".into()),
        ..Own::default()
    }
}

async fn with_own(auth: Value, own: Own, answers: Answers) -> Result<Session, Error> {
    session_within(AMPLE, spec(auth), own, answers).await
}

#[tokio::test]
async fn a_store_without_a_way_to_sign_in_asks_as_the_operator() {
    let answers = || Answers { kms: vec![secret("1")], sts: vec![assumed("STS.o", 3600)], ..Answers::default() };
    let session = with_own(json!({}), own(), answers()).await.unwrap();
    assert_eq!(session.read(key("a")).await, Ok("1".into()));
    let asked = session.kms.asked();
    assert!(asked[0].authorization.contains("Credential=LTAIown,"));
    assert_eq!(header(&asked[0], "x-acs-security-token"), "own-token");

    let mut file = tempfile();
    file.1.write_all(b"header.body.end\n").unwrap();
    let rrsa = Own {
        oidc_provider_arn: Some("acs:ram::1:oidc-provider/ack".into()),
        oidc_token_file: Some(file.0.clone()),
        role_arn: Some("acs:ram::1:role/own".into()),
        ..Own::default()
    };
    let session = with_own(json!({}), rrsa.clone(), answers()).await.unwrap();
    assert_eq!(session.read(key("a")).await, Ok("1".into()));
    assert!(session.sts.asked()[0].body.ends_with("RoleSessionName=keyferry&OIDCToken=header%2Ebody%2Eend"));

    // The store's role by the operator's token, where the store names the administrator's own path.
    let mut auth = with_account();
    auth["rrsa"]["serviceAccountRef"] = Value::Null;
    auth["rrsa"]["oidcTokenFilePath"] = file.0.to_str().unwrap().into();
    let session = with_own(auth.clone(), rrsa, answers()).await.unwrap();
    assert_eq!(session.read(key("a")).await, Ok("1".into()));
    assert!(session.sts.asked()[0].body.starts_with("RoleArn=acs%3Aram%3A%3A1%3Arole%2Fapp&"));
    std::fs::remove_file(&file.0).unwrap();
    assert!(with_own(auth, Own::default(), answers()).await.is_err(), "a path of the store's alone is not read");
}

#[tokio::test]
async fn an_operator_without_an_identity_says_so() {
    let none = Own { instance_disabled: true, ..Own::default() };
    let error = with_own(json!({}), none, Answers::default()).await.err().unwrap();
    assert!(error.kind == Kind::Invalid && error.cause.contains("spec.provider.alibaba.auth"), "{error}");
    let gone = Own {
        oidc_provider_arn: Some("acs:ram::1:oidc-provider/ack".into()),
        oidc_token_file: Some("/nowhere/at/all".into()),
        role_arn: Some("acs:ram::1:role/own".into()),
        ..Own::default()
    };
    let session = with_own(json!({}), gone, Answers::default()).await.unwrap();
    let error = session.read(key("a")).await.unwrap_err();
    assert!(error.kind == Kind::Unauthenticated && error.doing.contains("ALIBABA_CLOUD_OIDC_TOKEN_FILE"), "{error}");
}

fn tempfile() -> (std::path::PathBuf, std::fs::File) {
    let path = std::path::Path::new("/tmp").join(format!("keyferry-token-{:032x}", rand::random::<u128>()));
    let file = std::fs::File::create(&path).unwrap();
    (path, file)
}
