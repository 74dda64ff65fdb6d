//! Sessions of Parameter Store against canned answers.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api::provider::AwsProvider;
use crate::api::provider::aws::AwsService;
use crate::provider::aws::open;
use crate::provider::aws::tests::{
    AMPLE, CANARY, Session, environment, keyring, kinds, ok, operations, refused, selector, session_of, session_within,
    with_keys,
};
use crate::provider::canned::Answer;
use crate::provider::memory::{key, key_at};
use crate::provider::{Batch, Context, Kind, Matches, Part, Query, RemoteKey, Search, Validity};
use crate::sealed::Sealed;

fn spec() -> AwsProvider {
    AwsProvider { service: AwsService::ParameterStore, ..with_keys() }
}

async fn session(answers: impl IntoIterator<Item = Answer>) -> Session {
    session_of(spec(), answers).await
}

fn arn(name: &str) -> String {
    format!("arn:aws:ssm:eu-west-1:111111111111:parameter/{}", name.trim_start_matches('/'))
}

fn parameter(name: &str, value: &str) -> Value {
    json!({"Name": name, "ARN": arn(name), "Type": "SecureString", "Value": value, "Version": 3, "DataType": "text"})
}

fn one(name: &str, value: &str) -> Answer {
    ok(json!({"Parameter": parameter(name, value)}))
}

fn body(session: &Session) -> Value {
    serde_json::from_str(&session.server.asked()[0].body).unwrap()
}

#[tokio::test]
async fn a_batch_answers_each_key_with_its_own_value_or_error() {
    let session = session([ok(json!({
        "Parameters": [parameter("/team/b", "2"), parameter("c", "x,y")],
        "InvalidParameters": ["gone"],
    }))])
    .await;
    let keys = ["gone", "/team/b", "c", "/team/b"].map(key);
    let answers = session.provider.read_many(&keys).await;
    assert_eq!(kinds(&answers), [Some(Kind::NotFound), None, None, None]);
    assert_eq!(answers[1..], [Ok("2".into()), Ok("x,y".into()), Ok("2".into())]);
    assert_eq!(session.ledger.take(), [("AWS/ParameterStore", "GetParameters", true)]);
    let asked = &session.server.asked()[0];
    assert_eq!(asked.target, "AmazonSSM.GetParameters");
    assert!(asked.authorization.contains("Credential=AKIDEXAMPLE/"), "{}", asked.authorization);
    assert!(asked.authorization.contains("/eu-west-1/ssm/aws4_request"), "{}", asked.authorization);
    let sent: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(sent, json!({"Names": ["gone", "/team/b", "c"], "WithDecryption": true}));
}

#[tokio::test]
async fn a_session_token_is_sent_and_signed() {
    let mut spec = spec();
    let keys = spec.auth.as_mut().and_then(|auth| auth.secret_ref.as_mut()).unwrap();
    keys.session_token_secret_ref = Some(selector("token"));
    let session = session_of(spec, [one("a", "1")]).await;
    assert_eq!(session.provider.read_many(&[key("a")]).await, [Ok("1".into())]);
    let asked = &session.server.asked()[0];
    assert_eq!(asked.headers["x-amz-security-token"], "session");
    assert!(asked.authorization.contains("x-amz-security-token"), "{}", asked.authorization);
    assert!(asked.headers["user-agent"].to_str().unwrap().starts_with("aws-sdk-rust/"));
}

#[tokio::test]
async fn a_name_of_one_level_is_asked_for_once_with_and_without_its_slash() {
    let session = session([ok(json!({"Parameters": [parameter("a", "1"), parameter("/b/c", "2")]}))]).await;
    let answers = session.provider.read_many(&["a", "/a", "/b/c"].map(key)).await;
    assert_eq!(answers, [Ok("1".into()), Ok("1".into()), Ok("2".into())]);
    assert_eq!(body(&session)["Names"], json!(["a", "/b/c"]));
}

#[tokio::test]
async fn a_key_that_the_batch_does_not_answer_is_read_by_itself() {
    let session = session([ok(json!({"Parameters": [parameter("a", "1")]})), one("b", "2")]).await;
    assert_eq!(session.provider.read_many(&["a", "b"].map(key)).await, [Ok("1".into()), Ok("2".into())]);
    assert_eq!(operations(&session), ["GetParameters", "GetParameter"]);
}

