//! Expressions, texts and replacements by grammar.

use super::Case;
use keyferry_oracle::Random;

pub fn case(random: &mut Random) -> Case {
    let mut pattern = Vec::new();
    alternation(random, 3, &mut pattern);
    if random.chance(5) {
        damage(random, &mut pattern);
    }
    let mut input = text(random);
    if random.chance(3) {
        // Some of the expression itself, so that long literals match as well.
        let at = random.below(input.len() + 1);
        input.splice(at..at, pattern.iter().copied().filter(|byte| !b"\\()*+?|[]{}".contains(byte)).take(12));
    }
    if pattern.windows(4).any(|window| window == b"d800") {
        // Go's anchored surrogates match U+FFFD, see the README.
        input = without_replacement(&input);
    }
    let pieces = if random.chance(3) { i64::try_from(random.below(5)).unwrap() } else { -1 };
    Case { pattern, input, replacement: replacement(random), pieces }
}

fn without_replacement(text: &[u8]) -> Vec<u8> {
    let mut rest = text.to_vec();
    while let Some(at) = rest.windows(3).position(|window| window == "\u{fffd}".as_bytes()) {
        rest.drain(at..at + 3);
    }
    rest
}

/// Takes bytes out, puts some in, doubles some.
fn damage(random: &mut Random, pattern: &mut Vec<u8>) {
    for _ in 0..=random.below(2) {
        let at = random.below(pattern.len() + 1);
        match random.below(4) {
            0 => pattern.truncate(at),
            1 if at < pattern.len() => drop(pattern.remove(at)),
            2 => drop(pattern.splice(at..at, [*random.pick(b"()[]{}*+?|\\^$.,:<>P-\xff\xc3\xe2\x80")])),
            _ => drop(pattern.splice(at..at, random.word(BROKEN).bytes())),
        }
    }
}

const BROKEN: &[&str] = &[
    "(?P<",
    "(?<n",
    "(?<>",
    "(?P<n-m>",
    "(?P=n)",
    "(?i",
    "(?-)",
    "(?i-:",
    "(?--i)",
    "(?x)",
    "(?'n'a)",
    "(?=a)",
    "(?!a)",
    "(?>a)",
    "[[:foo:]]",
    "[[:^bar:]]",
    "[z-a]",
    "[a-\\d]",
    "[\\d-z]",
    "[",
    "[^",
    "[]",
    "[a-",
    "[\\",
    "\\",
    "\\8",
    "\\1",
    "\\x",
    "\\xg",
    "\\x{",
    "\\x{}",
    "\\x{110000}",
    "\\x{41",
    "\\p",
    "\\p{",
    "\\pX",
    "\\p{Foo}",
    "\\p{^Greek}",
    "\\C",
    "\\y",
    "\\Z",
    "\\G",
    "**",
    "+*",
    "??*",
    "{2}{3}",
    "{1001}",
    "{1000}",
    "{3,2}",
    "{99999999999}",
    "{,3}",
    "{01}",
    "{1,",
    "{",
    "a{2,3",
    "x{1000}{2}",
    "(x{40}){30}",
    ")",
    "|*",
    "(*",
    "^*",
    "\\b+",
    "(?i)*",
    "\\Qa\\E*",
    "\\Q",
    "\\E",
    "\u{e9}",
    "(a{0}){0}",
    "\\p{Old_Italic}",
    "\\u0041",
    "\\_",
    "\\-",
    "\\<",
    "\\ ",
    "(?P<n>x)(?P<n>y)",
    "(?i)\\x{fffd}",
];

fn alternation(random: &mut Random, depth: usize, out: &mut Vec<u8>) {
    let branches = if random.chance(3) { 2 + random.below(2) } else { 1 };
    for branch in 0..branches {
        if branch > 0 {
            out.push(b'|');
        }
        for _ in 0..random.below(4) {
            piece(random, depth, out);
        }
    }
}

