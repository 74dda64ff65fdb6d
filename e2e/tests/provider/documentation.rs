//! The manifests that the documentation gives for each provider, as an API server takes them.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use keyferry::api::ClusterSecretStore;
use keyferry_e2e::namespace::{self, Namespace};
use keyferry_e2e::settings::repository;
use serde_json::Value;

/// Each file of `config/providers`, and how many manifests it has at the least.
const FILES: [(&str, usize); 8] = [
    ("alibaba.yaml", 7),
    ("aws.yaml", 9),
    ("azure.yaml", 8),
    ("crd.yaml", 6),
    ("gcp.yaml", 9),
    ("kubernetes.yaml", 10),
    ("vault.yaml", 9),
    ("webhook.yaml", 5),
];

#[tokio::test]
async fn the_manifests_of_the_documentation_are_admitted() -> Result<()> {
    let folder = repository().join("config/providers");
    let mut files = BTreeMap::new();
    for file in std::fs::read_dir(&folder)? {
        let name = file?.file_name().to_string_lossy().into_owned();
        files.insert(name.clone(), std::fs::read_to_string(folder.join(name))?);
    }
    assert_eq!(files.keys().collect::<Vec<_>>(), FILES.map(|(file, _)| file), "each file is known");
    for (file, least) in FILES {
        let manifests: Vec<Value> = serde_saphyr::from_multiple(&files[file])?;
        assert!(manifests.len() >= least, "{file}: {} manifests", manifests.len());
        // One's names are not another's.
        namespace::with(async |namespace| admit(namespace, manifests).await).await.context(file)?;
    }
    Ok(())
}

async fn admit(namespace: &Namespace, manifests: Vec<Value>) -> Result<()> {
    for mut manifest in manifests {
        // A ClusterSecretStore is everybody's, and so is tried only.
        if manifest["kind"] == "ClusterSecretStore" {
            let _: ClusterSecretStore = serde_json::from_value(manifest)?;
            continue;
        }
        // What is meant for another namespace is as good in this one.
        manifest["metadata"].as_object_mut().context("metadata")?.remove("namespace");
        namespace.put(&manifest).await?;
    }
    Ok(())
}
