//! The only module that reads or writes Kubernetes objects on behalf of a sync.
//!
//! Targets are written by three kinds of patch and deleted with preconditions, never replaced; credentials are read and
//! their identity remembered; a status or an event is written when it says something new; a pod gets one annotation where
//! it opted in. What to write is decided in `plan`, when in `controller`; no provider is known here.

pub mod api_server;
mod body;
pub mod credentials;
pub mod error;
pub mod events;
pub mod lease;
pub mod pods;
pub mod reach;
pub mod status;
pub mod target;
pub mod texts;
pub mod throttle;

pub use error::{Error, Kind};
