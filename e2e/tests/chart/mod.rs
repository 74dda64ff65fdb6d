//! The chart on a real API server: Helm's own checks, the operator's rights, its policies.

mod api_policy;
mod install;
mod write_policy;
