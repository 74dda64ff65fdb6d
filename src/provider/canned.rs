//! An HTTP server on the loopback whose answers are canned, for the tests of a provider's reading of them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use futures::stream;
use http::HeaderMap;
use http_body_util::BodyExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// One answer.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// A status and a JSON body.
    Json(u16, String),
    /// A status and a body of another kind.
    Text(u16, &'static str, String),
    /// A status, headers and an empty JSON object.
    Headed(u16, Vec<(&'static str, String)>),
    /// A text as Google's metadata server gives it.
    Machine(String),
    /// A redirect to another place.
    Elsewhere(String),
    /// None, ever.
    Hang,
    /// A status of success and a body that never ends.
    Endless,
    /// A status of success and a body that comes byte by byte and never ends.
    Drip,
}

/// One request, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Verb, path and query, for example `GET /v1/a?b=c`.
    pub(crate) request: String,
    /// All headers.
    pub(crate) headers: HeaderMap,
    /// What AWS' JSON protocol calls the operation; empty for others.
    pub(crate) target: String,
    /// The `authorization` header; empty without one.
    pub(crate) authorization: String,
    /// The body.
    pub(crate) body: String,
}

#[derive(Default)]
struct Script {
    answers: VecDeque<Answer>,
    asked: Vec<Asked>,
}

/// Answers in the order that it was given; the last answer is given again and again.
pub(crate) struct Canned {
    /// Where it listens, for example `http://127.0.0.1:1234`.
    pub(crate) url: String,
    script: Arc<Mutex<Script>>,
    task: JoinHandle<()>,
}

impl Drop for Canned {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Canned {
    pub(crate) async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let script = Arc::new(Mutex::new(Script { answers: answers.into_iter().collect(), asked: Vec::new() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state(script.clone());
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, script, task }
    }

    /// Answers otherwise from now on.
    pub(crate) fn script(&self, answers: impl IntoIterator<Item = Answer>) {
        self.script.lock().unwrap().answers = answers.into_iter().collect();
    }

    /// The requests since the last time.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.script.lock().unwrap().asked)
    }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let header =
        |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let (target, authorization) = (header("x-amz-target"), header("authorization"));
    let request = format!("{} {}", head.method, head.uri);
    let body = body.collect().await.unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let answer = {
        let mut script = script.lock().unwrap();
        script.asked.push(Asked { request, headers: head.headers, target, authorization, body });
        if script.answers.len() > 1 { script.answers.pop_front() } else { script.answers.front().cloned() }.unwrap()
    };
    let (status, kind, body) = match answer {
        Answer::Elsewhere(place) => {
            return Response::builder().status(307).header("location", place).body(Body::empty()).unwrap();
        }
        Answer::Headed(status, headers) => {
            let start = Response::builder().status(status);
            let answer = headers.into_iter().fold(start, |answer, (name, value)| answer.header(name, value));
            return answer.body(Body::from("{}")).unwrap();
        }
        Answer::Machine(text) => {
            let answer = Response::builder().header("metadata-flavor", "Google");
            return answer.body(Body::from(text)).unwrap();
        }
        Answer::Json(status, body) => (status, "application/x-amz-json-1.1", Body::from(body)),
        Answer::Text(status, kind, body) => (status, kind, Body::from(body)),
        Answer::Hang => std::future::pending().await,
        Answer::Endless => (200, "application/x-amz-json-1.1", endless(65_536, Duration::ZERO)),
        Answer::Drip => (200, "application/x-amz-json-1.1", endless(1, Duration::from_millis(20))),
    };
    Response::builder().status(status).header("content-type", kind).body(body).unwrap()
}

fn endless(size: usize, pause: Duration) -> Body {
    Body::from_stream(stream::unfold((), move |()| async move {
        tokio::time::sleep(pause).await;
        Some((Ok::<_, std::convert::Infallible>(Bytes::from(vec![b' '; size])), ()))
    }))
}
