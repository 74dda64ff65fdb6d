//! Workload identity federation: a token that a pool's provider trusts, exchanged at Google's token service.
//!
//! A configuration in a ConfigMap is a tenant's. Of what Google's own libraries take from such a file, a token's URL is
//! allowed where the store names the very same, and reached as all that stores name; files, programs and the metadata
//! services of other clouds are not: they would be the operator's own.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::aws::AwsIdentity;
use super::client::{Api, Ask, Endpoints};
use super::credential::{act_as, acts_as, is_account};
use super::error::{Failure, Purpose};
use super::exchange::{Exchange, Grant, JWT, Subject, at};
use super::{SITE, refuse, unusable};
use crate::api::provider::gcpsm::GcpWorkloadIdentityFederation;
use crate::api::provider::{SecretKeySelector, ServiceAccountSelector};
use crate::provider::http::{HeaderMap, HeaderName, HeaderValue};
use crate::provider::{Credentials, Error, Kind};
use crate::sealed::Sealed;

/// Where Google's public cloud is; its other clouds have other names.
pub(super) const UNIVERSE: &str = "googleapis.com";
const TOKEN_URL: &str = "https://sts.googleapis.com/v1/token";
const IMPERSONATION: (&str, &str) =
    ("https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/", ":generateAccessToken");
const PLACE: &str = "auth.workloadIdentityFederation";
const ACCOUNT: &str = "workloadIdentityFederation.serviceAccountRef";
const CONFIG: &str = "auth.workloadIdentityFederation.credConfig";
const KEYS: &str = "auth.workloadIdentityFederation.awsSecurityCredentials.awsCredentialsSecretRef";
const AWS_REQUEST: &str = "urn:ietf:params:aws:token-type:aws4_request";
/// The most headers that a configuration may add, and those that are not its to set.
const MOST_HEADERS: usize = 32;
const OURS: [&str; 5] = ["connection", "content-length", "host", "te", "transfer-encoding"];

/// An identity that a pool's provider trusts.
#[derive(Debug)]
pub(super) struct Federated {
    audience: String,
    source: Source,
    acts_as: Option<String>,
}

/// Where the token that is exchanged comes from.
#[derive(Debug)]
enum Source {
    Account(ServiceAccountSelector, Vec<String>),
    Aws(AwsIdentity),
    Url(Box<Address>),
}

/// A URL that answers with a token.
#[derive(Debug)]
struct Address {
    api: Api,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    member: Option<String>,
    kind: String,
}

