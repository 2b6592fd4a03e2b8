//! Which API hosts a verified token may name: the platform's domains, or exactly a base URL that the operator configured (I8).
//!
//! The claims are signed, so this is the second wall: what is decided here is where the installation token will be sent. The unsigned `apiUrl` of
//! an install body never comes here.

use actors::limits::token::CLAIM_BYTES_MAX;
use actors::port::clockify::ApiUrls;
use url::{Host, Url};

use super::token::UrlClaims;

/// A token names a host that this service does not call, or none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the API host that the token names is not allowed")]
pub struct NotAllowed;

/// A configured domain or base URL cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unreadable {
    /// Neither a host name nor `*.` before one.
    #[error("not a domain: {0}")]
    Domain(String),
    /// Not an http or https URL without user, query and fragment.
    #[error("not a base URL: {0}")]
    Base(String),
}

/// The hosts that may be called with an installation's token.
#[derive(Clone, Debug, Default)]
pub struct ApiHosts {
    /// `*.clockify.me`: the domain and everything below it, as in the reference.
    below: Vec<String>,
    exact: Vec<String>,
    /// Whole base URLs, in the spelling of [`base_text`].
    bases: Vec<String>,
}

impl ApiHosts {
    /// `CLOCKIFY_ALLOWED_API_DOMAINS` where it is not set.
    pub const DEFAULT_DOMAINS: [&str; 2] = ["*.clockify.me", "*.clockify.com"];

    /// Domains as `*.example.com` or `api.example.com`, and base URLs that are allowed exactly as they are, whatever the domains say.
    ///
    /// # Errors
    ///
    /// The first text that cannot be read.
    pub fn new<'a>(domains: impl IntoIterator<Item = &'a str>, bases: impl IntoIterator<Item = &'a str>) -> Result<Self, Unreadable> {
        let mut hosts = Self::default();
        for domain in domains {
            let (list, name) = match domain.trim().strip_prefix("*.") {
                Some(name) => (&mut hosts.below, name),
                None => (&mut hosts.exact, domain.trim()),
            };
            match Host::parse(name) {
                Ok(Host::Domain(name)) if is_plain(&name) => list.push(name),
                _ => return Err(Unreadable::Domain(domain.into())),
            }
        }
        for base in bases {
            let url = parse(base.trim()).ok_or_else(|| Unreadable::Base(base.into()))?;
            hosts.bases.push(base_text(&url));
        }
        Ok(hosts)
    }

    /// The base URLs to call for a token with these claims, without `/v1` and without a slash at the end. A `reportsUrl` or `ptoUrl` that is
    /// not allowed counts as not named: its operations then say that they have no host, the rest works.
    ///
    /// # Errors
    ///
    /// The backend is not named or not allowed.
    pub fn accept(&self, claims: &UrlClaims) -> Result<ApiUrls, NotAllowed> {
        let backend = claims.backend.as_deref().and_then(|text| self.base(text)).ok_or(NotAllowed)?;
        let optional = |claim: &'static str, text: &Option<String>| {
            let base = text.as_deref().map(|text| self.base(text));
            if base == Some(None) {
                log::warn!(claim; "auth: an API host that a token names is not allowed and is left out");
            }
            base.flatten()
        };
        Ok(ApiUrls { backend, reports: optional("reportsUrl", &claims.reports), pto: optional("ptoUrl", &claims.pto) })
    }

    fn base(&self, text: &str) -> Option<String> {
        let url = parse(text)?;
        let base = base_text(&url);
        if self.bases.contains(&base) {
            return Some(base);
        }
        let Some(Host::Domain(name)) = url.host() else { return None };
        let below = |domain: &String| {
            name.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || (rest.len() > 1 && rest.ends_with('.')))
        };
        let listed = self.exact.iter().any(|exact| exact == name) || self.below.iter().any(below);
        (listed && url.scheme() == "https" && url.port().is_none()).then_some(base)
    }
}

/// Several labels of letters, digits and hyphens, none of them empty.
fn is_plain(name: &str) -> bool {
    let plain = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    name.contains('.') && name.split('.').all(plain)
}

