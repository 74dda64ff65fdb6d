//! Cases and the oracle that they are put to.

pub mod cases;
pub mod go;
pub mod grow;

/// A document and its paths.
pub struct Case {
    pub json: String,
    pub paths: Vec<String>,
}
