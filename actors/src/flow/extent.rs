//! A value's JSON text where only its size or its beginning is wanted: no more of it is made than that takes.

use std::io::{self, Write};

use serde_json::Value;

/// Whether the text of a value has at most so many bytes.
pub fn fits(value: &Value, bytes_max: usize) -> bool {
    serde_json::to_writer(Counted { left: bytes_max }, value).is_ok()
}

/// The first characters of a value's text.
pub fn beginning(value: &Value, chars_max: usize) -> String {
    let mut kept = Kept { bytes: Vec::new(), bytes_max: chars_max.saturating_mul(char::MAX_LEN_UTF8) };
    // It fails when it is full, which is all that is wanted of it.
    let _ = serde_json::to_writer(&mut kept, value);
    String::from_utf8_lossy(&kept.bytes).chars().take(chars_max).collect()
}

struct Counted {
    left: usize,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left = self.left.checked_sub(bytes.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Kept {
    bytes: Vec<u8>,
    bytes_max: usize,
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.bytes_max.saturating_sub(self.bytes.len());
        if room == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.bytes.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_fits_to_its_last_byte() {
        for value in [json!(null), json!("ü\n\u{1F600}"), json!({ "a": [1, -2.5, true], "b": {} }), json!([])] {
            let text = value.to_string();
            assert!(fits(&value, text.len()), "{text}");
            assert!(!fits(&value, text.len() - 1), "{text}");
        }
    }

    #[test]
    fn a_beginning_is_that_of_the_text_and_ends_between_characters() {
        let value = json!({ "a": ["ü\u{1F600}ü", 12, "\u{1F600}\u{1F600}\u{1F600}"], "b": null });
        let text = value.to_string();
        for chars in 0..=text.chars().count() + 3 {
            assert_eq!(beginning(&value, chars), text.chars().take(chars).collect::<String>());
        }
    }
}