const REPEATS: &[&str] = &[
    "*", "+", "?", "*?", "+?", "??", "{2}", "{0}", "{1}", "{0,1}", "{1,3}", "{2,}", "{0,}", "{1,}?", "{2,3}?", "{0,2}",
];

fn piece(random: &mut Random, depth: usize, out: &mut Vec<u8>) {
    atom(random, depth, out);
    if random.chance(3) {
        out.extend(random.word(REPEATS).bytes());
    }
}

const GROUPS: &[&str] = &[
    "(", "(", "(", "(", "(?:", "(?:", "(?P<n>", "(?<m1>", "(?i:", "(?s:", "(?m:", "(?U:", "(?im-s:", "(?-i:",
    "(?P<1a>", "(?s-imU:",
];

const ATOMS: &[&str] = &[
    "a",
    "b",
    "c",
    "A",
    "k",
    "K",
    "s",
    "ab",
    "abc",
    "1",
    "_",
    "-",
    " ",
    "\u{e9}",
    "\u{c9}",
    "\u{17f}",
    "\u{212a}",
    "\u{df}",
    "\u{1e9e}",
    "\u{1f600}",
    "\u{fffd}",
    "\u{3b1}",
    "\u{391}",
    "\u{345}",
    "\u{3c3}",
    "\u{3c2}",
    ".",
    ".",
    "^",
    "$",
    "\\A",
    "\\z",
    "\\b",
    "\\B",
    "\\d",
    "\\D",
    "\\s",
    "\\S",
    "\\w",
    "\\W",
    "\\n",
    "\\t",
    "\\.",
    "\\$",
    "\\x41",
    "\\x{e9}",
    "\\x{1F600}",
    "\\101",
    "\\0",
    "\\60",
    "\\Qa.b*\\E",
    "\\Q\\E",
    "\\pL",
    "\\PL",
    "\\p{Lu}",
    "\\P{Lu}",
    "\\p{^Ll}",
    "\\p{Greek}",
    "\\p{Latin}",
    "\\pN",
    "\\p{Any}",
    "\\P{Any}",
    "\\p{ascii}",
    "\\p{LC}",
    "\\p{Cn}",
    "\\p{Mn}",
    "\\p{So}",
    "\\pZ",
    "\\pS",
    "\\p{Lowercase_Letter}",
    "\\p{punct}",
    "\\p{Han}",
    "\\p{Inherited}",
    "\\p{Common}",
    "\\p{Assigned}",
    "\\pC",
    "\\p{Lt}",
    "\\p{Cs}",
    "(?i)",
    "(?s)",
    "(?m)",
    "(?U)",
    "(?-i)",
    "(?im)",
    "(?-U)",
    "()",
    "(?:)",
    "{",
    "}",
    "]",
    ",",
    "{,2}",
    "{a}",
    "x{0}",
    "\\x{d800}",
    "[^\\x00-\\x{10FFFF}]",
    "\n",
    "\\C",
];

fn atom(random: &mut Random, depth: usize, out: &mut Vec<u8>) {
    match random.below(8) {
        0 | 1 if depth > 0 => {
            out.extend(random.word(GROUPS).bytes());
            alternation(random, depth - 1, out);
            out.push(b')');
        }
        2 => class(random, out),
        3 | 4 => out.extend(random.word(&ATOMS[..9]).bytes()),
        // `\C` is always an error: rarely.
        _ => {
            let last = usize::from(!random.chance(50));
            out.extend(random.word(&ATOMS[..ATOMS.len() - last]).bytes());
        }
    }
}

