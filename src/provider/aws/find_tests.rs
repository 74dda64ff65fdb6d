//! Searches of AWS sessions against canned answers.

use std::collections::BTreeMap;

use serde_json::json;

use super::tests::{Session, arn, ok, operations, refused, secret, session};
use super::*;
use crate::provider::canned::Answer;
use crate::provider::{Matches, Query, Search};

fn search(name: &str) -> Search {
    Search::new(&Query { name: Some(name.into()), ..Query::default() }).unwrap()
}

async fn find(session: &Session, search: &Search) -> Result<Matches, Error> {
    session.provider.find(search).await
}

fn page(names: &[&str], next: Option<&str>) -> Answer {
    let list: Vec<_> = names.iter().map(|name| json!({"Name": name, "ARN": arn(name)})).collect();
    ok(json!({"SecretList": list, "NextToken": next}))
}

fn values(names: &[&str]) -> Answer {
    let values: Vec<_> = names.iter().map(|name| secret(name, name)).collect();
    ok(json!({"SecretValues": values, "Errors": []}))
}

fn names(found: &Matches) -> Vec<&str> {
    found.entries().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn names_are_listed_page_by_page_and_values_read_by_arn_in_twenties() {
    let many: Vec<String> = (0..25).map(|number| format!("db-{number:02}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let session = session([
        page(&many[..15], Some("two")),
        page(&[&many[15..], &["web"]].concat(), None),
        values(&many[..20]),
        values(&many[20..]),
    ])
    .await;
    let found = find(&session, &search("^db-")).await.unwrap();
    assert_eq!(names(&found), many);
    let asked = session.server.asked();
    let operations: Vec<_> = asked.iter().map(|asked| asked.target.replace("secretsmanager.", "")).collect();
    assert_eq!(operations, ["ListSecrets", "ListSecrets", "BatchGetSecretValue", "BatchGetSecretValue"]);
    let body = |at: usize| serde_json::from_str::<serde_json::Value>(&asked[at].body).unwrap();
    assert_eq!((&body(0)["MaxResults"], &body(0)["NextToken"]), (&json!(100), &json!(null)));
    assert_eq!(body(1)["NextToken"], "two");
    let ids = |at: usize| body(at)["SecretIdList"].as_array().unwrap().len();
    assert_eq!(ids(2) + ids(3), 25);
    assert!(asked[2].body.contains("arn:aws:secretsmanager:"));
    let calls: Vec<_> = session.ledger.take().into_iter().map(|(_, call, ok)| (call, ok)).collect();
    assert_eq!(calls[0], ("ListSecrets", true));
}

#[tokio::test]
async fn a_page_that_is_denied_lost_or_repeated_fails_the_search() {
    for (second, kind) in [
        (refused(400, "AccessDeniedException"), Kind::Denied),
        (refused(400, "InvalidNextTokenException"), Kind::Unavailable),
        (refused(400, "ThrottlingException"), Kind::Throttled),
        (refused(500, "InternalServiceError"), Kind::Unavailable),
        (page(&["b"], Some("two")), Kind::Unavailable),
        (ok(json!({"SecretList": 1})), Kind::Unavailable),
    ] {
        let session = session([page(&["a"], Some("two")), second]).await;
        let error = find(&session, &search(".")).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.doing.contains("search by name \".\"") && !error.to_string().contains("canary"), "{error}");
        assert!(operations(&session).iter().all(|operation| operation == "ListSecrets"));
    }
}

#[tokio::test]
async fn what_is_gone_since_it_was_listed_is_passed_over_and_what_is_denied_fails_all() {
    let answer = |code: &str| {
        ok(json!({"SecretValues": [secret("a", "1")], "Errors": [{"SecretId": arn("b"), "ErrorCode": code}]}))
    };
    let gone = session([page(&["a", "b"], None), answer("ResourceNotFoundException")]).await;
    assert_eq!(names(&find(&gone, &search(".")).await.unwrap()), ["a"]);
    let denied = session([page(&["a", "b"], None), answer("AccessDeniedException")]).await;
    assert_eq!(find(&denied, &search(".")).await.unwrap_err().kind, Kind::Denied);
}

#[tokio::test]
async fn a_principal_that_may_not_batch_reads_each_match() {
    let session = session([
        page(&["a", "b"], None),
        refused(400, "AccessDeniedException"),
        ok(secret("a", "1")),
        ok(secret("b", "2")),
    ])
    .await;
    assert_eq!(names(&find(&session, &search(".")).await.unwrap()), ["a", "b"]);
    assert_eq!(operations(&session), ["ListSecrets", "BatchGetSecretValue", "GetSecretValue", "GetSecretValue"]);
}

#[tokio::test]
async fn path_and_tags_narrow_the_listing_and_a_search_for_nothing_is_refused() {
    let session = session([page(&[], None)]).await;
    let tags = BTreeMap::from([("env".to_owned(), "prod".to_owned())]);
    let both = Search::new(&Query { path: Some("team/".into()), tags, ..Query::default() }).unwrap();
    assert_eq!(names(&find(&session, &both).await.unwrap()), [""; 0]);
    let body: serde_json::Value = serde_json::from_str(&session.server.asked()[0].body).unwrap();
    let keys: Vec<_> = body["Filters"].as_array().unwrap().iter().map(|filter| &filter["Key"]).collect();
    assert_eq!(keys, ["name", "tag-key", "tag-value"]);
    let nothing = find(&session, &Search::new(&Query::default()).unwrap()).await.unwrap_err();
    assert_eq!((nothing.kind, session.server.asked().len()), (Kind::Invalid, 0));
}
