use anyhow::{Context, Result};
use keyferry_e2e::namespace::{self, Namespace};
use serde_json::Value;

use super::{documents, file, input, of_kind, render, restrict, shown, text};

const STORE: [&str; 2] = ["--store", "vault"];

/// What kubectl says when the API server is asked to take a stream without storing it.
async fn dry_run(namespace: &Namespace, name: &str, stream: &str) -> Result<String> {
    let path = file(namespace, name, stream)?;
    let arguments = ["apply", "--server-side", "--dry-run=server", "-n", namespace.name(), "-f", shown(&path)?];
    namespace.plane().kubectl(arguments).await
}

#[tokio::test]
async fn the_patches_of_rendered_manifests_are_taken_and_keep_the_restricted_profile() -> Result<()> {
    namespace::with(async |namespace| {
        restrict(namespace).await?;
        let agents = text("agents.yaml", namespace)?;
        // The node agent is root's, so it can never be restricted; the other two can.
        let path = file(namespace, "agents.yaml", &agents)?;
        let deployments = only(namespace, &agents, "Deployment")?;
        namespace.plane().kubectl(["apply", "-f", shown(&deployments)?]).await?;
        let printed = render(&[&[shown(&path)?][..], &STORE].concat(), "")?.answer;
        let said = dry_run(namespace, "patches.yaml", &printed).await?;
        for object in [
            "deployment.apps/datadog-clusterchecks",
            "deployment.apps/datadog-cluster-agent",
            "externalsecret.external-secrets.io/postgres",
        ] {
            assert!(said.contains(object), "{said}");
        }
        assert!(!said.contains("violate"), "{said}");
        Ok(())
    })
    .await
}

/// A file with the documents of one kind.
fn only(namespace: &Namespace, stream: &str, kind: &str) -> Result<std::path::PathBuf> {
    let parts: Vec<&str> = stream.split("---\n").filter(|part| part.contains(&format!("kind: {kind}\n"))).collect();
    file(namespace, &format!("{kind}.yaml"), &parts.join("---\n"))
}

#[tokio::test]
async fn policies_of_every_input_are_taken() -> Result<()> {
    namespace::with(async |namespace| {
        for name in ["agents.yaml", "values.yaml", "datadogagent.yaml", "pod.yaml"] {
            let path = file(namespace, name, &text(name, namespace)?)?;
            let arguments = [shown(&path)?, "--output", "policy", "--namespace", namespace.name(), "--nudge"];
            let printed = render(&arguments, "")?.answer;
            let policies = of_kind(&documents(&printed)?, "MutatingAdmissionPolicy").count();
            let said = dry_run(namespace, "policy.yaml", &printed).await?;
            let taken = said.lines().filter(|line| line.starts_with("mutatingadmissionpolicy.")).count();
            assert!(policies > 0 && taken == policies, "{name}: {said}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_kustomize_component_builds_and_changes_what_it_is_put_on() -> Result<()> {
    namespace::with(async |namespace| {
        let folder = namespace.plane().scratch().path().join(format!("{}-overlay", namespace.name()));
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("agents.yaml"), text("agents.yaml", namespace)?)?;
        let overlay = "resources: [agents.yaml]\ncomponents: [component]\n";
        std::fs::write(folder.join("kustomization.yaml"), overlay)?;
        let component = folder.join("component");
        let manifests = folder.join("agents.yaml");
        for inputs in [vec![shown(&manifests)?], vec![input("values.yaml").to_str().context("a path of text")?]] {
            let fixed = ["--output", "kustomize", "--to", shown(&component)?, "--namespace", namespace.name()];
            render(&[&inputs[..], &STORE, &fixed].concat(), "")?;
            namespace.plane().kubectl(["kustomize", shown(&component)?]).await?;
            let built = documents(&namespace.plane().kubectl(["kustomize", shown(&folder)?]).await?)?;
            assert!(of_kind(&built, "ExternalSecret").count() > 2);
            let agent = of_kind(&built, "DaemonSet").next().context("the DaemonSet is there")?;
            let pod = &agent["spec"]["template"]["spec"];
            assert_eq!(names(&pod["volumes"]), ["confd", "config", "keyferry-helper", "keyferry-secrets"]);
            assert_eq!(names(&pod["initContainers"]), ["init-config", "keyferry-helper"]);
            assert_eq!(names(&pod["containers"]), ["agent", "fips-proxy", "trace-agent"]);
        }
        Ok(())
    })
    .await
}

/// Names of a list's items, sorted: kustomize has an order of its own.
fn names(list: &Value) -> Vec<String> {
    let name = |item: &Value| item["name"].as_str().unwrap_or_default().to_owned();
    let mut names: Vec<String> = list.as_array().into_iter().flatten().map(name).collect();
    names.sort();
    names
}

#[tokio::test]
async fn an_image_volume_keeps_the_restricted_profile() -> Result<()> {
    namespace::with(async |namespace| {
        restrict(namespace).await?;
        let pod = text("pod.yaml", namespace)?;
        let changed = render(&["--output", "post-renderer", "--helper", "image"], &pod)?.answer;
        let said = dry_run(namespace, "pod.yaml", &changed).await?;
        assert!(said.contains("pod/app serverside-applied"), "{said}");
        assert!(changed.contains("reference: keyferry/keyferry-helper:"), "the image is a volume");
        Ok(())
    })
    .await
}
