//! What reading is with either service.

use std::time::Duration;

use super::service::{ALL, Spoken};
use super::{AMPLE, Answer, CANARY, Session, environment, keyring, kinds, operations, refused, session_within};
use crate::provider::aws::open;
use crate::provider::memory::key;
use crate::provider::{Batch, Context, Kind, Validity};

#[tokio::test]
async fn a_key_that_the_batch_does_not_answer_is_read_by_itself() {
    for spoken in ALL {
        let session = spoken.session([(spoken.values)(&[("a", "1")], &[]), (spoken.value)("b", "2")]).await;
        assert_eq!(session.provider.read_many(&["a", "b"].map(key)).await, [Ok("1".into()), Ok("2".into())]);
        assert_eq!(operations(&session), [spoken.many, spoken.one]);
    }
}

#[tokio::test]
async fn a_principal_that_may_not_batch_reads_singly_until_the_hour_is_over() {
    for spoken in ALL {
        let session = spoken.session([refused(400, "AccessDeniedException"), (spoken.value)("a", "1")]).await;
        assert_eq!(session.provider.batch(&key("a")), Batch::Many(spoken.batch));
        let keys = ["a", "b"].map(key);
        assert_eq!(session.provider.read_many(&keys).await, [Ok("1".into()), Ok("1".into())]);
        assert_eq!(operations(&session), [spoken.many, spoken.one, spoken.one]);
        assert_eq!(session.provider.batch(&key("a")), Batch::Single);
        session.provider.read_many(&keys).await;
        assert_eq!(operations(&session), [spoken.one, spoken.one]);
        tokio::time::pause();
        tokio::time::advance(Duration::from_hours(1)).await;
        tokio::time::resume();
        assert_eq!(session.provider.batch(&key("a")), Batch::Many(spoken.batch));
    }
}

#[tokio::test]
async fn a_batch_that_is_refused_as_a_whole_is_read_one_by_one() {
    for spoken in ALL {
        let one_by_one = [(spoken.value)("a", "1"), refused(400, spoken.absent)];
        let session = spoken.session([refused(400, spoken.malformed)].into_iter().chain(one_by_one)).await;
        let answers = session.provider.read_many(&["a", "b"].map(key)).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        assert_eq!(operations(&session), [spoken.many, spoken.one, spoken.one]);
        assert_eq!(session.provider.batch(&key("a")), Batch::Many(spoken.batch));
    }
}

/// Fails where a read that is answered like this does not fail as `kind`, or shows what the answer says.
async fn check(spoken: &Spoken, answer: Answer, kind: Kind) {
    let case = format!("{}: {answer:?}", spoken.name);
    let deadline = if matches!(answer, Answer::Hang | Answer::Drip) { Duration::from_millis(300) } else { AMPLE };
    let session = session_within(deadline, (spoken.spec)(), [answer]).await;
    let single = session.provider.read_many(&[key("a")]).await;
    let batch = session.provider.read_many(&["a", "b"].map(key)).await;
    assert_eq!(kinds(&single), [Some(kind)], "{case}");
    assert_eq!(kinds(&batch), [Some(kind); 2], "{case}: {batch:?}");
    for error in single.iter().chain(&batch).map(|answer| answer.as_ref().unwrap_err()) {
        assert!(!format!("{error} {error:?}").contains("canary"), "{case}: {error}");
        assert_eq!(error.provider, spoken.name);
    }
    let calls = session.ledger.take();
    assert!(!calls.is_empty() && calls.iter().all(|(_, _, ok)| !ok), "{case}: {calls:?}");
}

#[tokio::test]
async fn every_failure_has_its_kind_and_shows_neither_value_nor_message() {
    let xml = |status, code: &str| {
        let body =
            format!("<ErrorResponse><Error><Code>{code}</Code><Message>{CANARY}</Message></Error></ErrorResponse>");
        Answer::Text(status, "text/xml", body)
    };
    for spoken in ALL {
        for (answer, kind) in [
            (refused(400, spoken.absent), Kind::NotFound),
            (refused(400, &format!("com.amazonaws#{}", spoken.absent)), Kind::NotFound),
            (refused(400, "AccessDeniedException"), Kind::Denied),
            (refused(400, "UnrecognizedClientException"), Kind::Unauthenticated),
            (refused(400, "ExpiredTokenException"), Kind::Unauthenticated),
            (refused(400, "InvalidSignatureException"), Kind::Unauthenticated),
            (refused(400, "ThrottlingException"), Kind::Throttled),
            (refused(429, CANARY), Kind::Throttled),
            (refused(400, spoken.malformed), Kind::Invalid),
            (refused(400, CANARY), Kind::Invalid),
            (refused(500, spoken.broken), Kind::Unavailable),
            (refused(503, CANARY), Kind::Unavailable),
            (xml(403, "InvalidClientTokenId"), Kind::Denied),
            (xml(401, CANARY), Kind::Unauthenticated),
            (Answer::Text(404, "text/html", CANARY.into()), Kind::Unavailable),
            (Answer::Text(200, "text/html", CANARY.into()), Kind::Unavailable),
            (Answer::Json(200, format!("{}{CANARY}", spoken.half)), Kind::Unavailable),
            (Answer::Elsewhere("http://127.0.0.1:1/".into()), Kind::Unavailable),
            (Answer::Hang, Kind::Unavailable),
            (Answer::Endless, Kind::Unavailable),
            (Answer::Drip, Kind::Unavailable),
        ] {
            check(&spoken, answer, kind).await;
        }
    }
}

#[tokio::test]
async fn codes_of_one_service_have_their_kinds() {
    let [secrets_manager, parameter_store] = ALL;
    check(&secrets_manager, refused(400, "DecryptionFailure"), Kind::Denied).await;
    check(&secrets_manager, refused(400, "InvalidRequestException"), Kind::Invalid).await;
    check(&parameter_store, refused(400, "ParameterVersionNotFound"), Kind::NotFound).await;
    check(&parameter_store, refused(400, "InvalidKeyId"), Kind::Denied).await;
}

#[tokio::test]
async fn an_endless_answer_is_cut_off_long_before_the_deadline() {
    for spoken in ALL {
        let session = spoken.session([Answer::Endless]).await;
        let started = std::time::Instant::now();
        assert_eq!(kinds(&session.provider.read_many(&[key("a")]).await), [Some(Kind::Unavailable)]);
        assert!(started.elapsed() < AMPLE / 2, "{:?}", started.elapsed());
    }
}

#[tokio::test]
async fn a_throttled_or_unavailable_call_is_not_tried_again_here() {
    for spoken in ALL {
        for answer in
            [refused(400, "ThrottlingException"), refused(500, "ThrottlingException"), refused(500, spoken.broken)]
        {
            let session = spoken.session([answer.clone()]).await;
            session.provider.read_many(&["a", "b"].map(key)).await;
            assert_eq!(session.server.asked().len(), 1, "{answer:?}");
        }
    }
}

#[tokio::test]
async fn credentials_are_named_by_their_service_and_validate_without_a_call() {
    for spoken in ALL {
        let session: Session = spoken.session([Answer::Hang]).await;
        assert_eq!(session.provider.validate().await, Ok(Validity::Valid));
        assert_eq!(session.server.asked().len(), 0);
        let keyring = keyring();
        keyring.set("aws", "key", "can ary");
        let environment = environment(&session.server.url, AMPLE, session.ledger.clone()).await;
        let error = open(&(spoken.spec)(), &Context::default(), keyring, &environment).await.unwrap_err();
        assert_eq!(error.provider, spoken.name);
    }
}
