use anyhow::Result;
use keyferry_e2e::helm::{Helm, chart};
use keyferry_e2e::installation::Installation;
use keyferry_e2e::{control_plane, namespace};
use serde_json::{Value, json};

#[tokio::test]
async fn both_helms_find_nothing_to_complain_of() -> Result<()> {
    let plane = control_plane::shared().await?;
    for helm in [Helm::four(plane)?, Helm::three(plane)?] {
        helm.lint(&chart(), &json!({})).await?;
    }
    Ok(())
}

#[tokio::test]
async fn both_helms_render_the_same_objects() -> Result<()> {
    let plane = control_plane::shared().await?;
    let [four, three] = [Helm::four(plane)?, Helm::three(plane)?];
    let values = json!({"replicaCount": 2, "secrets": {"watch": true}});
    let rendered = four.template(&chart(), "somewhere", &values).await?;
    assert_eq!(rendered, three.template(&chart(), "somewhere", &values).await?);
    let kinds: Vec<&str> = rendered.iter().filter_map(|object| object["kind"].as_str()).collect();
    for kind in ["Deployment", "CustomResourceDefinition", "ClusterRole", "ValidatingAdmissionPolicy"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    Ok(())
}

#[tokio::test]
async fn an_unknown_value_is_refused_by_the_schema() -> Result<()> {
    let helm = Helm::four(control_plane::shared().await?)?;
    let error = helm.template(&chart(), "somewhere", &json!({"replicas": 2})).await.expect_err("the schema is closed");
    assert!(error.to_string().contains("replicas"), "{error}");
    Ok(())
}

#[tokio::test]
async fn an_installation_runs_with_its_deployments_flags_and_has_its_write_policy() -> Result<()> {
    namespace::with(async |namespace| {
        let installation = Installation::new(namespace, &json!({"defaultRefreshInterval": "7s"})).await?;
        let launch = format!("{:?}", installation.launch());
        assert!(launch.contains("--default-refresh-interval=7s"), "{launch}");
        assert!(launch.contains(&format!("--namespace={}", namespace.name())), "{launch}");
        assert!(!launch.contains("--metrics-addr"), "{launch}");
        assert_eq!(policies(namespace).await?, 1);
        Ok(())
    })
    .await
}

async fn policies(namespace: &namespace::Namespace) -> Result<usize> {
    let arguments = ["get", "validatingadmissionpolicies", "-o", "json", "-l"];
    let label = format!("app.kubernetes.io/instance={}", namespace.name());
    let list: Value = serde_json::from_str(&namespace.plane().kubectl(arguments.into_iter().chain([&*label])).await?)?;
    Ok(list["items"].as_array().map_or(0, Vec::len))
}
