//! What happens to a value and its key between the provider's answer and the target: decoding, key conversion, checks.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use base64::{DecodeError, Engine};

use super::problem::Problem;
use crate::api::external_secret::{ConversionStrategy, DecodingStrategy, NullBytePolicy};
use crate::sealed::Sealed;

/// The longest key of a Secret (Kubernetes' `validation.IsConfigMapKey`).
const LONGEST_KEY: usize = 253;

/// Decodes a value; `Auto` tries standard base64, then the URL alphabet, then keeps the bytes.
///
/// # Errors
/// The value is not what the strategy says; `field` is the entry that asked.
pub fn decode(field: &str, strategy: DecodingStrategy, value: Sealed) -> Result<Sealed, Problem> {
    match strategy {
        DecodingStrategy::None => Ok(value),
        DecodingStrategy::Base64 => go_decode(&STANDARD, &value).map_err(|_| undecodable(field, "Base64")),
        DecodingStrategy::Base64URL => go_decode(&URL_SAFE, &value).map_err(|_| undecodable(field, "Base64URL")),
        DecodingStrategy::Auto => {
            Ok(go_decode(&STANDARD, &value).or_else(|_| go_decode(&URL_SAFE, &value)).unwrap_or(value))
        }
    }
}

/// Go's base64 passes over line breaks.
fn go_decode(engine: &impl Engine, value: &Sealed) -> Result<Sealed, DecodeError> {
    let bytes = value.expose();
    if !bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
        return engine.decode(bytes).map(Sealed::new);
    }
    let unbroken = Sealed::new(bytes.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect());
    engine.decode(unbroken.expose()).map(Sealed::new)
}

fn undecodable(field: &str, strategy: &str) -> Problem {
    Problem::new(
        format!("{field}.decodingStrategy"),
        format!("the value is not valid {strategy}"),
        "set it to Auto or None, or store the value encoded",
    )
}

/// Refuses a value with a zero byte where the policy says so.
///
/// # Errors
/// Names `key`, never the value.
pub fn check_null_bytes(field: &str, policy: NullBytePolicy, key: &str, value: &Sealed) -> Result<(), Problem> {
    if policy == NullBytePolicy::Ignore || !value.expose().contains(&0) {
        return Ok(());
    }
    Err(Problem::new(
        format!("{field}.nullBytePolicy"),
        format!("the value for key {key:?} contains a null byte"),
        "remove it at the provider, or set the policy to Ignore",
    ))
}

/// Turns the keys of an extracted map into keys that a Secret can have.
///
/// # Errors
/// Two keys become one.
pub fn convert_keys(
    field: &str,
    strategy: ConversionStrategy,
    values: BTreeMap<String, Sealed>,
) -> Result<BTreeMap<String, Sealed>, Problem> {
    let mut converted = BTreeMap::new();
    for (key, value) in values {
        let new = convert_key(strategy, &key);
        if converted.insert(new.clone().into_owned(), value).is_some() {
            return Err(Problem::new(
                field,
                format!("secret name collision during conversion: two keys become {new:?}"),
                "set conversionStrategy to Unicode, or rename one of them",
            ));
        }
    }
    Ok(converted)
}

fn convert_key(strategy: ConversionStrategy, key: &str) -> Cow<'_, str> {
    if key.chars().all(is_kept) {
        return Cow::Borrowed(key);
    }
    Cow::Owned(key.chars().map(|character| convert_character(strategy, character)).collect())
}

fn convert_character(strategy: ConversionStrategy, character: char) -> String {
    match strategy {
        _ if is_kept(character) => character.to_string(),
        ConversionStrategy::Default => "_".to_owned(),
        ConversionStrategy::Unicode => format!("_U{:04x}_", u32::from(character)),
    }
}

/// Go's `unicode.IsLetter || unicode.IsNumber`, and three signs.
fn is_kept(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '.' | '_')
}

/// Drops an empty key, as ESO does, and refuses the first one that the API server would refuse.
///
/// # Errors
/// Names the key and the rule.
pub fn check_keys(field: &str, mut values: BTreeMap<String, Sealed>) -> Result<BTreeMap<String, Sealed>, Problem> {
    values.remove("");
    values.keys().try_for_each(|key| check_key(field, key))?;
    Ok(values)
}

/// The API server's own rule for a key of a Secret.
///
/// # Errors
/// Names the key and the rule.
pub fn check_key(field: &str, key: &str) -> Result<(), Problem> {
    let Some(reason) = fault_of_key(key) else { return Ok(()) };
    let shown: String = key.chars().take(64).collect();
    Err(Problem::new(
        field,
        format!("invalid secret keys (TIP: use rewrite or conversionStrategy to change keys): {shown:?} {reason}"),
        "rename it",
    ))
}

