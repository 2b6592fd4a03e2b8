//! Which path carries which events: the one list that manifests, routes and the check of a delivery's token go by.
//!
//! Only the path ties a token to events, so that a token opens as few of them as the add-on's paths allow.

use crate::addon::Addon;
use crate::event::{KNOWN, Known};

/// The path of no event: whoever delivers here says which it is, and any of the installation's tokens for that event counts.
pub const BARE: &str = "/webhooks/clockify";

/// The paths of Clockify Add-on, by category, as its users know them.
const BY_CATEGORY: [(&str, &[&str]); 26] = [
    ("/webhooks/time/new", &["NEW_TIME_ENTRY"]),
    ("/webhooks/time/updated", &["TIME_ENTRY_UPDATED"]),
    ("/webhooks/time/deleted", &["TIME_ENTRY_DELETED"]),
    ("/webhooks/time", &["TIME_ENTRY_RESTORED", "TIME_ENTRY_SPLIT", "TIME_ENTRY_BATCH_DELETED", "NEW_TIMER_STARTED", "TIMER_STOPPED"]),
    ("/webhooks/project/new", &["NEW_PROJECT"]),
    ("/webhooks/project/updated", &["PROJECT_UPDATED"]),
    ("/webhooks/project/deleted", &["PROJECT_DELETED"]),
    ("/webhooks/user/updated", &["USER_UPDATED"]),
    (
        "/webhooks/user",
        &[
            "USER_ACTIVATED_ON_WORKSPACE",
            "USER_DEACTIVATED_ON_WORKSPACE",
            "USER_DELETED_FROM_WORKSPACE",
            "USER_JOINED_WORKSPACE",
            "USER_EMAIL_CHANGED",
        ],
    ),
    ("/webhooks/expense/created", &["EXPENSE_CREATED"]),
    ("/webhooks/expense/updated", &["EXPENSE_UPDATED"]),
    ("/webhooks/expense/deleted", &["EXPENSE_DELETED"]),
    ("/webhooks/expense", &["EXPENSE_RESTORED"]),
    (
        "/webhooks/generic",
        &[
            "NEW_CLIENT",
            "CLIENT_UPDATED",
            "CLIENT_DELETED",
            "NEW_TAG",
            "TAG_UPDATED",
            "TAG_DELETED",
            "NEW_TASK",
            "TASK_UPDATED",
            "TASK_DELETED",
        ],
    ),
    ("/webhooks/assignment/created", &["ASSIGNMENT_CREATED"]),
    ("/webhooks/assignment/updated", &["ASSIGNMENT_UPDATED"]),
    ("/webhooks/assignment/deleted", &["ASSIGNMENT_DELETED"]),
    ("/webhooks/assignment", &["ASSIGNMENT_PUBLISHED"]),
    ("/webhooks/approval/status-updated", &["APPROVAL_REQUEST_STATUS_UPDATED"]),
    ("/webhooks/approval", &["NEW_APPROVAL_REQUEST"]),
    ("/webhooks/balance", &["BALANCE_UPDATED"]),
    ("/webhooks/rate", &["BILLABLE_RATE_UPDATED", "COST_RATE_UPDATED"]),
    ("/webhooks/invoice", &["INVOICE_UPDATED", "NEW_INVOICE"]),
    ("/webhooks/workspace", &["LIMITED_USERS_ADDED_TO_WORKSPACE", "USERS_INVITED_TO_WORKSPACE"]),
    ("/webhooks/user-group", &["USER_GROUP_CREATED", "USER_GROUP_UPDATED", "USER_GROUP_DELETED"]),
    (
        "/webhooks/timeoff",
        &[
            "TIME_OFF_REQUESTED",
            "TIME_OFF_REQUEST_APPROVED",
            "TIME_OFF_REQUEST_REJECTED",
            "TIME_OFF_REQUEST_WITHDRAWN",
            "TIME_OFF_REQUEST_UPDATED",
            "TIME_OFF_REQUEST_STARTED",
        ],
    ),
];

/// Where an add-on's manifest asks for an event. Every known event has a path.
pub fn path(addon: Addon, event: &Known) -> String {
    let by_category = || BY_CATEGORY.iter().find(|(_, events)| events.contains(&event.name)).map(|(path, _)| (*path).to_owned());
    match addon {
        Addon::ClockifyAddon => by_category().unwrap_or_else(|| of_its_own(event)),
        Addon::ApiStudio | Addon::UniversalWebhook => of_its_own(event),
    }
}

/// Whether a path, with single slashes, carries an event. [`BARE`] carries none.
pub fn carries(addon: Addon, path: &str, event: &Known) -> bool {
    match addon {
        Addon::ClockifyAddon => BY_CATEGORY.iter().any(|(known, events)| *known == path && events.contains(&event.name)),
        Addon::ApiStudio | Addon::UniversalWebhook => {
            let slug = path.strip_prefix(BARE).and_then(|rest| rest.strip_prefix('/'));
            slug.is_some_and(|slug| event.has_slug(slug))
        }
    }
}

/// The events that a path carries; none: the add-on has no such path.
pub fn events(addon: Addon, path: &str) -> impl Iterator<Item = &'static Known> {
    KNOWN.iter().filter(move |event| carries(addon, path, event))
}

fn of_its_own(event: &Known) -> String {
    format!("{BARE}/{}", event.slug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_event_is_carried_by_its_path_and_by_no_other() {
        for addon in Addon::ALL {
            for event in &KNOWN {
                let paths: std::collections::BTreeSet<String> = KNOWN.iter().map(|known| path(addon, known)).collect();
                let carrying: Vec<_> = paths.iter().filter(|path| carries(addon, path, event)).collect();
                assert_eq!(carrying, [&path(addon, event)], "{addon} {}", event.name);
                assert!(!carries(addon, BARE, event));
            }
        }
    }

    #[test]
    fn clockify_add_on_has_a_path_for_each_category_and_no_event_twice() {
        let listed: Vec<_> = BY_CATEGORY.iter().flat_map(|(_, events)| events.iter()).collect();
        assert_eq!(listed.len(), KNOWN.len(), "an event stands there twice, or one that nobody knows");
        let named = |path| events(Addon::ClockifyAddon, path).map(|event| event.name).collect::<Vec<_>>();
        assert_eq!(named("/webhooks/rate"), ["BILLABLE_RATE_UPDATED", "COST_RATE_UPDATED"]);
        assert_eq!(named("/webhooks/time/new"), ["NEW_TIME_ENTRY"]);
        for other in ["/webhooks/project", "/webhooks/custom", "/webhooks/time/", "/webhooks", "/webhooks/clockify/new-tag"] {
            assert_eq!(named(other), Vec::<&str>::new(), "{other}");
        }
    }

    #[test]
    fn the_others_have_a_path_for_each_event() {
        let named = |path| events(Addon::ApiStudio, path).map(|event| event.name).collect::<Vec<_>>();
        assert_eq!(named("/webhooks/clockify/new-tag"), ["NEW_TAG"]);
        for other in
            ["/webhooks/clockify", "/webhooks/clockify/", "/webhooks/clockify/NEW_TAG", "/webhooks/clockifynew-tag", "/webhooks/rate"]
        {
            assert_eq!(named(other), Vec::<&str>::new(), "{other}");
        }
    }
}
