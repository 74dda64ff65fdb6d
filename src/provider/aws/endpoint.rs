//! Where Parameter Store is, since its client is ours and has no table of AWS' partitions; and where somebody else is to
//! ask who signed a request.

use aws_config::SdkConfig;
use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_types::service_config::ServiceConfigKey;

/// The service's id in AWS' configuration: the variable `AWS_ENDPOINT_URL_SSM`, and `ssm` in a profile's services.
const SERVICE: &str = "SSM";
/// How the hosts of the Security Token Service and of this one begin; the rest is alike in all partitions.
const THERE: &str = "https://sts";
const HERE: &str = "https://ssm";
/// Whose signatures the one host for all regions takes.
const GLOBAL: &str = "us-east-1";

/// What the process' AWS configuration names, else the region's own.
///
/// There is none where FIPS or dual-stack endpoints are asked for in a partition that lacks them.
pub(super) async fn of_parameter_store(config: &SdkConfig) -> Option<String> {
    match configured(config) {
        Some(endpoint) => Some(endpoint),
        None => regional(config).await,
    }
}

fn configured(config: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(SERVICE).env("AWS_ENDPOINT_URL").profile("endpoint_url");
    let own = config.service_config().zip(key.build().ok()).and_then(|(services, key)| services.load_config(key));
    own.or_else(|| config.endpoint_url().map(str::to_owned))
}

async fn regional(config: &SdkConfig) -> Option<String> {
    let region = config.region()?.as_ref();
    let params = Params::builder()
        .region(region)
        .use_fips(config.use_fips().unwrap_or_default())
        .use_dual_stack(config.use_dual_stack().unwrap_or_default())
        .build()
        .ok()?;
    let endpoint = DefaultResolver::new().resolve_endpoint(&params).await.ok()?;
    endpoint.url().strip_prefix(THERE).map(|rest| format!("{HERE}{rest}"))
}

/// Where whoever is shown a signed request asks AWS who signed it. For `us-east-1` that is the one host for all regions,
/// as Vault and its own clients have it by default.
pub(super) async fn of_caller_identity(region: &str) -> Option<String> {
    let params = Params::builder().region(region).use_global_endpoint(region == GLOBAL).build().ok()?;
    let endpoint = DefaultResolver::new().resolve_endpoint(&params).await.ok()?;
    Some(endpoint.url().to_owned())
}

#[cfg(test)]
mod tests {
    use aws_config::Region;

    use super::*;

    async fn of(region: &'static str, fips: bool, dual_stack: bool) -> Option<String> {
        let config = SdkConfig::builder().region(Region::new(region)).use_fips(fips).use_dual_stack(dual_stack);
        of_parameter_store(&config.build()).await
    }

    #[tokio::test]
    async fn every_partition_has_its_hosts() {
        for (region, fips, dual_stack, host) in [
            ("eu-central-1", false, false, "ssm.eu-central-1.amazonaws.com"),
            ("a-new-region-7", false, false, "ssm.a-new-region-7.amazonaws.com"),
            ("us-east-1", true, false, "ssm-fips.us-east-1.amazonaws.com"),
            ("us-east-1", false, true, "ssm.us-east-1.api.aws"),
            ("us-gov-west-1", false, false, "ssm.us-gov-west-1.amazonaws.com"),
            ("us-gov-west-1", true, false, "ssm.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", false, false, "ssm.cn-north-1.amazonaws.com.cn"),
            ("us-iso-east-1", false, false, "ssm.us-iso-east-1.c2s.ic.gov"),
            ("eusc-de-east-1", false, false, "ssm.eusc-de-east-1.amazonaws.eu"),
        ] {
            assert_eq!(of(region, fips, dual_stack).await, Some(format!("https://{host}")), "{region}");
        }
    }

    #[tokio::test]
    async fn who_signed_is_asked_in_the_regions_partition() {
        for (region, url) in [
            ("us-east-1", "https://sts.amazonaws.com"),
            ("eu-central-1", "https://sts.eu-central-1.amazonaws.com"),
            ("cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn"),
            ("us-gov-west-1", "https://sts.us-gov-west-1.amazonaws.com"),
        ] {
            assert_eq!(of_caller_identity(region).await.as_deref(), Some(url), "{region}");
        }
    }

    #[tokio::test]
    async fn the_process_own_configuration_counts_more_than_the_region() {
        let config = SdkConfig::builder().region(Region::new("eu-west-1")).endpoint_url("http://here:1").build();
        assert_eq!(of_parameter_store(&config).await, Some("http://here:1".to_owned()));
    }
}
