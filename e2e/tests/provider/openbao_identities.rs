//! Vault and OpenBao signed in to as somebody whom somebody else knows: AWS, Google Cloud, a directory. The methods of the
//! clouds are Vault's own, as plugins of OpenBao, and they ask moto and `keyferry_e2e::gcp` who it is.

use anyhow::{Context, Result};
use http::Method;
use keyferry_e2e::aws::{AccessKey, Account, REGION};
use keyferry_e2e::fixtures::{API_VERSION, is_ready};
use keyferry_e2e::gcp::{Machine, Provider, der};
use keyferry_e2e::ldap::{Directory, Person};
use keyferry_e2e::namespace::await_in;
use keyferry_e2e::openbao::{shared, shared_before};
use keyferry_e2e::operator::Launch;
use keyferry_e2e::settings::Settings;
use keyferry_e2e::tools::Tool;
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use super::gcp::{Cloud, PROJECT};
use super::openbao_sync::{Ground, SOON, on, on_a_cluster, syncs};

const SERVER_ID: &str = "vault.example.com";
const READER: &str = "reader@p1.iam.gserviceaccount.com";
const MACHINE: &str = "node@p1.iam.gserviceaccount.com";
const REFUSED: &str = "the server refused to sign in";

/// Waits until a store says that it is not ready, and why.
async fn told(ground: &Ground<'_>, store: &str, why: &str) -> Result<()> {
    let says = |store: Option<&DynamicObject>| {
        store.is_some_and(|store| !is_ready(&store.data) && store.data.to_string().contains(why))
    };
    await_in(ground.namespace.dynamic(API_VERSION, "SecretStore"), store, says, SOON).await.map(|_| ())
}

/// Vault's method `aws` at the mount `kind`, which asks `account`; its role is `app`, bound to `principal`.
async fn aws_method(ground: &Ground<'_>, account: &Account, kind: &str, principal: &str) -> Result<String> {
    let mount = ground.mount(kind);
    ground.server.plug(&mount, Tool::VaultAuthAws, &[]).await?;
    let config = json!({
        "sts_endpoint": account.moto.url(), "sts_region": REGION, "iam_endpoint": account.moto.url(),
        "iam_server_id_header_value": SERVER_ID,
    });
    ground.server.call(Method::POST, &format!("auth/{mount}/config/client"), config).await?;
    let role = json!({
        "auth_type": "iam", "bound_iam_principal_arn": [principal], "resolve_aws_unique_ids": false,
        "token_policies": [ground.name], "token_ttl": "1h",
    });
    ground.server.call(Method::POST, &format!("auth/{mount}/role/app"), role).await?;
    Ok(mount)
}

fn iam(mount: &str, more: &Value) -> Value {
    let mut iam = json!({"path": mount, "region": REGION, "vaultRole": "app", "vaultAwsIamServerID": SERVER_ID});
    iam.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    json!({"iam": iam})
}

/// Puts an access key into a Secret, and answers the `secretRef` that reads it.
async fn keys(ground: &Ground<'_>, name: &str, key: &AccessKey) -> Result<Value> {
    ground.secret(name, &json!({"id": key.id, "key": key.secret})).await?;
    let at = |key: &str| json!({"name": name, "key": key});
    Ok(json!({"accessKeyIDSecretRef": at("id"), "secretAccessKeySecretRef": at("key")}))
}

#[tokio::test]
async fn an_aws_access_key_signs_in_and_so_does_a_role_that_it_assumes() -> Result<()> {
    let account = Account::start(&Settings::from_environment()).await?;
    let user = "arn:aws:iam::123456789012:user/app";
    let may = json!(["sts:GetCallerIdentity", "sts:AssumeRole"]);
    let key = account.user("app", &may).await?;
    let trust = json!([{
        "Effect": "Allow", "Principal": {"AWS": user}, "Action": ["sts:AssumeRole"],
        "Condition": {"StringEquals": {"sts:ExternalId": "the-id"}},
    }]);
    let role = account.role("reader", &may, &trust).await?;
    on(
        shared().await?,
        |_, launch| Ok(launch.aws_at(&account.moto.url())),
        async |ground| {
            let secret_ref = keys(ground, "aws", &key).await?;
            let mount = aws_method(ground, &account, "aws", user).await?;
            syncs(ground, "vault", Some(&mount), &iam(&mount, &json!({"secretRef": secret_ref}))).await?;

            let assumed = aws_method(ground, &account, "aws-role", &role).await?;
            let more = json!({"secretRef": secret_ref, "role": role, "externalID": "the-id"});
            syncs(ground, "vault", Some(&assumed), &iam(&assumed, &more)).await?;

            // Whoever is not who they say they are is refused, and every refusal says by whom.
            let forged = AccessKey { secret: format!("{}x", key.secret), ..key.clone() };
            let forged = keys(ground, "forged", &forged).await?;
            let role_of = |id: &str| json!({"secretRef": secret_ref, "role": role, "externalID": id});
            for (store, auth, why) in [
                ("forged", iam(&mount, &json!({"secretRef": forged})), REFUSED),
                ("elsewhere", iam(&mount, &json!({"secretRef": secret_ref, "vaultAwsIamServerID": "other"})), REFUSED),
                ("not-bound", iam(&assumed, &json!({"secretRef": secret_ref})), REFUSED),
                ("no-role", iam(&mount, &json!({"secretRef": secret_ref, "vaultRole": "none"})), REFUSED),
                ("no-trust", iam(&assumed, &role_of("another")), "could not assume role"),
                (
                    "no-region",
                    iam(&mount, &json!({"secretRef": secret_ref, "region": "eu central"})),
                    "auth.iam.region",
                ),
            ] {
                ground.store(store, "vault", &auth).await?;
                told(ground, store, why).await.with_context(|| store.to_owned())?;
            }
            Ok(())
        },
    )
    .await
}

