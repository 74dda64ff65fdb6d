//! Who takes part in the trials.

use std::sync::Arc;

use anyhow::Result;
use futures::future::LocalBoxFuture;
use keyferry::provider::conformance::Fixture;
use keyferry_e2e::fixtures::API_VERSION;
use keyferry_e2e::namespace::Namespace;
use keyferry_e2e::wire::Wire;
use serde_json::{Value, json};

use crate::provider::{alibaba, aws, aws_parameters, azure, crd, gcp, kubernetes, openbao, webhook};

/// A provider's server behind a wire, and a store that reaches it by that.
pub(crate) struct Stand {
    /// A name for the store, and for the Secret that it names.
    pub(crate) name: &'static str,
    /// Puts secrets, past the wire.
    pub(crate) fixture: Box<dyn Fixture>,
    /// What the store's calls go through.
    pub(crate) wire: Arc<Wire>,
    /// The store's `spec.provider`.
    pub(crate) provider: Value,
    /// The `stringData` of the Secret.
    pub(crate) credentials: Value,
    /// What the operator's environment says of it.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// What its command line says.
    pub(crate) flags: Vec<String>,
    /// The property that holds a secret's value, where a secret is an object.
    pub(crate) property: Option<&'static str>,
}

impl Stand {
    /// One whose store says everything.
    pub(crate) fn new(
        name: &'static str,
        fixture: Box<dyn Fixture>,
        wire: Arc<Wire>,
        provider: Value,
        credentials: Value,
    ) -> Self {
        let (variables, flags) = (Vec::new(), Vec::new());
        Self { name, fixture, wire, provider, credentials, variables, flags, property: None }
    }

    /// Puts the store and its Secret, with the label that a webhook's must have.
    pub(super) async fn put_store(&self, namespace: &Namespace) -> Result<()> {
        let metadata = json!({"name": self.name, "labels": {"external-secrets.io/type": "webhook"}});
        let secret =
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": self.credentials});
        namespace.create_manifest(&secret).await?;
        let store = json!({"apiVersion": API_VERSION, "kind": "SecretStore", "metadata": {"name": self.name},
            "spec": {"provider": self.provider}});
        namespace.create_manifest(&store).await.map(|_| ())
    }
}

/// Makes a stand for a store in a namespace.
pub(super) type Make = for<'a> fn(&'a Namespace) -> LocalBoxFuture<'a, Result<Stand>>;

/// Everybody, in groups that two cores can carry at full size: 600 objects, all of which are written at once after a fault.
pub(super) const GROUPS: &[&[Make]] = &[
    &[|_| Box::pin(aws::stand()), |_| Box::pin(openbao::stand()), |namespace| Box::pin(gcp::stand(namespace))],
    &[
        |_| Box::pin(aws_parameters::stand()),
        |namespace| Box::pin(azure::stand(namespace)),
        |_| Box::pin(kubernetes::stand()),
    ],
    &[
        |namespace| Box::pin(alibaba::stand(namespace)),
        |namespace| Box::pin(crd::stand(namespace)),
        |_| Box::pin(webhook::stand()),
    ],
];
