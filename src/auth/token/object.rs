//! A JSON object in which no name stands twice. `serde_json` alone keeps the last of two, another reader the first: whom to believe is an attack.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

/// The members of an object with distinct names, after escapes are resolved.
pub(super) struct Object(pub(super) Map<String, Value>);

/// Reads one object and nothing after it.
pub(super) fn read(text: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice::<Object>(text).ok().map(|object| object.0)
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with distinct names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Object, A::Error> {
                let mut object = Map::new();
                while let Some((name, value)) = members.next_entry::<String, Value>()? {
                    if object.insert(name, value).is_some() {
                        return Err(A::Error::custom("a name stands twice"));
                    }
                }
                Ok(Object(object))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_stands_twice_is_refused_however_it_is_spelled() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"a":1,"b":2,"a":null}"#, r#"{"a":1,"\u0061":2}"#] {
            assert!(read(text.as_bytes()).is_none(), "{text}");
        }
        assert_eq!(read(br#" {"a":1,"A":2} "#).map(|object| object.len()), Some(2));
    }

    #[test]
    fn only_one_object_in_utf_8_is_read() {
        for text in [
            &b""[..],
            b"{",
            b"[]",
            b"null",
            b"\"x\"",
            b"{} {}",
            b"{}x",
            b"\xef\xbb\xbf{}",
            b"{\"a\":\"\xff\"}",
            b"{\"a\":1e400}",
            b"{'a':1}",
        ] {
            assert!(read(text).is_none(), "{:?}", String::from_utf8_lossy(text));
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
        assert!(read(deep.as_bytes()).is_none());
    }
}
