//! The helper's manifests, as the API server judges them.

mod manifests;
