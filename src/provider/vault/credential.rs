//! As whom a session signs in.
//!
//! What Secrets hold is read once, when the session is opened; a session is opened anew when they change. A
//! ServiceAccount's token is requested for every sign-in, for the audience `vault` and those that the store lists, and
//! never for the API server's: whoever runs the server could use it there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::Flavor;
use super::gcp::Gcp;
use super::iam::Iam;
use crate::api::external_secret::StoreKind;
use crate::api::provider::vault::{
    VaultAppRole, VaultAuth, VaultCert, VaultGcp, VaultIam, VaultJwt, VaultKubernetes, VaultProvider,
    VaultServiceAccountToken,
};
use crate::api::provider::{SecretKeySelector, ServiceAccountSelector};
use crate::provider::http::{HeaderValue, segments};
use crate::provider::{Credentials, Environment, Error, Kind, TOKEN_LIFE};
use crate::sealed::Sealed;

/// The audience of a ServiceAccount's token; ESO's for `jwt`.
const AUDIENCE: &str = "vault";
/// How many seconds a token for `jwt` is good by default, as in ESO: the least that an API server gives.
const LEAST_LIFE: i64 = 600;
/// The most that an API server may be asked for.
const LONGEST_LIFE: u64 = 1 << 32;

/// A way to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Token,
    AppRole,
    Kubernetes,
    Ldap,
    UserPass,
    Jwt,
    Cert,
    Iam,
    Gcp,
}

/// The way that a store's auth names; the first in ESO's order where there are several.
pub(super) fn way(auth: &VaultAuth) -> Option<Way> {
    let ways = [
        auth.token_secret_ref.as_ref().map(|_| Way::Token),
        auth.app_role.as_ref().map(|_| Way::AppRole),
        auth.kubernetes.as_ref().map(|_| Way::Kubernetes),
        auth.ldap.as_ref().map(|_| Way::Ldap),
        auth.user_pass.as_ref().map(|_| Way::UserPass),
        auth.jwt.as_ref().map(|_| Way::Jwt),
        auth.cert.as_ref().map(|_| Way::Cert),
        auth.iam.as_ref().map(|_| Way::Iam),
        auth.gcp.as_ref().map(|_| Way::Gcp),
    ];
    ways.into_iter().flatten().next()
}

/// What a session begins with.
#[derive(Debug)]
pub(super) enum Login {
    /// A token that somebody else has made and will end.
    Token(HeaderValue),
    /// A call that gives one.
    Call(Request),
}

/// A call that signs in.
#[derive(Debug)]
pub(super) struct Request {
    /// Behind `/v1/`.
    pub(super) path: Vec<String>,
    /// The members of the body.
    fields: BTreeMap<&'static str, Sealed>,
    proof: Proof,
}

/// The members that are made anew for each sign-in.
#[derive(Debug)]
enum Proof {
    /// There are none.
    None,
    /// `jwt` is a ServiceAccount's token.
    Account(Account),
    /// They are a request to AWS.
    Iam(Box<Iam>),
    /// `jwt` is an identity's of Google Cloud.
    Gcp(Box<Gcp>),
}

/// A ServiceAccount whose token is requested.
#[derive(Debug)]
struct Account {
    field: String,
    selector: ServiceAccountSelector,
    audiences: Vec<String>,
    life: Duration,
}

impl Request {
    /// The body, with what is made anew for each sign-in.
    pub(super) async fn body(&self, credentials: &dyn Credentials) -> Result<Sealed, Error> {
        let mut fields = self.fields.clone();
        match &self.proof {
            Proof::None => {}
            Proof::Account(Account { field, selector, audiences, life }) => {
                let token = credentials.token_for(field, selector, audiences, *life).await?;
                fields.insert("jwt", token.value);
            }
            Proof::Iam(iam) => fields.extend(iam.fields().await?),
            Proof::Gcp(gcp) => fields.extend([("jwt", gcp.jwt(credentials).await?)]),
        }
        Ok(json(&fields))
    }
}

