use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use anyhow::{Context, Result};
use keyferry_e2e::helm::Helm;
use keyferry_e2e::namespace::{self, Namespace};
use keyferry_e2e::operator;
use keyferry_e2e::settings::{Settings, repository};
use serde_json::Value;

use super::{documents, of_kind, shown};

fn chart() -> PathBuf {
    repository().join("e2e/tests/render/chart")
}

/// The program that Helm 3 runs.
fn program(namespace: &Namespace) -> Result<PathBuf> {
    let binary = operator::binary(&Settings::from_environment())?;
    let text =
        format!("#!/bin/sh\nexec {} render agent --output post-renderer --store vault \"$@\"\n", binary.display());
    let path = super::file(namespace, "render.sh", &text)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700))?;
    Ok(path)
}

/// Installs the plugin that Helm 4 runs, under a name of its own, and answers the name.
async fn plugin(namespace: &Namespace, helm: &Helm) -> Result<String> {
    let name = namespace.name().to_owned();
    let folder = namespace.plane().scratch().path().join(format!("{name}-plugin"));
    std::fs::create_dir_all(&folder)?;
    let binary = operator::binary(&Settings::from_environment())?;
    let plugin = format!(
        "apiVersion: v1\ntype: postrenderer/v1\nname: {name}\nversion: 0.1.0\nruntime: subprocess\nruntimeConfig:\n  \
         platformCommand:\n  - command: {}\n    args: [render, agent, --output, post-renderer]\n",
        binary.display()
    );
    std::fs::write(folder.join("plugin.yaml"), plugin)?;
    helm.run(["plugin".as_ref(), "install".as_ref(), folder.as_os_str()]).await?;
    Ok(name)
}

/// The flags that have Helm 3 and Helm 4 run it.
async fn both(namespace: &Namespace) -> Result<[(Helm, Vec<OsString>); 2]> {
    let (three, four) = (Helm::three(namespace.plane())?, Helm::four(namespace.plane())?);
    let of_three: [OsString; 2] = ["--post-renderer".into(), program(namespace)?.into()];
    let name = plugin(namespace, &four).await?;
    let of_four = ["--post-renderer", &name, "--post-renderer-args", "--store", "--post-renderer-args", "vault"];
    Ok([(three, of_three.to_vec()), (four, of_four.map(OsString::from).to_vec())])
}

fn holds_what_it_should(manifests: &str) -> Result<()> {
    let objects = documents(manifests)?;
    let agent = of_kind(&objects, "DaemonSet").next().context("the DaemonSet is there")?;
    let pod = &agent["spec"]["template"]["spec"];
    assert_eq!(pod["initContainers"][1]["name"], "keyferry-helper");
    assert_eq!(pod["containers"][0]["volumeMounts"][2]["mountPath"], "/run/keyferry");
    assert!(pod["containers"][1]["volumeMounts"].is_null(), "the trace agent resolves nothing");
    assert_eq!(pod["volumes"][3]["projected"]["sources"][0]["secret"]["items"][0]["path"], "postgres/password");
    let secrets: Vec<&Value> = of_kind(&objects, "ExternalSecret").map(|object| &object["metadata"]["name"]).collect();
    assert_eq!(secrets, ["datadog-secrets", "postgres"]);
    Ok(())
}

#[tokio::test]
async fn both_helms_run_it_as_a_post_renderer() -> Result<()> {
    namespace::with(async |namespace| {
        for (helm, flags) in both(namespace).await? {
            let chart = chart();
            let fixed = ["template", "dd", shown(&chart)?, "--namespace", namespace.name()].map(OsString::from);
            holds_what_it_should(&helm.run(fixed.into_iter().chain(flags)).await?)?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_both_helms_install_with_it_is_there_and_an_upgrade_changes_nothing() -> Result<()> {
    namespace::with(async |namespace| {
        for (number, (helm, flags)) in both(namespace).await?.into_iter().enumerate() {
            let chart = chart();
            let release = format!("dd{number}");
            let fixed =
                ["upgrade", "--install", &release, shown(&chart)?, "--namespace", namespace.name()].map(OsString::from);
            let arguments: Vec<OsString> = fixed.into_iter().chain(flags).collect();
            namespace.owns_release(&helm, &release);
            helm.run(arguments.clone()).await?;
            let generation = async || {
                let arguments = ["get", "daemonset", &release, "-n", namespace.name(), "-o", "json"];
                let agent: Value = serde_json::from_str(&namespace.plane().kubectl(arguments).await?)?;
                assert_eq!(agent["spec"]["template"]["spec"]["volumes"][3]["name"], "keyferry-secrets");
                anyhow::Ok(agent["metadata"]["generation"].clone())
            };
            let first = generation().await?;
            helm.run(arguments).await?;
            assert_eq!(generation().await?, first);
            helm.uninstall(&release, namespace.name()).await?;
        }
        Ok(())
    })
    .await
}
