//! The metadata server of a Google machine, which knows the machine's project, its cluster and its identity.
//!
//! It is reached without TLS, on the machine's own link, as Google has it. Where it is is the administrator's to say.

use super::client::{Settings, header, path};
use super::error::{Failure, Purpose, failure};
use super::exchange::Grant;
use crate::provider::Kind;
use crate::provider::http::{self, Call, Client, HeaderName, HeaderValue, Method, Server};
use crate::sealed::Sealed;

/// Where it is by default, on every machine of Google's.
const ADDRESS: &str = "169.254.169.254";
const FLAVOR: HeaderName = HeaderName::from_static("metadata-flavor");
const GOOGLE: HeaderValue = HeaderValue::from_static("Google");
/// No text that it has is longer.
const LONGEST: usize = 1024;
/// But for a JWT, which has two.
const LONGEST_JWT: usize = 16 * 1024;

/// The id of the machine's project.
pub(in crate::provider) const PROJECT: &[&str] = &["project", "project-id"];
/// The name of the machine's cluster.
pub(in crate::provider) const CLUSTER_NAME: &[&str] = &["instance", "attributes", "cluster-name"];
/// The location of the machine's cluster.
pub(in crate::provider) const CLUSTER_LOCATION: &[&str] = &["instance", "attributes", "cluster-location"];
/// An access token of the machine's identity.
const TOKEN: &[&str] = &["instance", "service-accounts", "default", "token"];

/// A token that says who the machine is.
const IDENTITY: &[&str] = &["instance", "service-accounts", "default", "identity"];

/// A client of the metadata server.
#[derive(Clone, Debug)]
pub(in crate::provider) struct Metadata(Client);

impl Metadata {
    /// Calls nobody.
    pub(in crate::provider) fn new(settings: &Settings, http: &http::Base) -> Result<Self, Failure> {
        let host = settings.metadata_host.as_deref().unwrap_or(ADDRESS);
        let server = Server::parse(&format!("http://{host}"))?;
        Ok(Self(http.beside(server)?))
    }

    /// What it has at `place`, below `/computeMetadata/v1`.
    ///
    /// # Errors
    /// No answer, or one that is no metadata server's.
    pub(in crate::provider) async fn get(&self, place: &[&str], query: &[(&str, &str)]) -> Result<Sealed, Failure> {
        let path = [path(&["computeMetadata", "v1"]), path(place)].concat();
        let headers = header(FLAVOR, GOOGLE);
        let call = Call { method: Method::GET, path: &path, query, headers, body: None };
        let answer = self.0.call(call).await.map_err(|fault| away(fault.kind))?;
        if answer.headers.get(FLAVOR) != Some(&GOOGLE) {
            return Err(away(Kind::Invalid));
        }
        if !answer.status.is_success() {
            return Err(failure(&answer, Purpose::SignIn));
        }
        Ok(answer.body)
    }

    /// As [`Metadata::get`], for a short text.
    pub(in crate::provider) async fn text(&self, place: &[&str], query: &[(&str, &str)]) -> Result<String, Failure> {
        let body = self.get(place, query).await?;
        let text = str::from_utf8(body.expose()).ok().map(str::trim);
        let text = text.filter(|text| !text.is_empty() && text.len() <= LONGEST);
        text.map(str::to_owned).ok_or_else(Failure::unreadable)
    }

    /// A JWT, signed by Google, that says to `audience` which machine this is and as whom it acts.
    pub(super) async fn identity(&self, audience: &str) -> Result<Sealed, Failure> {
        let body = self.get(IDENTITY, &[("audience", audience), ("format", "full")]).await?;
        let text = str::from_utf8(body.expose()).ok().map(str::trim).filter(|text| is_jwt(text));
        text.map(Sealed::from).ok_or_else(Failure::unreadable)
    }

    /// A token of the machine's own identity.
    pub(super) async fn token(&self) -> Result<Grant, Failure> {
        let body = self.get(TOKEN, &[("scopes", super::signer::SCOPE)]).await?;
        Grant::read(&body)
    }
}

fn is_jwt(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    text.len() <= LONGEST_JWT && text.bytes().all(plain) && text.split('.').count() == 3
}

fn away(kind: Kind) -> Failure {
    let cause = "no metadata server answers here, as it does on Google's machines only; name another way to sign in and \
                 what it takes (projectID, clusterProjectID, clusterName, clusterLocation)";
    // What is no metadata server may be one in a moment: a node that starts answers late.
    let kind = if kind == Kind::Invalid { Kind::Unauthenticated } else { kind };
    Failure::new(kind, cause)
}