#[tokio::test]
async fn a_principal_that_may_not_batch_reads_singly_until_the_hour_is_over() {
    let session = session([refused(400, "AccessDeniedException"), one("a", "1")]).await;
    assert_eq!(session.provider.batch(&key("a")), Batch::Many(10));
    let keys = ["a", "b"].map(key);
    assert_eq!(session.provider.read_many(&keys).await, [Ok("1".into()), Ok("1".into())]);
    assert_eq!(operations(&session), ["GetParameters", "GetParameter", "GetParameter"]);
    assert_eq!(session.provider.batch(&key("a")), Batch::Single);
    session.provider.read_many(&keys).await;
    assert_eq!(operations(&session), ["GetParameter", "GetParameter"]);
    tokio::time::pause();
    tokio::time::advance(Duration::from_hours(1)).await;
    assert_eq!(session.provider.batch(&key("a")), Batch::Many(10));
}

#[tokio::test]
async fn one_parameter_that_may_not_be_read_does_not_make_the_others_single() {
    for code in ["AccessDeniedException", "InvalidKeyId"] {
        let session = session([refused(400, code), refused(400, code), one("b", "2")]).await;
        let answers = session.provider.read_many(&["a", "b"].map(key)).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        assert!(kinds(&answers).contains(&Some(Kind::Denied)), "{answers:?}");
        assert_eq!(session.provider.batch(&key("b")), Batch::Many(10), "{code}");
    }
}

#[tokio::test]
async fn a_batch_that_is_refused_as_a_whole_is_read_one_by_one() {
    let session =
        session([refused(400, "ValidationException"), one("a", "1"), refused(400, "ParameterNotFound")]).await;
    let answers = session.provider.read_many(&["a", "b"].map(key)).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(session.provider.batch(&key("a")), Batch::Many(10));
}

#[tokio::test]
async fn a_version_is_read_once_and_a_label_again_and_again() {
    let session = session([one("a", "1")]).await;
    let arn = arn("a");
    let tags = RemoteKey { part: Part::Metadata, ..key_at("a", "3") };
    for (asked, batch, immutable, sent) in [
        (key("a"), Batch::Many(10), false, "a"),
        (key_at("a", "3"), Batch::Single, true, "a:3"),
        (key_at("a", "live"), Batch::Single, false, "a:live"),
        (key("a:3"), Batch::Single, true, "a:3"),
        (key(&arn), Batch::Many(10), false, &arn),
        (key_at(&arn, "3"), Batch::Single, true, &format!("{arn}:3")),
        (key("/aws/reference/secretsmanager/a"), Batch::Single, false, "/aws/reference/secretsmanager/a"),
        (key("not a name"), Batch::Single, false, "not a name"),
    ] {
        let found = (session.provider.batch(&asked), session.provider.is_immutable(&asked));
        assert_eq!(found, (batch, immutable), "{asked:?}");
        assert_eq!(session.provider.read_many(&[asked]).await, [Ok("1".into())]);
        assert_eq!(body(&session), json!({"Name": sent, "WithDecryption": true}));
    }
    assert!(!session.provider.is_immutable(&tags));
}

