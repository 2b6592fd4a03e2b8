//! A plain bounded GET, for public documents such as key sets. Nothing of ours is sent along.

use std::time::Duration;

use actors::port::clockify::CallError;
use awc::http::Method;
use awc::http::header::HeaderMap;
use bytes::Bytes;

use super::client::{Client, Exchange, Reuse};
use super::guard::Guard;

/// Gets `url`, which `guard` must allow (beside the client's own rules). Only status 200 counts; a redirect is no answer.
///
/// # Errors
///
/// Any other status is [`CallError::Lost`]: the document is not to be had, and a GET may always be tried again.
pub async fn get(client: &Client, guard: &Guard, url: &str, bytes_max: usize, timeout: Duration) -> Result<Bytes, CallError> {
    let url = guard.admits_url(url).map_err(|denied| {
        log::warn!(reason = denied.reason(); "outbound: {denied}");
        CallError::NotAllowed
    })?;
    let request = Exchange {
        method: Method::GET,
        url,
        headers: HeaderMap::new(),
        body: None,
        response_bytes_max: bytes_max,
        timeout,
        repeatable: true,
        reuse: Reuse::Once,
    };
    let answer = client.exchange(request).await?;
    if answer.status == 200 { Ok(answer.body) } else { Err(CallError::Lost(format!("answered with status {}", answer.status))) }
}
