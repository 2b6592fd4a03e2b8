//! Which destinations are allowed: pure rules over addresses, host names and URLs (I8). Fails closed.
//!
//! A URL is parsed once, by the WHATWG rules, and everything after that works on the result: the spelling of a host never matters, only
//! what it means. The rules hold when a flow is saved and again, address by address, when a connection is made.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use actors::limits::outbound::URL_BYTES_MAX;
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
    if name.is_empty() || name.len() > 253 || !name.bytes().all(plain) {
        return denied("host is not plain lower-case ASCII");
    }
    if name.split('.').any(|label| label.is_empty() || label.len() > 63) {
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
mod tests {
    use super::*;

    fn strict() -> Guard {
        Guard::new(Policy {
            own_hosts: vec!["Addons.Example.com".into(), "8.8.4.4".into()],
            own_addresses: vec!["0.0.0.0:8080".parse().unwrap(), "93.184.216.34:443".parse().unwrap()],
            ..Policy::default()
        })
    }

    #[test]
    fn every_spelling_of_an_inner_address_is_denied() {
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f000001",
            "0x7F.1",
            "0177.0.0.1",
            "017700000001",
            "127.1",
            "127.0.1",
            "0x7f.0.1",
            "127.0.0x0.1",
            "127.0.0.1.",
            "2130706433.",
            "0",
            "0.0.0.0",
            "0x0",
            "00",
            "0x",
            "383.0.0.1",
            "256.256.256.256",
            "4294967296",
            "127.0.0.1.1",
            "10.0.0.1",
            "167772161",
            "172.16.0.1",
            "192.168.1.1",
            "0xc0a80101",
            "100.64.0.1",
            "169.254.169.254",
            "2852039166",
            "0xa9fea9fe",
            "0xA9.0xFE.0xA9.0xFE",
            "0251.0376.0251.0376",
            "169.254.43518",
            "169.254.170.2",
            "168.63.129.16",
            "100.100.100.200",
            "192.0.0.192",
            "198.18.0.1",
            "192.0.2.1",
            "198.51.100.1",
            "203.0.113.1",
            "192.88.99.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[0:0:0:0:0:0:0:1]",
            "[0000::0001]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[::7f00:1]",
            "[::ffff:0:127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b::169.254.169.254]",
            "[64:ff9b:1::a00:1]",
            "[2002:7f00:1::]",
            "[2001::1]",
            "[::1%25lo]",
            "[::1%lo]",
            "[fe80::1%25eth0]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[100::1]",
            "[2001:db8::1]",
            "[3fff::1]",
            "[5f00::1]",
            "[::ffff:a9fe:a9fe]",
            "①②⑦.⓪.⓪.①",
            "１２７.０.０.１",
            "127。0。0。1",
            "127．0．0．1",
            "127｡0｡0｡1",
            "１２７。１",
            "12\u{ad}7.0.0.1",
            "127\u{200b}.0.0.1",
            "127.0.0.\u{2060}1",
            "%31%32%37.0.0.1",
            "127%2e0%2e0%2e1",
            "%30x7f000001",
            "%5B::1%5D",
        ] {
            for url in [format!("http://{host}/"), format!("https://{host}/x?y"), format!("HTTP://{host}:8080")] {
                assert!(strict().admits_url(&url).is_err(), "{url}");
            }
        }
    }

    #[test]
    fn every_inner_name_is_denied() {
        for host in [
            "localhost",
            "LOCALHOST",
            "LocalHost.",
            "x.localhost",
            "a.b.localhost",
            "localhost.localdomain",
            "ip6-localhost",
            "ip6-loopback",
            "kubernetes",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
            "db",
            "metadata",
            "metadata.google.internal",
            "METADATA.google.internal",
            "metadata.google.internal.",
            "instance-data",
            "instance-data.ec2.internal",
            "host.docker.internal",
            "printer.local",
            "router.lan",
            "nas.home.arpa",
            "wiki.corp",
            "1.0.0.127.in-addr.arpa",
            "metadata.tencentyun.com",
            "addons.example.com",
            "ADDONS.EXAMPLE.COM",
            "addons。example。com",
            "8.8.4.4",
            "example.com.",
            "example..com",
            ".example.com",
            "..",
            "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
            "ｌｏｃａｌｈｏｓｔ",
            "local\u{ad}host",
            "loc\u{200b}alhost",
            "x。localhost",
            "%6cocalhost",
            "%6c%6f%63alhost",
            "a%00b.com",
            "a%2fb.com",
        ] {
            let url = format!("http://{host}/");
            assert!(strict().admits_url(&url).is_err(), "{url}");
        }
    }

    #[test]
    fn other_schemes_user_information_and_forgiven_spellings_are_denied() {
        for url in [
            "file:///etc/passwd",
            "gopher://example.com/",
            "dict://example.com/",
            "ftp://example.com/",
            "ldap://example.com/",
            "data:text/plain,x",
            "jar:http://example.com!/",
            "unix:/var/run/docker.sock",
            "ws://example.com/",
            "wss://example.com/",
            "view-source:http://example.com/",
            "javascript:alert(1)",
            "blob:https://example.com/1",
            "http+unix://%2fvar%2frun/x",
            "",
            "example.com",
            "//example.com/",
            "/x",
            "http",
            "http:",
            "http://",
            "http:example.com",
            "http:/example.com/",
            "http:///example.com/",
            "http:////example.com/",
            "https:///127.0.0.1/",
            "http://?x",
            "http://#x",
            "http://:80/",
            "http://user@example.com/",
            "http://user:pass@example.com/",
            "http://@example.com/",
            "http://:@example.com/",
            "http://example.com@127.0.0.1/",
            "http://127.0.0.1@example.com/",
            "http://example.com:80@127.0.0.1/",
            "http://example.com%40127.0.0.1/",
            "http://a@b@example.com/",
            "http://example.com\\@127.0.0.1/",
            "http:\\\\example.com/",
            "http://example.com\\.evil.com/",
            "http://127.0.0.1\\.example.com/",
            " http://example.com/",
            "http://example.com/ ",
            "http://exam ple.com/",
            "http://example.com/a b",
            "ht\ttp://example.com/",
            "http://exam\tple.com/",
            "http://example.com/\n",
            "http://example.com/\r\nX: y",
            "http://example.com/\0",
            "http://example.com\u{7f}/",
            "http://example.com/\u{a0}",
            "http://example.com/\u{3000}",
            "http://example.com/\u{85}",
            "http://example.com/\u{feff}\u{2028}",
            "\u{1}http://example.com/",
            "http://example.com:99999/",
            "http://example.com:-1/",
        ] {
            assert!(strict().admits_url(url).is_err(), "{url:?}");
        }
    }

    #[test]
    fn only_the_usual_and_the_configured_ports_are_allowed() {
        let guard = Guard::new(Policy { allow_ports: vec![9443], ..Policy::default() });
        for port in [80, 443, 8080, 8443, 9443] {
            assert!(guard.admits_url(&format!("http://example.com:{port}/")).is_ok(), "{port}");
        }
        for port in [0, 1, 21, 22, 25, 53, 111, 2375, 3306, 5432, 6379, 8000, 8081, 9200, 11211, 27017, 65535] {
            assert!(guard.admits_url(&format!("http://example.com:{port}/")).is_err(), "{port}");
        }
    }

    #[test]
    fn a_public_url_is_allowed_and_comes_out_in_one_spelling() {
        for (text, url) in [
            ("https://api.clockify.me/api/v1/user", "https://api.clockify.me/api/v1/user"),
            ("HTTPS://API.Clockify.ME:443/a?b=c#d@127.0.0.1", "https://api.clockify.me/a?b=c"),
            ("http://bücher.example/", "http://xn--bcher-kva.example/"),
            ("http://ｅｘａｍｐｌｅ。com/", "http://example.com/"),
            ("http://8.8.8.8/", "http://8.8.8.8/"),
            ("http://134744072/", "http://8.8.8.8/"),
            ("https://[2606:4700:0:0::1111]:8443/", "https://[2606:4700::1111]:8443/"),
            ("https://example.com/?next=http://u@h/", "https://example.com/?next=http://u@h/"),
            ("https://my_bucket.example.com", "https://my_bucket.example.com/"),
        ] {
            assert_eq!(strict().admits_url(text).map(String::from).as_deref(), Ok(url), "{text}");
        }
    }

    #[test]
    fn a_url_longer_than_the_bound_is_denied() {
        let fits = format!("https://example.com/{}", "a".repeat(URL_BYTES_MAX - 20));
        assert_eq!(fits.len(), URL_BYTES_MAX);
        assert!(strict().admits_url(&fits).is_ok());
        assert!(strict().admits_url(&format!("{fits}a")).is_err());
    }

    #[test]
    fn an_allowed_network_is_as_good_as_public_but_the_own_listeners_stay_closed() {
        let guard = Guard::new(Policy {
            allow_networks: vec!["127.0.0.0/8".parse().unwrap(), "10.1.0.0/16".parse().unwrap(), "fd12::/16".parse().unwrap()],
            own_addresses: vec!["0.0.0.0:8080".parse().unwrap(), "10.1.0.9:443".parse().unwrap()],
            ..Policy::default()
        });
        for allowed in [
            "http://127.0.0.1/",
            "http://127.9.9.9:8443/",
            "http://10.1.2.3/",
            "http://[::ffff:10.1.2.3]/",
            "http://[fd12::1]/",
            "http://10.1.0.9/",
            "http://10.1.2.3:8080/",
        ] {
            assert!(guard.admits_url(allowed).is_ok(), "{allowed}");
        }
        for denied in [
            "http://10.2.0.1/",
            "http://192.168.0.1/",
            "http://[fd13::1]/",
            "http://127.0.0.1:8080/",
            "http://[::ffff:127.0.0.1]:8080/",
            "https://10.1.0.9/",
            "http://localhost/",
        ] {
            assert!(guard.admits_url(denied).is_err(), "{denied}");
        }
        assert!(strict().admits_url("https://93.184.216.34/").is_err(), "a public address that this service listens on");
        assert!(strict().admits_url("http://93.184.216.34/").is_ok());
    }

    #[test]
    fn an_api_base_exempts_exactly_its_host_and_port_and_tenants_do_not_inherit_it() {
        let api_bases = ["http://127.0.0.1:9999/api", "http://clockify.internal:7000", "https://onprem/api"]
            .map(|base| Url::parse(base).unwrap())
            .to_vec();
        let guard = Guard::new(Policy { api_bases, ..Policy::default() });
        for allowed in
            ["http://127.0.0.1:9999/api/v1/user", "http://2130706433:9999/", "http://clockify.internal:7000/x", "https://onprem/"]
        {
            assert!(guard.admits_url(allowed).is_ok(), "{allowed}");
            assert!(guard.without_api_bases().admits_url(allowed).is_err(), "{allowed}");
        }
        for denied in [
            "http://127.0.0.1/",
            "http://127.0.0.1:9998/",
            "http://127.0.0.2:9999/",
            "http://clockify.internal/",
            "http://x.clockify.internal:7000/",
            "http://onprem/",
            "http://example.com:9999/",
        ] {
            assert!(guard.admits_url(denied).is_err(), "{denied}");
        }
    }

    #[test]
    fn a_connection_of_the_machine_to_itself_is_known_by_both_ends() {
        let [here, elsewhere]: [SocketAddr; 2] = ["192.0.2.7:50000", "192.0.2.8:50000"].map(|address| address.parse().unwrap());
        for (peer, back) in [("192.0.2.7:8080", true), ("[::ffff:192.0.2.7]:8080", true), ("192.0.2.7:443", false)] {
            assert_eq!(strict().leads_back(here, peer.parse().unwrap()), back, "{peer}");
            assert!(!strict().leads_back(elsewhere, peer.parse().unwrap()), "{peer}");
        }
    }

    #[test]
    fn a_refusal_says_the_same_to_everyone() {
        let texts = ["http://127.0.0.1/", "http://localhost/", "ftp://x/", "http://example.com:22/"]
            .map(|url| strict().admits_url(url).unwrap_err().to_string());
        assert!(texts.iter().all(|text| text == "destination not allowed"), "{texts:?}");
    }
}
