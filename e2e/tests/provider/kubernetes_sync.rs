//! Secrets of another namespace through the operator: every way to sign in, from an ExternalSecret to its Secret, judged
//! by the audit log of the API server that is read from.

use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::Secret;
use keyferry_e2e::audit::Requests;
use keyferry_e2e::control_plane::OTHER_AUDIENCE;
use keyferry_e2e::fixtures::external_secret;
use keyferry_e2e::installation::Installation;
use keyferry_e2e::namespace::{self, Namespace};
use keyferry_e2e::operator::Operator;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::kubernetes::{account, grant};
use super::rounds::{KEYS, Log, count, put_thousand, settle};

const SECOND: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_secs(40);

/// The namespace of the stores, that of what they read, and an operator that serves the first and has no right in the
/// second.
struct Ground<'a> {
    home: &'a Namespace,
    away: &'a Namespace,
    operator: Operator,
}

async fn with(test: impl AsyncFnOnce(&Ground<'_>) -> Result<()>) -> Result<()> {
    namespace::with(async |home| {
        namespace::with(async |away| {
            let installation = Box::pin(Installation::that_mints_tokens(home)).await?;
            let operator = installation.launch().flag("--allow-loopback-stores").start(home, SOON).await?;
            let ground = Ground { home, away, operator };
            let rules = json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}]);
            home.plane().service_account(home.name(), "reader").await?;
            grant(away, "reader", &rules, &account(home.name(), "reader")).await?;
            Box::pin(test(&ground)).await
        })
        .await
    })
    .await
}

/// The store `name` in `home`, with `more` in its provider's settings.
async fn store(home: &Namespace, name: &str, more: &Value) -> Result<()> {
    home.put_store(name, &json!({"kubernetes": more})).await
}

impl Ground<'_> {
    /// The server as one that is not the operator's own.
    fn server(&self) -> Value {
        let server = self.home.plane().server();
        json!({"url": server.url, "caBundle": STANDARD.encode(&server.authority)})
    }

    /// What `user` asked of the namespace that is read since the mark.
    async fn asked(&self, mark: &keyferry_e2e::audit::Mark) -> Result<Option<Requests>> {
        let Some(audit) = self.home.audit() else { return Ok(None) };
        audit.since(mark, &self.home.client()).await.map(Some)
    }

    /// One way to sign in: a Secret follows one that rotates, read as `user`, and the operator itself reads nothing there.
    async fn syncs(&self, name: &str, user: &str, more: &Value) -> Result<()> {
        let mut settings = more.clone();
        settings["remoteNamespace"] = self.away.name().into();
        store(self.home, name, &settings).await?;
        self.away.put_secret(name, &json!({"password": "first"})).await?;
        let mut manifest = external_secret(name, name, SECOND, &[("password", name)]);
        manifest["spec"]["data"][0]["remoteRef"]["property"] = "password".into();
        self.home.create_manifest(&manifest).await?;
        self.home.await_value(name, "password", b"first").await.with_context(|| format!("{name}: first"))?;
        let Some(audit) = self.home.audit() else { return Ok(()) };
        let mark = audit.mark(&self.home.client()).await?;
        let patch = json!({"stringData": {"password": "second"}});
        let api = self.away.api::<Secret>();
        api.patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await?;
        self.home.await_value(name, "password", b"second").await.with_context(|| format!("{name}: second"))?;
        tokio::time::sleep(SECOND * 3).await;
        let asked = self.asked(&mark).await?.context("there is a log")?;
        let reads = asked.clone().by(user).in_namespace(self.away.name()).about("secrets");
        assert!(reads.0.iter().all(|read| read.verb == "get"), "{name}: what is polled is read by its name");
        let reads = reads.only(|read| read.name == name);
        assert!(reads.count() >= 3, "{name}: {} reads as {user}", reads.count());
        let own = asked.by(self.operator.user());
        assert_eq!(own.clone().in_namespace(self.away.name()).count(), 0, "{name}: the operator came by itself");
        assert_eq!(own.about("serviceaccounts/token").count(), 0, "{name}: a poll requested a token");
        Ok(())
    }
}

