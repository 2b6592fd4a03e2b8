//! The table itself: a line for each route.

use super::{Body, Described, Parameter, Place, query, route};
use crate::http::error::Kind;
use crate::http::routes::Verb::{Delete, Get, Patch, Post, Put};

/// What `src/http/download.rs` does.
const DOWNLOAD: Parameter =
    query("download", "With `true`: the body of Clockify's answer as a file, while it comes. One that breaks off ends the connection.");
const LIMIT: Parameter = query("limit", "How many entries.");
const FROM: Parameter = query("from", "Only what is of this moment or later.");
const TO: Parameter = query("to", "Only what is from before this moment.");
const OFFSET: Parameter = query("offset", "How many entries are left out first.");
const IF_MATCH: Parameter = Parameter {
    name: "If-Match",
    place: Place::Header,
    required: false,
    says: "The version that is to be replaced; another one is a conflict.",
};
const EVENT_TYPE: Parameter =
    Parameter { name: "Clockify-Webhook-Event-Type", place: Place::Header, required: false, says: "The type of the event." };
const WORKSPACE: Parameter = Parameter { name: "X-Workspace-Id", place: Place::Header, required: true, says: "Whose source it is." };

/// What stands in the way of a call.
const EXECUTE: &[Kind] = &[
    Kind::OperationNotFound,
    Kind::OperationRefused,
    Kind::WorkspaceMismatch,
    Kind::Inactive,
    Kind::TooFast,
    Kind::PlatformRefused,
    Kind::PlatformSilent,
];
/// What may stand in the way of a webhook.
const SUBSCRIPTION: &[Kind] = &[
    Kind::AlreadySubscribed,
    Kind::EventDeclared,
    Kind::WebhookTokenTaken,
    Kind::PlanLimit,
    Kind::AddonTokensRefused,
    Kind::SubscriptionUncertain,
    Kind::Inactive,
    Kind::TooFast,
    Kind::PlatformRefused,
    Kind::PlatformSilent,
];