/// A configuration as `gcloud iam workload-identity-pools create-cred-config` writes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    #[serde(rename = "type")]
    kind: String,
    audience: String,
    subject_token_type: String,
    token_url: String,
    service_account_impersonation_url: String,
    universe_domain: String,
    client_id: Option<IgnoredAny>,
    client_secret: Option<IgnoredAny>,
    workforce_pool_user_project: Option<IgnoredAny>,
    credential_source: CredentialSource,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CredentialSource {
    url: String,
    headers: BTreeMap<String, String>,
    format: Format,
    file: Option<IgnoredAny>,
    executable: Option<IgnoredAny>,
    environment_id: Option<IgnoredAny>,
    certificate: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Format {
    #[serde(rename = "type")]
    kind: String,
    subject_token_field_name: String,
}

/// The namespaces of all selectors that it reads.
pub(super) fn namespaces(spec: &GcpWorkloadIdentityFederation) -> Vec<&Option<String>> {
    let GcpWorkloadIdentityFederation {
        audience: _,
        cred_config,
        external_token_endpoint: _,
        gcp_service_account_email: _,
        service_account_ref,
        aws_security_credentials,
    } = spec;
    let config = cred_config.iter().map(|config| &config.namespace);
    let account = service_account_ref.iter().map(|account| &account.namespace);
    let aws = aws_security_credentials.iter().map(|aws| &aws.aws_credentials_secret_ref.namespace);
    config.chain(account).chain(aws).collect()
}

/// Reads what it needs; calls nobody at Google.
pub(super) async fn read(
    spec: &GcpWorkloadIdentityFederation,
    credentials: &dyn Credentials,
    endpoints: &Endpoints<'_>,
) -> Result<Federated, Error> {
    let named = spec.gcp_service_account_email.clone().filter(|email| !email.is_empty());
    if named.as_deref().is_some_and(|email| !is_account(email)) {
        let field = format!("{PLACE}.gcpServiceAccountEmail");
        return Err(refuse(&field, "it is no service account's e-mail address"));
    }
    let mut federated = match (&spec.cred_config, &spec.service_account_ref, &spec.aws_security_credentials) {
        (Some(_), None, None) => configured(spec, credentials, endpoints).await?,
        (None, Some(account), None) => of_account(spec, account, credentials).await?,
        (None, None, Some(_)) => of_aws(spec, credentials).await?,
        _ => {
            let cause = "exactly one of credConfig, serviceAccountRef and awsSecurityCredentials must be set";
            return Err(refuse(PLACE, cause));
        }
    };
    federated.acts_as = named.or(federated.acts_as);
    Ok(federated)
}

fn audience(spec: &GcpWorkloadIdentityFederation) -> Result<String, Error> {
    let given = spec.audience.clone().filter(|audience| !audience.is_empty());
    given.ok_or_else(|| refuse(&format!("{PLACE}.audience"), "it is not set; write the pool's provider"))
}

async fn of_account(
    spec: &GcpWorkloadIdentityFederation,
    account: &ServiceAccountSelector,
    credentials: &dyn Credentials,
) -> Result<Federated, Error> {
    let audience = audience(spec)?;
    // The one that a provider allows where it lists none.
    let own = audience.strip_prefix("//").map_or_else(|| audience.clone(), |name| format!("https://{name}"));
    let audiences = if account.audiences.is_empty() { vec![own] } else { Vec::new() };
    let acts_as = acts_as(SITE, ACCOUNT, account, credentials).await?;
    Ok(Federated { audience, source: Source::Account(account.clone(), audiences), acts_as })
}

async fn of_aws(spec: &GcpWorkloadIdentityFederation, credentials: &dyn Credentials) -> Result<Federated, Error> {
    let audience = audience(spec)?;
    let aws = spec.aws_security_credentials.as_ref().ok_or_else(|| refuse(PLACE, "it is not set"))?;
    if !super::name::is_location(&aws.region) {
        return Err(refuse(&format!("{PLACE}.awsSecurityCredentials.region"), "it is no region"));
    }
    let secret = &aws.aws_credentials_secret_ref;
    let read = async |key: &str| {
        let selector = SecretKeySelector {
            name: secret.name.clone(),
            namespace: secret.namespace.clone(),
            key: Some(key.to_owned()),
        };
        credentials.secret_key(&super::field(KEYS), &selector).await
    };
    let (id, key) = (read("aws_access_key_id").await?, read("aws_secret_access_key").await?);
    let session = match read("aws_session_token").await {
        Ok(token) => Some(token).filter(|token| !token.is_empty()),
        // There need not be one.
        Err(error) if error.kind == Kind::Unauthenticated => None,
        Err(error) => return Err(error),
    };
    let identity = AwsIdentity::new(&aws.region, &id, &key, session.as_ref()).map_err(|cause| unusable(KEYS, cause))?;
    Ok(Federated { audience, source: Source::Aws(identity), acts_as: None })
}

async fn configured(
    spec: &GcpWorkloadIdentityFederation,
    credentials: &dyn Credentials,
    endpoints: &Endpoints<'_>,
) -> Result<Federated, Error> {
    let selector = spec.cred_config.as_ref().ok_or_else(|| refuse(CONFIG, "it is not set"))?;
    let text = credentials.config_map_key(&super::field(CONFIG), selector).await?;
    let config: Config =
        serde_json::from_slice(text.expose()).map_err(|_| unusable(CONFIG, "it is no JSON of a configuration"))?;
    let acts_as = config.check().map_err(|cause| unusable(CONFIG, cause))?;
    let endpoint = spec.external_token_endpoint.as_deref().unwrap_or_default();
    if config.credential_source.url != endpoint || endpoint.is_empty() {
        let cause = "its `credential_source.url` is not the store's `externalTokenEndpoint`; name the same URL in both, \
                     or a ServiceAccount in `serviceAccountRef`";
        return Err(unusable(CONFIG, cause));
    }
    let audience = spec.audience.clone().filter(|audience| !audience.is_empty()).unwrap_or(config.audience.clone());
    let address = Address::new(config, endpoints)?;
    Ok(Federated { audience, source: Source::Url(Box::new(address)), acts_as })
}

impl Config {
    /// Refuses what no tenant may choose; answers the service account to act as.
    fn check(&self) -> Result<Option<String>, &'static str> {
        let source = &self.credential_source;
        let refused = [
            (self.kind != "external_account", "its `type` is not `external_account`"),
            (source.file.is_some(), "its `credential_source.file` is not allowed: no file of the operator's is read"),
            (source.executable.is_some(), "its `credential_source.executable` is not allowed: nothing is executed"),
            (
                source.environment_id.is_some(),
                "its `credential_source` is a cloud's machine, which the operator's is not; use awsSecurityCredentials",
            ),
            (source.certificate.is_some(), "its `credential_source.certificate` is not supported"),
            (!matches!(self.token_url.as_str(), "" | TOKEN_URL), "its `token_url` is not Google's"),
            (!matches!(self.universe_domain.as_str(), "" | UNIVERSE), "its `universe_domain` is not googleapis.com"),
            (self.client_id.is_some() || self.client_secret.is_some(), "its `client_id` is not supported"),
            (self.workforce_pool_user_project.is_some(), "workforce pools are not supported"),
            (!matches!(source.format.kind.as_str(), "" | "text" | "json"), "its `format` is neither text nor json"),
        ];
        if let Some((_, cause)) = refused.iter().find(|(is, _)| *is) {
            return Err(cause);
        }
        match self.service_account_impersonation_url.as_str() {
            "" => Ok(None),
            url => {
                let email = url.strip_prefix(IMPERSONATION.0).and_then(|rest| rest.strip_suffix(IMPERSONATION.1));
                let email = email.filter(|email| is_account(email));
                let cause = "its `service_account_impersonation_url` is not Google's, of a service account";
                email.map(|email| Some(email.to_owned())).ok_or(cause)
            }
        }
    }
}

