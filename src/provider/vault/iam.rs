//! Signing in as an identity of AWS: a request that asks AWS who signed it is handed to the server, which sends it.

use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::Flavor;
use crate::api::provider::vault::VaultIam;
use crate::provider::aws::caller::{Caller, Identity, Signed};
use crate::provider::http::HeaderValue;
use crate::provider::site::Site;
use crate::provider::{Credentials, Environment, Error};
use crate::sealed::Sealed;

/// ESO's, and that of Vault's own clients.
const REGION: &str = "us-east-1";
/// What the sessions of assumed roles are called in the account's logs; ESO's name.
const SESSION: &str = "external-secrets-provider-vault";
/// The header that binds the request to one server, so that nobody else can use it.
const SERVER: &str = "x-vault-aws-iam-server-id";

/// An identity of AWS.
#[derive(Debug)]
pub(super) struct Iam {
    caller: Caller,
    server: Option<String>,
}

impl Iam {
    /// Reads what the identity begins with; calls nobody.
    pub(super) async fn open(
        flavor: Flavor,
        spec: &VaultIam,
        credentials: Arc<dyn Credentials>,
        environment: &Environment,
    ) -> Result<Self, Error> {
        fn given(text: Option<&String>) -> Option<&str> {
            text.map(String::as_str).filter(|text| !text.is_empty())
        }
        let site = Site { provider: flavor.name, auth: "spec.provider.vault.auth.iam" };
        let identity = Identity {
            region: given(spec.region.as_ref()).unwrap_or(REGION),
            jwt: spec.jwt.as_ref(),
            keys: spec.secret_ref.as_ref(),
            role: given(spec.role.as_ref()),
            external_id: given(spec.external_id.as_ref()),
        };
        let server = given(spec.vault_aws_iam_server_id.as_ref()).map(str::to_owned);
        if server.as_deref().is_some_and(|server| HeaderValue::from_str(server).is_err() || server.trim() != server) {
            return Err(site.refuse("vaultAwsIamServerID", "it is no value of a header"));
        }
        let caller = Caller::open(site, SESSION, identity, credentials, environment).await?;
        Ok(Self { caller, server })
    }

    /// The members of the body that sign in.
    pub(super) async fn fields(&self) -> Result<[(&'static str, Sealed); 4], Error> {
        let server: Vec<_> = self.server.iter().map(|server| (SERVER, server.as_str())).collect();
        let Signed { url, headers, body } = self.caller.sign(&server, SystemTime::now()).await?;
        let encoded = |text: &str| Sealed::from(STANDARD.encode(text));
        Ok([
            ("iam_http_request_method", Sealed::from("POST")),
            ("iam_request_url", encoded(&url)),
            ("iam_request_body", encoded(body)),
            ("iam_request_headers", encoded(&json(headers))),
        ])
    }
}

fn json(headers: Vec<(String, String)>) -> Zeroizing<String> {
    let lists = headers.into_iter().map(|(name, value)| (name, Value::from(vec![value])));
    Zeroizing::new(Value::Object(lists.collect::<Map<_, _>>()).to_string())
}
