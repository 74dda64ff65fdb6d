//! Which addresses a store may name.
//!
//! Refused are this machine, its link, and the addresses at which clouds hand their machines' credentials out; private
//! networks are not, since that is where most servers of secrets are. An IPv4 address is judged in whatever form of IPv6
//! it comes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far a store may reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Not this machine.
    #[default]
    Remote,
    /// This machine too: for tests, and for an agent that runs beside the operator.
    Loopback,
}

/// Metadata services that are not on the link: AWS' and Google's by IPv6, Alibaba's, Azure's, and Oracle's.
const METADATA_V6: [Ipv6Addr; 2] =
    [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)];
const METADATA_V4: [Ipv4Addr; 3] =
    [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(192, 0, 0, 192)];

/// What `address` is that it may not be reached; nothing where it may.
pub fn refusal(address: IpAddr, reach: Reach) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => refusal_v4(address, reach),
        IpAddr::V6(address) => match embedded(address) {
            Some(address) => refusal_v4(address, reach),
            None => refusal_v6(address, reach),
        },
    }
}

fn refusal_v4(address: Ipv4Addr, reach: Reach) -> Option<&'static str> {
    let [first, ..] = address.octets();
    match () {
        () if address.is_loopback() => (reach == Reach::Remote).then_some("an address of the operator's own machine"),
        // Linux takes 0.0.0.0 for this machine.
        () if first == 0 => Some("no address of a server"),
        () if address.is_link_local() => Some("a link-local address, where clouds have their metadata services"),
        () if METADATA_V4.contains(&address) => Some("the address of a cloud's metadata service"),
        () if address.is_multicast() || first >= 240 => Some("no address of a server"),
        () => None,
    }
}

fn refusal_v6(address: Ipv6Addr, reach: Reach) -> Option<&'static str> {
    match () {
        () if address.is_loopback() => (reach == Reach::Remote).then_some("an address of the operator's own machine"),
        () if address.is_unspecified() || address.is_multicast() => Some("no address of a server"),
        () if address.is_unicast_link_local() => Some("a link-local address"),
        () if METADATA_V6.contains(&address) => Some("the address of a cloud's metadata service"),
        () => None,
    }
}

/// The IPv4 address that a form of IPv6 stands for: mapped, compatible, NAT64 (RFC 6052; RFC 8215 of one's own network) or
/// 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., high, low] = address.segments();
    let of = |high: u16, low: u16| Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] | [0x64, 0xff9b, 1, ..] => of(high, low),
        // `::` and `::1` are IPv6's own.
        [0, 0, 0, 0, 0, 0, ..] if high != 0 || low > 1 => of(high, low),
        [0x2002, first, second, ..] => of(first, second),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(address: &str, reach: Reach) -> bool {
        refusal(address.parse().unwrap(), reach).is_some()
    }

    #[test]
    fn servers_are_reached_on_public_and_private_networks() {
        for address in ["10.0.0.1", "172.16.3.4", "192.168.1.1", "100.64.0.1", "8.8.8.8", "2001:db8::1", "fd12::1"] {
            assert!(!refused(address, Reach::Remote), "{address}");
        }
    }

    #[test]
    fn this_machine_is_refused_in_every_form_unless_it_is_allowed() {
        for address in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1"] {
            assert!(refused(address, Reach::Remote), "{address}");
            assert!(!refused(address, Reach::Loopback), "{address}");
        }
        assert!(refused("2002:7f00:1::", Reach::Remote));
    }

    #[test]
    fn links_metadata_and_what_is_no_server_are_always_refused() {
        for address in [
            "169.254.169.254",
            "169.254.170.2",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a9fe:a9fe",
            "64:ff9b:1:fffe::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "fe80::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "0.0.0.0",
            "0.1.2.3",
            "::",
            "::ffff:0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "ff02::1",
        ] {
            for reach in [Reach::Remote, Reach::Loopback] {
                assert!(refused(address, reach), "{address}");
            }
        }
    }
}
