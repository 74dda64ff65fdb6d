//! An HTTP client whose answers end after so many bytes, whoever sends them: the service, STS or the metadata endpoint.
//!
//! The SDK reads whole answers into memory and has no bound of its own. A pause that an answer asks for is kept.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use http::{HeaderName, HeaderValue, StatusCode};
use http_body_util::Limited;

use crate::provider::pause;

/// Bounds what `client` reads of an answer's body to `limit` bytes; a longer one fails the call.
pub(super) fn bounded(client: SharedHttpClient, limit: usize) -> SharedHttpClient {
    SharedHttpClient::new(BoundedClient { client, limit })
}

/// Keeps a pause that the answer asks for; the SDK's errors have no room for it.
fn heed(answer: &HttpResponse) {
    let Ok(status) = StatusCode::from_u16(answer.status().as_u16()) else { return };
    let headers = answer
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?)));
    pause::heed(status, &headers.collect());
}

#[derive(Debug)]
struct BoundedClient {
    client: SharedHttpClient,
    limit: usize,
}

impl HttpClient for BoundedClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let connector = self.client.http_connector(settings, components);
        SharedHttpConnector::new(BoundedConnector { connector, limit: self.limit })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        HttpClient::validate_base_client_config(&self.client, components, config)
    }

    fn validate_final_config(&self, components: &RuntimeComponents, config: &ConfigBag) -> Result<(), BoxError> {
        HttpClient::validate_final_config(&self.client, components, config)
    }
}

#[derive(Debug)]
struct BoundedConnector {
    connector: SharedHttpConnector,
    limit: usize,
}

impl HttpConnector for BoundedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (answer, limit) = (self.connector.call(request), self.limit);
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            heed(&answer);
            Ok(answer.map(|body| SdkBody::from_body_1_x(Limited::new(body, limit))))
        })
    }
}
