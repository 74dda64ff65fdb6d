//! Alibaba Cloud, after the flags. An empty variable counts as none.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{Invalid, cli, endpoint};
use crate::sealed::Sealed;

/// Other endpoints than Alibaba Cloud's own, and the operator's own identity there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alibaba {
    /// Of KMS.
    pub kms: Option<String>,
    /// Of the gateways of KMS instances.
    pub instance: Option<String>,
    /// Of the Security Token Service.
    pub sts: Option<String>,
    /// Of the metadata service.
    pub metadata: Option<String>,
    /// The file of those endpoints' authorities.
    pub authorities: Option<PathBuf>,
    /// The access key's id.
    pub access_key_id: Option<String>,
    /// The access key's secret.
    pub access_key_secret: Option<Sealed>,
    /// The access key's security token.
    pub security_token: Option<Sealed>,
    /// The ARN of the OIDC provider.
    pub oidc_provider_arn: Option<String>,
    /// The token's file.
    pub oidc_token_file: Option<PathBuf>,
    /// The role's ARN.
    pub role_arn: Option<String>,
    /// The name of the role's sessions.
    pub session_name: Option<String>,
    /// The name of the instance's role.
    pub instance_role: Option<String>,
    /// Whether the instance's role is nobody's to use.
    pub instance_disabled: bool,
}

impl TryFrom<cli::Alibaba> for Alibaba {
    type Error = Invalid;

    fn try_from(typed: cli::Alibaba) -> Result<Self, Invalid> {
        let text = |text: Option<String>| text.filter(|text| !text.is_empty());
        let path = |path: Option<OsString>| path.filter(|path| !path.is_empty()).map(PathBuf::from);
        let sealed = |value: Option<Sealed>| value.filter(|value| !value.is_empty());
        let disabled = text(typed.alibaba_ecs_metadata_disabled);
        Ok(Self {
            kms: endpoint("alibaba-kms-endpoint", typed.alibaba_kms_endpoint)?,
            instance: endpoint("alibaba-kms-instance-endpoint", typed.alibaba_kms_instance_endpoint)?,
            sts: endpoint("alibaba-sts-endpoint", typed.alibaba_sts_endpoint)?,
            metadata: endpoint("alibaba-metadata-endpoint", typed.alibaba_metadata_endpoint)?,
            authorities: path(typed.alibaba_ca_file),
            access_key_id: text(typed.alibaba_access_key_id),
            access_key_secret: sealed(typed.alibaba_access_key_secret),
            security_token: sealed(typed.alibaba_security_token),
            oidc_provider_arn: text(typed.alibaba_oidc_provider_arn),
            oidc_token_file: path(typed.alibaba_oidc_token_file),
            role_arn: text(typed.alibaba_role_arn),
            session_name: text(typed.alibaba_role_session_name),
            instance_role: text(typed.alibaba_ecs_metadata),
            instance_disabled: disabled.is_some_and(|text| text.eq_ignore_ascii_case("true")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::cli::Flags;

    fn alibaba(arguments: &[&str]) -> Result<Alibaba, Invalid> {
        let arguments = std::iter::once("keyferry").chain(arguments.iter().copied());
        Alibaba::try_from(Flags::read(arguments).unwrap().alibaba)
    }

    #[test]
    fn what_is_empty_is_none_and_what_is_secret_is_sealed() {
        let empty = ["--alibaba-kms-endpoint=", "--alibaba-oidc-token-file=", "--alibaba-access-key-secret="];
        assert_eq!(alibaba(&empty).unwrap(), Alibaba::default());
        let flags = Flags::read(["keyferry", "--alibaba-access-key-secret=canary-51f0"]).unwrap();
        assert!(!format!("{flags:?}").contains("canary-51f0"));
        assert_eq!(Alibaba::try_from(flags.alibaba).unwrap().access_key_secret, Some("canary-51f0".into()));
    }

    #[test]
    fn an_endpoint_that_is_no_url_is_refused_and_the_instance_is_off_when_it_is_said() {
        let invalid = alibaba(&["--alibaba-sts-endpoint=sts.example.com"]).unwrap_err();
        assert_eq!(invalid.flag, "alibaba-sts-endpoint");
        for (typed, disabled) in [("true", true), ("True", true), ("false", false), ("", false)] {
            let flag = format!("--alibaba-ecs-metadata-disabled={typed}");
            assert_eq!(alibaba(&[&flag]).unwrap().instance_disabled, disabled, "{typed:?}");
        }
    }
}
