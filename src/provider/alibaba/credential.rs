//! As whom a session asks: an access key, a role that a ServiceAccount's token stands for, or the role of the instance.
//!
//! What Secrets hold is read once, when the session is opened; a session is opened anew when they change. Tokens and the
//! keys of roles are fetched when they are first needed and again before they end. A path that a store names is compared
//! with the one that the administrator has set, and never opened by itself.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::settings::Own;
use super::{NAME, refuse};
use crate::api::provider::alibaba::{AlibabaAuth, AlibabaRrsa, AlibabaSecretRef};
use crate::api::provider::{SecretKeySelector, ServiceAccountSelector};
use crate::provider::http::segments;
use crate::provider::{Credentials, Error, Kind};
use crate::sealed::Sealed;

/// No part of a key or role is longer; a security token has about a thousand bytes.
const LONGEST: usize = 8192;

/// An access key, with the token that makes it a temporary one.
#[derive(Clone)]
pub(super) struct Keys {
    pub(super) id: String,
    pub(super) secret: Sealed,
    pub(super) token: Option<Sealed>,
    /// When it ends; a key of a Secret never says.
    pub(super) ends: Option<Timestamp>,
}

/// The id is no secret, but whose it is concerns nobody who reads a log.
impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keys").field("ends", &self.ends).finish_non_exhaustive()
    }
}

/// Where a session's keys come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// They are there.
    Given(Arc<Keys>),
    /// From STS, for a token.
    Role(Role),
    /// From the metadata service, those of the named role or of the one that the instance has.
    Instance(Option<String>),
}

/// A role that a token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) provider: String,
    pub(super) session: String,
    pub(super) token: Identity,
}

/// Whose token it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// A ServiceAccount's, which is requested.
    Account(ServiceAccountSelector),
    /// The operator's own, in a file that the administrator named.
    File(PathBuf),
}

/// The field that names the ServiceAccount.
pub(super) fn account_field() -> String {
    super::field("auth.rrsa.serviceAccountRef")
}

/// Reads what the store's way to sign in needs.
pub(super) async fn read(auth: &AlibabaAuth, own: &Own, credentials: &dyn Credentials) -> Result<Source, Error> {
    match auth {
        AlibabaAuth { rrsa: Some(rrsa), .. } => role(rrsa, own).map(Source::Role),
        AlibabaAuth { secret_ref: Some(keys), .. } => given(keys, credentials).await.map(Source::Given),
        AlibabaAuth { instance_role: Some(role), .. } => {
            let name = role.role_name.clone().filter(|name| !name.is_empty());
            if name.as_deref().is_some_and(|name| !is_name(name)) {
                let cause = "it is no name of a role; write the name, and not the ARN";
                return Err(refuse("auth.instanceRole.roleName", cause));
            }
            Ok(Source::Instance(name))
        }
        _ => operators(own),
    }
}

/// The selectors that the store's way to sign in reads.
pub(super) fn namespaces(auth: &AlibabaAuth) -> Vec<Option<&str>> {
    match auth {
        AlibabaAuth { rrsa: Some(rrsa), .. } => {
            rrsa.service_account_ref.iter().map(|account| account.namespace.as_deref()).collect()
        }
        AlibabaAuth { secret_ref: Some(keys), .. } => {
            let AlibabaSecretRef { access_key_id_secret_ref, access_key_secret_secret_ref, security_token_secret_ref } =
                keys;
            let both = [access_key_id_secret_ref, access_key_secret_secret_ref];
            both.into_iter().chain(security_token_secret_ref).map(|key| key.namespace.as_deref()).collect()
        }
        AlibabaAuth { rrsa: None, secret_ref: None, instance_role: _ } => Vec::new(),
    }
}

fn role(rrsa: &AlibabaRrsa, own: &Own) -> Result<Role, Error> {
    let AlibabaRrsa { oidc_provider_arn, service_account_ref, oidc_token_file_path, role_arn, session_name } = rrsa;
    let arn = |field: &str, text: &String| {
        let sound = text.starts_with("acs:ram::") && is_printable(text.as_bytes());
        sound.then(|| text.clone()).ok_or_else(|| refuse(field, "it is no ARN; it begins with `acs:ram::`"))
    };
    let token = match service_account_ref {
        Some(account) => Identity::Account(account.clone()),
        None => Identity::File(own_file(oidc_token_file_path, own)?),
    };
    Ok(Role {
        arn: arn("auth.rrsa.roleArn", role_arn)?,
        provider: arn("auth.rrsa.oidcProviderArn", oidc_provider_arn)?,
        session: session(session_name)?,
        token,
    })
}

