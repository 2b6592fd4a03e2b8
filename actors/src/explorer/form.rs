//! A body that is a form: one part for each property. A file comes to us as base64 within JSON, `{"name", "media_type", "base64"}` or the bare
//! base64, and leaves as a file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, Bytes, BytesMut};
use serde_json::Value;
use uuid::Uuid;

use super::check;
use crate::flow::read::Faults;
use crate::limits::explorer as limits;
use crate::operation::{Kind, Schema};

/// A part of a form.
pub struct Part {
    name: String,
    file: Option<(String, String)>,
    bytes: Vec<u8>,
}

/// Reads the parts out of a JSON object. `None` after a fault that leaves nothing to send.
pub fn parts(schema: &Schema, value: &Value, faults: &mut Faults) -> Option<Vec<Part>> {
    let Some(members) = value.as_object() else {
        faults.add("params.body", "invalid_type", "expected an object with a member for each part of the form");
        return None;
    };
    for name in schema.required.iter().filter(|name| members.get(*name).is_none_or(Value::is_null)) {
        faults.add(format!("params.body.{name}"), "required", "this operation needs it");
    }
    let mut parts = Vec::new();
    for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
        let field = format!("params.body.{name}");
        let Some(described) = schema.properties.get(name) else {
            // A part's name stands in a header: none is taken that the description does not have.
            faults.add(field, "unknown_field", "this form has no such part");
            continue;
        };
        if matches!(described.format.as_deref(), Some("binary" | "byte")) {
            parts.extend(file(name, value, &field, faults));
        } else if described.kind == Kind::Object || described.kind == Kind::Any {
            check::body(described, value, &field, faults);
            parts.push(Part { name: name.clone(), file: None, bytes: value.to_string().into_bytes() });
        } else {
            let texts = check::query(described, value, &field, faults);
            parts.extend(texts.into_iter().map(|text| Part { name: name.clone(), file: None, bytes: text.into_bytes() }));
        }
    }
    Some(parts)
}

fn file(name: &str, value: &Value, field: &str, faults: &mut Faults) -> Option<Part> {
    let text = |member: &str| value.get(member).and_then(Value::as_str);
    let decoded = value.as_str().or_else(|| text("base64")).map(|text| STANDARD.decode(text.trim()));
    let Some(Ok(bytes)) = decoded else {
        faults.add(field, "invalid_value", "expected a file as {\"name\", \"media_type\", \"base64\"}");
        return None;
    };
    let media = text("media_type").filter(|media| is_media(media)).unwrap_or("application/octet-stream");
    let file_name = plain_name(text("name").unwrap_or_default(), name);
    Some(Part { name: name.to_owned(), file: Some((file_name, media.to_owned())), bytes })
}

fn is_media(text: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&^_.+-/".contains(&byte);
    text.len() <= limits::FILE_NAME_CHARS_MAX && text.matches('/').count() == 1 && text.bytes().all(sound)
}

/// A file's name that can stand in a header and in a folder: letters, digits and a few signs, the rest as `_`.
pub fn plain_name(given: &str, otherwise: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |sign: char| if sign.is_alphanumeric() || matches!(sign, '.' | '-' | '_' | ' ') { sign } else { '_' };
    let name: String = last.chars().take(limits::FILE_NAME_CHARS_MAX).map(plain).collect();
    let name = name.trim_matches(['.', ' ']);
    if name.is_empty() { otherwise.to_owned() } else { name.to_owned() }
}

/// What the header says.
pub fn content_type(boundary: Uuid) -> String {
    format!("multipart/form-data; boundary={}", boundary.simple())
}

/// Puts the parts together.
pub fn write(parts: &[Part], boundary: Uuid) -> Bytes {
    let boundary = boundary.simple();
    let mut body = BytesMut::with_capacity(parts.iter().map(|part| part.bytes.len() + 256).sum());
    for Part { name, file, bytes } in parts {
        let file_name = file.as_ref().map(|(file_name, _)| format!("; filename=\"{file_name}\"")).unwrap_or_default();
        let media = file.as_ref().map(|(_, media)| format!("Content-Type: {media}\r\n")).unwrap_or_default();
        body.put_slice(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{file_name}\r\n{media}\r\n").as_bytes());
        body.put_slice(bytes);
        body.put_slice(b"\r\n");
    }
    body.put_slice(format!("--{boundary}--\r\n").as_bytes());
    body.freeze()
}
