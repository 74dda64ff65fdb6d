//! Keys, certificates and stores that cost much or are none: each ends soon, with an error.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a broken setup is a failed test"
)]
#![allow(clippy::needless_pass_by_value, clippy::format_push_string, reason = "short before fast")]
#![allow(missing_docs, unreachable_pub, dead_code, reason = "tests, of which the support is shared")]

mod support;

use keyferry_gotemplate::{Budget, Error, ErrorKind, Limits, Map, Parser, Template, Value};
use keyferry_sprig::{System, functions};
use std::cell::Cell;
use std::time::{Duration, Instant};
use support::fixtures::{bytes, text};

fn parse(source: &str) -> Template {
    Template::parse("t", source, &functions(System)).unwrap()
}

fn render(source: &str, data: &[(&str, &[u8])]) -> Result<Vec<u8>, Error> {
    parse(source).render(&Map::any(data.iter().map(|(key, value)| (*key, Value::str(value)))).into())
}

/// What ends a template, which must be a budget, and no later than a machine with much else to do takes for nothing.
fn budget(source: &str, data: &[(&str, &[u8])]) -> Budget {
    match render(source, data).expect_err(source).kind() {
        ErrorKind::Budget(budget) => budget,
        other => panic!("{source}: {other:?}"),
    }
}

