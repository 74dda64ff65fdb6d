//! Answers one request: the server's answer, or what a fault makes of it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, stream};
use http::request::Parts;
use http::{Request, Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use keyferry::provider::conformance::wire::{Answer, Fault};

use super::Shared;

/// More than any request of a test.
const REQUEST_LIMIT: usize = 16 << 20;
/// How often a dripping answer drips: often enough that no client takes it for a dead one.
const DRIP: Duration = Duration::from_millis(100);

type Body = UnsyncBoxBody<Bytes, io::Error>;
/// An answer that is complete.
pub(super) type Whole = Response<Bytes>;

/// Answers `request`. An error closes the connection without an answer.
pub(super) async fn to(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Body>, io::Error> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, REQUEST_LIMIT).collect().await.map_err(io::Error::other)?.to_bytes();
    let Some(fault) = shared.fault_of(&[head.uri.to_string().as_bytes(), &body]) else {
        return Ok(whole(shared.pass(head, body).await?));
    };
    match fault {
        Fault::Answer(answer) => given(answer),
        Fault::Redirect(status) => elsewhere(&shared, status, &head),
        Fault::Hang => std::future::pending().await,
        Fault::Drip => Ok(endless(1, DRIP)),
        Fault::Flood => Ok(endless(64 << 10, Duration::ZERO)),
        Fault::Truncate => Ok(whole(shared.pass(head, body).await?.map(|body| body.slice(..body.len() / 2)))),
        Fault::CutOff => Ok(cut_off(shared.pass(head, body).await?)),
        Fault::Repeat => Ok(whole(shared.repeat(head, body).await?)),
        Fault::Edit(edit) => Ok(whole(shared.pass(head, body).await?.map(|body| Bytes::from(edit(&body))))),
        // A request on a connection that is older than this weather.
        Fault::Refuse | Fault::Expired | Fault::Foreign | Fault::Misnamed => Err(io::Error::other("closed as told")),
    }
}

impl Shared {
    async fn pass(&self, head: Parts, body: Bytes) -> io::Result<Whole> {
        self.upstream.ask(Request::from_parts(head, body)).await.map_err(io::Error::other)
    }

    /// The first answer to what is asked like this, again and again; whatever else is asked passes.
    async fn repeat(&self, head: Parts, body: Bytes) -> io::Result<Whole> {
        let operation = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let asked = format!("{} {} {}", head.method, head.uri.path(), operation.unwrap_or_default());
        let known =
            self.state().repeated.as_ref().filter(|(first, _)| *first == asked).map(|(_, answer)| answer.clone());
        if let Some(answer) = known {
            return Ok(answer);
        }
        let answer = self.pass(head, body).await?;
        self.state().repeated.get_or_insert_with(|| (asked, answer.clone()));
        Ok(answer)
    }
}

fn given(answer: Answer) -> io::Result<Response<Body>> {
    let mut builder = Response::builder().status(answer.status).header(header::CONTENT_TYPE, answer.content_type);
    for (name, value) in answer.headers {
        builder = builder.header(name, value);
    }
    builder.body(full(answer.body.into())).map_err(io::Error::other)
}

fn elsewhere(shared: &Shared, status: u16, head: &Parts) -> io::Result<Response<Body>> {
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let scheme = if shared.certificates.is_some() { "https" } else { "http" };
    let place = format!("{scheme}://{}{path}", shared.elsewhere);
    Response::builder()
        .status(status)
        .header(header::LOCATION, place)
        .body(full(Bytes::new()))
        .map_err(io::Error::other)
}

fn full(body: Bytes) -> Body {
    Full::from(body).map_err(|never| match never {}).boxed_unsync()
}

fn whole(answer: Whole) -> Response<Body> {
    answer.map(full)
}

fn cut_off(answer: Whole) -> Response<Body> {
    let (mut head, body) = answer.into_parts();
    head.headers.insert(header::CONTENT_LENGTH, body.len().into());
    let half = Ok(Frame::data(body.slice(..body.len() / 2)));
    let frames = stream::iter([half, Err(io::Error::other("cut off as told"))]);
    Response::from_parts(head, StreamBody::new(frames).boxed_unsync())
}

fn endless(size: usize, pause: Duration) -> Response<Body> {
    let frames = stream::repeat(size).then(move |size| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, io::Error>(Frame::data(Bytes::from(vec![b' '; size])))
    });
    let mut answer = Response::new(StreamBody::new(frames).boxed_unsync());
    answer.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    answer
}
