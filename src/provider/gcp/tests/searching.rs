//! Listings and their pages.

use super::*;

fn listed(names: &[(&str, Value)], next: Option<&str>) -> Answer {
    let secrets: Vec<_> = names
        .iter()
        .map(|(name, labels)| json!({"name": format!("projects/1/secrets/{name}"), "labels": labels}))
        .collect();
    ok(json!({"secrets": secrets, "nextPageToken": next.unwrap_or_default()}))
}

async fn find(session: &Session, query: &Query) -> Result<Vec<String>, Kind> {
    let found = session.provider.find(&Search::new(query).unwrap()).await.map_err(|error| {
        assert!(!format!("{error:?} {error}").contains(CANARY), "{error:?}");
        error.kind
    })?;
    Ok(found.entries().keys().cloned().collect())
}

fn by_name(name: &str) -> Query {
    Query { name: Some(name.to_owned()), ..Query::default() }
}

#[tokio::test]
async fn a_search_asks_the_service_for_labels_and_path_and_judges_each_name_itself() {
    let both = json!({"team": "a", "env": "prod"});
    let page = listed(&[("db-1", both.clone()), ("db-2", json!({"team": "a"})), ("my-db-1", both)], None);
    let session = session(vec![page, payload(b"1")]).await;
    let tags = [("team", "a"), ("env", "prod")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    let query = Query { path: Some("db-".to_owned()), tags: tags.into(), ..Query::default() };
    assert_eq!(find(&session, &query).await, Ok(vec!["db-1".to_owned()]));
    let filter = "labels.env%3Dprod+AND+labels.team%3Da+AND+name%3Adb-";
    assert_eq!(
        session.asked(),
        [
            format!("GET /v1/projects/p1/secrets?pageSize=200&filter={filter} Bearer t1"),
            "GET /v1/projects/p1/secrets/db-1/versions/latest:access Bearer t1".to_owned(),
        ]
    );
}

#[tokio::test]
async fn labels_do_not_count_where_there_is_an_expression() {
    let session = session(vec![listed(&[("db-1", json!({})), ("x", json!({}))], None), payload(b"1")]).await;
    let query = Query { tags: [("a".to_owned(), "b".to_owned())].into(), ..by_name("^db") };
    assert_eq!(find(&session, &query).await, Ok(vec!["db-1".to_owned()]));
    assert_eq!(session.asked()[0], "GET /v1/projects/p1/secrets?pageSize=200 Bearer t1");
}

#[tokio::test]
async fn every_page_is_read_and_one_that_fails_or_repeats_fails_the_search() {
    let first = || listed(&[("a", json!({}))], Some("next"));
    let session = session(vec![first(), listed(&[("b", json!({}))], None), payload(b"1")]).await;
    assert_eq!(find(&session, &by_name(".")).await, Ok(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(session.asked()[1], "GET /v1/projects/p1/secrets?pageSize=200&pageToken=next Bearer t1");
    for (second, kind) in [
        (error(400, "INVALID_ARGUMENT", "page token"), Kind::Invalid),
        (error(403, "PERMISSION_DENIED", "x"), Kind::Denied),
        (error(429, "RESOURCE_EXHAUSTED", "x"), Kind::Throttled),
        (error(500, "INTERNAL", "x"), Kind::Unavailable),
        (first(), Kind::Unavailable),
        (Answer::Json(200, format!("{{\"secrets\":[{{\"name\":\"{CANARY}")), Kind::Invalid),
        (ok(json!({"secrets": [{"name": "projects/1/secrets/%2e"}]})), Kind::Invalid),
    ] {
        let session = super::session(vec![first(), second]).await;
        assert_eq!(find(&session, &by_name(".")).await, Err(kind));
    }
}

#[tokio::test]
async fn a_secret_that_goes_meanwhile_is_passed_over_and_one_that_may_not_be_read_fails_the_search() {
    let page = || listed(&[("a", json!({}))], None);
    let session = session(vec![page(), gone("a")]).await;
    assert_eq!(find(&session, &by_name(".")).await, Ok(Vec::new()));
    for (answer, kind) in [(error(403, "PERMISSION_DENIED", "x"), Kind::Denied), (asleep(1), Kind::Invalid)] {
        let session = super::session(vec![page(), answer]).await;
        assert_eq!(find(&session, &by_name(".")).await, Err(kind));
    }
}

#[tokio::test]
async fn a_path_that_no_name_begins_with_and_a_query_of_nothing_are_invalid() {
    let session = session(vec![listed(&[], None)]).await;
    for path in ["team/a", "a OR labels.x=y", "a\"b"] {
        let query = Query { path: Some(path.to_owned()), ..Query::default() };
        assert_eq!(find(&session, &query).await, Err(Kind::Invalid), "{path}");
    }
    assert_eq!(find(&session, &Query::default()).await, Err(Kind::Invalid));
    assert!(session.asked().is_empty());
    // What no label can be is not sent to the service: it would be read as a part of the filter.
    let tags = [("a".to_owned(), "b OR name:x".to_owned())].into();
    assert_eq!(find(&session, &Query { tags, ..Query::default() }).await, Ok(Vec::new()));
    assert_eq!(session.asked(), ["GET /v1/projects/p1/secrets?pageSize=200 Bearer t1"]);
}
