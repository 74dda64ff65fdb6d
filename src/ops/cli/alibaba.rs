//! Alibaba Cloud: other endpoints than its own, and as whom the operator itself asks. The variables of the second kind are
//! those of Alibaba Cloud's own SDKs.

use std::convert::Infallible;
use std::ffi::OsString;

use clap::Args;
use clap::builder::ValueParser;

use crate::sealed::Sealed;

/// What is typed about Alibaba Cloud.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Alibaba Cloud")]
pub struct Alibaba {
    /// The endpoint of KMS, instead of the region's
    #[arg(long, value_name = "URL", env = "ALIBABA_CLOUD_KMS_ENDPOINT")]
    pub alibaba_kms_endpoint: Option<String>,
    /// The endpoint of KMS instances, instead of each one's own gateway
    #[arg(long, value_name = "URL", env = "ALIBABA_CLOUD_KMS_INSTANCE_ENDPOINT")]
    pub alibaba_kms_instance_endpoint: Option<String>,
    /// The endpoint of the Security Token Service, instead of the region's
    #[arg(long, value_name = "URL", env = "ALIBABA_CLOUD_STS_ENDPOINT")]
    pub alibaba_sts_endpoint: Option<String>,
    /// The endpoint of the metadata service, instead of <http://100.100.100.200>
    #[arg(long, value_name = "URL", env = "ALIBABA_CLOUD_METADATA_ENDPOINT")]
    pub alibaba_metadata_endpoint: Option<String>,
    /// A file with the authorities (PEM) of those endpoints' certificates, instead of the system's; for an instance's
    /// gateway they are the store's
    #[arg(long, value_name = "FILE", env = "ALIBABA_CLOUD_CA_FILE")]
    pub alibaba_ca_file: Option<OsString>,
    /// The id of the operator's own access key, for stores that name no way to sign in
    #[arg(long, value_name = "ID", env = "ALIBABA_CLOUD_ACCESS_KEY_ID")]
    pub alibaba_access_key_id: Option<String>,
    /// The secret of that access key; set the variable, since a flag is seen by all who list processes
    #[arg(long, value_name = "SECRET", env = "ALIBABA_CLOUD_ACCESS_KEY_SECRET", value_parser = sealed())]
    pub alibaba_access_key_secret: Option<Sealed>,
    /// The security token of that access key, where it is a temporary one; set the variable
    #[arg(long, value_name = "TOKEN", env = "ALIBABA_CLOUD_SECURITY_TOKEN", value_parser = sealed())]
    pub alibaba_security_token: Option<Sealed>,
    /// The ARN of the OIDC provider of the operator's own token (RRSA)
    #[arg(long, value_name = "ARN", env = "ALIBABA_CLOUD_OIDC_PROVIDER_ARN")]
    pub alibaba_oidc_provider_arn: Option<String>,
    /// The file of the operator's own token (RRSA); a store's oidcTokenFilePath counts where it is this path, and is never
    /// read otherwise
    #[arg(long, value_name = "FILE", env = "ALIBABA_CLOUD_OIDC_TOKEN_FILE")]
    pub alibaba_oidc_token_file: Option<OsString>,
    /// The ARN of the role that the operator's own token stands for (RRSA)
    #[arg(long, value_name = "ARN", env = "ALIBABA_CLOUD_ROLE_ARN")]
    pub alibaba_role_arn: Option<String>,
    /// The name of that role's sessions; keyferry without it
    #[arg(long, value_name = "NAME", env = "ALIBABA_CLOUD_ROLE_SESSION_NAME")]
    pub alibaba_role_session_name: Option<String>,
    /// The name of the instance's RAM role; it is asked for without it
    #[arg(long, value_name = "NAME", env = "ALIBABA_CLOUD_ECS_METADATA")]
    pub alibaba_ecs_metadata: Option<String>,
    /// "true" where stores that name no way to sign in may not use the instance's RAM role
    #[arg(long, value_name = "BOOL", env = "ALIBABA_CLOUD_ECS_METADATA_DISABLED")]
    pub alibaba_ecs_metadata_disabled: Option<String>,
}

fn sealed() -> ValueParser {
    ValueParser::from(|text: &str| Ok::<_, Infallible>(Sealed::from(text)))
}
