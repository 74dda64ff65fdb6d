//! What Google Cloud's flags mean.

use std::path::PathBuf;

use super::{Invalid, endpoint};
use crate::ops::cli;

/// Other endpoints than Google Cloud's own; each URL begins with `http://` or `https://`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gcp {
    /// Of Secret Manager.
    pub secret_manager: Option<String>,
    /// Of the Security Token Service.
    pub sts: Option<String>,
    /// Of IAM Service Account Credentials.
    pub iam_credentials: Option<String>,
    /// Where keys are exchanged, with its path.
    pub token: Option<String>,
    /// Host, and port if any, of the metadata server.
    pub metadata_host: Option<String>,
    /// Authorities, PEM.
    pub ca_file: Option<PathBuf>,
}

pub(super) fn settings(typed: cli::Gcp) -> Result<Gcp, Invalid> {
    Ok(Gcp {
        secret_manager: endpoint("gcp-secretmanager-endpoint", typed.gcp_secretmanager_endpoint)?,
        sts: endpoint("gcp-sts-endpoint", typed.gcp_sts_endpoint)?,
        iam_credentials: endpoint("gcp-iamcredentials-endpoint", typed.gcp_iamcredentials_endpoint)?,
        token: endpoint("gcp-token-url", typed.gcp_token_url)?,
        metadata_host: host("gce-metadata-host", typed.gce_metadata_host)?,
        ca_file: typed.gcp_ca_file.filter(|file| !file.as_os_str().is_empty()),
    })
}

/// A host, and a port if any; an empty variable counts as none.
fn host(flag: &'static str, typed: Option<String>) -> Result<Option<String>, Invalid> {
    let Some(host) = typed.filter(|host| !host.is_empty()) else { return Ok(None) };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':' | b'[' | b']');
    if host.bytes().all(plain) {
        return Ok(Some(host));
    }
    let problem = format!("is {host:?}, which is no host");
    Err(Invalid { flag, problem, cure: "write a name or an address, and a port behind a colon if need be" })
}
