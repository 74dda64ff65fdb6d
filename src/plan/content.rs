//! What the API server would say of a Secret's data, said before it is asked, so that the message names the cure.

use std::collections::BTreeMap;

use super::problem::Problem;
use crate::sealed::Sealed;

/// The most bytes that all values of a Secret may have together (Kubernetes' `MaxSecretSize`).
const LARGEST: usize = 1024 * 1024;

/// Judges data of a type (`None` is `Opaque`).
///
/// # Errors
/// Too many bytes, or a key that the type demands is missing or malformed.
pub fn check(type_: Option<&str>, data: &BTreeMap<String, Sealed>) -> Result<(), Problem> {
    let size: usize = data.values().map(Sealed::len).sum();
    if size > LARGEST {
        return Err(Problem::new(
            "spec.data",
            format!("the Secret would hold {size} bytes, more than the {LARGEST} that Kubernetes allows"),
            "read less of it (property), or spread it over several ExternalSecrets",
        ));
    }
    check_type(type_.unwrap_or_default(), data)
}

fn check_type(type_: &str, data: &BTreeMap<String, Sealed>) -> Result<(), Problem> {
    match type_ {
        "kubernetes.io/tls" => demand(type_, data, &["tls.crt", "tls.key"]),
        "kubernetes.io/ssh-auth" => demand_value(type_, data, "ssh-privatekey"),
        "kubernetes.io/dockerconfigjson" => demand_json(type_, data, ".dockerconfigjson"),
        "kubernetes.io/dockercfg" => demand_json(type_, data, ".dockercfg"),
        "kubernetes.io/basic-auth" if !data.contains_key("username") => demand(type_, data, &["password"]),
        _ => Ok(()),
    }
}

fn demand(type_: &str, data: &BTreeMap<String, Sealed>, keys: &[&str]) -> Result<(), Problem> {
    keys.iter().find(|key| !data.contains_key(**key)).map_or(Ok(()), |key| Err(lacks(type_, key)))
}

fn demand_value(type_: &str, data: &BTreeMap<String, Sealed>, key: &str) -> Result<(), Problem> {
    data.get(key).filter(|value| !value.is_empty()).map(|_| ()).ok_or_else(|| lacks(type_, key))
}

fn demand_json(type_: &str, data: &BTreeMap<String, Sealed>, key: &str) -> Result<(), Problem> {
    let value = data.get(key).ok_or_else(|| lacks(type_, key))?;
    gjson::valid(value.expose()).map_err(|_| {
        Problem::new(
            "spec.target.template.type",
            format!("type {type_:?} needs JSON in the key {key:?}, and the value is none"),
            "store valid JSON at the provider",
        )
    })
}

fn lacks(type_: &str, key: &str) -> Problem {
    Problem::new(
        "spec.target.template.type",
        format!("type {type_:?} needs the key {key:?}, which is missing or empty"),
        "add an entry for it to spec.data, or choose another type",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(pairs: &[(&str, &str)]) -> BTreeMap<String, Sealed> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), Sealed::from(*value))).collect()
    }

    #[test]
    fn a_mebibyte_fits_and_a_byte_more_does_not() {
        let full = BTreeMap::from([("a".to_owned(), Sealed::new(vec![0; LARGEST]))]);
        assert!(check(None, &full).is_ok());
        let over = BTreeMap::from([("a".to_owned(), Sealed::new(vec![0; LARGEST + 1]))]);
        assert!(check(None, &over).unwrap_err().cause.contains("1048577 bytes"));
    }

    #[test]
    fn each_type_demands_its_keys() {
        type Case = (&'static str, &'static [(&'static str, &'static str)], bool);
        let cases: [Case; 10] = [
            ("kubernetes.io/tls", &[("tls.crt", ""), ("tls.key", "")], true),
            ("kubernetes.io/tls", &[("tls.crt", "x")], false),
            ("kubernetes.io/ssh-auth", &[("ssh-privatekey", "x")], true),
            ("kubernetes.io/ssh-auth", &[("ssh-privatekey", "")], false),
            ("kubernetes.io/dockerconfigjson", &[(".dockerconfigjson", "{}")], true),
            ("kubernetes.io/dockerconfigjson", &[(".dockerconfigjson", "{")], false),
            ("kubernetes.io/dockercfg", &[], false),
            ("kubernetes.io/basic-auth", &[("username", "")], true),
            ("kubernetes.io/basic-auth", &[], false),
            ("Opaque", &[], true),
        ];
        for (type_, pairs, good) in cases {
            assert_eq!(check(Some(type_), &data(pairs)).is_ok(), good, "{type_} {pairs:?}");
        }
    }
}
