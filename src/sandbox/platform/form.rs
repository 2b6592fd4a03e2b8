//! Reads `multipart/form-data`, the form of uploads: fields as text, files as bytes.
//!
//! As much of it as clients write: parts between boundaries, each with headers, a blank line and its content. Not nested, no transfer encodings.

use actors::limits::sandbox as limits;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::answer::{File, Refusal};

/// A form, read: its fields, and its files by field.
pub type Form = (Value, Vec<(String, File)>);

/// Reads a form. A field that comes several times becomes a list.
///
/// # Errors
///
/// 400 with code 3002 if it is none.
pub fn read(content_type: &str, body: &Bytes) -> Result<Form, Refusal> {
    let odd = || Refusal::body("The form cannot be read");
    let boundary = boundary(content_type).ok_or_else(odd)?;
    let (mut fields, mut files) = (Map::new(), Vec::new());
    for part in parts(body, boundary).ok_or_else(odd)? {
        let (head, content) = halves(&body.slice(part)).ok_or_else(odd)?;
        let head = String::from_utf8_lossy(&head).into_owned();
        let name = attribute(&head, "name").ok_or_else(odd)?;
        match attribute(&head, "filename") {
            Some(file) => {
                let kind = head
                    .lines()
                    .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-type:").map(|kind| kind.trim().to_owned()));
                files.push((
                    name,
                    File { name: file, media_type: kind.unwrap_or_else(|| "application/octet-stream".into()), bytes: content },
                ));
            }
            None => add(&mut fields, name, json!(String::from_utf8_lossy(&content))),
        }
    }
    Ok((Value::Object(fields), files))
}

fn add(fields: &mut Map<String, Value>, name: String, value: Value) {
    match fields.remove(&name) {
        None => fields.insert(name, value),
        Some(Value::Array(mut values)) => {
            values.push(value);
            fields.insert(name, Value::Array(values))
        }
        Some(first) => fields.insert(name, json!([first, value])),
    };
}

fn boundary(content_type: &str) -> Option<&str> {
    let (_, after) = content_type.split_once("boundary=")?;
    let boundary = after.split(';').next()?.trim().trim_matches('"');
    (!boundary.is_empty()).then_some(boundary)
}

/// Where the parts are: each with its headers, without the line break before the next boundary.
fn parts(body: &[u8], boundary: &str) -> Option<Vec<std::ops::Range<usize>>> {
    let mark = format!("--{boundary}");
    let (mut found, mut at) = (Vec::new(), find(body, mark.as_bytes(), 0)? + mark.len());
    let separator = format!("\r\n{mark}");
    while !body.get(at..)?.starts_with(b"--") {
        let begin = at + 2;
        let end = find(body, separator.as_bytes(), at)?;
        if begin > end || found.len() >= limits::FORM_PARTS_MAX {
            return None;
        }
        found.push(begin..end);
        at = end + separator.len();
    }
    Some(found)
}

fn halves(part: &Bytes) -> Option<(Bytes, Bytes)> {
    let at = find(part, b"\r\n\r\n", 0)?;
    Some((part.slice(..at), part.slice(at + 4..)))
}

/// `name="…"` of a part's `Content-Disposition`.
fn attribute(head: &str, name: &str) -> Option<String> {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let pieces = line.split(';').map(str::trim);
    pieces.filter_map(|piece| piece.split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| value.trim_matches('"').to_owned())
}

fn find(text: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    text.get(from..)?.windows(wanted.len()).position(|window| window == wanted).map(|at| at + from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_text_or_lists_and_files_keep_their_bytes() {
        let body = Bytes::from_static(
            b"--x\r\nContent-Disposition: form-data; name=\"amount\"\r\n\r\n12.5\r\n--x\r\nContent-Disposition: form-data; name=\"changeFields\"\r\n\r\nUSER\r\n\
              --x\r\nContent-Disposition: form-data; name=\"changeFields\"\r\n\r\nDATE\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"r.png\"\r\n\
              Content-Type: image/png\r\n\r\n\x89PNG\r\n\r\n--x--\r\n",
        );
        let (fields, files) = read("multipart/form-data; boundary=x", &body).unwrap();
        assert_eq!(fields, json!({"amount": "12.5", "changeFields": ["USER", "DATE"]}));
        let [(field, file)] = files.as_slice() else { panic!("{files:?}") };
        assert_eq!((field.as_str(), file.name.as_str(), file.media_type.as_str()), ("file", "r.png", "image/png"));
        assert_eq!(file.bytes, Bytes::from_static(b"\x89PNG\r\n"));
    }

    #[test]
    fn what_is_no_form_is_refused() {
        for (kind, body) in
            [("application/json", "{}"), ("multipart/form-data", "--x--"), ("multipart/form-data; boundary=x", "--x\r\nnothing")]
        {
            assert_eq!(read(kind, &Bytes::from(body)).unwrap_err().code, Some(3002), "{kind} {body}");
        }
        assert_eq!(read("multipart/form-data; boundary=x", &Bytes::from_static(b"--x--")).unwrap().0, json!({}));
    }
}
