//! Answers one call: the emulator's answer, or what a rule makes of it.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, stream};
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use serde_json::{Value, json};

use super::call::request_id;
use super::{Call, Fault, Rule, Shared, bounds};

/// AWS' own limit for a request of Secrets Manager is far below.
const REQUEST_LIMIT: usize = 4 << 20;
/// How often the emulator is asked that broke, and the pause between two.
const TRIES: usize = 5;
const ASK_AGAIN: Duration = Duration::from_millis(50);
const JSON: &str = "application/x-amz-json-1.1";

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Answers `request`. An error closes the connection without an answer, which is what it is for.
pub(super) async fn to(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Body>, io::Error> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, REQUEST_LIMIT).collect().await.map_err(io::Error::other)?.to_bytes();
    let mut call = Call::of(&head.headers, &body);
    let (latency, rule) = shared.choose(&call);
    call.faulty = rule.is_some() || !latency.is_zero();
    let index = shared.record(call.clone());
    tokio::time::sleep(latency).await;
    let answer = match rule {
        Some(rule) => fail(&shared, &call, rule, head, body).await?,
        None => match bounds::refusal(&call, &body) {
            Some(code) => error(StatusCode::BAD_REQUEST, code),
            None => whole(shared.forward(head, body).await?),
        },
    };
    shared.answered(index, answer.status().as_u16());
    Ok(answer)
}

async fn fail(shared: &Shared, call: &Call, rule: Rule, head: Parts, body: Bytes) -> io::Result<Response<Body>> {
    match rule.fault {
        Fault::Answer(_, code) if call.operation == "BatchGetSecretValue" && rule.is_for_some_secrets() => {
            fail_some(shared, &rule, code, head, &body).await
        }
        Fault::Answer(status, code) => Ok(error(StatusCode::from_u16(status).map_err(io::Error::other)?, code)),
        Fault::Disconnect => Err(io::Error::other("closed as told")),
        Fault::Hang => std::future::pending().await,
        Fault::Drip(every) => Ok(endless(1, every)),
        Fault::Flood => Ok(endless(64 << 10, Duration::ZERO)),
        Fault::Truncate => Ok(truncated(shared.forward(head, body).await?)),
        Fault::CutOff => Ok(cut_off(shared.forward(head, body).await?)),
        // `Shared::choose` has taken it out.
        Fault::Latency(_) => Ok(whole(shared.forward(head, body).await?)),
    }
}

/// Passes a batch on without the secrets that fail, and adds them to the answer's `Errors`.
async fn fail_some(shared: &Shared, rule: &Rule, code: &str, head: Parts, body: &Bytes) -> io::Result<Response<Body>> {
    let mut asked: Value = serde_json::from_slice(body)?;
    let ids: Vec<Value> = asked.get("SecretIdList").and_then(Value::as_array).cloned().unwrap_or_default();
    let (failing, good): (Vec<_>, Vec<_>) =
        ids.into_iter().partition(|id| id.as_str().is_some_and(|id| rule.names(id)));
    let mut content = json!({"SecretValues": [], "Errors": []});
    if !good.is_empty() {
        set(&mut asked, "SecretIdList", Value::from(good));
        content = serde_json::from_slice(&shared.forward(head, asked.to_string().into()).await?.into_body())?;
    }
    let mut errors = content.get("Errors").and_then(Value::as_array).cloned().unwrap_or_default();
    errors.extend(failing.iter().map(|id| json!({"SecretId": id, "ErrorCode": code, "Message": "as told"})));
    set(&mut content, "Errors", Value::from(errors));
    Ok(json_answer(StatusCode::OK, &content))
}

fn set(object: &mut Value, field: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(field.to_owned(), value);
    }
}

impl Shared {
    /// Asks the emulator, and reads its whole answer.
    /// The emulator's answer. Where it broke itself (moto goes through all its secrets while another thread adds one, and
    /// answers 500 with a page of HTML) it is asked again: AWS has no such fault.
    async fn forward(&self, head: Parts, body: Bytes) -> io::Result<Response<Bytes>> {
        for _ in 1..TRIES {
            let answer = self.forward_once(head.clone(), body.clone()).await?;
            if !is_broken(&answer) {
                return Ok(answer);
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
        self.forward_once(head, body).await
    }

    async fn forward_once(&self, head: Parts, body: Bytes) -> io::Result<Response<Bytes>> {
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::new(Full::from(body));
        *request.method_mut() = head.method;
        *request.uri_mut() = format!("http://{}{path}", self.upstream).parse().map_err(io::Error::other)?;
        *request.headers_mut() = without_framing(head.headers);
        let (head, body) = self.client.request(request).await.map_err(io::Error::other)?.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let mut answer = Response::new(body);
        *answer.status_mut() = head.status;
        *answer.headers_mut() = without_framing(head.headers);
        Ok(answer)
    }
}

fn is_broken(answer: &Response<Bytes>) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    answer.status().is_server_error() && kind.starts_with("text/html")
}

/// Headers without those that say how long the body is and how it is sent, which are for the next hop to say.
fn without_framing(mut headers: HeaderMap) -> HeaderMap {
    for name in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION] {
        headers.remove(name);
    }
    headers
}

fn whole(answer: Response<Bytes>) -> Response<Body> {
    answer.map(|body| Full::from(body).map_err(impossible).boxed_unsync())
}

fn truncated(answer: Response<Bytes>) -> Response<Body> {
    whole(answer.map(|body| body.slice(..body.len() / 2)))
}

fn cut_off(answer: Response<Bytes>) -> Response<Body> {
    let (mut head, body) = answer.into_parts();
    head.headers.insert(header::CONTENT_LENGTH, body.len().into());
    let half = Ok(Frame::data(body.slice(..body.len() / 2)));
    let frames = stream::iter([half, Err(io::Error::other("cut off as told"))]);
    Response::from_parts(head, StreamBody::new(frames).boxed_unsync())
}

/// A body without an end, `size` bytes at a time.
fn endless(size: usize, every: Duration) -> Response<Body> {
    let chunk = Bytes::from(vec![b'a'; size]);
    let rest = stream::unfold(chunk, move |chunk| async move {
        tokio::time::sleep(every).await;
        Some((Ok(Frame::data(chunk.clone())), chunk))
    });
    let begin = stream::iter([Ok(Frame::data(Bytes::from_static(br#"{"Name":""#)))]);
    let mut answer = Response::new(StreamBody::new(begin.chain(rest)).boxed_unsync());
    answer.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(JSON));
    answer
}

fn error(status: StatusCode, code: &str) -> Response<Body> {
    let mut answer = json_answer(status, &json!({"__type": code, "message": "as told"}));
    if let Ok(code) = code.parse() {
        answer.headers_mut().insert("x-amzn-errortype", code);
    }
    answer
}

fn json_answer(status: StatusCode, content: &Value) -> Response<Body> {
    let mut answer = Response::new(Bytes::from(content.to_string()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(JSON));
    if let Ok(id) = request_id().parse() {
        answer.headers_mut().insert("x-amzn-requestid", id);
    }
    whole(answer)
}

fn impossible(error: Infallible) -> io::Error {
    match error {}
}
