//! The providers' conformance suite against real servers.

mod alibaba;
mod alibaba_sync;
pub(crate) mod aws;
mod aws_parameters;
mod aws_rounds;
mod aws_sync;
mod azure;
mod azure_oracle;
mod azure_sync;
mod crd;
mod crd_sync;
mod documentation;
mod fake;
mod gcp;
mod gcp_oracle;
mod gcp_sync;
mod kubernetes;
mod kubernetes_sync;
mod matrix;
pub(crate) mod openbao;
mod openbao_sync;
mod pod_identity;
mod webhook;
mod webhook_sync;
