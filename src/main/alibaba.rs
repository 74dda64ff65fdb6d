//! What the flags say of Alibaba Cloud, for the provider.

use anyhow::Context as _;
use keyferry::ops::settings::Alibaba;
use keyferry::provider::alibaba::{Own, Settings};
use keyferry::sealed::Sealed;

/// Reads the file of authorities, and no other.
pub(super) fn settings(flags: Alibaba) -> anyhow::Result<Settings> {
    let Alibaba {
        kms,
        instance,
        sts,
        metadata,
        authorities,
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
    let authorities = authorities.map(|file| {
        let read = std::fs::read(&file).map(Sealed::new);
        read.with_context(|| format!("could not read --alibaba-ca-file {}", file.display()))
    });
    Ok(Settings {
        kms_endpoint: kms,
        instance_endpoint: instance,
        sts_endpoint: sts,
        metadata_endpoint: metadata,
        authorities: authorities.transpose()?,
        own: Own {
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
