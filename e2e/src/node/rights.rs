//! What an operator may do and what it has done: its roles on the API server against the audit log.

use std::collections::BTreeSet;
use std::fmt::{Display, Formatter};
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject};
use kube::api::{Api, ListParams};
use kube::{Client, ResourceExt};

use super::figures;
use crate::audit::{Request, Requests};

const TITLE: &str = "rights of the operator";

/// A verb on a kind; names of objects are not told apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    resource: String,
    group: String,
    verb: String,
}

impl Display for Right {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        let dot = if self.group.is_empty() { "" } else { "." };
        write!(formatter, "{} {}{dot}{}", self.verb, self.resource, self.group)
    }
}

/// Of all operators of the run: granted, and used.
static ALL: Mutex<(BTreeSet<Right>, BTreeSet<Right>)> = Mutex::new((BTreeSet::new(), BTreeSet::new()));

/// Adds one operator's rights, and what it did with them, to the figures of the run.
pub fn account(granted: BTreeSet<Right>, used: &BTreeSet<Right>) -> Result<()> {
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    all.1.extend(used.intersection(&granted).cloned());
    all.0.extend(granted);
    let unused: Vec<String> = all.0.difference(&all.1).map(ToString::to_string).collect();
    figures::record(TITLE, "granted", all.0.len())?;
    figures::record(TITLE, "used", all.1.len())?;
    figures::record(TITLE, "not seen in the audit log", unused.join(", "))
}

/// Every right that a ServiceAccount has by name, by its roles and its cluster roles.
pub async fn granted(client: &Client, namespace: &str, account: &str) -> Result<BTreeSet<Right>> {
    let is_it = |subjects: Option<Vec<Subject>>| {
        let mut all = subjects.into_iter().flatten();
        all.any(|subject| subject.name == account && subject.namespace.as_deref() == Some(namespace))
    };
    let mut rights = BTreeSet::new();
    for binding in list::<ClusterRoleBinding>(client).await? {
        if is_it(binding.subjects) {
            rights.extend(of(rules(client, None, &binding.role_ref).await?));
        }
    }
    for binding in list::<RoleBinding>(client).await? {
        let home = binding.namespace();
        if is_it(binding.subjects) {
            rights.extend(of(rules(client, home.as_deref(), &binding.role_ref).await?));
        }
    }
    Ok(rights)
}

async fn list<K>(client: &Client) -> Result<Vec<K>>
where
    K: kube::Resource + Clone + std::fmt::Debug + serde::de::DeserializeOwned,
    K::DynamicType: Default,
{
    Ok(Api::all(client.clone()).list(&ListParams::default()).await?.items)
}

async fn rules(client: &Client, namespace: Option<&str>, role: &RoleRef) -> Result<Vec<PolicyRule>> {
    let rules = match namespace.filter(|_| role.kind == "Role") {
        Some(namespace) => Api::<Role>::namespaced(client.clone(), namespace).get(&role.name).await?.rules,
        None => Api::<ClusterRole>::all(client.clone()).get(&role.name).await?.rules,
    };
    Ok(rules.unwrap_or_default())
}

fn of(rules: Vec<PolicyRule>) -> BTreeSet<Right> {
    let mut rights = BTreeSet::new();
    for rule in rules {
        for group in rule.api_groups.iter().flatten() {
            for resource in rule.resources.iter().flatten() {
                rights.extend(rule.verbs.iter().map(|verb| right(verb, group, resource)));
            }
        }
    }
    rights
}

fn right(verb: &str, group: &str, resource: &str) -> Right {
    Right { verb: verb.to_owned(), group: group.to_owned(), resource: resource.to_owned() }
}

/// What the requests needed that were granted. A patch that made something needed `create` too.
pub fn used(requests: &Requests) -> BTreeSet<Right> {
    let done = requests.0.iter().filter(|request| request.code < 400 && !request.resource.is_empty());
    done.flat_map(|request| verbs(request).map(|verb| right(verb, &request.group, &request.target()))).collect()
}

fn verbs(request: &Request) -> impl Iterator<Item = &str> {
    let created = request.verb == "patch" && request.code == 201;
    std::iter::once(request.verb.as_str()).chain(created.then_some("create"))
}
