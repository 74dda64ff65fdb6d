//! The providers' conformance suite against real servers.

pub(crate) mod alibaba;
mod alibaba_sync;
pub(crate) mod aws;
pub(crate) mod aws_parameters;
mod aws_rounds;
mod aws_sync;
pub(crate) mod azure;
mod azure_oracle;
mod azure_sync;
pub(crate) mod crd;
mod crd_sync;
mod documentation;
mod fake;
pub(crate) mod gcp;
mod gcp_oracle;
mod gcp_sync;
pub(crate) mod kubernetes;
mod kubernetes_sync;
mod matrix;
pub(crate) mod openbao;
mod openbao_identities;
mod openbao_sync;
mod pod_identity;
mod rounds;
pub(crate) mod webhook;
mod webhook_sync;
