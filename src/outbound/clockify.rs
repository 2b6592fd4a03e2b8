//! Clockify's REST API over the guarded client: the port's promises kept (I5, I7, I8).
//!
//! The token goes to the base URL's origin and nowhere else: the path is checked, not repaired, and plain HTTP is for configured bases.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actors::clock::{Clock, Timestamp};
use actors::limits::explorer::HEADER_BYTES_MAX;
use actors::limits::outbound as limits;
use actors::port::clockify::{ApiRequest, ApiResponse, ApiUrls, CallError, Clockify, Head, Host, Method, Opened, Pieces};
use actors::secret::Secret;
use async_trait::async_trait;
use awc::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use url::Url;
use url::form_urlencoded;

use super::client::{self, Answer, Body, Client, Exchange, Reuse};
use super::guard::Guard;

const TOKEN: HeaderName = HeaderName::from_static("x-addon-token");
const LAST_PAGE: HeaderName = HeaderName::from_static("last-page");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// JSON wherever there is a choice; receipts and invoices are files.
const ACCEPTED: HeaderValue = HeaderValue::from_static("application/json, */*;q=0.5");
/// What is shown of an answer's head: never a cookie, a token or what frames the connection.
const SHOWN: [&str; 12] = [
    "cache-control",
    "content-disposition",
    "content-language",
    "content-type",
    "date",
    "etag",
    "expires",
    "last-modified",
    "last-page",
    "location",
    "retry-after",
    "x-request-id",
];

/// The port's implementation, for one arbiter.
pub struct ClockifyClient {
    client: Rc<Client>,
    clock: Arc<dyn Clock>,
}

impl ClockifyClient {
    /// Calls through `client`; `clock` measures how far off an HTTP date in `Retry-After` is.
    pub fn new(client: Rc<Client>, clock: Arc<dyn Clock>) -> Self {
        Self { client, clock }
    }
}

impl ClockifyClient {
    fn exchange(&self, urls: &ApiUrls, token: &Secret, request: ApiRequest) -> Result<Exchange, CallError> {
        let url = address(self.client.guard(), urls, &request)?;
        let mut headers = HeaderMap::new();
        let mut value = HeaderValue::from_str(token.expose()).map_err(|_| malformed("the token is not a header value"))?;
        value.set_sensitive(true);
        headers.insert(TOKEN, value);
        headers.insert(header::ACCEPT, ACCEPTED);
        if request.body.is_some() {
            let stated = request.content_type.as_deref().map(HeaderValue::from_str).transpose();
            headers.insert(header::CONTENT_TYPE, stated.map_err(|_| malformed("the body's type is not a header value"))?.unwrap_or(JSON));
        }
        Ok(Exchange {
            method: method(request.method),
            url,
            headers,
            body: request.body,
            response_bytes_max: request.response_bytes_max,
            timeout: request.timeout,
            repeatable: request.method.repeatable(),
            reuse: Reuse::Pooled,
        })
    }

    fn head(&self, status: u16, headers: &HeaderMap) -> Head {
        Head {
            status,
            retry_after: text(headers, &header::RETRY_AFTER).and_then(|value| retry_after(value, self.clock.now())),
            last_page: text(headers, &LAST_PAGE).and_then(|value| value.trim().to_ascii_lowercase().parse().ok()),
            content_type: text(headers, &header::CONTENT_TYPE).and_then(content_type),
            headers: shown(headers),
        }
    }
}

#[async_trait(?Send)]
impl Clockify for ClockifyClient {
    async fn call(&self, urls: &ApiUrls, token: &Secret, request: ApiRequest) -> Result<ApiResponse, CallError> {
        let Answer { status, headers, body } = self.client.exchange(self.exchange(urls, token, request)?).await?;
        Ok(self.head(status, &headers).with(body))
    }

    async fn open(&self, urls: &ApiUrls, token: &Secret, request: ApiRequest) -> Result<Opened, CallError> {
        let patience = request.timeout.min(Duration::from_secs(limits::EXCHANGE_SECONDS_MAX));
        let client::Opened { status, headers, body } = self.client.open(self.exchange(urls, token, request)?).await?;
        Ok(Opened { head: self.head(status, &headers), pieces: Box::new(Coming { body, patience }) })
    }
}

/// A body that is coming, each piece within a time.
struct Coming {
    body: Body,
    patience: Duration,
}

#[async_trait(?Send)]
impl Pieces for Coming {
    async fn next(&mut self) -> Result<Option<Bytes>, CallError> {
        self.body.next(self.patience).await
    }
}

