//! What of a kind may be read, as its store says it: rules of regular expressions, one of which must be satisfied whole.

use goregex::Regexp;

use super::CRD;
use crate::api::provider::crd::{CrdWhitelist, CrdWhitelistRule};
use crate::provider::{Error, StoreKind};

/// Why something may not be read.
pub(super) const DENIED: &str = "the store's whitelist does not allow it; ask who owns the store for a rule, or read what it \
                                 allows";
/// The most rules of a store, and expressions for properties of a rule.
const MOST: usize = 100;

/// Rules that are compiled; without any, everything may be read.
#[derive(Debug)]
pub(super) struct Whitelist {
    rules: Vec<Rule>,
    kind: StoreKind,
}

#[derive(Debug)]
struct Rule {
    name: Option<Regexp>,
    namespace: Option<Regexp>,
    properties: Vec<Regexp>,
}

impl Whitelist {
    /// Compiles the rules of a store of `kind`.
    ///
    /// # Errors
    /// A rule that says nothing, an expression that is none, or in a SecretStore a rule about namespaces, since it reads
    /// in one only.
    pub(super) fn new(whitelist: Option<&CrdWhitelist>, kind: StoreKind) -> Result<Self, Error> {
        let rules = whitelist.map(|whitelist| whitelist.rules.as_slice()).unwrap_or_default();
        if rules.len() > MOST {
            return Err(CRD.refuse("whitelist.rules", &format!("there are more than {MOST}")));
        }
        let compiled: Result<Vec<_>, _> = rules.iter().enumerate().map(|(at, rule)| compile(at, rule, kind)).collect();
        Ok(Self { rules: compiled?, kind })
    }

    /// Whether a rule allows an object, of which `property` is wanted; all of it where that is none. As in ESO, rules about
    /// properties never allow the whole, and in a SecretStore namespaces do not count.
    pub(super) fn permits(&self, name: &str, namespace: Option<&str>, property: Option<&str>) -> bool {
        let property = property.filter(|property| !property.is_empty());
        let of_property = |rule: &Rule| {
            rule.properties.is_empty()
                || property.is_some_and(|wanted| rule.properties.iter().any(|allowed| allowed.is_match(wanted)))
        };
        self.any(name, namespace, of_property)
    }

    /// Whether a rule allows an object, or at least a property of it.
    pub(super) fn permits_part(&self, name: &str, namespace: Option<&str>) -> bool {
        self.any(name, namespace, |_| true)
    }

    fn any(&self, name: &str, namespace: Option<&str>, of_property: impl Fn(&Rule) -> bool) -> bool {
        let of_namespace = |allowed: &Regexp| namespace.is_some_and(|namespace| allowed.is_match(namespace));
        let satisfied = |rule: &Rule| {
            rule.name.as_ref().is_none_or(|allowed| allowed.is_match(name))
                && (self.kind == StoreKind::SecretStore || rule.namespace.as_ref().is_none_or(of_namespace))
                && of_property(rule)
        };
        self.rules.is_empty() || self.rules.iter().any(satisfied)
    }
}

fn compile(at: usize, rule: &CrdWhitelistRule, kind: StoreKind) -> Result<Rule, Error> {
    let CrdWhitelistRule { name, namespace, properties } = rule;
    let field = |field: &str| format!("whitelist.rules[{at}]{field}");
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (name, namespace) = (given(name), given(namespace));
    if name.is_none() && namespace.is_none() && properties.is_empty() {
        return Err(CRD.refuse(&field(""), "it is empty and would allow everything; set name, namespace or properties"));
    }
    if namespace.is_some() && kind == StoreKind::SecretStore {
        let cause = "a SecretStore reads in its own namespace only; remove it, or use a ClusterSecretStore";
        return Err(CRD.refuse(&field(".namespace"), cause));
    }
    if properties.len() > MOST {
        return Err(CRD.refuse(&field(".properties"), &format!("there are more than {MOST}")));
    }
    let read = |place: &str, text: &str| {
        Regexp::new(text).map_err(|error| CRD.refuse(&field(place), &format!("{error}; correct the expression")))
    };
    Ok(Rule {
        name: name.map(|text| read(".name", &text)).transpose()?,
        namespace: namespace.map(|text| read(".namespace", &text)).transpose()?,
        properties: properties.iter().map(|text| read(".properties", text)).collect::<Result<_, _>>()?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const OWN: StoreKind = StoreKind::SecretStore;
    const CLUSTER: StoreKind = StoreKind::ClusterSecretStore;

    #[expect(clippy::needless_pass_by_value, reason = "it reads better with `json!`")]
    fn of(rules: Value, kind: StoreKind) -> Result<Whitelist, Error> {
        Whitelist::new(Some(&serde_json::from_value(json!({"rules": rules})).unwrap()), kind)
    }

    #[test]
    fn without_rules_everything_may_be_read() {
        for whitelist in [Whitelist::new(None, OWN).unwrap(), of(json!([]), OWN).unwrap()] {
            assert!(whitelist.permits("a", None, None) && whitelist.permits("a", Some("n"), Some("p")));
        }
    }

    #[test]
    fn one_rule_must_be_satisfied_in_all_its_fields() {
        let rules =
            of(json!([{"name": "^app-", "properties": ["^spec\\.password$", "^spec\\.user$"]}, {"name": "^db$"}]), OWN);
        let rules = rules.unwrap();
        for (name, property, permitted) in [
            ("app-1", Some("spec.password"), true),
            ("app-1", Some("spec.user"), true),
            ("app-1", Some("spec.token"), false),
            ("app-1", Some("metadata"), false),
            ("app-1", None, false),
            ("app-1", Some(""), false),
            ("other", Some("spec.password"), false),
            ("db", None, true),
            ("db", Some("anything"), true),
        ] {
            assert_eq!(rules.permits(name, None, property), permitted, "{name} {property:?}");
        }
        assert!(rules.permits_part("app-1", None) && !rules.permits_part("other", None));
    }

    #[test]
    fn a_rule_about_namespaces_never_allows_what_has_none() {
        let rules = of(json!([{"namespace": "^team-"}]), CLUSTER).unwrap();
        assert!(rules.permits("a", Some("team-a"), None));
        assert!(!rules.permits("a", Some("other"), None) && !rules.permits("a", None, None));
    }

    #[test]
    fn expressions_match_anywhere_as_in_go() {
        assert!(of(json!([{"name": "app"}]), OWN).unwrap().permits("my-app-1", None, None));
    }

    #[test]
    fn a_rule_that_makes_no_sense_names_its_place() {
        for (rules, kind, place) in [
            (json!([{"name": "a"}, {}]), OWN, "whitelist.rules[1]`"),
            (json!([{"name": "", "properties": []}]), OWN, "whitelist.rules[0]`"),
            (json!([{"name": "("}]), OWN, "rules[0].name"),
            (json!([{"properties": ["["]}]), OWN, "rules[0].properties"),
            (json!([{"namespace": "("}]), CLUSTER, "rules[0].namespace"),
            (json!([{"name": "a", "namespace": "b"}]), OWN, "rules[0].namespace"),
        ] {
            let error = of(rules.clone(), kind).unwrap_err();
            assert!(error.cause.contains(place), "{rules}: {error}");
        }
        let many = Value::from(vec![json!({"name": "a"}); MOST + 1]);
        assert!(of(many, OWN).is_err());
    }
}
