//! What a store's spec makes of a session: how it signs in, what it sends, with whom it is shared.

use super::*;

#[tokio::test]
async fn every_way_to_sign_in_sends_what_its_method_takes() {
    let account = json!({"name": "app", "namespace": "apps", "audiences": ["more"]});
    let at = |key: &str| json!({"name": "vault", "key": key});
    for (auth, path, body) in [
        (with_user(), "userpass/login/ann", json!({"password": "pass\"word"})),
        (
            json!({"ldap": {"path": "corp/ldap", "username": "a@b.c", "secretRef": at("password")}}),
            "corp/ldap/login/a@b.c",
            json!({"password": "pass\"word"}),
        ),
        (
            json!({"appRole": {"path": "approle", "roleId": "r", "secretRef": at("password")}}),
            "approle/login",
            json!({"role_id": "r", "secret_id": "pass\"word"}),
        ),
        (
            json!({"appRole": {"roleRef": at("id"), "secretRef": at("password")}}),
            "approle/login",
            json!({"role_id": "role-1", "secret_id": "pass\"word"}),
        ),
        (
            json!({"kubernetes": {"mountPath": "k8s", "role": "r", "serviceAccountRef": account}}),
            "k8s/login",
            json!({"role": "r", "jwt": "token-0"}),
        ),
        (
            json!({"kubernetes": {"mountPath": "kubernetes", "role": "r", "secretRef": {"name": "vault"}}}),
            "kubernetes/login",
            json!({"role": "r", "jwt": "given"}),
        ),
        (
            json!({"jwt": {"path": "jwt", "role": "r", "secretRef": at("jwt")}}),
            "jwt/login",
            json!({"role": "r", "jwt": "header.body.end"}),
        ),
        (
            json!({"jwt": {"path": "jwt", "kubernetesServiceAccountToken": {"serviceAccountRef": account, "audiences": ["own"]}}}),
            "jwt/login",
            json!({"jwt": "token-0"}),
        ),
    ] {
        let session = session(auth.clone(), vec![token("t1", 3600, true), secret(json!({}))]).await;
        assert_eq!(session.read(key("a")).await, Ok("{}".into()), "{auth}");
        let asked = session.server.asked();
        assert_eq!(asked[0].request, format!("POST /v1/auth/{path}"), "{auth}");
        assert_eq!(serde_json::from_str::<Value>(&asked[0].body).unwrap(), body, "{auth}");
        let audiences = if auth.get("jwt").is_some() { ["own", "more"] } else { ["vault", "more"] };
        for (name, asked) in session.keyring.tokens() {
            assert_eq!((name.as_str(), asked), ("app", audiences.map(str::to_owned).to_vec()));
        }
    }
}

#[tokio::test]
async fn a_token_is_requested_for_as_long_as_the_store_says() {
    let account = json!({"name": "app"});
    for (auth, life) in [
        (json!({"jwt": {"kubernetesServiceAccountToken": {"serviceAccountRef": account}}}), 600),
        (
            json!({"jwt": {"kubernetesServiceAccountToken": {"serviceAccountRef": account, "expirationSeconds": 1800}}}),
            1800,
        ),
        (json!({"kubernetes": {"role": "r", "serviceAccountRef": account}}), 3600),
    ] {
        let session = session(auth.clone(), vec![token("t1", 3600, true), secret(json!({}))]).await;
        session.read(key("a")).await.unwrap();
        assert_eq!(session.keyring.lives(), [Duration::from_secs(life)], "{auth}");
    }
}

#[tokio::test]
async fn a_store_that_cannot_sign_in_names_the_field() {
    for (auth, field) in [
        (json!({}), "spec.provider.vault.auth"),
        (json!({"kubernetes": {"mountPath": "k", "role": "r"}}), "auth.kubernetes.serviceAccountRef"),
        (
            json!({"userPass": {"path": "u", "username": "../root", "secretRef": {"name": "vault", "key": "id"}}}),
            "auth.userPass.path",
        ),
        (
            json!({"userPass": {"path": "../u", "username": "a", "secretRef": {"name": "vault", "key": "id"}}}),
            "auth.userPass.path",
        ),
        (json!({"userPass": {"path": "u", "username": "a"}}), "auth.userPass.secretRef"),
        (json!({"cert": {}}), "auth.cert.clientCert"),
        (
            json!({"jwt": {"kubernetesServiceAccountToken": {"serviceAccountRef": {"name": "a"}, "expirationSeconds": 599}}}),
            "auth.jwt.kubernetesServiceAccountToken.expirationSeconds",
        ),
    ] {
        let error = session_within(AMPLE, spec(auth.clone()), vec![ok(json!({}))]).await.err().unwrap();
        assert!(error.kind == Kind::Invalid && error.cause.contains(field), "{auth}: {error}");
    }
    let none = VaultProvider { auth: None, ..spec(json!({})) };
    assert!(session_within(AMPLE, none, vec![ok(json!({}))]).await.is_err());
}

