//! Values, versions and metadata.

use super::*;
use crate::provider::Batch;

fn fetching() -> GcpSmProvider {
    GcpSmProvider { secret_version_selection_policy: Some("LatestOrFetch".to_owned()), ..spec(with_key()) }
}

fn metadata(name: &str) -> RemoteKey {
    RemoteKey { part: Part::Metadata, ..key(name) }
}

#[tokio::test]
async fn a_secret_is_its_latest_versions_payload_byte_by_byte() {
    let every: Vec<u8> = (0..=u8::MAX).collect();
    let session = session(vec![payload(&every)]).await;
    assert_eq!(session.read(key("db_1-A")).await, Ok(Sealed::new(every)));
    assert_eq!(session.asked(), ["GET /v1/projects/p1/secrets/db_1-A/versions/latest:access Bearer t1"]);
    assert_eq!(session.ledger.take(), [("GCP/SecretManager", "AccessSecretVersion", true)]);
}

#[tokio::test]
async fn an_empty_payload_is_an_empty_value_and_none_is_none() {
    let session = session(vec![ok(json!({"payload": {"dataCrc32c": "0"}})), ok(json!({"name": "x"}))]).await;
    assert_eq!(session.read(key("a")).await, Ok("".into()));
    assert_eq!(session.kind(key("a")).await, Some(Kind::Invalid));
}

#[tokio::test]
async fn a_payload_that_is_not_what_its_checksum_says_is_no_value() {
    let bad = |sum: &str| ok(json!({"payload": {"data": "Y2FuYXJ5LTViMGY=", "dataCrc32c": sum}}));
    let session = session(vec![bad("1"), bad("x"), bad("-1"), bad("99999999999")]).await;
    for _ in 0..4 {
        assert_eq!(session.kind(key("a")).await, Some(Kind::Unavailable));
    }
}

#[tokio::test]
async fn versions_and_full_names_go_into_the_path_and_numbers_are_immutable() {
    let session = session(vec![payload(b"1")]).await;
    let full = "projects/p1/secrets/a/versions/7";
    for (key, place) in [
        (key_at("a", "3"), "a/versions/3"),
        (key_at("a", "prod"), "a/versions/prod"),
        (key("projects/p1/secrets/a"), "a/versions/latest"),
        (key(full), "a/versions/7"),
    ] {
        session.read(key).await.unwrap();
        assert_eq!(session.asked(), [format!("GET /v1/projects/p1/secrets/{place}:access Bearer t1")]);
    }
    for (key, immutable) in [
        (key_at("a", "3"), true),
        (key(full), true),
        (key("a"), false),
        (key_at("a", "latest"), false),
        (key_at("a", "prod"), false),
        (metadata("a"), false),
    ] {
        assert_eq!(session.provider.is_immutable(&key), immutable, "{key:?}");
        assert_eq!(session.provider.batch(&key), Batch::Single);
    }
}

#[tokio::test]
async fn a_key_cannot_leave_the_stores_project_or_location() {
    let session = session(vec![payload(b"1")]).await;
    for strange in [
        "projects/p2/secrets/a",
        "projects/p1/locations/europe-west3/secrets/a",
        "a/versions/1",
        "a:destroy",
        "../../p2/secrets/a",
        "",
    ] {
        assert_eq!(session.kind(key(strange)).await, Some(Kind::Invalid), "{strange}");
    }
    assert_eq!(session.kind(key_at("a", "1:destroy")).await, Some(Kind::Invalid));
    assert!(session.asked().is_empty());
}

#[tokio::test]
async fn a_location_is_in_the_path() {
    let spec = GcpSmProvider { location: Some("europe-west3".to_owned()), ..spec(with_key()) };
    let session = signed_in(spec, vec![payload(b"1")]).await;
    session.read(key("a")).await.unwrap();
    session.read(key("projects/p1/locations/europe-west3/secrets/a")).await.unwrap();
    let path = "GET /v1/projects/p1/locations/europe-west3/secrets/a/versions/latest:access Bearer t1";
    assert_eq!(session.asked(), [path, path]);
    assert_eq!(session.kind(key("projects/p1/secrets/a")).await, Some(Kind::Invalid));
}

#[tokio::test]
async fn a_latest_version_that_sleeps_is_no_absence_and_has_no_stand_in_unless_the_store_says_so() {
    let session = session(vec![asleep(4)]).await;
    assert_eq!(session.kind(key("a")).await, Some(Kind::Invalid));
    assert_eq!(session.asked().len(), 1);
    let session = signed_in(fetching(), vec![asleep(4)]).await;
    assert_eq!(session.kind(key_at("a", "4")).await, Some(Kind::Invalid));
    assert_eq!(session.asked().len(), 1, "a version that is named is the one that is meant");
}

