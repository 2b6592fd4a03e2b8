//! Every spelling, name, scheme and port of the threat model against the rules, and what the operator may exempt.

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
    let api_bases =
        ["http://127.0.0.1:9999/api", "http://clockify.internal:7000", "https://onprem/api"].map(|base| Url::parse(base).unwrap()).to_vec();
    let guard = Guard::new(Policy { api_bases, ..Policy::default() });
    for allowed in ["http://127.0.0.1:9999/api/v1/user", "http://2130706433:9999/", "http://clockify.internal:7000/x", "https://onprem/"] {
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
