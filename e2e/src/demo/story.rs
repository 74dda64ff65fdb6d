//! What the demo shows, in its order.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use serde_json::json;

use super::progress::{say, step};
use super::quiet::Quiet;
use super::table::Table;
use super::{samples, seconds};
use crate::aws::Moto;
use crate::installation::Installation;
use crate::namespace::Namespace;
use crate::operator::Operator;
use crate::proxy::Proxy;

const READY_WITHIN: Duration = Duration::from_secs(30);
const APPEARS_WITHIN: Duration = Duration::from_secs(30);
/// Three polls.
const FOLLOWS_WITHIN: Duration = Duration::from_secs(30);

/// Tells it; fails where a promise does not hold.
pub(super) async fn tell(namespace: &Namespace, moto: &Moto) -> Result<()> {
    let proxy = Proxy::start(moto.address()).await?;
    let operator =
        step("installing the chart; starting the operator with its ServiceAccount's token", install(namespace, &proxy))
            .await?;
    let mut table = Table::default();
    table.line("what", "measured");
    follow(namespace, moto, &mut table).await?;
    let quiet = step("leaving everything as it is for 20 s", Quiet::watch(namespace, &operator, &proxy)).await?;
    quiet.report(&mut table);
    let memory = operator.usage().map_or_else(|_| "not known".to_owned(), |usage| mebibytes(usage.peak_resident));
    table.line("operator's memory, at its peak", memory);
    table.print();
    if !quiet.holds() {
        bail!("something was written while nothing changed");
    }
    Ok(())
}

async fn install(namespace: &Namespace, proxy: &Proxy) -> Result<Operator> {
    let own = namespace.plane().audit().is_some();
    // A cluster of somebody's own has other objects, which are none of the demo's business.
    let values = if own {
        json!({"scopedNamespace": "", "apiPolicy": {"enabled": true}})
    } else {
        json!({"processClusterStore": false})
    };
    let installation = Installation::new(namespace, &values).await?;
    installation.launch().aws_at(&proxy.url()).start(namespace, READY_WITHIN).await
}

/// From the manifest to the Secret, and from a change to the change.
async fn follow(namespace: &Namespace, moto: &Moto, table: &mut Table) -> Result<()> {
    let secrets = moto.secrets();
    samples::put_remote(&secrets).await?;
    step(
        "applying config/samples: stores, credentials, an ExternalSecret of the fake store",
        samples::apply_others(namespace),
    )
    .await?;
    let (secret, first) = step("applying config/samples/aws_externalsecret.yaml", appear(namespace)).await?;
    show(&secret);
    let start = Instant::now();
    let password = samples::rotate_remote(&secrets).await?;
    let changed = step("the remote secret has a new password and one more field", await_password(namespace, &password));
    let secret = changed.await?;
    let follows = start.elapsed();
    show(&secret);
    table.line("ExternalSecret applied, until its Secret is there", seconds(first));
    table.line("remote value changed, until the Secret has it (polled every 10 s)", seconds(follows));
    Ok(())
}

async fn appear(namespace: &Namespace) -> Result<(Secret, Duration)> {
    let manifest = samples::manifest()?;
    let start = Instant::now();
    namespace.create_manifest(&manifest).await.context("create the ExternalSecret")?;
    let there = |secret: Option<&Secret>| secret.is_some_and(|secret| secret.data.is_some());
    let secret = namespace.await_condition(samples::NAME, there, APPEARS_WITHIN).await?;
    let first = start.elapsed();
    Ok((secret.context("the Secret is there")?, first))
}

/// Waits until the Secret has the new password; the two are compared here and shown nowhere.
async fn await_password(namespace: &Namespace, password: &str) -> Result<Secret> {
    let expected = ByteString(password.as_bytes().to_vec());
    let has = move |secret: Option<&Secret>| {
        let data = secret.and_then(|secret| secret.data.as_ref());
        data.and_then(|data| data.get("password")) == Some(&expected)
    };
    let secret = namespace.await_condition(samples::NAME, has, FOLLOWS_WITHIN).await?;
    secret.context("the Secret is there")
}

/// Keys, never values.
fn show(secret: &Secret) {
    let keys: Vec<&str> = secret.data.iter().flatten().map(|(key, _)| key.as_str()).collect();
    say(format_args!("    Secret {} has the keys {}", samples::NAME, keys.join(", ")));
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes / 1_048_576)
}