#[tokio::test]
async fn the_newest_enabled_version_stands_in_and_is_listed_once_in_five_minutes() {
    let list = ok(json!({"versions": [
        {"name": "projects/1/secrets/a/versions/2"}, {"name": "projects/1/secrets/a/versions/10"},
    ]}));
    let answers = vec![asleep(11), list.clone(), payload(b"ten"), asleep(11), payload(b"ten"), asleep(11), list];
    let session = signed_in(fetching(), [answers, vec![payload(b"ten")]].concat()).await;
    let latest = "GET /v1/projects/p1/secrets/a/versions/latest:access Bearer t1";
    let listing = "GET /v1/projects/p1/secrets/a/versions?filter=state%3AENABLED&pageSize=250 Bearer t1";
    let tenth = "GET /v1/projects/p1/secrets/a/versions/10:access Bearer t1";
    assert_eq!(session.read(key("a")).await, Ok("ten".into()));
    assert_eq!(session.asked(), [latest, listing, tenth]);
    assert_eq!(session.read(key("a")).await, Ok("ten".into()));
    assert_eq!(session.asked(), [latest, tenth]);
    pass(Duration::from_mins(5)).await;
    assert_eq!(session.read(key("a")).await, Ok("ten".into()));
    assert_eq!(session.asked(), [latest, listing, tenth]);
}

#[tokio::test]
async fn a_stand_in_that_goes_to_sleep_is_looked_for_anew_and_none_is_what_it_was() {
    let one = ok(json!({"versions": [{"name": "projects/1/secrets/a/versions/2"}]}));
    let none = ok(json!({}));
    let session = signed_in(fetching(), vec![asleep(4), one, payload(b"two"), asleep(4), asleep(2), none]).await;
    assert_eq!(session.read(key("a")).await, Ok("two".into()));
    assert_eq!(session.kind(key("a")).await, Some(Kind::Invalid));
}

#[tokio::test]
async fn metadata_is_annotations_and_labels_as_go_writes_them() {
    let whole = json!({"name": "x", "labels": {"b": "2", "a": "1"}, "annotations": {"example.com/owner": "<a>"}});
    let session = session(vec![ok(whole), ok(json!({"name": "x"})), gone("a")]).await;
    let text = r#"{"annotations":{"example.com/owner":"\u003ca\u003e"},"labels":{"a":"1","b":"2"}}"#;
    assert_eq!(session.read(metadata("a")).await, Ok(text.into()));
    assert_eq!(session.asked(), ["GET /v1/projects/p1/secrets/a Bearer t1"]);
    assert_eq!(session.ledger.take(), [("GCP/SecretManager", "GetSecret", true)]);
    assert_eq!(session.read(metadata("a")).await, Ok(r#"{"annotations":null,"labels":null}"#.into()));
    assert_eq!(session.kind(metadata("a")).await, Some(Kind::NotFound));
}

#[tokio::test]
async fn metadata_is_read_at_no_more_than_half_of_googles_quota() {
    let session = open_with(
        keyring(),
        Duration::from_secs(2),
        spec(with_key()),
        vec![token("t1", 3600), ok(json!({"labels": {"a": "1"}}))],
    )
    .await
    .unwrap();
    let reads = futures::future::join_all((0..60).map(|_| session.kind(metadata("a")))).await;
    let throttled = reads.iter().filter(|kind| **kind == Some(Kind::Throttled)).count();
    assert!(reads.iter().all(|kind| matches!(kind, None | Some(Kind::Throttled))), "{reads:?}");
    let asked = session.asked().iter().filter(|asked| asked.contains("/secrets/a")).count();
    assert!((25..=32).contains(&asked) && asked + throttled == 60, "{asked} were asked");
}

#[tokio::test]
async fn an_answer_that_is_none_of_googles_is_no_value() {
    let html = |code| Answer::Text(code, "text/html", format!("<html>{CANARY}</html>"));
    for (answer, kind) in [
        (html(200), Kind::Invalid),
        (html(404), Kind::Invalid),
        (Answer::Json(200, format!("{{\"payload\":{{\"data\":\"{CANARY}")), Kind::Invalid),
        (ok(json!({"payload": {"data": "%%%"}})), Kind::Invalid),
        (ok(json!({"payload": [CANARY]})), Kind::Invalid),
        (Answer::Elsewhere("http://127.0.0.1:1/".to_owned()), Kind::Invalid),
        (gone("a"), Kind::NotFound),
        (error(403, "PERMISSION_DENIED", "x"), Kind::Denied),
        (error(429, "RESOURCE_EXHAUSTED", "x"), Kind::Throttled),
        (error(503, "UNAVAILABLE", "x"), Kind::Unavailable),
        (Answer::Endless, Kind::Invalid),
    ] {
        let session = session(vec![answer.clone()]).await;
        assert_eq!(session.kind(key("a")).await, Some(kind), "{answer:?}");
        assert_eq!(session.asked().len(), 1, "nothing is tried again here, and no redirect is followed: {answer:?}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_or_drips_is_given_up_on() {
    for answer in [Answer::Hang, Answer::Drip] {
        let answers = vec![token("t1", 3600), answer];
        let session = open_with(keyring(), Duration::from_millis(300), spec(with_key()), answers).await.unwrap();
        session.provider.validate().await.unwrap();
        assert_eq!(session.kind(key("a")).await, Some(Kind::Unavailable));
    }
}
