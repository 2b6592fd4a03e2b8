//! Every operation answers a valid call with the status and the shape that the official description promises.
//!
//! The description never says what may be null, so null fits everywhere; where it describes a list as one of its values, a list fits too. Beyond
//! that every member that it names has to be there, at any depth, but for the few that the platform itself was seen not to send.

use actors::clock::Timestamp;
use serde_json::Value;

use super::stand::{answer, document, operations, resolved};

/// Named in the description, and not sent: accessors of the platform's own code, and keys that are spelled another way in practice.
const NOT_SENT: [&str; 4] = ["isPublic", "isTemplate", "timeEntries", "get_id"];

/// What of a value is not as a schema says, or missing.
fn misfits(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let schema = resolved(document, schema);
    if value.is_null() {
        return;
    }
    let variants: Vec<&Value> = ["oneOf", "anyOf"].iter().filter_map(|name| schema[*name].as_array()).flatten().collect();
    if !variants.is_empty() {
        let fits = |variant: &&Value| {
            let mut odd = Vec::new();
            misfits(document, variant, value, at, &mut odd);
            odd.is_empty()
        };
        if !variants.iter().any(fits) {
            found.push(format!("{at}: none of the forms fits {value}"));
        }
        return;
    }
    if let (Some(choices), Some(values)) = (schema["enum"].as_array(), value.as_array()) {
        found.extend(values.iter().filter(|value| !choices.contains(value)).map(|value| format!("{at}: {value} is no choice")));
        return;
    }
    let good = match schema["type"].as_str() {
        Some("object") => {
            let Some(properties) = schema["properties"].as_object() else { return };
            for (name, inner) in properties {
                let at = format!("{at}.{name}");
                match value.get(name) {
                    Some(value) => misfits(document, inner, value, &at, found),
                    None if NOT_SENT.contains(&name.as_str()) => {}
                    None => found.push(format!("{at} is missing")),
                }
            }
            value.is_object()
        }
        Some("array") => {
            for value in value.as_array().into_iter().flatten().take(3) {
                misfits(document, &schema["items"], value, &format!("{at}[]"), found);
            }
            value.is_array()
        }
        Some("integer") => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("string") => {
            let time = schema["format"] != "date-time" || Timestamp::parse(value.as_str().unwrap_or_default()).is_some();
            value.is_string() && time && schema["enum"].as_array().is_none_or(|choices| choices.contains(value))
        }
        _ => true,
    };
    if !good {
        found.push(format!("{at}: {value} is not {}", schema["type"]));
    }
}

#[test]
fn every_operation_answers_a_valid_call_in_the_official_shape() {
    let Some(document) = document() else { return };
    let mut found = Vec::new();
    let mut seen = 0;
    for operation in operations().iter() {
        let official = &document["paths"][&operation.path][operation.method.as_str().to_lowercase()];
        seen += 1;
        let reply = match answer(&document, operation) {
            Ok((reply, _, _)) => reply,
            Err(refusal) => {
                found.push(format!("{}: {refusal:?}", operation.id));
                continue;
            }
        };
        let promised = &official["responses"][reply.status.to_string()];
        if !promised.is_object() {
            found.push(format!("{}: {} is not promised", operation.id, reply.status));
        }
        let content = promised["content"].as_object().and_then(|content| content.values().next());
        match (content, &reply.body, &reply.file) {
            (Some(content), None, Some(_)) if content["schema"]["format"] == "byte" => {}
            (Some(content), Some(body), None) => misfits(&document, &content["schema"], body, &operation.id, &mut found),
            (None, None, None) => {}
            (content, body, _) => found.push(format!("{}: {content:?} is promised, {body:?} is answered", operation.id)),
        }
    }
    assert_eq!(seen, 170);
    assert!(found.is_empty(), "{} misfits: {found:#?}", found.len());
}

#[test]
fn lists_of_a_valid_call_are_not_empty() {
    let Some(document) = document() else { return };
    let lists = [
        "getClients",
        "getProjects",
        "getTasks",
        "getTags",
        "getUsersOfWorkspace",
        "getUserGroups",
        "getTimeEntries",
        "getInProgressTimeEntries",
        "ofWorkspace",
        "getApprovalRequests",
        "findPoliciesForWorkspace",
        "getHolidays",
        "getPaymentsForInvoice",
        "getCreatedEntityInfo",
        "getProjectTotals",
        "getManagersOfUser",
    ];
    for name in lists {
        let (reply, ..) = answer(&document, operations().get(name).unwrap()).unwrap();
        assert!(reply.body.as_ref().and_then(Value::as_array).is_some_and(|list| !list.is_empty()), "{name}: {:?}", reply.body);
    }
    let wrapped = [
        ("getExpenses", "/expenses/expenses/0"),
        ("getInvoices", "/invoices/0"),
        ("getTimeOffRequest", "/requests/0"),
        ("getBalancesForUser", "/balances/0"),
        ("generateDetailedReport", "/timeentries/0"),
        ("generateSummaryReport", "/groupOne/0"),
        ("generateAttendanceReport", "/entities/0"),
        ("getSharedReportsV1", "/reports/0"),
    ];
    for (name, place) in wrapped {
        let (reply, ..) = answer(&document, operations().get(name).unwrap()).unwrap();
        assert!(reply.body.as_ref().unwrap().pointer(place).is_some(), "{name}: {:?}", reply.body);
    }
}