/// An operator that AWS and Google Cloud know.
fn known(account: &Account, key: &AccessKey, launch: Launch) -> Launch {
    let launch = launch.aws_at(&account.moto.url()).variable("AWS_ACCESS_KEY_ID", key.id.clone());
    launch.variable("AWS_SECRET_ACCESS_KEY", key.secret.clone())
}

#[tokio::test]
async fn a_cluster_store_without_keys_signs_in_as_the_operator_by_aws_and_by_google() -> Result<()> {
    let account = Account::start(&Settings::from_environment()).await?;
    let key = account.user("operator", &json!(["sts:GetCallerIdentity"])).await?;
    let cloud = cloud().await?;
    on_a_cluster(
        shared().await?,
        |namespace, launch| cloud.tell(namespace, known(&account, &key, launch)),
        async |ground| {
            let mount = aws_method(ground, &account, "aws", "arn:aws:iam::123456789012:user/operator").await?;
            syncs(ground, "vault", Some(&mount), &iam(&mount, &json!({}))).await?;
            let mount = gcp_method(ground, &cloud, "gcp", MACHINE, "60m").await?;
            syncs(ground, "vault", Some(&mount), &gcp(&mount, &json!({}))).await?;
            assert!(cloud.google.count("Metadata", "identity") >= 1);
            Ok(())
        },
    )
    .await
}

#[tokio::test]
async fn a_store_of_a_namespace_signs_in_as_its_service_account_and_never_as_the_operator() -> Result<()> {
    let account = Account::start(&Settings::from_environment()).await?;
    let may = json!(["sts:GetCallerIdentity"]);
    let key = account.user("operator", &may).await?;
    let trust = json!([{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole"]}]);
    let role = account.role("app", &may, &trust).await?;
    on(
        shared().await?,
        |_, launch| Ok(known(&account, &key, launch)),
        async |ground| {
            let mount = aws_method(ground, &account, "aws", "arn:aws:iam::123456789012:user/operator").await?;
            ground.store("own", "vault", &iam(&mount, &json!({}))).await?;
            told(ground, "own", "shown to no server that a SecretStore names").await?;
            assert_eq!(ground.sign_ins(&mount)?, 0);

            // moto takes no token of a ServiceAccount while it checks signatures.
            account.moto.check_after(usize::MAX).await?;
            let metadata = json!({"name": "app", "annotations": {"eks.amazonaws.com/role-arn": role}});
            ground.create(&json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})).await?;
            let mount = aws_method(ground, &account, "aws-account", &role).await?;
            let auth = iam(&mount, &json!({"jwt": {"serviceAccountRef": {"name": "app"}}}));
            syncs(ground, "vault", Some(&mount), &auth).await
        },
    )
    .await
}

/// Vault's method `gcp` at the mount `kind`, which asks `cloud`; its role is `app`, bound to `email`, and takes JWTs that are
/// good for `most` at most.
async fn gcp_method(ground: &Ground<'_>, cloud: &Cloud, kind: &str, email: &str, most: &str) -> Result<String> {
    let mount = ground.mount(kind);
    let url = format!("http://{}", cloud.google.address());
    let own = cloud.google.service_account("vault@p1.iam.gserviceaccount.com", PROJECT, &format!("{url}/token"))?;
    // As a file: of credentials in its configuration the method forgets where they are exchanged.
    let own = ground.namespace.plane().scratch().write(&format!("{mount}.json"), own.to_string())?;
    let variable = format!("GOOGLE_APPLICATION_CREDENTIALS={}", own.display());
    ground.server.plug(&mount, Tool::VaultAuthGcp, &[variable]).await?;
    let config = json!({"custom_endpoint": {"api": url, "iam": url}});
    ground.server.call(Method::POST, &format!("auth/{mount}/config"), config).await?;
    let role = json!({
        "type": "iam", "bound_service_accounts": [email], "max_jwt_exp": most,
        "token_policies": [ground.name], "token_ttl": "1h",
    });
    ground.server.call(Method::POST, &format!("auth/{mount}/role/app"), role).await?;
    Ok(mount)
}

fn gcp(mount: &str, more: &Value) -> Value {
    let mut gcp = json!({"path": mount, "role": "app"});
    gcp.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    json!({"gcp": gcp})
}

/// Google Cloud, and one of its machines.
async fn cloud() -> Result<Cloud> {
    let cloud = Cloud::start().await?;
    cloud.google.state().machine = Machine {
        project: PROJECT.to_owned(),
        cluster: "blue".to_owned(),
        location: "europe-west3".to_owned(),
        email: MACHINE.to_owned(),
    };
    Ok(cloud)
}

#[tokio::test]
async fn keys_and_workload_identities_of_google_cloud_sign_in() -> Result<()> {
    let cloud = cloud().await?;
    on(
        shared().await?,
        |namespace, launch| cloud.tell(namespace, launch),
        async |ground| {
            let token_uri = format!("{}/token", cloud.wire.url());
            let file = cloud.google.service_account(READER, PROJECT, &token_uri)?;
            let mut forged = cloud.google.service_account("other@p1.iam.gserviceaccount.com", PROJECT, &token_uri)?;
            forged["client_email"] = READER.into();
            ground.secret("key", &json!({"key.json": file.to_string(), "forged.json": forged.to_string()})).await?;
            let key = |key: &str| json!({"secretRef": {"secretAccessKeySecretRef": {"name": "key", "key": key}}});
            let mount = gcp_method(ground, &cloud, "gcp", READER, "15m").await?;
            syncs(ground, "vault", Some(&mount), &gcp(&mount, &key("key.json"))).await?;
            ground.store("forged", "vault", &gcp(&mount, &key("forged.json"))).await?;
            told(ground, "forged", REFUSED).await?;

            let metadata = json!({"name": "app", "annotations": {"iam.gke.io/gcp-service-account": READER}});
            ground.create(&json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})).await?;
            let pool = format!("{PROJECT}.svc.id.goog");
            let public =
                std::fs::read_to_string(ground.namespace.plane().scratch().path().join("service-account.pub"))?;
            let cluster =
                format!("https://container.googleapis.com/v1/projects/{PROJECT}/locations/europe-west3/clusters/blue");
            let provider = Provider::Oidc {
                issuer: keyferry_e2e::control_plane::ISSUER.to_owned(),
                key: der(&public)?,
                audiences: vec![pool.clone()],
                pool: pool.clone(),
            };
            cloud.google.state().providers.insert(format!("identitynamespace:{pool}:{cluster}"), provider);
            cloud.google.state().let_act(&format!("{pool}[{}/app]", ground.name), READER);
            let by_cluster = gcp_method(ground, &cloud, "gcp-cluster", READER, "15m").await?;
            let more = json!({"workloadIdentity": {"serviceAccountRef": {"name": "app"}}});
            syncs(ground, "vault", Some(&by_cluster), &gcp(&by_cluster, &more)).await?;
            assert!(cloud.google.count("SignJwt", READER) >= 1, "{:#?}", cloud.google.asked());

            let by_machine = gcp_method(ground, &cloud, "gcp-machine", MACHINE, "60m").await?;
            ground.store("not-bound", "vault", &gcp(&by_machine, &key("key.json"))).await?;
            told(ground, "not-bound", REFUSED).await
        },
    )
    .await
}