const MEMBERS: &[&str] = &[
    "a",
    "b",
    "K",
    "s",
    "-",
    "a-c",
    "A-C",
    "0-9",
    "k-s",
    "\u{e9}",
    "\u{e0}-\u{ff}",
    "\u{370}-\u{3ff}",
    "\\d",
    "\\D",
    "\\s",
    "\\S",
    "\\w",
    "\\W",
    "[:alpha:]",
    "[:^alpha:]",
    "[:upper:]",
    "[:lower:]",
    "[:space:]",
    "[:punct:]",
    "[:^digit:]",
    "[:word:]",
    "[:xdigit:]",
    "[:",
    ":]",
    "[",
    "\\]",
    "\\^",
    "\\-",
    "\\n",
    "\\x41-\\x43",
    "\\x{fffd}",
    "\\101",
    "\\pL",
    "\\PL",
    "\\p{Lu}",
    "\\p{Greek}",
    "\\P{^Nd}",
    "&&",
    "--",
    "~~",
    ".",
    "$",
    "*",
    "\\x{10000}-\\x{10FFFF}",
    "\u{1f600}",
    "\\0-\\x7f",
    "\\Q",
    "\\b",
    "\\.",
    ",",
    "|",
    "(",
    "Z-a",
    "\u{212a}",
    "\u{17f}",
];

fn class(random: &mut Random, out: &mut Vec<u8>) {
    out.extend(random.word(&["[", "[", "[^"]).bytes());
    out.extend(random.word(&["", "", "", "]", "-"]).bytes());
    for _ in 0..=random.below(3) {
        out.extend(random.word(MEMBERS).bytes());
    }
    out.extend(random.word(&["", "", "", "-"]).bytes());
    out.push(b']');
}

const WORDS: &[&[u8]] = &[
    b"a",
    b"a",
    b"b",
    b"c",
    b"ab",
    b"aa",
    b"abc",
    b"A",
    b"B",
    b"k",
    b"K",
    b"s",
    b"S",
    b"1",
    b"42",
    b"_",
    b"-",
    b" ",
    b"\n",
    b"\t",
    b".",
    b"a.b*",
    b"\xff",
    b"\xc3",
    b"\xe2\x82",
    b"\x80",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98",
    b"\xc0\xaf",
    "\u{e9}".as_bytes(),
    "\u{c9}".as_bytes(),
    "\u{17f}".as_bytes(),
    "\u{212a}".as_bytes(),
    "\u{df}".as_bytes(),
    "\u{1e9e}".as_bytes(),
    "\u{1f600}".as_bytes(),
    "\u{fffd}".as_bytes(),
    "\u{3b1}".as_bytes(),
    "\u{391}".as_bytes(),
    "\u{345}".as_bytes(),
    "\u{1fbe}".as_bytes(),
    "\u{3c3}".as_bytes(),
    "\u{3c2}".as_bytes(),
    "\u{6f22}".as_bytes(),
    "\u{1c5}".as_bytes(),
    "\u{24b6}".as_bytes(),
    "\u{301}".as_bytes(),
    "\u{2028}".as_bytes(),
    "\u{a7cb}".as_bytes(),
    "\u{10ffff}".as_bytes(),
    b"\0",
    b"{",
    b"}",
    b"]",
    b",",
    b"$",
    b"^",
    b"x",
];

fn text(random: &mut Random) -> Vec<u8> {
    let words = if random.chance(8) { 40 } else { random.below(12) };
    let simple = random.chance(3);
    let from = if simple { &WORDS[..8] } else { WORDS };
    (0..words).flat_map(|_| random.pick(from).to_vec()).collect()
}

const REPLACED: &[&str] = &[
    "x",
    "-",
    "$1",
    "${1}",
    "$0",
    "$2",
    "$n",
    "${n}",
    "$m1",
    "${m1}",
    "$$",
    "$",
    "${",
    "${}",
    "${1",
    "$1x",
    "$1W",
    "${1}x",
    "$10",
    "$01",
    "$1a",
    "${1a}",
    "$\u{e9}",
    "$n\u{e9}",
    "\\1",
    "$-",
    "$ ",
    "\u{1f600}",
    "$99999999",
    "$999999999999",
    "}",
    "$_",
    "${n }",
    "$\u{661}",
];

fn replacement(random: &mut Random) -> Vec<u8> {
    let mut out: Vec<u8> = (0..random.below(4)).flat_map(|_| random.word(REPLACED).bytes()).collect();
    if random.chance(20) {
        out.push(0xff);
    }
    out
}
