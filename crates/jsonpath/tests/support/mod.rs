//! Cases and the oracle that they are put to.

pub mod cases;
pub mod grow;

use serde_json::json;

/// A document and its paths.
pub struct Case {
    pub json: String,
    pub paths: Vec<String>,
}

impl Case {
    /// As the oracle reads it.
    pub fn to_line(&self) -> String {
        json!({"json": self.json, "paths": self.paths}).to_string()
    }
}
