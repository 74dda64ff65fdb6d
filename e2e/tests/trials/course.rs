//! The course of the trials: calm, a fault for everybody at once, and the time after it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::future::join_all;
use futures::stream::{self, StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::Secret;
use keyferry::provider::conformance::wire::{Scope, Wire};
use keyferry_e2e::audit::{Audit, Mark};
use keyferry_e2e::fixtures::external_secret;
use keyferry_e2e::installation::Installation;
use keyferry_e2e::namespace::{self, Namespace};
use keyferry_e2e::operator::Operator;
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::json;

use super::Size;
use super::report::{Cost, Row, Table};
use super::stand::{Make, Stand};
use super::trouble::{TROUBLES, Trouble, remote};

const READY_WITHIN: Duration = Duration::from_mins(1);
/// All objects are created, read and written once.
const SOWN_WITHIN: Duration = Duration::from_mins(3);
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How long after a fault it is waited for what should long be there.
const GIVEN_UP: Duration = Duration::from_mins(2);
const ABREAST: usize = 8;

struct Course<'a> {
    size: Size,
    namespace: &'a Namespace,
    audit: &'a Audit,
    operator: Operator,
    stands: Vec<Stand>,
}

/// Puts one group of stands before an operator through all of it.
pub(super) async fn run(size: Size, group: &[Make]) -> Result<Table> {
    let mut table = Table::default();
    namespace::with(async |namespace| {
        let Some(audit) = namespace.audit() else { return Ok(()) };
        let stands = join_all(group.iter().map(|stand| stand(namespace))).await;
        let stands = stands.into_iter().collect::<Result<Vec<_>>>()?;
        let installation = Installation::new(namespace, &json!({})).await?;
        let launch = installation.launch().flag("--allow-loopback-stores");
        let launch = stands.iter().fold(launch, |launch, stand| {
            launch.variables(stand.variables.iter().cloned()).flags(stand.flags.iter().cloned())
        });
        let operator = launch.start(namespace, READY_WITHIN).await?;
        let mut course = Course { size, namespace, audit, operator, stands };
        course.sow().await?;
        for trouble in TROUBLES {
            table.add(course.suffer(trouble).await?);
        }
        ensure!(course.operator.ended()?.is_none(), "the operator has ended");
        Ok(())
    })
    .await?;
    Ok(table)
}

