use anyhow::Result;
use keyferry_e2e::scene::{self, Scene};
use keyferry_e2e::{fixtures, namespace::await_in};
use kube::api::DynamicObject;
use serde_json::{Value, json};

use super::acts::{SECOND, SOON, await_failed, await_synced, create, data, edit, external_secret, message};

/// What an ExternalSecret called `app` with these entries of `dataFrom` comes to.
async fn synced(scene: &Scene<'_>, data_from: &Value) -> Result<Value> {
    let mut manifest = scene.manifest("app", SECOND, &[]);
    manifest["spec"]["dataFrom"] = data_from.clone();
    create(scene, &manifest).await?;
    await_synced(scene, "app").await?;
    data(scene, "app").await
}

#[tokio::test]
async fn keys_go_through_every_step_in_order() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        scene.secrets.create(&scene.remote("object"), r#"{"db-user":"u","db-password":"p"}"#).await?;
        scene.secrets.create(&scene.remote("web"), "w").await?;
        let steps = json!([
            {"regexp": {"source": "^db-(.*)$", "target": "database_${1}"}},
            {"transform": {"template": "{{ .value | upper }}"}},
        ]);
        let own = format!("^{}(.+)$", scene.remote(""));
        let found = json!([{"regexp": {"source": own, "target": "found-$1"}}]);
        let entries = json!([
            {"extract": {"key": scene.remote("object")}, "rewrite": steps},
            {"find": {"name": {"regexp": format!("{}$", scene.remote("web"))}}, "rewrite": found},
        ]);
        let expected = json!({"DATABASE_PASSWORD": "p", "DATABASE_USER": "u", "found-web": "w"});
        assert_eq!(synced(scene, &entries).await?, expected);
        scene.secrets.put(&scene.remote("object"), r#"{"db-user":"rotated"}"#).await?;
        scene.await_value("app", "DATABASE_USER", "rotated", SOON).await
    })
    .await
}

#[tokio::test]
async fn found_objects_are_merged_into_one() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        scene.secrets.create(&scene.remote("a"), r#"{"host":"h","port":5432}"#).await?;
        scene.secrets.create(&scene.remote("b"), r#"{"port":6543,"user":"u"}"#).await?;
        let merge = |step: Value| json!([{"find": {"path": scene.remote("")}, "rewrite": [{"merge": step}]}]);
        let first = json!({"conflictPolicy": "Ignore", "priority": [scene.remote("a")]});
        assert_eq!(synced(scene, &merge(first)).await?, json!({"host": "h", "port": "5432", "user": "u"}));
        edit(scene, "app", &json!({"spec": {"dataFrom": merge(json!({}))}})).await?;
        await_failed(scene, "app").await?;
        let message = message(scene, "app").await?;
        assert!(message.contains("merge failed with conflicts: port"), "{message}");
        assert!(message.contains("spec.dataFrom[0].rewrite[0].merge.conflictPolicy"), "{message}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn one_object_reads_from_several_stores() -> Result<()> {
    scene::with(&json!({}), async |scene| {
        scene.secrets.create(&scene.remote("key"), "from aws").await?;
        create(scene, &fake("fake", "key", "from fake")).await?;
        let stores = scene.namespace.dynamic(fixtures::API_VERSION, "SecretStore");
        let ready = |store: Option<&DynamicObject>| store.is_some_and(|store| fixtures::is_ready(&store.data));
        await_in(stores, "fake", ready, SOON).await?;
        let mut manifest = scene.manifest("app", SECOND, &[("aws", "key")]);
        let other = json!({"storeRef": {"name": "fake", "kind": "SecretStore"}});
        let fields = manifest["spec"]["data"].as_array_mut().expect("data is a list");
        fields.push(json!({"secretKey": "fake", "remoteRef": {"key": "key"}, "sourceRef": other}));
        manifest["spec"]["dataFrom"] = json!([{"find": {"name": {"regexp": "^k"}}, "sourceRef": other}]);
        create(scene, &manifest).await?;
        await_synced(scene, "app").await?;
        let expected = json!({"aws": "from aws", "fake": "from fake", "key": "from fake"});
        assert_eq!(data(scene, "app").await?, expected);

        // Each store's change is seen, and the other's values stay.
        scene.secrets.put(&scene.remote("key"), "rotated").await?;
        scene.await_value("app", "aws", "rotated", SOON).await?;
        let changed = json!({"spec": {"provider": {"fake": {"data": [{"key": "key", "value": "changed"}]}}}});
        super::acts::change(scene.namespace, "SecretStore", "fake", &changed).await?;
        scene.await_value("app", "fake", "changed", SOON).await?;
        let expected = json!({"aws": "rotated", "fake": "changed", "key": "changed"});
        assert_eq!(data(scene, "app").await?, expected);
        await_synced(scene, "app").await?;

        // One store that fails fails the object, and nothing is written.
        let before = scene.version("app").await?;
        let gone = json!({"spec": {"provider": {"fake": {"data": [{"key": "other", "value": "x"}]}}}});
        super::acts::change(scene.namespace, "SecretStore", "fake", &gone).await?;
        await_failed(scene, "app").await?;
        assert_eq!(scene.version("app").await?, before, "{}", external_secret(scene, "app").await?);
        Ok(())
    })
    .await
}

fn fake(name: &str, key: &str, value: &str) -> Value {
    json!({
        "apiVersion": fixtures::API_VERSION,
        "kind": "SecretStore",
        "metadata": {"name": name},
        "spec": {"provider": {"fake": {"data": [{"key": key, "value": value}]}}},
    })
}
