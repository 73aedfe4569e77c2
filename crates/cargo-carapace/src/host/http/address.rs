//! Which part of the internet an address belongs to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of network an IP address leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    /// Globally reachable.
    Public,
    /// A network of one's own: RFC 1918, RFC 4193, and the shared space of RFC 6598.
    Private,
    /// This machine.
    Loopback,
    /// Everything else that no server on the internet has: link-local (where
    /// clouds answer with a machine's credentials), multicast, unspecified,
    /// documentation, benchmarking, reserved and transition addresses.
    Special,
}

/// The zone of an address, after IANA's special-purpose registries
/// (RFC 6890 and its updates). IPv4 addresses inside IPv6 ones count as what
/// they lead to.
pub(super) fn zone(ip: IpAddr) -> Zone {
    match ip {
        IpAddr::V4(v4) => zone_v4(v4),
        IpAddr::V6(v6) => zone_v6(v6),
    }
}

fn zone_v4(ip: Ipv4Addr) -> Zone {
    match ip.octets() {
        [127, ..] => Zone::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Zone::Private,
        [0, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [224..=255, ..] => Zone::Special,
        _ => Zone::Public,
    }
}

fn zone_v6(ip: Ipv6Addr) -> Zone {
    if ip == Ipv6Addr::LOCALHOST {
        return Zone::Loopback;
    }
    if let Some(v4) = ip.to_ipv4_mapped() {
        return zone_v4(v4);
    }
    match ip.segments() {
        // The well-known prefix of RFC 6052, which networks without IPv4 use
        // for every IPv4 host of the internet.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let [a, b] = high.to_be_bytes();
            let [c, d] = low.to_be_bytes();
            zone_v4(Ipv4Addr::new(a, b, c, d))
        }
        [0xfc00..=0xfdff, ..] => Zone::Private,
        // IETF assignments with Teredo and ORCHID, documentation, 6to4.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x2002, ..] => Zone::Special,
        [0x3fff, 0..=0xfff, ..] => Zone::Special,
        [0x2000..=0x3fff, ..] => Zone::Public,
        _ => Zone::Special,
    }
}

#[cfg(test)]
mod tests {
    use super::{Zone, zone};

    #[test]
    fn zones_of_addresses() {
        for (zone_of, addresses) in [
            (
                Zone::Public,
                "1.1.1.1 8.8.8.8 100.63.0.1 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 \
                2606:4700::1111 2a00:1450::1 2001:4860:4860::8888 ::ffff:8.8.8.8 64:ff9b::808:808",
            ),
            (
                Zone::Private,
                "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 100.127.255.255 \
                fc00::1 fd12:3456::1 ::ffff:10.0.0.1 64:ff9b::a00:1",
            ),
            (
                Zone::Loopback,
                "127.0.0.1 127.255.255.254 ::1 ::ffff:127.0.0.1 64:ff9b::7f00:1",
            ),
            (
                Zone::Special,
                "0.0.0.0 0.1.2.3 169.254.169.254 224.0.0.1 239.1.1.1 255.255.255.255 240.0.0.1 \
                192.0.0.1 192.0.2.1 198.51.100.1 203.0.113.1 198.18.0.1 192.88.99.1 :: ::7f00:1 fe80::1 \
                fec0::1 ff02::1 2001:db8::1 2002:7f00:1::1 2001::1 100::1 3fff::1 64:ff9b:1::1 \
                ::ffff:169.254.169.254 ::ffff:0.0.0.0",
            ),
        ] {
            for address in addresses.split_whitespace() {
                assert_eq!(zone(address.parse().unwrap()), zone_of, "{address}");
            }
        }
    }
}
