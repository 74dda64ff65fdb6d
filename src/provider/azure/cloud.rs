//! Which hosts are Azure's: where a store signs in, who may see its token, and what the token is for.
//!
//! A token for Key Vault opens every vault that its principal may read, so it goes to no host but a vault of the cloud that
//! the store chose. Where a store names hosts of its own (`customCloudConfig`), it may show them its own credentials and
//! never the operator's.

use super::{Settings, refuse};
use crate::api::provider::azurekv::{AzureAuthType, AzureCustomCloud, AzureEnvironment, AzureKvProvider};
use crate::provider::Error;
use crate::provider::http::Server;

/// A cloud of Microsoft's.
#[derive(Clone, Copy, Debug)]
struct Known {
    authority: &'static str,
    vaults: &'static str,
    modules: &'static str,
}

const PUBLIC: Known =
    Known { authority: "login.microsoftonline.com", vaults: "vault.azure.net", modules: "managedhsm.azure.net" };
const GOVERNMENT: Known = Known {
    authority: "login.microsoftonline.us",
    vaults: "vault.usgovcloudapi.net",
    modules: "managedhsm.usgovcloudapi.net",
};
const CHINA: Known =
    Known { authority: "login.chinacloudapi.cn", vaults: "vault.azure.cn", modules: "managedhsm.azure.cn" };

/// Hosts that sign in to a cloud of Microsoft's, old names too. A store says which cloud it means, so a variable that names
/// one of them, as the workload identity webhook sets it in every pod, says nothing.
const AUTHORITIES: [&str; 5] =
    [PUBLIC.authority, GOVERNMENT.authority, CHINA.authority, "login.partner.microsoftonline.cn", "login.windows.net"];

/// Where a session goes.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The vault.
    pub(super) vault: Server,
    /// Where to sign in.
    pub(super) authority: Server,
    /// Whether it was the administrator who named that, who may name an address anywhere.
    pub(super) is_chosen: bool,
    /// What a token is for; none where the vault is asked.
    pub(super) resource: Option<String>,
}

/// The hosts of a store.
///
/// # Errors
/// A vault that is none of the cloud's, a cloud that is none, and a cloud of the store's own that would be shown the
/// operator's identity.
pub(super) fn place(spec: &AzureKvProvider, settings: &Settings) -> Result<Place, Error> {
    let vault = secure("vaultUrl", &spec.vault_url)?;
    if vault.has_path() {
        return Err(refuse("vaultUrl", "it has a path; write https:// and the vault's host"));
    }
    match custom(spec)? {
        Some(custom) => of_custom(spec, custom, vault, settings),
        None => of_known(spec, vault, settings),
    }
}

fn custom(spec: &AzureKvProvider) -> Result<Option<&AzureCustomCloud>, Error> {
    match &spec.custom_cloud_config {
        Some(_) if !spec.use_azure_sdk.unwrap_or_default() => {
            Err(refuse("customCloudConfig", "it needs useAzureSDK: true"))
        }
        custom => Ok(custom.as_ref()),
    }
}

fn known(spec: &AzureKvProvider) -> Result<Known, Error> {
    match spec.environment_type.unwrap_or_default() {
        AzureEnvironment::PublicCloud => Ok(PUBLIC),
        AzureEnvironment::UsGovernmentCloud => Ok(GOVERNMENT),
        AzureEnvironment::ChinaCloud => Ok(CHINA),
        AzureEnvironment::GermanCloud => Err(refuse(
            "environmentType",
            "Azure Germany ended in October 2021; name the cloud that the vault is in now",
        )),
        AzureEnvironment::AzureStackCloud => {
            Err(refuse("customCloudConfig", "it is not set; AzureStackCloud needs its endpoints"))
        }
    }
}

fn of_known(spec: &AzureKvProvider, vault: Server, settings: &Settings) -> Result<Place, Error> {
    let known = known(spec)?;
    let module = is_below(vault.name(), known.modules);
    if !module && !is_below(vault.name(), known.vaults) && !is_allowed(&vault, settings) {
        return Err(foreign(known));
    }
    let host = if module { known.modules } else { known.vaults };
    let (authority, is_chosen) = authority(spec, known, settings)?;
    Ok(Place { vault, authority, is_chosen, resource: Some(format!("https://{host}")) })
}

fn foreign(known: Known) -> Error {
    let Known { vaults, modules, .. } = known;
    let cause = format!(
        "its host is no Key Vault of the store's cloud, which end in .{vaults} or .{modules}, and would be shown a token \
         for all of them; correct it or environmentType, or have the administrator allow it by \
         --azure-keyvault-suffixes"
    );
    refuse("vaultUrl", &cause)
}

