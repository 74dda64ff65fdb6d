//! Whether objects have changed, by listings.

use super::*;
use crate::provider::Mark;

const PAGE: usize = 25;

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("k{number}")).collect()
}

fn keys(names: &[String]) -> Vec<RemoteKey> {
    names.iter().map(|name| key(name)).collect()
}

/// A session whose vault gives these pages, made once it is known where the vault is.
async fn listing(pages: impl Fn(&str) -> Vec<Answer>) -> Session {
    let session = session(Vec::new()).await;
    session.vault.script(pages(&session.vault.url));
    session
}

/// The pages of a listing of `names`.
fn pages(server: &str, names: &[String]) -> Vec<Answer> {
    let last = names.len().div_ceil(PAGE) - 1;
    let pages = names.chunks(PAGE).enumerate();
    pages.map(|(number, chunk)| page(server, chunk, (number < last).then_some(number + 1))).collect()
}

async fn marks(session: &Session, keys: &[RemoteKey]) -> Vec<Option<Mark>> {
    session.provider.marks(keys).await.unwrap()
}

#[tokio::test]
async fn a_thousand_keys_are_forty_pages() {
    let names = names(1000);
    let session = listing(|server| pages(server, &names)).await;
    let marks = marks(&session, &keys(&names)).await;
    assert!(marks.len() == 1000 && marks.iter().all(Option::is_some));
    let asked = session.asked();
    assert_eq!(asked.len(), 40);
    assert_eq!(asked[0], "GET /secrets?api-version=7.4&maxresults=25 Bearer t");
    assert_eq!(asked[1], "GET /secrets?api-version=7.4&%24skiptoken=1 Bearer t");
    assert_eq!(session.sign_ins().len(), 1);
}

#[tokio::test]
async fn marks_are_in_the_order_of_the_keys_and_none_is_made_up() {
    let listed = names(10);
    let session = listing(|server| pages(server, &listed)).await;
    let mut asked = keys(&["k3".into(), "absent".into(), "K3".into(), "k9".into()]);
    asked.extend([tags("k3"), key("bad name"), key_at("k1", "0f")]);
    let marks = marks(&session, &asked).await;
    let some: Vec<_> = marks.iter().map(Option::is_some).collect();
    assert_eq!(some, [true, false, true, true, true, false, false]);
    assert_eq!((marks[0].clone(), marks[0].clone()), (marks[2].clone(), marks[4].clone()));
}

#[tokio::test]
async fn each_type_is_a_listing_of_its_own_and_a_version_is_of_none() {
    let session = session(vec![secret("v")]).await;
    let detects = |key: RemoteKey| session.provider.detects(&key);
    let types = [detects(key("a")), detects(key("cert/a")), detects(key("key/a"))];
    assert!(types.iter().all(Option::is_some));
    assert!(types[0] != types[1] && types[1] != types[2] && types[0] != types[2]);
    assert_eq!((detects(key("secret/a")), detects(tags("a"))), (types[0], types[0]));
    for none in [key_at("a", "0f"), key("other/a"), key("a b")] {
        assert_eq!(detects(none.clone()), None, "{none:?}");
    }
}

#[tokio::test]
async fn a_page_that_fails_leaves_nothing_known() {
    let names = names(60);
    for (answer, kind) in [
        (error(429, "Throttled", ""), Kind::Throttled),
        (error(500, "", ""), Kind::Unavailable),
        (Answer::Json(200, "{\"value\":[".to_owned()), Kind::Invalid),
        (ok(json!({"value": [], "nextLink": "https://elsewhere.example/secrets?a=b"})), Kind::Unavailable),
    ] {
        let session = listing(|server| {
            let mut pages = pages(server, &names);
            pages[1] = answer.clone();
            pages
        });
        let session = session.await;
        let error = session.provider.marks(&keys(&names)).await.unwrap_err();
        assert_eq!(error.kind, kind, "{answer:?}");
        assert!(!error.to_string().contains(CANARY), "{error}");
    }
}

#[tokio::test]
async fn a_listing_says_how_many_calls_it_takes_also_where_it_came_to_no_end() {
    let all = names(100);
    let session = listing(|server| pages(server, &all)).await;
    let calls = |of: &str| session.provider.listing_calls(&key(of));
    assert_eq!(calls("a"), 1);
    marks(&session, &keys(&all[..1])).await;
    assert_eq!((calls("a"), calls("key/a"), session.asked().len()), (4, 1, 4));
    let mut broken = pages(&session.vault.url, &all);
    broken[2] = error(500, "", "");
    session.vault.script(broken);
    session.provider.marks(&keys(&all)).await.unwrap_err();
    assert_eq!(calls("a"), 2);
}