/// Reads what the store's way to sign in needs.
pub(super) async fn read(
    flavor: Flavor,
    spec: &VaultProvider,
    auth: &VaultAuth,
    kind: StoreKind,
    credentials: &Arc<dyn Credentials>,
    environment: &Environment,
) -> Result<Login, Error> {
    let reader = Reader { flavor, kind, credentials };
    match way(auth) {
        Some(Way::Token) => reader.token(auth.token_secret_ref.as_ref()).await,
        Some(Way::AppRole) => reader.app_role(auth.app_role.as_ref()).await,
        Some(Way::Kubernetes) => reader.kubernetes(auth.kubernetes.as_ref()).await,
        Some(Way::Ldap) => {
            let ldap = auth.ldap.as_ref().map(|ldap| (&ldap.path, &ldap.username, ldap.secret_ref.as_ref()));
            reader.user("auth.ldap", "ldap", ldap).await
        }
        Some(Way::UserPass) => {
            let user = auth.user_pass.as_ref().map(|user| (&user.path, &user.username, user.secret_ref.as_ref()));
            reader.user("auth.userPass", "userpass", user).await
        }
        Some(Way::Jwt) => reader.jwt(auth.jwt.as_ref()).await,
        Some(Way::Cert) => reader.cert(auth.cert.as_ref()),
        Some(Way::Iam) => reader.iam(auth.iam.as_ref(), environment).await,
        Some(Way::Gcp) => reader.gcp(auth.gcp.as_ref(), &spec.server, environment).await,
        None => Err(flavor.refuse("auth", "it names no way to sign in")),
    }
}

/// The selectors that the store's way to sign in reads.
pub(super) fn selectors(auth: &VaultAuth) -> (Vec<&SecretKeySelector>, Vec<&ServiceAccountSelector>) {
    match way(auth) {
        Some(Way::Token) => (auth.token_secret_ref.iter().collect(), Vec::new()),
        Some(Way::AppRole) => (auth.app_role.iter().flat_map(of_app_role).collect(), Vec::new()),
        Some(Way::Kubernetes) => {
            let kubernetes = auth.kubernetes.iter();
            match auth.kubernetes.as_ref().and_then(|kubernetes| kubernetes.service_account_ref.as_ref()) {
                Some(account) => (Vec::new(), vec![account]),
                None => (kubernetes.filter_map(|kubernetes| kubernetes.secret_ref.as_ref()).collect(), Vec::new()),
            }
        }
        Some(Way::Ldap) => (auth.ldap.iter().filter_map(|ldap| ldap.secret_ref.as_ref()).collect(), Vec::new()),
        Some(Way::UserPass) => {
            (auth.user_pass.iter().filter_map(|user| user.secret_ref.as_ref()).collect(), Vec::new())
        }
        Some(Way::Jwt) => match auth.jwt.as_ref().map(|jwt| (&jwt.secret_ref, &jwt.kubernetes_service_account_token)) {
            Some((Some(key), _)) => (vec![key], Vec::new()),
            Some((None, Some(token))) => (Vec::new(), vec![&token.service_account_ref]),
            _ => (Vec::new(), Vec::new()),
        },
        Some(Way::Cert) => {
            let cert = auth.cert.iter().flat_map(|cert| [&cert.client_cert, &cert.secret_ref]).flatten();
            (cert.collect(), Vec::new())
        }
        Some(Way::Iam) => auth.iam.as_ref().map(of_iam).unwrap_or_default(),
        Some(Way::Gcp) => auth.gcp.as_ref().map(of_gcp).unwrap_or_default(),
        None => (Vec::new(), Vec::new()),
    }
}

