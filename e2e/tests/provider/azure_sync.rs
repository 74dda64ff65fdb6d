//! Azure Key Vault through the operator: every way to sign in, from an ExternalSecret to its Secret, judged by the server's
//! own log.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::core::v1::Secret;
use keyferry_e2e::azure::{Application, Asked, Azure, Certificate, Federated, TENANT};
use keyferry_e2e::control_plane::ISSUER;
use keyferry_e2e::fixtures::{API_VERSION, external_secret, is_ready};
use keyferry_e2e::installation::Installation;
use keyferry_e2e::namespace::{self, Namespace, await_in};
use keyferry_e2e::operator::{Launch, Operator};
use keyferry_e2e::scratch::Scratch;
use keyferry_e2e::wire::{Upstream, Wire};
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use super::azure::{CLIENT, PASSWORD, flags};
use super::rounds::{KEYS, ROUND, put_thousand};

const SECOND: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A namespace, the operator in it, and an Azure of the test's own.
struct Ground<'a> {
    namespace: &'a Namespace,
    azure: Azure,
    wire: Wire,
    _operator: Operator,
}

async fn with(test: impl AsyncFnOnce(&Ground<'_>) -> Result<()>) -> Result<()> {
    with_launch(async |launch, _| Ok(launch), test).await
}

async fn with_launch(
    prepare: impl AsyncFnOnce(Launch, (&Namespace, &Azure)) -> Result<Launch>,
    test: impl AsyncFnOnce(&Ground<'_>) -> Result<()>,
) -> Result<()> {
    namespace::with(async |namespace| {
        let azure = Azure::start().await?;
        let may = Application { may_get: true, may_list: true, ..Application::default() };
        azure.state().applications.insert(CLIENT.to_owned(), may);
        let wire = Wire::start(Upstream::plain(azure.address()), &[]).await?;
        let scratch = Scratch::new("azure", false)?;
        let authority = scratch.write("ca.pem", wire.authority())?;
        let installation = Box::pin(Installation::that_mints_tokens(namespace)).await?;
        let launch = installation
            .launch()
            .flag("--allow-loopback-stores")
            .flags(flags(&authority))
            .variable("AZURE_AUTHORITY_HOST", wire.url())
            .variable("AZURE_POD_IDENTITY_AUTHORITY_HOST", format!("http://{}", azure.address()));
        let operator = prepare(launch, (namespace, &azure)).await?.start(namespace, SOON).await?;
        Box::pin(test(&Ground { namespace, azure, wire, _operator: operator })).await
    })
    .await
}

fn reads(asked: &Asked) -> bool {
    asked.operation == "get"
}

fn lists(asked: &Asked) -> bool {
    asked.operation == "list"
}

fn sign_ins(asked: &Asked) -> bool {
    asked.operation == "token"
}

impl Ground<'_> {
    async fn create(&self, manifest: &Value) -> Result<()> {
        self.namespace.put(manifest).await
    }

    async fn secret(&self, name: &str, data: &Value) -> Result<()> {
        self.namespace.put_secret(name, data).await
    }

    /// A SecretStore `name` with these fields.
    async fn store(&self, name: &str, fields: &Value) -> Result<()> {
        let mut provider = fields.clone();
        provider["vaultUrl"] = format!("https://localhost:{}", self.wire.address().port()).into();
        self.namespace.put_store(name, &json!({"azurekv": provider})).await
    }

    /// Changes the application, as its owner would.
    fn application(&self, change: impl FnOnce(&mut Application)) -> Result<()> {
        change(self.azure.state().applications.get_mut(CLIENT).context("the application")?);
        Ok(())
    }

    fn put(&self, name: &str, value: &str) {
        self.azure.state().put_secret(name, value);
    }

    async fn await_value(&self, name: &str, value: &str) -> Result<()> {
        self.namespace.await_value(name, "password", value).await
    }

    async fn await_calls(&self, more: usize, wanted: impl Fn(&Asked) -> bool) -> Result<()> {
        let (start, before) = (Instant::now(), self.azure.count(&wanted));
        while self.azure.count(&wanted) < before + more {
            if start.elapsed() > SOON {
                bail!("there were not {more} calls more");
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// Waits until nothing is read any more while so many pages are listed: all has been read under a mark.
    async fn await_quiet(&self, pages: usize) -> Result<()> {
        let start = Instant::now();
        loop {
            let before = self.azure.count(reads);
            self.await_calls(pages, lists).await?;
            if self.azure.count(reads) == before {
                return Ok(());
            }
            ensure!(start.elapsed() < SOON * 5, "what has not changed is read on");
        }
    }

    /// One way to sign in: a Secret rotates through it, and polls cost no sign-in.
    async fn syncs(&self, name: &str, fields: &Value) -> Result<()> {
        self.put(name, "first");
        self.store(name, fields).await?;
        self.create(&external_secret(name, name, SECOND, &[("password", name)])).await?;
        self.await_value(name, "first").await?;
        let before = self.azure.count(sign_ins);
        self.await_calls(5, |asked| asked.operation != "token").await?;
        self.put(name, "second");
        self.await_value(name, "second").await?;
        let after = self.azure.count(sign_ins);
        // A validation of the store is a session of its own.
        assert!(after <= before + 1, "{name}: {before} sign-ins, then {after}: polls signed in");
        Ok(())
    }
}

fn principal(proof: &str) -> Value {
    let at = |key: &str| json!({"name": "azure", "key": key});
    json!({"tenantId": TENANT, "authSecretRef": {"clientId": at("id"), proof: at(proof)}})
}

#[tokio::test]
async fn a_service_principal_signs_in_by_secret_and_its_secret_goes_when_it_is_deleted_there() -> Result<()> {
    with(async |ground| {
        ground.application(|application| application.secrets.push(PASSWORD.to_owned()))?;
        ground.secret("azure", &json!({"id": CLIENT, "clientSecret": PASSWORD})).await?;
        ground.syncs("by-secret", &principal("clientSecret")).await?;
        let patch = json!({"spec": {"target": {"deletionPolicy": "Delete"}}});
        let api = ground.namespace.dynamic(API_VERSION, "ExternalSecret");
        api.patch("by-secret", &PatchParams::default(), &Patch::Merge(&patch)).await?;
        ground.azure.state().delete("secrets", "by-secret");
        ground.namespace.await_condition("by-secret", |secret: Option<&Secret>| secret.is_none(), SOON).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_service_principal_signs_in_by_certificate() -> Result<()> {
    with(async |ground| {
        let Certificate { pem, known } = Certificate::generate()?;
        ground.application(|application| application.certificates.push(known))?;
        ground.secret("azure", &json!({"id": CLIENT, "clientCertificate": pem})).await?;
        ground.syncs("by-certificate", &principal("clientCertificate")).await
    })
    .await
}

#[tokio::test]
async fn a_managed_identity_signs_in_by_the_machines_own_service() -> Result<()> {
    with(async |ground| {
        ground.azure.state().identities.push(CLIENT.to_owned());
        ground.syncs("by-machine", &json!({"authType": "ManagedIdentity"})).await?;
        ground.syncs("by-id", &json!({"authType": "ManagedIdentity", "identityId": CLIENT})).await
    })
    .await
}

/// The key by which the cluster signs the tokens of `ServiceAccounts`.
fn cluster_key(namespace: &Namespace) -> Result<Vec<u8>> {
    let pem = std::fs::read_to_string(namespace.plane().scratch().path().join("service-account.pub"))?;
    keyferry_e2e::gcp::der(&pem)
}

#[tokio::test]
async fn a_service_account_signs_in_by_its_token() -> Result<()> {
    with(async |ground| {
        let subject = format!("system:serviceaccount:{}:app", ground.namespace.name());
        let federated = Federated { issuer: ISSUER.to_owned(), subject, key: cluster_key(ground.namespace)? };
        ground.application(|application| application.federated.push(federated))?;
        let annotations = json!({
            "azure.workload.identity/client-id": CLIENT, "azure.workload.identity/tenant-id": TENANT,
        });
        ground
            .create(&json!({
                "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "app", "annotations": annotations},
            }))
            .await?;
        let fields = json!({"authType": "WorkloadIdentity", "serviceAccountRef": {"name": "app"}});
        ground.syncs("by-account", &fields).await
    })
    .await
}

#[tokio::test]
async fn the_operators_own_workload_identity_signs_in_by_its_file() -> Result<()> {
    let scratch = Scratch::new("azure-token", false)?;
    let prepare = async |launch: Launch, (_, azure): (&Namespace, &Azure)| {
        let mut state = azure.state();
        let end = u64::try_from(state.now())? + 3600;
        let claims = json!({"iss": "own", "sub": "own", "aud": ["api://AzureADTokenExchange"], "exp": end});
        let token = scratch.write("token", state.sign(&claims)?)?;
        let key = state.public().to_vec();
        let application = state.applications.get_mut(CLIENT).context("the application")?;
        application.federated.push(Federated { issuer: "own".to_owned(), subject: "own".to_owned(), key });
        Ok(launch
            .variable("AZURE_CLIENT_ID", CLIENT)
            .variable("AZURE_TENANT_ID", TENANT)
            .variable("AZURE_FEDERATED_TOKEN_FILE", token.display().to_string()))
    };
    with_launch(prepare, async |ground| ground.syncs("by-own", &json!({"authType": "WorkloadIdentity"})).await).await
}

#[tokio::test]
async fn a_refused_store_says_entras_number_and_its_cure() -> Result<()> {
    with(async |ground| {
        ground.secret("azure", &json!({"id": CLIENT, "clientSecret": "canary-wrong"})).await?;
        ground.store("refused", &principal("clientSecret")).await?;
        let told = |store: Option<&DynamicObject>| {
            let text = store.map(|store| store.data.to_string()).unwrap_or_default();
            text.contains("AADSTS7000215") && !text.contains("canary")
        };
        await_in(ground.namespace.dynamic(API_VERSION, "SecretStore"), "refused", told, SOON).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_vault_elsewhere_is_refused_without_the_administrators_word() -> Result<()> {
    namespace::with(async |namespace| {
        let installation = Box::pin(Installation::new(namespace, &json!({}))).await?;
        let _operator = installation.launch().flag("--allow-loopback-stores").start(namespace, SOON).await?;
        let manifest = json!({
            "apiVersion": API_VERSION, "kind": "SecretStore", "metadata": {"name": "elsewhere"},
            "spec": {"provider": {"azurekv": {
                "vaultUrl": "https://vault.example.com", "authType": "ManagedIdentity",
            }}},
        });
        namespace.create_manifest(&manifest).await?;
        let told = |store: Option<&DynamicObject>| {
            store.is_some_and(|store| {
                !is_ready(&store.data) && store.data.to_string().contains("--azure-keyvault-suffixes")
            })
        };
        await_in(namespace.dynamic(API_VERSION, "SecretStore"), "elsewhere", told, SOON).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_thousand_keys_are_forty_pages_a_round_and_no_read_while_nothing_changes() -> Result<()> {
    const PAGES: usize = KEYS / 25;
    with(async |ground| {
        ground.application(|application| application.secrets.push(PASSWORD.to_owned()))?;
        ground.secret("azure", &json!({"id": CLIENT, "clientSecret": PASSWORD})).await?;
        let names: Vec<String> = (0..KEYS).map(|number| format!("many-{number:04}")).collect();
        {
            let mut state = ground.azure.state();
            for name in &names {
                state.put_secret(name, "value");
            }
            // They were put a while ago.
            state.ahead += 3600;
        }
        ground.store("azure", &principal("clientSecret")).await?;
        put_thousand(ground.namespace, "azure", &names).await?;
        ground.await_quiet(PAGES * 2).await?;
        let (gets, pages, tokens) =
            (ground.azure.count(reads), ground.azure.count(lists), ground.azure.count(sign_ins));
        let started = Instant::now();
        ground.await_calls(PAGES * 3, lists).await?;
        let (gets, pages) = (ground.azure.count(reads) - gets, ground.azure.count(lists) - pages);
        let rounds = started.elapsed().as_secs_f64() / ROUND.as_secs_f64();
        eprintln!("{KEYS} keys: {pages} pages and {gets} reads in {rounds:.2} rounds");
        assert_eq!(gets, 0, "nothing has changed");
        let most = f64::from(u32::try_from(PAGES)?) * (rounds + 1.0);
        assert!(f64::from(u32::try_from(pages)?) <= most, "{pages} pages in {rounds} rounds");
        assert_eq!(ground.azure.count(sign_ins), tokens);
        // One that changes has the object read that has it, whole and once, and no other; while it is young it is read on.
        ground.azure.state().put_secret("many-0500", "changed");
        let holds = |secret: Option<&Secret>| {
            secret.and_then(|secret| secret.data.as_ref()?.get("k500")).is_some_and(|held| held.0 == b"changed")
        };
        ground.namespace.await_condition("app-5", holds, SOON).await?;
        let state = ground.azure.state();
        let read = state.asked.iter().filter(|asked| asked.at > started && reads(asked));
        let others: Vec<_> = read.map(|asked| &asked.key).filter(|key| *key != "secrets/many-0500").collect();
        let own = |key: &&&String| key.starts_with("secrets/many-05");
        assert!(others.iter().all(|key| own(&key)) && others.len() <= 99, "{}: {others:?}", others.len());
        Ok(())
    })
    .await
}
