//! The few calls of Systems Manager that Parameter Store needs, in its JSON protocol.
//!
//! They go through the SDK's own orchestrator, with the same connections, credentials, signature, clock correction and
//! bounds as the generated clients, and fail as those do. The generated client of this service has 152 operations.

use std::fmt;

use aws_config::SdkConfig;
use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::service_clock_skew::ServiceClockSkewInterceptor;
use aws_runtime::user_agent::{ApiMetadata, UserAgentInterceptor};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{AuthSchemeOptionResolverParams, SharedAuthSchemeOptionResolver};
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError, SensitiveOutput};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use serde::Deserialize;

use crate::sealed::Sealed;

/// What stands before an operation's name in the header that names it.
const TARGET: &str = "AmazonSSM";
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// A client of one session.
#[derive(Debug)]
pub(in crate::provider::aws) struct Client {
    calls: Operation<Request, Sealed, Refusal>,
}

/// One call; names of parameters and no values.
#[derive(Debug)]
struct Request {
    operation: &'static str,
    body: String,
}

impl Client {
    /// `endpoint` is a URL without a path.
    pub(in crate::provider::aws) fn new(config: &SdkConfig, endpoint: &str) -> Self {
        let mut calls = Operation::builder()
            .service_name("SSM")
            .operation_name("Call")
            .endpoint_url(endpoint)
            .no_retry()
            .interceptor(ServiceClockSkewInterceptor::new())
            .interceptor(UserAgentInterceptor::new())
            .with_connection_poisoning()
            .runtime_plugin(signed(config));
        if let Some(client) = config.http_client() {
            calls = calls.http_client(client);
        }
        if let Some(timeouts) = config.timeout_config() {
            calls = calls.timeout_config(timeouts.clone());
        }
        if let Some(sleep) = config.sleep_impl() {
            calls = calls.sleep_impl(sleep);
        }
        if let Some(protection) = config.stalled_stream_protection() {
            calls = calls.stalled_stream_protection(protection);
        }
        Self { calls: calls.serializer(request).deserializer(answer).build() }
    }

    /// The body of a successful answer.
    pub(super) async fn call(
        &self,
        operation: &'static str,
        body: String,
    ) -> Result<Sealed, SdkError<Refusal, HttpResponse>> {
        self.calls.invoke(Request { operation, body }).await
    }
}

/// Whose credentials sign, for which service and region.
fn signed(config: &SdkConfig) -> StaticRuntimePlugin {
    let mut layer = Layer::new("parameter store");
    layer.store_put(ApiMetadata::new("ssm", env!("CARGO_PKG_VERSION")));
    layer.store_put(SigningName::from_static("ssm"));
    layer.store_or_unset(config.region().cloned().map(SigningRegion::from));
    layer.store_put(SigV4OperationSigningConfig::default());
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    // Its answers are not for the SDK's own logs.
    layer.store_put(SensitiveOutput);
    let scheme = SharedAuthSchemeOptionResolver::new(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]));
    let mut components = RuntimeComponentsBuilder::new("parameter store")
        .with_auth_scheme_option_resolver(Some(scheme))
        .with_auth_scheme(SigV4AuthScheme::new())
        .with_identity_cache(config.identity_cache())
        .with_time_source(config.time_source());
    if let Some(credentials) = config.credentials_provider() {
        components.set_identity_resolver(SCHEME_ID, SharedIdentityResolver::new(credentials));
    }
    StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components)
}

fn request(request: Request) -> Result<HttpRequest, BoxError> {
    let Request { operation, body } = request;
    let http = http::Request::post("/")
        .header(http::header::CONTENT_TYPE, CONTENT_TYPE)
        .header(http::header::CONTENT_LENGTH, body.len())
        .header("x-amz-target", format!("{TARGET}.{operation}"))
        .body(SdkBody::from(body))?;
    Ok(HttpRequest::try_from(http)?)
}

fn answer(answer: &HttpResponse) -> Result<Sealed, OrchestratorError<Refusal>> {
    let body = answer.body().bytes().unwrap_or_default();
    if answer.status().as_u16() == 200 {
        return Ok(Sealed::new(body.to_vec()));
    }
    Err(OrchestratorError::operation(Refusal::of(answer.headers().get("x-amzn-errortype"), body)))
}

/// An answer that says no: the code, of whatever form it came in. Its message is of no use and not kept.
#[derive(Debug)]
pub(super) struct Refusal(ErrorMetadata);

#[derive(Deserialize)]
struct Body {
    #[serde(default, rename = "__type")]
    kind: String,
}

impl Refusal {
    fn of(header: Option<&str>, body: &[u8]) -> Self {
        // Without a whole body it is not AWS' answer, or half of it, whatever the header says.
        let Ok(body) = serde_json::from_slice::<Body>(body) else { return Self(ErrorMetadata::builder().build()) };
        let code = header.unwrap_or(&body.kind);
        // AWS puts a namespace before it, and a URL behind it.
        let code = code.split(':').next().unwrap_or_default().rsplit('#').next().unwrap_or_default();
        Self(ErrorMetadata::builder().code(code).build())
    }
}

impl ProvideErrorMetadata for Refusal {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("refused by AWS")
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_in_the_header_or_the_body_without_what_surrounds_it() {
        let code = |header, body: &str| Refusal::of(header, body.as_bytes()).code().unwrap_or_default().to_owned();
        assert_eq!(code(None, r#"{"__type":"ParameterNotFound","message":"m"}"#), "ParameterNotFound");
        assert_eq!(code(None, r#"{"__type":"com.amazonaws.ssm#ParameterNotFound"}"#), "ParameterNotFound");
        assert_eq!(code(Some("ParameterNotFound:http://internal/"), "{}"), "ParameterNotFound");
        for half in ["<html>", "", r#"{"__type":"ParameterNotF"#] {
            assert_eq!(code(Some("ParameterNotFound"), half), "", "{half}");
        }
    }
}
