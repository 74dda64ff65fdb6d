//! AWS through the operator: every way to sign in, to both services, on a moto that checks each signature, session token,
//! policy and trust policy, with the policies that the documentation gives.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Secret;
use keyferry_e2e::aws::{AccessKey, Account, Parameters, REGION, Secrets};
use keyferry_e2e::fixtures::{API_VERSION, external_secret, is_ready};
use keyferry_e2e::installation::Installation;
use keyferry_e2e::namespace::{self, Namespace, await_in};
use keyferry_e2e::operator::{Launch, Operator};
use keyferry_e2e::proxy::{Call, Proxy};
use keyferry_e2e::settings::{Settings, repository};
use kube::api::DynamicObject;
use serde_json::{Value, json};

const SECOND: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_secs(40);
const SESSION: &str = "external-secrets-provider-aws";

/// A namespace, an account and the way to it, and the operator, which can mint tokens.
struct Ground<'a> {
    namespace: &'a Namespace,
    account: Account,
    proxy: Proxy,
    installation: Installation,
}

async fn with(test: impl AsyncFnOnce(&Ground<'_>) -> Result<()>) -> Result<()> {
    namespace::with(async |namespace| {
        let account = Account::start(&Settings::from_environment()).await?;
        let proxy = Proxy::start(account.moto.address()).await?;
        let installation = Box::pin(Installation::that_mints_tokens(namespace)).await?;
        Box::pin(test(&Ground { namespace, account, proxy, installation })).await
    })
    .await
}

/// One of the two services: what a store calls it, and what puts into it.
enum Service {
    Secrets(Secrets),
    Parameters(Parameters),
}

impl Service {
    fn both(account: &Account) -> [Self; 2] {
        [Self::Secrets(account.secrets()), Self::Parameters(account.parameters())]
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Secrets(_) => "SecretsManager",
            Self::Parameters(_) => "ParameterStore",
        }
    }

    async fn create(&self, name: &str, value: &str) -> Result<()> {
        match self {
            Self::Secrets(secrets) => secrets.create(name, value).await.map(drop),
            Self::Parameters(parameters) => parameters.put(name, value).await.map(drop),
        }
    }

    async fn put(&self, name: &str, value: &str) -> Result<()> {
        match self {
            Self::Secrets(secrets) => secrets.put(name, value).await.map(drop),
            Self::Parameters(parameters) => parameters.put(name, value).await.map(drop),
        }
    }

    async fn delete(&self, name: &str) -> Result<()> {
        match self {
            Self::Secrets(secrets) => secrets.delete(name).await,
            Self::Parameters(parameters) => parameters.delete(name).await,
        }
    }
}

impl Ground<'_> {
    fn launch(&self) -> Launch {
        self.installation.launch().aws_at(&self.proxy.url())
    }

    async fn operator(&self) -> Result<Operator> {
        self.launch().start(self.namespace, SOON).await
    }

    async fn create(&self, manifest: &Value) -> Result<()> {
        self.namespace.put(manifest).await
    }

    /// Puts an access key into a Secret, and answers the `secretRef` that reads it.
    async fn keys(&self, name: &str, key: &AccessKey) -> Result<Value> {
        let data = json!({"id": key.id, "secret": key.secret, "token": key.token});
        self.namespace.put_secret(name, &data).await?;
        let at = |key: &str| json!({"name": name, "key": key});
        let mut fields = json!({"accessKeyIDSecretRef": at("id"), "secretAccessKeySecretRef": at("secret")});
        if key.token.is_some() {
            fields["sessionTokenSecretRef"] = at("token");
        }
        Ok(json!({"secretRef": fields}))
    }

    /// A SecretStore called as its service is, in lower case.
    async fn store(&self, service: &Service, fields: &Value) -> Result<String> {
        let mut spec = json!({"service": service.name(), "region": REGION});
        for (field, value) in fields.as_object().context("fields")? {
            spec[field] = value.clone();
        }
        let name = service.name().to_lowercase();
        self.namespace.put_store(&name, &json!({"aws": spec})).await?;
        Ok(name)
    }

    async fn await_value(&self, name: &str, value: &str) -> Result<()> {
        self.namespace.await_value(name, "password", value).await
    }

    /// The reads of `remote` that were answered with success.
    fn reads(&self, remote: &str) -> Vec<Call> {
        let of_it = |call: &Call| call.operation.starts_with("Get") && call.secrets.iter().any(|name| name == remote);
        self.proxy.calls().into_iter().filter(|call| of_it(call) && call.status == Some(200)).collect()
    }

    fn assumed(&self) -> Vec<Call> {
        self.proxy.calls().into_iter().filter(|call| call.operation.starts_with("AssumeRole")).collect()
    }
}

