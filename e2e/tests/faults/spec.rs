use anyhow::Result;
use futures::FutureExt;
use serde_json::{Value, json};

use super::site::{self, Site};
use super::trial::trial;

const UNSERVED: &str = "not supported by this version of Keyferry";
const CURE: &str = "remove the field";

#[test]
fn what_a_spec_must_not_ask_for_is_named_by_its_field_and_the_secret_stays() -> Result<()> {
    site::with(async |site| {
        let typed = |type_: &str| json!({"target": {"template": {"type": type_}}});
        let generator = json!({"sourceRef": {"generatorRef": {"apiVersion": "generators.external-secrets.io/v1alpha1",
            "kind": "Password", "name": "p"}}});
        let find = |find: Value| json!({"dataFrom": [{"find": find}]});
        let template = |text: &str| json!({"target": {"template": {"data": {"a": text}}}});
        let labelled = json!({"target": {"template": {"metadata": {"labels": {"l": "{{ .a }} {{ .a }}"}}}}});
        let literal = |text: &str| json!({"target": {"template": {"templateFrom": [{"literal": text}]}}});
        let named = json!({"target": {"template": {"templateFrom": [
            {"secret": {"name": "aws-credentials", "items": [{"key": "none"}]}},
        ]}}});
        let cases: Vec<(&str, Value, &[&str])> = vec![
            ("no-template", template("x\n{{ .a "), &["invalid ExternalSecret", "data[\"a\"]: line 2: ", "correct"]),
            ("no-function", template("{{ nosuch }}"), &["data[\"a\"]: line 1: function \"nosuch\" not defined"]),
            (
                "no-key",
                template("{{ .a }}{{ .b }}"),
                &["could not update secret", "line 1, column 12 at <.b>: map has no entry", "the keys are \"a\""],
            ),
            ("told-fail", template("{{ fail \"out of order\" }}"), &["error calling fail: out of order"]),
            ("built-fail", template("{{ fail .a }}"), &["error calling fail: its message is not shown"]),
            ("wrong-value", template("{{ index .a .a }}"), &["line 1, column "]),
            ("decoder", template("{{ .a | b64dec | mustFromJson }}"), &["data[\"a\"]: line 1"]),
            ("over-budget", template("{{ repeat 10000000000 .a }}"), &["over budget: "]),
            ("bad-label", labelled, &["metadata.labels[\"l\"]: the result has a value"]),
            ("no-yaml", literal("a: [{{ .a }}"), &["templateFrom[0].literal: the result, line ", "is no YAML"]),
            ("no-map", literal("- {{ .a | quote }}"), &["templateFrom[0].literal: the result: is no map"]),
            ("bad-key", literal("{{ .a | toJson }}: x"), &["the result has a key that"]),
            ("no-item", named, &["items[0].key: the Secret \"aws-credentials\" has no key \"none\"", "\"id\""]),
            ("find", find(json!({"path": ""})), &["spec.dataFrom[0].find", "nothing to search by", "set one of"]),
            (
                "expression",
                find(json!({"name": {"regexp": "a("}})),
                &["spec.dataFrom[0].find.name.regexp", "missing closing )", "Go's regexp"],
            ),
            (
                "generator",
                json!({"dataFrom": [generator]}),
                &["spec.dataFrom[0].sourceRef.generatorRef", UNSERVED, CURE],
            ),
            (
                "tls-type",
                typed("kubernetes.io/tls"),
                &["spec.target.template.type", "a type cannot be changed", "delete the Secret"],
            ),
        ];
        site::all(
            cases.iter().map(|(name, patch, words)| respecified(site, name, patch, words).boxed_local()).collect(),
        )
        .await
    })
}

async fn respecified(site: &Site<'_>, name: &str, patch: &Value, words: &[&str]) -> Result<()> {
    site.sound(name, &json!({})).await?;
    let undo = json!({"dataFrom": null, "target": null});
    trial(site, name, words, async || site.respec(name, patch).await, async || site.respec(name, &undo).await).await
}

#[test]
fn what_a_new_object_cannot_have_is_told_until_it_can() -> Result<()> {
    site::with(async |site| {
        let typed = |type_: &str| json!({"target": {"template": {"type": type_}}});
        let tls = typed("kubernetes.io/tls");
        let docker = typed("kubernetes.io/dockerconfigjson");
        let cases: Vec<(&str, Value, &[&str])> = vec![
            ("tls", tls, &["spec.target.template.type", "needs the key \"tls.crt\"", "add an entry"]),
            ("docker", docker, &["spec.target.template.type", "needs the key \".dockerconfigjson\""]),
        ];
        site::all(
            cases
                .iter()
                .map(|(name, patch, words)| {
                    async move {
                        site.put(name).await?;
                        let create = async || site.create(&site.manifest(name, patch)).await;
                        trial(site, name, words, create, async || site.respec(name, &json!({"target": null})).await)
                            .await
                    }
                    .boxed_local()
                })
                .collect(),
        )
        .await
    })
}
