//! How texts of the environment are read. Each function says in its error what it expected, never what it found.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;
use std::str::FromStr;

use ipnet::IpNet;
use log::LevelFilter;
use url::{Host, Url};

use crate::telemetry::Format;

type Read<T> = Result<T, String>;

/// Yes or no, in the spellings that the reference took.
pub(super) fn flag(text: &str) -> Read<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "y" | "on" | "t" => Ok(true),
        "false" | "0" | "no" | "n" | "off" | "f" => Ok(false),
        _ => Err("expected true or false".into()),
    }
}

/// A whole number within bounds.
pub(super) fn number<T>(range: RangeInclusive<T>) -> impl Fn(&str) -> Read<T>
where
    T: FromStr + PartialOrd + std::fmt::Display,
{
    move |text| {
        let number = text.parse::<T>().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| format!("expected a whole number from {} to {}", range.start(), range.end()))
    }
}

/// An address to listen on.
pub(super) fn host(text: &str) -> Read<IpAddr> {
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().map_err(|_| "expected an IP address, such as 0.0.0.0, :: or 127.0.0.1".into())
}

/// A list: JSON, or divided by commas.
pub(super) fn list<T>(item: impl Fn(&str) -> Read<T>) -> impl Fn(&str) -> Read<Vec<T>> {
    move |text| {
        if text.starts_with('[') {
            let items: Vec<String> =
                serde_json::from_str(text).map_err(|_| "expected a JSON list of texts, or a list divided by commas")?;
            return items.iter().map(|text| item(text.trim())).collect();
        }
        text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(&item).collect()
    }
}

/// Any item of a list, at least one.
pub(super) fn some<T>(list: Vec<T>) -> Read<Vec<T>> {
    if list.is_empty() { Err("expected at least one".into()) } else { Ok(list) }
}

/// A network or a single address.
pub(super) fn network(text: &str) -> Read<IpNet> {
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map(|network| network.trunc()).map_err(|_| "expected networks such as 10.1.0.0/16 or fd00::/8".into())
}

/// Who may embed the page: an origin, or all below a domain. It becomes part of a header, so nothing else passes.
pub(super) fn embedding_origin(text: &str) -> Read<String> {
    let expected = || "expected origins such as https://*.clockify.me or https://clockify.example.com:8443".to_owned();
    let (scheme, rest) = text.split_once("://").ok_or_else(expected)?;
    let (host, port) = rest.rsplit_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
    let host = host.strip_prefix("*.").unwrap_or(host);
    let named = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte));
    let fits = matches!(scheme, "http" | "https") && named && port.is_none_or(|port| port.parse::<u16>().is_ok());
    if fits { Ok(text.to_owned()) } else { Err(expected()) }
}

/// The base of other URLs. It is written without a slash at its end from here on.
pub(super) fn base_url(text: &str) -> Read<Url> {
    let expected = || "expected a URL such as https://addons.example.com/path, without user, query or fragment".to_owned();
    let url = Url::parse(text).map_err(|_| expected())?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.host().is_some()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && !text.contains(char::is_whitespace)
        && !url.path().trim_end_matches('/').contains("//");
    if plain { Ok(url) } else { Err(expected()) }
}

/// Where keys are fetched from.
pub(super) fn key_url(text: &str) -> Read<Url> {
    let expected = "expected a URL with https; http only for a loopback address";
    let url = Url::parse(text).map_err(|_| expected)?;
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => return Err(expected.into()),
    };
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if plain && (url.scheme() == "https" || (url.scheme() == "http" && loopback)) { Ok(url) } else { Err(expected.into()) }
}

/// A manifest's key.
pub(super) fn addon_key(text: &str) -> Read<String> {
    let plain = (2..=50).contains(&text.chars().count()) && text.chars().all(|c| c.is_ascii_graphic());
    if plain { Ok(text.to_owned()) } else { Err("expected 2 to 50 visible ASCII characters without spaces".into()) }
}

