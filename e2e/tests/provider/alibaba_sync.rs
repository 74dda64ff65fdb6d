//! Alibaba Cloud through the operator: every way to sign in, from an ExternalSecret to its Secret, judged by the server's
//! own log.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::api::core::v1::Secret;
use keyferry_e2e::alibaba::{ACCOUNT, Alibaba, Asked, REGION, Trust};
use keyferry_e2e::fixtures::external_secret;
use keyferry_e2e::installation::Installation;
use keyferry_e2e::namespace::{self, Namespace};
use keyferry_e2e::operator::{Launch, Operator};
use keyferry_e2e::scratch::Scratch;
use keyferry_e2e::wire::{Upstream, Wire};
use serde_json::{Value, json};

use super::alibaba::variables;
use super::rounds::{KEYS, Log, put_thousand, watch};

const SECOND: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_secs(40);
const READ: &str = "GetSecretValue";
/// What a validation asks for.
const VALIDATION: &str = "keyferry/validation";
const SIGN_IN: &str = "AssumeRoleWithOIDC";
const CREDENTIALS: &str = "/latest/meta-data/ram/security-credentials/node";

/// A namespace, the operator in it, and a server of the test's own behind TLS.
struct Ground<'a> {
    namespace: &'a Namespace,
    server: Alibaba,
    wire: Wire,
    _operator: Operator,
    _scratch: Scratch,
}

async fn with(
    more: impl FnOnce(Launch, &Alibaba, &Scratch) -> Result<Launch>,
    test: impl AsyncFnOnce(&Ground<'_>) -> Result<()>,
) -> Result<()> {
    namespace::with(async |namespace| {
        let server = Alibaba::start().await?;
        let wire = Wire::start(Upstream::plain(server.address()), &[]).await?;
        let scratch = Scratch::new("alibaba", false)?;
        let authority = scratch.write("ca.pem", wire.authority())?;
        let installation = Box::pin(Installation::that_mints_tokens(namespace)).await?;
        let launch = installation
            .launch()
            .variables(variables(&wire, &authority))
            .variable("ALIBABA_CLOUD_METADATA_ENDPOINT", server.url());
        let operator = more(launch, &server, &scratch)?.start(namespace, SOON).await?;
        let ground = Ground { namespace, server, wire, _operator: operator, _scratch: scratch };
        Box::pin(test(&ground)).await
    })
    .await
}

#[expect(clippy::unnecessary_wraps, reason = "as the others that can fail")]
fn plain(launch: Launch, _: &Alibaba, _: &Scratch) -> Result<Launch> {
    Ok(launch)
}

impl Ground<'_> {
    async fn create(&self, manifest: &Value) -> Result<()> {
        self.namespace.put(manifest).await
    }

    async fn secret(&self, name: &str, data: &Value) -> Result<()> {
        self.namespace.put_secret(name, data).await
    }

    async fn store(&self, name: &str, auth: &Value) -> Result<()> {
        self.store_of(name, &json!({"regionID": REGION, "auth": auth})).await
    }

    async fn store_of(&self, name: &str, spec: &Value) -> Result<()> {
        self.namespace.put_store(name, &json!({"alibaba": spec})).await
    }

    async fn await_value(&self, name: &str, value: &str) -> Result<()> {
        self.namespace.await_value(name, "password", value).await
    }

    /// One way to sign in: a Secret comes, rotates and goes through it, and polls cost no sign-in.
    async fn syncs(&self, name: &str, auth: &Value) -> Result<()> {
        self.store(name, auth).await?;
        self.syncs_by(name).await
    }

    async fn syncs_by(&self, name: &str) -> Result<()> {
        self.server.put(name, b"first");
        let mut manifest = external_secret(name, name, SECOND, &[("password", name)]);
        manifest["spec"]["target"]["deletionPolicy"] = "Delete".into();
        self.create(&manifest).await?;
        self.await_value(name, "first").await?;
        let sign_ins = self.sign_ins();
        self.server.await_count(READ, self.server.count(READ) + 5, SOON).await?;
        self.server.put(name, b"second");
        self.await_value(name, "second").await?;
        assert_eq!(self.sign_ins(), sign_ins, "a poll signs in never");
        self.server.delete(name);
        self.namespace.await_gone(name).await
    }

    fn sign_ins(&self) -> usize {
        self.server.count(SIGN_IN) + self.server.count(CREDENTIALS)
    }

    /// Lets the ServiceAccount `account` of the namespace take the role of the same name.
    fn trust(&self, account: &str) -> Result<Value> {
        let provider = format!("acs:ram::{ACCOUNT}:oidc-provider/ack-rrsa");
        let role = format!("acs:ram::{ACCOUNT}:role/{account}");
        let key = self.namespace.plane().scratch().path().join("service-account.pub");
        self.server.trust(Trust {
            role: role.clone(),
            provider: provider.clone(),
            issuer: "https://kubernetes.default.svc".to_owned(),
            key: std::fs::read_to_string(key)?,
            subject: format!("system:serviceaccount:{}:{account}", self.namespace.name()),
            reads: String::new(),
        });
        Ok(json!({"oidcProviderArn": provider, "roleArn": role, "sessionName": "e2e"}))
    }

    async fn account(&self, name: &str) -> Result<()> {
        self.create(&json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}})).await
    }
}

