//! The one table of all functions.

use crate::Host;
use keyferry_gotemplate::{Function, Functions};
use std::sync::Arc;

/// What a family of functions gets.
pub(crate) type Shared = Arc<dyn Host>;

/// The functions of one family, by the names that templates call them by.
pub(crate) type Family = Vec<(&'static str, Function)>;

/// Every family. A name stands in one of them only.
const FAMILIES: &[fn(&Shared) -> Family] = &[
    crate::strings::family,
    crate::regexes::family,
    crate::paths::family,
    crate::urls::family,
    crate::encodings::family,
    crate::numbers::family,
    crate::lists::family,
    crate::dicts::family,
    crate::defaults::family,
    crate::reflection::family,
    crate::randoms::family,
    crate::dates::family,
    crate::versions::family,
    crate::json::family,
    crate::yaml::family,
    crate::passwords::family,
    crate::keys::family,
    crate::certificates::family,
    crate::ciphers::family,
    crate::pkcs12::family,
    crate::pem::family,
    crate::jwk::family,
];

/// All functions, with `host` for time and randomness.
pub fn functions(host: impl Host) -> Functions {
    let host: Shared = Arc::new(host);
    FAMILIES.iter().flat_map(|family| family(&host)).collect()
}
