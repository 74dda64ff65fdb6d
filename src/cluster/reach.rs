//! How far the operator reaches: which namespaces it watches, and with whose client it touches each.

use kube::api::Api;
use kube::{Client, Resource};

/// The whole cluster, or some namespaces of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every namespace, and the kinds that have none.
    Cluster,
    /// These namespaces and nothing else.
    Namespaces(Vec<String>),
}

impl Scope {
    /// The scope of the `--namespace` flag's values.
    pub fn of(namespaces: Vec<String>) -> Self {
        if namespaces.is_empty() { Self::Cluster } else { Self::Namespaces(namespaces) }
    }

    /// One entry per watch: none stands for all namespaces at once.
    pub fn watches(&self) -> Vec<Option<String>> {
        match self {
            Self::Cluster => vec![None],
            Self::Namespaces(names) => names.iter().cloned().map(Some).collect(),
        }
    }
}

/// Gives the client with which a namespace is touched: today one for all, later each tenant's own.
#[derive(Clone)]
pub struct Clients {
    client: Client,
}

impl Clients {
    /// One client for every namespace.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// The client for `namespace`.
    pub fn of(&self, _namespace: &str) -> &Client {
        &self.client
    }

    /// The API of a namespaced kind in `namespace`.
    pub fn api<K>(&self, namespace: &str) -> Api<K>
    where
        K: Resource<Scope = kube::core::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.of(namespace).clone(), namespace)
    }
}

impl std::fmt::Debug for Clients {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Clients")
    }
}
