//! What there is to see and to try: addresses, and commands to copy.

use actors::addon::Addon;

use super::narrator::Narrator;
use super::platform::Platform;

/// Says who is there.
pub fn introduce(narrator: Narrator, platform: &Platform, which: Addon, addon: &str, database: &str) {
    narrator.title("Clockify in a box");
    narrator.table(&[
        ("platform", platform.base_url(), "a simulated Clockify with one workspace; open it in a browser"),
        ("add-on", addon.to_owned(), &format!("{which}, as `serve` would run it")),
    ]);
    narrator.table(&[("database", database.to_owned(), "")]);
}

/// Says what can be done now.
pub fn show(narrator: Narrator, platform: &Platform, addon: &str) {
    let clockify = platform.base_url();
    narrator.title("Look around");
    narrator.table(&[
        ("manifest", format!("{addon}/manifest"), "what Clockify reads about the add-on"),
        ("ready", format!("{addon}/ready"), "whether it takes requests"),
        ("metrics", format!("{addon}/metrics"), "what it counts"),
        ("workspace", format!("{clockify}/sandbox"), "who is in the simulated Clockify"),
        ("requests", format!("{clockify}/sandbox/requests"), "every call that the add-on made"),
        ("deliveries", format!("{clockify}/sandbox/deliveries"), "every webhook that it was sent"),
    ]);

    narrator.title("Try it");
    let token = r#"-H "X-Addon-Token: $TOKEN""#;
    let commands = [
        (
            "a token of the workspace's owner, good for 30 minutes",
            format!(r#"TOKEN=$(curl -s {clockify}/sandbox/user-tokens -d '{{"role":"OWNER"}}')"#),
        ),
        ("how the workspace is", format!("curl -s {addon}/ui/dashboard {token}")),
        ("the flows, and what became of events", format!("curl -s {addon}/ui/flows {token}; curl -s {addon}/ui/runs {token}")),
        ("another event, of any of the 52 types", format!("curl -s -X POST {clockify}/sandbox/events/NEW_TIME_ENTRY")),
        (
            "the next two writes fail with 503: the run waits and succeeds",
            format!(
                r#"curl -s {clockify}/sandbox/faults -d '{{"method":"PUT","path":"/v1/workspaces/*/time-entries/*","kind":"status","status":503,"times":2}}'"#
            ),
        ),
        ("Clockify is down for ten seconds", format!(r#"curl -s {clockify}/sandbox/refuse -d '{{"ms":10000}}'"#)),
    ];
    for (why, command) in &commands {
        narrator.command(why, command);
    }
    narrator.title("Ctrl-C ends it.");
}
