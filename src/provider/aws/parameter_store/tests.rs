//! What only Parameter Store does, against canned answers.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::api::provider::AwsProvider;
use crate::api::provider::aws::AwsService;
use crate::provider::aws::tests::service::Spoken;
use crate::provider::aws::tests::{
    Session, bodies, kinds, names, ok, operations, refused, search, selector, session_of, with_keys,
};
use crate::provider::canned::Answer;
use crate::provider::memory::{key, key_at};
use crate::provider::{Batch, Part};

/// How the service says what both say.
pub(in crate::provider::aws) const SPOKEN: Spoken = Spoken {
    name: ParameterStore::NAME,
    spec,
    batch: 10,
    many: "GetParameters",
    one: "GetParameter",
    listing: "DescribeParameters",
    absent: "ParameterNotFound",
    malformed: "ValidationException",
    broken: "InternalServerError",
    lost: "InvalidNextToken",
    values,
    value: one,
    page,
    id: str::to_owned,
    half: "{\"Parameter\":{\"Value\":\"",
};

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

/// A batch's answer.
fn values(present: &[(&str, &str)], absent: &[&str]) -> Answer {
    let values: Vec<_> = present.iter().map(|(name, value)| parameter(name, value)).collect();
    ok(json!({"Parameters": values, "InvalidParameters": absent}))
}

/// A page of a listing, which has no tags, or of a hierarchy.
fn page(names: &[&str], next: Option<&str>) -> Answer {
    let list: Vec<_> = names.iter().map(|name| parameter(name, name)).collect();
    ok(json!({"Parameters": list, "NextToken": next}))
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
    assert_eq!(bodies(&session)[0]["Names"], json!(["a", "/b/c"]));
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
        assert_eq!(bodies(&session), [json!({"Name": sent, "WithDecryption": true})]);
    }
    assert!(!session.provider.is_immutable(&tags));
}

#[tokio::test]
async fn metadata_is_the_tags_as_json_whatever_the_version() {
    let session = session([ok(json!({"TagList": [{"Key": "b", "Value": "<2>"}, {"Key": "a", "Value": "1"}]}))]).await;
    let asked = RemoteKey { part: Part::Metadata, ..key_at("/team/a", "3") };
    assert_eq!(session.provider.read_many(&[asked]).await, [Ok(r#"{"a":"1","b":"\u003c2\u003e"}"#.into())]);
    assert_eq!(bodies(&session), [json!({"ResourceType": "Parameter", "ResourceId": "/team/a"})]);
    assert_eq!(session.ledger.take(), [("AWS/ParameterStore", "ListTagsForResource", true)]);
}

#[tokio::test]
async fn the_prefix_is_put_before_every_key() {
    let spec = AwsProvider { prefix: Some("/prod/".into()), ..spec() };
    let session = session_of(spec, [refused(400, "ParameterNotFound")]).await;
    let answers = session.provider.read_many(&[key_at("a", "3")]).await;
    assert_eq!(bodies(&session)[0]["Name"], "/prod/a:3");
    let error = answers[0].as_ref().unwrap_err();
    assert!(error.to_string().starts_with("AWS/ParameterStore could not read \"/prod/a:3\": "), "{error}");
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
    let asked = bodies(&session);
    let first = json!({"Path": "/t", "Recursive": true, "WithDecryption": true, "MaxResults": 10});
    assert_eq!((&asked[0], &asked[1]["NextToken"], &asked[2]["NextToken"]), (&first, &json!("two"), &json!("three")));
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
