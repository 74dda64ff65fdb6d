//! 200 tenants through one poller: 100,000 reads, interleaved.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use futures::future::join_all;
use keyferry::api::SecretStoreSpec;
use keyferry::poll::{ObjectId, Poller, Reading, Reference, SessionId, SessionKey, Settings as Polling};
use keyferry::provider::http::{Reach, Settings as Http};
use keyferry::provider::memory::{Keyring, Unobserved, key};
use keyferry::provider::{Context, Credentials, Environment, Settings, StoreKind, aws, open};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::server::{Server, value};

const TENANTS: usize = 200;
/// Secrets of one read; their names are everybody's.
const KEYS: usize = 20;
/// Reads of a tenant whose keys are read together, and of one whose keys are read singly.
const BATCH_ROUNDS: usize = 45;
const SINGLE_ROUNDS: usize = 5;
/// After so many rounds a tenant's store is another generation, so that its session is closed and another is opened.
const GENERATION: usize = 3;

/// A tenant, and how it reaches its secrets.
#[derive(Clone, Debug)]
struct Tenant {
    name: String,
    number: usize,
}

/// What all share.
struct House {
    server: Server,
    environment: Environment,
    poller: Poller,
}

#[test]
fn a_hundred_thousand_reads_of_200_tenants_give_nobody_what_is_anothers() -> Result<()> {
    // Many futures in one are large in a debug build.
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_stack_size(16 << 20).enable_all().build()?;
    let reads = runtime.block_on(async { runtime.spawn(Box::pin(all())).await })??;
    assert_eq!(reads, 100_000);
    Ok(())
}

async fn all() -> Result<usize> {
    let server = Server::start().await?;
    let aws = aws::Settings { secrets_manager_endpoint: Some(server.url()), ..aws::Settings::default() };
    let settings = Settings { aws, http: Http { reach: Reach::Loopback }, ..Settings::default() };
    let environment = Environment::new(Arc::new(Unobserved), settings).await;
    let poller = Poller::new(Polling::default(), mpsc::channel(1).0);
    let house = Arc::new(House { server, environment, poller });
    let tenants = (0..TENANTS).map(|number| Tenant { name: format!("tenant-{number:03}"), number });
    let reading = tenants.map(|tenant| tokio::spawn(Box::pin(read(house.clone(), tenant))));
    let mut reads = 0;
    for tenant in join_all(reading.collect::<Vec<_>>()).await {
        reads += tenant??;
    }
    let signed_in = house.server.signed_in();
    ensure!(signed_in > TENANTS / 2, "{signed_in} sign-ins: no token was ever forgotten");
    Ok(reads)
}

/// All reads of one tenant; how many there were.
async fn read(house: Arc<House>, tenant: Tenant) -> Result<usize> {
    let object = ObjectId::new(&tenant.name, "app", &tenant.name);
    let rounds = if tenant.is_read_in_batches() { BATCH_ROUNDS } else { SINGLE_ROUNDS };
    let mut reads = 0;
    for round in 0..rounds {
        let session = tenant.open(&house, round / GENERATION).await?;
        let references: Vec<_> = (0..KEYS).map(|number| Reference::new(session, key(&name(number)))).collect();
        let readings = house.poller.fetch_anew(&object, &references).await;
        for (number, reading) in readings.iter().enumerate() {
            tenant.check(&name(number), reading).with_context(|| format!("{} in round {round}", tenant.name))?;
        }
        reads += readings.len();
    }
    Ok(reads)
}

fn name(number: usize) -> String {
    format!("db/password-{number}")
}

impl Tenant {
    fn is_read_in_batches(&self) -> bool {
        self.number.is_multiple_of(2)
    }

    /// Every other pair of tenants shares a ClusterSecretStore whose credentials are the consumer's; the others have a
    /// SecretStore of their own. All of them have one name.
    fn shares_its_store(&self) -> bool {
        self.number % 4 >= 2
    }

    async fn open(&self, house: &House, generation: usize) -> Result<SessionId> {
        let kind = if self.is_read_in_batches() { "aws" } else { "vault" };
        let uid = if self.shares_its_store() { kind.to_owned() } else { format!("{kind} of {}", self.name) };
        let consumer = self.shares_its_store().then(|| Arc::from(self.name.as_str()));
        // A shared store is nobody's to change.
        let generation = if self.shares_its_store() { 1 } else { i64::try_from(generation)? };
        let session = SessionKey { store_uid: uid.into(), generation, consumer_namespace: consumer };
        let open = || async {
            let (spec, context) = (self.spec(&house.server.url()), self.context());
            let credentials: Arc<dyn Credentials> = Arc::new(self.keyring());
            Ok((Box::pin(open(&spec, &context, credentials.clone(), &house.environment)).await?, credentials))
        };
        Ok(house.poller.sessions().open(session, open).await?)
    }

    fn spec(&self, url: &str) -> SecretStoreSpec {
        let at = |key: &str| json!({"name": "credentials", "key": key});
        let provider = if self.is_read_in_batches() {
            let keys = json!({"accessKeyIDSecretRef": at("user"), "secretAccessKeySecretRef": at("password")});
            json!({"aws": {"service": "SecretsManager", "region": "eu-central-1", "auth": {"secretRef": keys}}})
        } else {
            let user = json!({"path": "userpass", "username": self.name, "secretRef": at("password")});
            json!({"vault": {"server": url, "path": "secret", "auth": {"userPass": user}}})
        };
        serde_json::from_value(json!({"provider": provider})).expect("a spec")
    }

    fn context(&self) -> Context {
        let shares = self.shares_its_store();
        Context {
            store_kind: if shares { StoreKind::ClusterSecretStore } else { StoreKind::SecretStore },
            store_name: "store".to_owned(),
            store_namespace: (!shares).then(|| self.name.clone()),
            consumer_namespace: Some(self.name.clone()),
        }
    }

    /// The Secret of the tenant's own namespace, whose name is everybody's.
    fn keyring(&self) -> Keyring {
        let keyring = Keyring::default();
        keyring.set("credentials", "user", &self.name);
        keyring.set("credentials", "password", &self.name);
        keyring
    }

    /// Whether it is the tenant's own value, or its own lack of one.
    fn check(&self, key: &str, reading: &Reading) -> Result<()> {
        let found = reading.value.as_ref().map(|value| serde_json::from_slice::<Value>(value.expose())).transpose()?;
        let found = found.map(|found| found["value"].as_str().unwrap_or_default().to_owned());
        ensure!(found == value(&self.name, key, 0), "{key}: {found:?} {:?}", reading.seen);
        Ok(())
    }
}
