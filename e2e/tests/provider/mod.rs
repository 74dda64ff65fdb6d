//! The providers' conformance suite against real servers.

mod aws;
mod fake;
mod gcp;
mod gcp_oracle;
mod gcp_sync;
mod matrix;
mod openbao;
mod openbao_sync;
mod pod_identity;
