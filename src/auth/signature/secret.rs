//! Secrets of custom sources: how they are made and what key they stand for.

use actors::secret::Secret;
use actors::source::Scheme;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// How secrets of Standard Webhooks begin.
const PREFIX: &str = "whsec_";
/// 256 bits.
const SECRET_BYTES: usize = 32;
/// A key that is shorter than this is none: it could be guessed.
const KEY_BYTES_MIN: usize = 16;

/// The system has no randomness.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the system has no randomness")]
pub struct NoRandomness;

/// A new secret of 256 bits from the system's randomness, spelled as the scheme's senders expect it.
///
/// # Errors
///
/// [`NoRandomness`].
pub fn fresh(scheme: Scheme) -> Result<Secret, NoRandomness> {
    let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
    aws_lc_rs::rand::fill(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
    Ok(Secret::new(match scheme {
        Scheme::Standard => format!("{PREFIX}{}", STANDARD.encode(bytes.as_slice())),
        Scheme::Github | Scheme::Hmac | Scheme::Bearer => URL_SAFE_NO_PAD.encode(bytes.as_slice()),
    }))
}

/// The bytes that a sender signs with. `None`: the text stands for no key.
pub(super) fn key(scheme: Scheme, secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    let text = secret.expose();
    let key = Zeroizing::new(match scheme {
        Scheme::Standard => STANDARD.decode(text.strip_prefix(PREFIX).unwrap_or(text)).ok()?,
        Scheme::Github | Scheme::Hmac | Scheme::Bearer => text.as_bytes().to_vec(),
    });
    (key.len() >= KEY_BYTES_MIN).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_secret_has_256_bits_in_its_schemes_spelling_and_is_never_the_same() {
        for scheme in [Scheme::Standard, Scheme::Github, Scheme::Hmac, Scheme::Bearer] {
            let (one, other) = (fresh(scheme).unwrap(), fresh(scheme).unwrap());
            assert_ne!(one, other);
            assert_eq!(one.expose().starts_with(PREFIX), scheme == Scheme::Standard);
            assert!(key(scheme, &one).is_some_and(|key| key.len() >= SECRET_BYTES));
        }
    }

    #[test]
    fn a_text_that_is_no_key_or_a_short_one_opens_nothing() {
        for text in ["", "whsec_", "whsec_AAAA", "whsec_not base64", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS"] {
            assert_eq!(key(Scheme::Standard, &Secret::new(text)), None, "{text}");
        }
        assert_eq!(key(Scheme::Bearer, &Secret::new("short")), None);
    }
}
