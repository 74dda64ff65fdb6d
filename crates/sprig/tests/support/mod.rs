//! What the tests against Go are made of: those of crates/gotemplate, with these functions. `e2e/oracle/sprig` has the
//! other side.
#![allow(clippy::needless_raw_string_hashes, clippy::format_collect, reason = "all cases look alike")]

#[path = "../../../gotemplate/tests/support/case.rs"]
pub mod case;
#[path = "../../../gotemplate/tests/support/data.rs"]
pub mod data;

pub mod calls;
pub mod certificates;
pub mod ciphers;
pub mod dates;
pub mod defaults;
pub mod dicts;
pub mod encodings;
pub mod fixtures;
pub mod grow;
pub mod host;
pub mod json;
pub mod jwk;
pub mod keys;
pub mod lines;
pub mod lists;
pub mod numbers;
pub mod passwords;
pub mod paths;
pub mod pem;
pub mod pkcs12;
pub mod randoms;
pub mod reflection;
pub mod regexes;
pub mod strings;
pub mod urls;
pub mod versions;
pub mod yaml;

pub use case::Case;
pub use host::functions;
use keyferry_oracle::Oracle;

/// Sprig's and ESO's side; nothing where there is no Go.
pub fn oracle() -> Option<Oracle> {
    Oracle::start("sprig", env!("CARGO_TARGET_TMPDIR"))
}
