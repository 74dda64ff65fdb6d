//! What can go wrong between an operator and AWS, and for which calls.

use std::time::Duration;

use super::call::Call;

/// One way to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The answer is right and this much later.
    Latency(Duration),
    /// AWS answers with this status and this error code, for example `(400, "ThrottlingException")`. In a batch and for
    /// a rule that names secrets, only these fail: as an item of the answer's `Errors`, with status 200.
    Answer(u16, &'static str),
    /// The connection is closed in place of an answer.
    Disconnect,
    /// No answer, ever.
    Hang,
    /// A good head, then one byte each time this much has passed, for ever.
    Drip(Duration),
    /// A good head, then bytes as fast as they are read, for ever.
    Flood,
    /// The first half of the right answer, well framed.
    Truncate,
    /// The first half of the right answer under the head of the whole, then the connection is closed.
    CutOff,
}

/// A fault and the calls it is for: all, unless narrowed.
#[derive(Clone, Debug)]
pub struct Rule {
    pub(super) fault: Fault,
    operation: Option<String>,
    secrets: Vec<String>,
    access_key: Option<String>,
    skip: usize,
    left: Option<usize>,
}

impl Rule {
    /// `fault` for every call.
    pub fn always(fault: Fault) -> Self {
        Self { fault, operation: None, secrets: Vec::new(), access_key: None, skip: 0, left: None }
    }

    /// Only for calls of this operation, for example `GetSecretValue`.
    #[must_use]
    pub fn on(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// Only for calls that name this secret; may be given several times.
    #[must_use]
    pub fn of(mut self, secret: &str) -> Self {
        self.secrets.push(secret.to_owned());
        self
    }

    /// Only for calls that this access key signed.
    #[must_use]
    pub fn signed_by(mut self, access_key: &str) -> Self {
        self.access_key = Some(access_key.to_owned());
        self
    }

    /// Not for the next `count` calls that match.
    #[must_use]
    pub fn after(mut self, count: usize) -> Self {
        self.skip = count;
        self
    }

    /// Only for the next `count` calls that match.
    #[must_use]
    pub fn times(mut self, count: usize) -> Self {
        self.left = Some(count);
        self
    }

    /// Whether it is for `call`; one that is for a number of calls is then for one fewer.
    pub(super) fn takes(&mut self, call: &Call) -> bool {
        let matches = self.left != Some(0)
            && self.operation.as_ref().is_none_or(|operation| *operation == call.operation)
            && self.access_key.as_ref().is_none_or(|key| *key == call.access_key)
            && (self.secrets.is_empty() || call.secrets.iter().any(|secret| self.names(secret)));
        if matches && self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if matches {
            self.left = self.left.map(|left| left - 1);
        }
        matches
    }

    /// Whether it was narrowed to some secrets.
    pub(super) fn is_for_some_secrets(&self) -> bool {
        !self.secrets.is_empty()
    }

    /// Whether it was narrowed to secrets of which this is one.
    pub(super) fn names(&self, secret: &str) -> bool {
        self.secrets.iter().any(|name| name == secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(operation: &str, secret: &str) -> Call {
        Call { operation: operation.into(), secrets: vec![secret.into()], ..Call::default() }
    }

    #[test]
    fn a_rule_is_for_the_calls_it_was_narrowed_to() {
        let mut rule = Rule::always(Fault::Hang).on("GetSecretValue").of("a").of("b");
        assert!(rule.takes(&call("GetSecretValue", "b")));
        assert!(!rule.takes(&call("GetSecretValue", "c")));
        assert!(!rule.takes(&call("DescribeSecret", "a")));
    }

    #[test]
    fn a_rule_for_later_calls_lets_the_first_go_by() {
        let mut rule = Rule::always(Fault::Hang).on("ListSecrets").after(1);
        assert!(!rule.takes(&call("ListSecrets", "a")) && !rule.takes(&call("GetSecretValue", "a")));
        assert!(rule.takes(&call("ListSecrets", "a")));
    }

    #[test]
    fn a_rule_for_one_call_ends_after_it() {
        let mut rule = Rule::always(Fault::Hang).times(1);
        assert!(rule.takes(&call("GetSecretValue", "a")));
        assert!(!rule.takes(&call("GetSecretValue", "a")));
    }
}
