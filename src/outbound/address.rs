//! Whether an IP address is globally reachable, by the IANA special-purpose registries; everything unknown is not (I8).
//!
//! Forms of IPv6 that carry an IPv4 address are judged by what they carry (mapped, NAT64) or refused (compatible, SIIT, 6to4, Teredo).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

const V4_SPECIAL: [Ipv4Net; 17] = [
    v4(0, 0, 0, 0, 8),          // this network
    v4(10, 0, 0, 0, 8),         // private
    v4(100, 64, 0, 0, 10),      // shared address space; Alibaba's metadata at 100.100.100.200
    v4(127, 0, 0, 0, 8),        // loopback
    v4(168, 63, 129, 16, 32),   // Azure's host, public by number only
    v4(169, 254, 0, 0, 16),     // link-local; metadata of most clouds
    v4(172, 16, 0, 0, 12),      // private
    v4(192, 0, 0, 0, 24),       // IETF protocol assignments; Oracle's metadata at 192.0.0.192
    v4(192, 0, 2, 0, 24),       // documentation
    v4(192, 88, 99, 0, 24),     // 6to4 relays
    v4(192, 168, 0, 0, 16),     // private
    v4(198, 18, 0, 0, 15),      // benchmarking
    v4(198, 51, 100, 0, 24),    // documentation
    v4(203, 0, 113, 0, 24),     // documentation
    v4(224, 0, 0, 0, 4),        // multicast
    v4(240, 0, 0, 0, 4),        // reserved, and broadcast
    v4(255, 255, 255, 255, 32), // broadcast, named for the reader
];

/// The only block that IANA gives out as global unicast. Whatever lies outside is refused without being listed.
const V6_GLOBAL_UNICAST: Ipv6Net = v6(0x2000, 0, 0, 3);

const V6_SPECIAL: [Ipv6Net; 4] = [
    v6(0x2001, 0, 0, 23),     // IETF protocol assignments: Teredo, benchmarking, ORCHID
    v6(0x2001, 0xdb8, 0, 32), // documentation
    v6(0x2002, 0, 0, 16),     // 6to4
    v6(0x3fff, 0, 0, 20),     // documentation
];

/// NAT64's well-known prefix. By RFC 6052 it carries global IPv4 addresses only, and hosts without IPv4 depend on it.
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 0, 96);

/// Whether `ip` is an address of the public internet.
pub fn globally_reachable(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => v4_reachable(ip),
        IpAddr::V6(ip) if NAT64.contains(&ip) => {
            let [.., a, b, c, d] = ip.octets();
            v4_reachable(Ipv4Addr::new(a, b, c, d))
        }
        IpAddr::V6(ip) => V6_GLOBAL_UNICAST.contains(&ip) && !V6_SPECIAL.iter().any(|net| net.contains(&ip)),
    }
}

fn v4_reachable(ip: Ipv4Addr) -> bool {
    !V4_SPECIAL.iter().any(|net| net.contains(&ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_special_range_is_unreachable_at_both_ends_and_its_neighbours_are_not_swept_along() {
        for (first, last) in [
            ("0.0.0.0", "0.255.255.255"),
            ("10.0.0.0", "10.255.255.255"),
            ("100.64.0.0", "100.127.255.255"),
            ("127.0.0.0", "127.255.255.255"),
            ("168.63.129.16", "168.63.129.16"),
            ("169.254.0.0", "169.254.255.255"),
            ("172.16.0.0", "172.31.255.255"),
            ("192.0.0.0", "192.0.0.255"),
            ("192.0.2.0", "192.0.2.255"),
            ("192.88.99.0", "192.88.99.255"),
            ("192.168.0.0", "192.168.255.255"),
            ("198.18.0.0", "198.19.255.255"),
            ("198.51.100.0", "198.51.100.255"),
            ("203.0.113.0", "203.0.113.255"),
            ("224.0.0.0", "255.255.255.255"),
        ] {
            let [first, last] = [first, last].map(|text| u32::from(text.parse::<Ipv4Addr>().unwrap()));
            for inside in [first, first.midpoint(last), last] {
                assert!(!globally_reachable(Ipv4Addr::from(inside).into()), "{}", Ipv4Addr::from(inside));
            }
            // 0/8 has no neighbour below, 224/4 none above; 126.0.0.0/8 and 128.0.0.0/8 and so on are ordinary.
            for outside in [first.checked_sub(1), last.checked_add(1)].into_iter().flatten() {
                assert!(globally_reachable(Ipv4Addr::from(outside).into()), "{}", Ipv4Addr::from(outside));
            }
        }
        for metadata in ["169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192"] {
            assert!(!globally_reachable(metadata.parse().unwrap()), "{metadata}");
        }
    }

    #[test]
    fn every_ipv6_form_that_is_not_global_unicast_is_unreachable() {
        for text in [
            "::",
            "::1",
            "0:0:0:0:0:0:0:1",
            "::127.0.0.1",
            "::8.8.8.8", // compatible, even of a public address
            "::ffff:127.0.0.1",
            "::ffff:7f00:1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254", // mapped
            "::ffff:0:127.0.0.1",
            "::ffff:0:8.8.8.8", // SIIT
            "64:ff9b::127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b::10.1.2.3",
            "64:ff9b:1::8.8.8.8",
            "64:ff9b:1::1",
            "64:ff9b:0:1::808:808",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "2002:808:808::1", // 6to4
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:1ff::1",
            "2001:db8::1",
            "3fff::1",
            "3fff:fff::1",
            "5f00::1",
            "100::1",
            "fc00::1",
            "fd00:ec2::254",
            "fd12::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
            "4000::1",
            "ffff::1",
        ] {
            assert!(!globally_reachable(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn public_addresses_are_reachable() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "93.184.216.34",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2001:200::1",
            "2003::1",
        ] {
            assert!(globally_reachable(text.parse().unwrap()), "{text}");
        }
    }
}
