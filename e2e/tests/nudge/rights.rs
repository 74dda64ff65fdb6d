use anyhow::Result;
use http::Method;
use keyferry_e2e::raw::{Content, ask, collection};
use serde_json::{Value, json};

use super::pods::{create, of, on, pod, with};

#[tokio::test]
async fn the_role_allows_to_list_and_patch_pods_and_nothing_else() -> Result<()> {
    with(&on(), async |scene| {
        create(scene.namespace, &[pod("agent", &[of("app")])]).await?;
        let operator = scene.installation.identity().client().await?;
        let all = collection("v1", scene.namespace.name(), "pods");
        let one = format!("{all}/agent");
        let nudge = json!({"metadata": {"annotations": {"keyferry.dev/nudged-at": "2026-01-31T08:00:00.000Z"}}});
        let whole = pod("agent", &[of("app")]);
        let merge = Some((Content::MergePatch, &nudge));
        let object = Some((Content::Object, &whole));
        let elsewhere = "/api/v1/pods".to_owned();
        for (method, path, body, status) in [
            (Method::GET, all.clone(), None, 200),
            (Method::PATCH, one.clone(), merge, 200),
            (Method::GET, one.clone(), None, 403),
            (Method::GET, format!("{all}?watch=true&timeoutSeconds=1"), None, 403),
            (Method::GET, elsewhere, None, 403),
            (Method::POST, all.clone(), object, 403),
            (Method::PUT, one.clone(), object, 403),
            (Method::DELETE, one.clone(), None, 403),
            (Method::DELETE, all.clone(), None, 403),
            (Method::PATCH, format!("{one}/status"), merge, 403),
            (Method::PATCH, format!("{one}/ephemeralcontainers"), merge, 403),
            (Method::PATCH, format!("{one}/resize"), merge, 403),
            (Method::POST, format!("{one}/eviction"), Some((Content::Object, &Value::Null)), 403),
            (Method::GET, format!("{one}/log"), None, 403),
            (Method::GET, format!("{one}/exec?command=id"), None, 403),
        ] {
            let reply = ask(&operator, method.clone(), &path, body).await?;
            assert_eq!(reply.status, status, "{method} {path}: {}", reply.message);
        }
        Ok(())
    })
    .await
}
