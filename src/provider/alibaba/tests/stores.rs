//! What a store's spec makes of a session: whom it believes, where it goes, with whom it is shared.

use super::*;
use crate::api::provider::{CaProvider, CaProviderType};

async fn refused(spec: AlibabaProvider) -> Error {
    session_within(AMPLE, spec, Own::default(), Answers::default()).await.err().unwrap()
}

#[tokio::test]
async fn a_region_and_an_instance_are_a_label_of_a_host_and_nothing_else() {
    for text in ["", "EU", "eu.evil.example", "eu/x", "eu:1", "eu@x", "eu\n", "e\u{fc}", &"a".repeat(64)] {
        let error = refused(AlibabaProvider { region_id: text.to_owned(), ..spec(with_key()) }).await;
        assert!(error.kind == Kind::Invalid && error.cause.contains("regionID"), "{text:?}: {error}");
        let instance = Some(AlibabaInstance { id: text.to_owned(), ..AlibabaInstance::default() });
        let error = refused(AlibabaProvider { instance, ..spec(with_key()) }).await;
        assert!(error.kind == Kind::Invalid && error.cause.contains("instance.id"), "{text:?}: {error}");
    }
}

#[tokio::test]
async fn a_store_that_cannot_sign_in_names_the_field() {
    let rrsa = |field: &str, value: Value| {
        let mut auth = with_account();
        auth["rrsa"][field] = value;
        auth
    };
    let mut file = with_account();
    file["rrsa"]["serviceAccountRef"] = Value::Null;
    file["rrsa"]["oidcTokenFilePath"] = "/etc/passwd".into();
    for (auth, field) in [
        (file, "auth.rrsa.oidcTokenFilePath"),
        (rrsa("roleArn", "app".into()), "auth.rrsa.roleArn"),
        (rrsa("roleArn", "acs:ram::1:role/a b".into()), "auth.rrsa.roleArn"),
        (rrsa("oidcProviderArn", "".into()), "auth.rrsa.oidcProviderArn"),
        (rrsa("sessionName", "a b".into()), "auth.rrsa.sessionName"),
        (json!({"instanceRole": {"roleName": "acs:ram::1:role/app"}}), "auth.instanceRole.roleName"),
        (json!({"instanceRole": {"roleName": "../x"}}), "auth.instanceRole.roleName"),
    ] {
        let error = refused(spec(auth.clone())).await;
        assert!(error.kind == Kind::Invalid && error.cause.contains(field), "{auth}: {error}");
    }
    for key in ["line", "none"] {
        let mut auth = with_key();
        auth["secretRef"]["accessKeyIDSecretRef"]["key"] = key.into();
        let error = refused(spec(auth)).await;
        assert!(error.kind == Kind::Unauthenticated && error.doing.contains("accessKeyIDSecretRef"), "{key}: {error}");
    }
}

#[tokio::test]
async fn what_eso_had_is_a_store_still() {
    let old: AlibabaProvider = serde_json::from_value(json!({
        "regionID": "eu-central-1",
        "auth": {"rrsa": {
            "oidcProviderArn": "acs:ram::1:oidc-provider/ack", "oidcTokenFilePath": "/token",
            "roleArn": "acs:ram::1:role/app", "sessionName": "app",
        }},
    }))
    .unwrap();
    let again: Value = serde_json::to_value(&old).unwrap();
    assert_eq!(again["auth"]["rrsa"]["oidcTokenFilePath"], "/token");
    let error = refused(old).await;
    assert!(
        error.cause.contains("serviceAccountRef") && error.cause.contains("ALIBABA_CLOUD_OIDC_TOKEN_FILE"),
        "{error}"
    );
}

fn cluster() -> Context {
    Context { store_kind: StoreKind::ClusterSecretStore, store_name: "s".into(), ..Context::default() }
}

#[test]
fn a_cluster_store_depends_on_its_consumer_where_a_selector_names_no_namespace() {
    let in_namespace = |pointer: &str, auth: Value| {
        let mut auth = auth;
        auth.pointer_mut(pointer).unwrap()["namespace"] = "given".into();
        auth
    };
    let with_token = |token: Value| {
        let auth = in_namespace("/secretRef/accessKeyIDSecretRef", with_key());
        let mut auth = in_namespace("/secretRef/accessKeySecretSecretRef", auth);
        auth["secretRef"]["securityTokenSecretRef"] = token;
        auth
    };
    let named = with_token(Value::Null);
    for (auth, depends) in [
        (with_key(), true),
        (in_namespace("/secretRef/accessKeyIDSecretRef", with_key()), true),
        (named, false),
        (with_token(json!({"name": "alibaba", "key": "token"})), true),
        (with_token(json!({"name": "alibaba", "key": "token", "namespace": "given"})), false),
        (with_account(), true),
        (in_namespace("/rrsa/serviceAccountRef", with_account()), false),
        (json!({"instanceRole": {}}), false),
        (json!({}), false),
    ] {
        assert_eq!(depends_on_consumer(&spec(auth.clone())), depends, "{auth}");
    }
}

#[tokio::test]
async fn a_cluster_store_names_the_namespace_of_its_gateways_authority() {
    let source = |namespace: Option<&str>| CaProvider {
        type_: CaProviderType::ConfigMap,
        name: "ca".into(),
        key: Some("ca.crt".into()),
        namespace: namespace.map(str::to_owned),
    };
    let of = |source| AlibabaInstance { id: "kst-1".into(), ca_provider: Some(source), ..AlibabaInstance::default() };
    let keyring = keyring();
    keyring.set("ca", "ca.crt", "pem");
    let error = trust(&of(source(None)), &cluster(), &*keyring).await.unwrap_err();
    assert!(error.cause.contains("instance.caProvider.namespace"), "{error}");
    trust(&of(source(Some("kms"))), &cluster(), &*keyring).await.unwrap();
    trust(&of(source(None)), &Context::default(), &*keyring).await.unwrap();
    let bundle = AlibabaInstance { id: "kst-1".into(), ca_bundle: Some("!".into()), ..AlibabaInstance::default() };
    let error = trust(&bundle, &cluster(), &*keyring).await.unwrap_err();
    assert!(error.cause.contains("instance.caBundle"), "{error}");
}

#[tokio::test]
async fn an_instances_gateway_is_asked_for_values_and_its_region_for_the_rest() {
    let (gateway, region) = (Canned::start([secret("1")]).await, Canned::start([gone()]).await);
    let alibaba = Settings {
        kms_endpoint: Some(region.url.clone()),
        instance_endpoint: Some(gateway.url.clone()),
        ..Settings::default()
    };
    let process = Process { alibaba, ..Process::default() };
    let environment = Box::pin(Environment::new(Arc::new(Ledger::default()), process)).await;
    let instance = Some(AlibabaInstance { id: "kst-1".into(), ..AlibabaInstance::default() });
    let spec = AlibabaProvider { instance, ..spec(with_key()) };
    let provider = Box::pin(open(&spec, &Context::default(), keyring(), &environment)).await.unwrap();
    assert_eq!(provider.read_many(&[key("a")]).await, [Ok("1".into())]);
    assert_eq!(provider.read_many(&[about("a")]).await[0].as_ref().unwrap_err().kind, Kind::NotFound);
    let actions =
        |server: &Canned| server.asked().iter().map(|asked| header(asked, "x-acs-action").to_owned()).collect();
    let (at_gateway, at_region): (Vec<String>, Vec<String>) = (actions(&gateway), actions(&region));
    assert_eq!((at_gateway, at_region), (vec!["GetSecretValue".to_owned()], vec!["DescribeSecret".to_owned()]));
}
