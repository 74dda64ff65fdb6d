//! Google's Secret Manager through the operator: every way to sign in, from an ExternalSecret to its Secret, judged by the
//! server's own log.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Secret;
use keyferry_e2e::fixtures::{API_VERSION, external_secret, is_ready};
use keyferry_e2e::gcp::{Machine, Provider, der};
use keyferry_e2e::installation::Installation;
use keyferry_e2e::namespace::{self, Namespace, await_in};
use keyferry_e2e::operator::Operator;
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use super::gcp::{Cloud, PROJECT, spec_by_key};
use super::rounds::{KEYS, Log, put_thousand, watch};

const SECOND: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_secs(40);
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Who signs the control plane's tokens.
const ISSUER: &str = "https://kubernetes.default.svc";
const POOL: &str = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers";
const READ: &str = "AccessSecretVersion";
const READER: &str = "reader@p1.iam.gserviceaccount.com";

/// A namespace, a server of its own with TLS in front, and the operator that is told where it is.
struct Ground<'a> {
    namespace: &'a Namespace,
    cloud: Cloud,
    operator: Operator,
}

async fn with(test: impl AsyncFnOnce(&mut Ground<'_>) -> Result<()>) -> Result<()> {
    namespace::with(async |namespace| {
        let cloud = Cloud::start().await?;
        cloud.google.state().machine = Machine {
            project: PROJECT.to_owned(),
            cluster: "blue".to_owned(),
            location: "europe-west3".to_owned(),
            email: "node@p1.iam.gserviceaccount.com".to_owned(),
        };
        let installation = Box::pin(Installation::that_mints_tokens(namespace)).await?;
        let launch = cloud.tell(namespace, installation.launch().flag("--allow-loopback-stores"))?;
        let operator = launch.start(namespace, SOON).await?;
        let mut ground = Ground { namespace, cloud, operator };
        Box::pin(test(&mut ground)).await
    })
    .await
}

impl Ground<'_> {
    async fn create(&self, manifest: &Value) -> Result<()> {
        self.namespace.put(manifest).await
    }

    async fn object(&self, kind: &str, name: &str, more: Value) -> Result<()> {
        let mut manifest = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}});
        manifest.as_object_mut().context("an object")?.extend(more.as_object().cloned().unwrap_or_default());
        self.create(&manifest).await
    }

    async fn store(&self, name: &str, spec: Value) -> Result<()> {
        self.namespace.put_store(name, &json!({"gcpsm": spec})).await
    }

    /// A Secret with the key of a service account that may read the project.
    async fn key(&self, name: &str) -> Result<Value> {
        let file = self.cloud.key_of(READER, &self.cloud.wire)?;
        self.object("Secret", name, json!({"stringData": {"key.json": file}})).await?;
        Ok(spec_by_key(name)["auth"].clone())
    }

    fn put(&self, name: &str, value: &str) {
        self.cloud.google.state().put(PROJECT, None, name, value.as_bytes());
    }

    async fn await_value(&self, name: &str, value: &str) -> Result<()> {
        self.namespace.await_value(name, "password", value).await
    }

    /// Waits for so many more accesses of `name`.
    async fn await_reads(&self, name: &str, more: usize) -> Result<()> {
        let wanted = self.reads(name) + more;
        let start = Instant::now();
        while self.reads(name) < wanted {
            if start.elapsed() > SOON {
                bail!("{name} was not read {more} times");
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    fn reads(&self, name: &str) -> usize {
        self.cloud.google.count(READ, &format!("{name}/"))
    }

    /// How many tokens were given or refused.
    fn sign_ins(&self) -> usize {
        let of_machine = self.cloud.google.count("Metadata", "token");
        ["Assert", "Exchange", "Bind", "GenerateAccessToken"]
            .iter()
            .map(|operation| self.cloud.google.count(operation, ""))
            .sum::<usize>()
            + of_machine
    }

    /// The key that signs the control plane's tokens.
    fn issuer_key(&self) -> Result<Vec<u8>> {
        let file = self.namespace.plane().scratch().path().join("service-account.pub");
        der(&std::fs::read_to_string(file)?)
    }

    fn trust(&self, audience: &str, audiences: &[&str], pool: &str) -> Result<()> {
        let provider = Provider::Oidc {
            issuer: ISSUER.to_owned(),
            key: self.issuer_key()?,
            audiences: audiences.iter().map(|audience| (*audience).to_owned()).collect(),
            pool: pool.to_owned(),
        };
        self.cloud.google.state().providers.insert(audience.to_owned(), provider);
        Ok(())
    }
}

/// One way to sign in: a Secret rotates through it, polls cost no sign-in, and it is this principal that reads.
async fn syncs(ground: &Ground<'_>, name: &str, spec: Value, principal: &str) -> Result<()> {
    ground.put(name, "first");
    ground.store(name, spec).await?;
    ground.create(&external_secret(name, name, SECOND, &[("password", name)])).await?;
    ground.await_value(name, "first").await.with_context(|| format!("{name}: {:#?}", ground.cloud.google.asked()))?;
    let before = ground.sign_ins();
    ground.await_reads(name, 5).await?;
    ground.put(name, "second");
    ground.await_value(name, "second").await?;
    assert_eq!(ground.sign_ins(), before, "{name}: a poll signed in");
    let asked = ground.cloud.google.asked();
    let reads = asked.iter().filter(|asked| asked.key.starts_with(&format!("{name}/")) && asked.status == 200);
    let readers: std::collections::BTreeSet<_> = reads.map(|asked| asked.principal.as_str()).collect();
    assert_eq!(readers.into_iter().collect::<Vec<_>>(), [principal], "{name}");
    Ok(())
}

#[tokio::test]
async fn a_secret_follows_google_by_a_service_accounts_key_and_goes_when_it_is_deleted_there() -> Result<()> {
    with(async |ground| {
        let auth = ground.key("key").await?;
        syncs(ground, "by-key", json!({"projectID": PROJECT, "auth": auth}), READER).await?;
        // One for the session that reads, and one for each time the store was validated until it was ready.
        let sign_ins = ground.sign_ins();
        assert!((1..=4).contains(&sign_ins), "{sign_ins} sign-ins");
        // A version that is disabled is no absence: what was last good stays.
        let patch = json!({"spec": {"target": {"deletionPolicy": "Delete"}}});
        let api = ground.namespace.dynamic(API_VERSION, "ExternalSecret");
        api.patch("by-key", &PatchParams::default(), &Patch::Merge(&patch)).await?;
        let google = &ground.cloud.google;
        google.state().set_version(PROJECT, "by-key", 2, keyferry_e2e::gcp::VersionState::Disabled);
        let told = |object: Option<&DynamicObject>| object.is_some_and(|object| !is_ready(&object.data));
        await_in(ground.namespace.dynamic(API_VERSION, "ExternalSecret"), "by-key", told, SOON).await?;
        ground.await_reads("by-key", 5).await?;
        ground.await_value("by-key", "second").await?;
        // Absence, once it is confirmed, is what the policy is for.
        google.state().delete(PROJECT, "by-key");
        ground.namespace.await_condition("by-key", |secret: Option<&Secret>| secret.is_none(), SOON).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn every_identity_signs_in_without_a_key() -> Result<()> {
    with(async |ground| {
        let google = &ground.cloud.google;
        let namespace = ground.namespace.name().to_owned();
        ground.object("ServiceAccount", "plain", json!({})).await?;
        let acting = json!({"metadata": {"name": "acting", "annotations": {"iam.gke.io/gcp-service-account": READER}}});
        ground.object("ServiceAccount", "acting", acting).await?;

        let machine = google.state().machine.email.clone();
        google.state().grant(&machine, PROJECT);
        syncs(ground, "by-machine", json!({}), &machine).await?;

        // GKE: one that reads itself, and one that acts as a service account.
        let pool = format!("{PROJECT}.svc.id.goog");
        let cluster =
            format!("https://container.googleapis.com/v1/projects/{PROJECT}/locations/europe-west3/clusters/blue");
        ground.trust(&format!("identitynamespace:{pool}:{cluster}"), &[&pool], &pool)?;
        let principal = format!("{pool}[{namespace}/plain]");
        google.state().grant(&principal, PROJECT);
        let auth = |account: &str| json!({"workloadIdentity": {"serviceAccountRef": {"name": account}}});
        syncs(ground, "by-cluster", json!({"auth": auth("plain")}), &principal).await?;
        google.state().let_act(&format!("{pool}[{namespace}/acting]"), READER);
        google.state().grant(READER, PROJECT);
        let spec = json!({"projectID": PROJECT, "auth": auth("acting")});
        syncs(ground, "by-cluster-acting", spec, READER).await?;

        // Federation: a ServiceAccount, keys of AWS, and somebody's own token service.
        let oidc = format!("{POOL}/k8s");
        ground.trust(&oidc, &[&format!("https:{oidc}")], "pool")?;
        let principal = format!("principal:pool/subject/system:serviceaccount:{namespace}:plain");
        google.state().grant(&principal, PROJECT);
        let federation = |more: Value| json!({"projectID": PROJECT, "auth": {"workloadIdentityFederation": more}});
        let spec = federation(json!({"audience": oidc, "serviceAccountRef": {"name": "plain"}}));
        syncs(ground, "by-pool", spec, &principal).await?;

        let (id, secret) = ("AKIDEXAMPLE".to_owned(), "secret/key+".to_owned());
        ground
            .object("Secret", "aws", json!({"stringData": {"aws_access_key_id": id, "aws_secret_access_key": secret}}))
            .await?;
        let aws = Provider::Aws { id, secret, session: None, principal: "aws".to_owned() };
        google.state().providers.insert(format!("{POOL}/aws"), aws);
        google.state().let_act("aws", READER);
        let spec = federation(json!({
            "audience": format!("{POOL}/aws"),
            "gcpServiceAccountEmail": READER,
            "awsSecurityCredentials": {"awsCredentialsSecretRef": {"name": "aws"}, "region": "eu-central-1"},
        }));
        syncs(ground, "by-aws", spec, READER).await?;

        let endpoint = format!("http://{}/external/token", google.address());
        google.state().external = token(ground, &format!("https:{oidc}")).await?;
        let config = json!({
            "type": "external_account",
            "audience": oidc,
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": "https://sts.googleapis.com/v1/token",
            "credential_source": {
                "url": endpoint,
                "headers": {"x-mine": "canary"},
                "format": {"type": "json", "subject_token_field_name": "id_token"},
            },
        });
        ground.object("ConfigMap", "pool", json!({"data": {"config.json": config.to_string()}})).await?;
        let spec = federation(
            json!({"credConfig": {"name": "pool", "key": "config.json"}, "externalTokenEndpoint": endpoint}),
        );
        syncs(ground, "by-url", spec, &principal).await?;
        assert!(ground.operator.ended()?.is_none());
        Ok(())
    })
    .await
}

/// A token of the ServiceAccount `plain`, as somebody's own service would have it.
async fn token(ground: &Ground<'_>, audience: &str) -> Result<String> {
    use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
    use k8s_openapi::api::core::v1::ServiceAccount;
    let spec = TokenRequestSpec { audiences: vec![audience.to_owned()], ..TokenRequestSpec::default() };
    let request = TokenRequest { spec, ..TokenRequest::default() };
    let api = ground.namespace.api::<ServiceAccount>();
    let answer = api.create_token_request("plain", &kube::api::PostParams::default(), &request).await?;
    Ok(answer.status.context("a token")?.token)
}

#[tokio::test]
async fn a_thousand_keys_are_a_thousand_accesses_a_round_and_no_token() -> Result<()> {
    with(async |ground| {
        let auth = ground.key("key").await?;
        let names: Vec<_> = (0..KEYS).map(|number| format!("many-{number}")).collect();
        for name in &names {
            ground.put(name, "value");
        }
        ground.store("gcp", json!({"projectID": PROJECT, "auth": auth})).await?;
        put_thousand(ground.namespace, "gcp", &names).await?;
        let google = &ground.cloud.google;
        let other = || google.asked().iter().filter(|asked| asked.operation != READ).count();
        let others = other();
        let log = async || {
            let asked = google.asked().into_iter().filter(|asked| asked.operation == READ);
            Ok(Log::of(asked.map(|asked| asked.key.split('/').next().unwrap_or_default().to_owned())))
        };
        watch(&names, log).await?.cost_at_most(KEYS)?;
        assert_eq!(other(), others, "tokens, listings and metadata");
        Ok(())
    })
    .await
}
