//! Cases of the family `strings`.

use super::grow::{Grower, Line};
use super::lines::{calls, each};

/// What functions of a string are called with: edges of kinds, of bytes and of Unicode.
const TEXTS: &[&str] = &[
    r#""""#,
    r#"" ""#,
    r#""a""#,
    r#""Hello, World""#,
    r#"" \t\n two  words\r\n ""#,
    r#""\u00a0\u2003x y\u3000\u0085""#,
    r#""äöü ÄÖÜ ß ẞ €""#,
    r#""ǆ ǅ Ǆ ŉ İ ı ſ K Å ﬁ ა Ა ᲀ ꭰ Ꭰ""#,
    r#""ǅab\u01c6 x\u0300y ⅷ ⓐ 𐐀𐐨 Σς""#,
    r#""日本語 漢字""#,
    r#""x\xffy \xc3 z\xe4\xb8""#,
    r#""snake_case-and camelCaseHTTPServer""#,
    r#""HTTP20xOK Bld4Floor3rd http2xx Duration2m3s""#,
    r#""_a__b--c  d_""#,
    r#""-_ ""#,
    r#""a1b2 C3D 4 5e ½x ٣٤""#,
    r#""a.b,c;d!E""#,
    r#""don't o'neill's x_y z9z""#,
    ".bin",
    ".t",
    ".u",
    ".s",
    "nil",
    ".nil",
    "1",
    "true",
    ".bytes",
    ".list",
    "",
    r#""a" "b""#,
    "(print 1.5)",
];

const OF_TEXT: &[&str] = &[
    "trim",
    "upper",
    "lower",
    "title",
    "untitle",
    "nospace",
    "initials",
    "swapcase",
    "snakecase",
    "camelcase",
    "kebabcase",
    "toString",
    "quote",
    "squote",
    "cat",
    "toStrings",
    "sortAlpha",
];

/// What functions of any value are called with besides.
const VALUES: &[&str] = &[
    ".i",
    ".i8",
    ".u64",
    ".f",
    ".f32",
    ".yes",
    ".strings",
    ".ints",
    ".map",
    ".smap",
    ".empty",
    ".deep",
    "(list nil)",
    "(list)",
    "(dict)",
    "'a'",
    "1.5",
    "1e300",
    ".nil .nil",
    "1 nil 2",
    r#""a" .bytes .list nil 'x'"#,
    r#"(list 1 nil "b" 2.5 (list nil 1) (dict "a" nil))"#,
    r#"(list "b" "a" "" "B" "ä" "\xff")"#,
    "1i",
];

