use std::collections::BTreeMap;

use anyhow::{Context, Result};
use keyferry_e2e::scene::{self, Scene};
use serde_json::{Value, json};

use super::{templated, texts};
use crate::sync::acts::{SECOND, SOON, await_polls, await_synced, create, data, edit, secret};
use crate::sync::ledger::{Ledger, Tally};

/// Remote secrets `user` and `password`.
async fn remote(scene: &Scene<'_>) -> Result<()> {
    for (name, value) in [("user", "root"), ("password", "hunter2")] {
        scene.secrets.create(&scene.remote(name), value).await?;
    }
    Ok(())
}

const BOTH: [(&str, &str); 2] = [("user", "user"), ("password", "password")];

#[tokio::test]
async fn values_are_rendered_and_rendered_anew_when_a_remote_secret_is_rotated() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        remote(scene).await?;
        let template = json!({"data": {
            "url": "postgres://{{ .user }}:{{ .password | urlquery }}@db",
            "conf": "{{ range $key, $value := . }}{{ $key }}={{ len $value }};{{ end }}",
        }});
        templated(scene, "app", SECOND, &BOTH, &template).await?;
        await_synced(scene, "app").await?;
        assert_eq!(
            data(scene, "app").await?,
            json!({"url": "postgres://root:hunter2@db", "conf": "password=7;user=4;"})
        );
        scene.secrets.put(&scene.remote("password"), "a/b").await?;
        scene.await_value("app", "url", "postgres://root:a%2Fb@db", SOON).await?;
        scene.await_value("app", "conf", "password=3;user=4;", SOON).await
    })
    .await
}

#[tokio::test]
async fn labels_and_annotations_are_rendered_and_the_type_is_set() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        remote(scene).await?;
        let template = json!({
            "type": "kubernetes.io/basic-auth",
            "metadata": {
                "labels": {"team": "{{ .user }}s"},
                "annotations": {"length": "{{ len .password }}", "plain": "x"},
            },
            "data": {"username": "{{ .user }}"},
        });
        templated(scene, "app", SECOND, &BOTH, &template).await?;
        await_synced(scene, "app").await?;
        let secret = secret(scene, "app").await?.context("it is there")?;
        assert_eq!(secret.type_.as_deref(), Some("kubernetes.io/basic-auth"));
        let metadata = serde_json::to_value(&secret.metadata)?;
        assert_eq!(metadata["labels"]["team"], "roots");
        assert_eq!(metadata["annotations"]["length"], "7");
        assert_eq!(metadata["annotations"]["plain"], "x");
        scene.secrets.put(&scene.remote("user"), "admin").await?;
        scene.await_value("app", "username", "admin", SOON).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn sources_of_all_forms_are_rendered_in_their_order_and_own_data_wins() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        remote(scene).await?;
        let config = json!({"app.conf": "user={{ .user }}", "keys": "{{ .user }}: admin\nfirst: map\n"});
        create(scene, &texts("ConfigMap", "conf", &config)).await?;
        create(scene, &texts("Secret", "conf", &json!({"first": "secret of {{ .user }}", "own": "lost"}))).await?;
        let template = json!({
            "data": {"own": "{{ .password }}"},
            "templateFrom": [
                {"configMap": {"name": "conf", "items": [
                    {"key": "app.conf"}, {"key": "keys", "templateAs": "KeysAndValues"},
                ]}},
                {"secret": {"name": "conf", "items": [{"key": "first"}, {"key": "own"}]}},
                {"literal": "binary: {{ .user | b64enc }}\nport: 5432", "valuesDecodingStrategy": "Auto"},
                {"literal": "team: {{ .user }}", "target": "labels"},
                {"literal": "note: {{ .user | quote }}", "target": "Annotations"},
            ],
        });
        templated(scene, "app", SECOND, &BOTH, &template).await?;
        await_synced(scene, "app").await?;
        let found = data(scene, "app").await?;
        assert_eq!(found["app.conf"], "user=root");
        assert_eq!((&found["root"], &found["first"]), (&json!("admin"), &json!("secret of root")));
        assert_eq!((&found["own"], &found["binary"]), (&json!("hunter2"), &json!("root")));
        assert_eq!(found.as_object().map(serde_json::Map::len), Some(6), "{found}");
        let metadata = serde_json::to_value(&secret(scene, "app").await?.context("it is there")?.metadata)?;
        assert_eq!((&metadata["labels"]["team"], &metadata["annotations"]["note"]), (&json!("root"), &json!("root")));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_remote_values_stay_beside_the_template_only_where_it_merges() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        remote(scene).await?;
        let template = json!({"data": {"url": "{{ .user }}@db"}});
        templated(scene, "app", SECOND, &BOTH, &template).await?;
        await_synced(scene, "app").await?;
        assert_eq!(data(scene, "app").await?, json!({"url": "root@db"}));
        edit(scene, "app", &json!({"spec": {"target": {"template": {"mergePolicy": "Merge"}}}})).await?;
        scene.await_value("app", "password", "hunter2", SOON).await?;
        assert_eq!(data(scene, "app").await?, json!({"url": "root@db", "user": "root", "password": "hunter2"}));
        edit(scene, "app", &json!({"spec": {"target": {"template": null}}})).await?;
        let met = |secret: Option<&k8s_openapi::api::core::v1::Secret>| {
            secret.and_then(|secret| secret.data.as_ref()).is_some_and(|data| !data.contains_key("url"))
        };
        scene.namespace.await_condition("app", met, SOON).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_template_merges_into_the_secret_of_another() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        remote(scene).await?;
        create(scene, &texts("Secret", "app", &json!({"theirs": "kept"}))).await?;
        let mut manifest = scene.manifest("app", SECOND, &BOTH);
        manifest["spec"]["target"]["creationPolicy"] = "Merge".into();
        manifest["spec"]["target"]["template"] = json!({"data": {"url": "{{ .user }}@db"}});
        create(scene, &manifest).await?;
        await_synced(scene, "app").await?;
        scene.await_value("app", "url", "root@db", SOON).await?;
        assert_eq!(data(scene, "app").await?, json!({"theirs": "kept", "url": "root@db"}));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_flags_say_what_opens_and_closes_an_action() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        remote(scene).await?;
        scene.operator.stop().await?;
        let launch = scene.installation.launch().aws_at(&scene.proxy.url());
        let launch = launch.flag("--template-left-delimiter=[[").flag("--template-right-delimiter=]]");
        scene.operator = launch.start(scene.namespace, SOON).await?;
        templated(scene, "app", SECOND, &BOTH, &json!({"data": {"a": "[[ .user ]] {{ .user }}"}})).await?;
        scene.await_value("app", "a", "root {{ .user }}", SOON).await
    })
    .await
}

