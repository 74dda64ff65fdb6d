//! Signing in as an identity of a cloud.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::*;
use crate::provider::canned::Asked;
use crate::provider::{aws, gcp};

const ROLE: &str = "arn:aws:iam::1:role/app";

fn keys() -> Value {
    let at = |key: &str| json!({"name": "aws", "key": key});
    json!({"accessKeyIDSecretRef": at("id"), "secretAccessKeySecretRef": at("key"), "sessionTokenSecretRef": at("session")})
}

fn clouds() -> Keyring {
    let keyring = Keyring::default();
    for (key, value) in [("id", "AKIDEXAMPLE"), ("key", CANARY), ("session", "session-1"), ("broken", "a b")] {
        keyring.set("aws", key, value);
    }
    keyring.annotate("app", "eks.amazonaws.com/role-arn", ROLE);
    keyring.annotate("plain", "unrelated", "x");
    keyring.annotate("cluster", "iam.gke.io/gcp-service-account", "app@p1.iam.gserviceaccount.com");
    keyring
}

/// What the server was asked, and what the cloud was.
async fn sign_in(auth: Value, keyring: Keyring, cloud: Vec<Answer>) -> Result<(Vec<Asked>, Vec<Asked>), Error> {
    sign_in_by(StoreKind::ClusterSecretStore, auth, keyring, cloud).await
}

async fn sign_in_by(
    store_kind: StoreKind,
    auth: Value,
    keyring: Keyring,
    cloud: Vec<Answer>,
) -> Result<(Vec<Asked>, Vec<Asked>), Error> {
    let server = Canned::start(vec![token("t1", 3600, true), secret(json!({}))]).await;
    let cloud = Canned::start(cloud).await;
    let url = Some(cloud.url.clone());
    let settings = Settings {
        deadline: AMPLE,
        http: Http { reach: Reach::Loopback },
        aws: aws::Settings { sts_endpoint: url.clone(), ..aws::Settings::default() },
        gcp: gcp::Settings {
            sts: url.clone(),
            iam_credentials: url.clone(),
            token: url,
            metadata_host: cloud.url.strip_prefix("http://").map(str::to_owned),
            ..gcp::Settings::default()
        },
        ..Settings::default()
    };
    let environment = Box::pin(Environment::new(Arc::new(Ledger::default()), settings)).await;
    let spec = VaultProvider { server: server.url.clone(), ..spec(auth) };
    let context = Context { store_kind, ..Context::default() };
    let provider = Box::pin(open(&spec, &context, Arc::new(keyring), &environment)).await?;
    provider.read_many(&[key("a")]).await.remove(0)?;
    assert!(!format!("{provider:?}").contains(CANARY), "{provider:?}");
    Ok((server.asked(), cloud.asked()))
}

fn body(asked: &Asked) -> Value {
    assert!(!asked.body.contains(CANARY));
    serde_json::from_str(&asked.body).unwrap()
}

/// A member of the body in base64.
fn decoded(body: &Value, name: &str) -> String {
    let text = String::from_utf8(STANDARD.decode(body[name].as_str().unwrap()).unwrap()).unwrap();
    assert!(!text.contains(CANARY));
    text
}

fn assumed(operation: &str) -> Answer {
    let credentials = format!(
        "<Credentials><AccessKeyId>ASIA-{operation}</AccessKeyId><SecretAccessKey>{CANARY}</SecretAccessKey>\
         <SessionToken>s</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>"
    );
    let xml =
        format!("<{operation}Response><{operation}Result>{credentials}</{operation}Result></{operation}Response>");
    Answer::Text(200, "text/xml", xml)
}

#[tokio::test]
async fn an_access_key_signs_a_question_that_the_server_asks() {
    let auth = json!({"iam": {
        "path": "corp/aws", "vaultRole": "r", "region": "eu-central-1", "vaultAwsIamServerID": "vault.example.com",
        "secretRef": keys(),
    }});
    let (asked, _) = sign_in(auth, clouds(), vec![]).await.unwrap();
    assert_eq!(asked[0].request, "POST /v1/auth/corp/aws/login");
    let body = body(&asked[0]);
    assert_eq!(
        body.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["iam_http_request_method", "iam_request_body", "iam_request_headers", "iam_request_url", "role"]
    );
    assert_eq!((&body["role"], &body["iam_http_request_method"]), (&json!("r"), &json!("POST")));
    assert_eq!(decoded(&body, "iam_request_url"), "https://sts.eu-central-1.amazonaws.com/");
    assert_eq!(decoded(&body, "iam_request_body"), "Action=GetCallerIdentity&Version=2011-06-15");
    let headers: Value = serde_json::from_str(&decoded(&body, "iam_request_headers")).unwrap();
    assert_eq!(headers["x-vault-aws-iam-server-id"], json!(["vault.example.com"]));
    assert_eq!(headers["x-amz-security-token"], json!(["session-1"]));
    let signed = headers["authorization"][0].as_str().unwrap();
    for part in [
        "Credential=AKIDEXAMPLE/",
        "/eu-central-1/sts/aws4_request",
        "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-vault-aws-iam-server-id,",
    ] {
        assert!(signed.contains(part), "{part}: {signed}");
    }
}

