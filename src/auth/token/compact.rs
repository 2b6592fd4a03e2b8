//! The compact form of a signed token, read strictly: three parts of unpadded base64url, and a header that says RS256 and nothing unheard of.
//!
//! The algorithm is ours; the header may only agree. Keys, key addresses and certificates in the header are not looked at; `kid` names one
//! of the keys that are configured and can do no more. `typ` says nothing.

use actors::limits::token::TEXT_BYTES_MAX;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::{Flaw, object};

/// Members of a header that change how the rest is to be read. `crit` lists such members, and there are none that we know.
const REFUSED: [&str; 4] = ["crit", "b64", "zip", "enc"];

/// A token in its parts, not verified.
pub struct Compact<'a> {
    message: &'a str,
    signature: &'a str,
    kid: Option<String>,
    payload: Vec<u8>,
}

impl<'a> Compact<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    ///
    /// The first rule of form that it breaks.
    pub fn parse(token: &'a str) -> Result<Self, Flaw> {
        if token.len() > TEXT_BYTES_MAX {
            return Err(Flaw::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(Flaw::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(Flaw::Malformed)?;
        if header.is_empty() || signature.is_empty() || payload.contains('.') {
            return Err(Flaw::Malformed);
        }
        let [header, payload, _] = [decode(header)?, decode(payload)?, decode(signature)?];
        let kid = read_header(&object::read(&header).ok_or(Flaw::Header)?)?;
        Ok(Self { message, signature, kid, payload })
    }

    /// The name of a key, as the header gives it.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// What is signed: header and payload as they were sent.
    pub fn message(&self) -> &[u8] {
        self.message.as_bytes()
    }

    /// The signature in base64url.
    pub fn signature(&self) -> &str {
        self.signature
    }

    /// The payload's bytes, of which nothing is known.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }
}

fn decode(part: &str) -> Result<Vec<u8>, Flaw> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Flaw::Malformed)
}

fn read_header(header: &Map<String, Value>) -> Result<Option<String>, Flaw> {
    if header.get("alg").and_then(Value::as_str) != Some("RS256") {
        return Err(Flaw::Algorithm);
    }
    if REFUSED.iter().any(|name| header.contains_key(*name)) {
        return Err(Flaw::Header);
    }
    match header.get("kid") {
        None => Ok(None),
        Some(Value::String(kid)) => Ok(Some(kid.clone())),
        Some(_) => Err(Flaw::Header),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(header: &str) -> Result<Option<String>, Flaw> {
        let token = format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(header));
        Compact::parse(&token).map(|compact| compact.kid)
    }

    #[test]
    fn only_the_one_algorithm_is_heard_of() {
        assert_eq!(parse(r#"{"alg":"RS256"}"#), Ok(None));
        for alg in [
            r#""none""#,
            r#""None""#,
            r#""nOnE""#,
            r#""""#,
            r#""rs256""#,
            r#""RS256 ""#,
            r#""RS384""#,
            r#""RS512""#,
            r#""PS256""#,
            r#""HS256""#,
            r#""ES256""#,
            r#""EdDSA""#,
            "null",
            "256",
            r#"["RS256"]"#,
            r#"{"RS256":1}"#,
            "true",
        ] {
            assert_eq!(parse(&format!(r#"{{"alg":{alg}}}"#)), Err(Flaw::Algorithm), "{alg}");
        }
        for header in ["{}", r#"{"ALG":"RS256"}"#, r#"{"typ":"JWT"}"#] {
            assert_eq!(parse(header), Err(Flaw::Algorithm), "{header}");
        }
    }

    #[test]
    fn a_header_that_asks_for_another_reading_is_refused_and_keys_in_it_are_not_looked_at() {
        for more in [
            r#""crit":[]"#,
            r#""crit":["exp"]"#,
            r#""b64":false"#,
            r#""b64":true"#,
            r#""zip":"DEF""#,
            r#""enc":"A128GCM""#,
            r#""kid":1"#,
            r#""kid":null"#,
            r#""alg":"RS256""#,
        ] {
            assert_eq!(parse(&format!(r#"{{"alg":"RS256",{more}}}"#)), Err(Flaw::Header), "{more}");
        }
        for more in [
            r#""typ":"at+jwt""#,
            r#""typ":1"#,
            r#""cty":"JWT""#,
            r#""jwk":{"kty":"RSA"}"#,
            r#""jku":"https://evil.com""#,
            r#""x5u":"file:///etc""#,
            r#""x5c":["AA"]"#,
        ] {
            assert_eq!(parse(&format!(r#"{{"alg":"RS256",{more}}}"#)), Ok(None), "{more}");
        }
        assert_eq!(parse(r#"{"alg":"RS256","kid":"../../etc/passwd\u0000"}"#), Ok(Some("../../etc/passwd\0".into())));
    }

    #[test]
    fn only_three_parts_of_unpadded_base64url_are_a_token() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
        assert!(Compact::parse(&format!("{header}.e30.AAAA")).is_ok());
        assert!(Compact::parse(&format!("{header}..AAAA")).is_ok(), "an empty payload is well formed; as claims it is not");
        for token in [
            String::new(),
            ".".into(),
            "..".into(),
            "...".into(),
            header.clone(),
            format!("{header}.e30"),
            format!("{header}.e30."),
            ".e30.AAAA".into(),
            format!("{header}.e30.AAAA."),
            format!("{header}.e30.AAAA.AAAA"),
            format!("{header}.e30.AAAA.AAAA.AAAA"),
            format!("{header}.e30.AAA="),
            format!("{header}.e30=.AAAA"),
            format!("{header}=.e30.AAAA"),
            format!("{header}.e30.AA+A"),
            format!("{header}.e30.AA/A"),
            format!("{header}.e30.AAB"),
            format!("{header}.e30.A"),
            format!(" {header}.e30.AAAA"),
            format!("{header}.e30.AAAA\n"),
            format!("{header}. e30.AAAA"),
            format!("Bearer {header}.e30.AAAA"),
            format!("{header}.e30.ÄAAA"),
            format!("{header}.e30.AAAA\0"),
            r#"{"payload":"e30","protected":"e30","signature":"AAAA"}"#.into(),
        ] {
            assert_eq!(Compact::parse(&token).err(), Some(Flaw::Malformed), "{token:?}");
        }
    }

    #[test]
    fn a_token_longer_than_the_bound_is_not_read() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
        let padding = TEXT_BYTES_MAX - header.len() - "..AAAA".len();
        let payload = "A".repeat(padding - padding % 4);
        assert!(Compact::parse(&format!("{header}.{payload}.AAAA")).is_ok());
        assert_eq!(Compact::parse(&format!("{header}.{payload}AAAA.AAAA")).err(), Some(Flaw::TooLong));
    }
}
