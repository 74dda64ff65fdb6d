//! An identity of AWS, shown to Google as a signed request that asks AWS who its sender is. Google sends it.

use std::fmt;
use std::time::SystemTime;

use aws_credential_types::Credentials as Keys;
use serde_json::json;
use zeroize::Zeroizing;

use super::exchange::escaped;
use crate::provider::aws::caller::{QUESTION, signed};
use crate::sealed::Sealed;

/// The header that binds the request to one provider of one pool, so that nobody else can use it.
const TARGET: &str = "x-goog-cloud-target-resource";

/// Keys of an AWS principal, and its region.
pub(super) struct AwsIdentity {
    keys: Keys,
    region: String,
}

impl fmt::Debug for AwsIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AwsIdentity").field("region", &self.region).finish_non_exhaustive()
    }
}

impl AwsIdentity {
    pub(super) fn new(region: &str, id: &Sealed, key: &Sealed, session: Option<&Sealed>) -> Result<Self, &'static str> {
        let text = |value: &Sealed| {
            let text = str::from_utf8(value.expose()).ok().filter(|text| !text.is_empty());
            let plain = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic())).map(str::to_owned);
            plain.ok_or("a key is empty, or has a space, a line end or another byte that no AWS key has")
        };
        let keys = Keys::new(text(id)?, text(key)?, session.map(text).transpose()?, None, "awsSecurityCredentials");
        Ok(Self { keys, region: region.to_owned() })
    }

    /// The request as a token: JSON that is escaped for a URL, as Google has it.
    pub(super) fn request(&self, audience: &str, now: SystemTime) -> Option<Sealed> {
        let host = format!("sts.{}.amazonaws.com", self.region);
        let url = format!("https://{host}?{QUESTION}");
        let own = [("host", host.as_str()), (TARGET, audience)];
        let headers = signed(&self.keys, &self.region, &url, &own, &[], now)?;
        let headers: Vec<_> = headers.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
        let text = Zeroizing::new(json!({"url": url, "method": "POST", "headers": headers}).to_string());
        Some(Sealed::from(escaped(&text)))
    }
}
