//! What the flags say of the world outside, for the providers.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use keyferry::cluster::api_server::api_server;
use keyferry::controller::Calls;
use keyferry::ops::metrics::Metrics;
use keyferry::ops::settings::{Alibaba, Aws, Azure, Gcp, Settings};
use keyferry::provider::{self, Environment, alibaba, aws, azure, gcp, http, kubernetes};
use keyferry::sealed::Sealed;

/// Reads the files of authorities that flags name, and no others.
pub(super) async fn environment(settings: &Settings, metrics: &Arc<Metrics>) -> anyhow::Result<Environment> {
    let reach = if settings.loopback_stores { http::Reach::Loopback } else { http::Reach::Remote };
    // It was found a moment ago, when the client was made.
    let own = api_server().await.ok();
    let shared = provider::Settings {
        deadline: settings.sync.provider_deadline,
        alibaba: alibaba(settings.alibaba.clone())?,
        aws: aws(settings.aws.clone())?,
        azure: azure(settings.azure.clone())?,
        gcp: gcp(settings.gcp.clone())?,
        http: http::Settings { reach },
        kubernetes: own.map(|own| kubernetes::Local { url: own.url, authorities: own.authorities }),
        ..provider::Settings::default()
    };
    Ok(Environment::new(Arc::new(Calls(Arc::clone(metrics))), shared).await)
}

fn aws(flags: Aws) -> anyhow::Result<aws::Settings> {
    let Aws { secrets_manager, ssm, sts, ca_file } = flags;
    let read = |pem| aws::Authorities::read(pem).map_err(|cause| anyhow::anyhow!("--aws-ca-file: {cause}"));
    let authorities = authorities("aws-ca-file", ca_file.as_deref())?.map(read).transpose()?;
    Ok(aws::Settings { secrets_manager_endpoint: secrets_manager, ssm_endpoint: ssm, sts_endpoint: sts, authorities })
}

fn gcp(flags: Gcp) -> anyhow::Result<gcp::Settings> {
    let Gcp { secret_manager, sts, iam_credentials, token, metadata_host, ca_file } = flags;
    let authorities = authorities("gcp-ca-file", ca_file.as_deref())?;
    Ok(gcp::Settings { secret_manager, sts, iam_credentials, token, metadata_host, authorities })
}

fn azure(flags: Azure) -> anyhow::Result<azure::Settings> {
    let Azure { authority, identity_endpoint, suffixes, client, tenant, token_file, authorities: file } = flags;
    let authorities = authorities("azure-ca-file", file.as_deref())?;
    Ok(azure::Settings { authority, machine: identity_endpoint, suffixes, client, tenant, token_file, authorities })
}

fn alibaba(flags: Alibaba) -> anyhow::Result<alibaba::Settings> {
    let Alibaba {
        kms,
        instance,
        sts,
        metadata,
        authorities: file,
        access_key_id,
        access_key_secret,
        security_token,
        oidc_provider_arn,
        oidc_token_file,
        role_arn,
        session_name,
        instance_role,
        instance_disabled,
    } = flags;
    Ok(alibaba::Settings {
        kms_endpoint: kms,
        instance_endpoint: instance,
        sts_endpoint: sts,
        metadata_endpoint: metadata,
        authorities: authorities("alibaba-ca-file", file.as_deref())?,
        own: alibaba::Own {
            access_key_id,
            access_key_secret,
            security_token,
            oidc_provider_arn,
            oidc_token_file,
            role_arn,
            session_name,
            instance_role,
            instance_disabled,
        },
    })
}

/// The certificates in the file that a flag names.
fn authorities(flag: &str, file: Option<&Path>) -> anyhow::Result<Option<Sealed>> {
    let read = |file: &Path| {
        let read = std::fs::read(file).map(Sealed::new);
        read.with_context(|| format!("could not read --{flag} {}", file.display()))
    };
    file.map(read).transpose()
}