const OF_ANY: &[&str] = &["toString", "quote", "squote", "cat", "toStrings", "sortAlpha", r#"join "-""#];

/// A number and a text.
const NUMBERS: &[&str] = &[
    r#"0 "abcdef""#,
    r#"1 "abcdef""#,
    r#"3 "abcdef""#,
    r#"4 "abcdefgh""#,
    r#"5 "abcdefgh""#,
    r#"6 "abcdef""#,
    r#"7 "abcdef""#,
    r#"-1 "abcdef""#,
    r#"-6 "abcdef""#,
    r#"-7 "abcdef""#,
    r#"-9223372036854775808 "abcdef""#,
    r#"2 "äöü""#,
    r#"-3 "äöü""#,
    r#"5 .bin"#,
    r#"7 "a b c d e f g h i""#,
    r#"4 "aaaaaaaaaa bbbbbbbbb cc ddddd e""#,
    r#"3 " a  b   c ""#,
    r#"10 "line one\nline two\n\nline four\n""#,
    r#"2 "\n""#,
    r#"2 """#,
    r#"nil "a""#,
    r#"2 nil"#,
    r#""2" "a""#,
    r#"1.5 "a""#,
    r#".i "some words in a row""#,
    r#".u8 "a""#,
    r#".i64 "a""#,
    "3",
    r#"3 "a" "b""#,
    "2 .t",
    "8 .u",
    r#"1 "a""#,
    r#"20 "x""#,
];

const OF_NUMBER: &[&str] = &["trunc", "abbrev", "repeat", "wrap", "indent", "nindent"];

/// Two texts.
const PAIRS: &[&str] = &[
    r#""" """#,
    r#""" "abc""#,
    r#""a" """#,
    r#""a" "abca""#,
    r#""ab" "ababab""#,
    r#""ca" "abca""#,
    r#""," "a,b,,c,""#,
    r#"", " "a, b""#,
    r#""ä" "äbcä""#,
    r#""\xff" "\xffa\xff""#,
    r#""é\xff" "\xfeé\u00e9a\ufffd""#,
    r#""\u00ff" "\xffx""#,
    r#""aa" "aaaaa""#,
    r#""abc" "ab""#,
    r#"" " "  a b  ""#,
    r#""" "日本語\xff""#,
    r#""_" .t"#,
    r#""" .bin"#,
    r#""\x80" .bin"#,
    r#".bin .bin"#,
    r#".bin """#,
    r#".e .s"#,
    r#"nil "a""#,
    r#""a" nil"#,
    r#"1 "a""#,
    r#""a" 1"#,
    r#""a" .bytes"#,
    r#""a""#,
    r#""a" "b" "c""#,
    r#""-" .nil"#,
];

const OF_PAIR: &[&str] = &[
    "trimall",
    "trimAll",
    "trimSuffix",
    "trimPrefix",
    "contains",
    "hasPrefix",
    "hasSuffix",
    "split",
    "splitList",
    "replace \"x\"",
    "replace \"a\"",
    "replace \"\"",
    "splitn \"a\" 2",
    "wrapWith 3",
];

const OTHERS: &str = r#"
    snakecase "abAǅ🎉1 ǅǄ"
    kebabcase "İǅ\t𐐀a"
    hello
    hello 1
    hello nil
    print hello
    hello | upper
    printf "%T" hello
    repeat 0 ""
    repeat -1 ""
    repeat 9223372036854775807 ""
    trunc 9223372036854775807 "a"
    abbrev 9223372036854775807 "a"
    wrap 9223372036854775807 "a"
    indent -9223372036854775808 ""
    substr 0 0 "abc"
    substr 0 2 "abc"
    substr 1 2 "abc"
    substr 1 3 "abc"
    substr 1 4 "abc"
    substr 1 -1 "abc"
    substr 3 3 "abc"
    substr 3 -1 "abc"
    substr 4 -1 "abc"
    substr 4 9 "abc"
    substr 2 1 "abc"
    substr -1 2 "abc"
    substr -1 4 "abc"
    substr -1 -1 "abc"
    substr -9223372036854775808 9223372036854775807 "abc"
    substr 0 1 "ä"
    substr 0 5 ""
    substr "0" 5 ""
    substr 0 1
    abbrevboth 0 0 "abcdefghijklmnop"
    abbrevboth 0 4 "abcdefghijklmnop"
    abbrevboth 1 6 "abcdefghijklmnop"
    abbrevboth 4 7 "abcdefghijklmnop"
    abbrevboth 5 7 "abcdefghijklmnop"
    abbrevboth 5 8 "abcdefghijklmnop"
    abbrevboth 5 10 "abcdefghijklmnop"
    abbrevboth 9 10 "abcdefghijklmnop"
    abbrevboth 100 10 "abcdefghijklmnop"
    abbrevboth -5 10 "abcdefghijklmnop"
    abbrevboth -5 5 "abcdefghijklmnop"
    abbrevboth -9223372036854775808 5 "abcdefghijklmnop"
    abbrevboth -9223372036854775808 8 "abcdefghijklmnop"
    abbrevboth -9223372036854775807 8 "abcdefghijklmnop"
    abbrevboth -9223372036854775808 4 "abcde"
    abbrevboth 9223372036854775807 8 "abcdefghijklmnop"
    abbrevboth 5 9223372036854775807 "abcdefghijklmnop"
    abbrevboth 5 16 "abcdefghijklmnop"
    abbrevboth 5 15 "abcdefghijklmnop"
    abbrevboth 6 7 "äöüäöüäöüäöü"
    abbrevboth 6 7 .bin
    abbrevboth 6 7 nil
    plural "one" "many" 1
    plural "one" "many" 0
    plural "one" "many" -1
    plural "one" "many" 2
    plural "" "many" 1
    plural "one" "" 9223372036854775807
    plural "one" "many" .i64
    plural "one" "many" "1"
    plural "one" "many" 1.0
    plural nil "many" 1
    plural "one" .bin 5
    plural "one" "many"
    splitn "," 0 "a,b,c"
    splitn "," 1 "a,b,c"
    splitn "," 3 "a,b,c"
    splitn "," 4 "a,b,c"
    splitn "," -1 "a,b,c"
    splitn "," 9223372036854775807 "a,b,c"
    splitn "" 0 "abc"
    splitn "" 1 "abc"
    splitn "" 2 "äbc"
    splitn "" 3 "\xffab"
    splitn "" 4 "abc"
    splitn "" 2 ""
    splitn "," 2 ""
    splitn "," "2" "a,b"
    (splitn "," 2 "a,b,c")._1
    (split "," "a,b,c")._2
    (split "," "a,b,c")._3
    (split "$" "foo$bar$baz")._0
    wrapWith 5 "" "abcdefgh ij"
    wrapWith 5 "\n" "abcdefgh ij"
    wrapWith 5 "<br/>" "abcdefgh ij klm no p"
    wrapWith 0 "|" "ab cd"
    wrapWith -3 "|" "ab cd"
    wrapWith 9223372036854775807 "|" "ab cd"
    wrapWith 2 "|" "ab cd  ef"
    wrapWith 3 "ä" "äöüäöü"
    wrapWith 3 "-" ""
    wrapWith 3 "-" .bin
    wrapWith 3 nil "abcd"
    wrap 5 "abcdefghijkl mn opqrstuvw xyz"
    wrap 5 "abcde fghij  klmno"
    wrap 80 .t
    replace "\n" "\\n" "a\nb"
    replace "" "-" ""
    replace "" "" "abc"
    replace "a" "a" "abc"
    replace "aa" "b" "aaaaa"
    replace "" "-" "ä\xffb"
    replace "\x80" "-" "\x80"
    replace .bin "x" .bin
    replace " " "" .t
    replace "a" nil "b"
    join "," (list 1 2.5 nil "a" true)
    join "," .strings
    join "," .ints
    join "," .bytes
    join "," "abc"
    join "," nil
    join "," .nil
    join "," 5
    join "" (list "a" "b")
    join .bin (list 1 2)
    join "," (dict "a" 1)
    join 1 .list
    sortAlpha (list 10 9 2 33 1)
    sortAlpha (list "b" "B" "a" "_" "ä" "")
    sortAlpha (list nil nil)
    sortAlpha (splitList "," "c,b,a")
    toStrings (list 1 nil (list 1 2))
    toStrings (splitList "," "c,b,a")
    cat "a" nil "b" 1 2.0 true .list .map
    cat "%v" "%d" 1
    cat ""
    cat "" ""
    cat " " " "
    quote 1 "a\"b" nil .list .bytes "\x00\xff\u00e4\u200b"
    squote "it's" 1 nil .bytes .map
    quote ""
    quote
    squote
    cat
    "a" | quote | squote
"#;

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    [each(OF_TEXT, TEXTS), each(OF_ANY, VALUES), each(OF_NUMBER, NUMBERS), each(OF_PAIR, PAIRS), calls(OTHERS)].concat()
}

