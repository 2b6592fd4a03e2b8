//! One RSA public key, read from PEM or from a JWK, and the one thing it is for: RS256.

use std::io;

use actors::limits::token::{KEY_BITS_MAX, KEY_BITS_MIN, KEYS_MAX};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

use super::super::token::Compact;

/// A configured key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text holds no public key in PEM.
    #[error("not a public key in PEM")]
    NotPem,
    /// A private key has no business here.
    #[error("a private key, where a public one is due")]
    Private,
    /// Some other kind of key.
    #[error("not an RSA key")]
    NotRsa,
    /// Too short to be safe, or so long that verifying takes a millisecond.
    #[error("an RSA key of {bits} bits; {KEY_BITS_MIN} to {KEY_BITS_MAX} are accepted")]
    Size {
        /// Its length.
        bits: usize,
    },
    /// More than are ever in use at a time.
    #[error("more than {KEYS_MAX} keys")]
    TooMany,
    /// The file cannot be read.
    #[error("the key file cannot be read")]
    Unreadable(#[source] io::Error),
}

/// An RSA key that signatures are verified with.
#[derive(Clone)]
pub struct PublicKey {
    kid: Option<String>,
    /// SHA-256 of name and numbers, to tell whether a set has changed.
    print: Vec<u8>,
    key: DecodingKey,
}

impl PublicKey {
    /// Reads every `PUBLIC KEY` and `RSA PUBLIC KEY` of a text.
    pub(super) fn all_from_pem(text: &str) -> Result<Vec<Self>, KeyError> {
        const BEGIN: &str = "-----BEGIN ";
        let text = text.replace("\\n", "\n");
        let blocks: Vec<&str> = text.match_indices(BEGIN).filter_map(|(at, _)| text.get(at..)).collect();
        if blocks.is_empty() {
            return Err(KeyError::NotPem);
        }
        if blocks.len() > KEYS_MAX {
            return Err(KeyError::TooMany);
        }
        blocks.into_iter().map(Self::from_pem).collect()
    }

    /// Reads the block that `text` begins with.
    fn from_pem(text: &str) -> Result<Self, KeyError> {
        let label = text.split("-----").nth(1).unwrap_or_default();
        if label.contains("PRIVATE") {
            return Err(KeyError::Private);
        }
        if !matches!(label, "BEGIN PUBLIC KEY" | "BEGIN RSA PUBLIC KEY") {
            return Err(KeyError::NotPem);
        }
        let end = format!("-----END {}-----", label.trim_start_matches("BEGIN "));
        let (block, _) = text.split_once(&end).ok_or(KeyError::NotPem)?;
        let key = DecodingKey::from_rsa_pem(format!("{block}{end}\n").as_bytes()).map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidKeyFormat => KeyError::NotRsa,
            _ => KeyError::NotPem,
        })?;
        let jwk = Jwk::from_decoding_key(&key, Some(Algorithm::RS256)).map_err(|_| KeyError::NotRsa)?;
        Self::from_numbers(&jwk)
    }

    /// Reads a member of a key set, if it is a key for RS256: RSA, not for encryption, not for another algorithm, of a usable size.
    pub fn from_jwk(value: &Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value.clone()).ok()?;
        let common = &jwk.common;
        let for_signatures = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
        let for_verifying = common.key_operations.as_ref().is_none_or(|operations| operations.contains(&KeyOperations::Verify));
        let for_rs256 = matches!(common.key_algorithm, None | Some(KeyAlgorithm::RS256));
        if for_signatures && for_verifying && for_rs256 { Self::from_numbers(&jwk).ok() } else { None }
    }

    fn from_numbers(jwk: &Jwk) -> Result<Self, KeyError> {
        let AlgorithmParameters::RSA(rsa) = &jwk.algorithm else { return Err(KeyError::NotRsa) };
        let [n, e] = [number(&rsa.n)?, number(&rsa.e)?];
        let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
        if !(KEY_BITS_MIN..=KEY_BITS_MAX).contains(&bits) {
            return Err(KeyError::Size { bits });
        }
        let kid = jwk.common.key_id.clone();
        let print = digest(&SHA256, format!("{kid:?} {n:?} {e:?}").as_bytes()).as_ref().to_vec();
        Ok(Self { kid, print, key: DecodingKey::from_rsa_raw_components(&n, &e) })
    }

    /// The name that a key set gave it.
    pub(super) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    pub(super) fn print(&self) -> &[u8] {
        &self.print
    }

    /// Whether this key has signed the token. The algorithm is RS256, whatever the token says.
    pub fn has_signed(&self, token: &Compact<'_>) -> bool {
        jsonwebtoken::crypto::verify(token.signature(), token.message(), &self.key, Algorithm::RS256).unwrap_or(false)
    }
}

/// A number in base64url. Leading zeros, which some writers put there against RFC 7518, are dropped.
fn number(text: &str) -> Result<Vec<u8>, KeyError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::NotRsa)?;
    let number: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    if number.is_empty() { Err(KeyError::NotRsa) } else { Ok(number) }
}
