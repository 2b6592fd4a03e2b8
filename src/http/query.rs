//! Parameters of a query: typed, bounded, every fault named by its parameter.

use actix_web::HttpRequest;
use actors::clock::Timestamp;
use actors::flow::read::Faults;
use actors::limits::http::{OFFSET_MAX, PAGE_DEFAULT, PAGE_MAX};
use actors::port::store::Slice;

use super::error::Error;

/// The parameters of one request. Ask for each, then call [`Self::checked`].
pub struct Query {
    pairs: Vec<(String, String)>,
    faults: Faults,
}

impl Query {
    /// Reads the query.
    pub fn of(request: &HttpRequest) -> Self {
        let pairs = url::form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
        Self { pairs, faults: Faults::default() }
    }

    /// A text; an empty one counts as not given.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(given, text)| given == name && !text.is_empty()).map(|(_, text)| text.as_str())
    }

    /// A text that `parse` understands.
    pub fn parsed<T, E: ToString>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        match self.text(name).map(parse)? {
            Ok(value) => Some(value),
            Err(error) => {
                self.faults.add(name, "invalid_value", error.to_string());
                None
            }
        }
    }

    /// All texts of one name, each understood by `parse`.
    pub fn all<T, E: ToString>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, E>) -> Vec<T> {
        let given: Vec<_> =
            self.pairs.iter().filter(|(given, text)| given == name && !text.is_empty()).map(|(_, text)| parse(text)).collect();
        let mut values = Vec::with_capacity(given.len());
        for value in given {
            match value {
                Ok(value) => values.push(value),
                Err(error) => self.faults.add(name, "invalid_value", error.to_string()),
            }
        }
        values
    }

    /// A moment.
    pub fn time(&mut self, name: &str) -> Option<Timestamp> {
        self.parsed(name, |text| Timestamp::parse(text).ok_or("expected an RFC 3339 time, such as 2026-01-31T12:00:00Z"))
    }

    /// A text of at most so many bytes.
    pub fn bounded(&mut self, name: &str, bytes_max: usize) -> Option<String> {
        self.parsed(name, |text| (text.len() <= bytes_max).then(|| text.to_owned()).ok_or(format!("at most {bytes_max} bytes")))
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &str) -> bool {
        self.parsed(name, |text| text.parse::<bool>().map_err(|_| "expected true or false")).unwrap_or(false)
    }

    /// `limit` and `offset`, as the reference has them.
    pub fn slice(&mut self) -> Slice {
        Slice { limit: self.number("limit", 1, PAGE_MAX, PAGE_DEFAULT), offset: self.number("offset", 0, OFFSET_MAX, 0) }
    }

    fn number(&mut self, name: &str, least: u32, most: u32, default: u32) -> u32 {
        let Some(text) = self.text(name) else { return default };
        match text.parse::<u32>().ok().filter(|number| (least..=most).contains(number)) {
            Some(number) => number,
            None => {
                self.faults.add(name, "out_of_range", format!("expected a whole number from {least} to {most}"));
                default
            }
        }
    }

    /// 422 if anything was wrong.
    pub fn checked(self) -> Result<(), Error> {
        self.faults.into_result(Some(())).map_err(Error::fields)
    }
}
