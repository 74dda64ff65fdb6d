//! Signing in: every way, once for all calls, and what a refusal costs.

use super::*;

fn account() -> Value {
    json!({"authType": "WorkloadIdentity", "serviceAccountRef": {"name": "app", "audiences": ["more"]}})
}

fn annotated(names: &[(&str, &str)]) -> Arc<Keyring> {
    let keyring = keyring();
    keyring.annotate("app", "unrelated", "x");
    for (name, value) in names {
        keyring.annotate("app", &format!("azure.workload.identity/{name}"), value);
    }
    keyring
}

async fn signed_in(of: Value, keyring: Arc<Keyring>, settings: Settings) -> Result<Asked, String> {
    let answers = [vec![token("t", 3600)], vec![secret("v")]];
    let session = session_within(AMPLE, settings, of, keyring, answers).await.map_err(|error| error.to_string())?;
    assert_eq!(session.provider.validate().await, Ok(Validity::Valid));
    assert!(session.asked().is_empty(), "a validation signs in and reads nothing");
    assert_eq!(session.read(key("a")).await, Ok("v".into()));
    Ok(session.sign_ins().remove(0))
}

#[tokio::test]
async fn a_service_principal_shows_its_secret() {
    let asked = signed_in(principal(), keyring(), Settings::default()).await.unwrap();
    assert_eq!(asked.request, "POST /tenant/oauth2/v2.0/token");
    assert_eq!(asked.headers["content-type"], "application/x-www-form-urlencoded");
    let scope = "https%3A%2F%2Fvault%2Eazure%2Enet%2F%2Edefault";
    let body = format!("grant_type=client%5Fcredentials&client_id=client&scope={scope}&client_secret=pass%26word");
    assert_eq!(asked.body, body);
}

#[tokio::test]
async fn a_service_account_shows_a_token_for_entra_and_says_whose_it_is() {
    let both = annotated(&[("client-id", "app-id"), ("tenant-id", "app-tenant")]);
    let answers = [vec![token("t", 3600)], vec![secret("v")]];
    let session = session_within(AMPLE, Settings::default(), account(), both, answers).await.unwrap();
    session.read(key("a")).await.unwrap();
    let asked = session.sign_ins().remove(0);
    assert_eq!(asked.request, "POST /app-tenant/oauth2/v2.0/token");
    assert!(
        asked.body.contains("client_id=app%2Did&") && asked.body.contains("client_assertion=token%2D0&"),
        "{asked:?}"
    );
    assert!(asked.body.contains("client_assertion_type=urn%3Aietf"), "{asked:?}");
    let audiences = ["api://AzureADTokenExchange", "more"].map(str::to_owned).to_vec();
    assert_eq!(session.keyring.tokens(), [("app".to_owned(), audiences)]);
}

#[tokio::test]
async fn the_ids_of_a_service_account_come_from_where_eso_takes_them() {
    let request = async |more: Value, names: &[(&str, &str)], settings: Settings| {
        let mut of = account();
        of.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        signed_in(of, annotated(names), settings).await.map(|asked| asked.request)
    };
    let (client, tenant) = (("client-id", "c"), ("tenant-id", "t"));
    let operators = || Settings { tenant: Some("own".into()), ..Settings::default() };
    let from_secret = json!({"authSecretRef": {
        "clientId": {"name": "azure", "key": "id"}, "tenantId": {"name": "azure", "key": "tenant"},
    }});
    for (more, names, settings, wanted) in [
        (json!({}), vec![client, tenant], operators(), "POST /t/oauth2/v2.0/token"),
        (json!({"tenantId": "spec"}), vec![client], operators(), "POST /spec/oauth2/v2.0/token"),
        (json!({}), vec![client], operators(), "POST /own/oauth2/v2.0/token"),
        (from_secret, vec![], Settings::default(), "POST /tenant-of-secret/oauth2/v2.0/token"),
    ] {
        assert_eq!(request(more, &names, settings).await.as_deref(), Ok(wanted));
    }
    for (more, names, words) in [
        (json!({}), vec![tenant], "azure.workload.identity/client-id"),
        (json!({}), vec![client], "azure.workload.identity/tenant-id"),
        (json!({"tenantId": "spec"}), vec![client, tenant], "names another tenant"),
        (json!({"tenantId": "a/b"}), vec![client], "it is no id"),
    ] {
        let refused = request(more, &names, Settings::default()).await.unwrap_err();
        assert!(refused.contains(words), "{refused}");
    }
}