#[tokio::test]
async fn a_secret_follows_one_of_another_namespace_by_every_way_to_sign_in() -> Result<()> {
    with(async |ground| {
        let plane = ground.home.plane();
        let reader = plane.service_account(ground.home.name(), "reader").await?;
        ground.home.put_secret("credentials", &json!({"token": reader.token})).await?;
        let token = json!({"token": {"bearerToken": {"name": "credentials", "key": "token"}}});
        // The API server of the operator's own cluster, found without an address or an authority.
        ground.syncs("account", &reader.user, &json!({"auth": {"serviceAccount": {"name": "reader"}}})).await?;
        ground.syncs("own-token", &reader.user, &json!({"auth": token})).await?;
        // The same by its address, as another cluster's would be.
        ground.syncs("token", &reader.user, &json!({"auth": token, "server": ground.server()})).await?;
        let federated = json!({"serviceAccount": {"name": "reader", "audiences": [OTHER_AUDIENCE]}});
        ground.syncs("federated", &reader.user, &json!({"auth": federated, "server": ground.server()})).await
    })
    .await
}

#[tokio::test]
async fn a_client_certificate_and_a_kubeconfig_sign_in() -> Result<()> {
    with(async |ground| {
        let plane = ground.home.plane();
        let user = format!("client-of-{}", ground.home.name());
        // A cluster that was not started here believes no authority of ours.
        let Some(client) = plane.client_certificate(&user) else { return Ok(()) };
        let client = client?;
        let rules = json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]);
        grant(ground.away, "client", &rules, &json!({"kind": "User", "name": user})).await?;
        ground.home.put_secret("client", &json!({"tls.crt": client.certificate, "tls.key": client.key})).await?;
        let at = |key: &str| json!({"name": "client", "key": key});
        let cert = json!({"cert": {"clientCert": at("tls.crt"), "clientKey": at("tls.key")}});
        ground.syncs("certificate", &user, &json!({"auth": cert})).await?;

        let reader = plane.service_account(ground.home.name(), "reader").await?;
        let by_token = std::fs::read_to_string(&reader.kubeconfig)?;
        let mut by_certificate: Value = serde_json::from_str(&by_token)?;
        by_certificate["users"][0]["user"] = json!({
            "client-certificate-data": STANDARD.encode(&client.certificate),
            "client-key-data": STANDARD.encode(&client.key),
        });
        let mut exec: Value = serde_json::from_str(&by_token)?;
        exec["users"][0]["user"] = json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "id"}});
        let files = json!({
            "token": by_token, "certificate": serde_saphyr::to_string(&by_certificate)?, "exec": exec.to_string(),
        });
        ground.home.put_secret("kubeconfigs", &files).await?;
        let of = |key: &str| json!({"authRef": {"name": "kubeconfigs", "key": key}});
        ground.syncs("kubeconfig-token", &reader.user, &of("token")).await?;
        ground.syncs("kubeconfig-certificate", &user, &of("certificate")).await?;
        store(ground.home, "kubeconfig-exec", &of("exec")).await?;
        await_refusal(ground.home, "kubeconfig-exec", "`exec`, which a store may not use").await
    })
    .await
}

/// Waits until a store says why it is not ready.
async fn await_refusal(namespace: &Namespace, store: &str, words: &str) -> Result<()> {
    namespace.await_words("SecretStore", store, words).await
}

