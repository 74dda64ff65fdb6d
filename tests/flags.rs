//! The generated pages are what the binary says of itself, and every flag of External Secrets Operator is understood.

use std::fs;
use std::path::Path;

use keyferry::ops::cli::Flags;
use keyferry::ops::reference;

/// External Secrets Operator v2.9's flags with a value that its chart or a user may give.
const ESO: [&str; 47] = [
    "--metrics-addr=:8080",
    "--live-addr=:8082",
    "--metrics-auth=false",
    "--metrics-secure=false",
    "--metrics-cert-dir=/certs",
    "--metrics-cert-name=tls.crt",
    "--metrics-key-name=tls.key",
    "--controller-class=default",
    "--namespace=team",
    "--enable-leader-election",
    "--enable-leader-election=true",
    "--leader-election-id=external-secrets-controller",
    "--concurrent=1",
    "--client-qps=50",
    "--client-qps=0.5",
    "--client-burst=100",
    "--store-requeue-interval=5m0s",
    "--loglevel=info",
    "--loglevel=dpanic",
    "--zap-time-encoding=rfc3339nano",
    "--enable-http2=false",
    "--enable-secrets-caching=true",
    "--enable-configmaps-caching=true",
    "--enable-managed-secrets-caching=false",
    "--enable-secret-api-read-on-cache-mismatch=false",
    "--enable-flood-gate=false",
    "--enable-generator-state=false",
    "--enable-cluster-store-reconciler=false",
    "--enable-secret-store-reconciler=false",
    "--enable-cluster-external-secret-reconciler=false",
    "--enable-push-secret-reconciler=false",
    "--enable-cluster-push-secret-reconciler=false",
    "--enable-extended-metric-labels=true",
    "--unsafe-allow-generic-targets=true",
    "--template-left-delimiter=<<",
    "--template-right-delimiter=>>",
    "--generator-gc-grace-period=2m",
    "--enable-v2-providers=false",
    "--enable-vault-token-cache",
    "--vault-token-cache-size=262144",
    "--experimental-enable-vault-token-cache=true",
    "--experimental-vault-token-cache-size=5000",
    "--experimental-enable-aws-session-cache",
    "--experimental-enable-doppler-oidc-cache",
    "--experimental-doppler-oidc-cache-size=5",
    "--mysterybox-tokens-cache-size=5",
    "--mysterybox-connections-cache-size=5",
];

#[test]
fn every_flag_of_external_secrets_operator_is_read_alone_and_with_all_others() {
    for flag in ESO {
        Flags::read(["keyferry", flag]).unwrap_or_else(|error| panic!("{flag}: {error}"));
    }
    Flags::read(std::iter::once("keyferry").chain(ESO)).unwrap();
}

#[test]
fn a_flag_that_nobody_knows_is_refused() {
    let error = Flags::read(["keyferry", "--enable-everything"]).unwrap_err().to_string();
    assert!(error.contains("--enable-everything"), "{error}");
}

#[test]
fn the_generated_pages_are_up_to_date() {
    for (path, text) in reference::pages().unwrap() {
        let written = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_default();
        assert!(written == text, "{path} is out of date; run `cargo run --bin docgen`");
    }
}
