//! The simulated platform's signing key: the four kinds of token, and tokens that are wrong on purpose.
//!
//! It makes proof and never judges it; that is `auth`'s. Time comes as an argument (I6).

mod claims;

use std::fmt;

use actors::clock::Timestamp;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaEncoding, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};

pub use self::claims::{Grant, USER_TOKEN_SECONDS, Urls, Viewer};

/// A platform's RSA key, fresh for each instance.
pub struct Authority {
    key: RsaKeyPair,
    kid: String,
}

impl Authority {
    /// Makes a key of 2048 bits, in some tens of milliseconds.
    ///
    /// # Errors
    ///
    /// Only if the system has no randomness to give.
    pub fn generate() -> Result<Self, Unspecified> {
        let key = RsaKeyPair::generate(KeySize::Rsa2048)?;
        let print = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key.public_key().as_ref());
        let kid = URL_SAFE_NO_PAD.encode(print.as_ref().get(..12).unwrap_or_default());
        Ok(Self { key, kid })
    }

    /// The name of the key in the header of its tokens and in [`Self::jwks`].
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key, X.509 SubjectPublicKeyInfo as PEM: what `CLOCKIFY_PUBLIC_KEY` takes.
    ///
    /// # Errors
    ///
    /// Never for a key that this type made.
    pub fn public_pem(&self) -> Result<String, Unspecified> {
        let der: PublicKeyX509Der<'_> = self.key.public_key().as_der()?;
        let text = STANDARD.encode(der.as_ref());
        let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
        for line in text.as_bytes().chunks(64) {
            pem.push_str(&String::from_utf8_lossy(line));
            pem.push('\n');
        }
        pem.push_str("-----END PUBLIC KEY-----\n");
        Ok(pem)
    }

    /// The public key as a JWK, with `kid`, `use` and `alg`.
    ///
    /// # Errors
    ///
    /// Never for a key that this type made.
    pub fn jwk(&self) -> Result<Value, jsonwebtoken::errors::Error> {
        let public = DecodingKey::from_rsa_der(self.key.public_key().as_ref());
        let mut jwk = Jwk::from_decoding_key(&public, Some(Algorithm::RS256))?;
        jwk.common.key_id = Some(self.kid.clone());
        jwk.common.public_key_use = Some(jsonwebtoken::jwk::PublicKeyUse::Signature);
        Ok(serde_json::to_value(jwk)?)
    }

    /// A JWKS document with this one key.
    ///
    /// # Errors
    ///
    /// Never for a key that this type made.
    pub fn jwks(&self) -> Result<Value, jsonwebtoken::errors::Error> {
        Ok(json!({"keys": [self.jwk()?]}))
    }

    /// Signs claims, RS256, with the header that the platform writes and this key's `kid`.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_with(&json!({"alg": "RS256", "typ": "JWT", "kid": self.kid}), claims)
    }

    /// Signs claims under a header of the caller's choice. The signature is always RS256, whatever the header says.
    pub fn sign_with(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// Signs two texts that need not be JSON, for tests of what happens then.
    pub fn sign_text(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.signature(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The RS256 signature of any bytes.
    pub fn signature(&self, message: &[u8]) -> Vec<u8> {
        self.signature_by(&RSA_PKCS1_SHA256, message)
    }

    /// A signature by another scheme than the platform's, for tests. Signing fails only without randomness (it blinds the key); the signature is
    /// then empty, which nobody accepts.
    pub fn signature_by(&self, scheme: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.key.public_modulus_len()];
        if self.key.sign(scheme, &SystemRandom::new(), message, &mut signature).is_err() {
            log::error!("sandbox: a token could not be signed");
            signature.clear();
        }
        signature
    }

    /// An installation token: what INSTALLED carries as `authToken`. It never expires.
    pub fn installation_token(&self, grant: &Grant, user: &str, urls: &Urls, now: Timestamp) -> String {
        self.sign(&grant.installation_claims(user, urls, now))
    }

    /// A user token: what an iframe gets as `auth_token`. It lives [`USER_TOKEN_SECONDS`].
    pub fn user_token(&self, grant: &Grant, viewer: &Viewer, urls: &Urls, now: Timestamp) -> String {
        self.sign(&grant.user_claims(viewer, urls, now))
    }

    /// The token of one webhook path, the same with every delivery. It never expires.
    pub fn webhook_token(&self, grant: &Grant, path: &str) -> String {
        self.sign(&grant.webhook_claims(path))
    }

    /// The token of one lifecycle call. It lives five minutes.
    pub fn lifecycle_token(&self, grant: &Grant, now: Timestamp) -> String {
        self.sign(&grant.lifecycle_claims(now))
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("kid", &self.kid).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_signs_its_public_key_verifies() {
        let authority = Authority::generate().unwrap();
        let token = authority.sign(&json!({"sub": "x"}));
        let (message, signature) = token.rsplit_once('.').unwrap();
        let jwk: Jwk = serde_json::from_value(authority.jwk().unwrap()).unwrap();
        for key in [DecodingKey::from_rsa_pem(authority.public_pem().unwrap().as_bytes()).unwrap(), DecodingKey::from_jwk(&jwk).unwrap()] {
            assert!(jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, Algorithm::RS256).unwrap());
        }
    }

    #[test]
    fn it_prints_no_key() {
        let authority = Authority::generate().unwrap();
        assert_eq!(format!("{authority:?}"), format!("Authority {{ kid: {:?}, .. }}", authority.kid()));
    }
}
