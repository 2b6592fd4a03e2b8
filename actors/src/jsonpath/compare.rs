//! Equality and order of RFC 9535, section 2.3.5.2.2. Integers are compared as they are, never as floating point numbers.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::budget::{Budget, Unevaluated};
use crate::limits::jsonpath::DOCUMENT_LEVELS_MAX;

/// Equal in type and content; `None` is a query that found nothing, which equals only another such.
pub(super) fn equal(left: Option<&Value>, right: Option<&Value>, budget: &mut Budget) -> Result<bool, Unevaluated> {
    match (left, right) {
        (Some(left), Some(right)) => same(left, right, DOCUMENT_LEVELS_MAX, budget),
        (left, right) => Ok(left.is_none() && right.is_none()),
    }
}

/// Whether `left` comes before `right`: two numbers or two strings (by Unicode scalar values), nothing else is ordered.
pub(super) fn less(left: Option<&Value>, right: Option<&Value>, budget: &mut Budget) -> Result<bool, Unevaluated> {
    Ok(match (left, right) {
        (Some(Value::Number(left)), Some(Value::Number(right))) => order(left, right) == Some(Ordering::Less),
        (Some(Value::String(left)), Some(Value::String(right))) => {
            budget.spend_on_strings(left, right)?;
            left < right
        }
        _ => false,
    })
}

fn same(left: &Value, right: &Value, levels: usize, budget: &mut Budget) -> Result<bool, Unevaluated> {
    budget.spend(1)?;
    let below = || levels.checked_sub(1).ok_or(Unevaluated::TooDeep);
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Ok(order(left, right) == Some(Ordering::Equal)),
        (Value::String(left), Value::String(right)) => {
            budget.spend_on_strings(left, right)?;
            Ok(left == right)
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            let levels = below()?;
            for (left, right) in left.iter().zip(right) {
                if !same(left, right, levels, budget)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::Object(left), Value::Object(right)) if left.len() == right.len() => {
            let levels = below()?;
            for (name, left) in left {
                budget.spend_on_strings(name, name)?;
                let Some(right) = right.get(name) else { return Ok(false) };
                if !same(left, right, levels, budget)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::Null, Value::Null) => Ok(true),
        (Value::Bool(left), Value::Bool(right)) => Ok(left == right),
        _ => Ok(false),
    }
}

fn order(left: &Number, right: &Number) -> Option<Ordering> {
    match (integer(left), integer(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        (Some(left), None) => integer_to_float(left, right.as_f64()?),
        (None, Some(right)) => integer_to_float(right, left.as_f64()?).map(Ordering::reverse),
        (None, None) => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn integer(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

/// The whole part decides, and on a tie the fraction. The cast saturates far outside of what an `i64` or `u64` can be.
fn integer_to_float(integer: i128, float: f64) -> Option<Ordering> {
    let whole = integer.cmp(&(float.trunc() as i128));
    if whole.is_eq() { 0.0.partial_cmp(&float.fract()) } else { Some(whole) }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn ordering(left: &str, right: &str) -> Ordering {
        let [left, right] = [left, right].map(|text| text.parse::<Number>().unwrap());
        order(&left, &right).unwrap()
    }

    #[test]
    fn numbers_are_compared_by_value_whatever_their_spelling() {
        assert_eq!(ordering("1", "1.0"), Ordering::Equal);
        assert_eq!(ordering("100", "1e2"), Ordering::Equal);
        assert_eq!(ordering("-0.0", "0"), Ordering::Equal);
        assert_eq!(ordering("-1", "-1.5"), Ordering::Greater);
        assert_eq!(ordering("-1.5", "-1"), Ordering::Less);
        assert_eq!(ordering("1", "1e300"), Ordering::Less);
        assert_eq!(ordering("-1e300", "-9223372036854775808"), Ordering::Less);
    }

    #[test]
    fn integers_beyond_the_precision_of_a_float_differ() {
        assert_eq!(ordering("9007199254740993", "9007199254740992"), Ordering::Greater);
        assert_eq!(ordering("18446744073709551615", "18446744073709551614"), Ordering::Greater);
        assert_eq!(ordering("9007199254740993", "9007199254740992.0"), Ordering::Greater);
    }

    #[test]
    fn comparisons_give_what_the_table_of_the_rfc_gives() {
        // RFC 9535, table 11, as far as it is in the subset.
        let document = serde_json::json!({"obj": {"x": "y"}, "arr": [2, 3]});
        let table = [
            ("$.absent1 == $.absent2", true),
            ("$.absent1 <= $.absent2", true),
            ("$.absent1 >= $.absent2", true),
            ("$.absent1 < $.absent2", false),
            ("$.absent == 'g'", false),
            ("$.absent1 != $.absent2", false),
            ("$.absent != 'g'", true),
            ("1 <= 2", true),
            ("1 > 2", false),
            ("13 == '13'", false),
            ("'a' <= 'b'", true),
            ("'a' > 'b'", false),
            ("$.obj == $.arr", false),
            ("$.obj != $.arr", true),
            ("$.obj == $.obj", true),
            ("$.obj != $.obj", false),
            ("$.arr == $.arr", true),
            ("$.arr != $.arr", false),
            ("$.obj == 17", false),
            ("$.obj != 17", true),
            ("$.obj <= $.arr", false),
            ("$.obj < $.arr", false),
            ("$.obj <= $.obj", true),
            ("$.arr <= $.arr", true),
            ("1 <= $.arr", false),
            ("1 >= $.arr", false),
            ("1 > $.arr", false),
            ("1 < $.arr", false),
            ("true <= true", true),
            ("true > true", false),
        ];
        for (comparison, holds) in table {
            let path = crate::jsonpath::Path::parse(&format!("$[?{comparison}]")).unwrap();
            assert_eq!(path.select(&document).unwrap().len(), if holds { 2 } else { 0 }, "{comparison}");
        }
    }

    #[test]
    fn long_strings_are_paid_for() {
        let long = Value::String("a".repeat(1 << 20));
        let mut visits = super::super::budget::Visits::of(crate::limits::jsonpath::VISITS_MAX);
        let outcome = visits.spend(|budget| (0..1000).try_for_each(|_| equal(Some(&long), Some(&long), budget).map(|same| assert!(same))));
        assert_eq!(outcome, Err(Unevaluated::TooCostly));
    }
}
