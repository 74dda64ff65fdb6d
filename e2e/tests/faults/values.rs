use anyhow::{Context, Result};
use futures::FutureExt;
use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};

use super::canary;
use super::site::{self, Site};
use super::trial::trial;

/// More of these than a Secret can hold, and each as large as AWS allows.
const LARGE: usize = 60_000;

#[test]
fn a_remote_secret_that_is_not_there_is_named_with_the_cure() -> Result<()> {
    site::with(async |site| {
        let words = ["spec.data[0].remoteRef.key", "does not exist at the provider", "create it, or correct the key"];
        let renamed = async {
            site.sound("renamed", &json!({})).await?;
            let elsewhere = json!([{"secretKey": "a", "remoteRef": {"key": site.remote("elsewhere")}}]);
            let breaks = async || site.respec("renamed", &json!({"data": elsewhere})).await;
            trial(site, "renamed", &words, breaks, async || site.put("elsewhere").await.map(|_| ())).await
        };
        let deleted = async {
            site.sound("deleted", &json!({})).await?;
            let breaks = async || site.secrets.delete(&site.remote("deleted")).await;
            trial(site, "deleted", &words, breaks, async || site.put("deleted").await.map(|_| ())).await
        };
        let version = async {
            site.sound("version", &json!({})).await?;
            let at = |version| json!({"data": [{"secretKey": "a", "remoteRef": {"key": site.remote("version"), "version": version}}]});
            let breaks = async || site.respec("version", &at(json!("NOSUCHSTAGE"))).await;
            trial(site, "version", &words, breaks, async || site.respec("version", &at(json!("AWSCURRENT"))).await)
                .await
        };
        site::all(vec![renamed.boxed_local(), deleted.boxed_local(), version.boxed_local()]).await
    })
}

#[test]
fn a_value_that_is_not_what_the_spec_needs_is_named_and_never_quoted() -> Result<()> {
    site::with(async |site| {
        let object = |key: &str| json!({key: canary::value()}).to_string();
        let property = json!({"property": "p"});
        let in_object = "is not the JSON object that it must be";
        let cases: Vec<Case> = vec![
            Case::data(
                "no-property",
                &property,
                object("p"),
                object("q"),
                &["spec.data[0].remoteRef.property", "has no property \"p\"", "add it to the value"],
            ),
            Case::data(
                "not-json",
                &property,
                object("p"),
                canary::value(),
                &["spec.data[0].remoteRef", in_object, "store a JSON object"],
            ),
            Case::data(
                "broken-json",
                &property,
                object("p"),
                format!("{}\"x", object("p")),
                &["spec.data[0].remoteRef", in_object],
            ),
            Case::data(
                "not-base64",
                &json!({"decodingStrategy": "Base64"}),
                "c291bmQ=".into(),
                canary::value(),
                &["spec.data[0].remoteRef.decodingStrategy", "not valid Base64", "set it to Auto or None"],
            ),
            Case::data(
                "null-byte",
                &json!({"nullBytePolicy": "Fail"}),
                canary::value(),
                format!("{}\0", canary::value()),
                &["spec.data[0].remoteRef.nullBytePolicy", "null byte"],
            ),
            Case::extract("no-object", object("p"), canary::value(), &["spec.dataFrom[0].extract", in_object]),
            Case::extract(
                "an-array",
                object("p"),
                json!([canary::value()]).to_string(),
                &["spec.dataFrom[0].extract", in_object],
            ),
            Case::extract(
                "umlaut",
                object("p"),
                object("\u{e4}\u{f6}"),
                &[
                    "spec.dataFrom[0].extract",
                    "invalid secret keys",
                    "\u{e4}\u{f6}",
                    "use rewrite or conversionStrategy",
                ],
            ),
            Case::extract("dots", object("p"), object("..data"), &["spec.dataFrom[0].extract", "begins with two dots"]),
            Case::extract(
                "long",
                object("p"),
                object(&"k".repeat(254)),
                &["spec.dataFrom[0].extract", "longer than 253"],
            ),
            Case::extract(
                "collision",
                object("p"),
                json!({"a/b": canary::value(), "a b": canary::value()}).to_string(),
                &["secret name collision during conversion", "conversionStrategy to Unicode"],
            ),
        ];
        site::all(cases.iter().map(|case| case.run(site).boxed_local()).collect()).await
    })
}

