//! Tenants of one operator, each with a namespace, and the same names in all of them.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::future::join_all;
use k8s_openapi::api::core::v1::{Namespace as Kind, Secret};
use keyferry_e2e::control_plane;
use keyferry_e2e::fixtures::{API_VERSION, external_secret};
use keyferry_e2e::installation::Installation;
use keyferry_e2e::namespace::{self, Namespace};
use kube::api::{Api, DeleteParams};
use serde_json::json;

use super::server::{Server, value};

const TENANTS: usize = 20;
const ROUNDS: usize = 5;
const INTERVAL: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

#[tokio::test]
async fn tenants_with_equal_names_have_each_their_own_secret_through_every_rotation() -> Result<()> {
    namespace::with(async |home| {
        let plane = control_plane::shared().await?;
        let mut tenants = Vec::new();
        for _ in 0..TENANTS {
            tenants.push(Namespace::make(plane).await?);
        }
        let outcome = Box::pin(live(home, &tenants)).await;
        let (all, gone): (Api<Kind>, _) = (Api::all(home.client()), DeleteParams::default());
        join_all(tenants.iter().map(|tenant| all.delete(tenant.name(), &gone))).await;
        outcome
    })
    .await
}

async fn live(home: &Namespace, tenants: &[Namespace]) -> Result<()> {
    let server = Server::start().await?;
    let names: Vec<_> = tenants.iter().map(Namespace::name).collect();
    let installation = Installation::new(home, &json!({"scopedNamespaces": names})).await?;
    let operator = installation.launch().flag("--allow-loopback-stores").start(home, SOON).await?;
    for tenant in tenants {
        settle(tenant, &server.url()).await?;
    }
    let mut round = 0;
    for _ in 0..ROUNDS {
        for tenant in tenants {
            await_own(tenant, round).await?;
        }
        round = server.rotate();
    }
    drop(operator);
    Ok(())
}

/// A store, its credentials and an object, named as everybody's.
async fn settle(tenant: &Namespace, url: &str) -> Result<()> {
    let user = json!({"path": "userpass", "username": tenant.name(), "secretRef": {"name": "user", "key": "password"}});
    let vault = json!({"server": url, "path": "secret", "auth": {"userPass": user}});
    let mut object = external_secret("app", "store", INTERVAL, &[("value", "shared")]);
    object["spec"]["data"][0]["remoteRef"]["property"] = "value".into();
    for manifest in [
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "user"}, "stringData": {"password": tenant.name()}}),
        json!({"apiVersion": API_VERSION, "kind": "SecretStore", "metadata": {"name": "store"},
            "spec": {"provider": {"vault": vault}}}),
        object,
    ] {
        tenant.create_manifest(&manifest).await?;
    }
    Ok(())
}

/// Waits for the tenant's own value of `round`; whatever the Secret holds until then is its own too.
async fn await_own(tenant: &Namespace, round: usize) -> Result<()> {
    let start = Instant::now();
    // One in twenty has no such secret.
    let Some(wanted) = value(tenant.name(), "shared", round) else { return Ok(()) };
    loop {
        let secret = tenant.api::<Secret>().get_opt("app").await?;
        let held = secret.and_then(|secret| secret.data?.remove("value"));
        let held = held.map(|value| String::from_utf8_lossy(&value.0).into_owned());
        let own = format!("canary of {} for", tenant.name());
        ensure!(held.as_ref().is_none_or(|held| held.starts_with(&own)), "{} holds another's value", tenant.name());
        if held.as_ref() == Some(&wanted) {
            return Ok(());
        }
        ensure!(start.elapsed() < SOON, "{} does not come to round {round}", tenant.name());
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
