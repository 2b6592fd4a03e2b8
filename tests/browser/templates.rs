//! Templates: what each leaves open is chosen or written, by its type.

use serde_json::{Value, json};

use super::stage::Stage;

/// Opens a template's form.
fn begin(stage: &Stage, name: &str) {
    stage.open("/flows/templates");
    let find = "return [...document.querySelectorAll('.offer')].find((offer) => offer.querySelector('h3').innerText === arguments[0])?.querySelector('button').click() ?? true";
    stage.browser.until(find, json!([name]));
    stage.browser.until("return document.querySelector('dialog[open] form')", json!([]));
}

fn made(stage: &Stage) -> Value {
    stage.browser.until("return location.hash.startsWith('#/flows/') && !location.hash.includes('templates')", json!([]));
    let flow = stage.browser.script("return location.hash.split('/').pop()", json!([]));
    stage.ask("GET", &format!("/ui/flows/{}", flow.as_str().unwrap()), None)
}

#[test]
fn a_template_with_an_address_and_a_secret_is_filled_in() {
    let Some(stage) = Stage::set() else { return };
    stage.ask("PATCH", "/ui/settings", Some(&json!({"enable_generic_http_actions": true})));
    begin(&stage, "Send an e-mail");
    assert_eq!(stage.browser.script("return document.querySelector(\"dialog [data-of='parameters.url'] input\").type", json!([])), "url");
    stage.browser.press("Use this template");
    // What is missing is said at each field.
    for parameter in ["url", "secret", "from", "to"] {
        let fault = "return document.querySelector(`dialog [data-of='parameters.${arguments[0]}'] > .fault:not([hidden])`)";
        stage.browser.until(fault, json!([parameter]));
    }
    stage.browser.write("dialog [data-of='parameters.url'] input", "https://mail.example.com/send");
    stage.browser.write("dialog [data-of='parameters.from'] input", "clockify@example.com");
    stage.browser.write("dialog [data-of='parameters.to'] input", "office@example.com");
    stage.browser.choose("dialog [data-of='parameters.event'] select", "NEW_CLIENT");
    stage.browser.press("New secret");
    stage.browser.write("dialog:last-of-type [data-of=name] input", "MAIL_KEY");
    stage.browser.write("dialog:last-of-type [data-of=value] input", "0123456789");
    stage.browser.press("Save");
    stage.browser.until("return document.querySelector(\"dialog [data-of='parameters.secret'] select\")?.value === 'MAIL_KEY'", json!([]));
    stage.browser.press("Use this template");
    let flow = made(&stage);
    assert_eq!(flow["trigger_event_types"], json!(["NEW_CLIENT"]));
    assert_eq!(flow["actions"][0]["url"], "https://mail.example.com/send");
    assert_eq!(flow["actions"][0]["headers"]["Authorization"], "Bearer {{ secret.MAIL_KEY }}");
    // The refusal of the empty form is all that the console has.
    assert!(stage.browser.console().iter().all(|line| line.contains("422")));
    stage.nobody_else_was_asked();
}

#[test]
fn a_project_and_a_tag_are_chosen_by_name() {
    let Some(stage) = Stage::set() else { return };
    stage.first("/ui/entities?type=projects", "entities");
    stage.first("/ui/entities?type=tags", "entities");
    begin(&stage, "Tag entries of a project");
    let choose = "const list = [...document.querySelectorAll('dialog select')].find((one) => [...one.options].some((option) => option.text === arguments[0]));
        if (!list) return null; list.value = [...list.options].find((option) => option.text === arguments[0]).value; return list.value";
    let project = stage.browser.until(choose, json!(["Website relaunch"]));
    let tag = stage.browser.until(choose, json!(["relaunch"]));
    stage.browser.press("Use this template");
    let flow = made(&stage).to_string();
    for chosen in [project, tag] {
        assert!(flow.contains(chosen.as_str().unwrap()), "{chosen}: {flow}");
    }
    stage.nothing_was_wrong();
}
