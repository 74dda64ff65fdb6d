//! What each provider needs to know, one file per provider.
//!
//! A store of the API may name more providers than this operator serves; those are kept as they are written, so that
//! they still work after a return to another operator.

pub mod alibaba;
pub mod aws;
pub mod azurekv;
pub mod crd;
pub mod fake;
pub mod gcpsm;
mod kept;
pub mod kubernetes;
pub mod openbao;
mod selector;
pub mod vault;
pub mod webhook;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use alibaba::AlibabaProvider;
pub use aws::AwsProvider;
pub use azurekv::AzureKvProvider;
pub use crd::CrdProvider;
pub use fake::FakeProvider;
pub use gcpsm::GcpSmProvider;
pub use kept::Kept;
pub use kubernetes::KubernetesProvider;
pub use openbao::OpenBaoProvider;
pub use selector::{CaProvider, CaProviderType, SecretKeySelector, ServiceAccountSelector};
pub use vault::VaultProvider;
pub use webhook::WebhookProvider;

/// Exactly one provider and its settings.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1), transform = kept::add_slots)]
pub struct StoreProvider {
    /// AWS Secrets Manager, Parameter Store or Certificate Manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws: Option<AwsProvider>,
    /// Google Cloud Secret Manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gcpsm: Option<GcpSmProvider>,
    /// One vault of Azure Key Vault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azurekv: Option<AzureKvProvider>,
    /// A KV engine of HashiCorp Vault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vault: Option<VaultProvider>,
    /// A KV engine of OpenBao.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_bao: Option<OpenBaoProvider>,
    /// Alibaba Cloud KMS Secrets Manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alibaba: Option<AlibabaProvider>,
    /// Secrets of a Kubernetes cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<KubernetesProvider>,
    /// Objects of any kind of a Kubernetes cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crd: Option<CrdProvider>,
    /// Any HTTPS endpoint that answers with JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookProvider>,
    /// Values that are written in the store itself, for tests and demonstrations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fake: Option<FakeProvider>,
    /// Providers that are kept and not served, by their JSON names.
    #[serde(flatten)]
    #[schemars(skip)]
    pub kept: Kept,
}

/// The one provider that a store names.
#[derive(Clone, Copy, Debug)]
pub enum Chosen<'a> {
    /// `spec.provider.aws`
    Aws(&'a AwsProvider),
    /// `spec.provider.gcpsm`
    GcpSm(&'a GcpSmProvider),
    /// `spec.provider.azurekv`
    AzureKv(&'a AzureKvProvider),
    /// `spec.provider.vault`
    Vault(&'a VaultProvider),
    /// `spec.provider.openBao`
    OpenBao(&'a OpenBaoProvider),
    /// `spec.provider.alibaba`
    Alibaba(&'a AlibabaProvider),
    /// `spec.provider.kubernetes`
    Kubernetes(&'a KubernetesProvider),
    /// `spec.provider.crd`
    Crd(&'a CrdProvider),
    /// `spec.provider.webhook`
    Webhook(&'a WebhookProvider),
    /// `spec.provider.fake`
    Fake(&'a FakeProvider),
    /// A slot of the API that this operator keeps but does not serve; its JSON name.
    Unsupported(&'a str),
    /// No slot is set.
    Missing,
}

impl StoreProvider {
    /// Which provider is set; the first one where admission was bypassed and several are.
    pub fn chosen(&self) -> Chosen<'_> {
        let served = [
            self.aws.as_ref().map(Chosen::Aws),
            self.gcpsm.as_ref().map(Chosen::GcpSm),
            self.azurekv.as_ref().map(Chosen::AzureKv),
            self.vault.as_ref().map(Chosen::Vault),
            self.open_bao.as_ref().map(Chosen::OpenBao),
            self.alibaba.as_ref().map(Chosen::Alibaba),
            self.kubernetes.as_ref().map(Chosen::Kubernetes),
            self.crd.as_ref().map(Chosen::Crd),
            self.webhook.as_ref().map(Chosen::Webhook),
            self.fake.as_ref().map(Chosen::Fake),
        ];
        let kept = self.kept.slot().map(Chosen::Unsupported);
        served.into_iter().flatten().next().or(kept).unwrap_or(Chosen::Missing)
    }

    /// The JSON names of all providers that stores may name and that are served, as the schema has them: none can be
    /// forgotten here.
    pub fn served() -> Vec<String> {
        Self::named().into_iter().filter(|name| !kept::is_kept(name)).collect()
    }

    /// The JSON names of the others, whose settings are kept as they are.
    pub fn unserved() -> Vec<String> {
        Self::named().into_iter().filter(|name| kept::is_kept(name)).collect()
    }

    fn named() -> Vec<String> {
        let schema = schemars::schema_for!(Self);
        let properties = schema.get("properties").and_then(|properties| properties.as_object());
        properties.into_iter().flatten().map(|(name, _)| name.clone()).collect()
    }

    /// The JSON name of the provider that is set, for example `aws`; empty where none is.
    pub fn slot(&self) -> &str {
        self.chosen().slot()
    }
}

impl<'a> Chosen<'a> {
    fn slot(self) -> &'a str {
        match self {
            Self::Aws(_) => "aws",
            Self::GcpSm(_) => "gcpsm",
            Self::AzureKv(_) => "azurekv",
            Self::Vault(_) => "vault",
            Self::OpenBao(_) => "openBao",
            Self::Alibaba(_) => "alibaba",
            Self::Kubernetes(_) => "kubernetes",
            Self::Crd(_) => "crd",
            Self::Webhook(_) => "webhook",
            Self::Fake(_) => "fake",
            Self::Unsupported(slot) => slot,
            Self::Missing => "",
        }
    }
}
