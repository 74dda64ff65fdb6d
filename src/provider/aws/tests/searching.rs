//! What searching is with either service; by tags, which both list names for first.

use serde_json::json;

use super::service::ALL;
use super::{names, ok, operations, refused, search};
use crate::provider::{Kind, Search};

fn by_tag() -> Search {
    search(None, None, &[("env", "prod")])
}

#[tokio::test]
async fn a_page_that_is_denied_lost_or_repeated_fails_the_search() {
    for spoken in ALL {
        for (second, kind) in [
            (refused(400, "AccessDeniedException"), Kind::Denied),
            (refused(400, spoken.lost), Kind::Unavailable),
            (refused(400, "ThrottlingException"), Kind::Throttled),
            (refused(500, spoken.broken), Kind::Unavailable),
            ((spoken.page)(&["/b"], Some("two")), Kind::Unavailable),
            (ok(json!({"SecretList": 1, "Parameters": 1})), Kind::Unavailable),
        ] {
            for tags in [&[][..], &[("env", "prod")]] {
                let session = spoken.session([(spoken.page)(&["/a"], Some("two")), second.clone()]).await;
                let error = session.provider.find(&search(None, Some("."), tags)).await.unwrap_err();
                assert_eq!(error.kind, kind, "{error}");
                assert!(
                    error.doing.contains("search by name \".\"") && !error.to_string().contains("canary"),
                    "{error}"
                );
                assert!(matches!(&operations(&session)[..], [first, second] if first == second));
            }
        }
    }
}

#[tokio::test]
async fn what_is_gone_since_it_was_listed_is_passed_over_and_what_is_denied_fails_all() {
    for spoken in ALL {
        let listed = (spoken.page)(&["/a", "/b"], None);
        let session = spoken.session([listed.clone(), (spoken.values)(&[("/a", "1")], &[&(spoken.id)("/b")])]).await;
        assert_eq!(names(&session.provider.find(&by_tag()).await.unwrap()), ["/a"]);
        let session = spoken.session([listed, refused(400, "AccessDeniedException")]).await;
        assert_eq!(session.provider.find(&by_tag()).await.unwrap_err().kind, Kind::Denied);
    }
}

#[tokio::test]
async fn a_principal_that_may_not_batch_reads_each_match() {
    for spoken in ALL {
        let each = [(spoken.value)("/a", "1"), (spoken.value)("/b", "2")];
        let first = [(spoken.page)(&["/a", "/b"], None), refused(400, "AccessDeniedException")];
        let session = Box::pin(spoken.session(first.into_iter().chain(each))).await;
        assert_eq!(names(&session.provider.find(&by_tag()).await.unwrap()), ["/a", "/b"]);
        assert_eq!(operations(&session), [spoken.listing, spoken.many, spoken.one, spoken.one]);
    }
}
