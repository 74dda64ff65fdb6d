//! As whom a session comes, and whom it believes.
//!
//! What Secrets hold is read once, when the session is opened; a session is opened anew when they change. A
//! ServiceAccount's token for the API server of its own cluster goes to that server alone: to another goes a token for an
//! audience that the store names.

use super::kubeconfig::{self, User};
use super::server::{Local, Target};
use super::token::bearer;
use super::{Connection, Flavor};
use crate::api::provider::kubernetes::{CertAuth, KubernetesAuth, KubernetesServer};
use crate::api::provider::{SecretKeySelector, ServiceAccountSelector};
use crate::provider::http::{HeaderValue, Trust};
use crate::provider::{Context, Credentials, Error, Kind, StoreKind};
use crate::sealed::Sealed;

/// Where a session goes, and with what.
#[derive(Debug)]
pub(super) struct Way {
    /// The store's field that names the server, for an error.
    pub(super) field: &'static str,
    pub(super) server: Target,
    pub(super) trust: Trust,
    pub(super) login: Login,
}

/// What is shown with each call.
#[derive(Debug)]
pub(super) enum Login {
    /// Nothing; the connection has a client certificate.
    Certificate,
    /// A token that somebody else has made and will end.
    Bearer(HeaderValue),
    /// A token of a ServiceAccount.
    Account(Account),
}

/// A ServiceAccount whose token is requested.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) field: String,
    pub(super) selector: ServiceAccountSelector,
    pub(super) audiences: Vec<String>,
    /// Whether the server is that of the account's own cluster.
    pub(super) at_home: bool,
}

/// Reads what the store names.
pub(super) async fn read(
    flavor: Flavor,
    connection: Connection<'_>,
    context: &Context,
    credentials: &dyn Credentials,
    local: Option<&Local>,
) -> Result<Way, Error> {
    let reader = Reader { flavor, credentials, local };
    match (connection.auth_ref, connection.auth) {
        (Some(selector), _) => reader.kubeconfig(selector).await,
        (None, Some(auth)) => reader.auth(connection.server, auth, context).await,
        (None, None) => Err(flavor.refuse("auth", "it is not set, and neither is authRef; say how to sign in")),
    }
}

struct Reader<'a> {
    flavor: Flavor,
    credentials: &'a dyn Credentials,
    local: Option<&'a Local>,
}

impl Reader<'_> {
    async fn auth(
        &self,
        server: Option<&KubernetesServer>,
        auth: &KubernetesAuth,
        context: &Context,
    ) -> Result<Way, Error> {
        let mut trust = self.trust(server, context).await?;
        let url = server.and_then(|server| server.url.as_deref()).unwrap_or_default();
        let target = Target::of(url, self.local, &mut trust);
        let target = target.map_err(|fault| self.flavor.refuse("server.url", &fault.cause))?;
        let login = match auth {
            KubernetesAuth { token: Some(token), service_account: None, cert: None } => {
                self.token("auth.token.bearerToken", &token.bearer_token).await?
            }
            KubernetesAuth { token: None, service_account: Some(account), cert: None } => {
                self.account(account, &target)?
            }
            KubernetesAuth { token: None, service_account: None, cert: Some(cert) } => {
                self.certificate(cert, &mut trust).await?
            }
            _ => return Err(self.flavor.refuse("auth", "set exactly one of token, serviceAccount and cert")),
        };
        Ok(Way { field: "server.url", server: target, trust, login })
    }

    async fn trust(&self, server: Option<&KubernetesServer>, context: &Context) -> Result<Trust, Error> {
        let mut trust = Trust::default();
        let Some(KubernetesServer { ca_bundle, ca_provider, url: _ }) = server else { return Ok(trust) };
        if let Some(bundle) = ca_bundle.as_deref().filter(|bundle| !bundle.is_empty()) {
            trust.bundle(bundle).map_err(|fault| self.flavor.refuse("server.caBundle", &fault.cause))?;
        } else if let Some(source) = ca_provider {
            let nowhere = source.namespace.as_deref().is_none_or(str::is_empty);
            if context.store_kind == StoreKind::ClusterSecretStore && nowhere {
                let cause = "it is not set; a ClusterSecretStore must set it";
                return Err(self.flavor.refuse("server.caProvider.namespace", cause));
            }
            let field = self.flavor.field("server.caProvider");
            trust.authorities(self.credentials.authorities(&field, source).await?);
        }
        Ok(trust)
    }

    async fn secret(&self, field: &str, selector: &SecretKeySelector) -> Result<Sealed, Error> {
        self.credentials.secret_key(&self.flavor.field(field), selector).await
    }

    async fn token(&self, field: &str, selector: &SecretKeySelector) -> Result<Login, Error> {
        let value = self.secret(field, selector).await?;
        self.bearer(field, &value)
    }

    fn bearer(&self, field: &str, value: &Sealed) -> Result<Login, Error> {
        let cause = "the token is empty, or has a space, a line end or another byte that no token has";
        bearer(value).map(Login::Bearer).ok_or_else(|| self.unusable(field, cause))
    }

    fn account(&self, account: &ServiceAccountSelector, target: &Target) -> Result<Login, Error> {
        let at_home = target.is_own();
        if !at_home && account.audiences.is_empty() {
            return Err(self.flavor.refuse(
                "auth.serviceAccount.audiences",
                "it is not set, and a token for this cluster's own API server is sent to no other server; name the audience \
                 that the other server expects, or kubernetes.default as `server.url` if this cluster is meant",
            ));
        }
        let field = self.flavor.field("auth.serviceAccount");
        Ok(Login::Account(Account { field, selector: account.clone(), audiences: Vec::new(), at_home }))
    }

    async fn certificate(&self, cert: &CertAuth, trust: &mut Trust) -> Result<Login, Error> {
        let certificate = self.secret("auth.cert.clientCert", &cert.client_cert).await?;
        let key = self.secret("auth.cert.clientKey", &cert.client_key).await?;
        trust.identity(&certificate, &key);
        Ok(Login::Certificate)
    }

    async fn kubeconfig(&self, selector: &SecretKeySelector) -> Result<Way, Error> {
        let field = "authRef";
        let text = self.secret(field, selector).await?;
        let read = kubeconfig::read(&text).map_err(|cause| self.unusable(field, &cause))?;
        let mut trust = Trust::default();
        if let Some(authorities) = read.authorities {
            trust.authorities(authorities);
        }
        let server = Target::of(&read.server, self.local, &mut trust);
        let server = server.map_err(|fault| self.unusable(field, &format!("of its server: {}", fault.cause)))?;
        let login = match read.user {
            User::Token(token) => self.bearer(field, &token)?,
            User::Certificate(certificate, key) => {
                trust.identity(&certificate, &key);
                Login::Certificate
            }
        };
        Ok(Way { field, server, trust, login })
    }

    fn unusable(&self, field: &str, cause: &str) -> Error {
        let doing = format!("use the credentials of `{}`", self.flavor.field(field));
        Error { provider: self.flavor.name, doing, kind: Kind::Unauthenticated, cause: cause.to_owned() }
    }
}