/// How much is logged, in the names of Python and of Rust.
pub(super) fn level(text: &str) -> Read<LevelFilter> {
    match text.to_ascii_uppercase().as_str() {
        "TRACE" => Ok(LevelFilter::Trace),
        "DEBUG" => Ok(LevelFilter::Debug),
        "INFO" => Ok(LevelFilter::Info),
        "WARN" | "WARNING" => Ok(LevelFilter::Warn),
        "ERROR" | "CRITICAL" | "FATAL" => Ok(LevelFilter::Error),
        "OFF" => Ok(LevelFilter::Off),
        _ => Err("expected TRACE, DEBUG, INFO, WARNING, ERROR or OFF".into()),
    }
}

/// How a log line is written.
pub(super) fn format(text: &str) -> Read<Format> {
    match text.to_ascii_lowercase().as_str() {
        "json" => Ok(Format::Json),
        "text" | "console" => Ok(Format::Text),
        _ => Err("expected json or text".into()),
    }
}

/// Which of the platform's two environments.
pub(super) fn developer_environment(text: &str) -> Read<bool> {
    match text.to_ascii_lowercase().as_str() {
        "prod" | "production" => Ok(false),
        "dev" | "developer" | "development" | "staging" | "sandbox" => Ok(true),
        _ => Err("expected prod or dev".into()),
    }
}

/// A database URL without its password.
pub(super) fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    // A password may hold a slash, so the last `@` of all is what ends it.
    let at = rest.rfind('@');
    let query = |text: &str| text.split_once('?').map_or(text.to_owned(), |(path, _)| format!("{path}?…"));
    match at {
        Some(at) => {
            let user = rest.get(..at.min(end)).unwrap_or_default().split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:[secret]@{}", query(rest.get(at + 1..).unwrap_or_default()))
        }
        None => format!("{scheme}://{}", query(rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_json_or_divided_by_commas() {
        let read = list(number(0..=9u8));
        for text in [r#"["1", " 2"]"#, "1,2", " 1 , 2,"] {
            assert_eq!(read(text), Ok(vec![1, 2]));
        }
        for bad in ["[1]", "[", "[\"1\"", "1;2", "x", "1,x"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert_eq!(read(","), Ok(Vec::new()));
    }

    #[test]
    fn a_base_is_a_plain_url() {
        for good in ["https://a.b", "https://a.b/", "http://localhost:8001", "https://a.b/x/y/"] {
            assert!(base_url(good).is_ok(), "{good}");
        }
        for bad in ["a.b", "ftp://a.b", "https://u@a.b", "https://a.b?x", "https://a.b#x", "https://a.b/x//y", "https://", "https://a b"] {
            assert!(base_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_come_over_https_or_from_this_machine() {
        for good in
            ["https://api.clockify.me/.well-known/jwks.json", "http://127.0.0.1:9/jwks", "http://[::1]:9/jwks", "http://localhost/x"]
        {
            assert!(key_url(good).is_ok(), "{good}");
        }
        for bad in ["http://api.clockify.me/jwks", "http://10.0.0.1/", "file:///etc/passwd", "https://u:p@a.b/", "x"] {
            assert!(key_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_database_url_is_shown_without_its_password() {
        for (url, shown) in [
            ("postgres://u:p@h/db", "postgres://u:[secret]@h/db"),
            ("postgres://u:p/@x@h:5/db?password=q", "postgres://u:[secret]@h:5/db?…"),
            ("postgres://h/db?user=u&password=q", "postgres://h/db?…"),
            ("sqlite://data/x.db", "sqlite://data/x.db"),
            ("sqlite:x.db", "sqlite:x.db"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }

    #[test]
    fn numbers_keep_their_bounds() {
        let read = number(1..=50u32);
        assert_eq!((read("1"), read("50")), (Ok(1), Ok(50)));
        for bad in ["0", "51", "-1", "1.5", "", "x", "99999999999"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
