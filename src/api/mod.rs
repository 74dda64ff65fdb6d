//! The `external-secrets.io` API as Rust types, and only types.
//!
//! What is here is what a user may write and what the operator answers in `status`; `crds/` is generated from it by
//! [`crd`]. Decoding is lenient, since an API server may have stored objects under older rules; the generated schema is
//! strict. No decision is made here and no client is known. Everybody may read it.

pub mod crd;
pub mod external_secret;
pub mod provider;
mod schema;
pub mod secret_store;

pub use external_secret::{ExternalSecret, ExternalSecretSpec};
pub use secret_store::{ClusterSecretStore, SecretStore, SecretStoreSpec};
