//! The process: flags, logs, metrics, probes, signals.
//!
//! What is here knows nothing of secrets, stores or clusters. The binaries put it together; the controllers report
//! through [`metrics`] and [`health`], and print errors with [`telemetry::chain`].

pub mod cli;
pub mod health;
pub mod metrics;
pub mod reference;
pub mod server;
pub mod settings;
pub mod shutdown;
pub mod telemetry;
