//! What each scheme sends in the head of a message. Reading never ends early: what is malformed is noted, and the work goes on.

use actors::clock::Timestamp;
use actors::limits::source as limits;
use actors::source::Scheme;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Bytes of HMAC-SHA256.
const TAG_BYTES: usize = 32;
type Tag = [u8; TAG_BYTES];

/// Where a plain HMAC stands, unless the source says otherwise.
pub const DEFAULT_HMAC_HEADER: &str = "x-webhook-signature";

/// The header in which a scheme carries its proof: it is never kept.
pub fn signature_header(scheme: Scheme, chosen: Option<&str>) -> &str {
    match scheme {
        Scheme::Standard => "webhook-signature",
        Scheme::Github => "x-hub-signature-256",
        Scheme::Hmac => chosen.unwrap_or(DEFAULT_HMAC_HEADER),
        Scheme::Bearer => "authorization",
    }
}

/// What a message says about itself.
pub(super) struct Sent<'h> {
    /// Its id.
    pub(super) message: Option<&'h str>,
    /// Everything that the scheme needs is there and has the right shape.
    pub(super) well_formed: bool,
    /// It is from now, as far as the scheme says when it is from.
    pub(super) timely: bool,
    /// What is signed before the body.
    prefix: [&'h str; 2],
    tags: [Tag; limits::SIGNATURES_MAX],
    tag_count: usize,
    token: &'h str,
}

impl<'h> Sent<'h> {
    pub(super) fn read(scheme: Scheme, chosen: Option<&str>, header: impl Fn(&str) -> Option<&'h str>, now: Timestamp) -> Self {
        let proof = header(signature_header(scheme, chosen)).map(str::trim);
        let mut sent = Self {
            message: None,
            well_formed: proof.is_some(),
            timely: true,
            prefix: [""; 2],
            tags: [[0; TAG_BYTES]; limits::SIGNATURES_MAX],
            tag_count: 0,
            token: "",
        };
        let proof = proof.unwrap_or_default();
        match scheme {
            Scheme::Standard => {
                let (id, time) = (header("webhook-id").unwrap_or_default(), header("webhook-timestamp").unwrap_or_default());
                sent.prefix = [id, time];
                sent.message = Some(id);
                sent.well_formed &= is_sane(id);
                sent.timely = seconds(time).is_some_and(|time| near(time, now));
                proof.split(' ').filter_map(standard_tag).take(limits::SIGNATURES_MAX).for_each(|tag| sent.add(tag));
            }
            Scheme::Github => {
                sent.message = header("x-github-delivery").filter(|id| is_sane(id));
                proof.strip_prefix("sha256=").and_then(hex_tag).into_iter().for_each(|tag| sent.add(tag));
            }
            Scheme::Hmac => {
                let digits = ["sha256=", "hmac-sha256="].iter().find_map(|prefix| proof.strip_prefix(prefix)).unwrap_or(proof);
                hex_tag(digits).into_iter().for_each(|tag| sent.add(tag));
            }
            Scheme::Bearer => match proof.split_at_checked(7) {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer ") => sent.token = token.trim(),
                _ => sent.well_formed = false,
            },
        }
        sent
    }

    fn add(&mut self, tag: Tag) {
        if let Some(place) = self.tags.get_mut(self.tag_count) {
            *place = tag;
            self.tag_count += 1;
        }
    }

    /// The tag that the message should have under a key.
    pub(super) fn tag(&self, key: &hmac::Key, body: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(key);
        for part in self.prefix {
            if !part.is_empty() {
                context.update(part.as_bytes());
                context.update(b".");
            }
        }
        context.update(body);
        context.sign()
    }

    /// Whether one of the signatures is this tag. All of them are compared.
    pub(super) fn has(&self, tag: &[u8]) -> bool {
        let signatures = self.tags.iter().take(self.tag_count);
        signatures.fold(false, |found, signature| found | verify_slices_are_equal(signature, tag).is_ok())
    }

    /// Whether the token is this secret: both under a key that nobody knows, so that the time tells neither length nor content.
    pub(super) fn is_secret(&self, secret: &[u8], nobodys: &[u8]) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, nobodys);
        let (expected, sent) = (hmac::sign(&key, secret), hmac::sign(&key, self.token.as_bytes()));
        verify_slices_are_equal(expected.as_ref(), sent.as_ref()).is_ok()
    }
}

/// An id that can stand in a row and in a log: printable, without blanks, not long.
fn is_sane(id: &str) -> bool {
    (1..=limits::MESSAGE_ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whole seconds: digits alone, as they are signed.
fn seconds(text: &str) -> Option<i64> {
    let digits = (1..=limits::TIMESTAMP_DIGITS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

fn near(seconds: i64, now: Timestamp) -> bool {
    now.seconds().abs_diff(seconds) <= limits::TOLERANCE_SECONDS
}

/// `v1,<base64>`. Other versions are for others to understand.
fn standard_tag(signature: &str) -> Option<Tag> {
    STANDARD.decode(signature.strip_prefix("v1,")?).ok()?.try_into().ok()
}

fn hex_tag(digits: &str) -> Option<Tag> {
    let mut tag = [0; TAG_BYTES];
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != TAG_BYTES || !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    for (place, [high, low]) in tag.iter_mut().zip(pairs) {
        *place = digit(*high)? << 4 | digit(*low)?;
    }
    Some(tag)
}
