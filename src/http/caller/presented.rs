//! The token that a request presents: exactly one, from a header, never from the query.

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use actors::ids::WorkspaceId;
use actors::limits::token::TEXT_BYTES_MAX;

use crate::http::error::{Error, Kind};

/// What really arrives with lifecycle calls.
pub const X_ADDON_LIFECYCLE_TOKEN: HeaderName = HeaderName::from_static("x-addon-lifecycle-token");
/// What arrives with webhooks, and with lifecycle calls according to the reference.
pub const CLOCKIFY_SIGNATURE: HeaderName = HeaderName::from_static("clockify-signature");
/// An older name of either.
pub const X_ADDON_SIGNATURE: HeaderName = HeaderName::from_static("x-addon-signature");
/// Another older name of either.
pub const X_WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("x-webhook-signature");
/// What a page sends.
pub const X_ADDON_TOKEN: HeaderName = HeaderName::from_static("x-addon-token");

/// Every header that may carry a signature: whichever of them a route reads, a second one makes the proof ambiguous.
pub const SIGNATURES: [HeaderName; 4] = [CLOCKIFY_SIGNATURE, X_ADDON_LIFECYCLE_TOKEN, X_WEBHOOK_SIGNATURE, X_ADDON_SIGNATURE];

/// The one signature of a request, from one of the `accepted` headers.
pub fn signature<'r>(headers: &'r HeaderMap, accepted: &[HeaderName]) -> Result<&'r str, Error> {
    let mut found: Option<(HeaderName, &HeaderValue)> = None;
    for name in SIGNATURES {
        for value in headers.get_all(&name) {
            if found.replace((name.clone(), value)).is_some() {
                return Err(Kind::AmbiguousProof.into());
            }
        }
    }
    match found {
        Some((name, value)) if accepted.contains(&name) => token(value.as_bytes()),
        _ => Err(Kind::ProofMissing.into()),
    }
}

/// The one user token of a request.
pub fn user_token(headers: &HeaderMap) -> Result<&str, Error> {
    let mut found = headers.get_all(&X_ADDON_TOKEN).map(HeaderValue::as_bytes).map(Ok).chain(headers.get_all(AUTHORIZATION).map(bearer));
    match (found.next(), found.next()) {
        (None, _) => Err(Kind::ProofMissing.into()),
        (Some(only), None) => token(only?),
        (Some(_), Some(_)) => Err(Kind::AmbiguousProof.into()),
    }
}

/// The token of an `Authorization: Bearer`.
pub fn bearer(value: &HeaderValue) -> Result<&[u8], Error> {
    match value.as_bytes().split_at_checked(7) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"bearer ") => Ok(token),
        _ => Err(Kind::ProofMissing.into()),
    }
}

fn token(value: &[u8]) -> Result<&str, Error> {
    let token = std::str::from_utf8(value).map_err(|_| Kind::ProofInvalid)?.trim();
    match token.len() {
        0 => Err(Kind::ProofMissing.into()),
        1..=TEXT_BYTES_MAX => Ok(token),
        _ => Err(Kind::ProofInvalid.into()),
    }
}

/// Whether every workspace that the query names is the token's (I9). There is no other place that a parameter is taken from.
pub fn query_agrees(request: &HttpRequest, workspace: WorkspaceId) -> Result<(), Error> {
    let query = request.query_string();
    if query.is_empty() {
        return Ok(());
    }
    let foreign = url::form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name.eq_ignore_ascii_case("workspace_id") || name.eq_ignore_ascii_case("workspaceId"))
        .any(|(_, stated)| WorkspaceId::parse(&stated) != Ok(workspace));
    if foreign { Err(Kind::WorkspaceMismatch.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn one_signature_is_taken_and_two_are_refused() {
        let accepted = [CLOCKIFY_SIGNATURE, X_WEBHOOK_SIGNATURE];
        assert_eq!(signature(&headers(&[("clockify-signature", " a ")]), &accepted).unwrap(), "a");
        let refused = |fields: &[(&'static str, &'static str)]| signature(&headers(fields), &accepted).unwrap_err().kind();
        assert_eq!(refused(&[]), Kind::ProofMissing);
        assert_eq!(refused(&[("clockify-signature", "")]), Kind::ProofMissing);
        assert_eq!(refused(&[("x-addon-lifecycle-token", "a")]), Kind::ProofMissing);
        assert_eq!(refused(&[("clockify-signature", "a"), ("clockify-signature", "a")]), Kind::AmbiguousProof);
        assert_eq!(refused(&[("clockify-signature", "a"), ("x-addon-lifecycle-token", "a")]), Kind::AmbiguousProof);
    }

    #[test]
    fn a_user_token_comes_from_one_header() {
        assert_eq!(user_token(&headers(&[("x-addon-token", "a")])).unwrap(), "a");
        assert_eq!(user_token(&headers(&[("authorization", "bEaReR a")])).unwrap(), "a");
        let refused = |fields: &[(&'static str, &'static str)]| user_token(&headers(fields)).unwrap_err().kind();
        assert_eq!(refused(&[("authorization", "Basic a")]), Kind::ProofMissing);
        assert_eq!(refused(&[("authorization", "Bearer")]), Kind::ProofMissing);
        assert_eq!(refused(&[("authorization", "Bearer a"), ("x-addon-token", "a")]), Kind::AmbiguousProof);
    }
}
