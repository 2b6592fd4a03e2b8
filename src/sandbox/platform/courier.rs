//! The platform's calls to an add-on, over the guarded client with an allowing guard: exactly the add-on's own origin, on loopback.
//!
//! This is the sandbox's road to the service under trial, not the product's road to the world.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actors::limits::sandbox as limits;
use awc::http::Method;
use awc::http::header::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use url::{Host, Url};

use crate::outbound::client::{Client, Exchange, Reuse};
use crate::outbound::guard::{Guard, Policy};

thread_local! {
    static CLIENTS: RefCell<HashMap<String, Rc<Client>>> = RefCell::default();
}

/// An answer: status and body.
pub type Answer = (u16, Bytes);

/// Sends one request and reads the whole answer.
///
/// # Errors
///
/// Why there is no answer, in words.
pub async fn send(method: Method, url: &str, headers: &[(&'static str, &str)], body: Option<Bytes>) -> Result<Answer, String> {
    let url = Url::parse(url).map_err(|error| format!("{url}: {error}"))?;
    if !is_loopback(&url) {
        return Err(format!("{url} is not on this machine"));
    }
    let client = client(&url)?;
    let mut fields = HeaderMap::new();
    for (name, value) in headers {
        fields.append(HeaderName::from_static(name), HeaderValue::from_str(value).map_err(|_| format!("{name} is not a header value"))?);
    }
    let exchange = Exchange {
        method,
        url,
        headers: fields,
        body,
        response_bytes_max: limits::ANSWER_BYTES_MAX,
        timeout: Duration::from_millis(limits::ANSWER_MS_MAX),
        // The platform repeats what it gets no answer to by itself.
        repeatable: false,
        reuse: Reuse::Pooled,
    };
    let answer = client.exchange(exchange).await.map_err(|error| error.to_string())?;
    Ok((answer.status, answer.body))
}

fn client(url: &Url) -> Result<Rc<Client>, String> {
    let origin = url.origin().ascii_serialization();
    if let Some(client) = CLIENTS.with_borrow(|clients| clients.get(&origin).cloned()) {
        return Ok(client);
    }
    let policy = Policy { api_bases: vec![url.clone()], ..Policy::default() };
    let client = Rc::new(Client::new(Arc::new(Guard::new(policy))).map_err(|error| error.to_string())?);
    CLIENTS.with_borrow_mut(|clients| clients.insert(origin, Rc::clone(&client)));
    Ok(client)
}

/// Whether an address is on this machine. The sandbox calls no other.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_called() {
        let good = ["http://127.0.0.1:1/x", "http://[::1]:1/", "http://localhost:8001/manifest"];
        let bad = ["http://10.0.0.1/", "http://api.clockify.me/", "http://localhost.example/", "http://127.0.0.1.example/"];
        assert!(good.iter().all(|url| is_loopback(&Url::parse(url).unwrap())));
        assert!(bad.iter().all(|url| !is_loopback(&Url::parse(url).unwrap())));
    }
}
