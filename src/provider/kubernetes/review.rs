//! Whether the credentials may do what a store is for, asked of the API server at the least cost.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::json;

use super::client::{Ask, Cluster};
use super::error::{Failure, Why};
use crate::provider::http::{Answer, Method};
use crate::provider::{Error, Kind};
use crate::sealed::Sealed;

/// A right as RBAC knows it.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) struct Right<'a> {
    verb: &'a str,
    group: &'a str,
    resource: &'a str,
    /// None for a kind without namespaces, or for all of them.
    namespace: Option<&'a str>,
}

/// As words of a sentence: `get secrets in the namespace "team"`.
impl fmt::Display for Right<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verb, group, resource, namespace } = self;
        write!(formatter, "{verb} {resource}")?;
        if !group.is_empty() {
            write!(formatter, ".{group}")?;
        }
        namespace.map_or(Ok(()), |namespace| write!(formatter, " in the namespace {namespace:?}"))
    }
}

impl<'a> Right<'a> {
    pub(in crate::provider) const fn new(
        verb: &'a str,
        group: &'a str,
        resource: &'a str,
        namespace: Option<&'a str>,
    ) -> Self {
        Self { verb, group, resource, namespace }
    }

    /// That it is not granted, and how it is.
    pub(super) fn is_lacking(&self) -> String {
        let (role, binding) = match self.namespace {
            Some(_) => ("a Role", "a RoleBinding there"),
            None => ("a ClusterRole", "a ClusterRoleBinding"),
        };
        format!("the credentials may not {self}; grant it by {role} and {binding}")
    }
}

#[derive(Deserialize)]
struct Rules<'a> {
    #[serde(borrow)]
    status: RulesStatus<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RulesStatus<'a> {
    #[serde(borrow, default)]
    resource_rules: Vec<Rule<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Rule<'a> {
    #[serde(borrow)]
    verbs: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    api_groups: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    resources: Vec<Cow<'a, str>>,
}

impl Rule<'_> {
    /// Also where it grants the right for some names only: which of them are read is not known here.
    fn grants(&self, right: &Right<'_>) -> bool {
        let has = |list: &[Cow<'_, str>], wanted: &str| list.iter().any(|one| one == "*" || one == wanted);
        has(&self.resources, right.resource)
            && has(&self.verbs, right.verb)
            && (self.api_groups.is_empty() || has(&self.api_groups, right.group))
    }
}

#[derive(Deserialize)]
struct Access {
    status: AccessStatus,
}

#[derive(Deserialize)]
struct AccessStatus {
    allowed: bool,
}

impl Cluster {
    /// Asks for the rules that hold for the credentials; where they are not all that counts, for the right itself. As ESO
    /// does.
    ///
    /// # Errors
    /// The right is not granted, or nobody says so.
    pub(in crate::provider) async fn review(&self, right: Right<'_>) -> Result<(), Error> {
        let granted = match self.is_among_rules(&right).await {
            Ok(false) => self.is_allowed(&right).await,
            answer => answer,
        };
        let error = |why: Why| why.at(self.flavor.name, "validate the store".to_owned());
        if granted.map_err(error)? {
            return Ok(());
        }
        Err(error(Failure::new(Kind::Denied, right.is_lacking()).into()))
    }

    async fn is_among_rules(&self, right: &Right<'_>) -> Result<bool, Why> {
        let kind = "SelfSubjectRulesReview";
        // Rules of the whole cluster hold in every namespace.
        let spec = json!({"namespace": right.namespace.unwrap_or("default")});
        let answer = self.post("CreateSelfSubjectRulesReview", kind, "selfsubjectrulesreviews", &spec).await?;
        let rules: Rules<'_> = serde_json::from_slice(answer.body.expose()).map_err(|_| Failure::unreadable())?;
        Ok(rules.status.resource_rules.iter().any(|rule| rule.grants(right)))
    }

    async fn is_allowed(&self, right: &Right<'_>) -> Result<bool, Why> {
        let kind = "SelfSubjectAccessReview";
        let spec = json!({"resourceAttributes": {
            "verb": right.verb, "group": right.group, "resource": right.resource, "namespace": right.namespace,
        }});
        let answer = self.post("CreateSelfSubjectAccessReview", kind, "selfsubjectaccessreviews", &spec).await?;
        let access: Access = serde_json::from_slice(answer.body.expose()).map_err(|_| Failure::unreadable())?;
        Ok(access.status.allowed)
    }

    async fn post(
        &self,
        name: &'static str,
        kind: &str,
        resource: &str,
        spec: &serde_json::Value,
    ) -> Result<Answer, Why> {
        let path = ["apis", "authorization.k8s.io", "v1", resource].map(str::to_owned);
        let body = json!({"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec}).to_string();
        let right = Right::new("create", "authorization.k8s.io", resource, None);
        let body = Some(Sealed::from(body));
        self.ask(&Ask { name, method: Method::POST, path: &path, query: &[], right, body }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(rule: &str) -> bool {
        let rule: Rule<'_> = serde_json::from_str(rule).unwrap();
        rule.grants(&Right::new("get", "", "secrets", Some("team")))
    }

    #[test]
    fn a_rule_grants_a_right_by_name_or_by_star() {
        for rule in [
            r#"{"verbs":["get"],"apiGroups":[""],"resources":["secrets"]}"#,
            r#"{"verbs":["get"],"apiGroups":[""],"resources":["secrets"],"resourceNames":["db"]}"#,
            r#"{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}"#,
            r#"{"verbs":["get"],"resources":["secrets"]}"#,
        ] {
            assert!(grants(rule), "{rule}");
        }
        for rule in [
            r#"{"verbs":["list","watch"],"apiGroups":[""],"resources":["secrets"]}"#,
            r#"{"verbs":["get"],"apiGroups":["apps"],"resources":["*"]}"#,
            r#"{"verbs":["get"],"apiGroups":[""],"resources":["configmaps","secrets/status"]}"#,
            "{}",
        ] {
            assert!(!grants(rule), "{rule}");
        }
    }

    #[test]
    fn a_right_that_is_lacking_says_what_grants_it() {
        assert_eq!(
            Right::new("list", "example.com", "widgets", None).is_lacking(),
            "the credentials may not list widgets.example.com; grant it by a ClusterRole and a ClusterRoleBinding"
        );
    }
}
