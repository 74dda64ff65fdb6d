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
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;

    /// Says whether the clock or the randomness was asked.
    #[derive(Clone, Default)]
    struct Asked(Arc<AtomicBool>);

    impl sprig::Host for Asked {
        fn now(&self) -> std::time::SystemTime {
            self.0.store(true, Relaxed);
            std::time::SystemTime::UNIX_EPOCH
        }

        fn fill(&self, bytes: &mut [u8]) {
            self.0.store(true, Relaxed);
            bytes.fill(7);
        }
    }

    #[test]
    fn a_template_is_volatile_wherever_it_names_such_a_function() {
        let functions = sprig::functions(sprig::System);
        let judge = |source: &str| is_volatile(&Template::parse("t", source, &functions).unwrap());
        assert!(!judge("now randAlphaNum {{ .now }} {{ print \"now\" }}"));
        for name in FUNCTIONS {
            assert!(judge(&format!("{{{{ if false }}}}{{{{ print ({name}) }}}}{{{{ end }}}}")), "{name}");
        }
    }

    /// Dates are no such functions: what they are given decides, and `now` is one.
    #[test]
    fn no_other_function_asks_the_clock_or_the_randomness_of_what_it_is_made_for() {
        let asked = Asked::default();
        let functions = sprig::functions(asked.clone());
        let arguments =
            ["", "5", "\"x\"", "5 \"x\"", "\"x\" \"y\"", "1 9", "(list 1 2 3)", "(dict \"a\" 1)", "\"x\" 5 \"y\""];
        for name in functions.names().filter(|name| !FUNCTIONS.contains(name) && !name.to_lowercase().contains("date"))
        {
            for arguments in arguments {
                asked.0.store(false, Relaxed);
                let source = format!("{{{{ {name} {arguments} }}}}");
                let _ = Template::parse("t", source, &functions).unwrap().render(&gotemplate::Value::Nil);
                assert!(!asked.0.load(Relaxed), "{name} {arguments}");
            }
        }
    }
}
