//! Conditions: compiled when a flow is loaded, evaluated against a payload or a context.
//!
//! A field that matches several values holds if any of them does; `!=` and the `not_` operators hold if none does.
//! A type that does not fit is false, never an error.

use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};
use serde::Serialize;
use serde_json::{Number, Value};

use super::model::{Comparison, Group, Join, Operator, Rule};
use super::read::Faults;
use crate::jsonpath::{Path, Unevaluated, Visits};
use crate::limits::flow as limits;

/// A group, ready to be evaluated.
#[derive(Clone, Debug)]
pub struct Condition {
    join: Join,
    tests: Vec<Test>,
}

#[derive(Clone, Debug)]
enum Test {
    Group(Condition),
    Compare { path: Path, operator: Operator, operand: Value, pattern: Option<Regex> },
}

impl Condition {
    /// Compiles a group; what is wrong is noted under `field`.
    pub fn compile(group: &Group, field: &str, faults: &mut Faults) -> Self {
        let tests = group.rules.iter().enumerate().filter_map(|(index, rule)| {
            let field = format!("{field}.rules[{index}]");
            match rule {
                Rule::Group(group) => Some(Test::Group(Self::compile(group, &field, faults))),
                Rule::Compare(comparison) => compile(comparison, &field, faults),
            }
        });
        Self { join: group.join, tests: tests.collect() }
    }

    /// Whether it holds for `document`, by itself.
    pub fn holds(&self, document: &Value) -> Result<bool, Unevaluated> {
        self.holds_within(document, &mut Visits::of(limits::VISITS_AT_A_TIME_MAX))
    }

    /// Whether it holds for `document`, within visits that are shared with other conditions.
    pub fn holds_within(&self, document: &Value, visits: &mut Visits) -> Result<bool, Unevaluated> {
        if self.tests.is_empty() {
            return Ok(true);
        }
        for test in &self.tests {
            let holds = match test {
                Test::Group(group) => group.holds_within(document, visits)?,
                Test::Compare { path, operator, operand, pattern } => {
                    compare(&path.select_within(document, visits)?, *operator, operand, pattern.as_ref())
                }
            };
            match (self.join, holds) {
                (Join::All, false) | (Join::None, true) => return Ok(false),
                (Join::Any, true) => return Ok(true),
                _ => {}
            }
        }
        Ok(self.join != Join::Any)
    }
}

/// A comparison and what it found: why a condition holds or not.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Examined {
    /// Where it stands, as `conditions.rules[0]`.
    pub at: String,
    /// The path.
    pub field: String,
    /// The operator.
    pub operator: Operator,
    /// With what it compares.
    pub value: Value,
    /// What the path finds: nothing as null, several values as a list.
    pub actual: Value,
    /// How many values the path finds.
    pub found: usize,
    /// Whether it holds.
    pub holds: bool,
}

impl Condition {
    /// Every comparison of a condition that stands at `at`, with what it finds in `document`.
    ///
    /// # Errors
    ///
    /// A path exceeds a bound on this document.
    pub fn examine(&self, document: &Value, at: &str) -> Result<Vec<Examined>, Unevaluated> {
        let mut examined = Vec::new();
        for (index, test) in self.tests.iter().enumerate() {
            let at = format!("{at}.rules[{index}]");
            match test {
                Test::Group(group) => examined.extend(group.examine(document, &at)?),
                Test::Compare { path, operator, operand, pattern } => {
                    let found = path.select(document)?;
                    examined.push(Examined {
                        at,
                        field: path.text().to_owned(),
                        operator: *operator,
                        value: operand.clone(),
                        actual: match found.as_slice() {
                            [] => Value::Null,
                            [one] => shown(one),
                            several => several.iter().take(limits::ACTUAL_VALUES_SHOWN_MAX).map(|value| shown(value)).collect(),
                        },
                        found: found.len(),
                        holds: compare(&found, *operator, operand, pattern.as_ref()),
                    });
                }
            }
        }
        Ok(examined)
    }
}

