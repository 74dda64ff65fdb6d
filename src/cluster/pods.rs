//! Finds the pods that opted in to be nudged, and sets the one annotation on them.
//!
//! A list of one namespace, never a watch: it is made only after a Secret there has changed.

use std::time::Duration;

use futures::TryFutureExt;
use k8s_openapi::api::core::v1;
use kube::api::{ListParams, Patch, PatchParams};
use kube::core::{Request, Status};
use serde::Deserialize;
use serde_json::json;

use super::error::{Error, Kind};
use super::reach::Clients;
use crate::plan::nudge::{NUDGED_AT, OPTED_IN, Pod};

/// Pods that have no node yet will see the Secret as it is, and those that have ended see nothing any more.
const RUNNING: &str = "spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed";
/// Pods in one answer, some ten kilobytes each.
const PAGE: u32 = 100;
const MANAGER: &str = "keyferry-nudge";
/// The longest that one call may take; the next change comes with calls of its own.
const DEADLINE: Duration = Duration::from_secs(10);

/// Lists and annotates pods.
#[derive(Clone, Debug)]
pub struct Pods {
    clients: Clients,
}

/// Some of a namespace's pods.
#[derive(Debug)]
pub struct Page {
    /// They opted in, have a node and have not ended.
    pub pods: Vec<Pod>,
    /// Where the next page begins; none after the last one.
    pub next: Option<String>,
}

#[derive(Clone, Deserialize)]
struct List {
    #[serde(default)]
    metadata: ListMeta,
    items: Vec<Pod>,
}

#[derive(Clone, Default, Deserialize)]
struct ListMeta {
    #[serde(default)]
    r#continue: String,
}

impl Pods {
    /// Works through `clients`.
    pub fn new(clients: Clients) -> Self {
        Self { clients }
    }