/// An absolute http or https URL that reads the same for everybody: plain characters, no user, query, fragment, dot or empty segment.
fn parse(text: &str) -> Option<Url> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/[]".contains(c);
    if text.len() > CLAIM_BYTES_MAX || !text.chars().all(plain) {
        return None;
    }
    let (_, rest) = text.split_once("://")?;
    if rest.starts_with('/') || rest.trim_end_matches('/').split('/').skip(1).any(|segment| matches!(segment, "" | "." | "..")) {
        return None;
    }
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Without slashes at the end and without `/v1`, which the paths of operations bring along.
fn base_text(url: &Url) -> String {
    let text = url.as_str().trim_end_matches('/');
    text.strip_suffix("/v1").unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backend(hosts: &ApiHosts, url: &str) -> Result<String, NotAllowed> {
        let claims = UrlClaims { backend: Some(url.into()), ..UrlClaims::default() };
        hosts.accept(&claims).map(|urls| urls.backend)
    }

    fn platform() -> ApiHosts {
        ApiHosts::new(ApiHosts::DEFAULT_DOMAINS, []).unwrap()
    }

    #[test]
    fn the_platforms_hosts_are_allowed_and_come_out_as_bases() {
        for (url, base) in [
            ("https://api.clockify.me/api", "https://api.clockify.me/api"),
            ("https://api.clockify.me/api/v1", "https://api.clockify.me/api"),
            ("https://api.clockify.me/api/v1/", "https://api.clockify.me/api"),
            ("https://euc1.clockify.me/api/", "https://euc1.clockify.me/api"),
            ("https://API.Clockify.ME:443/api", "https://api.clockify.me/api"),
            ("https://developer.clockify.me/report", "https://developer.clockify.me/report"),
            ("https://reports.api.clockify.me", "https://reports.api.clockify.me"),
            ("https://reports.api.clockify.me/v1", "https://reports.api.clockify.me"),
            ("https://api.clockify.com/", "https://api.clockify.com"),
            ("https://clockify.me/api", "https://clockify.me/api"),
        ] {
            assert_eq!(backend(&platform(), url).as_deref(), Ok(base), "{url}");
        }
    }

    #[test]
    fn any_other_host_or_spelling_is_not() {
        for url in [
            "",
            "api.clockify.me/api",
            "//api.clockify.me/api",
            "http://api.clockify.me/api",
            "ftp://api.clockify.me/api",
            "https://clockify.me.evil.com/api",
            "https://evilclockify.me/api",
            "https://api.clockify.me.evil.com",
            "https://evil.com/api.clockify.me",
            "https://evil.com?.clockify.me",
            "https://evil.com#.clockify.me",
            "https://evil.com\\.clockify.me",
            "https://api.clockify.me@evil.com/api",
            "https://u:p@api.clockify.me/api",
            "https://api.clockify.me:8443/api",
            "https://api.clockify.me:444/api",
            "https://api.clockify.me/api?x=y",
            "https://api.clockify.me/api#x",
            "https://api.clockify.me/../x",
            "https://api.clockify.me/a/./b",
            "https://api.clockify.me//api",
            "https:///api.clockify.me/api",
            "https:/api.clockify.me/api",
            "https://api.clockify.me/%2e%2e",
            "https://api.clockify.me./api",
            "https://.clockify.me/api",
            "https://аpi.clockify.mе/api",
            "https://127.0.0.1/api",
            "https://[::1]/api",
            "https://localhost/api",
            "https://2130706433/",
            "https://api.clockify.me/api\n",
            " https://api.clockify.me/api",
            "javascript://api.clockify.me/%0aalert(1)",
        ] {
            assert_eq!(backend(&platform(), url), Err(NotAllowed), "{url:?}");
        }
        assert_eq!(backend(&platform(), &format!("https://api.clockify.me/{}", "a".repeat(CLAIM_BYTES_MAX))), Err(NotAllowed));
        assert_eq!(platform().accept(&UrlClaims::default()), Err(NotAllowed), "a token without a backend");
    }

    #[test]
    fn a_configured_base_is_allowed_exactly_as_it_is() {
        let hosts = ApiHosts::new(["api.example.com"], ["http://127.0.0.1:9999/api/v1/", "https://onprem/clockify"]).unwrap();
        for url in ["http://127.0.0.1:9999/api", "http://127.0.0.1:9999/api/v1", "https://onprem/clockify", "https://api.example.com/x"] {
            assert!(backend(&hosts, url).is_ok(), "{url}");
        }
        for url in [
            "http://127.0.0.1:9999",
            "http://127.0.0.1:9999/api/x",
            "http://127.0.0.1:9998/api",
            "https://127.0.0.1:9999/api",
            "http://onprem/clockify",
            "https://onprem",
            "https://x.api.example.com",
            "https://api.clockify.me/api",
        ] {
            assert_eq!(backend(&hosts, url), Err(NotAllowed), "{url}");
        }
    }

    #[test]
    fn a_foreign_reports_or_time_off_host_is_left_out() {
        let claims = UrlClaims {
            backend: Some("https://api.clockify.me/api".into()),
            reports: Some("https://reports.evil.com".into()),
            pto: Some("https://pto.api.clockify.me/".into()),
        };
        let urls = platform().accept(&claims).unwrap();
        assert_eq!((urls.reports, urls.pto.as_deref()), (None, Some("https://pto.api.clockify.me")));
    }

    #[test]
    fn a_domain_or_base_that_cannot_be_meant_is_named() {
        for domain in
            ["", "*", "*.", "*.com.", "me", "*.me", "10.0.0.1", "https://api.clockify.me", "a b", "*.*.clockify.me", "api.clockify.me:443"]
        {
            assert_eq!(ApiHosts::new([domain], []).unwrap_err(), Unreadable::Domain(domain.into()));
        }
        for base in ["", "api.clockify.me", "ftp://x", "https://u@x/", "https://x/?a", "https://x/#", "https://"] {
            assert_eq!(ApiHosts::new([], [base]).unwrap_err(), Unreadable::Base(base.into()));
        }
    }
}
