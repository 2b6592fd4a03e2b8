//! The workspace itself: its document and its settings, which are read-only.

use serde_json::{Value, json};

use super::super::answer::{Outcome, Reply};
use super::super::call::{Scene, required};
use super::super::members::Members;
use super::super::workspace::{CURRENCY_ID, Shelf, Workspace};

/// Lists those that the caller sees: a token speaks for one.
pub fn list(scene: &Scene<'_>) -> Outcome {
    Ok(Reply::ok(json!([document(scene.workspace)])))
}

/// Reads it.
pub fn get(scene: &Scene<'_>) -> Outcome {
    Ok(Reply::ok(document(scene.workspace)))
}

/// Adds one. It is answered and not kept: no installation could speak for it.
pub fn create(scene: &mut Scene<'_>) -> Outcome {
    let name = required(&scene.call.object()?, "name")?.clone();
    let mut made = document(scene.workspace);
    made.set("id", json!(scene.fresh_id()));
    made.set("name", name);
    made.set("memberships", json!([]));
    Ok(Reply::created(made))
}

/// The workspace as the REST API shows it.
pub fn document(workspace: &Workspace) -> Value {
    let memberships: Vec<&Value> = workspace.all(Shelf::Users).filter_map(|user| user.pointer("/memberships/0")).collect();
    let (cost, billed) = &workspace.rates;
    json!({
        "id": workspace.id,
        "name": workspace.name,
        "hourlyRate": billed,
        "costRate": cost,
        "currencies": [{"id": CURRENCY_ID, "code": "EUR", "isDefault": true}],
        "featureSubscriptionType": "ENTERPRISE",
        "features": ["CUSTOM_FIELDS", "TIME_OFF", "EXPENSES", "INVOICING", "APPROVAL", "SCHEDULING"],
        "imageUrl": "",
        "memberships": memberships,
        "subdomain": {"enabled": false, "name": null},
        "workspaceSettings": settings(),
        "cakeOrganizationId": null,
    })
}

fn settings() -> Value {
    let mut settings = json!({
        "activeBillableHours": true,
        "adminOnlyPages": [],
        "automaticLock": null,
        "canSeeTimeSheet": true,
        "canSeeTracker": true,
        "currencyFormat": "VALUE_SPACE_CURRENCY",
        "defaultBillableProjects": true,
        "durationFormat": "FULL",
        "entityCreationPermissions": {
            "whoCanCreateProjectsAndClients": "ADMINS", "whoCanCreateTags": "EVERYONE", "whoCanCreateTasks": "ADMINS_AND_PROJECT_MANAGERS",
        },
        "forceDescription": false,
        "forceProjects": false,
        "forceTags": false,
        "forceTasks": false,
    });
    let more = json!({
        "isProjectPublicByDefault": true,
        "lockTimeEntries": null,
        "lockTimeZone": null,
        "multiFactorEnabled": false,
        "numberFormat": "PERIOD_COMMA",
        "onlyAdminsCanChangeBillableStatus": false,
        "onlyAdminsCreateProject": false,
        "onlyAdminsCreateTag": false,
        "onlyAdminsCreateTask": false,
        "onlyAdminsSeeAllTimeEntries": false,
        "onlyAdminsSeeBillableRates": true,
        "onlyAdminsSeeDashboard": false,
        "onlyAdminsSeePublicProjectsEntries": false,
        "projectFavorites": true,
        "projectGroupingLabel": "client",
        "projectPickerSpecialFilter": false,
        "round": {"minutes": "15", "round": "Round to nearest"},
        "timeRoundingInReports": false,
        "timeTrackingMode": "DEFAULT",
        "trackTimeDownToSecond": true,
    });
    more.as_object().into_iter().flatten().for_each(|(name, value)| settings.set(name, value.clone()));
    settings
}