fn remote(service: &Service) -> String {
    format!("/team/{}", service.name())
}

/// A Secret that is made, follows its remote value and goes with it; all reads by `signer`, where it is known.
async fn syncs(ground: &Ground<'_>, service: &Service, fields: &Value, signer: Option<&str>) -> Result<()> {
    let remote = remote(service);
    service.create(&remote, "first").await?;
    begin(ground, service, fields).await?;
    follow(ground, service).await?;
    let reads = ground.reads(&remote);
    ensure!(reads.len() >= 2, "{} reads", reads.len());
    if let Some(signer) = signer {
        ensure!(reads.iter().all(|call| call.access_key == signer), "{reads:?}");
    }
    Ok(())
}

async fn begin(ground: &Ground<'_>, service: &Service, fields: &Value) -> Result<()> {
    let store = ground.store(service, fields).await?;
    let mut manifest = external_secret(&store, &store, SECOND, &[("password", &remote(service))]);
    manifest["spec"]["target"]["deletionPolicy"] = "Delete".into();
    ground.create(&manifest).await?;
    ground.await_value(&store, "first").await
}

async fn follow(ground: &Ground<'_>, service: &Service) -> Result<()> {
    let (remote, target) = (remote(service), service.name().to_lowercase());
    service.put(&remote, "second").await?;
    ground.await_value(&target, "second").await?;
    service.delete(&remote).await?;
    ground.namespace.await_gone(&target).await
}

/// The actions of the policies in the documentation that read, for both services.
fn documented() -> Result<Value> {
    let text = std::fs::read_to_string(repository().join("docs/stores-aws.md"))?;
    let blocks = text.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut actions = Vec::new();
    for block in blocks {
        let policy: Value = serde_json::from_str(block)?;
        let statements = policy["Statement"].as_array().context("a policy has statements")?;
        let reading = statements.iter().filter(|statement| is_reading(statement));
        actions.extend(reading.filter_map(|statement| statement["Action"].as_array()).flatten().cloned());
    }
    ensure!(actions.len() == 4, "{actions:?}");
    Ok(actions.into())
}

fn is_reading(statement: &Value) -> bool {
    statement["Sid"].as_str().is_some_and(|id| id.starts_with("Read"))
}

fn trust(principal: &str, condition: &Value) -> Value {
    let mut statement =
        json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": ["sts:AssumeRole", "sts:TagSession"]});
    if !condition.is_null() {
        statement["Condition"] = condition.clone();
    }
    json!([statement])
}

