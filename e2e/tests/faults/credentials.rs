use anyhow::{Result, ensure};
use futures::FutureExt;
use keyferry::api::secret_store::SecretStore;
use keyferry_e2e::proxy::{Fault, Rule};
use serde_json::{Value, json};

use super::canary;
use super::site::{self, Site};
use super::trial::trial;

#[test]
fn credentials_that_are_missing_or_wrong_are_told_at_the_store_and_at_what_uses_it() -> Result<()> {
    site::with(async |site| {
        let trials = vec![
            missing(site).boxed_local(),
            without_key(site).boxed_local(),
            never_there(site).boxed_local(),
            refused(site, "refused", "UnrecognizedClientException").boxed_local(),
            refused(site, "expired", "ExpiredTokenException").boxed_local(),
            denied(site).boxed_local(),
        ];
        site::all(trials).await
    })
}

fn using(store: &str) -> Value {
    json!({"secretStoreRef": {"name": store}})
}

async fn missing(site: &Site<'_>) -> Result<()> {
    site.store("missing").await?;
    site.sound("missing", &using("missing")).await?;
    let words = ["spec.secretStoreRef", "SecretStore \"missing\" is not ready", "see the store's status"];
    let breaks = async || {
        site.delete("Secret", "missing-credentials").await?;
        let words = ["\"missing-credentials\"", "it does not exist", "accessKeyIDSecretRef"];
        site.condition::<SecretStore>("missing", "False", "InvalidProviderConfig", &words).await.map(|_| ())
    };
    trial(site, "missing", &words, breaks, async || site.create(&site.credentials("missing")).await).await
}

async fn without_key(site: &Site<'_>) -> Result<()> {
    site.store("keyless").await?;
    site.sound("keyless", &using("keyless")).await?;
    let set = async |data: Value| site.patch("v1", "Secret", "keyless-credentials", &data).await;
    let breaks = async || {
        set(json!({"data": {"key": null}})).await?;
        let words = ["\"keyless-credentials\"", "\"key\"", "secretAccessKeySecretRef"];
        site.condition::<SecretStore>("keyless", "False", "InvalidProviderConfig", &words).await.map(|_| ())
    };
    let words = ["SecretStore \"keyless\" is not ready"];
    trial(site, "keyless", &words, breaks, async || set(json!({"stringData": {"key": canary::word()}})).await).await
}

async fn never_there(site: &Site<'_>) -> Result<()> {
    site.put("never").await?;
    site.create(&Site::aws_store("never")).await?;
    let words = ["SecretStore \"never\" is not ready"];
    let create = async || site.create(&site.manifest("never", &using("never"))).await;
    trial(site, "never", &words, create, async || site.create(&site.credentials("never")).await).await
}

/// A bad credential costs one call an interval, however many objects use it.
async fn refused(site: &Site<'_>, name: &str, code: &'static str) -> Result<()> {
    const OBJECTS: usize = 5;
    site.store(name).await?;
    for index in 0..OBJECTS {
        site.sound(&format!("{name}-{index}"), &using(name)).await?;
    }
    let rule = || Rule::always(Fault::Answer(400, code)).signed_by(&site.access_key(name));
    let first = format!("{name}-0");
    let words = ["spec.data[0].remoteRef.key", code, "the target keeps its last good value"];
    let breaks = async || {
        site.stage.proxy.inject(rule());
        site.failed(&first, &words).await?;
        let (begun, mark) = (tokio::time::Instant::now(), site.stage.proxy.mark());
        site.neighbour_follows().await?;
        let calls = site.stage.proxy.since(mark).iter().filter(|call| call.access_key == site.access_key(name)).count();
        let most = usize::try_from(begun.elapsed().as_secs())? + 2;
        ensure!(calls <= most, "{calls} calls with refused credentials, and {most} intervals");
        Ok(())
    };
    // Another key is another session: the fault stays, and those credentials with it.
    let id = json!({"stringData": {"id": canary::word()}});
    trial(site, &first, &words, breaks, async || site.patch("v1", "Secret", &format!("{name}-credentials"), &id).await)
        .await?;
    for index in 1..OBJECTS {
        site.ready(&format!("{name}-{index}")).await?;
    }
    Ok(())
}

async fn denied(site: &Site<'_>) -> Result<()> {
    site.sound("denied", &json!({})).await?;
    let words = ["spec.data[0].remoteRef.key", "AccessDeniedException", "allow this principal"];
    let rule = Rule::always(Fault::Answer(400, "AccessDeniedException")).of(&site.remote("denied"));
    site.fault("denied", &words, rule).await
}
