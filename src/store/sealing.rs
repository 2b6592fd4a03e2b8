//! Secrets at rest: AES-256-GCM-SIV under the operator's key (I7).
//!
//! A sealed value carries a version, the id of its key and its nonce, and is bound to its place: add-on, workspace and column. Moved to
//! another row it does not open. Where keys come from when the operator gives none: [`key_file`].

mod call_content;
mod key_file;
mod source_secrets;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use actors::ids::Key as RowKey;
use actors::port::store::Error;
use actors::secret::{Secret, SecretName};
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use zeroize::Zeroizing;

/// What a workspace's secret is sealed to.
pub(super) fn secret_column(name: &SecretName) -> String {
    format!("secret {name}")
}

/// What an installation's token is sealed to.
pub(super) const TOKEN: &str = "installation token";

const VERSION: u8 = 1;
const KEY_BYTES: usize = 32;
const ID_BYTES: usize = 4;
const HEAD_BYTES: usize = 1 + ID_BYTES + NONCE_LEN;

/// Why there is no keyring.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text is not a key.
    #[error("expected 32 random bytes as 64 hexadecimal digits or as base64")]
    Malformed,
    /// The key file cannot be read or made.
    #[error("the key file {path} cannot be used")]
    File {
        /// Where it is, or was to be.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The key file holds something else.
    #[error("the key file {0} does not hold a key")]
    NotAKey(String),
}

/// The name of a key, as sealed values carry it: it tells nothing of the key.
#[derive(Clone, Copy, PartialEq, Eq)]
struct KeyId([u8; ID_BYTES]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

struct SealingKey {
    id: KeyId,
    key: LessSafeKey,
}

/// A fresh key as base64: what `ENCRYPTION_KEY` takes.
///
/// # Errors
///
/// The system has no randomness.
pub fn generate() -> Result<Secret, aws_lc_rs::error::Unspecified> {
    let mut bytes = Zeroizing::new([0u8; KEY_BYTES]);
    aws_lc_rs::rand::fill(bytes.as_mut_slice())?;
    Ok(Secret::new(STANDARD.encode(bytes.as_slice())))
}

/// The key that a file holds, which is made if it is not there: for who has a place of their own for it.
///
/// # Errors
///
/// The file cannot be read or made, or holds something else.
pub fn kept_in(file: &Path) -> Result<Secret, KeyError> {
    key_file::text_of(file)
}

/// Whether a text is a key.
///
/// # Errors
///
/// [`KeyError::Malformed`].
pub fn check(text: &str) -> Result<(), KeyError> {
    bytes(text).map(drop)
}

fn bytes(text: &str) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyError> {
    let text = text.trim();
    let mut bytes = Zeroizing::new([0u8; KEY_BYTES]);
    if text.len() == 2 * KEY_BYTES && text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| KeyError::Malformed)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| KeyError::Malformed)?;
        }
        return Ok(bytes);
    }
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabets = [alphabet::STANDARD, alphabet::URL_SAFE];
    let decoded = alphabets.iter().find_map(|alphabet| GeneralPurpose::new(alphabet, lenient).decode(text).ok().map(Zeroizing::new));
    let decoded = decoded.filter(|decoded| decoded.len() == KEY_BYTES).ok_or(KeyError::Malformed)?;
    bytes.copy_from_slice(&decoded);
    Ok(bytes)
}

impl SealingKey {
    fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = bytes(text)?;
        let mut named = Zeroizing::new(b"clockify-addons key id".to_vec());
        named.extend_from_slice(bytes.as_slice());
        let mut id = [0; ID_BYTES];
        id.iter_mut().zip(digest(&SHA256, &named).as_ref()).for_each(|(to, from)| *to = *from);
        let key = UnboundKey::new(&AES_256_GCM_SIV, bytes.as_slice()).map_err(|_| KeyError::Malformed)?;
        Ok(Self { id: KeyId(id), key: LessSafeKey::new(key) })
    }
}

/// The keys: one that seals, and those that still open. Clones share them.
#[derive(Clone)]
pub struct Keyring {
    current: Arc<SealingKey>,
    others: Arc<[SealingKey]>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({}, {} others)", self.current.id, self.others.len())
    }
}

impl Keyring {
    /// A keyring of given keys. What `previous` sealed is still opened, and sealed anew when it is next written.
    ///
    /// # Errors
    ///
    /// [`KeyError::Malformed`].
    pub fn new(current: &Secret, previous: Option<&Secret>) -> Result<Self, KeyError> {
        let others = previous.map(|text| SealingKey::parse(text.expose())).transpose()?;
        Ok(Self { current: Arc::new(SealingKey::parse(current.expose())?), others: others.into_iter().collect() })
    }

