use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tower_test::mock::{self, Handle, SendResponse};

use super::*;

const ME: &str = "me_1";
const ITEM: &str = "/apis/coordination.k8s.io/v1/namespaces/ours/leases/external-secrets-controller";
const LIST: &str = "/apis/coordination.k8s.io/v1/namespaces/ours/leases";

type Server = Handle<Request<Body>, Response<Body>>;

fn elector() -> (Elector, Server) {
    let (service, server) = mock::pair::<Request<Body>, Response<Body>>();
    let leases = Api::namespaced(Client::new(service, "ours"), "ours");
    (Elector::new(leases, "external-secrets-controller".into(), ME.into(), Timing::default()), server)
}

fn lease(holder: &str, version: &str) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": "external-secrets-controller",
            "namespace": "ours",
            "resourceVersion": version,
            "labels": { "kept": "yes" },
        },
        "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": 15,
            "acquireTime": "2026-01-01T00:00:00.000000Z",
            "renewTime": "2026-01-01T00:00:01.000000Z",
            "leaseTransitions": 3,
        },
    })
}

fn seen(holder: Option<&str>, seconds: Option<i32>, since: Instant) -> Seen {
    let spec = LeaseSpec {
        holder_identity: holder.map(str::to_owned),
        lease_duration_seconds: seconds,
        ..LeaseSpec::default()
    };
    Seen { lease: Lease { spec: Some(spec), ..Lease::default() }, since }
}

/// The next request's method, path and body; a request that does not come fails the test.
async fn asked(server: &mut Server) -> (Method, String, Value, SendResponse<Response<Body>>) {
    let (request, answer) = timeout(Duration::from_mins(1), server.next_request()).await.unwrap().unwrap();
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    (parts.method, parts.uri.path().to_owned(), body, answer)
}

fn answer(answer: SendResponse<Response<Body>>, status: StatusCode, body: &Value) {
    let body = Body::from(serde_json::to_vec(body).unwrap());
    answer.send_response(Response::builder().status(status).body(body).unwrap());
}

fn refuse(to: SendResponse<Response<Body>>, status: StatusCode, reason: &str) {
    let code = status.as_u16();
    answer(
        to,
        status,
        &json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code }),
    );
}

/// Answers a read with `lease`, then a write with what was written under `version`; returns what was written.
async fn read_then_write(server: &mut Server, lease: &Value, version: &str) -> Value {
    let (method, path, _, to) = asked(server).await;
    assert_eq!((method, path.as_str()), (Method::GET, ITEM));
    answer(to, StatusCode::OK, lease);
    written(server, version).await
}

async fn written(server: &mut Server, version: &str) -> Value {
    let (method, path, body, to) = asked(server).await;
    assert_eq!((method, path.as_str()), (Method::PUT, ITEM));
    let mut stored = body.clone();
    stored["metadata"]["resourceVersion"] = version.into();
    answer(to, StatusCode::OK, &stored);
    body
}

