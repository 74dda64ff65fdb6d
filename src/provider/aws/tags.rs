//! Tags as `metadataPolicy: Fetch` hands them out: one JSON object.

use std::collections::BTreeMap;

use crate::sealed::Sealed;

/// The bytes that Go's `json.Marshal` makes of the tags: sorted, and with three characters of HTML and two line ends of
/// Unicode escaped.
pub(super) fn as_json(tags: impl IntoIterator<Item = (String, String)>) -> Option<Sealed> {
    let tags: BTreeMap<_, _> = tags.into_iter().collect();
    let mut json = serde_json::to_string(&tags).ok()?;
    // None of the five occurs in JSON outside of a string.
    for (plain, escaped) in
        [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026"), ('\u{2028}', "\\u2028"), ('\u{2029}', "\\u2029")]
    {
        json = json.replace(plain, escaped);
    }
    Some(json.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_the_bytes_that_go_makes() {
        let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let json = as_json([tag("b", "<&>\u{2028}\"\\\n\u{1}é"), tag("a", "1"), tag("B", "")]).unwrap();
        let expected = r#"{"B":"","a":"1","b":"\u003c\u0026\u003e\u2028\"\\\n\u0001é"}"#;
        assert_eq!(str::from_utf8(json.expose()).unwrap(), expected);
        assert_eq!(as_json(Vec::new()).unwrap().expose(), b"{}");
    }
}
