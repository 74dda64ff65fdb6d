//! `shared-ref`: N ExternalSecrets in several namespaces read one remote secret through one ClusterSecretStore.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::ground::{Ground, Site, key};
use super::load::{Planned, create_all};
use super::readiness::Readiness;
use super::report::{Goal, Row};
use super::settle::{name, quiet};
use super::window::Window;
use super::{INTERVAL, Options, number, say};
use crate::audit::Requests;
use crate::fixtures::{aws_credentials, aws_store, external_secret};
use crate::operator::Operator;

/// How many namespaces share the store.
const NAMESPACES: usize = 10;
/// Events are sent after the status that makes an object ready.
const LAST_EVENTS: Duration = Duration::from_secs(5);

pub(super) async fn run(ground: &Ground, options: &Options) -> Result<Vec<Row>> {
    ground.seed(1).await?;
    ground.site(false, async |site| in_site(site, options).await).await
}

async fn in_site(site: &Site<'_>, options: &Options) -> Result<Vec<Row>> {
    let store = site.namespace.name();
    let namespaces: Vec<Arc<str>> = (0..NAMESPACES).map(|index| format!("{store}-{index}").into()).collect();
    for namespace in &namespaces {
        site.ground.add_namespace(namespace).await?;
    }
    let rows = with_namespaces(site, &namespaces, options).await;
    let _ = site.namespace.plane().kubectl(["delete", "clustersecretstore", store]).await;
    for namespace in &namespaces {
        site.ground.remove_namespace(namespace).await?;
    }
    rows
}

async fn with_namespaces(site: &Site<'_>, namespaces: &[Arc<str>], options: &Options) -> Result<Vec<Row>> {
    let ground = site.ground;
    let operator = site.operator(options).await?;
    site.apply(&aws_credentials("bench")).await?;
    let store = cluster_store(site.namespace.name());
    let file = site.namespace.plane().scratch().write("cluster-store.json", store.to_string())?;
    site.namespace.plane().kubectl(["apply".as_ref(), "-f".as_ref(), file.as_os_str()]).await?;
    await_store(site).await?;
    let mark = ground.audit()?.mark(ground.client()).await?;
    let readiness = Readiness::watch(ground.client(), site.namespace.name(), options.n).await?;
    say(&format!("creating {} ExternalSecrets in {NAMESPACES} namespaces", options.n));
    create_all(ground.client(), planned(site.namespace.name(), namespaces, options.n), async |_| Ok(())).await?;
    readiness.all().await?;
    tokio::time::sleep(LAST_EVENTS).await;
    let first = ground.audit()?.since(&mark, ground.client()).await?.by(operator.user()).without_leases().writes();
    measure(ground, &operator, &first, options).await
}

async fn measure(ground: &Ground, operator: &Operator, first: &Requests, options: &Options) -> Result<Vec<Row>> {
    let window = Window::measure(ground, operator, options.window).await?;
    let mut rows = quiet(&window, options.n, 1);
    rows.extend(first_sync(first, options.n));
    rows.push(Row::new("operator_cpu_millicores", window.millicores, "millicores"));
    Ok(rows)
}

/// The writes of the first sync, all and by what they were about.
pub(super) fn first_sync(writes: &Requests, n: usize) -> Vec<Row> {
    let about = |target: &str| number(writes.clone().about(target).count()) / number(n);
    let all = number(writes.count()) / number(n);
    let [secrets, statuses, events] = ["secrets", "externalsecrets/status", "events"].map(about);
    vec![
        Row::new("writes_per_first_sync", all, "writes").goal(Goal::at_most(3.0)),
        Row::new("secret_writes_per_first_sync", secrets, "writes"),
        Row::new("status_writes_per_first_sync", statuses, "writes"),
        Row::new("event_writes_per_first_sync", events, "writes"),
        Row::new("other_writes_per_first_sync", all - secrets - statuses - events, "writes"),
    ]
}

/// A store for all namespaces whose credentials lie in the site's.
fn cluster_store(namespace: &str) -> Value {
    let mut store = aws_store(namespace);
    if let Some(kind) = store.get_mut("kind") {
        *kind = json!("ClusterSecretStore");
    }
    for half in ["accessKeyIDSecretRef", "secretAccessKeySecretRef"] {
        let reference = store.pointer_mut(&format!("/spec/provider/aws/auth/secretRef/{half}"));
        if let Some(reference) = reference.and_then(Value::as_object_mut) {
            reference.insert("namespace".to_owned(), json!(namespace));
        }
    }
    store
}

async fn await_store(site: &Site<'_>) -> Result<()> {
    let store = format!("clustersecretstore/{}", site.namespace.name());
    site.namespace.plane().kubectl(["wait", "--for=condition=Ready", "--timeout=30s", &store]).await.map(drop)
}

fn planned(store: &str, namespaces: &[Arc<str>], n: usize) -> Vec<Planned> {
    let plan = |(index, namespace): (usize, &Arc<str>)| {
        let mut manifest = external_secret(&name(index), store, INTERVAL, &[("value", &key(0))]);
        if let Some(kind) = manifest.pointer_mut("/spec/secretStoreRef/kind") {
            *kind = json!("ClusterSecretStore");
        }
        Planned { namespace: Arc::clone(namespace), manifest }
    };
    (0..n).zip(namespaces.iter().cycle()).map(plan).collect()
}