fn of_iam(iam: &VaultIam) -> (Vec<&SecretKeySelector>, Vec<&ServiceAccountSelector>) {
    if let Some(jwt) = &iam.jwt {
        return (Vec::new(), jwt.service_account_ref.iter().collect());
    }
    let keys = iam.secret_ref.iter().flat_map(|keys| {
        [&keys.access_key_id_secret_ref, &keys.secret_access_key_secret_ref, &keys.session_token_secret_ref]
    });
    (keys.flatten().collect(), Vec::new())
}

fn of_gcp(gcp: &VaultGcp) -> (Vec<&SecretKeySelector>, Vec<&ServiceAccountSelector>) {
    match (&gcp.secret_ref, &gcp.workload_identity) {
        (Some(key), _) => (key.secret_access_key_secret_ref.iter().collect(), Vec::new()),
        (None, Some(cluster)) => (Vec::new(), vec![&cluster.service_account_ref]),
        (None, None) => (Vec::new(), Vec::new()),
    }
}

fn of_app_role(role: &VaultAppRole) -> impl Iterator<Item = &SecretKeySelector> {
    let named = role.role_id.as_deref().is_some_and(|id| !id.is_empty());
    role.role_ref.iter().filter(move |_| !named).chain([&role.secret_ref])
}

struct Reader<'a> {
    flavor: Flavor,
    kind: StoreKind,
    credentials: &'a Arc<dyn Credentials>,
}