/// A value as it is shown: a large one as the beginning of its text.
fn shown(value: &Value) -> Value {
    let text = value.to_string();
    if text.len() <= limits::ACTUAL_SHOWN_BYTES_MAX {
        return value.clone();
    }
    let cut = text.get(..text.floor_char_boundary(limits::ACTUAL_SHOWN_BYTES_MAX)).unwrap_or_default();
    Value::String(format!("{cut}…"))
}

fn compile(comparison: &Comparison, field: &str, faults: &mut Faults) -> Option<Test> {
    let path =
        Path::parse(&comparison.field).map_err(|refused| faults.add(format!("{field}.field"), "invalid_jsonpath", refused.to_string()));
    let operand = comparison.value.clone();
    let mut pattern = None;
    match (comparison.operator, &operand) {
        (Operator::Matches, Value::String(text)) if text.len() <= limits::PATTERN_BYTES_MAX => {
            match RegexBuilder::new(text).size_limit(limits::PATTERN_COMPILED_BYTES_MAX).build() {
                Ok(compiled) => pattern = Some(compiled),
                Err(error) => {
                    let words = match error {
                        regex::Error::CompiledTooBig(_) => "the pattern is too large when compiled".to_owned(),
                        other => other.to_string(),
                    };
                    faults.add(format!("{field}.value"), "invalid_pattern", words);
                }
            }
        }
        (Operator::Matches, _) => {
            faults.add(
                format!("{field}.value"),
                "invalid_pattern",
                format!("expected a pattern of at most {} bytes", limits::PATTERN_BYTES_MAX),
            );
        }
        (Operator::In, Value::Array(listed)) if listed.len() <= limits::IN_VALUES_MAX => {}
        (Operator::In, _) => {
            faults.add(format!("{field}.value"), "invalid_type", format!("in needs a list of at most {} values", limits::IN_VALUES_MAX));
        }
        (Operator::StartsWith | Operator::EndsWith, value) if !value.is_string() => {
            faults.add(format!("{field}.value"), "invalid_type", "expected a text");
        }
        (Operator::Greater | Operator::GreaterOrEqual | Operator::Less | Operator::LessOrEqual, value)
            if !value.is_string() && !value.is_number() =>
        {
            faults.add(format!("{field}.value"), "invalid_type", "expected a number, a text or an RFC 3339 time");
        }
        _ => {}
    }
    Some(Test::Compare { path: path.ok()?, operator: comparison.operator, operand, pattern })
}

fn compare(found: &[&Value], operator: Operator, operand: &Value, pattern: Option<&Regex>) -> bool {
    let any = |test: &dyn Fn(&Value) -> bool| found.iter().any(|value| test(value));
    let ordered = |wanted: fn(Ordering) -> bool| any(&|value| order(value, operand).is_some_and(wanted));
    match operator {
        Operator::Equal => any(&|value| equal(value, operand)),
        Operator::NotEqual => !any(&|value| equal(value, operand)),
        Operator::Greater => ordered(Ordering::is_gt),
        Operator::GreaterOrEqual => ordered(Ordering::is_ge),
        Operator::Less => ordered(Ordering::is_lt),
        Operator::LessOrEqual => ordered(Ordering::is_le),
        Operator::Contains => any(&|value| contains(value, operand) == Some(true)),
        Operator::NotContains => found.iter().all(|value| value.is_null() || contains(value, operand) == Some(false)),
        Operator::StartsWith => any(&|value| texts(value, operand).is_some_and(|(text, part)| text.starts_with(part))),
        Operator::EndsWith => any(&|value| texts(value, operand).is_some_and(|(text, part)| text.ends_with(part))),
        Operator::Matches => any(&|value| value.as_str().is_some_and(|text| pattern.is_some_and(|pattern| pattern.is_match(text)))),
        Operator::In => operand.as_array().is_some_and(|listed| any(&|value| listed.iter().any(|wanted| equal(value, wanted)))),
        Operator::Exists => any(&|value| !value.is_null()),
        Operator::NotExists => !any(&|value| !value.is_null()),
        Operator::IsEmpty => !any(&|value| !empty(value)),
        Operator::NotEmpty => any(&|value| !empty(value)),
    }
}

