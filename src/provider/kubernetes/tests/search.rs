//! Searches against canned pages.

use super::*;
use crate::provider::{Matches, Query, Search};

fn page(names: &[&str], next: &str, remaining: Option<u64>) -> Answer {
    let items: Vec<Value> = names
        .iter()
        .map(|name| {
            let mut item = object(name, &[("k", name.as_bytes())]);
            item.as_object_mut().unwrap().remove("kind");
            item
        })
        .collect();
    ok(json!({"kind": "SecretList", "metadata": {"continue": next, "remainingItemCount": remaining}, "items": items}))
}

fn by_name(expression: &str) -> Query {
    Query { name: Some(expression.to_owned()), ..Query::default() }
}

async fn find(session: &Session, query: &Query) -> Result<Matches, Error> {
    let found = session.provider.find(&Search::new(query).unwrap()).await;
    assert!(!format!("{found:?}").contains(CANARY), "{found:?}");
    found
}

async fn kind(answers: Vec<Answer>) -> Option<Kind> {
    let session = session(with_token(), false, answers).await;
    find(&session, &by_name("")).await.err().map(|error| error.kind)
}

#[tokio::test]
async fn every_page_is_read_and_matches_are_json() {
    let answers = vec![page(&["db-1", "web"], "next=1&x", Some(1)), page(&["db-2"], "", None)];
    let session = session(with_token(), false, answers).await;
    let found = find(&session, &by_name("^db-")).await.unwrap();
    let found: Vec<_> = found.entries().iter().collect();
    assert_eq!(
        found,
        [(&"db-1".to_owned(), &r#"{"k":"db-1"}"#.into()), (&"db-2".to_owned(), &r#"{"k":"db-2"}"#.into())]
    );
    let path = "GET /api/v1/namespaces/team/secrets";
    assert_eq!(
        session.asked(),
        [format!("{path}?limit=100 Bearer given"), format!("{path}?limit=100&continue=next%3D1%26x Bearer given")]
    );
    assert_eq!(session.ledger.take(), [("Kubernetes", "ListSecrets", true); 2]);
}

#[tokio::test]
async fn tags_are_a_label_selector_and_count_together_with_the_name() {
    let session = session(with_token(), false, vec![page(&["db-1", "web"], "", None)]).await;
    let tags = [("team".to_owned(), "a".to_owned()), ("env".to_owned(), "b".to_owned())].into();
    let found = find(&session, &Query { tags, ..by_name("^db") }).await.unwrap();
    assert_eq!(found.entries().keys().collect::<Vec<_>>(), ["db-1"]);
    assert!(session.asked()[0].contains("labelSelector=env%3Db%2Cteam%3Da"));
}

#[tokio::test]
async fn what_cannot_be_searched_by_is_not_asked() {
    let session = session(with_token(), false, vec![page(&[], "", None)]).await;
    let injected = [("a".to_owned(), "b,c!=d".to_owned())].into();
    for query in [
        Query { path: Some("x".into()), ..by_name("a") },
        Query { tags: injected, ..Query::default() },
        Query::default(),
    ] {
        let error = find(&session, &query).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{query:?}");
    }
    assert!(session.asked().is_empty());
}

#[tokio::test]
async fn a_listing_that_breaks_off_fails_whole() {
    let first = || page(&["a"], "next", Some(1));
    for (second, meant) in [
        (status(410, "Expired", json!({})), Kind::Unavailable),
        (status(403, "Forbidden", json!({})), Kind::Denied),
        (status(429, "TooManyRequests", json!({})), Kind::Throttled),
        (page(&["b"], "next", Some(1)), Kind::Unavailable),
        (page(&["b"], "", Some(3)), Kind::Unavailable),
        (ok(json!({"kind": "Secret", "metadata": {}})), Kind::Invalid),
        (ok(json!({"kind": "SecretList", "metadata": {}, "items": [{}]})), Kind::Invalid),
        (Answer::Json(200, format!("{{\"kind\":\"SecretList\",\"items\":[\"{CANARY}")), Kind::Invalid),
    ] {
        assert_eq!(kind(vec![first(), second.clone()]).await, Some(meant), "{second:?}");
    }
}

#[tokio::test]
async fn pages_that_are_too_long_are_asked_for_in_smaller_ones() {
    let answers = vec![Answer::Endless, Answer::Endless, page(&["a"], "next", None), page(&["b"], "", None)];
    let session = session(with_token(), false, answers).await;
    assert_eq!(find(&session, &by_name("")).await.unwrap().entries().len(), 2);
    let limits: Vec<_> =
        session.asked().iter().map(|asked| asked.split_once("limit=").unwrap().1[..2].to_owned()).collect();
    assert_eq!(limits, ["10", "25", "6 ", "6&"].map(str::to_owned));
    assert_eq!(kind(vec![Answer::Endless]).await, Some(Kind::Invalid));
}
