//! External Secrets Operator, as far as it renders a target, asked.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyferry_oracle::Oracle;
use serde_json::Value;

use super::grow::Case;

/// What became of a case.
#[derive(Debug, PartialEq)]
pub enum Answer {
    Made { data: BTreeMap<String, Vec<u8>>, labels: BTreeMap<String, String>, annotations: BTreeMap<String, String> },
    Error(String),
}

impl Answer {
    fn read(line: &str) -> Self {
        let answer: Value = serde_json::from_str(line).unwrap();
        if let Some(error) = answer["error"].as_str() {
            return Self::Error(error.to_owned());
        }
        let texts = |field: &str| -> BTreeMap<String, String> {
            serde_json::from_value(answer[field].clone()).unwrap_or_default()
        };
        let data = texts("data").into_iter().map(|(key, value)| (key, STANDARD.decode(value).unwrap())).collect();
        Self::Made { data, labels: texts("labels"), annotations: texts("annotations") }
    }
}

/// What it makes of these.
pub fn ask(oracle: &mut Oracle, cases: &[Case]) -> Vec<Answer> {
    let answers = oracle.ask(cases.iter().map(|case| case.to_json().to_string()));
    answers.iter().map(|line| Answer::read(line)).collect()
}
