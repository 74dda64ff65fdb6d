//! Cases of the family `certificates`. New ones are random; `tests/crypto.rs` looks into them.

use super::data::base64;
use super::fixtures::{bytes, leaked, literal, literals, text};
use super::grow::{Grower, Line};
use super::pem::damaged;

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    let mut cases = custom();
    cases.extend(names());
    cases.extend(refused());
    leaked(cases)
}

/// Names of kinds of keys.
const KEYS: &[&str] = &[
    "leaf.key",
    "leaf-sec1.key",
    "rsa.key",
    "rsa8.key",
    "p384.key",
    "p521.key",
    "ed25519.key",
    "x25519.key",
    "dsa.key",
];

fn custom() -> Vec<String> {
    let pair = |cert: &[u8], key: &[u8]| {
        let (cert, key) = (base64::encode(cert), base64::encode(key));
        format!("{{{{ $c := buildCustomCert \"{cert}\" \"{key}\" }}}}{{{{ $c.Cert }}}}|{{{{ $c.Key }}}}")
    };
    let leaf = bytes("leaf.pem");
    let mut cases: Vec<String> = KEYS.iter().map(|key| pair(&leaf, &bytes(key))).collect();
    cases.push(pair(&leaf, &leaf));
    cases.push(pair(b"", &bytes("leaf.key")));
    cases.push(pair(&bytes("leaf.key"), &bytes("leaf.key")));
    cases.push(pair(&leaf, b"-----BEGIN OTHER PRIVATE KEY-----\nYWJj\n-----END OTHER PRIVATE KEY-----\n"));
    cases.push(pair(&leaf, b"-----BEGIN RSA PRIVATE KEY-----\nYWJj\n-----END RSA PRIVATE KEY-----\n"));
    let relabelled = |name: &str, label: &str| text(name).replace("PRIVATE KEY", label).into_bytes();
    cases.push(pair(&leaf, &relabelled("leaf.key", "EC PRIVATE KEY")));
    cases.push(pair(&leaf, &relabelled("leaf.key", "RSA PRIVATE KEY")));
    cases.push(pair(&leaf, &relabelled("leaf.key", "DSA PRIVATE KEY")));
    cases.push(pair(&leaf, &relabelled("leaf.key", "PUBLIC KEY")));
    let (cert, key) = (base64::encode(&leaf), base64::encode(&bytes("ed25519.key")));
    let whole = |action: &str| format!("{{{{ $c := buildCustomCert \"{cert}\" \"{key}\" }}}}{{{{ {action} }}}}");
    let actions =
        ["$c", "printf \"%T\" $c", "printf \"%+v %#v\" $c $c", "$c.None", "eq $c $c", "if $c }}y{{ end", "len $c"];
    cases.extend(actions.map(whole));
    cases.push("{{ buildCustomCert `!` `` }}".into());
    cases.push("{{ buildCustomCert .bin .bin }}".into());
    cases.push("{{ printf `%T` buildCustomCert }}".into());
    cases
}

fn names() -> Vec<String> {
    let files = ["leaf.pem", "root.pem", "bare.pem", "rsa.pem", "intermediate.pem", "leaf.key"];
    let mut cases: Vec<String> = files.iter().map(|file| format!("{{{{ certSANs {} }}}}", literals(&[file]))).collect();
    cases.push(format!("{{{{ certSANs {} }}}}", literals(&["leaf.pem", "root.pem"])));
    cases.push(format!("{{{{ certSANs (print \"junk \" {}) }}}}", literals(&["leaf.pem"])));
    cases.push(format!("{{{{ range certSANs {} }}}}<{{{{ . }}}}>{{{{ end }}}}", literals(&["leaf.pem"])));
    cases.push(format!("{{{{ printf \"%T %q\" (certSANs {0}) (certSANs {0}) }}}}", literals(&["leaf.pem"])));
    cases.extend(
        ["certSANs ``", "certSANs .bin", "certSANs .nil", "certSANs", "printf `%T` certSANs"]
            .map(|call| format!("{{{{ {call} }}}}")),
    );
    cases
}

