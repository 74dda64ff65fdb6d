//! Finds the programs that a run starts: control plane, command-line clients, emulators.
//!
//! `make tools` builds or fetches them as `<tools>/<name>/<version>/<binary>`, as `e2e/tools/pins.json`
//! names. Nothing is taken from the search path: a run on one machine must be the run on any other.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::settings::{Settings, repository};

/// A program that `make tools` provides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// The control plane's store.
    Etcd,
    /// The API server.
    ApiServer,
    /// Garbage collection, namespaces, tokens and more.
    ControllerManager,
    /// Gives pods to nodes.
    Scheduler,
    /// Runs pods.
    Kubelet,
    /// Has Services reach pods.
    KubeProxy,
    /// The command-line client.
    Kubectl,
    /// Helm 4.
    Helm,
    /// Helm 3, which many people still have.
    Helm3,
    /// The AWS emulator.
    Moto,
    /// OpenBao.
    OpenBao,
    /// The line of OpenBao before, the last that has LDAP of its own.
    OpenBaoBefore,
    /// Vault's way to sign in as an identity of AWS, a plugin.
    VaultAuthAws,
    /// Vault's way to sign in as an identity of Google Cloud, a plugin.
    VaultAuthGcp,
    /// An LDAP server.
    Slapd,
    /// A Python that has Microsoft's own client of Key Vault; it runs `e2e/oracle/azure`.
    AzureClient,
    /// A Python that has Google's own client of Secret Manager; it runs `e2e/oracle/google`.
    GoogleClient,
}

/// What `pins.json` says about one tool.
#[derive(Clone, Debug, Deserialize)]
struct Pin {
    version: String,
    binary: PathBuf,
    /// Whether a folder of envtest assets has it too.
    #[serde(default)]
    assets: bool,
}

#[derive(Deserialize)]
struct Pins {
    tools: BTreeMap<String, Pin>,
}

impl Tool {
    /// Its name in `pins.json`.
    fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::ApiServer => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
            Self::Scheduler => "kube-scheduler",
            Self::Kubelet => "kubelet",
            Self::KubeProxy => "kube-proxy",
            Self::Kubectl => "kubectl",
            Self::Helm => "helm",
            Self::Helm3 => "helm3",
            Self::Moto => "moto",
            Self::OpenBao => "openbao",
            Self::OpenBaoBefore => "openbao-2.6",
            Self::VaultAuthAws => "vault-auth-aws",
            Self::VaultAuthGcp => "vault-auth-gcp",
            Self::Slapd => "slapd",
            Self::AzureClient => "azure-client",
            Self::GoogleClient => "google-client",
        }
    }

    /// What has it installed: those that only a node needs are not in the default set.
    fn cure(self) -> String {
        match self {
            Self::Scheduler | Self::Kubelet | Self::KubeProxy => format!("e2e/tools/tools.py get {}", self.name()),
            _ => "make tools".to_owned(),
        }
    }

    /// Where the program is; the error says how to get it.
    pub fn find(self, settings: &Settings) -> Result<PathBuf> {
        let pin = pin(self.name())?;
        let built = settings.tools_folder().join(self.name()).join(&pin.version).join(&pin.binary);
        let asset = settings.assets.as_ref().filter(|_| pin.assets).map(|assets| assets.join(&pin.binary));
        let mut places = asset.into_iter().chain([built.clone()]);
        places
            .find(|place| place.is_file())
            .with_context(|| format!("{} is not there: run `{}`", built.display(), self.cure()))
    }
}

fn pin(name: &str) -> Result<Pin> {
    let path = repository().join("e2e/tools/pins.json");
    let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let pins: Pins = serde_json::from_str(&text).with_context(|| format!("read {}", path.display()))?;
    pins.tools.get(name).cloned().with_context(|| format!("{} does not name {name}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_is_pinned() {
        use Tool::{
            ApiServer, AzureClient, ControllerManager, Etcd, GoogleClient, Helm, Helm3, KubeProxy, Kubectl, Kubelet,
            Moto, OpenBao, OpenBaoBefore, Scheduler, Slapd, VaultAuthAws, VaultAuthGcp,
        };
        let plane = [Etcd, ApiServer, ControllerManager, Scheduler, Kubelet, KubeProxy, Kubectl];
        let vaults = [OpenBao, OpenBaoBefore, VaultAuthAws, VaultAuthGcp, Slapd];
        let all = plane.into_iter().chain(vaults).chain([Helm, Helm3, Moto, GoogleClient, AzureClient]);
        for tool in all {
            pin(tool.name()).unwrap();
        }
    }

    #[test]
    fn a_missing_tool_says_how_to_get_it() {
        let mut settings = Settings::from_environment();
        settings.tools = Some("/nowhere".into());
        settings.assets = None;
        let error = Tool::Moto.find(&settings).unwrap_err();
        assert!(error.to_string().ends_with("run `make tools`"), "{error}");
    }
}