/// The administrator's variable names the public cloud's stand-in and nobody else's.
fn authority(spec: &AzureKvProvider, known: Known, settings: &Settings) -> Result<(Server, bool), Error> {
    let public = spec.environment_type.unwrap_or_default() == AzureEnvironment::PublicCloud;
    let named = settings.authority.as_deref().filter(|_| public).map(|named| secure("AZURE_AUTHORITY_HOST", named));
    match named.transpose()? {
        Some(named) if !AUTHORITIES.contains(&named.name()) => Ok((named, true)),
        _ => Ok((secure("environmentType", &format!("https://{}", known.authority))?, false)),
    }
}

/// Without a suffix or an endpoint it is the vault itself that the store vouches for.
fn of_custom(
    spec: &AzureKvProvider,
    custom: &AzureCustomCloud,
    vault: Server,
    settings: &Settings,
) -> Result<Place, Error> {
    let authority = secure("customCloudConfig.activeDirectoryEndpoint", &custom.active_directory_endpoint)?;
    if is_operators(spec) && !(is_allowed(&vault, settings) && is_allowed(&authority, settings)) {
        let cause = "hosts that a store names are never shown the operator's own identity; sign in by authSecretRef or \
                     serviceAccountRef, or have the administrator allow the hosts by --azure-keyvault-suffixes";
        return Err(refuse("customCloudConfig", cause));
    }
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let suffix = given(&custom.key_vault_dns_suffix).map(|suffix| suffix.trim_start_matches('.').to_ascii_lowercase());
    let endpoint = given(&custom.key_vault_endpoint);
    let endpoint = endpoint.map(|endpoint| secure("customCloudConfig.keyVaultEndpoint", &endpoint)).transpose()?;
    let mut hosts = suffix.iter().map(String::as_str).chain(endpoint.iter().map(Server::name)).peekable();
    if hosts.peek().is_some() && !hosts.any(|host| is_below(vault.name(), host) || vault.name() == host) {
        let cause =
            "its host is not below keyVaultDNSSuffix or keyVaultEndpoint of customCloudConfig; correct one of them";
        return Err(refuse("vaultUrl", cause));
    }
    Ok(Place { vault, authority, is_chosen: false, resource: None })
}

/// Whether a store signs in as somebody whom it does not itself name.
fn is_operators(spec: &AzureKvProvider) -> bool {
    match spec.auth_type.unwrap_or_default() {
        AzureAuthType::ServicePrincipal => false,
        AzureAuthType::ManagedIdentity => true,
        AzureAuthType::WorkloadIdentity => spec.service_account_ref.is_none(),
    }
}

fn is_allowed(server: &Server, settings: &Settings) -> bool {
    settings.suffixes.iter().any(|suffix| server.name() == suffix || is_below(server.name(), suffix))
}

/// Whether `host` is a name below `zone`.
pub(super) fn is_below(host: &str, zone: &str) -> bool {
    host.strip_suffix(zone).and_then(|name| name.strip_suffix('.')).is_some_and(|name| !name.is_empty())
}

