//! Vault and OpenBao through the operator: every way to sign in that the server has, from an ExternalSecret to its Secret,
//! judged by the server's own audit log.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use k8s_openapi::api::core::v1::Secret;
use keyferry_e2e::control_plane::{ControlPlane, ISSUER};
use keyferry_e2e::fixtures::{API_VERSION, external_secret, is_ready};
use keyferry_e2e::installation::Installation;
use keyferry_e2e::namespace::{self, Namespace, await_in};
use keyferry_e2e::openbao::{OpenBao, shared, shared_before};
use keyferry_e2e::operator::{Launch, Operator};
use kube::api::{DeleteParams, DynamicObject, PostParams};
use serde_json::{Value, json};

use super::rounds::{KEYS, Log, put_thousand, watch};
use crate::sync::cluster_stores::{alone, cluster_stores};

const SECOND: Duration = Duration::from_secs(1);
pub(super) const SOON: Duration = Duration::from_secs(40);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A namespace, the operator in it, and an engine of the test's own: mount, policy and auth methods have its name.
pub(super) struct Ground<'a> {
    pub(super) namespace: &'a Namespace,
    pub(super) server: &'static OpenBao,
    operator: Operator,
    pub(super) name: String,
    /// The kind of its stores.
    kind: &'static str,
}