fn texts<'v>(value: &'v Value, operand: &'v Value) -> Option<(&'v str, &'v str)> {
    Some((value.as_str()?, operand.as_str()?))
}

fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// `None` where the types do not fit.
fn contains(value: &Value, part: &Value) -> Option<bool> {
    match value {
        Value::String(text) => part.as_str().map(|part| text.contains(part)),
        Value::Array(items) => Some(items.iter().any(|item| equal(item, part))),
        _ => None,
    }
}

/// Equality by value: `1` is `1.0`, and two spellings of one instant are equal.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => numbers(a, b) == Some(Ordering::Equal),
        (Value::String(a), Value::String(b)) => a == b || times(a, b) == Some(Ordering::Equal),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b))),
        _ => a == b,
    }
}

fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => numbers(a, b),
        (Value::String(a), Value::String(b)) => times(a, b).or_else(|| Some(a.as_str().cmp(b.as_str()))),
        _ => None,
    }
}

fn times(a: &str, b: &str) -> Option<Ordering> {
    let looks_like_one = |text: &str| text.len() >= 20 && text.as_bytes().get(4) == Some(&b'-');
    if !looks_like_one(a) || !looks_like_one(b) {
        return None;
    }
    let instant = |text: &str| text.parse::<jiff::Timestamp>().ok();
    Some(instant(a)?.cmp(&instant(b)?))
}

