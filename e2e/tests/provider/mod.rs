//! The providers' conformance suite against real servers.

mod aws;
mod azure;
mod azure_oracle;
mod azure_sync;
mod fake;
mod matrix;
mod openbao;
mod openbao_sync;
mod pod_identity;
