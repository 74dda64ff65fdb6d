//! What the agent is told about its secret backend by its environment, judged without looking at anything else.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use super::finding::{Code, Finding};

/// Letters of a variable's value that are kept, and names that begin with these are looked at.
const MAX_VALUE: usize = 64 << 10;
const PREFIX: &str = "DD_SECRET_";

const COMMAND: &str = "DD_SECRET_BACKEND_COMMAND";
/// The variable with the arguments of the command.
pub const ARGUMENTS: &str = "DD_SECRET_BACKEND_ARGUMENTS";
const TYPE: &str = "DD_SECRET_BACKEND_TYPE";
const GROUP: &str = "DD_SECRET_BACKEND_COMMAND_ALLOW_GROUP_EXEC_PERM";
const TRIM: &str = "DD_SECRET_BACKEND_REMOVE_TRAILING_LINE_BREAK";
const TIMEOUT: &str = "DD_SECRET_BACKEND_TIMEOUT";
const OUTPUT: &str = "DD_SECRET_BACKEND_OUTPUT_MAX_SIZE";
const REFRESH: &str = "DD_SECRET_REFRESH_INTERVAL";

/// Bytes of an answer that an agent reads if nobody says otherwise.
pub const DEFAULT_OUTPUT: u64 = 1 << 20;

/// The variables `DD_SECRET_*`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Keeps those that are meant for the secret backend.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let meant = |(name, value): &(String, String)| name.starts_with(PREFIX) && value.len() <= MAX_VALUE;
        Self(variables.into_iter().filter(meant).collect())
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The executable that the agent runs.
    pub fn command(&self) -> Option<&Path> {
        self.value(COMMAND).map(Path::new)
    }

    /// The arguments that the agent gives its command.
    pub fn arguments(&self) -> Vec<OsString> {
        self.value(ARGUMENTS).unwrap_or_default().split_ascii_whitespace().map(OsString::from).collect()
    }

    /// Whether Datadog lets the group execute the command; none if neither the option nor the command is set here.
    pub fn group_exec(&self) -> Option<bool> {
        self.value(GROUP).map(is_true).or_else(|| self.command().map(|_| false))
    }

    /// Whether the agent removes line breaks at a value's end.
    pub fn removes_line_breaks(&self) -> bool {
        self.value(TRIM).is_some_and(is_true)
    }

    /// Bytes of an answer that the agent reads.
    pub fn output(&self) -> u64 {
        self.value(OUTPUT).and_then(|value| value.parse().ok()).filter(|bytes| *bytes > 0).unwrap_or(DEFAULT_OUTPUT)
    }

    /// What is wrong with the variables themselves.
    pub fn judge(&self) -> Vec<Finding> {
        let mut findings = self.invalid();
        if self.command().is_some() {
            findings.extend(self.type_beside_command());
            findings.extend(self.no_refresh());
        }
        findings
    }

    fn invalid(&self) -> Vec<Finding> {
        let number =
            |name: &&str| self.value(name).is_some_and(|value| !value.parse::<u64>().is_ok_and(|value| value > 0));
        let truth = |name: &&str| self.value(name).is_some_and(|value| !is_boolean(value));
        let numbers =
            [TIMEOUT, OUTPUT].into_iter().filter(number).map(|name| (name, "is no whole number of at least 1"));
        let truths = [GROUP, TRIM].into_iter().filter(truth).map(|name| (name, "is neither true nor false"));
        numbers
            .chain(truths)
            .map(|(name, words)| Finding::new(Code::VariableInvalid, name, format!("{name} {words}")))
            .collect()
    }

    fn type_beside_command(&self) -> Option<Finding> {
        self.value(TYPE)?;
        Some(Finding::new(Code::TypeIgnored, TYPE, "both are set, and the command wins"))
    }

    fn no_refresh(&self) -> Option<Finding> {
        let refreshes = self.value(REFRESH).is_some_and(|value| value.parse::<u64>().is_ok_and(|seconds| seconds > 0));
        let what = "a value is read once, when the agent starts";
        (!refreshes).then(|| Finding::new(Code::NoRefresh, REFRESH, what))
    }
}

/// As Go's `ParseBool` has it, which reads these variables.
fn is_true(value: &str) -> bool {
    matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

fn is_boolean(value: &str) -> bool {
    is_true(value) || matches!(value, "0" | "f" | "F" | "false" | "FALSE" | "False")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::new(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    fn codes(variables: &[(&str, &str)]) -> Vec<Code> {
        environment(variables).judge().iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn an_environment_that_agrees_has_no_finding() {
        let variables = [
            (COMMAND, "/opt/keyferry/keyferry-helper"),
            (ARGUMENTS, "/run/keyferry /run/more"),
            (GROUP, "true"),
            (TIMEOUT, "10"),
            (REFRESH, "60"),
        ];
        assert_eq!(codes(&variables), []);
        let environment = environment(&variables);
        assert_eq!(environment.arguments(), ["/run/keyferry", "/run/more"]);
        assert_eq!(environment.group_exec(), Some(true));
        assert_eq!(environment.output(), DEFAULT_OUTPUT);
    }

    #[test]
    fn each_disagreement_has_its_finding() {
        let command = (COMMAND, "/h");
        let refresh = (REFRESH, "60");
        for (variables, code) in [
            (vec![command, refresh, (TYPE, "file.text")], Code::TypeIgnored),
            (vec![command], Code::NoRefresh),
            (vec![command, (REFRESH, "0")], Code::NoRefresh),
            (vec![command, refresh, (TIMEOUT, "0")], Code::VariableInvalid),
            (vec![command, refresh, (TIMEOUT, "30s")], Code::VariableInvalid),
            (vec![command, refresh, (OUTPUT, "-1")], Code::VariableInvalid),
            (vec![command, refresh, (GROUP, "yes")], Code::VariableInvalid),
            (vec![(TRIM, "on")], Code::VariableInvalid),
        ] {
            assert_eq!(codes(&variables), [code], "{variables:?}");
        }
    }

    #[test]
    fn without_a_command_nothing_is_asked_of_the_rest() {
        assert_eq!(codes(&[(TYPE, "file.text"), (ARGUMENTS, "x")]), []);
        assert_eq!(environment(&[]).group_exec(), None);
        assert_eq!(environment(&[(COMMAND, "/h")]).group_exec(), Some(false));
    }

    #[test]
    fn no_finding_shows_what_a_variable_holds() {
        let found = environment(&[(COMMAND, "/h"), (TIMEOUT, "hunter2"), (GROUP, "hunter2")]).judge();
        assert!(found.len() == 3 && !format!("{found:?}").contains("hunter2"), "{found:?}");
    }

    #[test]
    fn other_variables_are_not_kept() {
        assert_eq!(environment(&[("DD_API_KEY", "hunter2"), ("PATH", "/bin")]), Environment::default());
    }
}
