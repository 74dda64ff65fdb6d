//! Name resolution that answers with allowed addresses only.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{Reach, refusal};

/// The system's resolver behind the rules of [`super::address`].
#[derive(Debug)]
pub(super) struct Guard {
    reach: Reach,
}

/// Why a name was not connected to.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the name resolves to {0}")]
pub(super) struct Refused(pub(super) &'static str);

impl Guard {
    pub(super) fn new(reach: Reach) -> Self {
        Self { reach }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed = admit(found, reach)?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// All of the addresses, or none: a name that has one that is refused is not to be trusted with the others.
pub(super) fn admit(found: impl Iterator<Item = SocketAddr>, reach: Reach) -> Result<Vec<SocketAddr>, Refused> {
    found.map(|address| refusal(address.ip(), reach).map_or(Ok(address), |what| Err(Refused(what)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(addresses: &[&str]) -> bool {
        let addresses = addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0));
        admit(addresses.collect::<Vec<_>>().into_iter(), Reach::Remote).is_ok()
    }

    #[test]
    fn one_refused_address_refuses_the_name() {
        assert!(admitted(&["10.0.0.1", "2001:db8::1"]));
        assert!(!admitted(&["10.0.0.1", "169.254.169.254"]));
        assert!(!admitted(&["127.0.0.1"]));
    }
}
