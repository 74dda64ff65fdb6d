//! Numbers and their arithmetic.

use crate::table::{Family, Shared};

pub(crate) fn family(_: &Shared) -> Family {
    Vec::new()
}
