//! Any server that answers HTTP: a request made of templates, and a value out of its answer.
//!
//! A store's author says what is sent and where to; an ExternalSecret's author says for which reference. The second must
//! not lead the first one's Secrets elsewhere: the server is fixed when the session is opened (`request`), the reference
//! is escaped in the URL, and a path that goes up, a header with a line feed, or a redirect is an error. What a template
//! costs is bounded, and it is executed beside the async threads, one of a session at a time.

mod answer;
mod client;
mod credential;
mod ntlm;
mod request;
mod template;
mod words;

use std::sync::Arc;
use std::time::Duration;

use super::http::{Fault, Trust};
use super::{Context, Credentials, Environment, Error, Kind, Provider, StoreKind};
use crate::api::provider::webhook::WebhookProvider;
use client::{Way, Webhook};
use ntlm::Ntlm;
use request::Recipe;
use words::{Words, may_see_namespace};

/// ESO's name for it.
const NAME: &str = "Webhook";

/// Opens a session: compiles the templates and reads the Secrets; calls nobody.
pub(super) async fn open(
    spec: &WebhookProvider,
    context: &Context,
    credentials: Arc<dyn Credentials>,
    environment: &Environment,
) -> Result<Arc<dyn Provider>, Error> {
    let recipe = Recipe::new(spec).map_err(unopened)?;
    let timeout = timeout(spec.timeout.as_deref(), environment.deadline)?;
    let trust = trust(spec, context, &*credentials).await?;
    let secrets = credential::secrets(spec, context, &*credentials).await?;
    let words = Words { namespace: context.namespace().unwrap_or_default().to_owned(), secrets };
    let (recipe, words) = (Arc::new(recipe), Arc::new(words));
    let (making, about) = (Arc::clone(&recipe), Arc::clone(&words));
    let server = client::beside(move || making.server(&about)).await.map_err(unopened)?;
    let client = environment.http.client(server.clone(), &trust).map_err(|fault| invalid("url", &fault.cause))?;
    let ntlm = match spec.auth.as_ref().and_then(|auth| auth.ntlm.as_ref()) {
        None => None,
        Some(ntlm) => {
            let lanes = environment.http.lanes(server, &trust).map_err(|fault| invalid("url", &fault.cause))?;
            Some(Ntlm::new(credential::user(ntlm, context, &*credentials).await?, lanes))
        }
    };
    let way = Way { client, ntlm, timeout };
    Ok(Arc::new(Webhook::new(recipe, words, way, environment.observer.clone())))
}

/// Whom the session believes.
async fn trust(spec: &WebhookProvider, context: &Context, credentials: &dyn Credentials) -> Result<Trust, Error> {
    let mut trust = Trust::default();
    if let Some(bundle) = spec.ca_bundle.as_deref().filter(|bundle| !bundle.is_empty()) {
        trust.bundle(bundle).map_err(|fault| invalid("caBundle", &fault.cause))?;
    } else if let Some(source) = &spec.ca_provider {
        if context.store_kind == StoreKind::ClusterSecretStore && source.namespace.as_deref().is_none_or(str::is_empty)
        {
            return Err(invalid("caProvider.namespace", "it is not set; a ClusterSecretStore must set it"));
        }
        trust.authorities(credentials.authorities(&field("caProvider"), source).await?);
    }
    Ok(trust)
}

/// The store's patience, within the session's own. As in ESO none and zero are no bound of the store's.
fn timeout(text: Option<&str>, deadline: Duration) -> Result<Option<Duration>, Error> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let timeout = crate::duration::parse(text).map_err(|_| invalid("timeout", "it is no duration; write 5s or 1m"))?;
    Ok(Some(timeout).filter(|timeout| !timeout.is_zero() && *timeout < deadline))
}

/// Whether a ClusterSecretStore's session differs from consumer to consumer: a template could name the consumer's
/// namespace. Its Secrets and its caProvider are placed by the store.
pub(super) fn depends_on_consumer(spec: &WebhookProvider) -> bool {
    let WebhookProvider {
        url,
        method: _,
        headers,
        body,
        timeout: _,
        auth: _,
        result,
        secrets: _,
        ca_bundle: _,
        ca_provider: _,
    } = spec;
    let path = result.as_ref().and_then(|result| result.json_path.as_ref());
    let mut templates = [Some(url), body.as_ref(), path].into_iter().flatten().chain(headers.values());
    templates.any(|template| may_see_namespace(template))
}

/// The path of one of the provider's fields.
fn field(field: &str) -> String {
    format!("spec.provider.webhook.{field}")
}

fn unopened(fault: Fault) -> Error {
    fault.at(NAME, "open the store".to_owned())
}

fn invalid(name: &str, cause: &str) -> Error {
    unopened(Fault::new(Kind::Invalid, format!("`{}`: {cause}", field(name))))
}

#[cfg(test)]
mod tests;