pub(super) fn method(method: Method) -> awc::http::Method {
    match method {
        Method::Get => awc::http::Method::GET,
        Method::Post => awc::http::Method::POST,
        Method::Put => awc::http::Method::PUT,
        Method::Patch => awc::http::Method::PATCH,
        Method::Delete => awc::http::Method::DELETE,
    }
}

fn malformed(why: &str) -> CallError {
    CallError::Malformed(why.into())
}

/// Puts the URL together and makes sure that it is what was put together.
fn address(guard: &Guard, urls: &ApiUrls, request: &ApiRequest) -> Result<Url, CallError> {
    let base_text = match request.host {
        Host::Backend => &urls.backend,
        Host::Reports => urls.reports.as_ref().ok_or_else(|| malformed("this installation has no reports URL"))?,
        Host::Pto => urls.pto.as_ref().ok_or_else(|| malformed("this installation has no time-off (PTO) URL"))?,
    };
    let refuse = |reason| {
        log::warn!(reason; "outbound: destination not allowed");
        CallError::NotAllowed
    };
    let base = guard.admits_url(base_text).map_err(|denied| refuse(denied.reason()))?;
    if base.query().is_some() || base_text.contains(['?', '#']) {
        return Err(malformed("the base URL has a query or a fragment"));
    }
    if base.scheme() != "https" && !guard.is_api_base(&base) {
        return Err(refuse("the token would travel in the clear"));
    }
    check_path(&request.path)?;

    let mut text = format!("{}{}", base_text.trim_end_matches('/'), request.path);
    if !request.query.is_empty() {
        text.push('?');
        text = form_urlencoded::Serializer::for_suffix(text.clone(), text.len()).extend_pairs(&request.query).finish();
    }
    if text.len() > limits::URL_BYTES_MAX {
        return Err(malformed("the path and query are too long"));
    }
    let url = guard.admits_url(&text).map_err(|denied| refuse(denied.reason()))?;
    let expected_path = format!("{}{}", base.path().trim_end_matches('/'), request.path);
    if url.origin() != base.origin() || url.path() != expected_path {
        return Err(malformed("path and base URL do not give the URL that they spell"));
    }
    Ok(url)
}

/// One or more segments of RFC 3986 `pchar`, none empty and none a dot segment in any spelling.
fn check_path(path: &str) -> Result<(), CallError> {
    let Some(segments) = path.strip_prefix('/') else { return Err(malformed("the path does not start with a slash")) };
    for segment in segments.split('/') {
        if segment.is_empty() {
            return Err(malformed("the path has an empty segment"));
        }
        if !is_pchars(segment.as_bytes()) {
            return Err(malformed("the path has a character that must be percent-encoded"));
        }
        if matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..") {
            return Err(malformed("the path has a dot segment"));
        }
    }
    Ok(())
}

fn is_pchars(mut segment: &[u8]) -> bool {
    loop {
        segment = match segment {
            [] => return true,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest,
            [c, rest @ ..] if c.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(c) => rest,
            _ => return false,
        }
    }
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn shown(headers: &HeaderMap) -> Vec<(String, String)> {
    let short = |name: &str| headers.get(name)?.to_str().ok().filter(|value| value.len() <= HEADER_BYTES_MAX).map(str::to_owned);
    SHOWN.iter().filter_map(|name| Some(((*name).to_owned(), short(name)?))).collect()
}

/// Seconds or an HTTP date; a date that has passed means now.
pub(super) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if value.bytes().all(|c| c.is_ascii_digit()) {
        return value.parse().ok().map(Duration::from_secs);
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Timestamp::from_millis(date.as_millisecond()).since(now))
}