fn secure(field: &str, url: &str) -> Result<Server, Error> {
    let server = Server::parse(url).map_err(|fault| refuse(field, &fault.cause))?;
    if server.is_secure() { Ok(server) } else { Err(refuse(field, "it is not https, which Azure always is")) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn placed(spec: Value, settings: &Settings) -> Result<(String, String, Option<String>), String> {
        let spec: AzureKvProvider = serde_json::from_value(spec).unwrap();
        let place = place(&spec, settings).map_err(|error| error.cause)?;
        Ok((place.vault.name().to_owned(), place.authority.name().to_owned(), place.resource))
    }

    fn at(url: &str, environment: &str) -> Result<(String, String, Option<String>), String> {
        placed(json!({"vaultUrl": url, "environmentType": environment}), &Settings::default())
    }

    fn admitted(suffixes: &[&str]) -> Settings {
        Settings { suffixes: suffixes.iter().map(|&suffix| suffix.to_owned()).collect(), ..Settings::default() }
    }

    #[test]
    fn each_cloud_has_its_vaults_its_place_to_sign_in_and_its_resource() {
        for (url, environment, authority, resource) in [
            ("https://a.vault.azure.net", "PublicCloud", "login.microsoftonline.com", "https://vault.azure.net"),
            ("https://A.VAULT.azure.net/", "PublicCloud", "login.microsoftonline.com", "https://vault.azure.net"),
            (
                "https://a.managedhsm.azure.net",
                "PublicCloud",
                "login.microsoftonline.com",
                "https://managedhsm.azure.net",
            ),
            (
                "https://a.vault.usgovcloudapi.net",
                "USGovernmentCloud",
                "login.microsoftonline.us",
                "https://vault.usgovcloudapi.net",
            ),
            ("https://a.vault.azure.cn", "ChinaCloud", "login.chinacloudapi.cn", "https://vault.azure.cn"),
        ] {
            let (_, signs_in, token) = at(url, environment).unwrap();
            assert_eq!((signs_in.as_str(), token.as_deref()), (authority, Some(resource)), "{url}");
        }
        assert!(at("https://a.vault.azure.net", "GermanCloud").unwrap_err().contains("ended"));
    }

    #[test]
    fn no_host_but_a_vault_of_the_cloud_is_shown_a_token() {
        for url in [
            "http://a.vault.azure.net",
            "https://vault.azure.net",
            "https://.vault.azure.net",
            "https://a.vault.azure.net.evil.example",
            "https://evilvault.azure.net",
            "https://evil.example/a.vault.azure.net",
            "https://evil.example#.vault.azure.net",
            "https://evil.example\\.vault.azure.net",
            "https://a.vault.azure.net@evil.example",
            "https://a.vault.azure.cn",
            "https://a.vault.azure.net/secrets",
            "https://127.0.0.1",
            "",
        ] {
            assert!(at(url, "PublicCloud").is_err(), "{url}");
        }
    }

    #[test]
    fn the_administrator_may_allow_other_hosts() {
        let settings = admitted(&["localhost", "vault.example.com"]);
        let place = |url: &str| placed(json!({"vaultUrl": url}), &settings);
        assert!(place("https://localhost:8443").is_ok() && place("https://a.vault.example.com").is_ok());
        assert!(place("https://notlocalhost").is_err() && place("https://example.com").is_err());
        assert_eq!(place("https://localhost").unwrap().2.as_deref(), Some("https://vault.azure.net"));
    }

    #[test]
    fn the_variable_for_the_authority_stands_in_for_the_public_clouds_only() {
        let settings = |host: &str| Settings { authority: Some(host.into()), ..Settings::default() };
        let at = |environment: &str, vault: &str, host: &str| {
            placed(json!({"vaultUrl": vault, "environmentType": environment}), &settings(host)).unwrap().1
        };
        let public = "https://a.vault.azure.net";
        assert_eq!(at("PublicCloud", public, "https://login.example.com"), "login.example.com");
        assert_eq!(at("PublicCloud", public, "https://login.microsoftonline.us/"), "login.microsoftonline.com");
        assert_eq!(at("ChinaCloud", "https://a.vault.azure.cn", "https://login.example.com"), "login.chinacloudapi.cn");
    }

    #[test]
    fn a_cloud_of_the_stores_own_is_shown_the_stores_own_credentials_only() {
        let spec = |auth: &str, more: Value| {
            let mut spec = json!({
                "vaultUrl": "https://a.vault.local.example", "environmentType": "AzureStackCloud", "useAzureSDK": true,
                "authType": auth,
                "customCloudConfig": {"activeDirectoryEndpoint": "https://login.local.example"},
            });
            for (key, value) in more.as_object().unwrap() {
                spec[key] = value.clone();
            }
            spec
        };
        let plain = Settings::default();
        let own = placed(spec("ServicePrincipal", json!({})), &plain).unwrap();
        assert_eq!(own, ("a.vault.local.example".into(), "login.local.example".into(), None));
        let account = json!({"serviceAccountRef": {"name": "app"}});
        assert!(placed(spec("WorkloadIdentity", account), &plain).is_ok());
        for auth in ["ManagedIdentity", "WorkloadIdentity"] {
            let refused = placed(spec(auth, json!({})), &plain).unwrap_err();
            assert!(refused.contains("the operator's own identity"), "{refused}");
            assert!(placed(spec(auth, json!({})), &admitted(&["vault.local.example"])).is_err(), "the authority too");
            assert!(placed(spec(auth, json!({})), &admitted(&["local.example"])).is_ok());
        }
        assert!(placed(spec("ServicePrincipal", json!({"useAzureSDK": false})), &plain).is_err());
        assert!(placed(spec("ServicePrincipal", json!({"customCloudConfig": null})), &plain).is_err());
    }

    #[test]
    fn a_vault_is_below_the_suffix_or_the_endpoint_of_a_cloud_of_the_stores_own() {
        let at = |vault: &str, key: &str, value: &str| {
            let custom = json!({"activeDirectoryEndpoint": "https://login.example", key: value});
            placed(json!({"vaultUrl": vault, "useAzureSDK": true, "customCloudConfig": custom}), &Settings::default())
        };
        for (key, value) in [("keyVaultDNSSuffix", ".vault.example"), ("keyVaultEndpoint", "https://vault.example/")] {
            assert!(at("https://a.vault.example", key, value).is_ok(), "{key}");
            assert!(at("https://a.other.example", key, value).is_err(), "{key}");
        }
    }
}