#[tokio::test]
async fn an_access_key_reads_with_the_policies_of_the_documentation() -> Result<()> {
    with(async |ground| {
        let key = ground.account.user("app", &documented()?).await?;
        let auth = ground.keys("aws", &key).await?;
        let _operator = ground.operator().await?;
        for service in Service::both(&ground.account) {
            syncs(ground, &service, &json!({"auth": auth}), Some(&key.id)).await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_temporary_key_reads_with_its_session_token() -> Result<()> {
    with(async |ground| {
        let role = ground.account.role("app", &documented()?, &trust("*", &Value::Null)).await?;
        let key = ground.account.session(&role).await?;
        let auth = ground.keys("aws", &key).await?;
        let _operator = ground.operator().await?;
        for service in Service::both(&ground.account) {
            syncs(ground, &service, &json!({"auth": auth}), Some(&key.id)).await?;
        }
        Ok(())
    })
    .await
}

/// A user who may assume the role `between`, which may assume `last` with an external id; their ARNs and its key.
async fn chain(ground: &Ground<'_>) -> Result<([String; 2], Value)> {
    let (account, assume) = (&ground.account, json!(["sts:AssumeRole", "sts:TagSession"]));
    let key = account.user("app", &assume).await?;
    let user = trust("arn:aws:iam::123456789012:user/app", &Value::Null);
    let between = account.role("between", &assume, &user).await?;
    let session = format!("arn:aws:sts::123456789012:assumed-role/between/{SESSION}");
    let condition = json!({"StringEquals": {"sts:ExternalId": "the-id"}});
    let last = account.role("last", &documented()?, &trust(&session, &condition)).await?;
    Ok(([between, last], ground.keys("aws", &key).await?))
}

#[tokio::test]
async fn roles_are_assumed_in_a_chain_with_external_id_and_session_tags() -> Result<()> {
    with(async |ground| {
        let ([between, last], auth) = chain(ground).await?;
        let _operator = ground.operator().await?;
        // No tag has a space: moto puts a form together again, with `+` for it, before it checks the signature.
        let fields = json!({
            "auth": auth,
            "additionalRoles": [between],
            "role": last,
            "externalID": "the-id",
            "sessionTags": [{"key": "team", "value": "a-b"}],
            "sessionTagsPolicy": "Simple",
            "transitiveTagKeys": ["team"],
        });
        for service in Service::both(&ground.account) {
            syncs(ground, &service, &fields, None).await?;
        }
        let assumed = ground.assumed();
        let (first, second): (Vec<_>, Vec<_>) = assumed.iter().partition(|call| call.fields["RoleArn"] == between);
        assert!(first.iter().all(|call| !call.fields.contains_key("ExternalId")), "{first:?}");
        assert!(second.iter().all(|call| call.access_key.starts_with("ASIA")), "{second:?}");
        for (field, value) in [
            ("RoleArn", last.as_str()),
            ("RoleSessionName", SESSION),
            ("ExternalId", "the-id"),
            ("Tags.member.1.Key", "team"),
            ("Tags.member.1.Value", "a-b"),
            ("Tags.member.2.Key", "esoNamespace"),
            ("Tags.member.2.Value", ground.namespace.name()),
            ("TransitiveTagKeys.member.1", "team"),
        ] {
            assert!(second.iter().all(|call| call.fields[field] == value), "{field}: {second:?}");
        }
        // A session assumes each role once: of each store, one for its validation and one that reads.
        assert!(first.len() == second.len() && first.len() <= 8, "{} roles were assumed", assumed.len());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_named_by_the_store() -> Result<()> {
    with(async |ground| {
        let ([between, last], auth) = chain(ground).await?;
        let _operator = ground.operator().await?;
        let fields = json!({"auth": auth, "additionalRoles": [between], "role": last, "externalID": "another"});
        for service in Service::both(&ground.account) {
            let store = ground.store(&service, &fields).await?;
            let told = |store: Option<&DynamicObject>| {
                store.is_some_and(|store| {
                    let text = store.data.to_string();
                    let named = text.contains("assume role") && text.contains(":role/last");
                    !is_ready(&store.data) && named && text.contains(&format!("AWS/{}", service.name()))
                })
            };
            await_in(ground.namespace.dynamic(API_VERSION, "SecretStore"), &store, told, SOON).await?;
        }
        Ok(())
    })
    .await
}

/// moto takes no `AssumeRoleWithWebIdentity` while it checks signatures, which that call has none of: so it begins to
/// check when the roles have been assumed, and what follows is signed with what the roles were given.
#[tokio::test]
async fn a_service_account_reads_as_its_role() -> Result<()> {
    with(async |ground| {
        let role = ground.account.role("app", &documented()?, &trust("*", &Value::Null)).await?;
        let metadata = json!({"name": "app", "annotations": {"eks.amazonaws.com/role-arn": role}});
        ground.create(&json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})).await?;
        let services = Service::both(&ground.account);
        for service in &services {
            service.create(&remote(service), "first").await?;
        }
        ground.account.moto.check_after(usize::MAX).await?;
        let _operator = ground.operator().await?;
        let fields = json!({"auth": {"jwt": {"serviceAccountRef": {"name": "app"}}}});
        for service in &services {
            begin(ground, service, &fields).await?;
        }
        ground.account.moto.check_after(0).await?;
        for service in &services {
            follow(ground, service).await?;
            assert!(ground.reads(&remote(service)).iter().all(|call| call.access_key.starts_with("ASIA")));
        }
        let assumed = ground.assumed();
        let subject = format!("\"system:serviceaccount:{}:app\"", ground.namespace.name());
        for call in &assumed {
            assert_eq!((&call.fields["RoleArn"], &call.fields["RoleSessionName"]), (&role, &SESSION.to_owned()));
            assert_eq!((&call.fields["aud"], &call.fields["sub"]), (&"[\"sts.amazonaws.com\"]".to_owned(), &subject));
            assert_eq!(call.access_key, "", "it is not signed");
        }
        assert!((1..=4).contains(&assumed.len()), "{} roles were assumed", assumed.len());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_store_without_auth_reads_as_the_operators_environment_says() -> Result<()> {
    with(async |ground| {
        let key = ground.account.user("operator", &documented()?).await?;
        let launch = ground.launch().variable("AWS_ACCESS_KEY_ID", key.id.clone());
        let launch = launch.variable("AWS_SECRET_ACCESS_KEY", key.secret.clone());
        let _operator = launch.start(ground.namespace, SOON).await?;
        for service in Service::both(&ground.account) {
            syncs(ground, &service, &json!({}), Some(&key.id)).await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn without_the_right_to_the_batch_call_each_secret_is_read_by_itself() -> Result<()> {
    with(async |ground| {
        let actions = json!(["secretsmanager:GetSecretValue", "ssm:GetParameter"]);
        let key = ground.account.user("app", &actions).await?;
        let auth = ground.keys("aws", &key).await?;
        let _operator = ground.operator().await?;
        for service in Service::both(&ground.account) {
            let store = ground.store(&service, &json!({"auth": auth})).await?;
            let names: Vec<_> = (0..12).map(|number| format!("{}/{number}", remote(&service))).collect();
            for name in &names {
                service.create(name, "first").await?;
            }
            let keys: Vec<_> = (0..12).map(|number| format!("k{number}")).collect();
            let data: Vec<_> = keys.iter().map(String::as_str).zip(names.iter().map(String::as_str)).collect();
            ground.create(&external_secret(&store, &store, SECOND, &data)).await?;
            let all = |secret: Option<&Secret>| {
                secret.is_some_and(|secret| secret.data.as_ref().is_some_and(|data| data.len() == 12))
            };
            ground.namespace.await_condition(&store, all, SOON).await?;
            let mark = ground.proxy.mark();
            ground.proxy.await_calls(mark, 60, SOON).await?;
            let batches = ["BatchGetSecretValue", "GetParameters"];
            let calls = ground.proxy.calls();
            let batches: Vec<_> = calls.iter().filter(|call| batches.contains(&call.operation.as_str())).collect();
            // Those that were under way when the first was refused; none after that hour's first.
            assert!(batches.iter().all(|call| call.status == Some(403)), "{batches:?}");
            assert!(ground.proxy.since(mark).iter().all(|call| call.operation.len() < "GetSecretValues".len()));
        }
        Ok(())
    })
    .await
}