impl Course<'_> {
    /// Puts stores, remote secrets and objects, and waits until every Secret is there.
    async fn sow(&self) -> Result<()> {
        for stand in &self.stands {
            stand.put_store(self.namespace).await?;
        }
        self.put("sown").await?;
        let all = self.stands.iter().flat_map(|stand| (0..self.size.objects).map(move |index| (stand, index)));
        let all = all.map(|(stand, index)| self.object(stand, index)).collect::<Vec<_>>();
        stream::iter(all).buffer_unordered(ABREAST).try_collect::<()>().await?;
        let start = Instant::now();
        while self.fresh("sown").await?.iter().any(|fresh| !fresh) {
            ensure!(start.elapsed() < SOWN_WITHIN, "not all objects are synced");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        // The first polls find their slots.
        tokio::time::sleep(self.size.interval).await;
        Ok(())
    }

    async fn object(&self, stand: &Stand, index: usize) -> Result<()> {
        let (name, remote) = (name(stand, index), remote(index));
        let mut object = external_secret(&name, stand.name, self.size.interval, &[("value", &remote)]);
        if let Some(property) = stand.property {
            object["spec"]["data"][0]["remoteRef"]["property"] = property.into();
        }
        self.namespace.create_manifest(&object).await.with_context(|| format!("create {name}")).map(|_| ())
    }

    /// Gives every remote secret of everybody a new value.
    async fn put(&self, word: &str) -> Result<()> {
        let all = self.stands.iter().flat_map(|stand| (0..self.size.objects).map(move |index| (stand, index)));
        let all =
            all.map(async |(stand, index)| stand.fixture.put(&remote(index), value(word, index).as_bytes()).await);
        stream::iter(all.collect::<Vec<_>>()).buffer_unordered(ABREAST).collect::<Vec<_>>().await;
        let failures: Vec<_> = self.stands.iter().flat_map(|stand| stand.fixture.failures()).collect();
        ensure!(failures.is_empty(), "{failures:?}");
        Ok(())
    }

    async fn secrets(&self) -> Result<BTreeMap<String, Secret>> {
        let all = self.namespace.api::<Secret>().list(&ListParams::default()).await?.items;
        Ok(all.into_iter().map(|secret| (secret.name_any(), secret)).collect())
    }

    /// Which of the stands have all their objects at `word`.
    async fn fresh(&self, word: &str) -> Result<Vec<bool>> {
        let secrets = self.secrets().await?;
        let held = |name: &str| secrets.get(name)?.data.as_ref()?.get("value").map(|value| value.0.clone());
        let fresh = |stand: &Stand| {
            (0..self.size.objects).all(|index| held(&name(stand, index)) == Some(value(word, index).into_bytes()))
        };
        Ok(self.stands.iter().map(fresh).collect())
    }

    async fn suffer(&self, trouble: Trouble) -> Result<(Vec<Row>, Cost)> {
        let client = self.namespace.client();
        let before = self.secrets().await?;
        let mark = self.audit.mark(&client).await?;
        let begun = Instant::now();
        join_all(self.stands.iter().map(|stand| stand.wire.befall(trouble.of(stand), Scope::default()))).await;
        let calls = self.calls(trouble).await?;
        let word = format!("{trouble:?}");
        self.put(&word).await?;
        ensure!(begun.elapsed() < self.size.fault, "putting the secrets takes longer than the fault");
        tokio::time::sleep(self.size.fault.saturating_sub(begun.elapsed())).await;
        let calls: Vec<_> = self.calls(trouble).await?.iter().zip(calls).map(|(now, before)| now - before).collect();
        let changed = self.changed(&before).await?;
        let (during, mark) = (self.writes(&mark).await?, self.audit.mark(&client).await?);
        join_all(self.stands.iter().map(|stand| stand.wire.heal())).await;
        let (read, fresh) = futures::future::try_join(self.await_reads(), self.recover(&word)).await?;
        let after = self.writes(&mark).await?;
        let rows = self.stands.iter().zip(calls).zip(changed).zip(read.into_iter().zip(fresh));
        let rows = rows.map(|(((stand, calls), changed), (read, fresh))| Row {
            provider: stand.name,
            fault: trouble.name(),
            calls,
            most: trouble.most_calls(self.size, stand),
            changed,
            read,
            fresh,
        });
        let objects = self.size.objects * self.stands.len();
        let stores = self.stands.len();
        let cost = Cost {
            fault: trouble.name(),
            // A status and an event each; where a store says that it is not ready, that too.
            during: (during, 2 * objects + 4 * stores),
            // A Secret, a status and an event each.
            after: (after, 4 * objects + 4 * stores),
        };
        Ok((rows.collect(), cost))
    }

    /// How many calls there were so far. Nobody but the operator itself can count those to a port that is closed.
    async fn calls(&self, trouble: Trouble) -> Result<Vec<usize>> {
        if trouble != Trouble::Outage {
            return Ok(self.stands.iter().map(|stand| stand.wire.calls()).collect());
        }
        let metrics = self.operator.metrics().await?;
        let failed = |stand: &Stand| {
            let provider = format!("provider=\"{}\"", stand.fixture.provider().name());
            let own = metrics.iter().filter(|(series, _)| {
                series.starts_with("externalsecret_provider_api_calls_count{")
                    && series.contains(&provider)
                    && series.contains("status=\"error\"")
            });
            own.map(|(_, count)| *count).sum::<f64>()
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a counter of calls")]
        Ok(self.stands.iter().map(|stand| failed(stand) as usize).collect())
    }

    /// How many Secrets of each stand are not what they were.
    async fn changed(&self, before: &BTreeMap<String, Secret>) -> Result<Vec<usize>> {
        let now = self.secrets().await?;
        let version = |secrets: &BTreeMap<String, Secret>, name: &str| {
            secrets.get(name).map(|one| (one.uid(), one.resource_version()))
        };
        let changed = |stand: &Stand| {
            let names = (0..self.size.objects).map(|index| name(stand, index));
            names.filter(|name| version(before, name) != version(&now, name)).count()
        };
        Ok(self.stands.iter().map(changed).collect())
    }

    async fn writes(&self, mark: &Mark) -> Result<usize> {
        let requests = self.audit.since(mark, &self.namespace.client()).await?;
        Ok(requests.by(self.operator.user()).without_leases().writes().count())
    }

    /// How long it takes until each stand's server has been asked as often as it takes to read all.
    async fn await_reads(&self) -> Result<Vec<Option<Duration>>> {
        let start = Instant::now();
        let enough = self.stands.iter().map(|stand| stand.wire.calls() + self.size.calls(stand));
        let enough: Vec<_> = enough.collect();
        let mut times = vec![None; self.stands.len()];
        while times.iter().any(Option::is_none) && start.elapsed() < GIVEN_UP {
            for ((time, stand), enough) in times.iter_mut().zip(&self.stands).zip(&enough) {
                if stand.wire.calls() >= *enough {
                    time.get_or_insert(start.elapsed());
                }
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(times)
    }

    /// How long it takes each stand to be fresh.
    async fn recover(&self, word: &str) -> Result<Vec<Option<Duration>>> {
        let start = Instant::now();
        let mut times = vec![None; self.stands.len()];
        while times.iter().any(Option::is_none) && start.elapsed() < GIVEN_UP {
            let (asked, fresh) = (start.elapsed(), self.fresh(word).await?);
            for (time, fresh) in times.iter_mut().zip(fresh) {
                if fresh {
                    time.get_or_insert(asked);
                }
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(times)
    }
}

fn name(stand: &Stand, index: usize) -> String {
    format!("{}-{index}", stand.name)
}

fn value(word: &str, index: usize) -> String {
    format!("{word} of {index}")
}