#[tokio::test]
async fn a_service_account_and_a_role_go_before_keys_and_the_region_is_vaults() {
    let auth = json!({"iam": {
        "vaultRole": "r", "role": "arn:aws:iam::2:role/last", "externalID": "e-1", "secretRef": keys(),
        "jwt": {"serviceAccountRef": {"name": "app"}},
    }});
    let answers = vec![assumed("AssumeRoleWithWebIdentity"), assumed("AssumeRole")];
    let (asked, cloud) = sign_in(auth, clouds(), answers).await.unwrap();
    for (asked, parts) in cloud.iter().zip([
        ["Action=AssumeRoleWithWebIdentity", "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fapp", "WebIdentityToken=token-0"],
        ["Action=AssumeRole&", "RoleArn=arn%3Aaws%3Aiam%3A%3A2%3Arole%2Flast", "ExternalId=e-1"],
    ]) {
        for part in parts.into_iter().chain(["RoleSessionName=external-secrets-provider-vault"]) {
            assert!(asked.body.contains(part), "{part}: {}", asked.body);
        }
    }
    assert_eq!(cloud.len(), 2);
    assert_eq!(asked[0].request, "POST /v1/auth/aws/login");
    let body = body(&asked[0]);
    assert_eq!(decoded(&body, "iam_request_url"), "https://sts.amazonaws.com/");
    let headers = decoded(&body, "iam_request_headers");
    assert!(headers.contains("Credential=ASIA-AssumeRole/") && headers.contains("/us-east-1/sts/"), "{headers}");
    assert!(!headers.contains("server-id"), "{headers}");
}

#[tokio::test]
async fn a_store_of_a_namespace_shows_no_server_the_operators_own_identity() {
    for (auth, field, cure) in [
        (json!({"iam": {"vaultRole": "r", "role": ROLE}}), "`spec.provider.vault.auth.iam`", "jwt or secretRef"),
        (
            json!({"gcp": {"role": "r", "serviceAccountRef": {"name": "app"}}}),
            "`spec.provider.vault.auth.gcp`",
            "workloadIdentity or secretRef",
        ),
    ] {
        let refused = sign_in_by(StoreKind::SecretStore, auth, clouds(), vec![]).await.map(|_| ()).unwrap_err();
        let text = refused.to_string();
        assert!(text.contains(field) && text.contains(cure) && text.contains("ClusterSecretStore"), "{text}");
        assert_eq!(refused.kind, Kind::Invalid);
    }
    let auth = json!({"iam": {"vaultRole": "r", "secretRef": keys()}});
    assert!(sign_in_by(StoreKind::SecretStore, auth, clouds(), vec![]).await.is_ok());
}

#[tokio::test]
async fn an_identity_that_cannot_be_had_names_the_field_or_the_role() {
    let iam = |more: Value| {
        let mut iam = json!({"vaultRole": "r"});
        iam.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"iam": iam})
    };
    let mut without_id = keys();
    without_id.as_object_mut().unwrap().remove("accessKeyIDSecretRef");
    let mut broken = keys();
    broken["secretAccessKeySecretRef"]["key"] = "broken".into();
    let denied = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>m</Message></Error></ErrorResponse>";
    for (auth, said) in [
        (iam(json!({"region": "eu central", "secretRef": keys()})), "spec.provider.vault.auth.iam.region"),
        (iam(json!({"path": "../aws", "secretRef": keys()})), "spec.provider.vault.auth.iam.path"),
        (iam(json!({"vaultAwsIamServerID": "a\nb", "secretRef": keys()})), "auth.iam.vaultAwsIamServerID"),
        (iam(json!({"secretRef": without_id})), "spec.provider.vault.auth.iam.secretRef.accessKeyIDSecretRef"),
        (iam(json!({"secretRef": broken})), "spec.provider.vault.auth.iam.secretRef.secretAccessKeySecretRef"),
        (iam(json!({"jwt": {}})), "spec.provider.vault.auth.iam.jwt.serviceAccountRef"),
        (iam(json!({"jwt": {"serviceAccountRef": {"name": "plain"}}})), "eks.amazonaws.com/role-arn"),
        (iam(json!({"role": ROLE, "secretRef": keys()})), "check that the role exists"),
        (json!({"gcp": {"role": "r", "secretRef": {}}}), "spec.provider.vault.auth.gcp.secretRef"),
        (json!({"gcp": {"role": ""}}), "spec.provider.vault.auth.gcp.role"),
        (
            json!({"gcp": {"role": "r", "workloadIdentity": {"serviceAccountRef": {"name": "plain"}}}}),
            "iam.gke.io/gcp-service-account",
        ),
        (json!({"gcp": {"role": "r", "serviceAccountRef": {"name": "app"}}}), "no metadata server answers here"),
    ] {
        let error = sign_in(auth.clone(), clouds(), vec![Answer::Text(403, "text/xml", denied.into())]).await;
        let error = error.map(|_| ()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(said) && text.starts_with("HashiCorp/Vault"), "{auth}: {text}");
        assert!(!text.contains(CANARY), "{text}");
    }
}

