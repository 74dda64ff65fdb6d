use anyhow::Result;
use keyferry_e2e::namespace;
use keyferry_e2e::settings::repository;

#[tokio::test]
async fn the_examples_of_the_helper_are_admitted_where_restricted_is_enforced() -> Result<()> {
    namespace::with(async |namespace| {
        let (plane, name) = (namespace.plane(), namespace.name());
        plane.kubectl(["label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted"]).await?;
        for file in ["external-secret.yaml", "pod.yaml"] {
            let path = repository().join("config/helper").join(file).display().to_string();
            let applied = plane.kubectl(["apply", "--dry-run=server", "-n", name, "-f", &path]).await?;
            assert!(applied.contains("created (server dry run)"), "{file}: {applied}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_example_would_be_refused_without_its_security_settings() -> Result<()> {
    namespace::with(async |namespace| {
        let (plane, name) = (namespace.plane(), namespace.name());
        plane.kubectl(["label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted"]).await?;
        let text = std::fs::read_to_string(repository().join("config/helper/pod.yaml"))?;
        let loose = text.replace("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true");
        let path = plane.scratch().write("loose-pod.yaml", loose)?.display().to_string();
        let refused = plane.kubectl(["apply", "--dry-run=server", "-n", name, "-f", &path]).await;
        let refused = refused.expect_err("restricted is enforced").to_string();
        assert!(refused.contains("violates PodSecurity"), "{refused}");
        Ok(())
    })
    .await
}
