//! What is written with percent signs: paths, queries and forms.

use percent_encoding::percent_decode_str;

/// The names and values of a form or a query, in order.
pub(crate) fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

/// Without its percent signs; a plus is one.
pub(crate) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_is_a_blank_in_a_form_only_and_half_of_a_code_is_itself() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(pairs(b"a=b+c%2B&d&%C3%A9=%"), [pair("a", "b c+"), pair("d", ""), pair("\u{e9}", "%")]);
        assert_eq!(decoded("a+b%2Fc%2"), "a+b/c%2");
    }
}