fn took(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

const WORK: Budget = Budget::Work(5_000);

#[test]
fn costly_functions_are_counted_before_they_begin() {
    // A budget that is one millisecond too small for one call of each.
    let key = text("leaf.key");
    for (call, work) in [
        ("bcrypt `a`", 100),
        ("htpasswd `a` `b`", 100),
        ("derivePassword 1 `long` `a` `b` `c`", 200),
        ("genPrivateKey ``", 1_000),
        ("genPrivateKey `rsa`", 1_000),
        ("genPrivateKey `dsa`", 1_000),
        ("genPrivateKey `ecdsa`", 1),
        ("genPrivateKey `ed25519`", 1),
        ("genCA `a` 1", 105),
        ("genSelfSignedCert `a` nil nil 1", 105),
        ("genSignedCert `a` nil nil 1 (genCAWithKey `b` 1 .key)", 112),
        ("genCAWithKey `b` 1 .key", 6),
        ("pemToPkcs12 .cert .key", 10),
        ("fullPemToPkcs12 .cert .key", 10),
        ("pemTruststoreToPKCS12 .cert", 10),
        ("pkcs12keyPass `secret` .store", 2),
        ("rsaDecrypt `RSA-OAEP` `` `` .key", 5),
    ] {
        let limits = Limits { work: work - 1, ..Limits::default() };
        let source = format!("{{{{ {call} }}}}");
        let parser = Parser { limits, ..Parser::default() };
        let template = parser.parse("t", &source, &functions(System)).unwrap();
        let (cert, store) = (text("leaf.pem"), bytes("modern.p12"));
        let entries = [("key", key.as_bytes()), ("cert", cert.as_bytes()), ("store", &store)];
        let data = Map::any(entries.map(|(name, value)| (name, Value::str(value))));
        let error = template.render(&data.into()).expect_err(call);
        assert_eq!(error.kind(), ErrorKind::Budget(Budget::Work(work - 1)), "{call}");
    }
}

#[test]
fn a_loop_over_costly_functions_ends_with_its_budget() {
    let limits = Limits { work: 400, ..Limits::default() };
    let parser = Parser { limits, ..Parser::default() };
    for call in ["bcrypt `a`", "htpasswd `a` `b`", "derivePassword 1 `pin` `a` `b` `c`", "genCA `a` 1"] {
        let source = format!("{{{{ range 1000000 }}}}{{{{ {call} }}}}{{{{ end }}}}");
        let template = parser.parse("t", source, &functions(System)).unwrap();
        let elapsed = took(|| {
            let error = template.render(&Value::Nil).expect_err(call);
            assert_eq!(error.kind(), ErrorKind::Budget(Budget::Work(400)), "{call}");
        });
        assert!(elapsed < Duration::from_secs(10), "{call}: {elapsed:?}");
    }
}

#[test]
fn over_budget_is_over_at_once() {
    // Six keys do not fit, but the first five take seconds: one budget less the keys is what is asked here.
    let parser = Parser { limits: Limits { work: 999, ..Limits::default() }, ..Parser::default() };
    let template = parser.parse("t", "{{ range 1000 }}{{ genPrivateKey `rsa` }}{{ end }}", &functions(System)).unwrap();
    let elapsed = took(|| drop(template.render(&Value::Nil).unwrap_err()));
    assert!(elapsed < Duration::from_millis(50), "{elapsed:?}");
}

#[test]
fn costly_functions_ask_whether_to_stop() {
    let asked = Cell::new(0);
    let stop = || {
        asked.set(asked.get() + 1);
        asked.get() > 2
    };
    let error = parse("{{ range 10 }}{{ bcrypt `a` }}{{ end }}").render_until(&Value::Nil, &stop).unwrap_err();
    assert_eq!((error.kind(), asked.get()), (ErrorKind::Interrupted, 3));
}

#[test]
fn rounds_that_a_store_asks_for_are_counted_before_they_are_run() {
    let elapsed = took(|| {
        for rounds in [[0x7f, 0xff, 0xff, 0xff], [0x00, 0x98, 0x96, 0x80]] {
            for store in ["modern.p12", "legacy.p12", "des.p12", "sha512.p12"] {
                let store = with_rounds(&bytes(store), rounds);
                for call in ["pkcs12keyPass", "pkcs12certPass"] {
                    let source = format!("{{{{ {call} `secret` .s }}}}");
                    assert_eq!(budget(&source, &[("s", &store)]), WORK, "{call}");
                }
            }
        }
    });
    assert!(elapsed < Duration::from_secs(1), "{elapsed:?}");
}

/// The same store, whose seal asks for other rounds. They are its last number, of two bytes before.
fn with_rounds(store: &[u8], rounds: [u8; 4]) -> Vec<u8> {
    let (last, mut longer) = (store.len() - 4, store.to_vec());
    assert_eq!(store[last..last + 2], [2, 2], "the rounds have two bytes");
    let shortest: &[u8] = if rounds[0] == 0 { &rounds[1..] } else { &rounds };
    let number = if shortest[0] >= 0x80 { &rounds[..] } else { shortest };
    longer.truncate(last);
    longer.extend_from_slice(&[2, u8::try_from(number.len()).unwrap()]);
    longer.extend_from_slice(number);
    let growth = longer.len() - store.len();
    // The lengths of the whole, which has two bytes of it, and of the seal.
    let whole = u16::from_be_bytes([longer[2], longer[3]]) + u16::try_from(growth).unwrap();
    longer[2..4].copy_from_slice(&whole.to_be_bytes());
    let seal =
        (0..last).rev().find(|at| longer[*at] == 0x30 && at + 2 + usize::from(longer[at + 1]) == store.len()).unwrap();
    longer[seal + 1] += u8::try_from(growth).unwrap();
    longer
}

#[test]
fn many_certificates_are_counted() {
    let cert = text("bare.pem");
    let elapsed = took(|| {
        let many = cert.repeat(2_000);
        for call in ["filterCertChain `leaf` .c", "filterCertChain `root` .c"] {
            assert!(
                matches!(budget(&format!("{{{{ {call} }}}}"), &[("c", many.as_bytes())]), Budget::Steps(_)),
                "{call}"
            );
        }
    });
    assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
}

#[test]
fn a_text_that_is_nearly_pem_is_looked_through_once() {
    let elapsed = took(|| {
        for piece in [
            "-----BEGIN X-----\n",
            "\n-----END X-----\n",
            "-----BEGIN X-----\na:b\n-----END X-----\n",
            "-----BEGIN X-----\n!\n-----END X-----\n",
            "-----BEGIN X-----\n-----END Y-----\n",
            "-----BEGIN X-----\nYWJj\n-----END X-----\n",
        ] {
            let text = piece.repeat((4 << 20) / piece.len());
            let _ = render("{{ filterPEM `X` .t }}", &[("t", text.as_bytes())]);
            let _ = render("{{ certSANs .t }}", &[("t", text.as_bytes())]);
        }
    });
    assert!(elapsed < Duration::from_secs(20), "{elapsed:?}");
}

#[test]
fn numbers_of_a_key_are_bounded() {
    let elapsed = took(|| {
        for names in [&["n", "e", "d", "p", "q"][..], &["n", "d", "p", "q", "dp", "dq", "qi"]] {
            let members: Vec<String> =
                names.iter().map(|name| format!("\"{name}\":\"{}\"", "_w".repeat(50_000))).collect();
            let json = format!("{{\"kty\":\"RSA\",{}}}", members.join(","));
            let error = render("{{ jwkPrivateKeyPem .j }}", &[("j", json.as_bytes())]).unwrap_err();
            assert!(!error.cause().contains("_w_w"));
        }
    });
    assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
}

#[test]
fn deep_json_is_no_key() {
    let json = format!("{{\"kty\":\"RSA\",\"x\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    render("{{ jwkPublicKeyPem .j }}", &[("j", json.as_bytes())]).unwrap_err();
}

#[test]
fn errors_show_no_value() {
    let secret = "s3cr3t";
    let pem = format!("-----BEGIN {secret} PRIVATE KEY-----\n{secret}\n-----END {secret} PRIVATE KEY-----\n");
    let json = format!("{{\"kty\":\"{secret}\",\"{secret}\":1}}");
    let entries = [("s", secret.as_bytes()), ("p", pem.as_bytes()), ("j", json.as_bytes())];
    for call in [
        "decryptAES .s .s",
        "filterPEM .s .s",
        "filterCertChain .s .p",
        "genCAWithKey .s 1 .p",
        "genCAWithKey .s 1 .s",
        "genSelfSignedCert .s (list .s) (list .s) 1",
        "genSelfSignedCert .s nil (list .s 1) 1",
        "buildCustomCert .s .s",
        "certSANs .p",
        "pkcs12keyPass .s .s",
        "pkcs12certPass .s .p",
        "pemToPkcs12Pass .p .p .s",
        "fullPemToPkcs12Pass .s .s .s",
        "pemTruststoreToPKCS12Pass .p .s",
        "jwkPublicKeyPem .j",
        "jwkPrivateKeyPem .s",
        "rsaDecrypt .s .s .s .s",
        "rsaDecrypt `RSA-OAEP` .s .s .p",
    ] {
        let error = render(&format!("{{{{ {call} }}}}"), &entries).expect_err(call).to_string();
        assert!(!error.contains(secret), "{error}");
    }
}

#[test]
fn what_is_random_differs_each_time() {
    for call in ["genPrivateKey `ecdsa`", "genPrivateKey `ed25519`", "encryptAES `a` `b`", "bcrypt `a`"] {
        let source = format!("{{{{ {call} }}}}");
        assert_ne!(render(&source, &[]).unwrap(), render(&source, &[]).unwrap(), "{call}");
    }
}