/// Requests that no certificate comes of.
fn refused() -> Vec<String> {
    let mut cases: Vec<String> = [
        r#"genCA "a" "b""#,
        r#"genCA "a""#,
        "genCA 1 1",
        "genCA .bin 1",
        r#"genCAWithKey "a" 1 """#,
        r#"genCAWithKey "a" 1 .bin"#,
        r#"genSelfSignedCert "a" (list "x") nil 1"#,
        r#"genSelfSignedCert "a" (list 1) nil 1"#,
        r#"genSelfSignedCert "a" (list "1.2.3") nil 1"#,
        r#"genSelfSignedCert "a" (list "1.2.3.04") nil 1"#,
        r#"genSelfSignedCert "a" (list "::1%lo") nil 1"#,
        r#"genSelfSignedCert "a" nil (list 1) 1"#,
        r#"genSelfSignedCert "a" nil (list nil) 1"#,
        r#"genSelfSignedCert "a" "b" nil 1"#,
        r#"genSelfSignedCert "a" .strings nil 1"#,
        r#"genSignedCert "a" nil nil 1 nil"#,
        r#"genSignedCert "a" nil nil 1 "ca""#,
        r#"genSignedCert "a" nil nil 1 (dict)"#,
        r#"genSignedCert "a" nil nil 1"#,
        r#"printf "%T %T %T" genCA genSelfSignedCert genSignedCert"#,
        r#"printf "%T %T %T" genCAWithKey genSelfSignedCertWithKey genSignedCertWithKey"#,
    ]
    .map(|call| format!("{{{{ {call} }}}}"))
    .to_vec();
    let key = literals(&["leaf.key"]);
    cases.extend(
        [
            format!(r#"genSelfSignedCertWithKey "a" nil (list "\u00e4") 1 {key}"#),
            format!(r#"genCAWithKey "a" 1 {}"#, literals(&["x25519.key"])),
            format!(r#"genCAWithKey "a" 1 {}"#, literals(&["dsa.key"])),
            format!(r#"genCAWithKey "a" 1 {}"#, literals(&["leaf.pem"])),
        ]
        .map(|call| format!("{{{{ {call} }}}}")),
    );
    let other = |cert: &str, key: &str| {
        let (cert, key) = (base64::encode(&bytes(cert)), base64::encode(&bytes(key)));
        format!(
            "{{{{ genSignedCertWithKey `a` nil nil 1 (buildCustomCert `{cert}` `{key}`) {} }}}}",
            literals(&["p384.key"])
        )
    };
    cases.push(other("root.pem", "leaf.key"));
    cases.push(other("root.pem", "ed25519.key"));
    cases.push(other("root.pem", "dsa.key"));
    // What does not change from one certificate to the next.
    cases.push(format!(r#"{{{{ (genCAWithKey "a" 1 {key}).Key }}}}"#));
    cases.push(format!(r#"{{{{ certSANs (genSelfSignedCertWithKey "a" (list "::ffff:1.2.3.4" "2001:DB8::") (list "b" "" "*.c") 1 {key}).Cert }}}}"#));
    cases
}

/// One call of a function of this family, with arguments that grow.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    match grower.random.below(3) {
        0 => {
            let name = grower.one_of(&["leaf.pem", "intermediate.pem", "stranger.pem"]).to_owned();
            format!("certSANs {}", literal(damaged(grower, &name, "CERTIFICATE")))
        }
        1 => {
            let name = grower.one_of(KEYS).to_owned();
            let label = text(&name).lines().next().unwrap().replace("-----BEGIN ", "").replace("-----", "");
            let key = base64::encode(damaged(grower, &name, &label).as_bytes());
            format!("(buildCustomCert \"{}\" \"{key}\").Key", base64::encode(&bytes("leaf.pem")))
        }
        _ => {
            let (ip, domain) = (
                grower.one_of(&[
                    "1.2.3.4",
                    "::",
                    "1::2",
                    "1:2:3:4:5:6:7:8",
                    "::1.2.3.4",
                    "a",
                    "",
                    "1.2.3.4.5",
                    "::ffff:1.2.3.4",
                ]),
                grower.text(),
            );
            let key = literals(&["leaf.key"]);
            format!("certSANs (genSelfSignedCertWithKey \"a\" (list \"{ip}\") (list {domain}) 1 {key}).Cert")
        }
    }
}
