//! Where the operator finds its API server: for the stores that read from the same cluster with credentials of their own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::Config;

use super::throttle::Error;
use crate::sealed::Sealed;

/// An API server, and who is believed to be it.
#[derive(Clone, Debug)]
pub struct ApiServer {
    /// For example `https://10.96.0.1`.
    pub url: String,
    /// The certificates of its authorities, as PEM; none where the system's count.
    pub authorities: Option<Sealed>,
}

/// The API server of the pod, or of the user's kubeconfig, as [`super::throttle::client`] finds it.
///
/// # Errors
/// There is no configuration.
pub async fn api_server() -> Result<ApiServer, Error> {
    let config = Config::infer().await.map_err(Error::Infer)?;
    let authorities = config.root_cert.map(|certificates| certificates.iter().map(|der| pem(der)).collect::<String>());
    Ok(ApiServer { url: config.cluster_url.to_string(), authorities: authorities.map(Sealed::from) })
}

fn pem(der: &[u8]) -> String {
    let encoded: Vec<char> = STANDARD.encode(der).chars().collect();
    let lines: String = encoded.chunks(64).map(|line| line.iter().collect::<String>() + "\n").collect();
    format!("-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n")
}
