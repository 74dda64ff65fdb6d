//! The providers' conformance suite against real servers.

mod aws;
mod aws_parameters;
mod aws_rounds;
mod aws_sync;
mod fake;
mod matrix;
mod gcp;
mod gcp_oracle;
mod gcp_sync;
mod openbao;
mod openbao_sync;
mod pod_identity;
