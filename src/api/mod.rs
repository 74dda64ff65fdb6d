//! The `external-secrets.io` API as Rust types, and only types.
//!
//! What is here is what a user may write and what the operator answers in `status`; `crds/` is generated from it. No
//! decision is made here and no client is known. Everybody may read it.

pub mod external_secret;
pub mod provider;
pub mod secret_store;

pub use external_secret::{ExternalSecret, ExternalSecretSpec};
pub use secret_store::{ClusterSecretStore, SecretStore, SecretStoreSpec};