fn by_key(id: &str, secret: &str, token: Option<&str>) -> (Value, Value) {
    let at = |key: &str| json!({"name": id.to_lowercase(), "key": key});
    let mut auth = json!({"accessKeyIDSecretRef": at("id"), "accessKeySecretSecretRef": at("secret")});
    let mut data = json!({"id": id, "secret": secret});
    if let Some(token) = token {
        auth["securityTokenSecretRef"] = at("token");
        data["token"] = token.into();
    }
    (json!({"secretRef": auth}), data)
}

#[tokio::test]
async fn an_access_key_and_a_temporary_one_sign_in() -> Result<()> {
    with(plain, async |ground| {
        let secret = ground.server.key("LTAIkey", "");
        let (auth, data) = by_key("LTAIkey", &secret, None);
        ground.secret("ltaikey", &data).await?;
        ground.syncs("by-key", &auth).await?;
        let (secret, token) = ground.server.temporary_key("STStemporary", "");
        let (auth, data) = by_key("STStemporary", &secret, Some(&token));
        ground.secret("ststemporary", &data).await?;
        ground.syncs("by-temporary-key", &auth).await
    })
    .await
}

#[tokio::test]
async fn a_service_account_signs_in_once_and_its_refused_keys_are_had_anew() -> Result<()> {
    with(plain, async |ground| {
        ground.account("app").await?;
        let mut rrsa = ground.trust("app")?;
        rrsa["serviceAccountRef"] = json!({"name": "app"});
        ground.syncs("by-account", &json!({"rrsa": rrsa})).await?;
        // One that no role trusts has nothing, and asks once in a while.
        ground.account("stranger").await?;
        rrsa["serviceAccountRef"] = json!({"name": "stranger"});
        ground.server.put("kept", b"kept");
        ground.store("by-stranger", &json!({"rrsa": rrsa})).await?;
        ground.create(&external_secret("kept", "by-stranger", SECOND, &[("password", "kept")])).await?;
        let refused = |asked: &Asked| {
            asked.operation == SIGN_IN && asked.code.as_deref() == Some("AuthenticationFail.NoPermission")
        };
        let start = std::time::Instant::now();
        while !ground.server.asked().iter().any(refused) && start.elapsed() < SOON {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(ground.server.asked().iter().any(refused), "the stranger was not refused");
        assert!(ground.namespace.api::<Secret>().get_opt("kept").await?.is_none());
        // Keys that are revoked under the session are had anew, without a change of the store.
        rrsa["serviceAccountRef"] = json!({"name": "app"});
        ground.server.put("again", b"first");
        ground.create(&external_secret("again", "by-account", SECOND, &[("password", "again")])).await?;
        ground.await_value("again", "first").await?;
        tokio::time::sleep(Duration::from_secs(11)).await;
        ground.server.revoke("STS.");
        ground.server.put("again", b"second");
        ground.await_value("again", "second").await
    })
    .await
}

#[tokio::test]
async fn the_operators_own_token_serves_stores_that_name_its_path_and_no_other() -> Result<()> {
    let path = Scratch::new("alibaba-token", false)?;
    let file = path.path().join("token");
    let own = file.display().to_string();
    with(
        |launch, _, _| Ok(launch.variable("ALIBABA_CLOUD_OIDC_TOKEN_FILE", own.clone())),
        async |ground| {
            ground.account("own").await?;
            let mut rrsa = ground.trust("own")?;
            let request = json!({"spec": {"audiences": ["sts.aliyuncs.com"], "expirationSeconds": 3600}});
            let request: k8s_openapi::api::authentication::v1::TokenRequest = serde_json::from_value(request)?;
            let accounts = ground.namespace.api::<k8s_openapi::api::core::v1::ServiceAccount>();
            let token = accounts.create_token_request("own", &kube::api::PostParams::default(), &request).await?;
            std::fs::write(&file, token.status.context("a token")?.token)?;
            rrsa["oidcTokenFilePath"] = own.clone().into();
            ground.syncs("by-own-token", &json!({"rrsa": rrsa})).await?;
            rrsa["oidcTokenFilePath"] = "/etc/hostname".into();
            ground.store("by-other-file", &json!({"rrsa": rrsa})).await?;
            let words = "no file that a store names is read";
            ground.namespace.await_words("SecretStore", "by-other-file", words).await
        },
    )
    .await
}

#[tokio::test]
async fn the_instances_role_and_the_operators_own_key_sign_in() -> Result<()> {
    with(plain, async |ground| {
        ground.server.instance_role("node");
        ground.syncs("by-instance", &json!({"instanceRole": {}})).await?;
        ground.syncs("by-default", &json!({})).await
    })
    .await?;
    with(
        |launch, server, _| {
            let secret = server.key("LTAIown", "");
            Ok(launch
                .variable("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAIown")
                .variable("ALIBABA_CLOUD_ACCESS_KEY_SECRET", secret))
        },
        async |ground| {
            ground.syncs("by-own-key", &json!({})).await?;
            let signed = ground.server.asked();
            assert!(signed.iter().filter(|asked| asked.operation == READ).all(|asked| asked.key == "LTAIown"));
            assert_eq!(ground.sign_ins(), 0);
            Ok(())
        },
    )
    .await
}

#[tokio::test]
async fn an_instances_gateway_is_believed_by_the_stores_authority_only() -> Result<()> {
    with(plain, async |ground| {
        let secret = ground.server.key("LTAIkey", "");
        let (auth, data) = by_key("LTAIkey", &secret, None);
        ground.secret("ltaikey", &data).await?;
        let with_ca = |bundle: &str| {
            let instance = json!({"id": "kst-hzz62ee817bvyyr5xefx7", "caBundle": STANDARD.encode(bundle)});
            json!({"regionID": REGION, "auth": auth, "instance": instance})
        };
        ground.store_of("by-gateway", &with_ca(ground.wire.authority())).await?;
        ground.syncs_by("by-gateway").await?;
        let foreign = Wire::start(Upstream::plain(ground.server.address()), &[]).await?;
        ground.store_of("by-foreign", &with_ca(foreign.authority())).await?;
        ground.namespace.await_words("SecretStore", "by-foreign", "signed by nobody who is trusted").await
    })
    .await
}

#[tokio::test]
async fn tags_and_names_are_found_with_one_page_for_a_hundred() -> Result<()> {
    with(plain, async |ground| {
        let secret = ground.server.key("LTAIkey", "");
        let (auth, data) = by_key("LTAIkey", &secret, None);
        ground.secret("ltaikey", &data).await?;
        ground.store("alibaba", &auth).await?;
        for number in 0..150 {
            ground.server.put(&format!("noise-{number:03}"), b"noise");
        }
        for name in ["team/a", "team/b", "other/c"] {
            ground.server.put(name, name.as_bytes());
            ground.server.tag(name, &[("env".to_owned(), "prod".to_owned())].into());
        }
        let mut manifest = external_secret("found", "alibaba", SECOND, &[]);
        manifest["spec"]["data"] = Value::Null;
        manifest["spec"]["dataFrom"] = json!([{"find": {"path": "team/", "tags": {"env": "prod"}}}]);
        ground.create(&manifest).await?;
        let both = |secret: Option<&Secret>| {
            let keys = secret.and_then(|secret| secret.data.as_ref());
            keys.is_some_and(|data| data.keys().collect::<Vec<_>>() == ["team_a", "team_b"])
        };
        ground.namespace.await_condition("found", both, SOON).await?;
        let asked = ground.server.asked();
        let read: BTreeSet<_> =
            asked.iter().filter(|asked| asked.operation == READ).map(|asked| asked.about.as_str()).collect();
        assert_eq!(read, BTreeSet::from([VALIDATION, "team/a", "team/b"]), "only what matches is read");
        let pages = asked.iter().filter(|asked| asked.operation == "ListSecrets").count();
        assert!(pages >= 2, "{pages} pages of 153 secrets");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_thousand_keys_are_a_thousand_reads_a_round_and_no_sign_in() -> Result<()> {
    with(plain, async |ground| {
        ground.account("app").await?;
        let mut rrsa = ground.trust("app")?;
        rrsa["serviceAccountRef"] = json!({"name": "app"});
        ground.store("alibaba", &json!({"rrsa": rrsa})).await?;
        let names: Vec<String> = (0..KEYS).map(|number| format!("k{number}")).collect();
        for name in &names {
            ground.server.put(name, b"value");
        }
        put_thousand(ground.namespace, "alibaba", &names).await?;
        let sign_ins = ground.sign_ins();
        let log = async || {
            let read = |asked: &Asked| asked.operation == READ && asked.about != VALIDATION;
            Ok(Log::of(ground.server.asked().into_iter().filter(read).map(|asked| asked.about)))
        };
        watch(&names, log).await?.cost_at_most(KEYS)?;
        assert_eq!(ground.sign_ins(), sign_ins);
        Ok(())
    })
    .await
}