/// A value that is good, one that is not, and what is said of it.
struct Case {
    name: &'static str,
    patch: Value,
    extracts: bool,
    good: String,
    bad: String,
    words: Vec<&'static str>,
}

impl Case {
    fn data(name: &'static str, patch: &Value, good: String, bad: String, words: &[&'static str]) -> Self {
        Self { name, patch: patch.clone(), extracts: false, good, bad, words: words.to_vec() }
    }

    fn extract(name: &'static str, good: String, bad: String, words: &[&'static str]) -> Self {
        Self { extracts: true, ..Self::data(name, &json!({}), good, bad, words) }
    }

    fn spec(&self, site: &Site<'_>) -> Value {
        let mut reference = self.patch.clone();
        reference["key"] = site.remote(self.name).into();
        if self.extracts {
            return json!({"data": [], "dataFrom": [{"extract": reference}]});
        }
        json!({"data": [{"secretKey": "a", "remoteRef": reference}]})
    }

    async fn run(&self, site: &Site<'_>) -> Result<()> {
        let remote = site.remote(self.name);
        site.secrets.create(&remote, &self.good).await?;
        site.create(&site.manifest(self.name, &self.spec(site))).await?;
        site.ready(self.name).await?;
        let put = async |value: &str| site.secrets.put(&remote, value).await.map(|_| ());
        trial(site, self.name, &self.words, async || put(&self.bad).await, async || put(&self.good).await).await
    }
}

#[test]
fn a_key_with_a_slash_is_converted_and_the_value_is_there() -> Result<()> {
    site::with(async |site| {
        let value = canary::value();
        site.secrets.create(&site.remote("slash"), &json!({"a/b": value}).to_string()).await?;
        let spec = json!({"data": [], "dataFrom": [{"extract": {"key": site.remote("slash")}}]});
        site.create(&site.manifest("slash", &spec)).await?;
        site.held("slash", "a_b", &value).await
    })
}

#[test]
fn a_secret_over_a_mebibyte_is_refused_before_it_is_sent() -> Result<()> {
    site::with(async |site| {
        let count = (1 << 20) / LARGE + 1;
        for index in 0..count {
            site.secrets.create(&site.remote(&format!("large-{index}")), &canary::large(LARGE)).await?;
        }
        let entries = |count: usize| -> Vec<Value> {
            let entry = |index| json!({"secretKey": format!("k{index}"), "remoteRef": {"key": site.remote(&format!("large-{index}"))}});
            (0..count).map(entry).collect()
        };
        site.create(&site.manifest("large", &json!({"data": entries(count - 1)}))).await?;
        site.ready("large").await?;
        let words = [
            "could not update secret: spec.data:",
            "more than the 1048576 that Kubernetes allows",
            "spread it over several",
        ];
        let mark = site.mark().await?;
        let breaks = async || site.respec("large", &json!({"data": entries(count)})).await;
        trial(site, "large", &words, breaks, async || site.respec("large", &json!({"data": entries(2)})).await).await?;
        let requests = site.stage.audit()?.since(&mark, &site.namespace.client()).await?;
        let refused = requests.by(site.stage.user()).about("secrets").only(|r| r.name == "large" && r.code >= 400);
        assert_eq!(refused.count(), 0, "the API server was asked for what it must refuse");
        let secret = site.namespace.api::<Secret>().get("large").await?;
        assert_eq!(secret.data.context("it has data")?.len(), 2);
        Ok(())
    })
}