#[tokio::test]
async fn while_nothing_changes_nothing_is_written_nor_after_a_restart() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        remote(scene).await?;
        create(scene, &texts("ConfigMap", "conf", &json!({"a": "{{ .user }}"}))).await?;
        let template = json!({
            "type": "Opaque",
            "data": {"url": "{{ .user }}@db"},
            "metadata": {"labels": {"team": "{{ .user }}"}},
            "templateFrom": [{"configMap": {"name": "conf", "items": [{"key": "a"}]}}],
        });
        templated(scene, "app", SECOND, &BOTH, &template).await?;
        await_synced(scene, "app").await?;
        await_polls(scene, 1).await?;
        let Some(ledger) = Ledger::open(scene).await? else { return Ok(()) };
        await_polls(scene, 4).await?;
        assert_eq!(ledger.writes().await?, Tally::new());
        assert!(scene.operator.stop().await?.success());
        scene.operator = scene.another_operator().await?;
        await_polls(scene, 4).await?;
        assert_eq!(ledger.writes().await?, Tally::new());
        Ok(())
    })
    .await
}

/// The samples' own templates, with the functions that they name.
#[tokio::test]
async fn the_samples_with_templates_work_as_they_stand() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/samples");
        for file in ["fake_secretstore.yaml", "template_configmap.yaml", "template_externalsecret.yaml"] {
            let all: Vec<Value> = serde_saphyr::from_multiple(&std::fs::read_to_string(folder.join(file))?)?;
            for object in all {
                create(scene, &object).await?;
            }
        }
        let mut found = BTreeMap::new();
        for name in ["template-url", "template-files", "template-tls"] {
            await_synced(scene, name).await?;
            found.insert(name, data(scene, name).await?);
        }
        assert_eq!(found["template-url"]["url"], "postgres://demo:not-a-secret@db.example.test/app");
        assert!(
            found["template-files"]["app.ini"].as_str().is_some_and(|text| text.contains("password = ")),
            "{found:?}"
        );
        assert!(
            found["template-tls"]["tls.crt"].as_str().is_some_and(|text| text.starts_with("-----BEGIN")),
            "{found:?}"
        );
        Ok(())
    })
    .await
}
