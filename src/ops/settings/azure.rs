//! What Azure's flags mean.

use std::path::PathBuf;

use super::{Invalid, endpoint};
use crate::ops::cli;

/// The operator's own identity at Azure, and where else its servers may be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Azure {
    /// Where to sign in to the public cloud; begins with `https://`.
    pub authority: Option<String>,
    /// Where managed identities' tokens come from.
    pub identity_endpoint: Option<String>,
    /// The operator's application.
    pub client: Option<String>,
    /// The operator's tenant.
    pub tenant: Option<String>,
    /// The operator's token.
    pub token_file: Option<PathBuf>,
    /// What the names of other vaults end with, or are: in small letters, without a dot in front.
    pub suffixes: Vec<String>,
    /// Authorities as PEM, in place of the system's.
    pub authorities: Option<PathBuf>,
}

pub(super) fn settings(typed: cli::Azure) -> Result<Azure, Invalid> {
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let file = |file: Option<PathBuf>| file.filter(|file| !file.as_os_str().is_empty());
    let authority = endpoint("azure-authority-host", typed.azure_authority_host)?;
    if let Some(url) = authority.as_deref().filter(|url| !url.starts_with("https://")) {
        let problem = format!("is {url:?}, which is not https");
        return Err(Invalid { flag: "azure-authority-host", problem, cure: "write https:// and a host" });
    }
    Ok(Azure {
        authority,
        identity_endpoint: endpoint("azure-identity-endpoint", typed.azure_identity_endpoint)?,
        client: some(typed.azure_client_id),
        tenant: some(typed.azure_tenant_id),
        token_file: file(typed.azure_federated_token_file),
        suffixes: typed.azure_keyvault_suffixes.iter().map(|typed| suffix(typed)).collect::<Result<_, _>>()?,
        authorities: file(typed.azure_ca_file),
    })
}

/// A host's name or the end of one; nothing that could be every host's.
fn suffix(typed: &str) -> Result<String, Invalid> {
    let name = typed.trim().trim_start_matches('.').to_ascii_lowercase();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    if !name.is_empty() && name.bytes().all(plain) && (name.contains('.') || name == "localhost") {
        return Ok(name);
    }
    Err(Invalid {
        flag: "azure-keyvault-suffixes",
        problem: format!("has {typed:?}, which is no host and no end of one"),
        cure: "write for example vault.example.com",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_is_a_name_that_is_not_everybodys() {
        for (typed, name) in
            [(".Vault.Example.com", "vault.example.com"), (" localhost", "localhost"), ("127.0.0.1", "127.0.0.1")]
        {
            assert_eq!(suffix(typed).as_deref(), Ok(name));
        }
        for typed in ["", ".", "com", "*.example.com", "https://a.example.com", "a b.c"] {
            assert!(suffix(typed).is_err(), "{typed:?}");
        }
    }
}
