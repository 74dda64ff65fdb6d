//! Cases of the family `pem`.

use super::fixtures::{broken, leaked, literal, literals, text, texts};
use super::grow::{Grower, Line};

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    let mut cases = blocks();
    cases.extend(chains());
    cases.extend(broken_certificates());
    leaked(cases)
}

fn filter(label: &str, text: impl AsRef<[u8]>) -> String {
    format!("{{{{ filterPEM {} {} }}}}", literal(label), literal(text))
}

const BLOCK: &str = "-----BEGIN X-----\nYWJj\n-----END X-----\n";

/// Texts that are blocks, nearly.
const TEXTS: &[&str] = &[
    "",
    "\n",
    "junk",
    BLOCK,
    "-----BEGIN X-----\nYWJj\n-----END X-----",
    "-----BEGIN X-----\r\nYWJj\r\n-----END X-----\r\n",
    "before\n-----BEGIN X-----\nYWJj\n-----END X-----\nafter\n",
    "before -----BEGIN X-----\nYWJj\n-----END X-----\n",
    "-----BEGIN X-----\nYWJj\n-----END Y-----\n",
    "-----BEGIN X-----\nYWJj\n-----END X----- \t\n",
    "-----BEGIN X-----\nYWJj\n-----END X-----z\n",
    "-----BEGIN X----- \nYWJj\n-----END X-----\n",
    "-----BEGIN X----\nYWJj\n-----END X-----\n",
    "-----BEGIN X-----\n-----END X-----\n",
    "-----BEGIN X-----\n\n-----END X-----\n",
    "-----BEGIN X-----\nYW\nJ j\t\n\n-----END X-----\n",
    "-----BEGIN X-----\nYWI\n-----END X-----\n",
    "-----BEGIN X-----\nYWI=\n-----END X-----\n",
    "-----BEGIN X-----\nYWJ=\n-----END X-----\n",
    "-----BEGIN X-----\nYW==\nYW==\n-----END X-----\n",
    "-----BEGIN X-----\nYW-_\n-----END X-----\n",
    "-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES,00\n\nYWJj\n-----END X-----\n",
    "-----BEGIN X-----\nb: 2\nProc-Type: 1\na:1\nb:3\n\nYWJj\n-----END X-----\n",
    "-----BEGIN X-----\na: b\n-----END X-----\n",
    "-----BEGIN X-----\na: b\n\n-----END X-----\n",
    "-----BEGIN X-----\na: b\n-----END X-----\n-----BEGIN X-----\nYWJj\n-----END X-----\n",
    "-----BEGIN X-----\na: b\n-----END: X-----\nc: d\n",
    "-----BEGIN X-----\nno colon\n-----END X-----\n",
    "-----BEGIN X-----\nYWJj\n-----BEGIN X-----\nZGVm\n-----END X-----\n",
    "-----BEGIN Y-----\n!!!!\n-----END Y-----\n-----BEGIN X-----\nZGVm\n-----END X-----\n",
    "-----BEGIN X-----\nYWJj\n-----END X-----\n-----BEGIN x-----\nZGVm\n-----END x-----\nrest",
    "-----BEGIN X-----\nYWJj\n-----END X-----\n-----BEGIN X-----\nZGVm\n",
    "-----END X-----\n-----BEGIN X-----\nZGVm\n-----END X-----\n",
    "-----BEGIN -----\nYWJj\n-----END -----\n",
    "-----BEGIN \u{e4}-----\nYWJj\n-----END \u{e4}-----\n",
];

fn blocks() -> Vec<String> {
    let mut cases: Vec<String> = TEXTS.iter().map(|text| filter("X", text)).collect();
    let mixed = texts(&["leaf.pem", "leaf.key", "root.pem"]);
    cases.extend(["CERTIFICATE", "certificate", "PRIVATE KEY", "", "Y"].map(|label| filter(label, &mixed)));
    cases.push(filter("\u{c4}", "-----BEGIN \u{e4}-----\nYWJj\n-----END \u{e4}-----\n"));
    cases.push(filter("\u{212a}", "-----BEGIN k-----\nYWJj\n-----END k-----\n"));
    cases.push(filter("X", format!("-----BEGIN X-----\n{}\n-----END X-----\n", "QUJD".repeat(100))));
    cases.extend(
        [
            "{{ filterPEM .bin .bin }}",
            "{{ filterPEM .nil .nil }}",
            r#"{{ filterPEM "X" 1 }}"#,
            r#"{{ filterPEM "X" }}"#,
            r#"{{ printf "%T" filterPEM }}"#,
            r#"{{ printf "%T" (filterPEM "X" "") }}"#,
        ]
        .map(str::to_owned),
    );
    cases
}

