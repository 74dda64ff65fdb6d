//! Which item of a batch's answer belongs to which key.
//!
//! A key is a name, an ARN, or an ARN without its random end; an item has a name and an ARN, and two accounts may have
//! secrets of one name. A wrong pair would hand one secret out as another, so whatever is not certain stays without.

use aws_sdk_secretsmanager::types::{ApiErrorType, SecretValueEntry};

use super::content;
use crate::provider::Kind;
use crate::provider::aws::error::Failure;
use crate::provider::aws::session::Answered;
use crate::sealed::Sealed;

/// A hyphen and six random characters, which AWS puts behind the name in an ARN.
const ARN_END: usize = 7;

/// One secret of a batch's answer.
pub(super) struct Item {
    name: Option<String>,
    arn: Option<String>,
    outcome: Result<Sealed, Failure>,
}

impl Item {
    pub(super) fn of_value(entry: SecretValueEntry) -> Self {
        let outcome = content(entry.secret_string, entry.secret_binary);
        Self { name: entry.name, arn: entry.arn, outcome }
    }

    pub(super) fn of_error(error: ApiErrorType) -> Self {
        let code = error.error_code.as_deref().unwrap_or_default();
        let failure = Failure::of_code(code, error.message.as_deref()).unwrap_or_else(Failure::unknown_item);
        let (arn, name) = error.secret_id.into_iter().partition::<Vec<_>, _>(|id| is_arn(id));
        Self { name: name.into_iter().next(), arn: arn.into_iter().next(), outcome: Err(failure) }
    }

    fn is_of(&self, key: &str) -> bool {
        let arn = self.arn.as_deref();
        if is_arn(key) {
            return arn.is_some_and(|arn| arn == key || without_end(arn) == Some(key));
        }
        let named = arn.and_then(without_end).and_then(|arn| arn.splitn(7, ':').nth(6));
        self.name.as_deref().or(named) == Some(key)
    }
}

fn is_arn(id: &str) -> bool {
    id.starts_with("arn:")
}

fn without_end(arn: &str) -> Option<&str> {
    let (head, end) = arn.split_at_checked(arn.len().checked_sub(ARN_END)?)?;
    (end.starts_with('-') && !end.ends_with(':')).then_some(head)
}

/// Answers the keys, in their order, for which exactly one item can be meant.
///
/// An item that is some ARN's is no name's: it may be another account's. Items of one ARN are one secret.
pub(super) fn assign(keys: &[&str], items: &[Item]) -> Vec<Answered> {
    let arns: Vec<_> = keys.iter().filter(|key| is_arn(key)).collect();
    let claimed: Vec<_> = items.iter().map(|item| arns.iter().any(|key| item.is_of(key))).collect();
    let answer = |key: &&str| {
        let mut own = items
            .iter()
            .zip(&claimed)
            .filter(|(item, claimed)| item.is_of(key) && (is_arn(key) || !**claimed))
            .map(|(item, _)| item);
        let first = own.next()?;
        own.all(|item| item.arn.is_some() && item.arn == first.arn).then(|| first.outcome.clone())
    };
    keys.iter().map(answer).collect()
}

impl Failure {
    /// A code that AWS has added since; it says something of one key only.
    fn unknown_item() -> Self {
        Self::Call {
            kind: Kind::Invalid,
            cause: "AWS refused this secret for a reason that is not known here".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:";
    const THERE: &str = "arn:aws:secretsmanager:eu-west-1:222222222222:secret:";

    fn value(arn: &str, name: &str, value: &str) -> Item {
        Item::of_value(SecretValueEntry::builder().arn(arn).name(name).secret_string(value).build())
    }

    fn error(id: &str, code: &str) -> Item {
        Item::of_error(ApiErrorType::builder().secret_id(id).error_code(code).message("canary").build())
    }

    fn assigned(keys: &[&str], items: &[Item]) -> Vec<String> {
        let shown = |answer: &Answered| match answer {
            None => "none".to_owned(),
            Some(Ok(value)) => String::from_utf8(value.expose().to_vec()).unwrap(),
            Some(Err(failure)) => format!("{:?}", failure.kind()),
        };
        assign(keys, items).iter().map(shown).collect()
    }

    #[test]
    fn items_find_their_keys_in_any_order_by_name_arn_and_partial_arn() {
        let arn = |name: &str, end: &str| format!("{HERE}{name}-{end}");
        let items = || {
            vec![
                value(&arn("team/c", "CCCCCC"), "team/c", "3"),
                error("team/d", "ResourceNotFoundException"),
                value(&arn("a", "AAAAAA"), "a", "1"),
                value(&arn("b", "BBBBBB"), "b", "2"),
            ]
        };
        let keys = ["a", &arn("b", "BBBBBB"), &format!("{HERE}team/c"), "team/d"];
        assert_eq!(assigned(&keys, &items()), ["1", "2", "3", "NotFound"]);
        assert_eq!(assigned(&["a", "a"], &items()), ["1", "1"]);
    }

    #[test]
    fn an_error_that_names_the_arn_finds_the_key_that_named_the_secret() {
        let items = vec![error(&format!("{HERE}team/a-AAAAAA"), "AccessDeniedException")];
        assert_eq!(assigned(&["team/a"], &items), ["Denied"]);
    }

    #[test]
    fn another_accounts_secret_is_never_an_own_name() {
        let arn = format!("{THERE}a-AAAAAA");
        let keys = ["a", arn.as_str()];
        let both = vec![value(&format!("{HERE}a-BBBBBB"), "a", "own"), value(&arn, "a", "other")];
        assert_eq!(assigned(&keys, &both), ["own", "other"]);
        assert_eq!(assigned(&keys, &[value(&arn, "a", "other")]), ["none", "other"]);
        let missing = vec![value(&arn, "a", "other"), error("a", "ResourceNotFoundException")];
        assert_eq!(assigned(&keys, &missing), ["NotFound", "other"]);
    }

    #[test]
    fn what_could_be_two_is_neither() {
        let items = vec![value(&format!("{HERE}a-AAAAAA"), "a", "1"), value(&format!("{THERE}a-BBBBBB"), "a", "2")];
        assert_eq!(assigned(&["a"], &items), ["none"]);
    }

    #[test]
    fn one_secret_that_is_asked_for_by_two_arns_may_come_twice() {
        let (whole, part) = (format!("{HERE}a-AAAAAA"), format!("{HERE}a"));
        let items = vec![value(&whole, "a", "1"), value(&whole, "a", "1")];
        assert_eq!(assigned(&[&whole, &part, "a"], &items), ["1", "1", "none"]);
    }

    #[test]
    fn a_name_that_begins_like_another_is_another() {
        let items = vec![value(&format!("{HERE}a-bcdefg-AAAAAA"), "a-bcdefg", "1")];
        assert_eq!(assigned(&["a", &format!("{HERE}a"), "a-bcdefg"], &items), ["none", "none", "1"]);
    }

    #[test]
    fn a_key_without_an_item_is_left_without() {
        assert_eq!(assigned(&["a"], &[]), ["none"]);
        assert_eq!(assigned(&["a"], &[Item::of_error(ApiErrorType::builder().build())]), ["none"]);
    }
}
