//! Which destinations are allowed: pure rules over addresses, host names and URLs (I8). Fails closed.
//!
//! A URL is parsed once, by the WHATWG rules, and everything after that works on the result: the spelling of a host never matters, only
//! what it means. The rules hold when a flow is saved and again, address by address, when a connection is made.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use actors::limits::outbound::{HOST_BYTES_MAX, LABEL_BYTES_MAX, URL_BYTES_MAX};
use ipnet::IpNet;
use url::{Host, Url};

use super::address::globally_reachable;

const PORTS: [u16; 4] = [80, 443, 8080, 8443];

/// Names that resolve inside somebody's network whatever public DNS says, as the last label or labels.
const PRIVATE_SUFFIXES: [&str; 13] = [
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "svc",
    "home.arpa",
    "in-addr.arpa",
    "ip6.arpa",
];

/// Host names of cloud metadata services below public suffixes; the others are caught as `internal` or as single labels.
const METADATA_NAMES: [&str; 4] = ["metadata.tencentyun.com", "metadata.packet.net", "metadata.platformequinix.com", "metadata.azure.com"];

/// What the operator configured. None of it can come from a request.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// `OUTBOUND_ALLOW_CIDRS`: networks that count as public.
    pub allow_networks: Vec<IpNet>,
    /// Ports beside 80, 443, 8080 and 8443.
    pub allow_ports: Vec<u16>,
    /// `CLOCKIFY_API_BASES`: their exact host and port pass whatever the other rules say.
    pub api_bases: Vec<Url>,
    /// Hosts of the service's own public base URLs.
    pub own_hosts: Vec<String>,
    /// Addresses that the service listens on.
    pub own_addresses: Vec<SocketAddr>,
}

/// A destination is not allowed. Everyone is told the same words; the reason is for the operator's log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Denied {
    reason: &'static str,
}

impl Denied {
    /// An address behind a name, or one that was connected to, is not allowed.
    pub(super) const ADDRESS: Self = Self { reason: "address is not public" };

    /// A document that decides who is trusted must not come over a wire that anybody can write on.
    pub(super) const IN_THE_CLEAR: Self = Self { reason: "http, where https is due" };

    /// Which rule refused. Not for answers: it would help to map the network behind the service.
    pub fn reason(self) -> &'static str {
        self.reason
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("destination not allowed")
    }
}

impl std::error::Error for Denied {}

const fn denied<T>(reason: &'static str) -> Result<T, Denied> {
    Err(Denied { reason })
}

/// A host and port that passed; what is left to check are the addresses of a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Destination {
    /// A configured API base: no further rule.
    ApiBase(Host),
    /// An address that was written as such and is allowed.
    Literal(IpAddr),
    /// A name, lower-case ASCII; each address that it resolves to must pass [`Guard::admits_socket`].
    Name(String),
}

/// The rules as configured.
#[derive(Clone, Debug)]
pub struct Guard {
    allow: Vec<IpNet>,
    ports: Vec<u16>,
    api_bases: Vec<(Host, u16)>,
    own_hosts: Vec<Host>,
    own_addresses: Vec<SocketAddr>,
}

impl Guard {
    /// Takes the configuration in.
    pub fn new(policy: Policy) -> Self {
        let api_bases = policy.api_bases.iter().filter_map(|base| Some((base.host()?.to_owned(), base.port_or_known_default()?))).collect();
        Self {
            allow: policy.allow_networks,
            ports: PORTS.into_iter().chain(policy.allow_ports).collect(),
            api_bases,
            own_hosts: policy.own_hosts.iter().filter_map(|host| Host::parse(host).ok()).collect(),
            own_addresses: policy.own_addresses,
        }
    }

    /// The same rules without the exemption of the API bases, for URLs that tenants write.
    pub fn without_api_bases(&self) -> Self {
        Self { api_bases: Vec::new(), ..self.clone() }
    }

    /// Whether an address is public or in a network that the operator allowed.
    pub fn admits_address(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        globally_reachable(ip) || self.allow.iter().any(|net| net.contains(&ip))
    }

    /// [`Self::admits_address`], and not an address that the service itself listens on.
    pub fn admits_socket(&self, address: SocketAddr) -> bool {
        self.admits_address(address.ip()) && !self.is_own(address)
    }