    /// One page of the pods of `namespace` that may be nudged, the one after `token` where there is one.
    ///
    /// # Errors
    /// [`Kind::Denied`] where no Role of the chart allows it; a token that is too old is [`Kind::Unavailable`].
    pub async fn page(&self, namespace: &str, token: Option<&str>) -> Result<Page, Error> {
        let doing = || format!("list pods of {namespace:?}");
        let parameters = ListParams { limit: Some(PAGE), continue_token: token.map(str::to_owned), ..opted_in() };
        let request = Request::new(format!("/api/v1/namespaces/{namespace}/pods")).list(&parameters);
        let request = request.map_err(|_| refused(doing(), "its name makes no address"))?;
        let list: List = in_time(doing, self.clients.of(namespace).request(request)).await?;
        Ok(Page { pods: list.items, next: Some(list.metadata.r#continue).filter(|token| !token.is_empty()) })
    }

    /// Has the kubelet look at exactly this pod.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when it is gone, also when another of its name stands there.
    pub async fn nudge(&self, namespace: &str, name: &str, uid: &str, stamp: &str) -> Result<(), Error> {
        let body = json!({"metadata": {"uid": uid, "annotations": {NUDGED_AT: stamp}}});
        let (parameters, patch) = (PatchParams::apply(MANAGER), Patch::Merge(&body));
        let pods = self.clients.api::<v1::Pod>(namespace);
        let patched = pods.patch_metadata(name, &parameters, &patch);
        let patched = patched.map_err(|error| if is_another(&error) { gone() } else { error });
        in_time(|| format!("nudge the pod {name:?}"), patched).await.map(|_| ())
    }
}

/// A patch with another UID is answered as one that would change it.
fn is_another(error: &kube::Error) -> bool {
    let kube::Error::Api(status) = error else { return false };
    let causes = status.details.as_ref().map(|details| details.causes.as_slice()).unwrap_or_default();
    status.code == 422 && causes.iter().any(|cause| cause.field == "metadata.uid")
}

fn gone() -> kube::Error {
    kube::Error::Api(Box::new(Status::failure("", "NotFound").with_code(404)))
}

fn opted_in() -> ListParams {
    ListParams::default().labels(OPTED_IN).fields(RUNNING)
}

async fn in_time<T>(doing: impl Fn() -> String, call: impl Future<Output = kube::Result<T>>) -> Result<T, Error> {
    let late = |_| Error { doing: doing(), kind: Kind::Unavailable, cause: format!("no answer within {DEADLINE:?}") };
    tokio::time::timeout(DEADLINE, call).await.map_err(late)?.map_err(|error| Error::of(doing(), &error))
}

fn refused(doing: String, cause: &str) -> Error {
    Error { doing, kind: Kind::Refused, cause: cause.to_owned() }
}

#[cfg(test)]
mod tests {
    use http::{Method, Response};
    use kube::Client;
    use kube::client::Body;
    use serde_json::Value;
    use tower_test::mock::Handle;

    use super::*;

    type Server = Handle<http::Request<Body>, Response<Body>>;

    fn pods() -> (Pods, Server) {
        let (service, server) = tower_test::mock::pair::<http::Request<Body>, Response<Body>>();
        (Pods::new(Clients::new(Client::new(service, "default"))), server)
    }

    /// Answers the next request with `body` and gives what was asked.
    async fn answer(server: &mut Server, status: u16, body: Value) -> (Method, String, String, Value) {
        let next = tokio::time::timeout(Duration::from_secs(1), server.next_request());
        let (request, reply) = next.await.expect("a request comes").expect("the client lives");
        reply
            .send_response(Response::builder().status(status).body(Body::from(body.to_string().into_bytes())).unwrap());
        let (head, sent) = request.into_parts();
        let accept = head.headers.get("accept").map(|accept| accept.to_str().unwrap().to_owned()).unwrap_or_default();
        let sent = serde_json::from_slice(&sent.collect_bytes().await.unwrap()).unwrap_or_default();
        (head.method, head.uri.to_string(), accept, sent)
    }

    #[tokio::test]
    async fn a_list_asks_only_for_pods_that_opted_in_and_run_and_page_by_page() {
        let (pods, mut server) = pods();
        let body = json!({"metadata": {"continue": "t/1"}, "items": [{"metadata": {"name": "a", "uid": "u"}}]});
        let (page, asked) = tokio::join!(pods.page("ns", None), answer(&mut server, 200, body));
        let page = page.unwrap();
        assert_eq!((page.pods.len(), page.next.as_deref()), (1, Some("t/1")));
        let (path, query) = asked.1.split_once('?').unwrap();
        assert_eq!((asked.0, path), (Method::GET, "/api/v1/namespaces/ns/pods"));
        for part in ["limit=100", "labelSelector=keyferry.dev%2Fnudge%3Dtrue", "fieldSelector=spec.nodeName%21%3D%2C"] {
            assert!(query.contains(part), "{query}");
        }
        assert!(!query.contains("watch") && !query.contains("continue="), "{query}");
        let last = json!({"metadata": {}, "items": []});
        let (page, asked) = tokio::join!(pods.page("ns", Some("t/1")), answer(&mut server, 200, last));
        assert_eq!(page.unwrap().next, None);
        assert!(asked.1.contains("continue=t%2F1"), "{}", asked.1);
    }

    #[tokio::test]
    async fn a_nudge_names_the_pod_it_means_and_touches_one_annotation() {
        let (pods, mut server) = pods();
        let answered = json!({"metadata": {"name": "p"}});
        let (nudged, asked) = tokio::join!(pods.nudge("ns", "p", "u", "now"), answer(&mut server, 200, answered));
        nudged.unwrap();
        let (method, uri, accept, body) = asked;
        assert_eq!((method, uri.split('?').next()), (Method::PATCH, Some("/api/v1/namespaces/ns/pods/p")));
        assert!(accept.contains("PartialObjectMetadata"), "{accept}");
        assert_eq!(body, json!({"metadata": {"uid": "u", "annotations": {"keyferry.dev/nudged-at": "now"}}}));
    }

    #[tokio::test]
    async fn a_pod_that_is_gone_and_one_in_its_place_are_told_apart_from_refusals() {
        for (code, kind) in
            [(404, Kind::NotFound), (409, Kind::Conflict), (403, Kind::Denied), (410, Kind::Unavailable)]
        {
            let (pods, mut server) = pods();
            let status = json!({"kind": "Status", "status": "Failure", "code": code, "message": "", "reason": ""});
            let (nudged, _) = tokio::join!(pods.nudge("ns", "p", "u", "now"), answer(&mut server, code, status));
            assert_eq!(nudged.unwrap_err().kind, kind);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_does_not_answer_is_waited_for_ten_seconds() {
        let (pods, _server) = pods();
        let error = pods.page("ns", None).await.unwrap_err();
        assert_eq!(error.kind, Kind::Unavailable);
        assert!(error.to_string().contains("no answer within 10s"), "{error}");
    }
}
