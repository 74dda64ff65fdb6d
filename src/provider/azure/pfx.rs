//! A PFX file (PKCS #12 without a password), which is what Windows and vaults hand out, as the PEM text that it stands for.
//!
//! It is read by what reads such files in templates, within a budget, since who wrote it is a tenant.

use std::sync::LazyLock;

use gotemplate::{Limits, Map, Meter, MissingKey, Parser, Template, Value};

use crate::sealed::Sealed;

/// What reading one file may cost: its keys are derived twice.
const LIMITS: Limits = Limits {
    source: 1 << 10,
    nesting: 10,
    nodes: 100,
    output: 256 << 10,
    memory: 4 << 20,
    steps: 1_000_000,
    work: 100,
    calls: 10,
    depth: 10,
};

static READER: LazyLock<Option<Template>> = LazyLock::new(|| {
    let parser = Parser { left: "", right: "", missing_key: MissingKey::Error, limits: LIMITS };
    let source = "{{ pkcs12cert .file }}{{ pkcs12key .file }}";
    parser.parse("pfx", source, &sprig::functions(sprig::System)).ok()
});

/// Its certificates, that of the key first, and its key; none where it is no such file or has a password.
pub(super) fn pem(file: &Sealed) -> Option<Sealed> {
    let words = Value::from(Map::strings([("file", file.expose())]));
    READER.as_ref()?.render_named("pfx", &words, &Meter::new(LIMITS, &|| false)).ok().map(Sealed::new)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A PFX file of a certificate and its key in PEM, by the functions that are tested with OpenSSL.
    pub(in crate::provider::azure) fn written(pem: &str, function: &str) -> Sealed {
        let source = format!("{{{{ {function} | b64dec }}}}");
        let parser = Parser { left: "", right: "", missing_key: MissingKey::Error, limits: LIMITS };
        let template = parser.parse("pfx", &source, &sprig::functions(sprig::System)).unwrap();
        let (certificate, key) = pem.split_at(pem.find("-----BEGIN PRIVATE").unwrap());
        let words = Value::from(Map::strings([("certificate", certificate), ("key", key)]));
        Sealed::new(template.render(&words).unwrap())
    }

    #[test]
    fn a_file_without_a_password_is_the_certificate_and_the_key_and_any_other_is_nothing() {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["app".to_owned()]).unwrap().self_signed(&key).unwrap();
        let text = format!("{}{}", certificate.pem(), key.serialize_pem()).replace("\r\n", "\n");
        let plain = written(&text, "pemToPkcs12 .certificate .key");
        assert_eq!(pem(&plain).unwrap().expose(), text.as_bytes());
        for bad in [written(&text, "pemToPkcs12Pass .certificate .key \"canary\""), Sealed::from("0"), Sealed::from("")]
        {
            assert!(pem(&bad).is_none(), "{}", bad.len());
        }
    }
}
