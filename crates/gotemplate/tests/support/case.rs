//! Cases and answers, of these tests and of those of the functions in crates/sprig.

use super::data::{self, base64};
use keyferry_gotemplate::{ErrorKind, Limits, MissingKey, Parser};
use keyferry_oracle::Oracle;
use serde_json::{Value as Json, json};

/// A template and all that its result depends on.
#[derive(Clone)]
pub struct Case {
    pub name: String,
    pub template: Vec<u8>,
    pub left: String,
    pub right: String,
    pub missing: String,
    pub data: Json,
}

impl Case {
    pub fn new(template: impl AsRef<[u8]>, data: Json) -> Self {
        let (left, right, missing) = Default::default();
        Self { name: "t".into(), template: template.as_ref().to_vec(), left, right, missing, data }
    }

    pub fn to_json(&self) -> Json {
        let mut case = json!({"name": self.name, "template": base64::encode(&self.template), "data": self.data});
        let options = [("left", &self.left), ("right", &self.right), ("missing", &self.missing)];
        for (key, option) in options.into_iter().filter(|(_, option)| !option.is_empty()) {
            case[key] = option.as_str().into();
        }
        case
    }

    pub fn from_json(case: &Json) -> Self {
        let text = |key: &str| case[key].as_str().unwrap_or_default().to_owned();
        Self {
            name: text("name"),
            template: base64::decode(&text("template")),
            left: text("left"),
            right: text("right"),
            missing: text("missing"),
            data: case["data"].clone(),
        }
    }

    /// What Go makes of these.
    pub fn ask(oracle: &mut Oracle, cases: &[Self]) -> Vec<Answer> {
        let answers = oracle.ask(cases.iter().map(|case| case.to_json().to_string()));
        answers.iter().map(|line| Answer::from_json(&serde_json::from_str(line).unwrap())).collect()
    }

    /// What we make of it.
    pub fn run(&self) -> Answer {
        let missing_key = match self.missing.as_str() {
            "zero" => MissingKey::Zero,
            "error" => MissingKey::Error,
            _ => MissingKey::Invalid,
        };
        let limits = Limits { steps: 50_000, ..Limits::default() };
        let parser = Parser { left: &self.left, right: &self.right, missing_key, limits };
        let template = parser.parse(self.name.as_str(), &self.template, super::functions());
        match template.and_then(|template| template.render(&data::value(&self.data))) {
            Ok(output) => Answer::Output(output),
            Err(error) if matches!(error.kind(), ErrorKind::Budget(_)) => Answer::OverBudget,
            Err(error) => Answer::Error(error.to_string()),
        }
    }

    pub fn show(&self) -> String {
        let template = String::from_utf8_lossy(&self.template);
        format!("{template}\n  with {} {} {} {}", self.data, self.left, self.right, self.missing)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Output(Vec<u8>),
    Error(String),
    OverBudget,
}

impl Answer {
    pub fn from_json(answer: &Json) -> Self {
        match answer["error"].as_str() {
            Some(error) => Self::Error(String::from_utf8_lossy(&base64::decode(error)).into_owned()),
            None => Self::Output(base64::decode(answer["output"].as_str().unwrap_or_default())),
        }
    }

    pub fn add_to(&self, case: &mut Json) {
        match self {
            Self::Output(output) => case["output"] = base64::encode(output).into(),
            Self::Error(error) => case["error"] = base64::encode(error.as_bytes()).into(),
            Self::OverBudget => {}
        }
    }

    pub fn show(&self) -> String {
        match self {
            Self::Output(output) => format!("{:?}", String::from_utf8_lossy(output)),
            Self::Error(error) => format!("error {error}"),
            Self::OverBudget => "over budget".into(),
        }
    }
}
