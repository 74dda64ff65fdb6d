//! What is random, looked at by those who must be able to read it: Go, its libraries, and OpenSSL's command.
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

use keyferry_gotemplate::{Map, Template, Value};
use keyferry_oracle::{Oracle, say};
use keyferry_sprig::{System, functions};
use serde_json::Value as Json;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex};
use support::Case;
use support::case::Answer;
use support::data::{base64, map, string};
use support::fixtures::{text, texts};

static ORACLE: LazyLock<Option<Mutex<Oracle>>> = LazyLock::new(|| support::oracle().map(Mutex::new));

fn data(entries: &[(&str, &[u8])]) -> Json {
    map("map", entries.iter().map(|(key, value)| (*key, string(value))))
}

fn output(answer: Answer, template: &str) -> Vec<u8> {
    match answer {
        Answer::Output(output) => output,
        other => panic!("{template}: {}", other.show()),
    }
}

/// What we make of a template, today.
fn ours(template: &str, entries: &[(&str, &[u8])]) -> Vec<u8> {
    let data = Map::any(entries.iter().map(|(key, value)| (*key, Value::str(value))));
    let parsed = Template::parse("t", template, &functions(System)).unwrap();
    parsed.render(&data.into()).unwrap_or_else(|error| panic!("{template}: {error}"))
}

fn ours_text(template: &str, entries: &[(&str, &[u8])]) -> String {
    String::from_utf8(ours(template, entries)).unwrap()
}

/// What Go makes of it; nothing where there is no Go.
fn go(template: &str, entries: &[(&str, &[u8])]) -> Option<Vec<u8>> {
    let Some(oracle) = &*ORACLE else {
        say("SKIPPED: no Go to look at what we made");
        return None;
    };
    let case = Case::new(template, data(entries));
    let answer = Case::ask(&mut oracle.lock().unwrap(), &[case]).pop().unwrap();
    Some(output(answer, template))
}

fn go_says(template: &str, entries: &[(&str, &[u8])], wanted: &str) {
    if let Some(answer) = go(template, entries) {
        assert_eq!(String::from_utf8_lossy(&answer), wanted, "{template}");
    }
}

/// What OpenSSL's command writes; nothing where there is none.
fn openssl(arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let pipe = Stdio::piped;
    let child = Command::new("openssl").args(arguments).stdin(pipe()).stdout(pipe()).stderr(pipe()).spawn();
    let Ok(mut child) = child else {
        say("SKIPPED: no openssl to look at what we made");
        return None;
    };
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(output.stdout)
}

fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_hash_is_that_of_its_password() {
    let longest = [b'x'; 72];
    for password in [&b"password"[..], b"", b"with \x00 and \xff", &longest] {
        let hash = ours_text("{{ bcrypt .p }}", &[("p", password)]);
        assert!(hash.starts_with("$2a$10$") && hash.len() == 60, "{hash}");
        go_says("{{ bcryptFits .h .p }}", &[("h", hash.as_bytes()), ("p", password)], "true");
        go_says("{{ bcryptFits .h .p }}", &[("h", hash.as_bytes()), ("p", b"other")], "false");
    }
}