impl Reader<'_> {
    async fn secret(&self, field: &str, selector: Option<&SecretKeySelector>) -> Result<Sealed, Error> {
        let selector = selector.ok_or_else(|| self.flavor.refuse(field, "it is not set"))?;
        self.credentials.secret_key(&self.flavor.field(field), selector).await
    }

    /// A key that the selector may leave out.
    async fn token_of(&self, field: &str, selector: Option<&SecretKeySelector>) -> Result<Sealed, Error> {
        let with_key = selector.cloned().map(|mut selector| {
            selector.key = selector.key.filter(|key| !key.is_empty()).or_else(|| Some("token".to_owned()));
            selector
        });
        self.secret(field, with_key.as_ref()).await
    }

    async fn token(&self, selector: Option<&SecretKeySelector>) -> Result<Login, Error> {
        let value = self.secret("auth.tokenSecretRef", selector).await?;
        let header = token_header(value.expose());
        header.map(Login::Token).ok_or_else(|| {
            self.unusable(
                "auth.tokenSecretRef",
                "it is empty, or has a space, a line end or another byte that no token has",
            )
        })
    }

    async fn app_role(&self, role: Option<&VaultAppRole>) -> Result<Login, Error> {
        let Some(role) = role else { return Err(self.flavor.refuse("auth.appRole", "it is not set")) };
        let id = match role.role_id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => Sealed::from(id),
            None => self.secret("auth.appRole.roleRef", role.role_ref.as_ref()).await?,
        };
        let secret = self.secret("auth.appRole.secretRef", Some(&role.secret_ref)).await?;
        let path = self.login_path("auth.appRole.path", &role.path, "approle", &["login"])?;
        call(path, [("role_id", id), ("secret_id", secret)], Proof::None)
    }

    async fn kubernetes(&self, kubernetes: Option<&VaultKubernetes>) -> Result<Login, Error> {
        let Some(spec) = kubernetes else { return Err(self.flavor.refuse("auth.kubernetes", "it is not set")) };
        let path = self.login_path("auth.kubernetes.mountPath", &spec.mount_path, "kubernetes", &["login"])?;
        let role = Sealed::from(spec.role.as_str());
        if let Some(account) = &spec.service_account_ref {
            let account = self.account("auth.kubernetes.serviceAccountRef", account, &[], TOKEN_LIFE);
            return call(path, [("role", role)], Proof::Account(account));
        }
        if spec.secret_ref.is_none() {
            return Err(self.flavor.refuse(
                "auth.kubernetes.serviceAccountRef",
                "it is not set, and the operator's own token is never sent to a server; name a ServiceAccount",
            ));
        }
        let jwt = self.token_of("auth.kubernetes.secretRef", spec.secret_ref.as_ref()).await?;
        call(path, [("role", role), ("jwt", jwt)], Proof::None)
    }

    async fn user(
        &self,
        place: &str,
        mount: &str,
        user: Option<(&String, &String, Option<&SecretKeySelector>)>,
    ) -> Result<Login, Error> {
        let Some((path, name, secret)) = user else { return Err(self.flavor.refuse(place, "it is not set")) };
        let path = self.login_path(&format!("{place}.path"), path, mount, &["login", name])?;
        let password = self.secret(&format!("{place}.secretRef"), secret).await?;
        call(path, [("password", password)], Proof::None)
    }

    async fn jwt(&self, spec: Option<&VaultJwt>) -> Result<Login, Error> {
        let Some(spec) = spec else { return Err(self.flavor.refuse("auth.jwt", "it is not set")) };
        let path = self.login_path("auth.jwt.path", &spec.path, "jwt", &["login"])?;
        let role = spec.role.as_deref().filter(|role| !role.is_empty()).map(|role| ("role", Sealed::from(role)));
        match (&spec.secret_ref, &spec.kubernetes_service_account_token) {
            (None, Some(token)) => {
                let VaultServiceAccountToken { service_account_ref, audiences, expiration_seconds } = token;
                let life = self.life(*expiration_seconds)?;
                let field = "auth.jwt.kubernetesServiceAccountToken.serviceAccountRef";
                call(path, role, Proof::Account(self.account(field, service_account_ref, audiences, life)))
            }
            (secret, _) => {
                let jwt = self.token_of("auth.jwt.secretRef", secret.as_ref()).await?;
                call(path, role.into_iter().chain([("jwt", jwt)]), Proof::None)
            }
        }
    }

    /// The certificate itself is shown by the connection.
    fn cert(&self, spec: Option<&VaultCert>) -> Result<Login, Error> {
        let Some(spec) = spec else { return Err(self.flavor.refuse("auth.cert", "it is not set")) };
        for (field, selector) in [("clientCert", &spec.client_cert), ("secretRef", &spec.secret_ref)] {
            if selector.is_none() {
                return Err(self.flavor.refuse(&format!("auth.cert.{field}"), "it is not set"));
            }
        }
        let path = spec.path.as_deref().unwrap_or_default();
        let path = self.login_path("auth.cert.path", path, "cert", &["login"])?;
        let role = spec.vault_role.as_deref().filter(|role| !role.is_empty());
        call(path, role.map(|role| ("name", Sealed::from(role))), Proof::None)
    }

    async fn iam(&self, spec: Option<&VaultIam>, environment: &Environment) -> Result<Login, Error> {
        let Some(spec) = spec else { return Err(self.flavor.refuse("auth.iam", "it is not set")) };
        let path = self.login_path("auth.iam.path", spec.path.as_deref().unwrap_or_default(), "aws", &["login"])?;
        if spec.jwt.is_none() && spec.secret_ref.is_none() {
            self.as_the_operator("auth.iam", "jwt or secretRef")?;
        }
        let iam = Iam::open(self.flavor, spec, Arc::clone(self.credentials), environment).await?;
        call(path, [("role", Sealed::from(spec.vault_role.as_str()))], Proof::Iam(Box::new(iam)))
    }

    async fn gcp(&self, spec: Option<&VaultGcp>, server: &str, environment: &Environment) -> Result<Login, Error> {
        let Some(spec) = spec else { return Err(self.flavor.refuse("auth.gcp", "it is not set")) };
        let path = self.login_path("auth.gcp.path", spec.path.as_deref().unwrap_or_default(), "gcp", &["login"])?;
        if spec.secret_ref.is_none() && spec.workload_identity.is_none() {
            self.as_the_operator("auth.gcp", "workloadIdentity or secretRef")?;
        }
        let gcp = Gcp::open(self.flavor, spec, server, &**self.credentials, environment).await?;
        call(path, [("role", Sealed::from(spec.role.as_str()))], Proof::Gcp(Box::new(gcp)))
    }

    /// Whether a store may sign in as the operator itself: it names the server, which could use what it is shown elsewhere.
    fn as_the_operator(&self, field: &str, instead: &str) -> Result<(), Error> {
        if self.kind == StoreKind::ClusterSecretStore {
            return Ok(());
        }
        let cause = format!(
            "it names no identity, and the operator's own is shown to no server that a SecretStore names; set {instead}, \
             or use a ClusterSecretStore"
        );
        Err(self.flavor.refuse(field, &cause))
    }

    /// How long a token is good that a store wants for so many seconds.
    fn life(&self, seconds: Option<i64>) -> Result<Duration, Error> {
        let life = u64::try_from(seconds.unwrap_or(LEAST_LIFE)).unwrap_or_default();
        if !(LEAST_LIFE.unsigned_abs()..=LONGEST_LIFE).contains(&life) {
            let field = "auth.jwt.kubernetesServiceAccountToken.expirationSeconds";
            return Err(self
                .flavor
                .refuse(field, "no API server gives such a token; it must be from 600 to 4294967296"));
        }
        Ok(Duration::from_secs(life))
    }

    fn account(&self, field: &str, selector: &ServiceAccountSelector, audiences: &[String], life: Duration) -> Account {
        let none = audiences.is_empty();
        let audiences = audiences.iter().cloned().chain(none.then(|| AUDIENCE.to_owned())).collect();
        Account { field: self.flavor.field(field), selector: selector.clone(), audiences, life }
    }

    fn login_path(&self, field: &str, path: &str, default: &str, rest: &[&str]) -> Result<Vec<String>, Error> {
        let mount = segments(if path.is_empty() { default } else { path });
        let rest: Option<Vec<_>> = rest.iter().map(|part| segments(part).filter(|parts| parts.len() == 1)).collect();
        let (Some(mount), Some(rest)) = (mount, rest) else {
            return Err(self.flavor.refuse(field, "it, or the name of a user, can be no part of a path"));
        };
        Ok(std::iter::once("auth".to_owned()).chain(mount).chain(rest.into_iter().flatten()).collect())
    }

    fn unusable(&self, field: &str, cause: &str) -> Error {
        let doing = format!("use the credentials of `{}`", self.flavor.field(field));
        Error { provider: self.flavor.name, doing, kind: Kind::Unauthenticated, cause: cause.to_owned() }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "every way to sign in ends with it")]
