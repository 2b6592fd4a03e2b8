//! Pictures for the documents, made where `CLOCKIFY_PICTURES_DIR` says; otherwise only looked at.

use std::path::PathBuf;

use serde_json::json;

use super::stage::Stage;

#[test]
fn the_documents_show_the_page_as_it_is() {
    let Some(stage) = Stage::set() else { return };
    let kept = std::env::var_os("CLOCKIFY_PICTURES_DIR").map(PathBuf::from);
    let folder = tempfile::tempdir().unwrap();
    let at = kept.unwrap_or_else(|| folder.path().to_owned());
    stage.browser.leave_frame();
    stage.browser.size(1_600, 1_000);
    stage.browser.enter_frame("iframe");
    stage.browser.sees("Dashboard");
    for event in ["NEW_PROJECT", "NEW_TAG", "TIME_ENTRY_UPDATED", "NEW_CLIENT", "NEW_TIME_ENTRY", "TIMER_STOPPED"] {
        stage.fire(event, None);
    }
    let flow = stage.ask("GET", "/ui/flows", None)["flows"][0]["id"].as_str().unwrap().to_owned();
    let run = stage.ask("GET", "/ui/runs?status=SUCCEEDED", None)["runs"][0]["id"].as_str().unwrap().to_owned();
    let places = [
        ("dashboard", "/dashboard".to_owned(), "return document.querySelector('tbody tr')"),
        ("events", "/events".into(), "return document.querySelector('.live.on')"),
        ("flow", format!("/flows/{flow}"), "return document.querySelector('.sample .json-pick') && document.querySelector('.verdict')"),
        ("run", format!("/runs/{run}"), "document.querySelectorAll('details.step').forEach((step) => { step.open = true; }); return true"),
        (
            "explorer",
            "/explorer/getTags".into(),
            "const there = document.querySelector('.bench .json-tree'); if (!there) document.querySelector('[data-key=execute]').click(); return there",
        ),
    ];
    for (name, place, ready) in places {
        stage.open(&place);
        stage.browser.until(ready, json!([]));
        stage.browser.until("return document.fonts.status === 'loaded'", json!([]));
        stage.browser.leave_frame();
        let to = at.join(format!("{name}.png"));
        stage.browser.picture(&to);
        stage.browser.enter_frame("iframe");
        assert!(std::fs::metadata(to).unwrap().len() > 10_000);
    }
    stage.nothing_was_wrong();
}
