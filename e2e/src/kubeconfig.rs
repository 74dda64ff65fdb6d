//! Kubeconfig files and clients: who talks to which API server, with what.

use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::json;

/// An API server and how it proves itself.
#[derive(Clone, Debug)]
pub struct Server {
    /// For example `https://127.0.0.1:6443`.
    pub url: String,
    /// The PEM of what signed its certificate.
    pub authority: Vec<u8>,
}

impl Server {
    /// The server of a kubeconfig file's current context.
    pub async fn of(kubeconfig: &Path) -> Result<Self> {
        let config = config(kubeconfig).await?;
        let pem = config.root_cert.unwrap_or_default().iter().map(|der| to_pem("CERTIFICATE", der)).collect::<String>();
        Ok(Self { url: config.cluster_url.to_string(), authority: pem.into_bytes() })
    }

    /// Whether it is on this machine's loopback.
    pub fn is_local(&self) -> bool {
        let host = self.url.parse::<http::Uri>().ok().and_then(|url| url.host().map(str::to_owned)).unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// Writes a kubeconfig for the holder of `token`. The file is JSON, which every reader of kubeconfigs reads.
    pub fn write(&self, path: &Path, user: &str, token: &str) -> Result<()> {
        let file = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "e2e",
            "clusters": [{"name": "e2e", "cluster": {
                "server": self.url,
                "certificate-authority-data": STANDARD.encode(&self.authority),
            }}],
            "users": [{"name": user, "user": {"token": token}}],
            "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": user}}],
        });
        std::fs::write(path, serde_json::to_vec_pretty(&file)?).with_context(|| format!("write {}", path.display()))
    }
}

/// A client for a kubeconfig's current context. It belongs to the runtime it was made in: make one for each test.
pub async fn client(kubeconfig: &Path) -> Result<Client> {
    Ok(Client::try_from(config(kubeconfig).await?)?)
}

async fn config(kubeconfig: &Path) -> Result<Config> {
    let read = Kubeconfig::read_from(kubeconfig).with_context(|| format!("read {}", kubeconfig.display()))?;
    Ok(Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await?)
}

/// DER as PEM, with lines of 64 letters.
pub fn to_pem(label: &str, der: &[u8]) -> String {
    let encoded: Vec<char> = STANDARD.encode(der).chars().collect();
    let lines: String = encoded.chunks(64).map(|line| line.iter().collect::<String>() + "\n").collect();
    format!("-----BEGIN {label}-----\n{lines}-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_local(url: &str) -> bool {
        Server { url: url.to_owned(), authority: Vec::new() }.is_local()
    }

    #[test]
    fn loopback_is_told_from_the_rest() {
        assert!(["https://127.0.0.1:6443/", "https://localhost:1", "https://[::1]:6443"].into_iter().all(is_local));
        assert!(!["https://10.0.0.1:6443", "https://localhost.example.com", "nonsense"].into_iter().any(is_local));
    }

    #[test]
    fn pem_has_lines_of_64_letters() {
        let pem = to_pem("X", &[0; 60]);
        assert_eq!(pem, format!("-----BEGIN X-----\n{}\n{}\n-----END X-----\n", "A".repeat(64), "A".repeat(16)));
    }
}
