//! A request that asks AWS who its sender is: signed here, and sent by somebody else, who thereby knows who signed.

use std::sync::Arc;
use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_credential_types::Credentials as Keys;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;

use super::credential::{Asker, Role, provide};
use super::{NO_REGION, endpoint, is_region};
use crate::api::provider::aws::{AwsJwtAuth, AwsSecretRef};
use crate::provider::site::Site;
use crate::provider::{Credentials, Environment, Error};

/// The question, as a form or a query.
pub(in crate::provider) const QUESTION: &str = "Action=GetCallerIdentity&Version=2011-06-15";

/// The headers of a POST: `headers`, and those of the signature (version 4). There are none for what cannot be signed.
pub(in crate::provider) fn signed(
    keys: &Keys,
    region: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
    now: SystemTime,
) -> Option<Vec<(String, String)>> {
    let identity = keys.clone().into();
    let params = SigningParams::builder().identity(&identity).region(region).name("sts");
    let params = params.time(now).settings(SigningSettings::default()).build().ok()?.into();
    let request = SignableRequest::new("POST", url, headers.iter().copied(), SignableBody::Bytes(body)).ok()?;
    let (signed, _) = sign(request, &params).ok()?.into_parts();
    let mut all: Vec<_> = headers.iter().copied().chain(signed.headers()).collect();
    all.sort_unstable();
    Some(all.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// As whom to ask.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) struct Identity<'a> {
    /// The region whose STS is asked.
    pub(in crate::provider) region: &'a str,
    /// A ServiceAccount's role; it goes before `keys`.
    pub(in crate::provider) jwt: Option<&'a AwsJwtAuth>,
    /// An access key; without both it is the operator's own identity.
    pub(in crate::provider) keys: Option<&'a AwsSecretRef>,
    /// A role that is assumed then.
    pub(in crate::provider) role: Option<&'a str>,
    /// What goes with it.
    pub(in crate::provider) external_id: Option<&'a str>,
}

/// Somebody whom AWS knows.
#[derive(Debug)]
pub(in crate::provider) struct Caller {
    site: Site,
    config: SdkConfig,
    region: String,
    url: String,
}

/// A signed POST.
pub(in crate::provider) struct Signed {
    pub(in crate::provider) url: String,
    /// All but `Host`, which the URL says. Some are secret.
    pub(in crate::provider) headers: Vec<(String, String)>,
    pub(in crate::provider) body: &'static str,
}

impl Caller {
    /// Reads what the identity begins with; calls nobody at AWS. `session` is what an assumed role's session is called.
    ///
    /// # Errors
    /// A region that is none, or credentials that cannot be read.
    pub(in crate::provider) async fn open(
        site: Site,
        session: &'static str,
        identity: Identity<'_>,
        credentials: Arc<dyn Credentials>,
        environment: &Environment,
    ) -> Result<Self, Error> {
        let Identity { region, jwt, keys, role, external_id } = identity;
        let base = &environment.aws;
        let no_region = || site.refuse("region", NO_REGION);
        if !is_region(region) {
            return Err(no_region());
        }
        let asker = Asker { site, session };
        let mut config = asker.identity(region, jwt, keys, credentials, base).await?;
        if let Some(arn) = role {
            config = asker.assume(&config, Role::with(arn, external_id), base);
        }
        let url = endpoint::of_caller_identity(region).await.ok_or_else(no_region)?;
        Ok(Self { site, config, region: region.to_owned(), url: format!("{url}/") })
    }

    /// The request, with `more` headers that the signature covers; they go by their names in lower case.
    pub(in crate::provider) async fn sign(&self, more: &[(&str, &str)], now: SystemTime) -> Result<Signed, Error> {
        let keys = provide(self.site, self.config.credentials_provider().as_ref(), "sign in to AWS").await?;
        let host = self.url.trim_start_matches("https://").trim_end_matches('/');
        let own = [("content-type", "application/x-www-form-urlencoded; charset=utf-8"), ("host", host)];
        let headers: Vec<_> = own.into_iter().chain(more.iter().copied()).collect();
        let headers = signed(&keys, &self.region, &self.url, &headers, QUESTION.as_bytes(), now);
        let mut headers =
            headers.ok_or_else(|| self.site.unusable("secretRef", "a request could not be signed; check the clock"))?;
        headers.retain(|(name, _)| name != "host");
        Ok(Signed { url: self.url.clone(), headers, body: QUESTION })
    }
}