/// STS takes 2 to 64 letters, digits and `.@-_`.
fn session(name: &str) -> Result<String, Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".@-_".contains(&byte);
    if (2..=64).contains(&name.len()) && name.bytes().all(plain) {
        return Ok(name.to_owned());
    }
    Err(refuse("auth.rrsa.sessionName", "it is no name of a session: 2 to 64 letters, digits and `.@-_`"))
}

/// The administrator's own path, where the store names the same.
fn own_file(path: &str, own: &Own) -> Result<PathBuf, Error> {
    match &own.oidc_token_file {
        Some(file) if !path.is_empty() && file.as_os_str() == path => Ok(file.clone()),
        _ => Err(refuse(
            "auth.rrsa.oidcTokenFilePath",
            "no file that a store names is read; name a ServiceAccount in `serviceAccountRef`, or have the administrator set \
             the operator's ALIBABA_CLOUD_OIDC_TOKEN_FILE to this path",
        )),
    }
}

async fn given(keys: &AlibabaSecretRef, credentials: &dyn Credentials) -> Result<Arc<Keys>, Error> {
    let AlibabaSecretRef { access_key_id_secret_ref, access_key_secret_secret_ref, security_token_secret_ref } = keys;
    let id = part("accessKeyIDSecretRef", access_key_id_secret_ref, credentials).await?;
    let secret = part("accessKeySecretSecretRef", access_key_secret_secret_ref, credentials).await?;
    let token = match security_token_secret_ref {
        Some(selector) => Some(part("securityTokenSecretRef", selector, credentials).await?),
        None => None,
    };
    let id = String::from_utf8_lossy(id.expose()).into_owned();
    Ok(Arc::new(Keys { id, secret, token, ends: None }))
}

async fn part(field: &str, selector: &SecretKeySelector, credentials: &dyn Credentials) -> Result<Sealed, Error> {
    let field = super::field(&format!("auth.secretRef.{field}"));
    let value = credentials.secret_key(&field, selector).await?;
    // A line end is what an editor leaves behind, and makes another key of it.
    if is_printable(value.expose()) {
        return Ok(value);
    }
    Err(Error {
        provider: NAME,
        doing: format!("use the credentials of `{field}`"),
        kind: Kind::Unauthenticated,
        cause: "it is empty, or has a space, a line end or another byte that no access key has".to_owned(),
    })
}

/// As the operator itself: by its access key, its token, or its instance, in the order of Alibaba Cloud's SDKs.
fn operators(own: &Own) -> Result<Source, Error> {
    let Own {
        access_key_id,
        access_key_secret,
        security_token,
        oidc_provider_arn,
        oidc_token_file,
        role_arn,
        session_name,
        instance_role,
        instance_disabled,
    } = own;
    if let (Some(id), Some(secret)) = (access_key_id, access_key_secret) {
        let keys = Keys { id: id.clone(), secret: secret.clone(), token: security_token.clone(), ends: None };
        return Ok(Source::Given(Arc::new(keys)));
    }
    if let (Some(provider), Some(file), Some(arn)) = (oidc_provider_arn, oidc_token_file, role_arn) {
        let session = session_name.clone().unwrap_or_else(|| "keyferry".to_owned());
        let token = Identity::File(file.clone());
        return Ok(Source::Role(Role { arn: arn.clone(), provider: provider.clone(), session, token }));
    }
    if *instance_disabled {
        return Err(refuse(
            "auth",
            "it is empty, and the operator has no identity of its own; set one of rrsa, secretRef and instanceRole",
        ));
    }
    Ok(Source::Instance(instance_role.clone()))
}

/// A name becomes a part of a path.
fn is_name(name: &str) -> bool {
    segments(name).is_some_and(|parts| matches!(parts.as_slice(), [one] if one == name))
}

/// Whether it is what a key, a token or an ARN is made of, and so can be sent in a header.
pub(super) fn is_printable(text: &[u8]) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic)
}
