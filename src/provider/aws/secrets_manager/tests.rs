//! What only Secrets Manager does, against canned answers.

use serde_json::{Value, json};

use super::*;
use crate::api::provider::AwsProvider;
use crate::provider::aws::tests::service::Spoken;
use crate::provider::aws::tests::{
    CANARY, bodies, kinds, names, ok, operations, refused, search, session, session_of, with_keys,
};
use crate::provider::canned::Answer;
use crate::provider::memory::{key, key_at};
use crate::provider::{Batch, Kind, Part};

/// How the service says what both say.
pub(in crate::provider::aws) const SPOKEN: Spoken = Spoken {
    name: SecretsManager::NAME,
    spec: with_keys,
    batch: 20,
    many: "BatchGetSecretValue",
    one: "GetSecretValue",
    listing: "ListSecrets",
    absent: "ResourceNotFoundException",
    malformed: "InvalidParameterException",
    broken: "InternalServiceError",
    lost: "InvalidNextTokenException",
    values,
    value: |name, value| ok(secret(name, value)),
    page,
    id: arn,
    half: "{\"SecretString\":\"",
};

fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:eu-west-1:111111111111:secret:{name}-AbCdEf")
}

pub(in crate::provider::aws) fn secret(name: &str, value: &str) -> Value {
    json!({"ARN": arn(name), "Name": name, "VersionId": "v", "SecretString": value, "VersionStages": ["AWSCURRENT"]})
}

/// A batch's answer.
fn values(present: &[(&str, &str)], absent: &[&str]) -> Answer {
    let values: Vec<_> = present.iter().map(|(name, value)| secret(name, value)).collect();
    let errors = absent.iter().map(|id| json!({"SecretId": id, "ErrorCode": "ResourceNotFoundException"}));
    ok(json!({"SecretValues": values, "Errors": errors.collect::<Vec<_>>()}))
}

/// A listing's answer: secrets with the tag `env=prod`.
fn page(names: &[&str], next: Option<&str>) -> Answer {
    let tags = json!([{"Key": "env", "Value": "prod"}]);
    let list: Vec<_> = names.iter().map(|name| json!({"Name": name, "ARN": arn(name), "Tags": tags})).collect();
    ok(json!({"SecretList": list, "NextToken": next}))
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
    assert_eq!(bodies(&session), [json!({"SecretIdList": ["b", "c", "closed", "dying", "gone", "locked"]})]);
}

#[tokio::test]
async fn versions_are_stages_or_ids_and_only_ids_are_immutable() {
    let session = session([ok(secret("a", "1"))]).await;
    for (asked, sent) in [
        (key("a"), json!({"SecretId": "a", "VersionStage": "AWSCURRENT"})),
        (key_at("a", "AWSPREVIOUS"), json!({"SecretId": "a", "VersionStage": "AWSPREVIOUS"})),
        (key_at("a", "uuid/1234"), json!({"SecretId": "a", "VersionId": "1234"})),
    ] {
        session.provider.read_many(&[asked]).await;
        assert_eq!(bodies(&session), [sent]);
    }
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
        let found = (session.provider.batch(&asked), session.provider.is_immutable(&asked));
        assert_eq!(found, (batch, immutable), "{asked:?}");
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
    assert_eq!(bodies(&session)[0]["SecretId"], "prod/a");
    assert!(answers[0].as_ref().unwrap_err().to_string().starts_with("AWS/SecretsManager could not read \"prod/a\": "));
}

#[test]
fn a_secret_without_a_value_is_an_error() {
    assert_eq!(content(Some("a".into()), None), Ok("a".into()));
    assert_eq!(content(None, Some(Blob::new([0, 255]))), Ok(Sealed::new(vec![0, 255])));
    assert_eq!(content(None, None).unwrap_err().kind(), Kind::Invalid);
}

#[tokio::test]
async fn names_are_listed_page_by_page_and_values_read_by_arn_in_twenties() {
    let many: Vec<String> = (0..25).map(|number| format!("db-{number:02}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let read: Vec<_> = many.iter().map(|name| (*name, *name)).collect();
    let session = session([
        page(&many[..15], Some("two")),
        page(&[&many[15..], &["web"]].concat(), None),
        values(&read[..20], &[]),
        values(&read[20..], &[]),
    ])
    .await;
    let found = session.provider.find(&search(None, Some("^db-"), &[])).await.unwrap();
    assert_eq!(names(&found), many);
    let asked = bodies(&session);
    assert_eq!((&asked[0]["MaxResults"], &asked[0]["NextToken"]), (&json!(100), &json!(null)));
    assert_eq!(asked[1]["NextToken"], "two");
    let ids = |body: &Value| serde_json::from_value::<Vec<String>>(body["SecretIdList"].clone()).unwrap();
    let ids: BTreeSet<_> = asked[2..].iter().flat_map(ids).collect();
    assert_eq!((asked.len(), ids), (4, many.iter().map(|name| arn(name)).collect()));
    let calls: Vec<_> = session.ledger.take().into_iter().map(|(_, call, ok)| (call, ok)).collect();
    assert_eq!(calls[..2], [("ListSecrets", true); 2]);
    assert_eq!(calls[2..], [("BatchGetSecretValue", true); 2]);
}

#[tokio::test]
async fn a_match_that_a_batch_says_may_not_be_read_fails_the_search() {
    let error = json!({"SecretId": arn("b"), "ErrorCode": "AccessDeniedException"});
    let denied = ok(json!({"SecretValues": [secret("a", "1")], "Errors": [error]}));
    let session = session([page(&["a", "b"], None), denied]).await;
    let error = session.provider.find(&search(None, Some("."), &[])).await.unwrap_err();
    assert_eq!((error.kind, operations(&session).len()), (Kind::Denied, 2));
}

#[tokio::test]
async fn path_and_tags_narrow_the_listing_and_a_search_for_nothing_is_refused() {
    let session = session([page(&[], None)]).await;
    let both = search(Some("team/"), None, &[("env", "prod")]);
    assert_eq!(names(&session.provider.find(&both).await.unwrap()), [""; 0]);
    let asked = bodies(&session);
    let keys: Vec<_> = asked[0]["Filters"].as_array().unwrap().iter().map(|filter| &filter["Key"]).collect();
    assert_eq!(keys, ["name", "tag-key", "tag-value"]);
    let nothing = session.provider.find(&search(None, None, &[])).await.unwrap_err();
    assert_eq!((nothing.kind, session.server.asked().len()), (Kind::Invalid, 0));
}