async fn with(test: impl AsyncFnOnce(&mut Ground<'_>) -> Result<()>) -> Result<()> {
    on(shared().await?, |_, launch| Ok(launch), test).await
}

/// As [`with`], on another server, and with an operator that is told more.
pub(super) async fn on(
    server: &'static OpenBao,
    told: impl FnOnce(&Namespace, Launch) -> Result<Launch>,
    test: impl AsyncFnOnce(&mut Ground<'_>) -> Result<()>,
) -> Result<()> {
    namespace::with(async |namespace| {
        let installation = Box::pin(Installation::that_mints_tokens(namespace)).await?;
        run("SecretStore", server, namespace, &installation, told, test).await
    })
    .await
}

/// As [`on`], with ClusterSecretStores.
pub(super) async fn on_a_cluster(
    server: &'static OpenBao,
    told: impl FnOnce(&Namespace, Launch) -> Result<Launch>,
    test: impl AsyncFnOnce(&mut Ground<'_>) -> Result<()>,
) -> Result<()> {
    let run = async |namespace: &Namespace| {
        let installation = Box::pin(Installation::new(namespace, &json!({"scopedNamespace": ""}))).await?;
        run("ClusterSecretStore", server, namespace, &installation, told, test).await
    };
    alone(async |plane| namespace::on(plane, run).await).await
}

async fn run(
    kind: &'static str,
    server: &'static OpenBao,
    namespace: &Namespace,
    installation: &Installation,
    told: impl FnOnce(&Namespace, Launch) -> Result<Launch>,
    test: impl AsyncFnOnce(&mut Ground<'_>) -> Result<()>,
) -> Result<()> {
    let name = namespace.name().to_owned();
    server.mount(&name, 2).await?;
    server.policy(&name, &name).await?;
    let launch = told(namespace, installation.launch().flag("--allow-loopback-stores"))?;
    let operator = launch.start(namespace, SOON).await?;
    let mut ground = Ground { namespace, server, operator, name, kind };
    Box::pin(test(&mut ground)).await
}

impl Ground<'_> {
    pub(super) fn mount(&self, kind: &str) -> String {
        format!("{}-{kind}", self.name)
    }

    pub(super) async fn create(&self, manifest: &Value) -> Result<()> {
        self.namespace.create_manifest(manifest).await.map(|_| ())
    }

    pub(super) async fn secret(&self, name: &str, data: &Value) -> Result<()> {
        self.create(&json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}))
            .await
    }

    /// A store `name` that signs in by `auth`, over TLS.
    pub(super) async fn store(&self, name: &str, slot: &str, auth: &Value) -> Result<()> {
        let provider = json!({slot: {
            "server": self.server.secure_url(),
            "caBundle": STANDARD.encode(self.server.authority()?),
            "path": self.name,
            "auth": auth,
        }});
        let store = json!({
            "apiVersion": API_VERSION,
            "kind": self.kind,
            "metadata": {"name": name},
            "spec": {"provider": provider},
        });
        if self.kind == "SecretStore" {
            return self.create(&store).await;
        }
        let all = cluster_stores(self.namespace.client());
        all.create(&PostParams::default(), &serde_json::from_value(store)?).await?;
        Ok(())
    }

    async fn put(&self, name: &str, value: &str) -> Result<u64> {
        self.server.put(&self.name, name, &json!({"password": value})).await
    }

    async fn await_value(&self, name: &str, value: &str) -> Result<()> {
        let holds = |secret: Option<&Secret>| {
            secret
                .and_then(|secret| secret.data.as_ref()?.get("password"))
                .is_some_and(|held| held.0 == value.as_bytes())
        };
        self.namespace.await_condition(name, holds, SOON).await.map(|_| ())
    }

    /// Waits until the engine was asked so often for the data of `remote`, counted from the server's start.
    async fn await_reads(&self, remote: &str, count: usize) -> Result<()> {
        let path = format!("{}/data/{remote}", self.name);
        let start = Instant::now();
        while self.server.asked(&path)?.iter().filter(|asked| asked.operation == "read").count() < count {
            if start.elapsed() > SOON {
                bail!("{path} was not read {count} times");
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    fn reads(&self, remote: &str) -> Result<usize> {
        Ok(self.server.asked(&format!("{}/data/{remote}", self.name))?.len())
    }

    /// How often somebody signed in at one of the test's own methods.
    pub(super) fn sign_ins(&self, mount: &str) -> Result<usize> {
        Ok(self.server.asked(&format!("auth/{mount}/login"))?.len())
    }
}

/// One way to sign in: a Secret rotates through it, and polls cost no sign-in.
pub(super) async fn syncs(ground: &Ground<'_>, slot: &str, mount: Option<&str>, auth: &Value) -> Result<()> {
    let store = mount.unwrap_or("token");
    ground.put(store, "first").await?;
    ground.store(store, slot, auth).await?;
    let remote = [("password", store)];
    let mut manifest = external_secret(store, store, SECOND, &remote);
    manifest["spec"]["data"][0]["remoteRef"]["property"] = "password".into();
    manifest["spec"]["secretStoreRef"]["kind"] = ground.kind.into();
    ground.create(&manifest).await?;
    ground.await_value(store, "first").await?;
    let before = mount.map(|mount| ground.sign_ins(mount)).transpose()?;
    let reads = ground.reads(store)?;
    ground.await_reads(store, reads + 5).await?;
    ground.put(store, "second").await?;
    ground.await_value(store, "second").await?;
    let after = mount.map(|mount| ground.sign_ins(mount)).transpose()?;
    assert_eq!(before, after, "{store}: a poll signed in");
    // One for the session that reads, and one for each time the store was validated until it was ready.
    assert!(after.is_none_or(|count| (1..=4).contains(&count)), "{store}: {after:?}");
    Ok(())
}

/// A token with the rights of the test's policy.
async fn token(ground: &Ground<'_>) -> Result<String> {
    let body = json!({"policies": [ground.name], "ttl": "1h"});
    let answer = ground.server.call(Method::POST, "auth/token/create", body).await?;
    Ok(answer["auth"]["client_token"].as_str().context("a token")?.to_owned())
}

#[tokio::test]
async fn a_secret_follows_its_vault_by_token_and_goes_when_it_is_deleted_there() -> Result<()> {
    with(async |ground| {
        ground.secret("vault", &json!({"token": token(ground).await?})).await?;
        let auth = json!({"tokenSecretRef": {"name": "vault", "key": "token"}});
        syncs(ground, "vault", None, &auth).await?;
        // Gone with its ExternalSecret's policy, when the absence is confirmed.
        let patch = json!({"spec": {"target": {"deletionPolicy": "Delete"}}});
        let api = ground.namespace.dynamic(API_VERSION, "ExternalSecret");
        api.patch("token", &kube::api::PatchParams::default(), &kube::api::Patch::Merge(&patch)).await?;
        ground.server.call(Method::DELETE, &format!("{}/data/token", ground.name), Value::Null).await?;
        ground.namespace.await_condition("token", |secret: Option<&Secret>| secret.is_none(), SOON).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn openbao_is_a_provider_of_its_own() -> Result<()> {
    with(async |ground| {
        ground.secret("bao", &json!({"token": token(ground).await?})).await?;
        syncs(ground, "openBao", None, &json!({"tokenSecretRef": {"name": "bao", "key": "token"}})).await
    })
    .await
}

#[tokio::test]
async fn a_user_signs_in_by_password() -> Result<()> {
    with(async |ground| {
        let mount = ground.mount("userpass");
        ground.server.enable(&mount, "userpass").await?;
        let user = json!({"password": "pass\"word", "token_policies": [ground.name], "token_ttl": "1h"});
        ground.server.call(Method::POST, &format!("auth/{mount}/users/ann"), user).await?;
        ground.secret("user", &json!({"password": "pass\"word"})).await?;
        let user = json!({"path": mount, "username": "ann", "secretRef": {"name": "user", "key": "password"}});
        for slot in ["vault"] {
            syncs(ground, slot, Some(&mount), &json!({"userPass": user})).await?;
        }
        Ok(())
    })
    .await
}

/// Turns the method on at `mount` with a role of the test's policy, and answers the `auth` that signs in as it.
async fn app_role(ground: &Ground<'_>, mount: &str) -> Result<Value> {
    ground.server.enable(mount, "approle").await?;
    let role = json!({"token_policies": [ground.name], "token_ttl": "1h"});
    ground.server.call(Method::POST, &format!("auth/{mount}/role/app"), role).await?;
    let id = ground.server.call(Method::GET, &format!("auth/{mount}/role/app/role-id"), Value::Null).await?;
    let secret = ground.server.call(Method::POST, &format!("auth/{mount}/role/app/secret-id"), json!({})).await?;
    let keys = json!({"id": id["data"]["role_id"], "secret": secret["data"]["secret_id"]});
    ground.secret("role", &keys).await?;
    let at = |key: &str| json!({"name": "role", "key": key});
    Ok(json!({"appRole": {"path": mount, "roleRef": at("id"), "secretRef": at("secret")}}))
}

#[tokio::test]
async fn the_line_of_openbao_before_is_signed_in_to_by_token_and_by_app_role() -> Result<()> {
    on(
        shared_before().await?,
        |_, launch| Ok(launch),
        async |ground| {
            ground.secret("bao", &json!({"token": token(ground).await?})).await?;
            syncs(ground, "openBao", None, &json!({"tokenSecretRef": {"name": "bao", "key": "token"}})).await?;
            let mount = ground.mount("approle");
            syncs(ground, "openBao", Some(&mount), &app_role(ground, &mount).await?).await
        },
    )
    .await
}

#[tokio::test]
async fn an_app_role_signs_in_and_gives_its_token_back_at_the_end() -> Result<()> {
    with(async |ground| {
        let mount = ground.mount("approle");
        let auth = app_role(ground, &mount).await?;
        syncs(ground, "vault", Some(&mount), &auth).await?;
        assert!(living(ground, &mount).await? >= 1, "the session's token");
        ground.operator.stop().await?;
        assert_eq!(living(ground, &mount).await?, 0, "tokens that were not given back");
        Ok(())
    })
    .await
}

/// How many tokens of a method are alive.
async fn living(ground: &Ground<'_>, mount: &str) -> Result<usize> {
    let listed = ground.server.call(Method::GET, "auth/token/accessors?list=true", Value::Null).await?;
    let mut living = 0;
    for accessor in listed["data"]["keys"].as_array().into_iter().flatten() {
        let found = ground.server.call(Method::POST, "auth/token/lookup-accessor", json!({"accessor": accessor})).await;
        // Another test's may end in between.
        let path = found.ok().and_then(|found| found["data"]["path"].as_str().map(str::to_owned));
        living += usize::from(path.is_some_and(|path| path.starts_with(&format!("auth/{mount}/"))));
    }
    Ok(living)
}

#[tokio::test]
async fn a_service_account_signs_in_by_kubernetes_and_by_jwt() -> Result<()> {
    with(async |ground| {
        let plane = ground.namespace.plane();
        let api = api_server(plane)?;
        ground
            .create(&json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "app"}}))
            .await?;
        let kubernetes = ground.mount("kubernetes");
        ground.server.enable(&kubernetes, "kubernetes").await?;
        let config = json!({
            "kubernetes_host": api["server"], "kubernetes_ca_cert": api["authority"], "token_reviewer_jwt": api["token"],
        });
        ground.server.call(Method::POST, &format!("auth/{kubernetes}/config"), config).await?;
        let role = json!({
            "bound_service_account_names": ["app"],
            "bound_service_account_namespaces": [ground.name],
            "audience": "vault",
            "token_policies": [ground.name],
            "token_ttl": "1h",
        });
        ground.server.call(Method::POST, &format!("auth/{kubernetes}/role/app"), role).await?;
        let auth = json!({"kubernetes": {
            "mountPath": kubernetes, "role": "app", "serviceAccountRef": {"name": "app"},
        }});
        syncs(ground, "vault", Some(&kubernetes), &auth).await?;

        let jwt = ground.mount("jwt");
        ground.server.enable(&jwt, "jwt").await?;
        let key = std::fs::read_to_string(plane.scratch().path().join("service-account.pub"))?;
        let config = json!({"jwt_validation_pubkeys": [key]});
        ground.server.call(Method::POST, &format!("auth/{jwt}/config"), config).await?;
        let role = json!({
            "role_type": "jwt",
            "user_claim": "sub",
            "bound_audiences": ["vault"],
            "bound_subject": format!("system:serviceaccount:{}:app", ground.name),
            "token_policies": [ground.name],
            "token_ttl": "1h",
        });
        ground.server.call(Method::POST, &format!("auth/{jwt}/role/app"), role).await?;
        let auth = json!({"jwt": {
            "path": jwt, "role": "app", "kubernetesServiceAccountToken": {"serviceAccountRef": {"name": "app"}},
        }});
        syncs(ground, "vault", Some(&jwt), &auth).await?;
        refuses_the_api_servers_own(ground, auth).await
    })
    .await
}

/// A store that names the API server's own audience is told so, and its server is shown no such token.
async fn refuses_the_api_servers_own(ground: &Ground<'_>, mut auth: Value) -> Result<()> {
    let mount = ground.mount("elsewhere");
    auth["jwt"]["path"] = mount.clone().into();
    auth["jwt"]["kubernetesServiceAccountToken"]["serviceAccountRef"]["audiences"] = json!([ISSUER]);
    ground.store("too-much", "vault", &auth).await?;
    let told = |store: Option<&DynamicObject>| {
        store.is_some_and(|store| {
            !is_ready(&store.data)
                && store.data.to_string().contains("the API server's own, whose tokens leave for no store")
        })
    };
    await_in(ground.namespace.dynamic(API_VERSION, "SecretStore"), "too-much", told, SOON).await?;
    anyhow::ensure!(ground.sign_ins(&mount)? == 0, "a token for the API server was sent");
    Ok(())
}

/// Where the API server is, what signed its certificate, and a token that may review others.
fn api_server(plane: &ControlPlane) -> Result<Value> {
    let file: Value = serde_json::from_slice(&std::fs::read(plane.kubeconfig())?)?;
    let cluster = &file["clusters"][0]["cluster"];
    let authority = STANDARD.decode(cluster["certificate-authority-data"].as_str().context("an authority")?)?;
    Ok(json!({
        "server": cluster["server"],
        "authority": String::from_utf8(authority)?,
        "token": file["users"][0]["user"]["token"],
    }))
}

#[tokio::test]
async fn a_client_certificate_signs_in() -> Result<()> {
    with(async |ground| {
        let mount = ground.mount("cert");
        ground.server.enable(&mount, "cert").await?;
        let client = rcgen::generate_simple_self_signed(["app".to_owned()])?;
        let role = json!({
            "certificate": client.cert.pem(), "token_policies": [ground.name], "token_ttl": "1h",
        });
        ground.server.call(Method::POST, &format!("auth/{mount}/certs/app"), role).await?;
        ground
            .secret("client", &json!({"tls.crt": client.cert.pem(), "tls.key": client.signing_key.serialize_pem()}))
            .await?;
        let at = |key: &str| json!({"name": "client", "key": key});
        let auth = json!({"cert": {
            "path": mount, "vaultRole": "app", "clientCert": at("tls.crt"), "secretRef": at("tls.key"),
        }});
        syncs(ground, "vault", Some(&mount), &auth).await
    })
    .await
}

#[tokio::test]
async fn a_store_finds_its_authority_in_a_config_map_and_a_session_its_new_token() -> Result<()> {
    with(async |ground| {
        ground.secret("vault", &json!({"token": token(ground).await?})).await?;
        ground
            .create(&json!({
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ca"},
                "data": {"ca.crt": ground.server.authority()?},
            }))
            .await?;
        ground
            .create(&json!({
                "apiVersion": API_VERSION, "kind": "SecretStore", "metadata": {"name": "vault"},
                "spec": {"provider": {"vault": {
                    "server": ground.server.secure_url(),
                    "caProvider": {"type": "ConfigMap", "name": "ca", "key": "ca.crt"},
                    "path": ground.name,
                    "auth": {"tokenSecretRef": {"name": "vault", "key": "token"}},
                }}},
            }))
            .await?;
        ground.put("app", "first").await?;
        let mut manifest = external_secret("app", "vault", SECOND, &[("password", "app")]);
        manifest["spec"]["data"][0]["remoteRef"]["property"] = "password".into();
        ground.create(&manifest).await?;
        ground.await_value("app", "first").await?;
        // The token is revoked under the session; a new one in the Secret is taken without a change of the store.
        let old = ground.namespace.api::<Secret>().get("vault").await?;
        let old = String::from_utf8(old.data.context("data")?.remove("token").context("a token")?.0)?;
        ground.server.call(Method::POST, "auth/token/revoke", json!({"token": old})).await?;
        let patch = json!({"stringData": {"token": token(ground).await?}});
        let api = ground.namespace.api::<Secret>();
        api.patch("vault", &kube::api::PatchParams::default(), &kube::api::Patch::Merge(&patch)).await?;
        ground.put("app", "second").await?;
        ground.await_value("app", "second").await
    })
    .await
}

#[tokio::test]
async fn a_store_on_this_machine_is_refused_without_the_flag() -> Result<()> {
    namespace::with(async |namespace| {
        let server = shared().await?;
        let installation = Box::pin(Installation::new(namespace, &json!({}))).await?;
        let _operator = installation.launch().start(namespace, SOON).await?;
        let manifest = json!({
            "apiVersion": API_VERSION, "kind": "SecretStore", "metadata": {"name": "vault"},
            "spec": {"provider": {"vault": {
                "server": server.url(),
                "auth": {"tokenSecretRef": {"name": "vault", "key": "token"}},
            }}},
        });
        namespace
            .create_manifest(&json!({
                "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "vault"}, "stringData": {"token": "canary"},
            }))
            .await?;
        namespace.create_manifest(&manifest).await?;
        let told = |store: Option<&DynamicObject>| {
            store.is_some_and(|store| {
                !is_ready(&store.data) && store.data.to_string().contains("--allow-loopback-stores")
            })
        };
        await_in(namespace.dynamic(API_VERSION, "SecretStore"), "vault", told, SOON).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_thousand_keys_are_a_thousand_reads_a_round_and_no_sign_in() -> Result<()> {
    with(async |ground| {
        let mount = ground.mount("userpass");
        ground.server.enable(&mount, "userpass").await?;
        let user = json!({"password": "p", "token_policies": [ground.name], "token_ttl": "1h"});
        ground.server.call(Method::POST, &format!("auth/{mount}/users/ann"), user).await?;
        ground.secret("user", &json!({"password": "p"})).await?;
        let user = json!({"path": mount, "username": "ann", "secretRef": {"name": "user", "key": "password"}});
        let names: Vec<String> = (0..KEYS).map(|number| format!("many/k{number}")).collect();
        for name in &names {
            ground.put(name, "value").await?;
        }
        ground.store("vault", "vault", &json!({"userPass": user})).await?;
        put_thousand(ground.namespace, "vault", &names).await?;
        let folder = format!("{}/data/", ground.name);
        let sign_ins = ground.sign_ins(&mount)?;
        let log = async || {
            let asked = ground.server.asked(&format!("{folder}many/"))?.into_iter();
            Ok(Log::of(asked.map(|read| read.path.strip_prefix(&folder).unwrap_or_default().to_owned())))
        };
        watch(&names, log).await?.cost_at_most(KEYS)?;
        assert_eq!(ground.sign_ins(&mount)?, sign_ins);
        let api = ground.namespace.dynamic(API_VERSION, "SecretStore");
        api.delete("vault", &DeleteParams::default()).await?;
        // A store that is deleted gives its session's token back.
        let start = Instant::now();
        while living(ground, &mount).await? > 0 {
            if start.elapsed() > SOON {
                bail!("the session's token lives on");
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    })
    .await
}