/// Exact, also where a whole number does not fit a float.
fn numbers(a: &Number, b: &Number) -> Option<Ordering> {
    let whole = |number: &Number| number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        (Some(a), None) => whole_to_float(a, b.as_f64()?),
        (None, Some(b)) => whole_to_float(b, a.as_f64()?).map(Ordering::reverse),
        (None, None) => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn whole_to_float(whole: i128, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    // A saturating cast: beyond the range of i128 it keeps the right order.
    let truncated = float.trunc() as i128;
    Some(whole.cmp(&truncated).then_with(|| 0.0_f64.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(document: Value, field: &str, operator: &str, value: Value) -> bool {
        let rule = Comparison { field: field.into(), operator: Operator::parse(operator).unwrap(), value };
        let mut faults = Faults::default();
        let condition = Condition::compile(&Group { join: Join::All, rules: vec![Rule::Compare(rule)] }, "conditions", &mut faults);
        faults.into_result(Some(())).unwrap();
        condition.holds(&document).unwrap()
    }

    #[test]
    fn each_operator_says_what_its_name_says() {
        let entry = || json!({"n": 5, "t": "alpha", "at": "2026-01-02T10:00:00Z", "tags": ["x", "y"], "none": null, "blank": "", "flag": true, "o": {}});
        let table = [
            ("$.n", "==", json!(5.0), true),
            ("$.n", "==", json!("5"), false),
            ("$.n", "!=", json!("5"), true),
            ("$.gone", "==", json!(null), false),
            ("$.none", "==", json!(null), true),
            ("$.gone", "!=", json!("p"), true),
            ("$.n", ">", json!(4.5), true),
            ("$.n", ">", json!(5), false),
            ("$.n", ">=", json!(5), true),
            ("$.n", "<", json!("9"), false),
            ("$.n", "<=", json!(5.5), true),
            ("$.flag", ">", json!(0), false),
            ("$.t", "<", json!("beta"), true),
            ("$.at", "==", json!("2026-01-02T11:00:00+01:00"), true),
            ("$.at", ">", json!("2026-01-02T12:30:00+03:00"), true),
            ("$.at", "<", json!("2026-01-02T10:00:00.001Z"), true),
            ("$.t", "contains", json!("lph"), true),
            ("$.tags", "contains", json!("x"), true),
            ("$.tags", "contains", json!("z"), false),
            ("$.n", "contains", json!("5"), false),
            ("$.tags", "not_contains", json!("z"), true),
            ("$.tags", "not_contains", json!("x"), false),
            ("$.gone", "not_contains", json!("x"), true),
            ("$.n", "not_contains", json!("x"), false),
            ("$.t", "starts_with", json!("al"), true),
            ("$.t", "ends_with", json!("ha"), true),
            ("$.n", "starts_with", json!("5"), false),
            ("$.t", "matches", json!("^a.*a$"), true),
            ("$.n", "matches", json!("5"), false),
            ("$.t", "in", json!(["alpha", "beta"]), true),
            ("$.n", "in", json!([1, 5.0]), true),
            ("$.t", "in", json!([]), false),
            ("$.none", "exists", json!(null), false),
            ("$.blank", "exists", json!(null), true),
            ("$.gone", "not_exists", json!(null), true),
            ("$.none", "not_exists", json!(null), true),
            ("$.blank", "is_empty", json!(null), true),
            ("$.o", "is_empty", json!(null), true),
            ("$.gone", "is_empty", json!(null), true),
            ("$.n", "is_empty", json!(null), false),
            ("$.tags", "not_empty", json!(null), true),
            ("$.tags[*]", "==", json!("y"), true),
            ("$.tags[*]", "!=", json!("y"), false),
        ];
        for (field, operator, value, expected) in table {
            assert_eq!(holds(entry(), field, operator, value.clone()), expected, "{field} {operator} {value}");
        }
    }

    #[test]
    fn numbers_compare_exactly_where_floats_cannot() {
        assert!(holds(json!({"n": 9_007_199_254_740_993_u64}), "$.n", ">", json!(9_007_199_254_740_992_u64)));
        assert!(holds(json!({"n": 9_007_199_254_740_993_u64}), "$.n", "!=", json!(9_007_199_254_740_992.0)));
        assert!(holds(json!({"n": -1}), "$.n", "<", json!(-0.5)));
        assert!(holds(json!({"n": 3}), "$.n", "<", json!(1e300)));
    }

    #[test]
    fn groups_join_as_they_are_named_and_no_rules_means_no_restriction() {
        let rule = |value: i64| Rule::Compare(Comparison { field: "$.n".into(), operator: Operator::Equal, value: json!(value) });
        let holds = |join, rules: Vec<Rule>| {
            let mut faults = Faults::default();
            Condition::compile(&Group { join, rules }, "c", &mut faults).holds(&json!({"n": 1})).unwrap()
        };
        for (join, rules, expected) in [
            (Join::All, vec![rule(1), rule(1)], true),
            (Join::All, vec![rule(1), rule(2)], false),
            (Join::Any, vec![rule(2), rule(1)], true),
            (Join::Any, vec![rule(2), rule(3)], false),
            (Join::None, vec![rule(2), rule(3)], true),
            (Join::None, vec![rule(2), rule(1)], false),
            (Join::All, vec![], true),
            (Join::Any, vec![], true),
            (Join::None, vec![], true),
            (Join::All, vec![Rule::Group(Group { join: Join::None, rules: vec![rule(1)] })], false),
        ] {
            assert_eq!(holds(join, rules.clone()), expected, "{join:?} {rules:?}");
        }
    }

    #[test]
    fn what_cannot_be_evaluated_is_refused_when_it_is_saved() {
        let mut faults = Faults::default();
        let bad = |operator: Operator, value: Value| Rule::Compare(Comparison { field: "$.a".into(), operator, value });
        let rules = vec![
            bad(Operator::Matches, json!("(")),
            bad(Operator::Matches, json!("(a{1000}){1000}")),
            bad(Operator::In, json!("text")),
            bad(Operator::Greater, json!([1])),
            Rule::Compare(Comparison { field: "projectId".into(), operator: Operator::Exists, value: Value::Null }),
        ];
        Condition::compile(&Group { join: Join::All, rules }, "conditions", &mut faults);
        let codes: Vec<_> = faults.into_result(Some(())).unwrap_err().into_iter().map(|fault| (fault.field, fault.code)).collect();
        assert_eq!(codes.len(), 5, "{codes:?}");
        assert_eq!(codes[4], ("conditions.rules[4].field".to_owned(), "invalid_jsonpath"));
    }
}
