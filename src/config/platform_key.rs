//! Which key the platform's tokens are verified with.

use url::Url;

use super::reader::Reader;
use super::value;
use crate::auth::Keys;

/// Where the platform's public key comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PlatformKey {
    /// The production key that is compiled in.
    BuiltIn,
    /// A PEM of the operator's, or the path of the file that holds it.
    Pem(String),
    /// A JWKS document, fetched and cached.
    Jwks(Url),
}

/// The PEM that is set, the JWKS that is set, or the platform's own key. JWKS is never used unless somebody asked for it.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<PlatformKey> {
    const PEM: &[&str] = &["CLOCKIFY_PUBLIC_KEY"];
    const JWKS: &[&str] = &["CLOCKIFY_JWKS_URL"];
    const ENVIRONMENT: &[&str] = &["CLOCKIFY_ENVIRONMENT"];
    let faults = reader.faults.len();
    let pem = reader.optional(PEM, public_key);
    let jwks = reader.optional(JWKS, value::key_url);
    let developer = reader.optional(ENVIRONMENT, value::developer_environment);
    let production_url = reader.optional(&["CLOCKIFY_JWKS_PROD_URL"], value::key_url);
    let developer_url = reader.optional(&["CLOCKIFY_JWKS_DEV_URL"], value::key_url);
    let of_environment = developer.and_then(|developer| if developer { developer_url } else { production_url });
    let jwks = jwks.or(of_environment);
    if pem.is_some() && jwks.is_some() {
        reader.refuse("CLOCKIFY_PUBLIC_KEY", "set it or a JWKS URL, not both");
    }
    if reader.faults.len() > faults {
        return None;
    }
    Some(match (pem, jwks) {
        (Some(pem), _) => PlatformKey::Pem(pem),
        (None, Some(url)) => PlatformKey::Jwks(url),
        (None, None) => PlatformKey::BuiltIn,
    })
}

/// A PEM, or the path of a file that holds one.
fn public_key(text: &str) -> Result<String, String> {
    Keys::pem_or_file(text)
        .map(|_| text.to_owned())
        .map_err(|error| format!("expected an RSA public key as PEM, or the path of a file with one: {error}"))
}