/// One call of a function of this family, with arguments that grow.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    let text = grower.words();
    match grower.random.below(12) {
        0..=3 => format!("{} {text}", grower.one_of(OF_TEXT)),
        4 => format!("{} {} {}", grower.one_of(&["quote", "squote", "cat"]), grower.any(), grower.any()),
        5 => of_list(grower),
        6..=7 => format!("{} {} {text}", grower.one_of(OF_NUMBER), grower.small()),
        8..=9 => format!("{} {} {text}", grower.one_of(OF_PAIR), grower.text()),
        10 => format!("{} {} {} {text}", grower.one_of(&["substr", "abbrevboth"]), grower.small(), grower.small()),
        _ => other(grower, &text),
    }
}

/// `sortAlpha` of a `[]string` sorts that itself in Go, which the rest of a template would show.
fn of_list(grower: &mut Grower<'_>) -> Line {
    match (grower.one_of(OF_ANY), grower.list()) {
        ("sortAlpha", list) if list == ".strings" => "sortAlpha (list .s .t .strings)".into(),
        (function, list) => format!("{function} {list}"),
    }
}

fn other(grower: &mut Grower<'_>, text: &str) -> Line {
    let (part, number) = (grower.piece(), grower.number());
    match grower.random.below(6) {
        0 => format!("splitn {part} {} {text}", grower.small()),
        1 => format!("wrapWith {} {part} {text}", grower.small()),
        2 => format!("replace {part} {} {text}", grower.piece()),
        3 => format!("{} {part} {text}", grower.one_of(OF_PAIR)),
        4 => format!("plural {text} {part} {}", grower.small()),
        _ => format!("{} {number} {text}", grower.one_of(&["trunc", "abbrev", "wrap", "abbrevboth 3", "substr 0"])),
    }
}