#[tokio::test]
async fn a_person_of_a_directory_signs_in_by_password() -> Result<()> {
    let ann = Person { name: "ann", password: "pass word:1", group: "apps" };
    let directory = Directory::start(&Settings::from_environment(), &[ann]).await?;
    on(shared_before().await?, |_, launch| Ok(launch), async |ground| {
        let mount = ground.mount("ldap");
        ground.server.enable(&mount, "ldap").await?;
        let config = json!({
            "url": directory.url(), "userdn": directory.people(), "userattr": "uid",
            "groupdn": directory.groups(), "groupattr": "cn", "token_ttl": "1h",
        });
        ground.server.call(Method::POST, &format!("auth/{mount}/config"), config).await?;
        let group = json!({"policies": ground.name});
        ground.server.call(Method::POST, &format!("auth/{mount}/groups/apps"), group).await?;
        ground.secret("ann", &json!({"password": "wrong", "right": ann.password})).await?;
        let auth = |name: &str, key: &str| {
            json!({"ldap": {"path": mount, "username": name, "secretRef": {"name": "ann", "key": key}}})
        };
        syncs(ground, "vault", Some(&mount), &auth("ann", "right")).await?;
        let binds = directory.binds("ann")?;
        assert!(binds >= 1, "the directory was not asked");
        for (store, auth) in [("wrong", auth("ann", "password")), ("nobody", auth("bob", "right"))] {
            ground.store(store, "vault", &auth).await?;
            told(ground, store, REFUSED).await?;
        }
        assert!(directory.binds("ann")? > binds, "the directory was not asked about a wrong password");
        // A password that is put right in the Secret is taken.
        let patch = json!({"stringData": {"password": ann.password}});
        let api = ground.namespace.api::<k8s_openapi::api::core::v1::Secret>();
        api.patch("ann", &PatchParams::default(), &Patch::Merge(&patch)).await?;
        let ready = |store: Option<&DynamicObject>| store.is_some_and(|store| is_ready(&store.data));
        await_in(ground.namespace.dynamic(API_VERSION, "SecretStore"), "wrong", ready, SOON).await.map(|_| ())
    })
    .await
}
