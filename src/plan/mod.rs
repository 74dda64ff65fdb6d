//! The thinking: pure functions from spec, values and what stands in the cluster to one decision.
//!
//! Nothing here knows a client, a clock, the environment or the log: what is decided depends on the arguments alone, so
//! every policy is tested beside its code without a cluster. `controller` calls these functions in the order of a sync:
//! [`valid`], [`select`], [`template`], [`target`], [`summary`].

pub mod content;
pub mod decode;
pub mod due;
pub mod dwindle;
mod entries;
pub mod keep;
pub mod marks;
pub mod nudge;
pub mod problem;
pub mod rewrite;
pub mod select;
pub mod standing;
pub mod store;
pub mod summary;
pub mod target;
pub mod template;
pub mod valid;
mod vaulted;
pub mod window;
