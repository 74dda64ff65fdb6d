//! Where Google Cloud is, and the calls that are made there.

use std::fmt;
use std::sync::Arc;

use tokio::time::Instant;

use super::error::{Failure, Purpose, failure};
use super::{NAME, opening};
use crate::provider::http::{self, Answer, Call, Client, HeaderMap, HeaderValue, Method, Server, Trust};
use crate::provider::{Error, Observer};
use crate::sealed::Sealed;

/// Other places than Google's own, for private access and tests; they are the administrator's, never a store's.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Secret Manager, of whatever location: `https://secretmanager.googleapis.com` or
    /// `https://secretmanager.LOCATION.rep.googleapis.com` by default.
    pub secret_manager: Option<String>,
    /// The Security Token Service, and the one that knows GKE's identities: `https://sts.googleapis.com` and
    /// `https://securetoken.googleapis.com` by default.
    pub sts: Option<String>,
    /// IAM Service Account Credentials: `https://iamcredentials.googleapis.com` by default.
    pub iam_credentials: Option<String>,
    /// The whole URL where service account keys are exchanged: [`super::signer::TOKEN_URI`] by default.
    pub token: Option<String>,
    /// Host, and port if any, of the metadata server: `169.254.169.254` by default.
    pub metadata_host: Option<String>,
    /// Authorities, PEM, that the servers' certificates are checked with; the system's by default.
    pub authorities: Option<Sealed>,
}

/// Makes clients of Google's services.
pub(super) struct Endpoints<'a> {
    pub(super) settings: &'a Settings,
    pub(super) http: &'a http::Base,
    observer: Arc<dyn Observer>,
    trust: Trust,
}

impl<'a> Endpoints<'a> {
    pub(super) fn new(settings: &'a Settings, http: &'a http::Base, observer: Arc<dyn Observer>) -> Self {
        let mut trust = Trust::default();
        if let Some(pem) = &settings.authorities {
            trust.authorities(pem.clone());
        }
        Self { settings, http, observer, trust }
    }

    /// `location` is one that was checked, as it becomes a part of the host.
    pub(super) fn secret_manager(&self, location: Option<&str>) -> Result<Api, Error> {
        let host = location.map(|location| format!("https://secretmanager.{location}.rep.googleapis.com"));
        let host = host.as_deref().unwrap_or("https://secretmanager.googleapis.com");
        self.api(self.settings.secret_manager.as_deref(), host)
    }

    pub(super) fn sts(&self) -> Result<Api, Error> {
        self.api(self.settings.sts.as_deref(), "https://sts.googleapis.com")
    }

    pub(super) fn cluster_tokens(&self) -> Result<Api, Error> {
        self.api(self.settings.sts.as_deref(), "https://securetoken.googleapis.com")
    }

    pub(super) fn iam_credentials(&self) -> Result<Api, Error> {
        self.api(self.settings.iam_credentials.as_deref(), "https://iamcredentials.googleapis.com")
    }

    pub(super) fn token(&self) -> Result<Api, Error> {
        self.api(self.settings.token.as_deref(), super::signer::TOKEN_URI)
    }

    /// What a store names, behind the guard of all that stores name.
    pub(super) fn named(&self, url: &str) -> Result<Api, http::Fault> {
        let client = self.http.client(Server::parse(url)?, &Trust::default())?;
        Ok(Api { client, observer: Arc::clone(&self.observer) })
    }

    fn api(&self, chosen: Option<&str>, own: &str) -> Result<Api, Error> {
        let client = match chosen {
            Some(url) => Server::parse(url).and_then(|server| self.http.chosen(server, &self.trust)),
            None => Server::parse(own).and_then(|server| self.http.client(server, &self.trust)),
        };
        let client = client.map_err(|fault| fault.at(NAME, opening()))?;
        Ok(Api { client, observer: Arc::clone(&self.observer) })
    }
}

/// One service.
pub(super) struct Api {
    client: Client,
    observer: Arc<dyn Observer>,
}

impl fmt::Debug for Api {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Api").field("client", &self.client).finish_non_exhaustive()
    }
}

/// One call.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    /// ESO's name for it in metrics.
    pub(super) name: &'static str,
    pub(super) path: &'a [String],
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) headers: HeaderMap,
    /// With a body it is a POST, without one a GET.
    pub(super) body: Option<Sealed>,
    pub(super) purpose: Purpose,
}

impl Api {
    /// Makes a call; an answer that is not one of success is a failure.
    pub(super) async fn ask(&self, ask: Ask<'_>) -> Result<Answer, Failure> {
        let Ask { name, path, query, headers, body, purpose } = ask;
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let started = Instant::now();
        let answer = self.client.call(Call { method, path, query, headers, body }).await;
        let answer = answer
            .map_err(Failure::from)
            .and_then(|answer| if answer.status.is_success() { Ok(answer) } else { Err(failure(&answer, purpose)) });
        self.observer.called(NAME, name, answer.is_ok(), started.elapsed());
        answer
    }
}

/// Segments of a path.
pub(super) fn path(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|part| (*part).to_owned()).collect()
}

/// The one header of a call.
pub(super) fn header(name: http::HeaderName, value: HeaderValue) -> HeaderMap {
    HeaderMap::from_iter([(name, value)])
}
