//! Cases of the family `encodings`.

use super::grow::{Grower, Line};
use super::lines::{calls, each};

const OF_TEXT: &[&str] =
    &["b64enc", "b64dec", "b32enc", "b32dec", "hexdec", "sha1sum", "sha256sum", "sha512sum", "adler32sum"];

const TEXTS: &[&str] = &[
    r#""""#,
    r#""a""#,
    r#""ab""#,
    r#""abc""#,
    r#""abcd""#,
    r#""abcde""#,
    r#""abcdef""#,
    r#""Hello, World""#,
    ".bin",
    ".t",
    ".u",
    ".s",
    "nil",
    ".nil",
    "1",
    ".bytes",
    ".list",
    "",
    r#""a" "b""#,
    r#""\xff\x00""#,
    r#"(repeat 300 "\xff")"#,
    r#"(repeat 6000 "\xff")"#,
];

const CODED: &str = r#"
    b64dec "YQ=="
    b64dec "YWI="
    b64dec "YWJj"
    b64dec "YWJjZA=="
    b64dec "YWJjZGVmZ2hpamts"
    b64dec "Y\nW\r\nJj\n"
    b64dec "YQ=\n=\n"
    b64dec "\n\r\n"
    b64dec "YQ"
    b64dec "YQ="
    b64dec "Y"
    b64dec "YWJjZ"
    b64dec "YWJj\nZ"
    b64dec "YWJj\nZA"
    b64dec "YWJj\nZA=\n"
    b64dec "="
    b64dec "Y==="
    b64dec "YQ==YQ=="
    b64dec "YQ==\n\nx"
    b64dec "YWI=x"
    b64dec "YWI=="
    b64dec "YQ=x"
    b64dec "YQ=\nx"
    b64dec "YR=="
    b64dec "YWJ="
    b64dec "-_-_"
    b64dec "+/+/"
    b64dec "YWJj YWJj"
    b64dec "YWJjYWJj!"
    b64dec "\xff"
    b64dec "äöü"
    b64dec "YWJjZGVmZ2hpamts@"
    b64dec .bin
    b64dec (b64enc .bin)
    b64enc .bin | b64dec | quote
    b32dec "ME======"
    b32dec "MFRA===="
    b32dec "MFRGG==="
    b32dec "MFRGGZA="
    b32dec "MFRGGZDF"
    b32dec "MFRGGZDFMY======"
    b32dec "MF\nRG\r\nGZDF"
    b32dec "me======"
    b32dec "ME"
    b32dec "ME====="
    b32dec "ME======="
    b32dec "ME========"
    b32dec "M======="
    b32dec "MFR====="
    b32dec "MFRGGZ=="
    b32dec "ME=====A"
    b32dec "ME=A===="
    b32dec "MEA====="
    b32dec "========"
    b32dec "="
    b32dec "MFRGGZDFME======MFRGGZDF"
    b32dec "MFRGGZDF0"
    b32dec "MFRGGZDF1FRGGZDF"
    b32dec "MFRGG===x"
    b32dec "MF======xx"
    b32dec "MFRA====\n"
    b32dec "\n\n"
    b32dec "ä"
    b32dec (b32enc .bin)
    hexdec "00ff"
    hexdec "0F0f"
    hexdec "abc"
    hexdec "abx"
    hexdec "xa"
    hexdec "ag"
    hexdec "a\x00"
    hexdec "a\xe4"
    hexdec "0xff"
    hexdec " ff"
    hexdec "ff\n"
    hexdec "a\x85"
    hexdec "a\xad"
    sha256sum "abc" | hexdec | b64enc
    sha1sum "" | hexdec | len
    adler32sum (repeat 100000 "\xff")
    sha512sum (b64dec "AAECAwQ=")
"#;

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    [each(OF_TEXT, TEXTS), calls(CODED)].concat()
}

/// One call of a function of this family, with arguments that grow.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    let text = grower.words();
    match grower.random.below(8) {
        0..=1 => format!("{} {text}", grower.one_of(OF_TEXT)),
        2 => format!("{text} | b64enc | b64dec | quote"),
        3 => format!("{text} | b32enc | b32dec | quote"),
        4 => format!("{} {}", grower.one_of(OF_TEXT), grower.any()),
        _ => {
            let function = grower.one_of(&["b64dec", "b64dec", "b32dec", "hexdec"]);
            let letters = match function {
                "b32dec" => &["A", "M", "Z", "2", "7", "=", "==", "======", "MFRGGZDF", "\\n", "1", "a"],
                "hexdec" => &["0", "9", "a", "F", "00", "ff", "g", "\\xff", " ", "A", "5", "e"],
                _ => &["A", "z", "9", "+", "/", "=", "==", "YWJj", "YQ==", "\\n", "\\r", "-"],
            };
            let count = grower.random.below(12);
            let coded: String = (0..count).map(|_| grower.one_of(letters)).collect();
            format!("{function} \"{coded}\"")
        }
    }
}