#[tokio::test]
async fn namespaces_and_headers_are_sent_where_they_belong() {
    let mut store = spec(json!({"namespace": "admin", "userPass": with_user()["userPass"]}));
    store.namespace = Some("admin/team".into());
    store.headers.insert("X-Gate".into(), "open".into());
    store.forward_inconsistent = Some(true);
    let session = session_of(store, vec![token("t1", 3600, true), secret(json!({}))]).await;
    session.read(key("a")).await.unwrap();
    let asked = session.server.asked();
    for (asked, namespace) in asked.iter().zip(["admin", "admin/team"]) {
        assert_eq!(header(&asked.headers, "x-vault-namespace"), namespace);
        assert_eq!(header(&asked.headers, "x-gate"), "open");
        assert_eq!(header(&asked.headers, "x-vault-request"), "true");
        assert_eq!(header(&asked.headers, "x-vault-inconsistent"), "forward-active-node");
    }
    for name in ["Host", "x-vault-token", "X-Vault-Namespace", "Content-Length", "a b", "Transfer-Encoding"] {
        let mut store = spec(with_token());
        store.headers.insert(name.into(), "x".into());
        let error = session_within(AMPLE, store, vec![ok(json!({}))]).await.err().unwrap();
        assert!(error.cause.contains("spec.provider.vault.headers"), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_session_whose_token_is_not_its_stores_shares_with_nobody() {
    let depends = |auth: Value| depends_on_consumer(&spec(auth));
    let at = |namespace: Value| json!({"name": "a", "key": "b", "namespace": namespace});
    let account = |namespace: Value| json!({"name": "a", "namespace": namespace});
    for (given, open) in [
        (json!({"tokenSecretRef": at(json!("n"))}), json!({"tokenSecretRef": at(json!(null))})),
        (
            json!({"appRole": {"roleId": "r", "secretRef": at(json!("n"))}}),
            json!({"appRole": {"roleRef": at(json!(null)), "secretRef": at(json!("n"))}}),
        ),
        (
            json!({"kubernetes": {"role": "r", "serviceAccountRef": account(json!("n"))}}),
            json!({"kubernetes": {"role": "r", "serviceAccountRef": account(json!(null))}}),
        ),
        (
            json!({"kubernetes": {"role": "r", "secretRef": at(json!("n"))}}),
            json!({"kubernetes": {"role": "r", "secretRef": at(json!(""))}}),
        ),
        (
            json!({"ldap": {"username": "u", "secretRef": at(json!("n"))}}),
            json!({"ldap": {"username": "u", "secretRef": at(json!(null))}}),
        ),
        (
            json!({"userPass": {"username": "u", "secretRef": at(json!("n"))}}),
            json!({"userPass": {"username": "u", "secretRef": at(json!(null))}}),
        ),
        (json!({"jwt": {"secretRef": at(json!("n"))}}), json!({"jwt": {"secretRef": at(json!(null))}})),
        (
            json!({"jwt": {"kubernetesServiceAccountToken": {"serviceAccountRef": account(json!("n"))}}}),
            json!({"jwt": {"kubernetesServiceAccountToken": {"serviceAccountRef": account(json!(null))}}}),
        ),
        (
            json!({"cert": {"clientCert": at(json!("n")), "secretRef": at(json!("n"))}}),
            json!({"cert": {"clientCert": at(json!("n")), "secretRef": at(json!(null))}}),
        ),
        (
            json!({"iam": {"vaultRole": "r", "jwt": {"serviceAccountRef": account(json!("n"))}}}),
            json!({"iam": {"vaultRole": "r", "jwt": {"serviceAccountRef": account(json!(null))}}}),
        ),
        (
            json!({"iam": {"vaultRole": "r"}}),
            json!({"iam": {"vaultRole": "r", "secretRef": {"accessKeyIDSecretRef": at(json!(null))}}}),
        ),
        (
            json!({"gcp": {"role": "r", "serviceAccountRef": account(json!(null))}}),
            json!({"gcp": {"role": "r", "secretRef": {"secretAccessKeySecretRef": at(json!(null))}}}),
        ),
        (
            json!({"gcp": {"role": "r", "workloadIdentity": {"serviceAccountRef": account(json!("n"))}}}),
            json!({"gcp": {"role": "r", "workloadIdentity": {"serviceAccountRef": account(json!(null))}}}),
        ),
    ] {
        assert!(!depends(given.clone()), "{given}");
        assert!(depends(open.clone()), "{open}");
    }
    let mut store = spec(json!({"tokenSecretRef": at(json!("n"))}));
    store.tls =
        serde_json::from_value(json!({"certSecretRef": at(json!("n")), "keySecretRef": at(json!(null))})).unwrap();
    assert!(depends_on_consumer(&store));
}

#[tokio::test]
async fn a_shared_store_must_say_where_its_authorities_are() {
    let mut store = spec(with_token());
    store.server = "https://vault.example.com".into();
    store.ca_provider = serde_json::from_value(json!({"type": "ConfigMap", "name": "ca", "key": "k"})).unwrap();
    let context = Context { store_kind: StoreKind::ClusterSecretStore, ..Context::default() };
    let environment = environment(AMPLE, Arc::default()).await;
    let error = open(&store, &context, keyring(), &environment).await.err().unwrap();
    assert!(error.cause.contains("caProvider.namespace"), "{error}");
}

#[tokio::test]
async fn nothing_that_is_printed_shows_a_credential() {
    let mut store = spec(with_user());
    store.headers.insert("X-Gate".into(), "canary".into());
    let session = session_of(store, vec![token("canary", 3600, true), secret(json!({}))]).await;
    session.read(key("a")).await.unwrap();
    let shown = format!("{:?} {:#?}", session.provider, session.provider);
    assert!(!shown.contains("canary") && !shown.contains(r#"s\"w"#) && !shown.contains("s\"w"), "{shown}");
}