/// A line for each route.
pub const DESCRIBED: &[Described] = &[
    route(Post, "/webhooks/clockify/{event}", "Takes an event of Clockify, at the path of its type.")
        .with(&[EVENT_TYPE])
        .sends(Body::Payload)
        .answers(200, "The event is kept.")
        .refuses(&[Kind::EventUnknown, Kind::EventMismatch, Kind::AmbiguousEvent]),
    route(Post, "/webhooks/clockify", "Takes an event of Clockify whose type stands in a header.")
        .with(&[Parameter { required: true, ..EVENT_TYPE }])
        .sends(Body::Payload)
        .answers(200, "The event is kept.")
        .refuses(&[Kind::EventMissing, Kind::AmbiguousEvent]),
    route(Post, "/webhooks/custom/{source}", "Takes a message of a custom sender.")
        .with(&[WORKSPACE])
        .sends(Body::Payload)
        .answers(200, "The message is kept; with `duplicate`, it was sent before.")
        .refuses(&[Kind::EventMissing, Kind::AmbiguousEvent]),
    route(Post, "/webhooks/{category}/{change}", "Takes an event of Clockify, at the path of its category and change.")
        .with(&[EVENT_TYPE])
        .sends(Body::Payload)
        .answers(200, "The event is kept.")
        .refuses(&[Kind::EventUnknown, Kind::EventMissing, Kind::EventMismatch, Kind::AmbiguousEvent]),
    route(Post, "/webhooks/{category}", "Takes an event of Clockify, at the path of its category.")
        .with(&[EVENT_TYPE])
        .sends(Body::Payload)
        .answers(200, "The event is kept.")
        .refuses(&[Kind::EventUnknown, Kind::EventMissing, Kind::EventMismatch, Kind::AmbiguousEvent]),
    route(Post, "/lifecycle/installed", "The add-on has been installed.").sends(Body::Told).refuses(&[
        Kind::Fields,
        Kind::InstallationMismatch,
        Kind::ApiHostNotAllowed,
        Kind::Superseded,
    ]),
    route(Post, "/lifecycle/uninstalled", "The add-on has been uninstalled: its data is removed.").sends(Body::Told).refuses(&[
        Kind::Fields,
        Kind::NotInstalled,
        Kind::Superseded,
    ]),
    route(Post, "/lifecycle/deleted", "The add-on has been uninstalled: its data is removed.").sends(Body::Told).refuses(&[
        Kind::Fields,
        Kind::NotInstalled,
        Kind::Superseded,
    ]),
    route(Post, "/lifecycle/status-changed", "The add-on has been switched on or off.").sends(Body::Told).refuses(&[
        Kind::Fields,
        Kind::NotInstalled,
        Kind::Superseded,
    ]),
    route(Post, "/lifecycle/settings-updated", "An admin has changed settings on the platform.").sends(Body::Told).refuses(&[
        Kind::Fields,
        Kind::NotInstalled,
        Kind::Superseded,
    ]),
    route(Get, "/ui", "The page that Clockify embeds.").as_media("text/html"),
    route(Get, "/ui/assets/{hash}/{file}", "A file of the page.").as_media("application/octet-stream").refuses(&[Kind::NotFound]),
    route(Get, "/ui/assets/{hash}/{folder}/{file}", "A file of the page.").as_media("application/octet-stream").refuses(&[Kind::NotFound]),
    route(Get, "/ui/about", "What the page goes by: the add-on, its parts, who looks."),
    route(Get, "/ui/stream", "What happens, as server-sent events.")
        .with(&[
            query("after", "Begins after this event; `Last-Event-ID` likewise."),
            query("types", "Any of `events`, `runs`, `bootstrap`."),
        ])
        .as_media("text/event-stream")
        .refuses(&[Kind::Fields, Kind::TooFast]),
    route(Get, "/ui/dashboard", "How the workspace is."),
    route(Post, "/ui/quarantine/lift", "Ends a quarantine before its time."),
    route(Get, "/ui/webhooks", "Events, newest first, without their payloads.")
        .with(&[
            query("event_type", "Only events of this type."),
            query("source", "Only Clockify's events, only those of custom senders, or only those of schedules."),
            query("custom_source", "With `source=CUSTOM`: only those of this sender."),
            FROM,
            TO,
            query("before", "Only events that came before this one: where a search goes on, `searched.oldest` of its answer."),
            query("entity", "Only events about this, as `project:5b64…`; looked for in the newest events that fit the rest."),
            query("run_status", "Only events of which a run is in this state; looked for likewise."),
            query("text", "Only events with this text in their payload; looked for likewise."),
            LIMIT,
            OFFSET,
        ])
        .refuses(&[Kind::Fields]),
    route(Get, "/ui/webhooks/{id}", "A whole event.").refuses(&[Kind::WebhookNotFound]),
    route(Get, "/ui/webhooks/{id}/entities", "Entities that an event names, and whether they are cached.")
        .refuses(&[Kind::WebhookNotFound]),
    route(Post, "/ui/webhooks/{id}/replay", "Matches an event against the flows of now and starts those that apply.")
        .answers(202, "The runs that it started, none if no flow applies.")
        .refuses(&[Kind::WebhookNotFound, Kind::SwitchedOff]),
    route(Get, "/ui/flows", "Flows, newest first, without conditions and actions."),
    route(Post, "/ui/flows", "Creates a flow.").sends(Body::Flow).answers(200, "The whole flow.").refuses(&[Kind::TooManyFlows]),
    route(Post, "/ui/flows/dry-run", "What a flow would do for an event or a payload; nothing is done.")
        .sends(Body::Trial)
        .changes_nothing()
        .refuses(&[Kind::FlowNotFound, Kind::WebhookNotFound]),
    route(Get, "/ui/flows/{id}", "A whole flow.").refuses(&[Kind::FlowNotFound]),
    route(Put, "/ui/flows/{id}", "Replaces a flow.").with(&[IF_MATCH]).sends(Body::Flow).refuses(&[
        Kind::Malformed,
        Kind::FlowNotFound,
        Kind::VersionConflict,
        Kind::FlowKept,
    ]),
    route(Delete, "/ui/flows/{id}", "Deletes a flow; its unfinished runs are cancelled.").refuses(&[Kind::FlowNotFound, Kind::FlowKept]),
    route(Get, "/ui/flows/{id}/executions", "Runs of a flow, newest first.")
        .with(&[LIMIT, OFFSET])
        .refuses(&[Kind::FlowNotFound, Kind::Fields]),
    route(Post, "/ui/flows/{id}/duplicate", "Makes a copy of a flow, switched off.")
        .answers(201, "The whole copy.")
        .refuses(&[Kind::FlowNotFound, Kind::TooManyFlows]),
    route(Post, "/ui/flows/{id}/enable", "Switches a flow on.").refuses(&[Kind::FlowNotFound, Kind::VersionConflict, Kind::FlowKept]),
    route(Post, "/ui/flows/{id}/disable", "Switches a flow off.").refuses(&[Kind::FlowNotFound, Kind::VersionConflict, Kind::FlowKept]),
    route(Get, "/ui/flows/{id}/versions", "The stored versions of a flow, newest first.")
        .with(&[LIMIT, OFFSET])
        .refuses(&[Kind::FlowNotFound, Kind::Fields]),
    route(Get, "/ui/flows/{id}/versions/{version}", "A whole version of a flow.").refuses(&[Kind::FlowNotFound, Kind::VersionNotFound]),
    route(Post, "/ui/flows/{id}/versions/{version}/restore", "Makes a former version of a flow the newest one.").refuses(&[
        Kind::Fields,
        Kind::FlowNotFound,
        Kind::VersionNotFound,
        Kind::VersionConflict,
        Kind::FlowKept,
    ]),
    route(Get, "/ui/flow-export", "Flows as one document.")
        .with(&[query("id", "Only this flow; may be given several times.")])
        .refuses(&[Kind::Fields, Kind::FlowNotFound]),
    route(Post, "/ui/flow-import", "Creates the flows of a document, all of them or none.")
        .sends(Body::Flows)
        .answers(201, "The new flows.")
        .refuses(&[Kind::TooManyFlows]),
    route(Get, "/ui/flow-templates", "Flows to begin with, and what has to be chosen for each."),
    route(Post, "/ui/flow-templates/{id}", "Creates the flow of a template.")
        .sends(Body::Choice)
        .answers(201, "The whole flow.")
        .refuses(&[Kind::TemplateNotFound, Kind::TooManyFlows]),
    route(Post, "/ui/jsonpath", "What a path finds in an event or a payload.")
        .sends(Body::PathTrial)
        .changes_nothing()
        .refuses(&[Kind::WebhookNotFound]),
    route(Get, "/ui/runs", "Runs, newest first.")
        .with(&[
            query("flow_id", "Only runs of this flow."),
            query("event_id", "Only runs that this event started."),
            query("event_type", "Only runs of events of this type."),
            query("status", "Only runs in this state."),
            FROM,
            TO,
            query("attention", "With `true`: only runs that failed or are uncertain and were not dismissed."),
            LIMIT,
            OFFSET,
        ])
        .refuses(&[Kind::Fields]),
    route(Post, "/ui/runs/replay", "Starts many runs again, by their ids or of those that want attention.")
        .sends(Body::Runs)
        .answers(202, "How many new runs are queued, and whether there are more.")
        .refuses(&[Kind::Fields]),
    route(Post, "/ui/runs/dismiss", "Takes many runs off the list of those that want attention.")
        .sends(Body::Runs)
        .refuses(&[Kind::Fields]),
    route(Get, "/ui/runs/{id}", "A run with its steps.").refuses(&[Kind::RunNotFound]),
    route(Post, "/ui/runs/{id}/replay", "Starts a finished run again.").answers(202, "A new run is queued.").refuses(&[
        Kind::RunNotFound,
        Kind::RunUnfinished,
        Kind::FlowNotFound,
    ]),
    route(Post, "/ui/runs/{id}/dismiss", "Takes a run off the list of those that want attention.").refuses(&[Kind::RunNotFound]),
    route(Post, "/ui/runs/{id}/cancel", "Ends a run before its time; a call under way ends first.")
        .answers(200, "The run is cancelled, or ends with the step that is under way.")
        .refuses(&[Kind::RunNotFound, Kind::RunFinished]),
    route(Get, "/ui/secrets", "Secrets of the workspace's flows, by name, without their values."),
    route(Put, "/ui/secrets/{name}", "Stores a secret, or another value of it.")
        .sends(Body::Secret)
        .answers(200, "The secret has another value.")
        .answers_also(201, "The secret is new.")
        .refuses(&[Kind::TooManySecrets]),
    route(Delete, "/ui/secrets/{name}", "Deletes a secret; flows that name it fail from then on.").refuses(&[Kind::SecretNotFound]),
    route(Get, "/ui/bootstrap/state", "How far the reading of the workspace's data is, operation by operation."),
    route(Post, "/ui/bootstrap/trigger", "Reads the workspace's data.")
        .answers(202, "It begins.")
        .answers_also(200, "It is under way already."),
    route(Post, "/ui/bootstrap/cancel", "Stops reading; what was read stays."),
    route(Post, "/ui/bootstrap/retry", "Reads again what failed: one operation, or all of them.")
        .sends(Body::Again)
        .answers(202, "It goes on.")
        .answers_also(200, "Nothing had failed, or it is under way."),
    route(Post, "/bootstrap/{workspace}", "Reads the workspace's data.").refuses(&[Kind::WorkspaceMismatch]),
    route(Get, "/bootstrap/{workspace}/status", "How far that is.").refuses(&[Kind::WorkspaceMismatch]),
    route(Get, "/ui/entities", "Cached entities by type and name, and how many there are of each type.")
        .with(&[
            query("type", "Only entities of this type."),
            query("q", "Only entities whose name has this text, in any case, or whose id it is."),
            LIMIT,
            OFFSET,
        ])
        .refuses(&[Kind::Fields]),
    route(Get, "/ui/entities/{type}/{id}", "A cached entity with all that the platform said of it.").refuses(&[Kind::EntityNotFound]),
    route(Get, "/ui/custom-sources", "Custom sources, by name, without their secrets."),
    route(Post, "/ui/custom-sources", "Creates a custom source.")
        .sends(Body::Source)
        .answers(201, "The source with its secret, which is shown this once.")
        .refuses(&[Kind::SourceTaken, Kind::TooManySources]),
    route(Get, "/ui/custom-sources/{name}", "A custom source without its secrets.").refuses(&[Kind::SourceNotFound]),
    route(Put, "/ui/custom-sources/{name}", "Replaces all of a custom source but its name, scheme and secrets.")
        .sends(Body::SourceChange)
        .refuses(&[Kind::SourceNotFound]),
    route(Delete, "/ui/custom-sources/{name}", "Deletes a custom source; its events stay.").refuses(&[Kind::SourceNotFound]),
    route(Post, "/ui/custom-sources/{name}/rotate", "Gives a custom source a new secret.")
        .sends(Body::Rotation)
        .answers(200, "The source with its new secret, which is shown this once.")
        .refuses(&[Kind::SourceNotFound]),
    route(Get, "/ui/operations", "The operations of Clockify's REST API, and which of them the add-on may call.")
        .with(&[
            query("tag", "Only operations of this tag."),
            query("method", "Only operations of this method."),
            query("scope", "Only operations that need this scope."),
            query("q", "Only operations with this text in id, path, summary or tag."),
        ])
        .refuses(&[Kind::Fields]),
    route(Get, "/ui/operations/{operation_id}", "An operation with its parameters, body and a line for a shell.")
        .refuses(&[Kind::OperationNotFound]),
    route(Post, "/ui/operations/{operation_id}/execute", "Calls an operation.")
        .with(&[DOWNLOAD])
        .sends(Body::Call)
        .answers(200, "What Clockify answered, whatever its status.")
        .recorded()
        .refuses(EXECUTE),
    route(Get, "/ui/api-calls", "Calls that were made through the explorer, newest first.")
        .with(&[
            query("operation_id", "Only calls of this operation."),
            query("method", "Only calls with this method."),
            query("as", "Only calls with the `viewer`'s token, or the `addon`'s."),
            query("outcome", "Only calls that went well (`ok`), or `failed`."),
            query("from", "Only calls from this time on."),
            query("to", "Only calls before this time."),
            LIMIT,
            OFFSET,
        ])
        .refuses(&[Kind::Fields]),
    route(Get, "/ui/api-calls/{id}", "A call with what was sent and answered.").refuses(&[Kind::CallNotFound]),
    route(Post, "/ui/api-calls/{id}/run-again", "Makes a call again.")
        .with(&[DOWNLOAD])
        .sends(Body::Call)
        .answers(200, "What Clockify answered, whatever its status.")
        .recorded()
        .refuses(&[
            Kind::CallNotFound,
            Kind::CallIncomplete,
            Kind::OperationNotFound,
            Kind::OperationRefused,
            Kind::Inactive,
            Kind::TooFast,
            Kind::PlatformRefused,
            Kind::PlatformSilent,
        ]),
    route(Get, "/ui/api-calls/{id}/action", "A call as an action of a flow.").refuses(&[
        Kind::CallNotFound,
        Kind::CallIncomplete,
        Kind::OperationNotFound,
    ]),
    route(Get, "/ui/api-explorer/endpoints", "The operations, by tag, as the reference shows them.")
        .with(&[query("tag", "Only operations of this tag."), query("method", "Only operations of this method.")])
        .refuses(&[Kind::Fields]),
    route(Post, "/ui/api-explorer/execute", "Calls an operation, in the reference's shapes.")
        .sends(Body::ReferenceCall)
        .recorded()
        .refuses(EXECUTE),
    route(Post, "/api-call", "Calls an operation by its method and path.").sends(Body::ReferenceCall).recorded().refuses(EXECUTE),
    route(Get, "/ui/activity", "What was changed, by whom, the latest first.").with(&[LIMIT, OFFSET]).refuses(&[Kind::Fields]),
    route(Get, "/ui/settings", "Every setting: what applies, and who chose it."),
    route(Patch, "/ui/settings", "Changes settings, on the platform first.")
        .sends(Body::Settings)
        .answers(200, "What applies now.")
        .refuses(&[Kind::Inactive, Kind::TooFast, Kind::PlatformRefused, Kind::PlatformSilent]),
    route(Get, "/ui/subscriptions", "Which events reach the workspace, and how; compared with Clockify's own list where it can be read."),
    route(Post, "/ui/subscriptions", "Makes a webhook of the add-on's own for an event.")
        .sends(Body::Subscription)
        .answers(201, "The event reaches the workspace.")
        .refuses(SUBSCRIPTION),
    route(Put, "/ui/subscriptions/{event}/token", "Keeps the hash of the token of a webhook that an admin has made in Clockify.")
        .sends(Body::WebhookToken)
        .answers_also(201, "The event reaches the workspace.")
        .answers(200, "The token takes the place of the one before.")
        .refuses(&[Kind::EventUnknown, Kind::EventDeclared, Kind::AlreadySubscribed, Kind::WebhookTokenTaken, Kind::Inactive]),
    route(Delete, "/ui/subscriptions/{event}", "Deletes a webhook of the add-on's own, in Clockify and here.").refuses(&[
        Kind::EventUnknown,
        Kind::SubscriptionNotFound,
        Kind::EventDeclared,
        Kind::Inactive,
        Kind::TooFast,
        Kind::PlatformRefused,
        Kind::PlatformSilent,
        Kind::PlanLimit,
    ]),
    route(Get, "/", "What this add-on is and where its parts are."),
    route(Get, "/manifest", "The add-on's manifest, for the platform.").refuses(&[Kind::NotFound]),
    route(Get, "/openapi.json", "This document."),
    route(Get, "/docs", "This document, as a page to read.").as_media("text/html"),
    route(Get, "/static/docs.css", "How that page looks.").as_media("text/css"),
    route(Get, "/static/icon.svg", "The add-on's icon.").as_media("image/svg+xml"),
    route(Get, "/healthz", "Whether what it is told can be kept.").refuses(&[Kind::Unavailable]),
    route(Get, "/health", "Whether what it is told can be kept.").refuses(&[Kind::Unavailable]),
    route(Get, "/ui/health", "Whether the process answers, for the page."),
    route(Get, "/livez", "Whether the process answers."),
    route(Get, "/ready", "Whether requests are taken.").refuses(&[Kind::NotReady]),
    route(Get, "/metrics", "What is counted, for Prometheus.").as_media("text/plain"),
];
