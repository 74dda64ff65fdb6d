//! Which item of a batch's answer belongs to which key.
//!
//! A key is a name or an ARN; an item has a name and an ARN, and two accounts may have parameters of one name. A wrong
//! pair would hand one parameter out as another, so whatever is not certain stays without.

use serde::Deserialize;

use super::Parameter;
use super::name::{canonical, is_arn};
use crate::provider::aws::error::Failure;
use crate::provider::aws::session::Answered;

/// The answer to `GetParameters`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Batch {
    parameters: Vec<Parameter>,
    /// Names that were asked for and that no parameter has.
    invalid_parameters: Vec<String>,
}

impl Batch {
    /// Answers the keys, in their order, for which exactly one item can be meant. None of them has a selector.
    pub(super) fn assign(&self, keys: &[&str]) -> Vec<Answered> {
        let arns: Vec<_> = keys.iter().filter(|key| is_arn(key)).collect();
        // An item that is some ARN's is no name's: it may be another account's.
        let is_claimed = |item: &Parameter| arns.iter().any(|key| item.is_of(key));
        let answer = |key: &&str| {
            let mut own = self.parameters.iter().filter(|item| item.is_of(key) && (is_arn(key) || !is_claimed(item)));
            match (own.next(), own.next(), self.invalid_parameters.iter().any(|name| name == key)) {
                (Some(item), None, false) => Some(item.content()),
                (None, _, true) => Some(Err(Failure::no_parameter())),
                _ => None,
            }
        };
        keys.iter().map(answer).collect()
    }
}

impl Parameter {
    fn is_of(&self, key: &str) -> bool {
        if is_arn(key) {
            return self.arn.as_deref() == Some(key);
        }
        self.name.as_deref().is_some_and(|name| canonical(name) == canonical(key))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HERE: &str = "arn:aws:ssm:eu-west-1:111111111111:parameter";
    const THERE: &str = "arn:aws:ssm:eu-west-1:222222222222:parameter";

    fn item(account: &str, name: &str, value: &str) -> serde_json::Value {
        json!({"Name": name, "ARN": format!("{account}/{}", name.trim_start_matches('/')), "Value": value})
    }

    fn assigned(keys: &[&str], items: &[serde_json::Value], invalid: &[&str]) -> Vec<String> {
        let batch = json!({"Parameters": items, "InvalidParameters": invalid});
        let batch: Batch = serde_json::from_value(batch).unwrap();
        let shown = |answer: Answered| match answer {
            None => "none".to_owned(),
            Some(Ok(value)) => String::from_utf8(value.expose().to_vec()).unwrap(),
            Some(Err(failure)) => format!("{:?}", failure.kind()),
        };
        batch.assign(keys).into_iter().map(shown).collect()
    }

    #[test]
    fn items_find_their_keys_in_any_order_by_name_and_arn() {
        let arn = format!("{HERE}/c");
        let items = [item(HERE, "c", "3"), item(HERE, "/team/b", "2"), item(HERE, "a", "1")];
        assert_eq!(assigned(&["a", "/team/b", &arn, "d", "a"], &items, &["d"]), ["1", "2", "3", "NotFound", "1"]);
    }

    #[test]
    fn a_slash_before_a_name_of_one_level_makes_no_difference() {
        assert_eq!(assigned(&["/a"], &[item(HERE, "a", "1")], &[]), ["1"]);
        assert_eq!(assigned(&["team/a"], &[item(HERE, "/team/a", "1")], &[]), ["none"]);
    }

    #[test]
    fn another_accounts_parameter_is_never_an_own_name() {
        let arn = format!("{THERE}/a");
        let both = [item(HERE, "a", "own"), item(THERE, "a", "other")];
        assert_eq!(assigned(&["a", &arn], &both, &[]), ["own", "other"]);
        assert_eq!(assigned(&["a", &arn], &both[1..], &[]), ["none", "other"]);
        assert_eq!(assigned(&["a", &arn], &both[1..], &["a"]), ["NotFound", "other"]);
    }

    #[test]
    fn what_could_be_two_or_is_said_to_be_absent_too_is_neither() {
        assert_eq!(assigned(&["a"], &[item(HERE, "a", "1"), item(THERE, "a", "2")], &[]), ["none"]);
        assert_eq!(assigned(&["a"], &[item(HERE, "a", "1")], &["a"]), ["none"]);
    }

    #[test]
    fn a_key_without_an_item_is_left_without() {
        assert_eq!(assigned(&["a"], &[], &["b"]), ["none"]);
        assert_eq!(assigned(&["a"], &[json!({"Value": "1"})], &[]), ["none"]);
        assert_eq!(assigned(&["a"], &[json!({"Name": "a"})], &[]), ["Invalid"]);
    }
}
