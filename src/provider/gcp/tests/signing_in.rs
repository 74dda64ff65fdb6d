//! Every way to have a token, and how long it is kept.

use super::*;
use crate::provider::Validity;
use crate::provider::canned::Answer;

const POOL: &str = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/k8s";

fn form(asked: &Asked) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://a/?{}", asked.body)).unwrap();
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

fn member(fields: &[(String, String)], name: &str) -> String {
    fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

/// The requests of one sign-in and the read after it, which must show the token `t`.
async fn sign_in(keyring: Arc<Keyring>, spec: GcpSmProvider, grants: Vec<Answer>) -> Vec<Asked> {
    let session = open_with(keyring, AMPLE, spec, [grants, vec![payload(b"1")]].concat()).await.unwrap();
    session.read(key("a")).await.unwrap();
    session.read(key("a")).await.unwrap();
    let mut asked = session.server.asked();
    let reads = asked.split_off(asked.len() - 2);
    assert!(reads.iter().all(|read| header(read, "authorization") == "Bearer t"), "{reads:?}");
    asked
}

async fn refusal(keyring: Arc<Keyring>, spec: GcpSmProvider) -> Error {
    open_with(keyring, AMPLE, spec, vec![token("t", 3600)]).await.map(|_| ()).unwrap_err()
}

fn requests(asked: &[Asked]) -> Vec<&str> {
    asked.iter().map(|asked| asked.request.as_str()).collect()
}

#[tokio::test]
async fn a_service_accounts_key_signs_and_is_never_sent() {
    let asked = sign_in(keyring(), spec(with_key()), vec![token("t", 3600)]).await;
    assert_eq!(requests(&asked), ["POST /token"]);
    let fields = form(&asked[0]);
    assert_eq!(member(&fields, "grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
    assert_eq!(member(&fields, "assertion").split('.').count(), 3);
    assert_eq!(header(&asked[0], "content-type"), "application/x-www-form-urlencoded");
}

#[tokio::test]
async fn a_keys_project_is_the_stores_where_it_names_none() {
    let spec = GcpSmProvider { project_id: None, ..spec(with_key()) };
    let session = signed_in(spec, vec![payload(b"1")]).await;
    session.read(key("a")).await.unwrap();
    assert_eq!(session.asked(), ["GET /v1/projects/p1/secrets/a/versions/latest:access Bearer t1"]);
}

#[tokio::test]
async fn a_key_that_names_another_token_server_is_refused_before_anything_is_sent() {
    let keyring = Keyring::default();
    let file = signer::tests::file(&json!({"token_uri": "https://tokens.evil.example/token"})).0;
    keyring.set("gcp", "key.json", &file.to_string());
    let error = refusal(Arc::new(keyring), spec(with_key())).await;
    assert_eq!(error.kind, Kind::Unauthenticated);
    assert!(error.cause.contains("token_uri"), "{error}");
}

fn cluster(more: Value) -> GcpSmProvider {
    let mut auth = json!({"workloadIdentity": {"serviceAccountRef": {"name": "app"}}});
    for (name, value) in more.as_object().unwrap() {
        auth["workloadIdentity"][name] = value.clone();
    }
    spec(auth)
}

#[tokio::test]
async fn a_gke_service_account_is_bound_to_its_cluster_and_acts_as_its_annotation_says() {
    let keyring = keyring();
    keyring.annotate("app", "iam.gke.io/gcp-service-account", "app@p1.iam.gserviceaccount.com");
    let spec = cluster(json!({"clusterProjectID": "c1", "clusterLocation": "europe-west3", "clusterName": "blue"}));
    let generated = ok(json!({"accessToken": "t", "expireTime": "2999-01-01T00:00:00Z"}));
    let asked = sign_in(keyring.clone(), spec, vec![token("bound", 3600), generated]).await;
    let account = "/v1/projects/-/serviceAccounts/app@p1.iam.gserviceaccount.com:generateAccessToken";
    assert_eq!(requests(&asked), ["POST /v1/identitybindingtoken".to_owned(), format!("POST {account}")]);
    let body: Value = serde_json::from_str(&asked[0].body).unwrap();
    let provider = "https://container.googleapis.com/v1/projects/c1/locations/europe-west3/clusters/blue";
    assert_eq!(body["audience"], format!("identitynamespace:c1.svc.id.goog:{provider}"));
    assert_eq!(body["subject_token"], "token-0");
    assert_eq!(header(&asked[1], "authorization"), "Bearer bound");
    assert_eq!(keyring.tokens(), [("app".to_owned(), vec!["c1.svc.id.goog".to_owned()])]);
}

fn flavored(text: &str) -> Answer {
    Answer::Machine(text.to_owned())
}

#[tokio::test]
async fn what_the_store_does_not_say_of_its_cluster_the_metadata_server_does() {
    let keyring = keyring();
    keyring.annotate("app", "unrelated", "x");
    let told = ["c9", "us-east1", "green"].map(flavored).to_vec();
    let asked = sign_in(keyring, cluster(json!({})), [told, vec![token("t", 3600)]].concat()).await;
    assert_eq!(
        requests(&asked),
        [
            "GET /computeMetadata/v1/project/project-id",
            "GET /computeMetadata/v1/instance/attributes/cluster-location",
            "GET /computeMetadata/v1/instance/attributes/cluster-name",
            "POST /v1/identitybindingtoken",
        ]
    );
    assert_eq!(header(&asked[0], "metadata-flavor"), "Google");
    assert!(asked[3].body.contains("projects/c9/locations/us-east1/clusters/green"));
}

#[tokio::test]
async fn without_auth_the_token_is_the_machines() {
    let given = json!({"access_token": "t", "expires_in": 3000, "token_type": "Bearer"}).to_string();
    let spec = GcpSmProvider { auth: None, ..spec(json!(null)) };
    let asked = sign_in(keyring(), spec, vec![flavored(&given)]).await;
    let scope = "scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform";
    let path = format!("GET /computeMetadata/v1/instance/service-accounts/default/token?{scope}");
    assert_eq!(requests(&asked), [path]);
}

#[tokio::test]
async fn what_is_no_metadata_server_gives_no_token() {
    let spec = GcpSmProvider { auth: None, ..spec(json!(null)) };
    let session = session_of(spec, vec![token("t", 3600)]).await;
    assert_eq!(session.kind(key("a")).await, Some(Kind::Unauthenticated));
    assert_eq!(session.asked().len(), 1);
}

fn federation(more: Value) -> GcpSmProvider {
    spec(json!({"workloadIdentityFederation": more}))
}

#[tokio::test]
async fn a_federated_service_account_shows_a_token_for_its_pool_and_nobody_else() {
    for (account, audiences) in [
        (json!({"name": "app"}), vec![format!("https:{POOL}")]),
        (json!({"name": "app", "audiences": ["mine"]}), vec!["mine".to_owned()]),
    ] {
        let keyring = keyring();
        keyring.annotate("app", "unrelated", "x");
        let spec = federation(json!({"audience": POOL, "serviceAccountRef": account}));
        let asked = sign_in(keyring.clone(), spec, vec![token("t", 3600)]).await;
        assert_eq!(requests(&asked), ["POST /v1/token"]);
        let fields = form(&asked[0]);
        assert_eq!(member(&fields, "audience"), POOL);
        assert_eq!(member(&fields, "subject_token"), "token-0");
        assert_eq!(member(&fields, "subject_token_type"), "urn:ietf:params:oauth:token-type:jwt");
        assert_eq!(keyring.tokens(), [("app".to_owned(), audiences)]);
    }
}

#[tokio::test]
async fn the_account_that_a_store_names_goes_before_that_of_an_annotation() {
    let keyring = keyring();
    keyring.annotate("app", "iam.gke.io/gcp-service-account", "other@p1.iam.gserviceaccount.com");
    let mut auth = json!({"audience": POOL, "serviceAccountRef": {"name": "app"}});
    auth["gcpServiceAccountEmail"] = "app@p1.iam.gserviceaccount.com".into();
    let generated = ok(json!({"accessToken": "t", "expireTime": "2999-01-01T00:00:00Z"}));
    let asked = sign_in(keyring, federation(auth), vec![token("x", 3600), generated]).await;
    assert!(asked[1].request.contains("/serviceAccounts/app@p1."), "{}", asked[1].request);
}

#[tokio::test]
async fn aws_keys_are_a_signed_request_and_are_never_sent() {
    let keyring = keyring();
    keyring.set("aws", "aws_access_key_id", "AKIDEXAMPLE");
    keyring.set("aws", "aws_secret_access_key", CANARY);
    keyring.set("aws", "aws_session_token", "session");
    let spec = federation(json!({
        "audience": POOL,
        "awsSecurityCredentials": {"awsCredentialsSecretRef": {"name": "aws"}, "region": "eu-central-1"},
    }));
    let asked = sign_in(keyring, spec, vec![token("t", 3600)]).await;
    let fields = form(&asked[0]);
    assert_eq!(member(&fields, "subject_token_type"), "urn:ietf:params:aws:token-type:aws4_request");
    let token = member(&fields, "subject_token");
    assert!(!token.contains(CANARY));
    let escaped = reqwest::Url::parse(&format!("http://a/?x={token}")).unwrap();
    let request: Value = serde_json::from_str(&escaped.query_pairs().next().unwrap().1).unwrap();
    assert_eq!(request["url"], "https://sts.eu-central-1.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15");
    assert_eq!(request["method"], "POST");
    let value = |name: &str| {
        let headers = request["headers"].as_array().unwrap();
        headers.iter().find(|header| header["key"] == name).map(|header| header["value"].as_str().unwrap().to_owned())
    };
    assert_eq!(value("host").as_deref(), Some("sts.eu-central-1.amazonaws.com"));
    assert_eq!(value("x-goog-cloud-target-resource").as_deref(), Some(POOL));
    assert_eq!(value("x-amz-security-token").as_deref(), Some("session"));
    let signed = value("authorization").unwrap();
    assert!(
        signed.contains("SignedHeaders=host;x-amz-date;x-amz-security-token;x-goog-cloud-target-resource"),
        "{signed}"
    );
}

fn config(source: Value, more: Value) -> Arc<Keyring> {
    let mut config = json!({
        "type": "external_account",
        "audience": POOL,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": source,
    });
    for (name, value) in more.as_object().unwrap() {
        config[name] = value.clone();
    }
    let keyring = Keyring::default();
    keyring.set("wif", "config.json", &config.to_string());
    Arc::new(keyring)
}

#[tokio::test]
async fn a_configured_token_comes_from_the_url_that_the_store_names_too() {
    let server = Canned::start(vec![ok(json!({"id": {"not": "text"}, "value": "subject"}))]).await;
    let url = format!("{}/token?audience=x", server.url);
    let source = json!({
        "url": url,
        "headers": {"x-mine": "1"},
        "format": {"type": "json", "subject_token_field_name": "value"},
    });
    let act = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/app@p1.iam.gserviceaccount.com\
               :generateAccessToken";
    let keyring = config(source, json!({"service_account_impersonation_url": act}));
    let spec = federation(json!({"credConfig": {"name": "wif", "key": "config.json"}, "externalTokenEndpoint": url}));
    let generated = ok(json!({"accessToken": "t", "expireTime": "2999-01-01T00:00:00Z"}));
    let asked = sign_in(keyring, spec, vec![token("x", 3600), generated]).await;
    let fetched = server.asked();
    assert_eq!(requests(&fetched), ["GET /token?audience=x"]);
    assert_eq!(header(&fetched[0], "x-mine"), "1");
    assert_eq!(member(&form(&asked[0]), "subject_token"), "subject");
}

#[tokio::test]
async fn a_configuration_may_not_choose_files_programs_machines_or_token_servers() {
    let named = json!({"url": "http://127.0.0.1:1/t"});
    let store = |endpoint: &str| {
        federation(json!({"credConfig": {"name": "wif", "key": "config.json"}, "externalTokenEndpoint": endpoint}))
    };
    for (source, more, word) in [
        (json!({"file": "/var/run/secrets/token"}), json!({}), "credential_source.file"),
        (json!({"executable": {"command": "id"}}), json!({}), "credential_source.executable"),
        (json!({"environment_id": "aws1", "url": "http://169.254.169.254/"}), json!({}), "awsSecurityCredentials"),
        (json!({"certificate": {}}), json!({}), "certificate"),
        (json!({"url": "http://127.0.0.1:2/t"}), json!({}), "externalTokenEndpoint"),
        (named.clone(), json!({"type": "authorized_user"}), "type"),
        (named.clone(), json!({"token_url": "https://sts.evil.example/v1/token"}), "token_url"),
        (named.clone(), json!({"universe_domain": "evil.example"}), "universe_domain"),
        (named.clone(), json!({"service_account_impersonation_url": "https://evil.example/x"}), "impersonation"),
        (named.clone(), json!({"workforce_pool_user_project": "1"}), "workforce"),
        (json!({"url": "http://127.0.0.1:1/t", "headers": {"host": "a"}}), json!({}), "headers"),
    ] {
        let error = refusal(config(source.clone(), more), store("http://127.0.0.1:1/t")).await;
        assert_eq!(error.kind, Kind::Unauthenticated, "{source}");
        assert!(error.cause.contains(word), "{word}: {error}");
    }
    let metadata = "http://169.254.169.254/latest/meta-data";
    let error = refusal(config(json!({"url": metadata}), json!({})), store(metadata)).await;
    assert!(error.cause.contains("externalTokenEndpoint") && error.kind == Kind::Invalid, "{error}");
}

#[tokio::test]
async fn exactly_one_source_of_an_identity_must_be_named() {
    let account = json!({"name": "app"});
    for auth in [
        json!({"audience": POOL}),
        json!({"audience": POOL, "serviceAccountRef": account, "credConfig": {"name": "wif", "key": "config.json"}}),
        json!({"serviceAccountRef": account}),
    ] {
        assert_eq!(refusal(keyring(), federation(auth)).await.kind, Kind::Invalid);
    }
}

#[tokio::test]
async fn one_sign_in_serves_all_reads_however_many_begin_at_once() {
    let session = session_of(spec(with_key()), vec![token("t1", 3600), payload(b"1")]).await;
    let reads = (0..50).map(|number| session.read(key(&format!("k{number}"))));
    assert!(futures::future::join_all(reads).await.iter().all(Result::is_ok));
    let asked = session.asked();
    assert_eq!((asked[0].as_str(), asked.len()), ("POST /token -", 51));
    assert_eq!(session.provider.validate().await, Ok(Validity::Valid));
    assert!(session.asked().is_empty(), "a session that has a token is valid");
}

#[tokio::test]
async fn a_refused_sign_in_is_not_tried_again_at_once_and_is_everybodys_answer() {
    let refused = Answer::Json(400, json!({"error": "invalid_grant", "error_description": CANARY}).to_string());
    let session = session_of(spec(with_key()), vec![refused, token("t1", 3600), payload(b"1")]).await;
    let kinds = futures::future::join_all((0..20).map(|_| session.kind(key("a")))).await;
    assert!(kinds.iter().all(|kind| *kind == Some(Kind::Unauthenticated)));
    assert_eq!(session.asked(), ["POST /token -"]);
    // The session's next try comes a default interval later at the earliest, give or take a tick, and is a real one.
    pass(Duration::from_secs(9)).await;
    assert_eq!(session.read(key("a")).await, Ok("1".into()));
}

#[tokio::test]
async fn a_token_is_replaced_ahead_of_its_end_and_used_on_while_it_cannot_be() {
    let broken = error(503, "UNAVAILABLE", "x");
    let answers = vec![payload(b"1"), broken, payload(b"1"), token("t2", 3600), payload(b"1")];
    let session = session(answers).await;
    let read = async || {
        session.read(key("a")).await.unwrap();
        session.asked().iter().map(|asked| asked.split(' ').next_back().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(read().await, ["t1"]);
    pass(Duration::from_mins(57)).await;
    assert_eq!(read().await, ["-", "t1"]);
    pass(Duration::from_secs(11)).await;
    assert_eq!(read().await, ["-", "t2"]);
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_replaced_once_and_the_read_made_once_more() {
    let answers = || vec![error(401, "UNAUTHENTICATED", "x"), token("t2", 3600), error(401, "UNAUTHENTICATED", "x")];
    let session = session([answers(), vec![payload(b"1")]].concat()).await;
    // A token that was given just now is not replaced: each poll would be a sign-in.
    assert_eq!(session.kind(key("a")).await, Some(Kind::Unauthenticated));
    assert_eq!(session.asked().len(), 1);
    let session = super::session(vec![error(401, "UNAUTHENTICATED", "x"), token("t2", 3600), payload(b"1")]).await;
    pass(Duration::from_secs(11)).await;
    assert_eq!(session.read(key("a")).await, Ok("1".into()));
    assert_eq!(session.asked().len(), 3);
}

#[tokio::test]
async fn a_denied_read_costs_no_sign_in() {
    let session = session(vec![error(403, "PERMISSION_DENIED", "x")]).await;
    pass(Duration::from_secs(11)).await;
    assert_eq!(session.kind(key("a")).await, Some(Kind::Denied));
    assert_eq!(session.asked().len(), 1);
}

#[test]
fn a_store_depends_on_its_consumer_where_a_selector_it_needs_names_no_namespace() {
    let depends = |auth: Value| depends_on_consumer(&spec(auth));
    let at = |namespace: &str| json!({"name": "x", "key": "k", "namespace": namespace});
    assert!(depends(with_key()));
    assert!(!depends(json!({"secretRef": {"secretAccessKeySecretRef": at("n")}})));
    assert!(depends(json!({"workloadIdentity": {"serviceAccountRef": {"name": "x"}}})));
    assert!(!depends(json!({"workloadIdentity": {"serviceAccountRef": at("n")}})));
    for source in ["credConfig", "serviceAccountRef"] {
        assert!(depends(json!({"workloadIdentityFederation": {source: {"name": "x", "key": "k"}}})), "{source}");
        assert!(!depends(json!({"workloadIdentityFederation": {source: at("n")}})), "{source}");
    }
    let aws = |secret: Value| {
        json!({"workloadIdentityFederation": {"awsSecurityCredentials": {
        "awsCredentialsSecretRef": secret, "region": "r"}}})
    };
    assert!(depends(aws(json!({"name": "x"}))));
    assert!(!depends(aws(at("n"))));
    assert!(!depends(json!({})) && !depends(json!(null)));
    // The way that is not taken does not count.
    let mut both = with_key();
    both["secretRef"]["secretAccessKeySecretRef"]["namespace"] = "n".into();
    both["workloadIdentity"] = json!({"serviceAccountRef": {"name": "x"}});
    assert!(!depends(both));
}

#[tokio::test]
async fn no_debug_output_shows_a_credential() {
    let session = session(vec![payload(CANARY.as_bytes())]).await;
    session.read(key("a")).await.unwrap();
    let shown = format!("{:?} {:#?}", session.provider, session.provider);
    for hidden in [CANARY, "PRIVATE", "t1\""] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}
