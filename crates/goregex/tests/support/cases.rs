//! Cases by hand: each form of the syntax, each error, each class.

use super::Case;

const INPUT: &str = "abc ABC aab\nkK\u{212a}s\u{17f} \u{e9}\u{c9}1_2-3\t\u{3b1}\u{391}\u{1f600}\u{fffd}x{,2}";

const ROUNDS: &[&str] = &[
    "",
    "a",
    "(a)(b)?",
    "(a|ab)(c|bcd)?",
    "(?i)abc",
    "(?i)k",
    "(?i)\u{e9}",
    "(?i)[a-z]+",
    "(?i)[^k]",
    "a*",
    "a*?",
    "a+?",
    "(a*)*",
    "(a*)+",
    "(a|b*)*",
    "(|a)+",
    "(|a)*",
    "(a{0})b",
    "(a){0}(b)",
    "(?:a{2}){2}",
    "^",
    "$",
    "(?m)^",
    "(?m)$",
    "(?m)^.*$",
    "(?s).+",
    ".+",
    "\\b",
    "\\B",
    "\\bab",
    "\\w+",
    "\\W",
    "\\d-\\d",
    "[[:alpha:]]+",
    "[[:^space:]]+",
    "[]a]",
    "[^]a]",
    "[a-]",
    "[-a]",
    "[a\\-c]",
    "[\\d\\s]+",
    "[^\\D]",
    "\\pL+",
    "\\PL",
    "\\p{Greek}+",
    "\\P{^Greek}",
    "(?i)\\p{Lu}",
    "(?i)\\P{Lu}",
    "(?i)\\p{LC}",
    "\\Q.*\\E",
    "\\Q{,2}",
    "{,2}",
    "x{,2}",
    "x{2",
    "x{a}",
    "\\x41",
    "\\x{1F600}",
    "\\101",
    "\\x{fffd}",
    "[^a]",
    "(?U)a+",
    "(?U)a+?",
    "(?P<n>a)(?<m>b)",
    "(?P<n>a)|(?P<n>b)",
    "(?i:a)b",
    "(?-i:a)",
    "(?i)a(?-i)b",
    "\\A\\w",
    "\\w\\z",
    "a|b|",
    "|a",
    "()",
    "(?:)",
    "(((a)))",
    "a||b",
    "[^\\x00-\\x{10FFFF}]",
    "\\x{d800}",
    "\\pN|\\pZ",
    "(a+)(b+)",
    "(?:(a)|b)*",
    "(?:(a)|(b))+",
    "[a&&b]",
    "[a--b]",
    "[[a]]",
    "\\_\\-\\ ",
    "(\\w)(\\w)",
    "(?i)[\u{17f}]",
];

const WRONG: &[&str] = &[
    "(",
    ")",
    "a)",
    "(a",
    "[",
    "[a",
    "[]",
    "[^]",
    "[a-",
    "[z-a]",
    "[a-\\d]",
    "[[:foo:]]",
    "[\\",
    "\\",
    "\\8",
    "\\1",
    "\\x",
    "\\xg",
    "\\x4",
    "\\x{",
    "\\x{}",
    "\\x{110000}",
    "\\x{4g}",
    "\\p",
    "\\pX",
    "\\p{",
    "\\p{}",
    "\\p{Foo}",
    "\\p{Old_Italic}",
    "\\C",
    "\\y",
    "\\Z",
    "\\u0041",
    "*",
    "+a",
    "?",
    "a**",
    "a*+",
    "a??*",
    "a+?*",
    "a{2}{3}",
    "a{2}*",
    "{2}",
    "(*)",
    "|*",
    "a|+",
    "^*",
    "a{1001}",
    "a{3,2}",
    "a{1001,}",
    "a{1,1001}",
    "a{99999999999}",
    "(a{100}){11}",
    "((a{10}){10}){11}",
    "(a{1000}){1}",
    "(a{1000})*",
    "(a{500,}){3}",
    "(a{0}){1000}",
    "(?",
    "(?i",
    "(?i-)",
    "(?-",
    "(?--i)",
    "(?x)",
    "(?i-:a)",
    "(?P<n",
    "(?P<>a)",
    "(?P<n-m>a)",
    "(?P=n)",
    "(?P<n>",
    "(?<",
    "(?<n",
    "(?<>",
    "(?'n'a)",
    "(?=a)",
    "(?!a)",
    "(?>a)",
    "(?#c)",
    "(?<=a)",
    "(?i)*",
    "a(?i)*",
    "a(?i)**",
    "\\Qa\\E*",
    "\\Q*",
    "\\E",
    "a\\E",
    "(?P<\u{e9}>a)",
    "\\\u{e9}",
];

