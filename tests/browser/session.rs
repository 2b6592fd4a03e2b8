//! Who looks: the token in and out of the address, its renewal, roles, themes.

use serde_json::json;

use super::stage::Stage;

#[test]
fn the_token_leaves_the_address_at_once_and_stays_nowhere() {
    let Some(stage) = Stage::set() else { return };
    stage.browser.sees("Dashboard");
    let address = stage.browser.script("return location.href", json!([]));
    assert!(!address.as_str().unwrap().contains("token") && !address.as_str().unwrap().contains('?'), "{address}");
    let kept = stage.browser.script("return [document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.documentElement.outerHTML.includes('eyJ')]", json!([]));
    assert_eq!(kept, json!(["", "{}", "{}", false]));
    stage.nothing_was_wrong();
}

#[test]
fn a_token_that_has_ended_is_renewed_by_the_platform_and_the_page_goes_on() {
    let Some(stage) = Stage::set() else { return };
    stage.browser.sees("Dashboard");
    let old = json!({"addon_id": stage.installation()["addon_id"], "age_seconds": 7_200});
    let token = stage.control("POST", "/user-tokens", Some(&old));
    let address = format!("{}/ui?auth_token={}", stage.installation()["base_url"].as_str().unwrap(), token.as_str().unwrap());
    stage.in_shell(|browser| {
        browser.script("document.querySelector('iframe').src = arguments[0]", json!([address]));
    });
    stage.browser.sees("What Universal Webhook received and did lately.");
    stage.nothing_was_wrong();
}

#[test]
fn only_the_window_around_is_listened_to() {
    let Some(stage) = Stage::set() else { return };
    stage.browser.sees("Dashboard");
    // The frame's own window is another source; what it says about a token counts for nothing.
    stage.browser.script("window.postMessage({title: 'refreshAddonToken', body: 'a.b.c'}, '*')", json!([]));
    stage.open("/flows");
    stage.browser.sees("Tag what is done for");
    stage.nothing_was_wrong();
}

#[test]
fn a_member_is_told_whom_to_ask() {
    let Some(stage) = Stage::set_at("?addon=universal-webhook&role=MEMBER") else { return };
    stage.browser.sees("For admins of the workspace");
    stage.nobody_else_was_asked();
}

#[test]
fn without_a_token_the_page_says_where_it_belongs() {
    let Some(stage) = Stage::set() else { return };
    let address = format!("{}/ui", stage.installation()["base_url"].as_str().unwrap());
    stage.in_shell(|browser| {
        browser.script("document.querySelector('iframe').src = arguments[0]", json!([address]));
    });
    stage.browser.sees("Open this page in Clockify");
    stage.nothing_was_wrong();
}

#[test]
fn the_page_is_dark_where_clockify_is() {
    for (theme, expected) in [("DEFAULT", "rgb(239, 244, 247)"), ("DARK", "rgb(18, 25, 29)")] {
        let Some(stage) = Stage::set_at(&format!("?addon=universal-webhook&theme={theme}")) else { return };
        stage.browser.sees("Dashboard");
        assert_eq!(stage.browser.script("return getComputedStyle(document.body).backgroundColor", json!([])), json!(expected));
    }
}

#[test]
fn each_add_on_shows_its_own_parts() {
    for (slug, sources) in [("api-studio", false), ("clockify-addon", false), ("universal-webhook", true)] {
        let Some(stage) = Stage::set_at(&format!("?addon={slug}")) else { return };
        stage.browser.sees("Dashboard");
        let parts = stage.parts();
        assert_eq!(parts.contains(&"sources".to_owned()), sources, "{slug}: {parts:?}");
        for part in parts {
            stage.open(&format!("/{part}"));
            assert_eq!(stage.browser.script("return document.querySelectorAll('.trouble').length", json!([])), 0, "{slug}: {part}");
        }
        stage.nothing_was_wrong();
    }
}