    /// The keyring of an operator who gives keys or none. Without a current key the file's seals, which is made if it is not there; with one
    /// the file's still opens, so that an operator may move from the file to a key of their own.
    ///
    /// # Errors
    ///
    /// A text or a file that is not a key, or a file that cannot be read or made.
    pub fn load(current: Option<&Secret>, previous: Option<&Secret>, key_file: &Path) -> Result<Self, KeyError> {
        let from_file = match current {
            Some(_) => key_file::read(key_file)?,
            None => Some(key_file::read_or_make(key_file)?),
        };
        let (current, former) = match (current, from_file) {
            (Some(current), former) => (SealingKey::parse(current.expose())?, former),
            (None, Some(key)) => (key, None),
            (None, None) => return Err(KeyError::Malformed),
        };
        let previous = previous.map(|text| SealingKey::parse(text.expose())).transpose()?;
        Ok(Self { current: Arc::new(current), others: previous.into_iter().chain(former).collect() })
    }

    /// Seals a secret for one column of one row.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: the system has no randomness.
    pub fn seal(&self, secret: &Secret, of: RowKey, column: &str) -> Result<Vec<u8>, Error> {
        let unavailable = |_| Error::Unavailable("the system has no randomness".into());
        let mut nonce = [0; NONCE_LEN];
        aws_lc_rs::rand::fill(&mut nonce).map_err(unavailable)?;
        let mut sealed = Vec::with_capacity(HEAD_BYTES + secret.expose().len() + AES_256_GCM_SIV.tag_len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.current.id.0);
        sealed.extend_from_slice(&nonce);
        let mut text = Zeroizing::new(secret.expose().as_bytes().to_vec());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.current.key.seal_in_place_separate_tag(nonce, place(of, column), text.as_mut_slice()).map_err(unavailable)?;
        sealed.extend_from_slice(&text);
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what was sealed for this column of this row.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`]: sealed under a key that is not here, for another place, or damaged.
    pub fn open(&self, sealed: &[u8], of: RowKey, column: &str) -> Result<Secret, Error> {
        let damaged = || Error::Unreadable(format!("a sealed {column} is damaged or belongs elsewhere"));
        let (head, body) = sealed.split_at_checked(HEAD_BYTES).ok_or_else(damaged)?;
        let (id, nonce) = match head {
            [VERSION, a, b, c, d, nonce @ ..] => (KeyId([*a, *b, *c, *d]), nonce),
            _ => return Err(damaged()),
        };
        let key = self.keys().find(|key| key.id == id);
        let key =
            key.ok_or_else(|| Error::Unreadable(format!("a {column} is sealed under the key {id}, which is not among those given")))?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        let mut body = Zeroizing::new(body.to_vec());
        let text = key.key.open_in_place(nonce, place(of, column), body.as_mut_slice()).map_err(|_| damaged())?;
        std::str::from_utf8(text).map(Secret::new).map_err(|_| damaged())
    }

    /// Whether a sealed value is under one of these keys.
    pub fn knows(&self, sealed: &[u8]) -> bool {
        self.keys().any(|key| sealed.get(1..=ID_BYTES) == Some(key.id.0.as_slice()))
    }

    /// The same secret under the key that seals now; none if it is there already, or cannot be opened.
    pub fn anew(&self, sealed: &[u8], of: RowKey, column: &str) -> Option<Vec<u8>> {
        if sealed.get(1..=ID_BYTES) == Some(self.current.id.0.as_slice()) {
            return None;
        }
        self.seal(&self.open(sealed, of, column).ok()?, of, column).ok()
    }

    /// How values begin that a former key sealed, after their first byte.
    pub(super) fn former_ids(&self) -> Vec<Vec<u8>> {
        self.others.iter().filter(|key| key.id != self.current.id).map(|key| key.id.0.to_vec()).collect()
    }

    fn keys(&self) -> impl Iterator<Item = &SealingKey> {
        std::iter::once(&*self.current).chain(self.others.iter())
    }
}

/// What a sealed value is bound to.
fn place(of: RowKey, column: &str) -> Aad<String> {
    Aad::from(format!("clockify-addons/{VERSION}/{}/{}/{column}", of.addon, of.workspace))
}

#[cfg(test)]
mod tests;
