//! The providers' conformance suite against real servers.

mod aws;
mod pod_identity;