/// The claims of a JWT, and whether a key has signed it.
fn claims(jwt: &str, public: &[u8]) -> (Value, bool) {
    let (signed, signature) = jwt.rsplit_once('.').unwrap();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public);
    let good = key.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).is_ok();
    let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
    (serde_json::from_slice(&claims).unwrap(), good)
}

#[tokio::test]
async fn a_service_accounts_key_signs_for_one_role_of_the_server() {
    let keyring = clouds();
    let (file, public) = gcp::signer::tests::file(&json!({}));
    keyring.set("gcp", "key.json", &file.to_string());
    let auth = json!({"gcp": {
        "path": "corp/gcp", "role": "r",
        "secretRef": {"secretAccessKeySecretRef": {"name": "gcp", "key": "key.json"}},
    }});
    let (asked, cloud) = sign_in(auth, keyring, vec![]).await.unwrap();
    assert_eq!(asked[0].request, "POST /v1/auth/corp/gcp/login");
    let body = body(&asked[0]);
    assert_eq!(body["role"], "r");
    let (claims, good) = claims(body["jwt"].as_str().unwrap(), &public);
    assert!(good);
    assert_eq!((&claims["aud"], &claims["sub"]), (&json!("vault/r"), &json!("app@p1.iam.gserviceaccount.com")));
    let (issued, end) = (claims["iat"].as_u64().unwrap(), claims["exp"].as_u64().unwrap());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(issued <= now && now - issued < 60 && end == issued + 600, "{claims}");
    // Google is not asked: the server does that.
    assert!(cloud.is_empty());
}

#[tokio::test]
async fn a_clusters_service_account_has_its_jwt_signed_by_google() {
    let auth = json!({"gcp": {"role": "r", "projectID": "other", "workloadIdentity": {
        "serviceAccountRef": {"name": "cluster"},
        "clusterProjectID": "p1", "clusterName": "blue", "clusterLocation": "europe-west3",
    }}});
    let answers = vec![
        ok(json!({"access_token": "bound", "expires_in": 3600})),
        ok(json!({"accessToken": "acting", "expireTime": "2999-01-01T00:00:00Z"})),
        ok(json!({"keyId": "k", "signedJwt": "header.claims.signature"})),
    ];
    let (asked, cloud) = sign_in(auth, clouds(), answers).await.unwrap();
    assert_eq!(body(&asked[0]), json!({"role": "r", "jwt": "header.claims.signature"}));
    let requests: Vec<_> = cloud.iter().map(|asked| asked.request.as_str()).collect();
    let account = "/v1/projects/-/serviceAccounts/app@p1.iam.gserviceaccount.com";
    assert_eq!(
        requests,
        [
            "POST /v1/identitybindingtoken".to_owned(),
            format!("POST {account}:generateAccessToken"),
            format!("POST {account}:signJwt")
        ]
    );
    let pool = "identitynamespace:p1.svc.id.goog:https://container.googleapis.com/v1/projects/p1/locations/";
    let audience = body(&cloud[0])["audience"].as_str().unwrap().to_owned();
    assert_eq!(audience, format!("{pool}europe-west3/clusters/blue"));
    assert_eq!(cloud[2].authorization, "Bearer acting");
    let payload = body(&cloud[2])["payload"].as_str().unwrap().to_owned();
    let claims: Value = serde_json::from_str(&payload).unwrap();
    assert_eq!((&claims["aud"], &claims["sub"]), (&json!("vault/r"), &json!("app@p1.iam.gserviceaccount.com")));
}

#[tokio::test]
async fn a_machine_has_a_token_of_its_metadata_server_that_names_server_and_role() {
    let auth = json!({"gcp": {"role": "r", "serviceAccountRef": {"name": "app"}}});
    let (asked, cloud) = sign_in(auth, clouds(), vec![Answer::Machine("a.b.c\n".into())]).await.unwrap();
    assert_eq!(body(&asked[0]), json!({"role": "r", "jwt": "a.b.c"}));
    let server = format!("http%3A%2F%2F{}%2Fvault%2Fr", header(&asked[0].headers, "host").replace(':', "%3A"));
    let place = "/computeMetadata/v1/instance/service-accounts/default/identity";
    assert_eq!(cloud[0].request, format!("GET {place}?audience={server}&format=full"));
    assert_eq!(header(&cloud[0].headers, "metadata-flavor"), "Google");
}
