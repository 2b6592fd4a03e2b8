//! A call as a line for a shell. The token is a variable of the shell and never in the text (I7).

use std::fmt::Write;

use crate::operation::Media;
use crate::port::clockify::ApiRequest;

/// The line. `base` is the API's base URL; a form is written part by part with a file's name in the place of its content.
pub fn line(base: &str, request: &ApiRequest, media: Media) -> String {
    let mut url = format!("{}{}", base.trim_end_matches('/'), request.path);
    for (number, (name, value)) in request.query.iter().enumerate() {
        let _ = write!(url, "{}{}={}", if number == 0 { '?' } else { '&' }, encoded(name), encoded(value));
    }
    let mut line = format!("curl -X {} {} -H \"X-Addon-Token: $CLOCKIFY_TOKEN\"", request.method.as_str(), quoted(&url));
    match (&request.body, media) {
        (None, _) => {}
        (Some(_), Media::Multipart) => line.push_str(" -F 'file=@file'"),
        (Some(body), Media::Json) => {
            let _ = write!(line, " -H 'Content-Type: application/json' --data {}", quoted(&String::from_utf8_lossy(body)));
        }
    }
    line
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Within single quotes, where a shell reads nothing but the quote itself.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::port::clockify::{Host, Method};

    #[test]
    fn nothing_of_a_value_is_read_by_the_shell() {
        let request = ApiRequest {
            method: Method::Post,
            host: Host::Backend,
            path: "/v1/x".into(),
            query: vec![("na me".into(), "a&b='$(id)".into())],
            body: Some(br#"{"name":"it's $HOME `id`"}"#.as_slice().into()),
            content_type: None,
            response_bytes_max: 1,
            timeout: Duration::from_secs(1),
        };
        let line = line("https://api.clockify.me/api/", &request, Media::Json);
        assert_eq!(
            line,
            "curl -X POST 'https://api.clockify.me/api/v1/x?na%20me=a%26b%3D%27%24%28id%29' -H \"X-Addon-Token: $CLOCKIFY_TOKEN\" \
             -H 'Content-Type: application/json' --data '{\"name\":\"it'\\''s $HOME `id`\"}'"
        );
    }
}
