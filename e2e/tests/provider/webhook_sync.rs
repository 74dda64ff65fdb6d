//! Webhooks through the operator, judged by the server's own log.

use std::time::Duration;

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::api::core::v1::Secret;
use keyferry_e2e::fixtures::{API_VERSION, external_secret};
use keyferry_e2e::installation::Installation;
use keyferry_e2e::namespace::{self, Namespace};
use keyferry_e2e::webhook::{PASSWORD, TOKEN, USER, Webhook};
use serde_json::{Value, json};

use super::rounds::{KEYS, Log, ROUND, put_thousand, watch};

const SECOND: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_secs(40);

/// A namespace with the operator in it, and a server.
struct Ground<'a> {
    namespace: &'a Namespace,
    server: Webhook,
}

async fn with(test: impl AsyncFnOnce(&Ground<'_>) -> Result<()>) -> Result<()> {
    namespace::with(async |namespace| {
        let installation = Box::pin(Installation::new(namespace, &json!({}))).await?;
        let _operator = installation.launch().flag("--allow-loopback-stores").start(namespace, SOON).await?;
        let ground = Ground { namespace, server: Webhook::start().await? };
        ground.labelled("hook", &json!({"token": TOKEN})).await?;
        Box::pin(test(&ground)).await
    })
    .await
}

impl Ground<'_> {
    async fn create(&self, manifest: &Value) -> Result<()> {
        self.namespace.put(manifest).await
    }

    async fn labelled(&self, name: &str, data: &Value) -> Result<()> {
        self.create(&json!({
            "apiVersion": "v1", "kind": "Secret", "stringData": data,
            "metadata": {"name": name, "labels": {"external-secrets.io/type": "webhook"}},
        }))
        .await
    }

    /// A store `name`; `webhook` is laid over one that reads `/secret`.
    async fn store(&self, name: &str, webhook: &Value) -> Result<()> {
        let mut spec = json!({
            "url": format!("{}/secret/{{{{ .remoteRef.key }}}}", self.server.url()),
            "headers": {"Authorization": "Bearer {{ .auth.token }}"},
            "result": {"jsonPath": "$.value"},
            "secrets": [{"name": "auth", "secretRef": {"name": "hook"}}],
            "caBundle": STANDARD.encode(self.server.authority()),
        });
        for (field, value) in webhook.as_object().into_iter().flatten() {
            spec[field] = value.clone();
        }
        if let Some(spec) = spec.as_object_mut() {
            spec.retain(|_, value| !value.is_null());
        }
        self.namespace.put_store(name, &json!({"webhook": spec})).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    async fn await_value(&self, name: &str, value: &str) -> Result<()> {
        self.namespace.await_value(name, "password", value).await
    }

    /// Waits until an object says `words` while it is not ready.
    async fn await_words(&self, kind: &str, name: &str, words: &str) -> Result<()> {
        self.namespace.await_words(kind, name, words).await
    }

    /// Reads and rotates one secret by a store of the same name.
    async fn follows(&self, name: &str) -> Result<()> {
        self.server.put(name, b"first");
        self.create(&external_secret(name, name, SECOND, &[("password", name)])).await?;
        self.await_value(name, "first").await?;
        self.server.put(name, b"second");
        self.await_value(name, "second").await
    }
}

#[tokio::test]
async fn a_secret_follows_its_webhook_and_goes_when_it_is_deleted_there() -> Result<()> {
    with(async |ground| {
        let authority = json!({"ca.crt": ground.server.authority()});
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ca"}, "data": authority});
        ground.create(&map).await?;
        let source = json!({"type": "ConfigMap", "name": "ca", "key": "ca.crt"});
        ground.store("a", &json!({"caBundle": null, "caProvider": source})).await?;
        ground.follows("a").await?;
        let patch = json!({"spec": {"target": {"deletionPolicy": "Delete"}}});
        let api = ground.namespace.dynamic(API_VERSION, "ExternalSecret");
        api.patch("a", &kube::api::PatchParams::default(), &kube::api::Patch::Merge(&patch)).await?;
        ground.server.delete("a");
        ground.namespace.await_condition("a", |secret: Option<&Secret>| secret.is_none(), SOON).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_reference_is_in_the_body_and_its_property_in_the_path() -> Result<()> {
    with(async |ground| {
        let webhook = json!({
            "url": ground.url("/body"), "method": "POST", "body": "{\"folder\": {{ .remoteRef.key | toJson }}}",
            "result": {"jsonPath": "$.{{ .remoteRef.property }}"},
        });
        ground.store("hook", &webhook).await?;
        ground.server.put("team/db \"x\"", b"first");
        let mut manifest =
            external_secret("app", "hook", SECOND, &[("password", "team/db \"x\""), ("name", "team/db \"x\"")]);
        manifest["spec"]["data"][0]["remoteRef"]["property"] = "value".into();
        manifest["spec"]["data"][1]["remoteRef"]["property"] = "key".into();
        ground.create(&manifest).await?;
        ground.await_value("app", "first").await?;
        let secret = ground.namespace.api::<Secret>().get("app").await?;
        assert_eq!(secret.data.unwrap_or_default()["name"].0, b"team/db \"x\"");
        assert!(ground.server.asked("/body").iter().all(|asked| asked.method == "POST"));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_user_signs_in_by_ntlm() -> Result<()> {
    with(async |ground| {
        ground.labelled("user", &json!({"name": USER, "password": PASSWORD})).await?;
        let at = |key: &str| json!({"name": "user", "key": key});
        let auth = json!({"ntlm": {"usernameSecret": at("name"), "passwordSecret": at("password")}});
        let webhook =
            json!({"url": ground.url("/ntlm/{{ .remoteRef.key }}"), "headers": {}, "secrets": [], "auth": auth});
        ground.store("ntlm", &webhook).await?;
        ground.follows("ntlm").await?;
        let asked = ground.server.asked("/ntlm/");
        let refused = asked.iter().filter(|asked| asked.status == 401).count();
        assert!(asked.len() > 3 && refused <= 4, "{asked:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_secret_without_the_label_is_sent_nowhere() -> Result<()> {
    with(async |ground| {
        let manifest = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "private"}, "stringData": {"token": TOKEN},
        });
        ground.create(&manifest).await?;
        ground.store("hook", &json!({"secrets": [{"name": "auth", "secretRef": {"name": "private"}}]})).await?;
        ground.create(&external_secret("app", "hook", SECOND, &[("password", "a")])).await?;
        ground.await_words("SecretStore", "hook", "external-secrets.io/type: webhook").await?;
        assert!(ground.server.asked("/").is_empty());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_is_hostile_or_broken_hurts_no_neighbour() -> Result<()> {
    with(async |ground| {
        ground.store("good", &json!({})).await?;
        ground.follows("good").await?;
        let bomb = "{{ range 1000000000 }}{{ range 1000000000 }}{{ end }}{{ end }}";
        for (name, webhook, words) in [
            ("bomb", json!({"headers": {"X-Bomb": bomb}}), "over budget"),
            ("hang", json!({"url": ground.url("/hang"), "timeout": "1s"}), "within 1s"),
            ("redirect", json!({"url": ground.url("/redirect/{{ .remoteRef.key }}")}), "to another address"),
            ("endless", json!({"url": ground.url("/endless")}), "longer than"),
            ("line-feed", json!({"headers": {"X": "{{ .remoteRef.key }}\n"}}), "headers[X]"),
        ] {
            ground.store(name, &webhook).await?;
            ground.create(&external_secret(name, name, SECOND, &[("password", "good")])).await?;
            ground.await_words("ExternalSecret", name, words).await?;
        }
        let host = json!({"url": "https://{{ .remoteRef.key }}/"});
        ground.store("wanders", &host).await?;
        ground.await_words("SecretStore", "wanders", "only the store may choose").await?;
        ground.server.put("good", b"third");
        ground.await_value("good", "third").await?;
        assert!(ground.server.asked("/raw/").is_empty(), "a redirect was followed");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_store_on_this_machine_is_refused_without_the_flag() -> Result<()> {
    namespace::with(async |namespace| {
        let installation = Box::pin(Installation::new(namespace, &json!({}))).await?;
        let _operator = installation.launch().start(namespace, SOON).await?;
        let ground = Ground { namespace, server: Webhook::start().await? };
        ground.labelled("hook", &json!({"token": TOKEN})).await?;
        ground.store("hook", &json!({})).await?;
        ground.await_words("SecretStore", "hook", "--allow-loopback-stores").await?;
        assert!(ground.server.asked("/").is_empty());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_thousand_keys_are_a_thousand_requests_a_round_and_one_key_is_one() -> Result<()> {
    with(async |ground| {
        ground.store("hook", &json!({})).await?;
        let mut names: Vec<String> = (0..KEYS).map(|number| format!("k{number}")).collect();
        for name in &names {
            ground.server.put(name, b"value");
        }
        ground.server.put("shared", b"value");
        for number in 0..10 {
            ground.create(&external_secret(&format!("one-{number}"), "hook", ROUND, &[("password", "shared")])).await?;
        }
        put_thousand(ground.namespace, "hook", &names).await?;
        for number in 0..10 {
            ground.await_value(&format!("one-{number}"), "value").await?;
        }
        names.push("shared".to_owned());
        let log = async || {
            let asked = ground.server.asked("/secret/").into_iter();
            Ok(Log::of(asked.map(|asked| asked.path.trim_start_matches("/secret/").to_owned())))
        };
        watch(&names, log).await?.cost_at_most(KEYS + 1)
    })
    .await
}
