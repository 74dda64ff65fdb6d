//! Keyferry syncs external secret stores into native Secrets, with External Secrets Operator's API.
//!
//! # One sync
//!
//! An ExternalSecret names remote secrets and the Secret that they become. When one changes, [`controller`] makes a pass
//! over it. The pass asks [`poll`] for the values: each remote key is read once, together with what other objects want
//! of the same [`provider`] in the same milliseconds, and of each only a keyed fingerprint is kept. [`plan`] puts the
//! values together and compares what should stand with what [`cluster`] sees standing; its answer is one action or
//! none. `cluster` carries it out, on exactly the object that was looked at, and a status and an event are written if
//! they say something new. From then on `poll` reads the remote keys in batches, a few calls a round for all objects
//! together, and wakes an object when something it uses is no longer what it has taken over. While nothing changes,
//! nothing is written.
//!
//! # Who may import whom
//!
//! [`sealed`] (a crate of its own, which the helper shares) and [`duration`] know nothing of ours; [`api`] only types; [`plan`] knows `api` and `sealed` and neither a
//! client nor a clock; [`provider`] knows `api` and its SDKs; `poll` knows `provider`; `cluster` knows `plan`; `controller`
//! wires them; [`ops`] is the process around it all. [`render`] is a command beside the operator, from text to text: it knows
//! the helper's grammar of handles and nothing else of ours. `tests/layering.rs` holds the table and fails on an import that is
//! not in it.

pub mod api;
pub mod cluster;
pub mod controller;
pub mod duration;
pub mod ops;
pub mod plan;
pub mod poll;
pub mod provider;
pub mod render;

pub use sealed;
