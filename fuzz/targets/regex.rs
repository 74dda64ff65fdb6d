//! An expression, a replacement and a text: it compiles within its limits or says why not, and matches, replacements and
//! pieces are those of one text.

#![no_main]

use goregex::{Error, Limit, Regexp, quote_meta};
use keyferry_fuzz::{in_time, lines};
use libfuzzer_sys::fuzz_target;

const OUTPUT: usize = 64 << 10;

fuzz_target!(|input: &[u8]| {
    let ([pattern, replacement], text) = lines(input);
    in_time(|| match Regexp::new(pattern) {
        Ok(regexp) => {
            finds(&regexp, text);
            replaces(&regexp, text, replacement);
        }
        Err(error) => assert!((5..pattern.len() * 3 + 200).contains(&error.to_string().len()), "{error}"),
    });
    in_time(|| finds_itself(text));
});

fn finds(regexp: &Regexp, text: &[u8]) {
    let (mut end, mut count) = (0, 0);
    for found in regexp.find_all(text).take(1000) {
        let whole = found.get(0).expect("the whole match");
        assert!(end <= whole.start && whole.start <= whole.end && whole.end <= text.len());
        assert_eq!(found.iter().count(), regexp.num_subexp() + 1);
        assert!(found.iter().flatten().all(|group| whole.start <= group.start && group.end <= whole.end));
        (end, count) = (whole.end, count + 1);
    }
    assert_eq!(regexp.is_match(text), count > 0);
    assert_eq!(regexp.find(text), regexp.find_submatch(text).and_then(|found| found.get(0)));
    let pieces = regexp.split(text, Some(1000));
    assert!(pieces.len() <= 1000 && pieces.iter().map(|piece| piece.len()).sum::<usize>() <= text.len());
}

fn replaces(regexp: &Regexp, text: &[u8], replacement: &[u8]) {
    match regexp.replace_all_within(text, replacement, OUTPUT) {
        Ok(replaced) => assert!(replaced.len() <= OUTPUT),
        Err(error) => assert_eq!(error, Error::Limit(Limit::Output(OUTPUT))),
    }
    if let Ok(literal) = regexp.replace_all_literal_within(text, replacement, OUTPUT) {
        assert!(literal.len() <= OUTPUT);
    }
}

/// What is quoted matches itself, and itself only.
fn finds_itself(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text.get(..200).unwrap_or(text)) else { return };
    let regexp = Regexp::new(quote_meta(text)).expect("what is quoted compiles");
    assert_eq!(regexp.find(text), Some(0..text.len()));
    assert_eq!(regexp.replace_all_literal(text, "").len(), 0);
}