#[tokio::test(start_paused = true)]
async fn every_case_has_its_step() {
    let start = Instant::now();
    let later = |seconds| start + Duration::from_secs(seconds);
    let cases = [
        ("no lease", None, 0, Step::Create),
        ("ours", Some(seen(Some(ME), Some(15), start)), 0, Step::Renew),
        ("ours, and old", Some(seen(Some(ME), Some(15), start)), 60, Step::Renew),
        ("released", Some(seen(Some(""), Some(1), start)), 0, Step::Take),
        ("never held", Some(seen(None, Some(15), start)), 0, Step::Take),
        ("another's", Some(seen(Some("you_1"), Some(15), start)), 14, Step::Wait),
        ("another's, silent for as long as promised", Some(seen(Some("you_1"), Some(15), start)), 15, Step::Take),
        ("another's, without a promise", Some(seen(Some("you_1"), None, start)), 0, Step::Take),
        ("another's, with nonsense for a promise", Some(seen(Some("you_1"), Some(-5), start)), 0, Step::Take),
        ("without a spec", Some(Seen { lease: Lease::default(), since: start }), 0, Step::Take),
    ];
    for (case, seen, seconds, step) in cases {
        assert_eq!(decide(seen.as_ref(), ME, later(seconds)), step, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_missing_is_created_and_then_renewed_without_a_read() {
    let (mut elector, mut server) = elector();
    let fence = elector.fence();
    assert!(!fence.holds());
    let work = tokio::spawn(async move {
        elector.acquire().await;
        elector.keep().await;
    });
    let (method, path, _, to) = asked(&mut server).await;
    assert_eq!((method, path.as_str()), (Method::GET, ITEM));
    refuse(to, StatusCode::NOT_FOUND, "NotFound");
    let (method, path, body, to) = asked(&mut server).await;
    assert_eq!((method, path.as_str()), (Method::POST, LIST));
    assert_eq!(body["metadata"], json!({ "name": "external-secrets-controller" }));
    assert_eq!(body["spec"]["holderIdentity"], ME);
    assert_eq!(body["spec"]["leaseDurationSeconds"], 15);
    assert_eq!(body["spec"]["leaseTransitions"], 0);
    assert_eq!(body["spec"]["acquireTime"], body["spec"]["renewTime"]);
    let mut stored = body.clone();
    stored["metadata"]["resourceVersion"] = "1".into();
    answer(to, StatusCode::CREATED, &stored);
    for version in ["2", "3"] {
        let renewal = written(&mut server, version).await;
        assert!(fence.holds());
        assert_eq!(renewal["metadata"]["resourceVersion"].as_str(), Some(if version == "2" { "1" } else { "2" }));
        assert_eq!(renewal["spec"]["acquireTime"], body["spec"]["acquireTime"]);
        assert_eq!(renewal["spec"]["leaseTransitions"], 0);
    }
    work.abort();
}

#[tokio::test(start_paused = true)]
async fn a_lease_of_another_is_only_read_until_it_has_been_silent_for_its_duration() {
    let (mut elector, mut server) = elector();
    let fence = elector.fence();
    let work = tokio::spawn(async move { elector.acquire().await });
    let start = Instant::now();
    loop {
        let (method, _, body, to) = asked(&mut server).await;
        if method == Method::PUT {
            assert!(start.elapsed() >= Duration::from_secs(15), "{:?}", start.elapsed());
            assert_eq!(body["metadata"]["resourceVersion"], "7");
            assert_eq!(body["metadata"]["labels"], json!({ "kept": "yes" }));
            assert_eq!(body["spec"]["holderIdentity"], ME);
            assert_eq!(body["spec"]["leaseTransitions"], 4);
            assert_ne!(body["spec"]["acquireTime"], "2026-01-01T00:00:00.000000Z");
            answer(to, StatusCode::OK, &body);
            break;
        }
        assert!(!fence.holds() && start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
        answer(to, StatusCode::OK, &lease("you_1", "7"));
    }
    work.await.unwrap();
    assert!(fence.holds());
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_renews_is_never_ousted_and_a_touched_label_is_no_renewal() {
    let (mut elector, mut server) = elector();
    let work = tokio::spawn(async move { elector.acquire().await });
    let start = Instant::now();
    while start.elapsed() < Duration::from_mins(1) {
        let (method, _, _, to) = asked(&mut server).await;
        assert_eq!(method, Method::GET);
        let mut renewed = lease("you_1", "7");
        renewed["spec"]["renewTime"] = format!("2026-01-01T00:01:{:02}.000000Z", start.elapsed().as_secs() % 60).into();
        answer(to, StatusCode::OK, &renewed);
    }
    let silent = Instant::now();
    for version in 8.. {
        let (method, _, _, to) = asked(&mut server).await;
        if method == Method::PUT {
            break;
        }
        assert!(silent.elapsed() < Duration::from_secs(25), "a label kept the lease alive");
        answer(to, StatusCode::OK, &lease("you_1", &version.to_string()));
    }
    work.abort();
}

#[tokio::test(start_paused = true)]
async fn a_released_lease_is_taken_at_once() {
    let (mut elector, mut server) = elector();
    let start = Instant::now();
    let work = tokio::spawn(async move {
        elector.acquire().await;
        elector
    });
    read_then_write(&mut server, &lease("", "7"), "8").await;
    assert!(work.await.unwrap().fence().holds());
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_finds_another_in_the_lease_has_lost_it_at_once() {
    let (mut elector, mut server) = elector();
    let fence = elector.fence();
    let work = tokio::spawn(async move {
        elector.acquire().await;
        elector.keep().await;
    });
    read_then_write(&mut server, &lease("", "7"), "8").await;
    let (method, _, _, to) = asked(&mut server).await;
    assert_eq!(method, Method::PUT);
    refuse(to, StatusCode::CONFLICT, "Conflict");
    let (method, _, _, to) = asked(&mut server).await;
    assert_eq!(method, Method::GET);
    assert!(fence.holds());
    answer(to, StatusCode::OK, &lease("you_1", "9"));
    work.await.unwrap();
    assert!(!fence.holds());
}

#[tokio::test(start_paused = true)]
async fn a_conflict_over_a_lease_that_is_still_ours_is_read_and_written_again() {
    let (mut elector, mut server) = elector();
    let fence = elector.fence();
    let work = tokio::spawn(async move {
        elector.acquire().await;
        elector.keep().await;
    });
    read_then_write(&mut server, &lease("", "7"), "8").await;
    let (_, _, _, to) = asked(&mut server).await;
    refuse(to, StatusCode::CONFLICT, "Conflict");
    let renewal = read_then_write(&mut server, &lease(ME, "9"), "10").await;
    assert_eq!(renewal["metadata"]["resourceVersion"], "9");
    assert_eq!(renewal["spec"]["leaseTransitions"], 3);
    assert!(fence.holds());
    work.abort();
}

#[tokio::test(start_paused = true)]
async fn a_leader_whose_renewals_are_not_answered_stops_at_the_deadline() {
    let (mut elector, mut server) = elector();
    let fence = elector.fence();
    let work = tokio::spawn(async move {
        elector.acquire().await;
        elector.keep().await;
    });
    read_then_write(&mut server, &lease("", "7"), "8").await;
    let start = Instant::now();
    let silent = tokio::spawn(async move {
        let mut unanswered = Vec::new();
        while let Some(request) = server.next_request().await {
            unanswered.push(request);
        }
    });
    sleep(Duration::from_secs(9)).await;
    assert!(fence.holds() && !work.is_finished());
    work.await.unwrap();
    assert!(!fence.holds());
    assert!(start.elapsed() <= Duration::from_secs(10), "{:?}", start.elapsed());
    silent.abort();
}

#[tokio::test(start_paused = true)]
async fn the_fence_counts_from_when_a_renewal_was_sent() {
    let (mut elector, mut server) = elector();
    let fence = elector.fence();
    let work = tokio::spawn(async move { elector.acquire().await });
    let (_, _, _, to) = asked(&mut server).await;
    answer(to, StatusCode::OK, &lease("", "7"));
    let (_, _, body, to) = asked(&mut server).await;
    sleep(Duration::from_secs(4)).await;
    answer(to, StatusCode::OK, &body);
    work.await.unwrap();
    sleep(Duration::from_millis(5900)).await;
    assert!(fence.holds());
    sleep(Duration::from_millis(200)).await;
    assert!(!fence.holds());
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_released_with_nobody_as_its_holder_and_the_fence_is_closed_first() {
    let (mut elector, mut server) = elector();
    let fence = elector.fence();
    let work = tokio::spawn(async move {
        elector.acquire().await;
        elector.release().await;
        elector.release().await;
    });
    read_then_write(&mut server, &lease("", "7"), "8").await;
    let (method, _, body, to) = asked(&mut server).await;
    assert!(!fence.holds());
    assert_eq!(method, Method::PUT);
    assert_eq!(body["metadata"]["resourceVersion"], "8");
    assert_eq!(body["spec"]["holderIdentity"], "");
    assert_eq!(body["spec"]["leaseDurationSeconds"], 1);
    assert_eq!(body["spec"]["leaseTransitions"], 4);
    answer(to, StatusCode::OK, &body);
    work.await.unwrap();
    assert!(server.next_request().await.is_none(), "a lease that is not ours was written");
}

#[tokio::test]
async fn a_process_without_an_election_may_always_write() {
    assert!(Fence::always().holds());
}

#[test]
fn no_two_processes_have_one_identity() {
    let (one, other) = (identity("pod-1"), identity("pod-1"));
    assert_ne!(one, other);
    let uuid = one.strip_prefix("pod-1_").unwrap();
    let lengths: Vec<_> = uuid.split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12]);
    assert_eq!(uuid.as_bytes()[14], b'4');
    assert!(b"89ab".contains(&uuid.as_bytes()[19]), "{uuid}");
}
