//! Functions whose answer is another each time: what they made is kept while its inputs are the same.

use std::collections::BTreeSet;

use gotemplate::Template;

/// Those that read the clock, or that make keys, passwords, salts and serial numbers.
const FUNCTIONS: [&str; 26] = [
    "ago",
    "bcrypt",
    "encryptAES",
    "fullPemToPkcs12",
    "fullPemToPkcs12Pass",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "htpasswd",
    "now",
    "pemToPkcs12",
    "pemToPkcs12Pass",
    "pemTruststoreToPKCS12",
    "pemTruststoreToPKCS12Pass",
    "randAlpha",
    "randAlphaNum",
    "randAscii",
    "randBytes",
    "randInt",
    "randNumeric",
    "shuffle",
    "uuidv4",
];

/// Whether a template names such a function.
pub(super) fn is_volatile(template: &Template) -> bool {
    template.functions().any(|name| FUNCTIONS.contains(&name))
}

/// What was made by templates that are volatile, by the maps of a Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Volatile {
    /// Keys of the data.
    pub data: BTreeSet<String>,
    /// Keys of the labels.
    pub labels: BTreeSet<String>,
    /// Keys of the annotations.
    pub annotations: BTreeSet<String>,
}

impl Volatile {
    /// Whether nothing was.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty() && self.labels.is_empty() && self.annotations.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_volatile_wherever_it_names_such_a_function() {
        let functions = keyferry_sprig::functions(keyferry_sprig::System);
        let judge = |source: &str| is_volatile(&Template::parse("t", source, &functions).unwrap());
        assert!(!judge("now randAlphaNum {{ .now }} {{ print \"now\" }}"));
        for name in FUNCTIONS.iter().filter(|name| functions.get(name).is_some()) {
            assert!(judge(&format!("{{{{ if false }}}}{{{{ print ({name}) }}}}{{{{ end }}}}")), "{name}");
        }
    }
}
