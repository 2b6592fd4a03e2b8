//! Finds secrets in what another server says, however it wrote them, and puts placeholders in their place (I7).
//!
//! A server echoes what it was sent in the manner of its own format, so each character counts as itself and as any of the usual escapes of it, also
//! mixed. Base64 and hexadecimal digits hide the characters altogether; these are looked for as a whole, base64 at each of the three places
//! where a text may begin in it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::flow::template::Secrets;

/// Characters of an encoded secret that are enough to know it by: fewer stand in ordinary texts too.
const ENCODED_CHARS_MIN: usize = 6;

/// Puts placeholders in the place of secrets, in every text, name and number.
pub(super) fn value(value: Value, secrets: &Secrets) -> Value {
    if secrets.is_empty() {
        return value;
    }
    match value {
        Value::String(found) => Value::String(text(&found, secrets)),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| self::value(item, secrets)).collect()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, item)| (text(&name, secrets), self::value(item, secrets))).collect())
        }
        Value::Number(number) => {
            let plain = number.to_string();
            let shown = text(&plain, secrets);
            if shown == plain { Value::Number(number) } else { Value::String(shown) }
        }
        plain => plain,
    }
}

/// The same of one text.
pub(super) fn text(text: &str, secrets: &Secrets) -> String {
    let mut text = text.to_owned();
    // The longest first: one may be a part of another.
    let mut sorted: Vec<_> = secrets.iter().collect();
    sorted.sort_by_key(|(_, secret)| std::cmp::Reverse(secret.expose().len()));
    for (name, secret) in sorted {
        let placeholder = name.placeholder();
        text = spelled(&text, secret.expose(), &placeholder);
        for encoded in encoded(secret.expose()) {
            if text.contains(&encoded) {
                text = text.replace(&encoded, &placeholder);
            }
        }
    }
    text
}

/// Replaces `secret` wherever it stands, whichever of its characters are escaped.
fn spelled(text: &str, secret: &str, placeholder: &str) -> String {
    if secret.is_empty() {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        match after(rest, secret) {
            Some(left) => {
                shown.push_str(placeholder);
                rest = left;
            }
            None => {
                shown.push(character);
                rest = rest.get(character.len_utf8()..).unwrap_or_default();
            }
        }
    }
    shown
}

/// What follows `secret` where `text` begins with it, the shortest if it may be read in several ways.
fn after<'t>(text: &'t str, secret: &str) -> Option<&'t str> {
    let mut ways = vec![text];
    for character in secret.chars() {
        let mut next = Vec::new();
        for way in ways {
            spellings(way, character, &mut |left| {
                if !next.contains(&left) {
                    next.push(left);
                }
            });
        }
        if next.is_empty() {
            return None;
        }
        ways = next;
    }
    ways.into_iter().min_by_key(|left| left.len())
}

/// Calls `found` with what is left of `text` after each spelling of `character` that it begins with.
fn spellings<'t>(text: &'t str, character: char, found: &mut dyn FnMut(&'t str)) {
    if let Some(left) = text.strip_prefix(character) {
        found(left);
    }
    match text.as_bytes().first() {
        Some(b'%') => {
            let mut utf8 = [0; 4];
            let mut bytes = character.encode_utf8(&mut utf8).bytes();
            if let Some(left) = bytes.try_fold(text, |text, byte| number(text.strip_prefix('%')?, 16, Some(2), u32::from(byte))) {
                found(left);
            }
        }
        Some(b'+') if character == ' ' => found(text.strip_prefix('+').unwrap_or_default()),
        Some(b'\\') => {
            let mut utf16 = [0; 2];
            let mut units = character.encode_utf16(&mut utf16).iter();
            if let Some(left) = units.try_fold(text, |text, unit| number(text.strip_prefix("\\u")?, 16, Some(4), u32::from(*unit))) {
                found(left);
            }
            let short = match character {
                '"' | '\\' | '/' | '\'' => Some(character),
                '\u{8}' => Some('b'),
                '\u{c}' => Some('f'),
                '\n' => Some('n'),
                '\r' => Some('r'),
                '\t' => Some('t'),
                _ => None,
            };
            if let Some(left) = short.and_then(|short| text.strip_prefix('\\')?.strip_prefix(short)) {
                found(left);
            }
        }
        Some(b'&') => {
            let name = match character {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                '\'' => "&apos;",
                _ => "&;",
            };
            let code = u32::from(character);
            let decimal = || number(text.strip_prefix("&#")?, 10, None, code)?.strip_prefix(';');
            let hexadecimal = || number(text.strip_prefix("&#x").or_else(|| text.strip_prefix("&#X"))?, 16, None, code)?.strip_prefix(';');
            for left in [text.strip_prefix(name), decimal(), hexadecimal()].into_iter().flatten() {
                found(left);
            }
        }
        _ => {}
    }
}

/// What follows `wanted` where `text` begins with it in digits, of this count if there is one.
fn number(text: &str, radix: u32, digits: Option<usize>, wanted: u32) -> Option<&str> {
    let digits = digits.unwrap_or_else(|| text.bytes().take(8).take_while(|byte| char::from(*byte).is_digit(radix)).count());
    let (number, left) = text.split_at_checked(digits)?;
    (number.bytes().all(|byte| char::from(byte).is_digit(radix)) && u32::from_str_radix(number, radix) == Ok(wanted)).then_some(left)
}

/// The secret in base64 and in hexadecimal digits.
fn encoded(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![digits.to_ascii_uppercase(), digits];
    for before in 0..3_usize {
        let mut shifted = vec![0; before];
        shifted.extend_from_slice(bytes);
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let whole = engine.encode(&shifted);
            // Characters at the ends that hold bits of what stands around are left out.
            let core = whole.get((before * 8).div_ceil(6)..(shifted.len() * 8) / 6).unwrap_or_default();
            forms.push(core.to_owned());
        }
    }
    forms.retain(|form| form.len() >= ENCODED_CHARS_MIN);
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.dedup();
    forms
}