#[tokio::test]
async fn the_operators_own_workload_identity_is_read_from_its_file_each_time() {
    let file = std::path::Path::new("/tmp").join(format!("keyferry-azure-{:x}", rand::random::<u64>()));
    std::fs::write(&file, "own-token\n").unwrap();
    let settings = Settings {
        client: Some("own-client".into()),
        tenant: Some("own-tenant".into()),
        token_file: Some(file.clone()),
        ..Settings::default()
    };
    let of = json!({"authType": "WorkloadIdentity"});
    let asked = signed_in(of.clone(), keyring(), settings.clone()).await.unwrap();
    assert_eq!(asked.request, "POST /own-tenant/oauth2/v2.0/token");
    assert!(asked.body.contains("client_assertion=own%2Dtoken&"), "{asked:?}");
    std::fs::remove_file(&file).unwrap();
    let answers = [vec![token("t", 3600)], vec![secret("v")]];
    let session = session_within(AMPLE, settings, of.clone(), keyring(), answers).await.unwrap();
    assert_eq!(session.kind(key("a")).await, Some(Kind::Unauthenticated));
    let refused = signed_in(of, keyring(), Settings::default()).await.unwrap_err();
    assert!(refused.contains("AZURE_FEDERATED_TOKEN_FILE"), "{refused}");
}

#[tokio::test]
async fn a_managed_identity_asks_the_machine() {
    let asked = signed_in(json!({"authType": "ManagedIdentity"}), keyring(), Settings::default()).await.unwrap();
    let path = "GET /metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net";
    assert_eq!((asked.request.as_str(), &asked.headers["metadata"]), (path, &"true".parse().unwrap()));
    let of = json!({"authType": "ManagedIdentity", "identityId": "id-1"});
    let asked = signed_in(of, keyring(), Settings::default()).await.unwrap();
    assert_eq!(asked.request, format!("{path}&client_id=id-1"));
}

#[tokio::test]
async fn a_store_that_names_no_way_or_two_is_refused() {
    let at = |key: &str| json!({"name": "azure", "key": key});
    for (of, words) in [
        (json!({}), "tenantId"),
        (json!({"tenantId": "t"}), "authSecretRef"),
        (json!({"tenantId": "t", "authSecretRef": {"clientSecret": at("secret")}}), "clientId"),
        (json!({"tenantId": "t", "authSecretRef": {"clientId": at("id")}}), "neither"),
        (
            json!({"tenantId": "t", "authSecretRef": {
                "clientId": at("id"), "clientSecret": at("secret"), "clientCertificate": at("secret"),
            }}),
            "both",
        ),
        (
            json!({"tenantId": "t", "authSecretRef": {"clientId": at("id"), "clientCertificate": at("secret")}}),
            "no certificate with its RSA key",
        ),
        (json!({"authType": "ManagedIdentity", "identityId": "a&b"}), "identityId"),
    ] {
        let refused = signed_in(of, keyring(), Settings::default()).await.unwrap_err();
        assert!(refused.contains(words) && !refused.contains("pass&word"), "{refused}");
    }
}

#[tokio::test]
async fn one_sign_in_serves_all_reads_however_many_begin_at_once() {
    let session = session(vec![secret("v")]).await;
    let reads = (0..50).map(|number| session.read(key(&format!("k{number}"))));
    assert!(futures::future::join_all(reads).await.iter().all(Result::is_ok));
    assert_eq!((session.sign_ins().len(), session.asked().len()), (1, 50));
}

#[tokio::test]
async fn a_token_is_renewed_ahead_of_its_end_and_kept_while_another_cannot_be_had() {
    let down = Answer::Json(500, "{}".to_owned());
    let logins = vec![token("t1", 100), token("t2", 100), down.clone(), down, token("t3", 100)];
    let session = session_of(principal(), [logins, vec![secret("v")]]).await;
    let read = async || {
        session.read(key("a")).await.unwrap();
        let asked = session.asked().remove(0);
        (asked.rsplit(' ').next().unwrap().to_owned(), session.sign_ins().len())
    };
    assert_eq!(read().await, ("t1".to_owned(), 1));
    pass(60).await;
    assert_eq!(read().await, ("t1".to_owned(), 0));
    pass(8).await;
    assert_eq!(read().await, ("t2".to_owned(), 1));
    pass(68).await;
    assert_eq!(read().await, ("t2".to_owned(), 1), "the sign-in is down, and the old one is good");
    assert_eq!(read().await, ("t2".to_owned(), 0), "and it is not tried again at once");
    pass(33).await;
    assert_eq!(session.kind(key("a")).await, Some(Kind::Unavailable), "it has ended");
    pass(11).await;
    assert_eq!(read().await.0, "t3");
}