#[tokio::test]
async fn metadata_is_the_tags_as_json_whatever_the_version() {
    let session = session([ok(json!({"TagList": [{"Key": "b", "Value": "<2>"}, {"Key": "a", "Value": "1"}]}))]).await;
    let asked = RemoteKey { part: Part::Metadata, ..key_at("/team/a", "3") };
    assert_eq!(session.provider.read_many(&[asked]).await, [Ok(r#"{"a":"1","b":"\u003c2\u003e"}"#.into())]);
    assert_eq!(body(&session), json!({"ResourceType": "Parameter", "ResourceId": "/team/a"}));
    assert_eq!(session.ledger.take(), [("AWS/ParameterStore", "ListTagsForResource", true)]);
}

#[tokio::test]
async fn the_prefix_is_put_before_every_key() {
    let spec = AwsProvider { prefix: Some("/prod/".into()), ..spec() };
    let session = session_of(spec, [refused(400, "ParameterNotFound")]).await;
    let answers = session.provider.read_many(&[key_at("a", "3")]).await;
    assert_eq!(body(&session)["Name"], "/prod/a:3");
    let error = answers[0].as_ref().unwrap_err();
    assert!(error.to_string().starts_with("AWS/ParameterStore could not read \"/prod/a:3\": "), "{error}");
}

#[tokio::test]
async fn every_failure_has_its_kind_and_shows_neither_value_nor_message() {
    let cases = [
        (refused(400, "ParameterNotFound"), Kind::NotFound),
        (refused(400, "ParameterVersionNotFound"), Kind::NotFound),
        (refused(400, "com.amazonaws.ssm#ParameterNotFound"), Kind::NotFound),
        (refused(400, "AccessDeniedException"), Kind::Denied),
        (refused(400, "InvalidKeyId"), Kind::Denied),
        (refused(400, "UnrecognizedClientException"), Kind::Unauthenticated),
        (refused(400, "ExpiredTokenException"), Kind::Unauthenticated),
        (refused(400, "InvalidSignatureException"), Kind::Unauthenticated),
        (refused(400, "ThrottlingException"), Kind::Throttled),
        (refused(429, CANARY), Kind::Throttled),
        (refused(400, CANARY), Kind::Invalid),
        (refused(500, "InternalServerError"), Kind::Unavailable),
        (refused(503, CANARY), Kind::Unavailable),
        (Answer::Text(404, "text/html", CANARY.into()), Kind::Unavailable),
        (Answer::Text(200, "text/html", CANARY.into()), Kind::Unavailable),
        (Answer::Json(200, format!("{{\"Parameter\":{{\"Value\":\"{CANARY}")), Kind::Unavailable),
        (Answer::Elsewhere("http://127.0.0.1:1/".into()), Kind::Unavailable),
        (Answer::Hang, Kind::Unavailable),
        (Answer::Endless, Kind::Unavailable),
        (Answer::Drip, Kind::Unavailable),
    ];
    for (answer, kind) in cases {
        let case = format!("{answer:?}");
        let deadline = if matches!(answer, Answer::Hang | Answer::Drip) { Duration::from_millis(300) } else { AMPLE };
        let session = session_within(deadline, spec(), [answer]).await;
        let single = session.provider.read_many(&[key("a")]).await;
        let batch = session.provider.read_many(&["a", "b"].map(key)).await;
        assert_eq!(kinds(&single), [Some(kind)], "{case}");
        assert_eq!(kinds(&batch), [Some(kind); 2], "{case}: {batch:?}");
        for error in single.iter().chain(&batch).map(|answer| answer.as_ref().unwrap_err()) {
            assert!(!format!("{error} {error:?}").contains("canary"), "{case}: {error}");
            assert_eq!(error.provider, "AWS/ParameterStore");
        }
        assert!(session.ledger.take().iter().all(|(_, _, ok)| !ok), "{case}");
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
    for (status, code) in [(400, "ThrottlingException"), (500, "InternalServerError")] {
        let session = session([refused(status, code)]).await;
        session.provider.read_many(&["a", "b"].map(key)).await;
        assert_eq!(session.server.asked().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn credentials_are_named_by_this_service_and_validate_without_a_call() {
    let session = session([Answer::Hang]).await;
    assert_eq!(session.provider.validate().await, Ok(Validity::Valid));
    assert_eq!(session.server.asked().len(), 0);
    let keyring = keyring();
    keyring.set("aws", "key", "can ary");
    let environment = environment(&session.server.url, AMPLE, session.ledger.clone()).await;
    let error = open(&spec(), &Context::default(), keyring, &environment).await.unwrap_err();
    assert_eq!(error.provider, "AWS/ParameterStore");
}

fn page(names: &[&str], next: Option<&str>) -> Answer {
    let list: Vec<_> = names.iter().map(|name| parameter(name, name)).collect();
    ok(json!({"Parameters": list, "NextToken": next}))
}

fn search(path: Option<&str>, name: Option<&str>, tags: &[(&str, &str)]) -> Search {
    let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Search::new(&Query { path: path.map(Into::into), name: name.map(Into::into), tags }).unwrap()
}

fn names(found: &Matches) -> Vec<&str> {
    found.entries().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_hierarchy_is_read_page_by_page_with_its_values() {
    let session = session([
        page(&["/t/db-1", "/t/web"], Some("two")),
        page(&[], Some("three")),
        page(&["/t/x/db-2", "/tt/db"], None),
    ])
    .await;
    let found = session.provider.find(&search(Some("/t/"), Some("db"), &[])).await.unwrap();
    assert_eq!(names(&found), ["/t/db-1", "/t/x/db-2"]);
    assert_eq!(found.entries()["/t/db-1"], Sealed::from("/t/db-1"));
    let asked: Vec<Value> =
        session.server.asked().iter().map(|asked| serde_json::from_str(&asked.body).unwrap()).collect();
    let first = json!({"Path": "/t", "Recursive": true, "WithDecryption": true, "MaxResults": 10});
    assert_eq!((&asked[0], &asked[1]["NextToken"], &asked[2]["NextToken"]), (&first, &json!("two"), &json!("three")));
}

#[tokio::test]
async fn a_page_that_is_denied_lost_or_repeated_fails_the_search() {
    for (second, kind) in [
        (refused(400, "AccessDeniedException"), Kind::Denied),
        (refused(400, "InvalidNextToken"), Kind::Unavailable),
        (refused(400, "ThrottlingException"), Kind::Throttled),
        (refused(500, "InternalServerError"), Kind::Unavailable),
        (page(&["/b"], Some("two")), Kind::Unavailable),
        (ok(json!({"Parameters": 1})), Kind::Unavailable),
    ] {
        for tags in [&[][..], &[("a", "1")]] {
            let session = session([page(&["/a"], Some("two")), second.clone()]).await;
            let error = session.provider.find(&search(None, Some("."), tags)).await.unwrap_err();
            assert_eq!(error.kind, kind, "{error}");
            assert!(error.doing.contains("search by name \".\"") && !error.to_string().contains("canary"), "{error}");
            assert_eq!(operations(&session).len(), 2);
        }
    }
}

#[tokio::test]
async fn tags_are_matched_by_aws_and_values_read_in_tens() {
    let many: Vec<String> = (0..12).map(|number| format!("/db-{number:02}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let session = session([page(&many, None), page(&many[..10], None), page(&many[10..], None)]).await;
    let found = session.provider.find(&search(Some("/"), None, &[("env", "prod")])).await.unwrap();
    assert_eq!(names(&found), many);
    let asked = session.server.asked();
    let targets: Vec<_> = asked.iter().map(|asked| asked.target.replace("AmazonSSM.", "")).collect();
    assert_eq!(targets, ["DescribeParameters", "GetParameters", "GetParameters"]);
    let listing: Value = serde_json::from_str(&asked[0].body).unwrap();
    let filter = json!({"Key": "tag:env", "Option": "Equals", "Values": ["prod"]});
    assert_eq!(listing, json!({"ParameterFilters": [filter], "MaxResults": 50}));
}

#[tokio::test]
async fn what_is_gone_since_it_was_listed_is_passed_over_and_what_is_denied_fails_all() {
    let gone = ok(json!({"Parameters": [parameter("/a", "1")], "InvalidParameters": ["/b"]}));
    let session = session([page(&["/a", "/b"], None), gone]).await;
    assert_eq!(names(&session.provider.find(&search(None, None, &[("e", "p")])).await.unwrap()), ["/a"]);
    let denied = refused(400, "AccessDeniedException");
    let session = self::session([page(&["/a", "/b"], None), denied]).await;
    let error = session.provider.find(&search(None, None, &[("e", "p")])).await.unwrap_err();
    assert_eq!(error.kind, Kind::Denied);
}

#[tokio::test]
async fn a_principal_that_may_not_read_hierarchies_lists_names_until_the_hour_is_over() {
    let session = session([refused(400, "AccessDeniedException"), page(&["/a", "/x"], None), one("/a", "/a")]).await;
    let by_name = || search(None, Some("a"), &[]);
    assert_eq!(names(&session.provider.find(&by_name()).await.unwrap()), ["/a"]);
    assert_eq!(operations(&session), ["GetParametersByPath", "DescribeParameters", "GetParameter"]);
    // The last answer stands for all that follow, and has no list of parameters.
    assert_eq!(names(&session.provider.find(&by_name()).await.unwrap()), [""; 0]);
    assert_eq!(operations(&session), ["DescribeParameters"]);
    tokio::time::pause();
    tokio::time::advance(Duration::from_hours(1)).await;
    tokio::time::resume();
    assert_eq!(names(&session.provider.find(&by_name()).await.unwrap()), [""; 0]);
    assert_eq!(operations(&session), ["GetParametersByPath"]);
}

#[tokio::test]
async fn a_search_for_nothing_or_for_no_hierarchy_is_refused_without_a_call() {
    let session = session([page(&[], None)]).await;
    for refused in [search(None, None, &[]), search(Some("t"), None, &[]), search(None, None, &[("a", "")])] {
        assert_eq!(session.provider.find(&refused).await.unwrap_err().kind, Kind::Invalid);
    }
    assert_eq!(session.server.asked().len(), 0);
}
