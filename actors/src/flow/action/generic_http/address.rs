//! The address of a call: scheme, host and port are literal, so that no value chooses where a request goes; a value in the path or the query is
//! percent-encoded whole, so that it ends nothing and begins nothing.

use crate::flow::action::push_encoded;
use crate::flow::run::Reason;
use crate::flow::template::{Compiler, Part, Reference, Renderer};
use crate::limits::flow as limits;
use crate::limits::outbound::URL_BYTES_MAX;

/// An address with holes in its path and query.
#[derive(Clone, Debug)]
pub struct Address {
    /// Scheme and authority, as written.
    origin: String,
    segments: Vec<Vec<Piece>>,
    query: Option<Vec<Piece>>,
}

#[derive(Clone, Debug)]
enum Piece {
    /// Stays as it is.
    Literal(String),
    /// Is filled in, encoded.
    Hole(Reference),
}

impl Address {
    /// Reads an address; what is wrong is noted under `field`.
    pub(super) fn compile(text: &str, field: &str, compiler: &mut Compiler<'_>) -> Option<Self> {
        if text.len() > URL_BYTES_MAX {
            compiler.faults.add(field, "too_long", format!("at most {URL_BYTES_MAX} bytes"));
            return None;
        }
        let Some((origin, rest)) = split_origin(text) else {
            let words = "expected http:// or https://, then a host and perhaps a port, all of it literal, without user information";
            compiler.faults.add(field, "invalid_url", words);
            return None;
        };
        let mut segments = vec![Vec::new()];
        let mut query: Option<Vec<Piece>> = None;
        for part in compiler.parts(rest.strip_prefix('/').unwrap_or(rest), field)? {
            let plain = match part {
                Part::Plain(plain) => plain,
                Part::Hole(reference) => {
                    let place = query.as_mut().or(segments.last_mut())?;
                    place.push(Piece::Hole(reference));
                    continue;
                }
                // The compiler has refused it.
                Part::Secret(_) => continue,
            };
            if let Some(odd) = odd_character(&plain) {
                let words = format!("{odd:?} cannot stand in an address: write it percent-encoded, and leave a fragment out");
                compiler.faults.add(field, "invalid_url", words);
                return None;
            }
            let (path, behind) = match (&query, plain.split_once('?')) {
                (None, Some((path, behind))) => (path, Some(behind)),
                (None, None) => (plain.as_str(), None),
                (Some(_), _) => ("", Some(plain.as_str())),
            };
            for (index, literal) in path.split('/').enumerate() {
                if index > 0 {
                    segments.push(Vec::new());
                }
                if !literal.is_empty() {
                    segments.last_mut()?.push(Piece::Literal(literal.to_owned()));
                }
            }
            if let Some(behind) = behind {
                query.get_or_insert_default().push(Piece::Literal(behind.to_owned()));
            }
        }
        let address = Self { origin: origin.to_owned(), segments, query };
        if address.segments.iter().any(|segment| matches!(segment.as_slice(), [Piece::Literal(literal)] if is_dots(literal))) {
            compiler.faults.add(field, "invalid_url", "a dot segment cannot stand in an address");
            return None;
        }
        Some(address)
    }

    /// Scheme, host and port with a path of nothing: what is judged when the flow is saved.
    pub fn origin(&self) -> String {
        format!("{}/", self.origin)
    }

    /// Whether a query stands in the address already.
    pub(super) const fn has_query(&self) -> bool {
        self.query.is_some()
    }

    pub(super) fn render(&self, renderer: &mut Renderer<'_>) -> Result<String, Reason> {
        let mut url = self.origin.clone();
        for segment in &self.segments {
            url.push('/');
            let start = url.len();
            push_pieces(&mut url, segment, renderer)?;
            if url.get(start..).is_some_and(is_dots) {
                return Err(Reason::new("parameter_invalid", "a value would make a dot segment of the address"));
            }
        }
        if let Some(query) = &self.query {
            url.push('?');
            push_pieces(&mut url, query, renderer)?;
        }
        Ok(url)
    }
}

fn push_pieces(url: &mut String, pieces: &[Piece], renderer: &mut Renderer<'_>) -> Result<(), Reason> {
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => url.push_str(literal),
            Piece::Hole(reference) => {
                let value = renderer.hole(reference)?;
                let refuse = |why: &str| Err(Reason::new("parameter_invalid", format!("a value in the address {why}")));
                match value.as_str() {
                    "" => return refuse("is empty"),
                    _ if value.len() > limits::PATH_PARAMETER_BYTES_MAX => return refuse("is too long"),
                    _ if value.chars().any(char::is_control) => return refuse("has a control character"),
                    _ => push_encoded(url, &value),
                }
            }
        }
    }
    Ok(())
}

/// Scheme and authority, and what follows. The guard judges what the authority means; here it must be plain text that nothing is filled into.
fn split_origin(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = rest.get(..end)?;
    let plain = |c: char| {
        !c.is_control() && !c.is_whitespace() && !matches!(c, '{' | '}' | '$' | '@' | '\\' | '%' | '<' | '>' | '^' | '|' | '"' | '`')
    };
    if authority.is_empty() || !authority.chars().all(plain) {
        return None;
    }
    Some(text.split_at(scheme.len() + 3 + end))
}

/// The first character that neither path nor query has (RFC 3986), or that would begin a fragment.
fn odd_character(plain: &str) -> Option<char> {
    let mut rest = plain.chars();
    while let Some(c) = rest.next() {
        let fits = match c {
            '%' => rest.next().is_some_and(|c| c.is_ascii_hexdigit()) && rest.next().is_some_and(|c| c.is_ascii_hexdigit()),
            _ => c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/?[]".contains(c),
        };
        if !fits {
            return Some(c);
        }
    }
    None
}

/// Whether a segment means "this folder" or "the one above", in any spelling.
fn is_dots(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}