#[test]
fn a_password_line_is_a_name_and_a_hash_that_differs_each_time() {
    let line = |call: &str| ours_text(&format!("{{{{ {call} }}}}"), &[]);
    let (one, other) = (line(r#"htpasswd "user" "password""#), line(r#"htpasswd "user" "password" "bcrypt""#));
    assert_ne!(one, other);
    for line in [one, other] {
        let hash = line.strip_prefix("user:").unwrap();
        go_says("{{ bcryptFits .h .p }}", &[("h", hash.as_bytes()), ("p", b"password")], "true");
    }
}

#[test]
fn what_is_encrypted_is_decrypted_by_go_and_the_other_way_round() {
    let all: Vec<u8> = (0..=255).collect();
    for (key, plain) in [(&b"key"[..], &b"plain"[..]), (b"", b"0123456789abcdef"), (&all, &all)] {
        let encrypted = ours("{{ encryptAES .k .p }}", &[("k", key), ("p", plain)]);
        assert_ne!(encrypted, ours("{{ encryptAES .k .p }}", &[("k", key), ("p", plain)]));
        if let Some(answer) = go("{{ decryptAES .k .e }}", &[("k", key), ("e", &encrypted)]) {
            assert_eq!(answer, plain);
        }
        if let Some(encrypted) = go("{{ encryptAES .k .p }}", &[("k", key), ("p", plain)]) {
            assert_eq!(ours("{{ decryptAES .k .e }}", &[("k", key), ("e", &encrypted)]), plain);
        }
    }
}

#[test]
fn a_key_is_of_the_kind_and_form_that_sprig_makes() {
    for (kind, described) in [
        ("", "RSA PRIVATE KEY RSA 4096 65537 true"),
        ("rsa", "RSA PRIVATE KEY RSA 4096 65537 true"),
        ("ecdsa", "EC PRIVATE KEY EC P-256 true"),
        ("ed25519", "PRIVATE KEY Ed25519 true"),
        ("dsa", "DSA 2048 256 true true true true true true"),
    ] {
        let key = ours("{{ genPrivateKey .k }}", &[("k", kind.as_bytes())]);
        go_says("{{ keyDescribe .k }}", &[("k", &key)], described);
        openssl(&["pkey", "-noout"], &key);
    }
}

/// A template that makes a certificate, and who signs it.
const CERTIFICATES: &[&str] = &[
    r#"{{ $c := genCA "Test CA" 365 }}"#,
    r#"{{ $c := genCA "*.example.com" 0 }}"#,
    r#"{{ $c := genCA "" 1 }}"#,
    r#"{{ $c := genCA "Zertifizierungsstelle für alles" 36500 }}"#,
    r#"{{ $c := genCA "a" -1 }}"#,
    r#"{{ $c := genCA "a" 9223372036854775807 }}"#,
    r#"{{ $c := genCAWithKey "Test CA" 365 .rsa }}"#,
    r#"{{ $c := genCAWithKey "Test CA" 365 .ec }}"#,
    r#"{{ $c := genCAWithKey "Test CA" 365 .p384 }}"#,
    r#"{{ $c := genCAWithKey "Test CA" 365 .p521 }}"#,
    r#"{{ $c := genCAWithKey "Test CA" 365 .ed25519 }}"#,
    r#"{{ $c := genSelfSignedCert "foo.example" nil nil 365 }}"#,
    r#"{{ $c := genSelfSignedCert "" (list "10.0.0.1" "::1" "::ffff:1.2.3.4") (list "a.example" "*.b.example" "") 365 }}"#,
    r#"{{ $c := genSelfSignedCertWithKey "foo" (list "10.0.0.1") (list "a") 30 .ec }}"#,
    r#"{{ $c := genSelfSignedCertWithKey "foo" (list) (list "a") 30 .ed25519 }}"#,
    r#"{{ $a := genCA "Test CA" 365 }}{{ $c := genSignedCert "foo" (list "1.2.3.4") (list "a.example") 30 $a }}"#,
    r#"{{ $a := genCAWithKey "Test CA" 365 .ec }}{{ $c := genSignedCert "foo" nil (list "a.example") 30 $a }}"#,
    r#"{{ $a := genCAWithKey "Test CA" 365 .p384 }}{{ $c := genSignedCertWithKey "foo" nil nil 30 $a .rsa }}"#,
    r#"{{ $a := genCAWithKey "Test CA" 365 .ec }}{{ $c := genSignedCertWithKey "Test CA" nil nil 30 $a .rsa8 }}"#,
    r#"{{ $a := genSelfSignedCertWithKey "foo" nil nil 30 .ec }}{{ $c := genSignedCertWithKey "b" nil nil 30 $a .p521 }}"#,
];

fn keys() -> Vec<(&'static str, Vec<u8>)> {
    let names = ["rsa", "rsa8", "ec", "p384", "p521", "ed25519"];
    names.map(|name| (name, text(&format!("{}.key", name.replace("ec", "leaf"))).into_bytes())).to_vec()
}

#[test]
fn a_certificate_says_what_one_of_sprig_says() {
    let keys = keys();
    let entries: Vec<(&str, &[u8])> = keys.iter().map(|(name, key)| (*name, key.as_slice())).collect();
    for template in CERTIFICATES {
        let (cert, key) = pair(&ours_text(&format!("{template}{{{{ $c.Cert }}}}|{{{{ $c.Key }}}}"), &entries));
        if let Some(wanted) = go(&format!("{template}{{{{ x509Describe $c.Cert }}}}"), &entries) {
            let wanted = String::from_utf8(wanted).unwrap();
            go_says("{{ x509Describe .c }}", &[("c", cert.as_bytes())], &wanted);
        }
        go_says("{{ keyFits .c .k }}", &[("c", cert.as_bytes()), ("k", key.as_bytes())], "true");
        openssl(&["x509", "-noout"], cert.as_bytes());
    }
}

fn pair(text: &str) -> (String, String) {
    let (one, other) = text.split_once('|').unwrap();
    (one.into(), other.into())
}

#[test]
fn a_certificate_is_good_by_the_word_of_its_authority() {
    let keys = keys();
    for (_, key) in keys.iter().filter(|(name, _)| *name != "rsa8") {
        let template = concat!(
            r#"{{ $a := genCAWithKey "Test CA" 365 .k }}"#,
            r#"{{ $c := genSignedCert "foo" (list "1.2.3.4") (list "a.example") 30 $a }}{{ $a.Cert }}|{{ $c.Cert }}"#
        );
        let (authority, cert) = pair(&ours_text(template, &[("k", key)]));
        let entries = [("a", authority.as_bytes()), ("c", cert.as_bytes())];
        go_says(r#"{{ x509Verify .a .c "a.example" }}"#, &entries, "verified");
        go_says(r#"{{ x509Verify .a .c "1.2.3.4" }}"#, &entries, "verified");
        let path = file("authority.pem", authority.as_bytes());
        openssl(&["verify", "-CAfile", path.to_str().unwrap()], cert.as_bytes());
    }
}

#[test]
fn a_certificate_begins_now() {
    let cert = ours("{{ (genSelfSignedCertWithKey `a` nil nil 1 .k).Cert }}", &[("k", text("leaf.key").as_bytes())]);
    // Ends in more than a day less a minute, and in less than a day.
    openssl(&["x509", "-noout", "-checkend", "86340"], &cert);
    let late = Command::new("openssl").args(["x509", "-noout", "-checkend", "86401"]).stdin(Stdio::piped()).spawn();
    if let Ok(mut late) = late {
        late.stdin.take().unwrap().write_all(&cert).unwrap();
        assert!(!late.wait().unwrap().success());
    }
}

const STORES: &[(&str, &str, &[&str], &str)] = &[
    ("pemToPkcs12Pass .c .k .p", "leaf.key", &["leaf.pem"], "secret"),
    ("pemToPkcs12Pass .c .k .p", "leaf.key", &["leaf.pem"], ""),
    ("pemToPkcs12 .c .k", "rsa.key", &["rsa.pem"], ""),
    ("pemToPkcs12Pass .c .k .p", "rsa8.key", &["rsa.pem"], "pässwörd €"),
    ("fullPemToPkcs12Pass .c .k .p", "leaf-sec1.key", &["leaf.pem", "intermediate.pem", "root.pem"], "secret"),
    ("fullPemToPkcs12 .c .k", "leaf.key", &["leaf.pem", "root.pem"], ""),
    ("pemToPkcs12Pass .c .k .p", "ed25519.key", &["leaf.pem"], "secret"),
];

#[test]
fn a_store_is_opened_by_go_and_openssl_and_by_ourselves() {
    for (call, key, certs, password) in STORES {
        let (key, certs) = (text(key), texts(certs));
        let entries = [("c", certs.as_bytes()), ("k", key.as_bytes()), ("p", password.as_bytes())];
        let store = base64::decode(&ours_text(&format!("{{{{ {call} }}}}"), &entries));
        let entries = [("s", &store[..]), ("p", password.as_bytes())];
        for call in ["{{ pkcs12keyPass .p .s }}", "{{ pkcs12certPass .p .s }}"] {
            let found = ours_text(call, &entries);
            go_says(call, &entries, &found);
        }
        assert_eq!(ours_text("{{ pkcs12certPass .p .s }}", &entries), certs);
        let password = format!("pass:{password}");
        if let Some(output) = openssl(&["pkcs12", "-nodes", "-passin", &password], &store) {
            let output = String::from_utf8(output).unwrap();
            assert_eq!(output.matches("BEGIN CERTIFICATE").count(), certs.matches("BEGIN CERTIFICATE").count());
            assert!(output.contains("PRIVATE KEY") && output.contains("localKeyID"), "{output}");
        }
    }
}

#[test]
fn stores_of_go_are_opened_by_us() {
    let certs = texts(&["leaf.pem", "intermediate.pem", "root.pem"]);
    for key in ["leaf.key", "rsa.key", "ed25519.key"].map(text) {
        for (kind, password) in [
            ("rc2", "secret"),
            ("des", "secret"),
            ("modern", "secret"),
            ("modern", ""),
            ("rc2", ""),
            ("plain", ""),
            ("many", "p€"),
        ] {
            let entries = [("c", certs.as_bytes()), ("k", key.as_bytes()), ("p", password.as_bytes())];
            let template = format!("{{{{ pkcs12Make \"{kind}\" .c .k .p }}}}");
            let Some(store) = go(&template, &entries) else { return };
            let entries = [("s", &store[..]), ("p", password.as_bytes())];
            for call in ["{{ pkcs12keyPass .p .s }}", "{{ pkcs12certPass .p .s }}"] {
                go_says(call, &entries, &ours_text(call, &entries));
            }
        }
    }
}

#[test]
fn a_trust_store_names_what_it_trusts_as_go_does() {
    let certs = texts(&["root.pem", "stranger.pem", "rsa.pem"]);
    for password in ["changeit", ""] {
        let entries = [("c", certs.as_bytes()), ("p", password.as_bytes())];
        let store = ours("{{ pemTruststoreToPKCS12Pass .c .p }}", &entries);
        if let Some(trusted) = go("{{ pkcs12Trusted .s .p }}", &[("s", &store), ("p", password.as_bytes())]) {
            let trusted = String::from_utf8(trusted).unwrap();
            let lines: Vec<&str> = trusted.lines().collect();
            assert!(matches!(lines[..], ["CN=Test Root", _, "CN=rsa"]), "{trusted}");
        }
        let bags = |store: &[u8]| {
            let password = format!("pass:{password}");
            openssl(
                &["pkcs12", "-info", "-nokeys", "-passin", &password],
                &base64::decode(std::str::from_utf8(store).unwrap()),
            )
        };
        let (Some(theirs), Some(ours)) = (go("{{ pemTruststoreToPKCS12Pass .c .p }}", &entries), bags(&store)) else {
            return;
        };
        // Friendly names, trust and certificates.
        assert_eq!(String::from_utf8(ours).unwrap(), String::from_utf8(bags(&theirs).unwrap()).unwrap());
    }
}

#[test]
fn what_go_encrypts_to_a_key_is_decrypted() {
    let key = text("rsa.key");
    for hash in ["SHA1", "SHA256", "SHA512", "None", "other"] {
        for plain in [&b"plain"[..], b"", b"\x00\xff"] {
            let entries = [("h", hash.as_bytes()), ("p", plain), ("k", key.as_bytes())];
            let Some(encrypted) = go("{{ rsaEncrypt .h .p .k }}", &entries) else { return };
            let entries = [("h", hash.as_bytes()), ("e", &encrypted), ("k", key.as_bytes())];
            assert_eq!(ours(r#"{{ rsaDecrypt "RSA-OAEP" .h .e .k }}"#, &entries), plain);
        }
    }
}