impl Address {
    fn new(config: Config, endpoints: &Endpoints<'_>) -> Result<Self, Error> {
        let source = config.credential_source;
        let (url, query) = source.url.split_once('?').unwrap_or((&source.url, ""));
        let api = endpoints.named(url);
        let api = api.map_err(|fault| refuse(&format!("{PLACE}.externalTokenEndpoint"), &fault.cause))?;
        let pairs =
            query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let query = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let headers = headers(&source.headers).ok_or_else(|| {
            unusable(CONFIG, "its `credential_source.headers` are too many, or no headers that it may set")
        })?;
        let member = (source.format.kind == "json").then_some(source.format.subject_token_field_name);
        let kind = Some(config.subject_token_type).filter(|kind| !kind.is_empty());
        Ok(Self { api, query, headers, member, kind: kind.unwrap_or_else(|| JWT.to_owned()) })
    }

    async fn token(&self) -> Result<Subject, Failure> {
        let query: Vec<_> = self.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let ask = Ask {
            name: "GenerateServiceAccountToken",
            path: &[],
            query: &query,
            headers: self.headers.clone(),
            body: None,
            purpose: Purpose::SignIn,
        };
        let body = self.api.ask(ask).await?.body;
        let token = match &self.member {
            None => str::from_utf8(body.expose()).ok().map(|text| Sealed::from(text.trim())),
            Some(member) => {
                let whole = serde_json::from_slice::<BTreeMap<String, Member<'_>>>(body.expose()).ok();
                whole.and_then(|mut whole| whole.remove(member)).map(|Member(text)| Sealed::from(&*text))
            }
        };
        let token = token.filter(|token| !token.is_empty()).ok_or_else(Failure::unreadable)?;
        Ok(Subject { token, kind: Cow::Owned(self.kind.clone()) })
    }
}

/// A member of an answer, if it is text.
#[derive(Debug, Default)]
struct Member<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Member<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Any<'a> {
            #[serde(borrow)]
            Text(Cow<'a, str>),
            Other(IgnoredAny),
        }
        Ok(match Any::deserialize(deserializer)? {
            Any::Text(text) => Self(text),
            Any::Other(_) => Self::default(),
        })
    }
}

fn headers(given: &BTreeMap<String, String>) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let name = HeaderName::try_from(name).ok().filter(|name| !OURS.contains(&name.as_str()))?;
        let mut value = HeaderValue::try_from(value).ok()?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    (headers.len() <= MOST_HEADERS).then_some(headers)
}

impl Federated {
    pub(super) async fn sign_in(&self, exchange: &Exchange, credentials: &dyn Credentials) -> Result<Grant, Error> {
        let subject = self.subject(credentials).await?;
        let doing = || format!("exchange a token at {:?}", self.audience);
        let federated = exchange.federate(&self.audience, &subject).await;
        act_as(SITE, exchange, self.acts_as.as_deref(), federated.map_err(|failure| at(failure, &doing()))?).await
    }

    async fn subject(&self, credentials: &dyn Credentials) -> Result<Subject, Error> {
        match &self.source {
            Source::Account(account, audiences) => {
                let token = credentials.token(&SITE.field(ACCOUNT), account, audiences).await?;
                Ok(Subject { token: token.value, kind: Cow::Borrowed(JWT) })
            }
            Source::Aws(identity) => {
                let token = identity.request(&self.audience, std::time::SystemTime::now());
                let token = token.ok_or_else(|| unusable(KEYS, "they could not sign a request"))?;
                Ok(Subject { token, kind: Cow::Borrowed(AWS_REQUEST) })
            }
            Source::Url(address) => {
                let doing = "have a token from `externalTokenEndpoint`";
                address.token().await.map_err(|failure| at(failure, doing))
            }
        }
    }
}
