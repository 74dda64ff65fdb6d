use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Pod;
use keyferry_e2e::namespace::{self, Namespace};
use kube::api::PostParams;
use serde_json::Value;

use super::{account, documents, file, input, of_kind, render, restrict, shown, text};

const STORE: [&str; 2] = ["--store", "vault"];

/// What the API server would make of a stream, without storing it.
async fn dry_run(namespace: &Namespace, name: &str, stream: &str, form: &str) -> Result<String> {
    let path = file(namespace, name, stream)?;
    let own = namespace.name();
    let fixed = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "-n", own, "-o", form, "-f"];
    namespace.plane().kubectl(fixed.into_iter().chain([shown(&path)?])).await
}

/// The documents of some kinds.
fn only(stream: &str, kinds: &[&str]) -> String {
    let is_one = |part: &&str| kinds.iter().any(|kind| part.contains(&format!("kind: {kind}\n")));
    stream.split("---\n").filter(is_one).collect::<Vec<_>>().join("---\n")
}

#[tokio::test]
async fn the_patches_of_rendered_manifests_are_taken_and_their_pods_keep_the_restricted_profile() -> Result<()> {
    namespace::with(async |namespace| {
        restrict(namespace).await?;
        account(namespace).await?;
        let agents = text("agents.yaml", namespace)?;
        let workloads = file(namespace, "workloads.yaml", &only(&agents, &["DaemonSet", "Deployment"]))?;
        namespace.plane().kubectl(["apply", "-f", shown(&workloads)?]).await?;
        let path = file(namespace, "agents.yaml", &agents)?;
        let printed = render(&[&[shown(&path)?][..], &STORE].concat(), "")?.answer;
        let taken: Value = serde_json::from_str(&dry_run(namespace, "patches.yaml", &printed, "json").await?)?;
        let taken: Vec<Value> = taken["items"].as_array().context("there are several")?.clone();
        assert_eq!(of_kind(&taken, "ExternalSecret").count(), 3);
        // The node agent is root's, so it can never be restricted; the others are.
        let deployments: Vec<&Value> = of_kind(&taken, "Deployment").collect();
        assert_eq!(deployments.len(), 2);
        for deployment in deployments {
            let mut pod = deployment["spec"]["template"].clone();
            pod["metadata"]["name"] = deployment["metadata"]["name"].clone();
            let pod: Pod = serde_json::from_value(pod)?;
            let parameters = PostParams { dry_run: true, ..PostParams::default() };
            namespace.api::<Pod>().create(&parameters, &pod).await.context("make a pod of the template")?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn policies_of_every_input_are_taken() -> Result<()> {
    namespace::with(async |namespace| {
        for name in ["agents.yaml", "values.yaml", "datadogagent.yaml", "pod.yaml"] {
            let path = file(namespace, name, &text(name, namespace)?)?;
            let arguments = [shown(&path)?, "--output", "policy", "--namespace", namespace.name(), "--nudge"];
            let printed = render(&arguments, "")?.answer;
            let policies = of_kind(&documents(&printed)?, "MutatingAdmissionPolicy").count();
            let said = dry_run(namespace, "policy.yaml", &printed, "name").await?;
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
        account(namespace).await?;
        let said = dry_run(namespace, "pod.yaml", &changed, "name").await?;
        assert!(said.contains("pod/app"), "{said}");
        assert!(changed.contains("reference: keyferry/keyferry-helper:"), "the image is a volume");
        Ok(())
    })
    .await
}