#[tokio::test]
async fn a_refused_sign_in_is_not_tried_again_at_once_and_is_everybodys_answer() {
    let body = json!({"error": "invalid_client", "error_codes": [7_000_215], "error_description": CANARY});
    let refusal = Answer::Json(401, body.to_string());
    let session = session_of(principal(), [vec![refusal], vec![secret("v")]]).await;
    let answers = futures::future::join_all((0..20).map(|_| session.kind(key("a")))).await;
    assert!(answers.iter().all(|kind| *kind == Some(Kind::Unauthenticated)));
    let told = session.provider.validate().await.unwrap_err();
    assert!(told.to_string().contains("AADSTS7000215"), "{told}");
    assert_eq!((session.sign_ins().len(), session.asked().len()), (1, 0));
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_replaced_once_and_a_missing_right_costs_no_sign_in() {
    let not_accepted = || error(401, "Unauthorized", "");
    let logins = vec![token("t1", 3600), token("t2", 3600), token("t3", 3600)];
    let answers = vec![not_accepted(), secret("v"), not_accepted()];
    let session = session_of(principal(), [logins, answers]).await;
    assert_eq!(session.read(key("a")).await, Ok("v".into()));
    assert_eq!((session.sign_ins().len(), session.asked().len()), (2, 2));
    for _ in 0..5 {
        assert_eq!(session.kind(key("a")).await, Some(Kind::Unauthenticated));
    }
    assert_eq!((session.sign_ins().len(), session.asked().len()), (0, 5), "the vault accepts no token of this tenant");
    pass(301).await;
    assert_eq!(session.kind(key("a")).await, Some(Kind::Unauthenticated));
    assert_eq!(session.sign_ins().len(), 1);
}

/// A session whose vault is asked what its tokens are for, and says this.
async fn asking(challenge: impl Fn(&str) -> String) -> Session {
    let (vault, login) = (Canned::start(Vec::new()).await, Canned::start(vec![token("t", 3600)]).await);
    vault.script([Answer::Headed(401, vec![("www-authenticate", challenge(&vault.url))]), secret("v")]);
    let (ledger, keyring) = (Arc::new(Ledger::default()), keyring());
    let settings = Process { http: Http { reach: Reach::Loopback }, ..Process::default() };
    let environment = Box::pin(Environment::new(ledger.clone(), settings)).await;
    let at = |url: &str| Server::parse(url).unwrap();
    let place = Place { vault: at(&vault.url), authority: at(&login.url), is_chosen: false, resource: None };
    let provider = Box::pin(connect(&spec(&principal()), place, keyring.clone(), &environment)).await.unwrap();
    Session { provider, vault, login, ledger, keyring }
}

#[tokio::test]
async fn a_vault_of_a_cloud_of_the_stores_own_says_once_what_its_tokens_are_for() {
    let session = asking(|vault| format!("Bearer authorization=\"https://a\", resource=\"{vault}\"")).await;
    for _ in 0..3 {
        assert_eq!(session.read(key("a")).await, Ok("v".into()));
    }
    let asked = session.asked();
    assert_eq!((asked.len(), asked[0].as_str()), (4, "GET /secrets?api-version=7.4 "));
    let sign_ins = session.sign_ins();
    assert!(sign_ins.len() == 1 && sign_ins[0].body.contains("&scope=http%3A%2F%2F127%2E0%2E0%2E1%3A"), "{sign_ins:?}");
}

#[tokio::test]
async fn a_vault_that_says_its_tokens_are_for_another_place_is_shown_none() {
    for resource in ["https://management.azure.com", "https://vault.azure.net", "", "x"] {
        let session = asking(|_| format!("Bearer resource=\"{resource}\"")).await;
        assert_eq!(session.kind(key("a")).await, Some(Kind::Invalid), "{resource}");
        assert!(session.sign_ins().is_empty());
    }
}

#[test]
fn a_session_is_a_consumers_own_where_a_selector_that_is_read_names_no_namespace() {
    let depends = |of: Value| depends_on_consumer(&spec(&of));
    let at = |namespace: Option<&str>| json!({"name": "azure", "key": "k", "namespace": namespace});
    let fixed = || at(Some("team"));
    for (of, wanted) in [
        (json!({"authSecretRef": {"clientId": fixed(), "clientSecret": fixed()}}), false),
        (json!({"authSecretRef": {"clientId": at(None), "clientSecret": fixed()}}), true),
        (json!({"authSecretRef": {"clientId": fixed(), "clientSecret": at(Some(""))}}), true),
        (json!({"authSecretRef": {"clientId": fixed(), "clientCertificate": at(None)}}), true),
        (json!({"authType": "ManagedIdentity", "authSecretRef": {"clientId": at(None)}}), false),
        (json!({"authType": "WorkloadIdentity"}), false),
        (json!({"authType": "WorkloadIdentity", "serviceAccountRef": {"name": "a"}}), true),
        (json!({"authType": "WorkloadIdentity", "serviceAccountRef": {"name": "a", "namespace": "b"}}), false),
        (
            json!({"authType": "WorkloadIdentity", "serviceAccountRef": {"name": "a", "namespace": "b"},
                "authSecretRef": {"tenantId": at(None), "clientId": fixed()}}),
            true,
        ),
    ] {
        assert_eq!(depends(of.clone()), wanted, "{of}");
    }
}
