//! What a person may choose.

use super::Mapping;

/// In which form the answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// ExternalSecrets and a patch for each workload or DatadogAgent, fit for `kubectl apply --server-side`.
    Manifests,
    /// A kustomize component.
    Kustomize,
    /// Values for Datadog's chart.
    HelmValues,
    /// The manifests of the input, changed.
    PostRenderer,
    /// A `MutatingAdmissionPolicy` for each workload.
    Policy,
}

/// How the helper's program comes into a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// An init container copies it into a memory volume.
    Init,
    /// Its image is mounted as a volume.
    Image,
}

/// Everything that may be chosen.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The form of the answer.
    pub form: Form,
    /// The agents' namespace; where it is none, the one that the input says.
    pub namespace: Option<String>,
    /// The Helm release, for the names of workloads that the input does not have.
    pub release: String,
    /// The Secret that handles without a Secret's name mean.
    pub secret: String,
    /// The store of the ExternalSecrets, as name and kind; none leaves them out.
    pub store: Option<(String, String)>,
    /// `spec.refreshInterval` of the ExternalSecrets; none leaves it to the operator.
    pub refresh_interval: Option<String>,
    /// Which remote key a Secret's key is read from.
    pub mapping: Mapping,
    /// The helper's image.
    pub image: String,
    /// How the helper comes into a pod.
    pub delivery: Delivery,
    /// Where the secrets are mounted.
    pub root: String,
    /// The group that may read them, for pods that name none; none leaves pods as they are.
    pub fs_group: Option<u32>,
    /// How long the Agent waits for the helper, in seconds.
    pub timeout: u32,
    /// How often the Agent asks again, in seconds.
    pub agent_refresh: u32,
    /// Whether pods ask for the nudge.
    pub nudge: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            form: Form::Manifests,
            namespace: None,
            release: "datadog".to_owned(),
            secret: "datadog-secrets".to_owned(),
            store: None,
            refresh_interval: None,
            mapping: Mapping::default(),
            image: format!("keyferry/keyferry-helper:{}", env!("CARGO_PKG_VERSION")),
            delivery: Delivery::Init,
            root: keyferry_helper::fragment::ROOT.to_owned(),
            fs_group: Some(65532),
            timeout: 10,
            agent_refresh: 30,
            nudge: false,
        }
    }
}
