//! One file per kind: what is watched, and one pass over one object.
//!
//! A pass only sequences; what is decided is decided in `plan`, what is read comes from `poll`, what is touched is touched
//! by `cluster`. An object is passed over when it changes, when its store does, when `poll` says that a remote secret is
//! no longer what was taken over, and when its target is not what was last confirmed. `main` starts [`run`].

mod access;
mod backoff;
mod brake;
mod context;
mod drift;
mod dwindle;
mod error;
mod external_secret;
mod guarded;
mod kept;
mod loading;
mod malformed;
mod memory;
mod nudge;
mod report;
mod run;
mod settle;
mod sources;
mod store;
mod stores;
mod templates;
mod texts;
mod wake;
mod watch;

pub use access::Calls;
pub use context::{Leads, Parts, Settings};
pub use error::Error;
pub use nudge::Nudging;
pub use run::run;
