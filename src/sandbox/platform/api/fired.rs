//! Which operation sends which event, and that what it sends has the shape of the official sample.

use std::collections::BTreeSet;

use actors::event::KNOWN;
use serde_json::Value;

use super::stand::{answer, document, lacking, operations};

/// What happens without a call of the REST API: in the platform's own pages, or by itself. The sandbox lets them happen on request.
const UNCALLED: [&str; 8] = [
    "EXPENSE_RESTORED",
    "LIMITED_USERS_ADDED_TO_WORKSPACE",
    "TIME_ENTRY_RESTORED",
    "TIME_ENTRY_SPLIT",
    "TIME_OFF_REQUEST_STARTED",
    "TIME_OFF_REQUEST_UPDATED",
    "USER_EMAIL_CHANGED",
    "USER_JOINED_WORKSPACE",
];

/// Calls whose sample sends another event than the one that they are listed for here: an outcome of theirs does.
const BY_OUTCOME: [&str; 3] = ["NEW_TIMER_STARTED", "TIME_OFF_REQUEST_REJECTED", "USER_DEACTIVATED_ON_WORKSPACE"];

#[test]
fn every_event_that_a_call_can_cause_is_sent_in_the_shape_of_the_official_sample() {
    let Some(document) = document() else { return };
    let Some(samples) = crate::sandbox::reference("clockify/webhook-samples.json") else { return };
    let samples: Value = serde_json::from_slice(&samples).unwrap();
    let (mut sent, mut found) = (BTreeSet::new(), Vec::new());
    for operation in operations().iter() {
        let Ok((_, events, _)) = answer(&document, operation) else { continue };
        for (event, payload) in events {
            sent.insert(event);
            // A batch has no official sample, and what a rate of a workspace or task carries is not documented.
            let documented = event != "TIME_ENTRY_BATCH_DELETED" && (!event.contains("RATE") || operation.id.contains("User"));
            if documented {
                lacking(&samples[event], &payload, &format!("{}: {event}", operation.id), &mut found);
            }
        }
    }
    // A deleted entry was seen without the ids that the sample of it has.
    found.retain(|fault| !(fault.contains("TIME_ENTRY_DELETED") && (fault.contains(".tagIds") || fault.contains(".taskId"))));
    assert!(found.is_empty(), "{found:#?}");
    let expected: BTreeSet<&str> =
        KNOWN.iter().map(|event| event.name).filter(|name| !UNCALLED.contains(name) && !BY_OUTCOME.contains(name)).collect();
    let missing: Vec<_> = expected.difference(&sent).collect();
    assert!(missing.is_empty(), "nobody sends {missing:?}");
}