const KINDS: &[&str] = &["leaf", "intermediate", "root", "", "Leaf"];

fn chains() -> Vec<String> {
    let sets: &[&[&str]] = &[
        &["leaf.pem", "intermediate.pem", "root.pem"],
        &["root.pem", "leaf.pem", "intermediate.pem"],
        &["leaf.pem", "root.pem"],
        &["leaf.pem"],
        &["root.pem"],
        &["bare.pem"],
        &["intermediate.pem", "root.pem"],
        &["leaf.pem", "leaf.pem", "root.pem"],
        &["leaf.pem", "stranger.pem"],
        &["root.pem", "root.pem"],
        &["bare.pem", "bare.pem"],
        &["bare.pem", "root.pem"],
        &["leaf.pem", "leaf.key"],
        &["leaf.key"],
    ];
    let mut cases = Vec::new();
    for (index, set) in sets.iter().enumerate() {
        // The last two are no kinds.
        let kinds = if index == 0 { KINDS } else { &KINDS[..3] };
        cases.extend(kinds.iter().map(|kind| format!("{{{{ filterCertChain \"{kind}\" {} }}}}", literals(set))));
    }
    cases.extend(
        ["{{ filterCertChain `leaf` `` }}", "{{ filterCertChain `leaf` .bin }}", "{{ filterCertChain 1 `` }}"]
            .map(str::to_owned),
    );
    cases.push(r#"{{ printf "%T" filterCertChain }}"#.into());
    cases
}

/// Each byte in turn of a certificate is another.
fn broken_certificates() -> Vec<String> {
    let flipped = |at: usize, bits: u8| broken("bare.pem", "CERTIFICATE", |der| der[at % 240] ^= bits);
    let cut = |length: usize| broken("leaf.pem", "CERTIFICATE", |der| der.truncate(length));
    let longer = broken("leaf.pem", "CERTIFICATE", |der| der.push(0));
    let texts = (0..24).map(|at| flipped(at * 10 + 3, 1)).chain((0..4).map(|at| cut(at * 100))).chain([longer]);
    texts.map(|text| format!("{{{{ filterCertChain `root` {} }}}}", literal(text))).collect()
}

/// A text with some bytes of its blocks changed.
pub fn damaged(grower: &mut Grower<'_>, name: &str, label: &str) -> String {
    let count = grower.random.below(3);
    let changes: Vec<(usize, usize)> =
        (0..count).map(|_| (grower.random.below(4096), grower.random.below(256))).collect();
    broken(name, label, |der| {
        for (at, value) in &changes {
            let at = at % der.len();
            der[at] = u8::try_from(*value).unwrap();
        }
    })
}

const LINES: &[&str] = &[
    "-----BEGIN X-----",
    "-----END X-----",
    "-----BEGIN Y-----",
    "-----END Y-----",
    "-----BEGIN -----",
    "-----END X----- ",
    "YWJj",
    "YQ==",
    "YW",
    "Proc-Type: 1",
    "a: b",
    "",
    " ",
    "junk",
    "-----BEGIN",
    "-----END ",
];

/// One call of a function of this family, with arguments that grow.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    let certificates = ["root.pem", "intermediate.pem", "leaf.pem", "bare.pem", "stranger.pem", "rsa.pem"];
    match grower.random.below(3) {
        0 => {
            let ends = ["\n", "\n", "\n", "\r\n", " \n", ""];
            let count = grower.random.below(12);
            let lines: String = (0..count).map(|_| grower.one_of(LINES).to_owned() + grower.one_of(&ends)).collect();
            format!("filterPEM {} {}", grower.one_of(&[r#""X""#, r#""y""#, r#""""#]), literal(lines))
        }
        1 => {
            let count = grower.random.below(4) + 1;
            let chain: String = (0..count).map(|_| text(grower.one_of(&certificates))).collect();
            format!("filterCertChain \"{}\" {}", grower.one_of(KINDS), literal(chain))
        }
        _ => {
            let name = grower.one_of(&certificates).to_owned();
            format!("filterCertChain \"root\" {}", literal(damaged(grower, &name, "CERTIFICATE")))
        }
    }
}
