//! What all scenarios stand on: the control plane, AWS with its secrets, the chart, and the operator in between.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1;
use kube::Client;
use kube::api::{Api, DeleteParams, PostParams};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{Options, say};
use crate::audit::Audit;
use crate::aws::{self, Moto};
use crate::control_plane::{self, ControlPlane};
use crate::installation::Installation;
use crate::namespace::{self, Namespace};
use crate::operator::{Launch, Operator};
use crate::proxy::Proxy;

/// How many bytes each remote value has.
const VALUE_BYTES: usize = 1024;
const READY_WITHIN: Duration = Duration::from_secs(30);
const GONE_WITHIN: Duration = Duration::from_mins(5);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The servers of a run.
pub struct Ground {
    plane: &'static ControlPlane,
    moto: &'static Moto,
    client: Client,
    /// How many remote secrets there are.
    seeded: Mutex<usize>,
    /// What the operator takes for AWS.
    pub(super) proxy: Proxy,
}

impl Ground {
    /// Starts a control plane and moto.
    ///
    /// # Errors
    /// Also where `KUBECONFIG` names a cluster: only the audit log of an own one tells who wrote what.
    pub async fn open() -> Result<Self> {
        let (plane, moto) = tokio::try_join!(control_plane::shared(), aws::shared())?;
        if plane.audit().is_none() {
            bail!("the benchmark needs a control plane of its own, for the audit log: unset KUBECONFIG");
        }
        let (client, proxy) = (plane.client().await?, Proxy::start(moto.address()).await?);
        Ok(Self { plane, moto, client, seeded: Mutex::default(), proxy })
    }

    /// A client with all rights.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The judge of API calls.
    pub(super) fn audit(&self) -> Result<&Audit> {
        self.plane.audit().context("the control plane has an audit log")
    }

    /// Puts remote secrets into AWS, the first `count` of [`key`]; those that are there stay.
    pub(super) async fn seed(&self, count: usize) -> Result<()> {
        let secrets = self.moto.secrets();
        let mut seeded = self.seeded.lock().await;
        if *seeded < count {
            say(&format!("putting {} remote secrets into AWS", count - *seeded));
        }
        // One by one: moto fails now and then on what is asked for while it takes something in.
        while *seeded < count {
            // Letters only, so that the value is the same in every encoding.
            let value: String = (0..VALUE_BYTES).map(|_| char::from(rand::random_range(b'a'..=b'z'))).collect();
            secrets.create(&key(*seeded), &value).await?;
            *seeded += 1;
        }
        Ok(())
    }

    /// Runs `work` in a namespace of its own with the chart installed, and waits until everything there is gone.
    pub(super) async fn site<T>(&self, scoped: bool, work: impl AsyncFnOnce(&Site<'_>) -> Result<T>) -> Result<T> {
        let mut name = String::new();
        let mut outcome = None;
        // The inner result is taken out, since a failed test's dump would print thousands of objects.
        namespace::with(async |namespace| {
            namespace.name().clone_into(&mut name);
            outcome = Some(self.work_in(namespace, scoped, work).await);
            Ok(())
        })
        .await?;
        self.await_gone(&name).await?;
        outcome.context("the work was done")?
    }

    async fn work_in<T>(
        &self,
        namespace: &Namespace,
        scoped: bool,
        work: impl AsyncFnOnce(&Site<'_>) -> Result<T>,
    ) -> Result<T> {
        let scope = if scoped { namespace.name() } else { "" };
        let installation = Installation::new(namespace, &json!({ "scopedNamespace": scope })).await?;
        work(&Site { ground: self, namespace, installation }).await
    }

    /// Makes a namespace beside a site's.
    pub(super) async fn add_namespace(&self, name: &str) -> Result<()> {
        let mut object = v1::Namespace::default();
        object.metadata.name = Some(name.to_owned());
        let all: Api<v1::Namespace> = Api::all(self.client.clone());
        all.create(&PostParams::default(), &object).await.map(drop).context("make a namespace")
    }

    /// Deletes a namespace with all that is in it, and waits.
    pub(super) async fn remove_namespace(&self, name: &str) -> Result<()> {
        let all: Api<v1::Namespace> = Api::all(self.client.clone());
        let _ = all.delete(name, &DeleteParams::background()).await;
        self.await_gone(name).await
    }

    async fn await_gone(&self, name: &str) -> Result<()> {
        let all: Api<v1::Namespace> = Api::all(self.client.clone());
        let start = Instant::now();
        while all.get_opt(name).await?.is_some() {
            if start.elapsed() > GONE_WITHIN {
                bail!("the namespace {name} is not gone after {GONE_WITHIN:?}");
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }
}

/// The remote secret of the object `index`.
pub(super) fn key(index: usize) -> String {
    format!("bench/{index:06}")
}

/// A namespace with the chart in it.
pub(super) struct Site<'a> {
    pub(super) ground: &'a Ground,
    pub(super) namespace: &'a Namespace,
    pub(super) installation: Installation,
}

impl Site<'_> {
    /// Starts the operator as the chart would, and waits until it is ready.
    pub(super) async fn operator(&self, options: &Options) -> Result<Operator> {
        let launch = options.flags.iter().fold(self.installation.launch(), Launch::flag);
        let launch = launch.binary(&options.binary).aws_at(&self.ground.proxy.url());
        launch.start(self.namespace, READY_WITHIN).await
    }

    /// Creates an object in the site's namespace, or one that has none.
    pub(super) async fn apply(&self, manifest: &Value) -> Result<()> {
        self.namespace.create_manifest(manifest).await.map(drop)
    }
}

/// The operator's release build beside this program, or in the folder of release builds.
///
/// # Errors
/// It is not built.
pub fn release_operator(own: &Path) -> Result<std::path::PathBuf> {
    let folders = own.ancestors().skip(1).take(2).flat_map(|folder| [folder.to_owned(), folder.join("release")]);
    let mut found = folders.map(|folder| folder.join("keyferry"));
    let release = found.find(|path| path.is_file() && path.parent().is_some_and(|folder| folder.ends_with("release")));
    release.context("the operator is not built: run `cargo build --release --bin keyferry`, or set KEYFERRY_BIN")
}
