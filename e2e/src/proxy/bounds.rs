//! What AWS refuses and moto does not: too much in one call.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Call;

/// An operation, the most names in one call, the most entries on a page, and the code of what is more.
const BOUNDS: [(&str, usize, u64, &str); 5] = [
    ("BatchGetSecretValue", 20, 20, "InvalidParameterException"),
    ("ListSecrets", 0, 100, "InvalidParameterException"),
    ("GetParameters", 10, 0, "ValidationException"),
    ("GetParametersByPath", 0, 10, "ValidationException"),
    ("DescribeParameters", 0, 50, "ValidationException"),
];

/// The code with which AWS refuses `call`, if it does.
pub(super) fn refusal(call: &Call, body: &[u8]) -> Option<&'static str> {
    let (_, names, page, code) = BOUNDS.into_iter().find(|(operation, ..)| *operation == call.operation)?;
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let results = asked.get("MaxResults").and_then(Value::as_u64).unwrap_or_default();
    let distinct: BTreeSet<_> = call.secrets.iter().collect();
    let twice = distinct.len() < call.secrets.len();
    (call.secrets.len() > names || twice || results > page).then_some(code)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn refused(operation: &str, body: &Value) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-target", format!("AmazonSSM.{operation}").parse().unwrap());
        let body = body.to_string();
        refusal(&Call::of(&headers, body.as_bytes()), body.as_bytes())
    }

    #[test]
    fn what_is_at_the_bound_is_taken_and_what_is_above_it_or_named_twice_is_not() {
        let names = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
        assert_eq!(refused("GetParameters", &serde_json::json!({"Names": names(10)})), None);
        assert_eq!(refused("GetParameters", &serde_json::json!({"Names": names(11)})), Some("ValidationException"));
        assert_eq!(refused("GetParameters", &serde_json::json!({"Names": ["a", "a"]})), Some("ValidationException"));
        assert_eq!(refused("DescribeParameters", &serde_json::json!({"MaxResults": 50})), None);
        assert_eq!(refused("DescribeParameters", &serde_json::json!({"MaxResults": 51})), Some("ValidationException"));
        assert_eq!(refused("PutParameter", &serde_json::json!({"Name": "a"})), None);
    }
}