#[tokio::test]
async fn what_is_read_is_json_bytes_members_labels_or_all_that_is_found() -> Result<()> {
    with(async |ground| {
        let settings = json!({
            "auth": {"serviceAccount": {"name": "reader"}}, "remoteNamespace": ground.away.name(),
        });
        store(ground.home, "cluster", &settings).await?;
        let object = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "db", "labels": {"team": "a", "app.kubernetes.io/name": "db"}},
            "data": {"cfg": STANDARD.encode(r#"{"user":{"name":"<ann>"}}"#), "raw": STANDARD.encode([0xff, 0, 0xfe])},
        });
        ground.away.create_manifest(&object).await?;
        ground.away.put_secret("web", &json!({"a": "1"})).await?;
        let reference = |property: &str| json!({"key": "db", "property": property});
        let mut manifest = external_secret("all", "cluster", SECOND, &[]);
        manifest["spec"]["data"] = json!([
            {"secretKey": "whole", "remoteRef": {"key": "web"}},
            {"secretKey": "exact", "remoteRef": reference("raw")},
            {"secretKey": "nested", "remoteRef": reference("cfg.user.name")},
            {"secretKey": "label", "remoteRef": {
                "key": "db", "metadataPolicy": "Fetch", "property": "labels.app.kubernetes.io/name",
            }},
        ]);
        manifest["spec"]["dataFrom"] = json!([
            {"extract": {"key": "db"}},
            {"find": {"tags": {"team": "a"}}, "rewrite": [{"regexp": {"source": "^", "target": "found-"}}]},
        ]);
        ground.home.create_manifest(&manifest).await?;
        let held = |secret: Option<&Secret>| secret.is_some_and(|secret| secret.data.is_some());
        let held = ground.home.await_condition("all", held, SOON).await?.context("a Secret")?.data.context("data")?;
        let expected: [(&str, &[u8]); 7] = [
            ("cfg", br#"{"user":{"name":"<ann>"}}"#),
            ("exact", &[0xff, 0, 0xfe]),
            ("found-db", br#"{"cfg":"{\"user\":{\"name\":\"<ann>\"}}","raw":"\ufffd\u0000\ufffd"}"#),
            ("label", b"db"),
            ("nested", b"<ann>"),
            ("raw", &[0xff, 0, 0xfe]),
            ("whole", br#"{"a":"1"}"#),
        ];
        let held: Vec<_> = held.iter().map(|(name, value)| (name.as_str(), value.0.as_slice())).collect();
        assert_eq!(held, expected);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_secret_goes_with_the_one_that_it_follows_where_its_policy_says_so() -> Result<()> {
    with(async |ground| {
        let settings = json!({
            "auth": {"serviceAccount": {"name": "reader"}}, "remoteNamespace": ground.away.name(),
        });
        store(ground.home, "cluster", &settings).await?;
        ground.away.put_secret("gone", &json!({"password": "1"})).await?;
        let mut manifest = external_secret("gone", "cluster", SECOND, &[("all", "gone")]);
        manifest["spec"]["target"]["deletionPolicy"] = "Delete".into();
        ground.home.create_manifest(&manifest).await?;
        ground.home.await_value("gone", "all", br#"{"password":"1"}"#).await?;
        ground.away.api::<Secret>().delete("gone", &DeleteParams::default()).await?;
        ground.home.await_condition("gone", |secret: Option<&Secret>| secret.is_none(), SOON).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_store_says_which_right_is_lacking_and_is_ready_when_it_is_granted() -> Result<()> {
    with(async |ground| {
        ground.home.plane().service_account(ground.home.name(), "stranger").await?;
        let settings = json!({
            "auth": {"serviceAccount": {"name": "stranger"}}, "remoteNamespace": ground.away.name(),
        });
        store(ground.home, "strange", &settings).await?;
        await_refusal(ground.home, "strange", "the credentials may not get secrets in the namespace").await?;
        // By name only: that is enough, and the least.
        let rules = json!([{"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["db"], "verbs": ["get"]}]);
        grant(ground.away, "stranger", &rules, &account(ground.home.name(), "stranger")).await?;
        ground.away.put_secret("db", &json!({"a": "1"})).await?;
        let manifest = external_secret("db", "strange", SECOND, &[("all", "db")]);
        ground.home.create_manifest(&manifest).await?;
        ground.home.await_value("db", "all", br#"{"a":"1"}"#).await?;
        // A token for the API server goes to no other server.
        let other = json!({"auth": {"serviceAccount": {"name": "reader"}}, "server": ground.server()});
        store(ground.home, "other", &other).await?;
        await_refusal(ground.home, "other", "auth.serviceAccount.audiences").await?;
        let own = json!({"serviceAccount": {"name": "reader", "audiences": ["https://kubernetes.default.svc"]}});
        store(ground.home, "own", &json!({"auth": own, "server": ground.server()})).await?;
        await_refusal(ground.home, "own", "the audience of this cluster's own API server").await
    })
    .await
}

#[tokio::test]
async fn a_server_on_this_machine_is_refused_without_the_flag_and_the_own_one_is_not() -> Result<()> {
    namespace::with(async |home| {
        let installation = Box::pin(Installation::new(home, &json!({}))).await?;
        let _operator = installation.launch().start(home, SOON).await?;
        let reader = home.plane().service_account(home.name(), "reader").await?;
        let rules = json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]);
        grant(home, "reader", &rules, &account(home.name(), "reader")).await?;
        home.put_secret("credentials", &json!({"token": reader.token, "password": "1"})).await?;
        let server = home.plane().server();
        let server = json!({"url": server.url, "caBundle": STANDARD.encode(&server.authority)});
        let auth = json!({"token": {"bearerToken": {"name": "credentials", "key": "token"}}});
        store(home, "other", &json!({"auth": auth, "server": server})).await?;
        await_refusal(home, "other", "--allow-loopback-stores").await?;
        store(home, "own", &json!({"auth": auth, "remoteNamespace": home.name()})).await?;
        let mut manifest = external_secret("copy", "own", SECOND, &[("password", "credentials")]);
        manifest["spec"]["data"][0]["remoteRef"]["property"] = "password".into();
        home.create_manifest(&manifest).await?;
        home.await_value("copy", "password", b"1").await
    })
    .await
}

#[tokio::test]
async fn a_thousand_keys_are_a_thousand_reads_a_round_and_no_token_request() -> Result<()> {
    with(async |ground| {
        let Some(audit) = ground.home.audit() else { return Ok(()) };
        let settings = json!({
            "auth": {"serviceAccount": {"name": "reader"}}, "remoteNamespace": ground.away.name(),
        });
        store(ground.home, "cluster", &settings).await?;
        let names: Vec<String> = (0..KEYS).map(|number| format!("k{number}")).collect();
        let value = json!({"a": "1"});
        stream::iter(names.iter().map(|name| ground.away.put_secret(name, &value)).collect::<Vec<_>>())
            .buffer_unordered(16)
            .try_collect::<Vec<()>>()
            .await?;
        put_thousand(ground.home, "cluster", &names).await?;
        let (client, reader) = (ground.home.client(), format!("system:serviceaccount:{}:reader", ground.home.name()));
        let log = async |start| {
            let reads =
                audit.since(&start, &client).await?.by(&reader).in_namespace(ground.away.name()).about("secrets");
            assert!(reads.0.iter().all(|read| read.verb == "get"), "what is polled is read by name");
            anyhow::Ok(Log::of(reads.0.into_iter().map(|read| read.name)))
        };
        let synced = audit.mark(&client).await?;
        settle(&names, &async || log(synced).await).await?;
        // The last status and event of the first syncs are behind us too.
        let settled = audit.mark(&client).await?;
        count(&names, &async || log(settled).await).await?.cost_at_most(KEYS)?;
        let own = audit.since(&settled, &client).await?.by(ground.operator.user());
        assert_eq!(own.clone().about("serviceaccounts/token").count(), 0, "a poll requested a token");
        assert_eq!(own.writes().without_leases().count(), 0, "nothing changed, and something was written");
        Ok(())
    })
    .await
}