fn content_type(value: &str) -> Option<String> {
    let essence = value.split(';').next().unwrap_or_default().trim();
    (!essence.is_empty() && essence.len() <= limits::CONTENT_TYPE_BYTES_MAX).then(|| essence.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::super::guard::Policy;
    use super::*;

    fn request(path: &str, query: &[(&str, &str)]) -> ApiRequest {
        ApiRequest {
            method: Method::Get,
            host: Host::Backend,
            path: path.into(),
            query: query.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            body: None,
            content_type: None,
            response_bytes_max: 1,
            timeout: Duration::from_secs(1),
        }
    }

    fn at(backend: &str, request: &ApiRequest) -> Result<String, CallError> {
        let urls = ApiUrls { backend: backend.into(), reports: None, pto: None };
        address(&Guard::new(Policy::default()), &urls, request).map(String::from)
    }

    const BASE: &str = "https://api.clockify.me/api";

    #[test]
    fn the_path_is_sent_as_it_was_rendered_and_the_query_is_form_encoded() {
        assert_eq!(at(BASE, &request("/v1/a%2F..%2Fb/c:d,e", &[])).unwrap(), "https://api.clockify.me/api/v1/a%2F..%2Fb/c:d,e");
        let query = [("name", "a b&c=d#e"), ("page", "1"), ("ü", "%")];
        assert_eq!(at(BASE, &request("/v1/x", &query)).unwrap(), "https://api.clockify.me/api/v1/x?name=a+b%26c%3Dd%23e&page=1&%C3%BC=%25");
    }

    #[test]
    fn a_path_that_could_mean_another_one_is_refused() {
        for path in [
            "",
            "v1/x",
            "/",
            "//x",
            "//evil.com/x",
            "/v1//x",
            "/v1/x/",
            "/v1/..",
            "/v1/../x",
            "/./x",
            "/v1/%2e%2e/x",
            "/v1/%2E./x",
            "/v1/.%2e",
            "/%2e/x",
            "/v1/x?y",
            "/v1/x#y",
            "/v1\\x",
            "/\\evil.com",
            "/v1/x y",
            "/v1/x\r\ny",
            "/v1/\0",
            "/v1/\t",
            "/v1/é",
            "/v1/%",
            "/v1/%4",
            "/v1/%zz",
            "/v1/\"x",
            "/v1/<x>",
            "/v1/{id}",
            "@evil.com/x",
            ".evil.com/x",
            ":8443/x",
        ] {
            assert!(matches!(at(BASE, &request(path, &[])), Err(CallError::Malformed(_))), "{path:?}");
        }
    }

    #[test]
    fn a_token_goes_over_https_to_allowed_hosts_only() {
        for base in [
            "http://api.clockify.me/api",
            "https://127.0.0.1/api",
            "https://localhost",
            "https://u@api.clockify.me",
            "https://api.clockify.me:22",
            "ftp://api.clockify.me",
        ] {
            assert_eq!(at(base, &request("/v1/x", &[])), Err(CallError::NotAllowed), "{base}");
        }
        for base in [
            "https://api.clockify.me/api?x=",
            "https://api.clockify.me/api?",
            "https://api.clockify.me/api#",
            "https://api.clockify.me/a/../b",
        ] {
            assert!(matches!(at(base, &request("/v1/x", &[])), Ok(_) | Err(CallError::Malformed(_))), "{base}");
        }
        assert!(matches!(at("https://api.clockify.me/api?x=", &request("/v1/x", &[])), Err(CallError::Malformed(_))));
    }

    #[test]
    fn a_missing_base_url_is_named() {
        for (host, word) in [(Host::Reports, "reports"), (Host::Pto, "PTO")] {
            let error = at(BASE, &ApiRequest { host, ..request("/v1/x", &[]) }).unwrap_err();
            assert!(matches!(&error, CallError::Malformed(text) if text.contains(word)), "{error}");
        }
    }

    #[test]
    fn no_refusal_repeats_path_query_or_base() {
        let long = "s".repeat(limits::URL_BYTES_MAX);
        for (base, path, query) in [
            (BASE, "/v1/s3cret x", vec![]),
            (BASE, "/v1/x", vec![("token", long.as_str())]),
            ("https://s3cret:s3cret@api.clockify.me", "/v1/x", vec![]),
            ("https://s3cret", "/v1/x", vec![]),
        ] {
            let error = at(base, &request(path, &query)).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cret") && !format!("{error:?}").contains("ssss"), "{error:?}");
        }
    }

    #[test]
    fn retry_after_reads_seconds_and_dates() {
        let now = Timestamp::parse("1994-11-06T08:49:07Z").unwrap();
        for (value, expected) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(30)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", Some(0)),
            ("Mon, 07 Nov 1994 08:49:07 GMT", Some(86_400)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(retry_after(value, now), expected.map(Duration::from_secs), "{value:?}");
        }
    }

    #[test]
    fn content_type_is_kept_bare() {
        assert_eq!(content_type("Application/JSON; charset=utf-8").as_deref(), Some("application/json"));
        assert_eq!(content_type("; x"), None);
        assert_eq!(content_type(&"x".repeat(limits::CONTENT_TYPE_BYTES_MAX + 1)), None);
    }
}
