//! Cases of the family `regexes`.

use super::grow::{Grower, Line};
use super::lines::{calls, each};

/// A pattern and a text.
const PAIRS: &[&str] = &[
    r#""" """#,
    r#""" "abc""#,
    r#""a" """#,
    r#""a" "abca""#,
    r#""a*" "baac""#,
    r#""a+?" "aaa""#,
    r#""^a|b$" "ab""#,
    r#""[a-c]{2,}" "abcabc""#,
    r#""\\d+" "a1b22c٣""#,
    r#""(\\w)(\\d)?" "a1 b""#,
    r#""(?i)HELLO" "hello""#,
    r#""\\bfoo\\b" "foo.bar foo""#,
    r#"".""  "ä\xff\n""#,
    r#""(?s).+" "a\nb""#,
    r#""\\pL+" "naïve 漢字""#,
    r#""^" "abc""#,
    r#""$" "abc""#,
    r#""\\s*" "a b  c""#,
    r#"", ?" "a, b,c,,""#,
    r#""(" "a""#,
    r#""a**" "a""#,
    r#""[" "a""#,
    r#""\\C" "a""#,
    r#""a{1001}" "a""#,
    r#""(?<n>a)" "a""#,
    r#""(?P<n>a)" "banana""#,
    r#""\xff" "\xff""#,
    r#""[^a]" .bin"#,
    r#""" .bin"#,
    r#""[\\x80-\\xff]" .bin"#,
    r#""x" .bin"#,
    r#""o" .t"#,
    r#".s .s"#,
    r#"nil "a""#,
    r#""a" nil"#,
    r#"1 "a""#,
    r#""a" 1"#,
    r#""a" .bytes"#,
    r#""a""#,
    r#""a|ab|" "abab""#,
];

const OF_PAIR: &[&str] = &["regexMatch", "mustRegexMatch", "regexFind", "mustRegexFind"];
const COUNTED: &[&str] = &["regexFindAll", "mustRegexFindAll", "regexSplit", "mustRegexSplit"];
const REPLACING: &[&str] =
    &["regexReplaceAll", "mustRegexReplaceAll", "regexReplaceAllLiteral", "mustRegexReplaceAllLiteral"];

const COUNTS: &[&str] =
    &["-1", "0", "1", "2", "3", "9223372036854775807", "-9223372036854775808", "nil", "\"1\"", "1.0", ""];

const REPLACEMENTS: &[&str] = &[
    r#""""#,
    r#""x""#,
    r#""$0""#,
    r#""[$1]""#,
    r#""${1}x""#,
    r#""$1x""#,
    r#""$n""#,
    r#""$$1""#,
    r#""$""#,
    r#""${""#,
    r#""$2$9""#,
    r#""\xff$0""#,
    "nil",
    "1",
    "",
];

const OTHERS: &str = r#"
    regexQuoteMeta ""
    regexQuoteMeta "abc"
    regexQuoteMeta "1+1=2"
    regexQuoteMeta "\\.+*?()|[]{}^$"
    regexQuoteMeta "a-b_c/d"
    regexQuoteMeta "ä€"
    regexQuoteMeta "\xff\x00\n"
    regexQuoteMeta .bin
    regexQuoteMeta nil
    regexQuoteMeta .nil
    regexQuoteMeta 1
    regexQuoteMeta
    regexQuoteMeta "a" "b"
    regexMatch "(" "a" | not
    regexMatch (regexQuoteMeta .bin) "a"
    regexMatch "^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}$" "test@acme.com"
    regexReplaceAll "a(x*)b" "-ab-axxb-" "${1}W"
    regexReplaceAll "a(x*)b" "-ab-axxb-" "$1W"
    regexReplaceAllLiteral "a(x*)b" "-ab-axxb-" "${1}"
    regexFindAll "[2,4,6,8]" "123456789" -1
    regexSplit "z+" "pizza" -1
    "password=hunter2;user=x" | regexFind "user=[^;]*"
    regexReplaceAll "" "äb\xff" "-"
    regexSplit "" "äb\xff" -1
    regexSplit "" "abc" 2
    regexSplit "x*" "axbxc" -1
    regexSplit "^" "abc" -1
    regexSplit "$" "abc" -1
    regexSplit "(?:)" "" -1
    regexFindAll "" "" -1
    regexFindAll "" "äb" -1
    regexFindAll "b*" "abba" 5
"#;

fn with(functions: &[&str], more: &[&str], pairs: &[&str]) -> Vec<&'static str> {
    let arguments: Vec<String> =
        pairs.iter().flat_map(|pair| more.iter().map(move |more| format!("{pair} {more}"))).collect();
    each(functions, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    [
        each(OF_PAIR, PAIRS),
        with(COUNTED, &["-1", "2"], PAIRS),
        with(COUNTED, COUNTS, &[r#""a*" "baaac""#]),
        with(REPLACING, &[r#""<${1}$0>""#], PAIRS),
        with(REPLACING, REPLACEMENTS, &[r#""(?P<n>a)(b)?" "abac""#]),
        calls(OTHERS),
    ]
    .concat()
}

/// One call of a function of this family, with arguments that grow.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    let (pattern, text) = (pattern(grower), grower.words());
    match grower.random.below(8) {
        0..=2 => format!("{} {pattern} {text}", grower.one_of(OF_PAIR)),
        3..=4 => format!("{} {pattern} {text} {}", grower.one_of(COUNTED), grower.small()),
        5..=6 => format!("{} {pattern} {text} {}", grower.one_of(REPLACING), replacement(grower)),
        _ => format!("regexQuoteMeta {}", if grower.random.below(4) == 0 { grower.any() } else { text }),
    }
}

fn pattern(grower: &mut Grower<'_>) -> String {
    let pieces = [
        "a",
        "b",
        "ab",
        "A",
        ".",
        "\\\\d",
        "\\\\w",
        "\\\\s",
        "\\\\pL",
        "[a-c]",
        "[^a]",
        "[[:upper:]]",
        "(",
        ")",
        "(a)",
        "(b|c)",
        "(?i)",
        "(?:x)?",
        "*",
        "+",
        "?",
        "*?",
        "{2}",
        "{1,}",
        "|",
        "^",
        "$",
        "\\\\b",
        "ä",
        "日",
        "\\\\.",
        "-",
        " ",
        "_",
        "\\\\x{e4}",
        "\\\\W",
        "\\\\S+",
        "(?P<n>a)",
        "(\\\\w+)",
        "",
    ];
    if grower.random.below(20) == 0 {
        return grower.text();
    }
    let count = grower.random.below(5);
    format!("\"{}\"", (0..count).map(|_| grower.one_of(&pieces)).collect::<String>())
}

fn replacement(grower: &mut Grower<'_>) -> String {
    let pieces = ["$0", "$1", "${1}", "$2", "$n", "${n}", "$$", "$", "x", "-", " ", "ä", "\\xff", "${", "}", "1"];
    let count = grower.random.below(4);
    format!("\"{}\"", (0..count).map(|_| grower.one_of(&pieces)).collect::<String>())
}