/// What is wrong with a key, in words that do not show it.
pub(super) fn fault_of_key(key: &str) -> Option<&'static str> {
    match key {
        "" => Some("is empty"),
        _ if key.len() > LONGEST_KEY => Some("is longer than 253 characters"),
        "." | ".." => Some("is a directory's name"),
        _ if key.starts_with("..") => Some("begins with two dots"),
        _ if !key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) => {
            Some("has a character other than a letter, a digit, '-', '_' and '.'")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(strategy: DecodingStrategy, value: &str) -> Option<Vec<u8>> {
        decode("spec.data[0].remoteRef", strategy, Sealed::from(value)).ok().map(|sealed| sealed.expose().to_vec())
    }

    #[test]
    fn each_strategy_decodes_its_own_alphabet_only() {
        use DecodingStrategy::{Base64, Base64URL, None as Raw};
        assert_eq!(decoded(Base64, "+/8="), Some(vec![0xfb, 0xff]));
        assert_eq!(decoded(Base64URL, "-_8="), Some(vec![0xfb, 0xff]));
        assert_eq!(decoded(Base64, "-_8="), None);
        assert_eq!(decoded(Base64URL, "+/8="), None);
        assert_eq!(decoded(Raw, "+/8="), Some(b"+/8=".to_vec()));
    }

    #[test]
    fn auto_keeps_what_no_alphabet_explains() {
        assert_eq!(decoded(DecodingStrategy::Auto, "-_8="), Some(vec![0xfb, 0xff]));
        assert_eq!(decoded(DecodingStrategy::Auto, "plain text"), Some(b"plain text".to_vec()));
    }

    #[test]
    fn line_breaks_in_base64_are_passed_over_as_in_go() {
        assert_eq!(decoded(DecodingStrategy::Base64, "aGVs\r\nbG8=\n"), Some(b"hello".to_vec()));
    }

    #[test]
    fn an_undecodable_value_is_named_by_its_field_and_not_shown() {
        let problem = decode("spec.data[0].remoteRef", DecodingStrategy::Base64, Sealed::from("s3cr3t!")).unwrap_err();
        assert_eq!(problem.field, "spec.data[0].remoteRef.decodingStrategy");
        assert!(!problem.to_string().contains("s3cr3t"));
    }

    #[test]
    fn keys_are_converted_per_character() {
        assert_eq!(convert_key(ConversionStrategy::Default, "a/b c"), "a_b_c");
        assert_eq!(convert_key(ConversionStrategy::Unicode, "a/b"), "a_U002f_b");
        assert_eq!(convert_key(ConversionStrategy::Unicode, "ä-1._"), "ä-1._");
    }

    #[test]
    fn two_keys_that_become_one_are_refused() {
        let values = BTreeMap::from([("a/b".to_owned(), Sealed::default()), ("a b".to_owned(), Sealed::default())]);
        let problem = convert_keys("spec.dataFrom[0]", ConversionStrategy::Default, values.clone()).unwrap_err();
        assert!(problem.to_string().contains("secret name collision during conversion"));
        assert_eq!(convert_keys("f", ConversionStrategy::Unicode, values).unwrap().len(), 2);
    }

    #[test]
    fn keys_are_judged_as_the_api_server_does() {
        for good in ["a", "tls.crt", ".dockerconfigjson", "A_b-9", &"k".repeat(253)] {
            assert_eq!(check_key("f", good), Ok(()), "{good}");
        }
        for bad in ["", ".", "..", "..data", "a/b", "ä", "a b", &"k".repeat(254)] {
            assert!(check_key("f", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_empty_key_is_dropped_and_a_bad_one_refuses_all() {
        let some = BTreeMap::from([(String::new(), Sealed::default()), ("a".to_owned(), Sealed::default())]);
        assert_eq!(check_keys("f", some).unwrap().len(), 1);
        assert!(check_keys("f", BTreeMap::from([("a/b".to_owned(), Sealed::default())])).is_err());
    }

    #[test]
    fn a_null_byte_is_refused_only_where_asked() {
        let value = Sealed::new(vec![b'a', 0]);
        assert!(check_null_bytes("f", NullBytePolicy::Ignore, "k", &value).is_ok());
        assert!(check_null_bytes("f", NullBytePolicy::Fail, "k", &value).is_err());
    }
}
