use anyhow::{Context, Result, ensure};
use http::Method;
use k8s_openapi::api::core::v1::ResourceQuota;
use keyferry::api::ExternalSecret;
use keyferry_e2e::fixtures::API_VERSION;
use keyferry_e2e::proxy::{Fault, Rule};
use keyferry_e2e::raw::{Content, ask};
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::canary;
use super::site::{self, SOON, Site};
use super::trial::trial;

const POLICIES: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
const BINDINGS: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings";

#[test]
fn an_exhausted_quota_is_named_and_the_secret_comes_when_there_is_room() -> Result<()> {
    site::with(async |site| {
        site.put("quota").await?;
        let quota: ResourceQuota =
            serde_json::from_value(json!({"metadata": {"name": "secrets"}, "spec": {"hard": {"secrets": "0"}}}))?;
        site.namespace.create(&quota).await?;
        // No controller counts on this control plane; admission believes the status.
        let status = json!({"status": {"hard": {"secrets": "0"}, "used": {"secrets": "0"}}});
        let quotas = site.namespace.api::<ResourceQuota>();
        quotas.patch_status("secrets", &PatchParams::default(), &Patch::Merge(&status)).await?;
        let words = ["could not update secret", "write the Secret \"quota\"", "ResourceQuota", "raise it"];
        let create = async || site.create(&site.manifest("quota", &json!({}))).await;
        trial(site, "quota", &words, create, async || site.delete("ResourceQuota", "secrets").await).await
    })
}

#[test]
fn a_policy_that_denies_the_write_is_named_and_the_last_value_stays() -> Result<()> {
    site::with(async |site| {
        site.sound("policed", &json!({})).await?;
        let words = ["could not update secret", "write the Secret \"policed\"", "an admission policy denies it"];
        let breaks = async || {
            deny(site, "", "secrets", "object.metadata.name != 'policed'").await?;
            site.secrets.put(&site.remote("policed"), &canary::value()).await.map(|_| ())
        };
        trial(site, "policed", &words, breaks, async || allow(site).await).await
    })
}

#[test]
fn a_status_that_could_not_be_written_is_written_when_it_can() -> Result<()> {
    site::with(async |site| {
        for name in ["worsens", "mends"] {
            site.sound(name, &json!({})).await?;
        }
        site.secrets.delete(&site.remote("mends")).await?;
        site.failed("mends", &["does not exist at the provider"]).await?;
        deny(site, "external-secrets.io", "externalsecrets/status", "object.metadata.name == 'neighbour'").await?;
        site.secrets.delete(&site.remote("worsens")).await?;
        let value = site.put("mends").await?;
        site.held("mends", "a", &value).await?;
        site.neighbour_follows().await?;
        allow(site).await?;
        site.failed("worsens", &["does not exist at the provider"]).await?;
        site.ready("mends").await.map(|_| ())
    })
}

#[test]
fn a_namespace_goes_though_its_provider_hangs() -> Result<()> {
    site::with(async |site| {
        let client = site.namespace.client();
        let name = format!("{}-goes", site.namespace.name());
        let namespaces: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(client.clone());
        let made = serde_json::from_value(json!({"metadata": {"name": name}}))?;
        namespaces.create(&kube::api::PostParams::default(), &made).await?;
        let objects = [site.credentials("goes"), Site::aws_store("goes"), {
            site.put("goes").await?;
            site.manifest("goes", &json!({"secretStoreRef": {"name": "goes"}, "target": {"deletionPolicy": "Delete"}}))
        }];
        for object in objects {
            let (version, plural) = match object["kind"].as_str() {
                Some("Secret") => ("v1", "secrets"),
                Some("SecretStore") => (API_VERSION, "secretstores"),
                _ => (API_VERSION, "externalsecrets"),
            };
            let path = keyferry_e2e::raw::collection(version, &name, plural);
            let reply = ask(&client, Method::POST, &path, Some((Content::Object, &object))).await?;
            ensure!(reply.is_success(), "{}", reply.message);
        }
        let there: Api<ExternalSecret> = Api::namespaced(client.clone(), &name);
        let held = |object: Option<&ExternalSecret>| object.is_some_and(|object| object.metadata.finalizers.is_some());
        keyferry_e2e::namespace::await_in(there, "goes", held, SOON).await?;
        let rule = site.stage.proxy.inject(Rule::always(Fault::Hang).signed_by(&site.access_key("goes")));
        site.neighbour_follows().await?;
        namespaces.delete(&name, &DeleteParams::default()).await?;
        let gone = |namespace: Option<&k8s_openapi::api::core::v1::Namespace>| namespace.is_none();
        keyferry_e2e::namespace::await_in(namespaces, &name, gone, SOON).await?;
        site.stage.proxy.take_back(rule);
        site.neighbour_follows().await
    })
}

/// Denies the operator what `allowed` does not hold for, in this namespace, and waits until that is in force.
async fn deny(site: &Site<'_>, group: &str, resource: &str, allowed: &str) -> Result<()> {
    let name = site.namespace.name();
    let policy = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name}, "spec": {
            "matchConstraints": {"resourceRules": [{"apiGroups": [group], "apiVersions": ["*"],
                "operations": ["CREATE", "UPDATE"], "resources": [resource]}]},
            "validations": [{"expression": allowed, "message": "denied as told"}]}});
    let here = json!({"matchLabels": {"kubernetes.io/metadata.name": name}});
    let binding = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": here}}});
    for (path, object) in [(POLICIES, policy), (BINDINGS, binding)] {
        let reply = ask(&site.namespace.client(), Method::POST, path, Some((Content::Object, &object))).await?;
        ensure!(reply.is_success(), "{}", reply.message);
    }
    let target = match resource {
        "secrets" => "/api/v1/namespaces/$/secrets/policed",
        _ => "/apis/external-secrets.io/v1/namespaces/$/externalsecrets/worsens/status",
    };
    in_force(site, &format!("{}?dryRun=All", target.replace('$', name))).await
}

async fn in_force(site: &Site<'_>, path: &str) -> Result<()> {
    let harmless = json!({"metadata": {"labels": {"e2e": "probe"}}});
    let denied = async || -> Result<bool> {
        let reply = ask(&site.namespace.client(), Method::PATCH, path, Some((Content::MergePatch, &harmless))).await?;
        Ok(reply.message.contains("denied as told"))
    };
    let begun = tokio::time::Instant::now();
    while !denied().await? {
        ensure!(begun.elapsed() < SOON, "the policy is not in force");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Ok(())
}

async fn allow(site: &Site<'_>) -> Result<()> {
    for path in [BINDINGS, POLICIES] {
        let one = format!("{path}/{}", site.namespace.name());
        ask(&site.namespace.client(), Method::DELETE, &one, None::<(Content, &Value)>).await.context("allow again")?;
    }
    Ok(())
}