/// Names as they are and as Go takes them too.
const CLASSES: &[&str] = &[
    "C",
    "Cc",
    "Cf",
    "Cn",
    "Co",
    "Cs",
    "L",
    "LC",
    "Ll",
    "Lm",
    "Lo",
    "Lt",
    "Lu",
    "M",
    "Mc",
    "Me",
    "Mn",
    "N",
    "Nd",
    "Nl",
    "No",
    "P",
    "Pc",
    "Pd",
    "Pe",
    "Pf",
    "Pi",
    "Po",
    "Ps",
    "S",
    "Sc",
    "Sk",
    "Sm",
    "So",
    "Z",
    "Zl",
    "Zp",
    "Zs",
    "Any",
    "ASCII",
    "Assigned",
    "Letter",
    "uppercase letter",
    "Lower-Case_Letter",
    "cntrl",
    "digit",
    "punct",
    "Latin",
    "latin",
    "GREEK",
    "Cyrillic",
    "Han",
    "Hiragana",
    "Katakana",
    "Arabic",
    "Hebrew",
    "Thai",
    "Common",
    "Inherited",
    "Cherokee",
    "Adlam",
    "Nko",
    "SignWriting",
    "Deseret",
    "Georgian",
    "Armenian",
    "Osage",
    "Yi",
    "Vithkuqi",
    "Kawi",
    "Garay",
    "Lower",
    "Alphabetic",
];

const REPLACEMENTS: &[&str] = &[
    "",
    "x",
    "$0",
    "$1",
    "${1}",
    "$1x",
    "${1}x",
    "$1W",
    "$n",
    "${n}",
    "$n$m",
    "$$",
    "$",
    "a$",
    "${",
    "${}",
    "${n",
    "$10",
    "$01",
    "${01}",
    "$2$1",
    "$\u{e9}",
    "$n\u{e9}",
    "$_",
    "$-1",
    "\\1",
    "$$1",
    "$999999999",
    "[$0]",
    "${n}\u{1f600}",
];

pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    let bad = [INPUT.as_bytes(), b"\xffa\xe2\x82b\x80\xed\xa0\x80"].concat();
    for pattern in ROUNDS {
        cases.push(Case::new(pattern, INPUT, "<$0$1>"));
        cases.push(Case::new(pattern, &bad, "[$n]"));
        cases.push(Case { pieces: 2, ..Case::new(pattern, "", "x") });
        cases.push(Case { pieces: 3, ..Case::new(pattern, "aabb", "x$2") });
    }
    cases.extend(WRONG.iter().map(|pattern| Case::new(pattern, "ab*", "x")));
    cases.extend(WRONG.iter().map(|pattern| Case::new(format!("b(?:{pattern})"), "ab*", "x")));
    cases.extend(REPLACEMENTS.iter().map(|replacement| Case::new("(?P<n>a)(?<m>b)?", "ab-a", replacement)));
    cases.extend(classes());
    cases.extend(every_byte());
    cases.extend(nested());
    cases
}

/// One of many kinds each.
const LETTERS: &str = "aA1_ \n\u{e9}\u{1c5}\u{3b1}\u{416}\u{301}\u{345}\u{24b6}\u{2028}\u{378}\u{6f22}\u{20ac}";

fn classes() -> Vec<Case> {
    let step = |from: u32, to: u32, by: usize| (from..to).step_by(by).filter_map(char::from_u32);
    let text: String = step(0, 0x600, 3).chain(step(0x600, 0x3100, 41)).chain(step(0x3100, 0x11_0000, 3001)).collect();
    let forms = ["\\p{NAME}+", "(?i)\\p{NAME}+", "\\P{NAME}+", "(?i)[^\\p{NAME}a]+"];
    let each = |name: &str| forms.map(|form| form.replace("NAME", name));
    let long = CLASSES.iter().flat_map(|name| each(name)).map(|pattern| Case::new(pattern, &text, ""));
    let short = CLASSES.iter().map(|name| Case::new(format!("(?i)[\\p{{{name}}}]+"), LETTERS, ""));
    long.chain(short).collect()
}

fn every_byte() -> Vec<Case> {
    let all: Vec<u8> = (0..=255).collect();
    let mut cases: Vec<Case> = [".", "\\w", "\\s", "\\x{fffd}", "[^a]", "\\b", "\\B", "[[:punct:]]", "(?s).", ""]
        .iter()
        .map(|pattern| Case::new(pattern, &all, "$0-"))
        .collect();
    for byte in all {
        let forms: [&[u8]; 6] = [b"B", b"\\B", b"[B]", b"[\\B]", b"(?B)", b"a\\QB\\E"];
        for form in forms {
            let pattern: Vec<u8> = form.iter().map(|&of| if of == b'B' { byte } else { of }).collect();
            cases.push(Case::new(pattern, [b'a', byte, b'b', byte], "x"));
        }
    }
    cases
}

/// At Go's limit of nesting.
fn nested() -> Vec<Case> {
    let deep = |open: &str, close: &str, levels: usize| open.repeat(levels) + "a" + &close.repeat(levels);
    let mut cases = Vec::new();
    for levels in [998, 999, 1000, 1001] {
        cases.push(Case::new(deep("(", ")", levels), "a", "x"));
        cases.push(Case::new(deep("(?:", ")*", levels), "a", "x"));
        cases.push(Case::new(deep("(?:", ")", levels), "a", "x"));
        cases.push(Case::new(deep("(?:b", ")", levels), "ba", "x"));
        cases.push(Case::new(deep("(?:b|", ")", levels), "ba", "x"));
    }
    for levels in [499, 500, 501] {
        cases.push(Case::new(deep("(b", ")", levels), "ba", "x"));
        cases.push(Case::new(deep("(?:b*|", ")?", levels), "ba", "x"));
    }
    cases
}