fn call(
    path: Vec<String>,
    fields: impl IntoIterator<Item = (&'static str, Sealed)>,
    proof: Proof,
) -> Result<Login, Error> {
    Ok(Login::Call(Request { path, fields: fields.into_iter().collect(), proof }))
}

/// A token as a header that is not shown; none for what no token is.
pub(super) fn token_header(token: &[u8]) -> Option<HeaderValue> {
    let sound = !token.is_empty() && token.iter().all(u8::is_ascii_graphic);
    let mut header = HeaderValue::from_bytes(token).ok().filter(|_| sound)?;
    header.set_sensitive(true);
    Some(header)
}

/// A JSON object of texts, in a buffer that need not grow. What is not UTF-8 becomes U+FFFD, as in Go.
fn json(fields: &BTreeMap<&'static str, Sealed>) -> Sealed {
    let room: usize = fields.iter().map(|(name, value)| name.len() + value.len() * 6 + 6).sum();
    let mut body = Zeroizing::new(Vec::with_capacity(room + 2));
    body.push(b'{');
    for (index, (name, value)) in fields.iter().enumerate() {
        let comma: &[u8] = if index > 0 { b"," } else { b"" };
        body.extend_from_slice(comma);
        gjson::quote(&mut body, name.as_bytes());
        body.push(b':');
        gjson::quote(&mut body, value.expose());
    }
    body.push(b'}');
    Sealed::new(std::mem::take(&mut *body))
}
