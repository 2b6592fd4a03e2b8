//! The letters of a path: whitespace, names, strings and numbers, exactly as RFC 9535 spells them.

use serde_json::Number;

use super::Refused;
use crate::limits::jsonpath::INTEGER_MAX;

pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Back to an earlier [`Self::position`].
    pub(super) fn return_to(&mut self, position: usize) {
        self.at = position;
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let found = self.peek()?;
        self.at += found.len_utf8();
        Some(found)
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    pub(super) fn expect(&mut self, token: &str, reason: &'static str) -> Result<(), Refused> {
        if self.eat(token) { Ok(()) } else { Err(self.refuse(reason)) }
    }

    pub(super) fn refuse(&self, reason: &'static str) -> Refused {
        Refused { position: self.at, reason }
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    pub(super) fn skip_whitespace(&mut self) {
        self.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
    }

    /// A name without quotes.
    pub(super) fn bare_name(&mut self) -> Result<String, Refused> {
        let starts = |c: char| c == '_' || c.is_ascii_alphabetic() || !c.is_ascii();
        if !self.peek().is_some_and(starts) {
            return Err(self.refuse("expected a name (a letter or _ first; other names go into ['…'])"));
        }
        Ok(self.take_while(|c| starts(c) || c.is_ascii_digit()).to_owned())
    }

    /// A string in single or double quotes, if one starts here.
    pub(super) fn string(&mut self) -> Result<Option<String>, Refused> {
        let Some(quote @ ('\'' | '"')) = self.peek() else { return Ok(None) };
        self.take();
        let mut content = String::new();
        loop {
            let here = self.at;
            match self.take() {
                None => return Err(self.refuse("the string is not closed")),
                Some(c) if c == quote => return Ok(Some(content)),
                Some('\\') => content.push(self.escaped(here, quote)?),
                Some(c) if c < ' ' => return Err(Refused { position: here, reason: "a control character in a string must be escaped" }),
                Some(c) => content.push(c),
            }
        }
    }

    fn escaped(&mut self, start: usize, quote: char) -> Result<char, Refused> {
        match self.take() {
            Some(c @ ('\\' | '/')) => Ok(c),
            Some(c) if c == quote => Ok(c),
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('u') => self.code_point(start),
            _ => Err(Refused { position: start, reason: "unknown escape in a string" }),
        }
    }

    /// One UTF-16 unit, or the two of a surrogate pair.
    fn code_point(&mut self, start: usize) -> Result<char, Refused> {
        let first = self.hexadecimal(start)?;
        let mut units = vec![first];
        if (0xD800..0xDC00).contains(&first) && self.eat("\\u") {
            units.push(self.hexadecimal(start)?);
        }
        match char::decode_utf16(units).collect::<Result<Vec<_>, _>>().as_deref() {
            Ok([only]) => Ok(*only),
            _ => Err(Refused { position: start, reason: "the escape is not a Unicode character" }),
        }
    }

    fn hexadecimal(&mut self, start: usize) -> Result<u16, Refused> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
        self.at += 4;
        unit.ok_or(Refused { position: start, reason: "\\u needs four hexadecimal digits" })
    }

    fn digits(&mut self) -> &'t str {
        self.take_while(|c| c.is_ascii_digit())
    }

    fn starts_number(&self) -> bool {
        self.peek().is_some_and(|c| c == '-' || c.is_ascii_digit())
    }

    /// An index or a part of a slice, if one starts here.
    pub(super) fn integer(&mut self) -> Result<Option<i64>, Refused> {
        if !self.starts_number() {
            return Ok(None);
        }
        let start = self.at;
        let negative = self.eat("-");
        let digits = self.digits();
        let refused = |reason| Err(Refused { position: start, reason });
        if digits.is_empty() || (digits.starts_with('0') && (negative || digits.len() > 1)) {
            return refused("expected an integer without leading zeros");
        }
        match digits.parse::<i64>() {
            Ok(size) if size.unsigned_abs() <= INTEGER_MAX => Ok(Some(if negative { -size } else { size })),
            _ => refused("the integer is too large (at most 1000000)"),
        }
    }

    /// A number literal of a filter, if one starts here.
    pub(super) fn number(&mut self) -> Result<Option<Number>, Refused> {
        if !self.starts_number() {
            return Ok(None);
        }
        let start = self.at;
        let refused = |reason| Err(Refused { position: start, reason });
        self.eat("-");
        let digits = self.digits();
        if digits.is_empty() || (digits.starts_with('0') && digits.len() > 1) {
            return refused("expected a number without leading zeros");
        }
        if self.eat(".") && self.digits().is_empty() {
            return refused("expected digits after the decimal point");
        }
        if self.eat("e") || self.eat("E") {
            let _sign = self.eat("-") || self.eat("+");
            if self.digits().is_empty() {
                return refused("expected digits after the exponent sign");
            }
        }
        match self.text.get(start..self.at).unwrap_or_default().parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => refused("the number is too large"),
        }
    }
}