    fn is_own(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        self.own_addresses.iter().any(|own| {
            let own_ip = own.ip().to_canonical();
            own.port() == address.port() && (own_ip == ip || ip.is_unspecified() || (own_ip.is_unspecified() && ip.is_loopback()))
        })
    }

    /// Whether a connection leads back to this very service by an address of the machine that no list knows: both ends are the same address, and
    /// the service listens on that port of all addresses.
    pub fn leads_back(&self, local: SocketAddr, peer: SocketAddr) -> bool {
        local.ip().to_canonical() == peer.ip().to_canonical()
            && self.own_addresses.iter().any(|own| own.port() == peer.port() && own.ip().is_unspecified())
    }

    /// Parses a URL and checks all that can be known without asking DNS. The result has no fragment.
    pub fn admits_url(&self, text: &str) -> Result<Url, Denied> {
        if text.len() > URL_BYTES_MAX {
            return denied("URL too long");
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return denied("control character, whitespace or backslash in the URL");
        }
        // The parser forgives a wrong number of slashes and an empty user name; another reader of the same text may not.
        let Some((scheme, rest)) = text.split_once("://") else { return denied("no scheme and authority") };
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return denied("scheme is not http or https");
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.is_empty() || authority.contains('@') {
            return denied("no host, or user information");
        }
        let Ok(mut url) = Url::parse(text) else { return denied("not a URL") };
        url.set_fragment(None);
        self.admits(&url)?;
        Ok(url)
    }

    /// Checks a URL that is parsed already.
    pub fn admits(&self, url: &Url) -> Result<Destination, Denied> {
        if !matches!(url.scheme(), "http" | "https") {
            return denied("scheme is not http or https");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return denied("user information");
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else { return denied("no host") };
        self.admits_host(host.to_owned(), port)
    }

    /// Checks a host and a port.
    pub fn admits_host(&self, host: Host, port: u16) -> Result<Destination, Denied> {
        if self.api_bases.iter().any(|(base, base_port)| *base == host && *base_port == port) {
            return Ok(Destination::ApiBase(host));
        }
        if !self.ports.contains(&port) {
            return denied("port");
        }
        if self.own_hosts.contains(&host) {
            return denied("the service's own host");
        }
        let ip = match host {
            Host::Ipv4(ip) => IpAddr::V4(ip),
            Host::Ipv6(ip) => IpAddr::V6(ip),
            Host::Domain(name) => {
                check_name(&name)?;
                return Ok(Destination::Name(name));
            }
        };
        if self.admits_socket(SocketAddr::new(ip, port)) { Ok(Destination::Literal(ip)) } else { Err(Denied::ADDRESS) }
    }

    /// Whether this is exactly the host and port of a configured API base.
    pub fn is_api_base(&self, url: &Url) -> bool {
        match (url.host(), url.port_or_known_default()) {
            (Some(host), Some(port)) => self.api_bases.iter().any(|(base, base_port)| *base == host.to_owned() && *base_port == port),
            _ => false,
        }
    }
}

impl Destination {
    /// The address, if the host is written as one.
    pub fn literal(&self) -> Option<IpAddr> {
        match self {
            Self::Literal(ip) => Some(*ip),
            Self::ApiBase(Host::Ipv4(ip)) => Some(IpAddr::V4(*ip)),
            Self::ApiBase(Host::Ipv6(ip)) => Some(IpAddr::V6(*ip)),
            Self::ApiBase(Host::Domain(_)) | Self::Name(_) => None,
        }
    }
}

fn check_name(name: &str) -> Result<(), Denied> {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > HOST_BYTES_MAX || !name.bytes().all(plain) {
        return denied("host is not plain lower-case ASCII");
    }
    if name.split('.').any(|label| label.is_empty() || label.len() > LABEL_BYTES_MAX) {
        return denied("host has an empty or overlong label");
    }
    if !name.contains('.') {
        return denied("single-label host");
    }
    let below = |suffix: &str| name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if PRIVATE_SUFFIXES.iter().any(|suffix| below(suffix)) {
        return denied("private name");
    }
    if METADATA_NAMES.iter().any(|suffix| below(suffix)) {
        return denied("metadata name");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
