//! Groups of conditions, of a flow and of its `STOP_IF` actions; their depth and their number are bounded.

use serde_json::Value;

use super::Faults;
use super::field::{at, present, refuse_unknown};
use crate::flow::model::{Comparison, Group, Join, Operator, Rule};
use crate::limits::flow as limits;

/// Reads a group of conditions at `field`.
pub(super) fn group(faults: &mut Faults, field: &str, sent: &Value, depth: usize, rules_seen: &mut usize) -> Option<Group> {
    let Some(object) = sent.as_object() else {
        faults.add(field, "invalid_type", "expected an object with type and rules");
        return None;
    };
    if depth > limits::CONDITION_DEPTH_MAX {
        faults.add(field, "too_deep", format!("groups nest at most {} deep", limits::CONDITION_DEPTH_MAX));
        return None;
    }
    refuse_unknown(faults, field, object, &["type", "rules"]);
    let join = match present(object, "type").map(Value::as_str) {
        None | Some(Some("ALL")) => Join::All,
        Some(Some("ANY")) => Join::Any,
        Some(Some("NONE")) => Join::None,
        Some(_) => {
            faults.add(at(field, "type"), "invalid_value", "expected ALL, ANY or NONE");
            Join::All
        }
    };
    let listed = match present(object, "rules") {
        None => &[][..],
        Some(Value::Array(listed)) => listed,
        Some(_) => {
            faults.add(at(field, "rules"), "invalid_type", "expected a list");
            &[]
        }
    };
    let mut rules = Vec::with_capacity(listed.len().min(limits::RULES_MAX));
    for (index, sent) in listed.iter().enumerate() {
        *rules_seen += 1;
        if *rules_seen > limits::RULES_MAX {
            faults.add(at(field, "rules"), "too_many", format!("at most {} rules", limits::RULES_MAX));
            return None;
        }
        let field = format!("{field}.rules[{index}]");
        if sent.get("rules").is_some() {
            rules.extend(group(faults, &field, sent, depth + 1, rules_seen).map(Rule::Group));
        } else {
            rules.extend(comparison(faults, &field, sent).map(Rule::Compare));
        }
    }
    Some(Group { join, rules })
}

fn comparison(faults: &mut Faults, field: &str, sent: &Value) -> Option<Comparison> {
    let Some(object) = sent.as_object() else {
        faults.add(field, "invalid_type", "expected an object with field, operator and value");
        return None;
    };
    refuse_unknown(faults, field, object, &["field", "operator", "value"]);
    let path = object.get("field").and_then(Value::as_str);
    if path.is_none() {
        faults.add(at(field, "field"), "required", "expected a JSONPath, such as $.projectId");
    }
    let operator = object.get("operator").and_then(Value::as_str).and_then(Operator::parse);
    if operator.is_none() {
        let names: Vec<&str> = Operator::ALL.iter().map(|operator| operator.as_str()).collect();
        faults.add(at(field, "operator"), "unknown_operator", format!("expected one of: {}", names.join(" ")));
    }
    let (path, operator) = (path?, operator?);
    let value = if operator.has_operand() { object.get("value").cloned().unwrap_or(Value::Null) } else { Value::Null };
    Some(Comparison { field: path.to_owned(), operator, value })
}
