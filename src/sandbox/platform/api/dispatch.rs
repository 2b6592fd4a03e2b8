//! The simulated REST API on one screen: which file plays which operation.

use serde_json::json;

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::Scene;
use super::super::members::Members;
use super::super::payload;
use super::super::workspace::Shelf;
use super::{clients, custom_fields, files, groups, money, outline, projects, tags, tasks, time_entries, users};

/// Plays a call. Whatever happened stands in the scene's events afterwards.
pub fn play(scene: &mut Scene<'_>) -> Outcome {
    match scene.call.operation.id.clone().as_str() {
        "getLoggedUser" => users::me(scene),
        "getUsersOfWorkspace" => users::list(scene),
        "filterUsersOfWorkspace" => users::filter(scene),
        "getManagersOfUser" => users::managers(scene),
        "getMemberProfile" => users::profile(scene),
        "updateMemberProfileWithAdditionalData" => users::update_profile(scene),
        "upsertUserCustomFieldValue" => users::set_value(scene),
        "createUserRole" => users::give_role(scene),
        "deleteUserRole" => users::take_role(scene),
        "addUsers" => users::invite(scene),
        "updateUserStatus" => users::set_status(scene),
        "getWorkspaceOfUser" => Ok(Reply::ok(scene.workspace.document())),
        "getClients" => clients::list(scene),
        "getClient" => clients::get(scene),
        "createClient" => clients::create(scene),
        "updateClient" => clients::update(scene),
        "deleteClient" => clients::delete(scene),
        "getProjects" => projects::list(scene),
        "getProject" => projects::get(scene),
        "createNewProject" => projects::create(scene),
        "updateProject" => projects::update(scene),
        "deleteProject" => projects::delete(scene),
        "updateEstimate" => projects::estimate(scene),
        "updateMemberships" => projects::memberships(scene),
        "addUsersToProject" => projects::members(scene),
        "updateIsProjectTemplate" => projects::template(scene),
        "getTasks" => tasks::list(scene),
        "getTask" => tasks::get(scene),
        "createTask" => tasks::create(scene),
        "updateTask" => tasks::update(scene),
        "deleteTask" => tasks::delete(scene),
        "getTags" => tags::list(scene),
        "getTag" => tags::get(scene),
        "createNewTag" => tags::create(scene),
        "updateTag" => tags::update(scene),
        "deleteTag" => tags::delete(scene),
        "getTimeEntry" => time_entries::get(scene),
        "getTimeEntries" => time_entries::list(scene),
        "getInProgressTimeEntries" => time_entries::in_progress(scene),
        "createTimeEntry" | "createForOthers" => time_entries::create(scene),
        "duplicateTimeEntry" => time_entries::duplicate(scene),
        "updateTimeEntry" => time_entries::update(scene),
        "replaceMany" => time_entries::replace_many(scene),
        "stopRunningTimeEntry" => time_entries::stop(scene),
        "deleteTimeEntry" => time_entries::delete(scene),
        "deleteMany" => time_entries::delete_many(scene),
        "updateInvoicedStatus" => time_entries::invoiced(scene),
        "getUserGroups" => groups::list(scene),
        "createUserGroup" => groups::create(scene),
        "updateUserGroup" => groups::update(scene),
        "deleteUserGroup" => groups::delete(scene),
        "addUser" => groups::add_user(scene),
        "deleteUser" => groups::remove_user(scene),
        "ofWorkspace" | "getCustomFieldsOfProject" => custom_fields::list(scene),
        "editCustomField" => custom_fields::update(scene),
        "delete" => custom_fields::delete(scene),
        "editProjectCustomFieldDefaultValue" => custom_fields::set_default(scene),
        "removeDefaultValueOfProject" => custom_fields::remove_default(scene),
        "create" | "getWebhooks" | "getAddonWebhooks" => Err(Refusal::inaccessible()),
        "setWorkspaceCostRate" | "setWorkspaceHourlyRate" | "setCostRateForUser" | "setHourlyRateForUser" => money::set_rate(scene),
        "addUsersCostRate" | "addUsersHourlyRate" | "setTaskCostRate" | "setTaskHourlyRate" => money::set_rate(scene),
        "getBalancesForPolicy" | "getBalancesForUser" => money::balances(scene),
        "updateBalance" => money::set_balance(scene),
        "getInvoiceSettings" => money::invoice_settings(),
        "updateInvoiceSettings" => Ok(Reply { status: 200, ..Reply::empty() }),
        "publishAssignments" => publish(scene),
        "generateSummaryReport" | "generateDetailedReport" | "generateWeeklyReport" | "generateAttendanceReport" => money::report(scene),
        "getCreatedEntityInfo" | "getUpdatedEntityInfo" => Ok(Reply::ok(json!([]))),
        "getDeletedEntityInfo" => Ok(Reply::ok(json!({"response": []}))),
        "getProjectTotals" | "getFilteredProjectTotals" | "getUserTotals" => Ok(Reply::ok(json!([]))),
        "getProjectTotalsForSingleProject" | "getUserTotalsForSingleUser" => money::planned(scene),
        "generateDetailedReportV1" | "generateSharedReportV1" => money::report(scene),
        "getSharedReportsV1" => Ok(Reply::ok(json!({"reports": [], "count": 0}))),
        "saveSharedReportV1" | "updateSharedReportV1" => money::shared_report(scene),
        "deleteSharedReportV1" => Ok(Reply::empty()),
        "removeMember" => users::remove(scene),
        "uploadImage" => Ok(Reply::ok(json!({"name": "picture.png", "url": "https://img.clockify.example/picture.png"}))),
        "downloadFile" => files::receipt(scene),
        "exportInvoice" => files::invoice(scene),
        _ => outline::answer(scene).unwrap_or_else(|| Err(Refusal::no_route())),
    }
}

fn publish(scene: &mut Scene<'_>) -> Outcome {
    let mut published: Vec<_> = scene.workspace.all(Shelf::Assignments).cloned().collect();
    for assignment in &mut published {
        assignment.set("published", true.into());
        scene.fire("ASSIGNMENT_PUBLISHED", payload::outlined("ASSIGNMENT_PUBLISHED", assignment));
    }
    published.into_iter().for_each(|assignment| scene.workspace.put(Shelf::Assignments, assignment));
    Ok(Reply { status: 200, ..Reply::empty() })
}
