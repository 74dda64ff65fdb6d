//! Which API server a store means.

use crate::provider::http::{Base, Client, Fault, Server, Trust};
use crate::provider::{Kind, http};
use crate::sealed::Sealed;

/// Names under which a pod finds the API server of its own cluster; the first is the default of `server.url`.
const LOCAL_NAMES: [&str; 3] = ["kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];

/// How the operator itself reaches the API server of its cluster. An administrator's choice, so no rule for stores'
/// servers holds for it.
#[derive(Clone, Debug)]
pub struct Local {
    /// For example `https://10.96.0.1`.
    pub url: String,
    /// The certificates of the authorities that it is believed by, as PEM; without them the system's.
    pub authorities: Option<Sealed>,
}

/// The API server that a session talks to.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// That of the operator's own cluster.
    Own(Server),
    /// Another, or this one by another address.
    Other(Server),
}

impl Target {
    /// The server of `url`, which may lack its scheme; without a URL that of the cluster. Trusts what `local` trusts
    /// where nothing else is said of whom to trust.
    pub(super) fn of(url: &str, local: Option<&Local>, trust: &mut Trust) -> Result<Self, Fault> {
        let url = if url.is_empty() { LOCAL_NAMES[0] } else { url };
        if let (Some(local), true) = (local, is_local(url)) {
            if let Some(authorities) = local.authorities.as_ref().filter(|_| !trust.has_authorities()) {
                trust.authorities(authorities.clone());
            }
            return Server::parse(&local.url).map(Self::Own);
        }
        let url = if url.contains("://") { url.to_owned() } else { format!("https://{url}") };
        let server = Server::parse(&url)?;
        if !server.is_secure() && !server.is_loopback() {
            return Err(Fault::new(Kind::Invalid, "credentials are sent by https only; write https:// and a host"));
        }
        Ok(Self::Other(server))
    }

    /// Whether it is that of the operator's own cluster, where a ServiceAccount's token is at home.
    pub(super) fn is_own(&self) -> bool {
        matches!(self, Self::Own(_))
    }

    pub(super) fn client(&self, base: &Base, trust: &Trust) -> Result<Client, http::Fault> {
        match self {
            Self::Own(server) => base.own(server.clone(), trust),
            Self::Other(server) => base.client(server.clone(), trust),
        }
    }
}

fn is_local(url: &str) -> bool {
    let url = url.to_ascii_lowercase();
    let host = url.strip_prefix("https://").unwrap_or(&url).trim_end_matches('/');
    LOCAL_NAMES.contains(&host.strip_suffix(":443").unwrap_or(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local() -> Local {
        Local { url: "https://10.96.0.1".into(), authorities: Some("own".into()) }
    }

    fn is_own(url: &str) -> bool {
        Target::of(url, Some(&local()), &mut Trust::default()).unwrap().is_own()
    }

    #[test]
    fn the_clusters_own_names_mean_the_server_that_the_operator_talks_to() {
        for url in [
            "",
            "kubernetes.default",
            "https://kubernetes.default",
            "https://kubernetes.default.svc:443/",
            "HTTPS://Kubernetes.Default.svc.cluster.local",
        ] {
            assert!(is_own(url), "{url}");
        }
        for url in [
            "https://10.96.0.1",
            "https://kubernetes.default.svc.evil.example.com",
            "https://kubernetes.default:8443",
            "https://kubernetes.default/path",
            "https://kubernetes.default.svc.cluster.local.",
            "https://other.example.com",
        ] {
            assert!(!is_own(url), "{url}");
        }
        assert!(!Target::of("", None, &mut Trust::default()).unwrap().is_own());
    }

    #[test]
    fn the_clusters_authorities_are_trusted_where_the_store_names_none() {
        let mut trust = Trust::default();
        Target::of("https://other.example.com", Some(&local()), &mut trust).unwrap();
        assert!(!trust.has_authorities());
        Target::of("", Some(&local()), &mut trust).unwrap();
        assert!(trust.has_authorities());
    }

    #[test]
    fn a_server_without_a_scheme_is_asked_by_tls_and_one_without_tls_is_refused() {
        let of = |url: &str| Target::of(url, None, &mut Trust::default());
        let Target::Other(server) = of("api.example.com:6443").unwrap() else { panic!("another server") };
        assert_eq!(format!("{server:?}"), "Server(https://api.example.com:6443/)");
        assert_eq!(of("http://api.example.com").unwrap_err().kind, Kind::Invalid);
        // Whether this machine may be reached at all is for the guard of egress to say.
        assert!(of("http://127.0.0.1:8001").is_ok() && of("http://localhost:8001").is_ok());
    }
}
