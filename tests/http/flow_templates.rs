//! Templates: listed with what has to be chosen, and made into flows.

use serde_json::json;

use super::client::{get, post};
use super::harness::Harness;

#[actix_web::test]
async fn a_template_becomes_a_flow_or_says_what_it_needs() {
    let harness = Harness::installed().await;
    let owner = harness.owner();
    let listed = harness.send(get("/ui/flow-templates").token(&owner)).await.json();
    let templates = listed["templates"].as_array().unwrap();
    assert!(templates.len() >= 12);
    let tag = templates.iter().find(|template| template["id"] == "keep-a-tag").unwrap();
    let parameter = json!({"name": "name", "label": "Name of the tag", "type": "text", "required": true, "default": null});
    assert_eq!(tag["parameters"], json!([parameter]));
    let make = async |id: &str, body| harness.send(post(format!("/ui/flow-templates/{id}")).token(&owner).json(&body)).await;
    let made = make("keep-a-tag", json!({"parameters": {"name": "precious"}})).await;
    assert_eq!((made.status, &made.json()["conditions"]["rules"][0]["value"]), (201, &json!("precious")), "{made:?}");
    assert_eq!(make("archive-projects-with-client", json!({})).await.status, 201);
    make("nothing", json!({})).await.refused(404, "template_not_found");
    for (body, field) in [
        (json!({"parameters": {}}), "parameters.name"),
        (json!({"parameters": {"name": 1}}), "parameters.name"),
        (json!({"parameters": {"name": "x", "colour": "red"}}), "parameters.colour"),
        (json!({"parameters": []}), "parameters"),
        (json!({"name": "x"}), "parameters"),
        (json!([]), "parameters"),
    ] {
        let answer = make("keep-a-tag", body).await;
        answer.refused(422, "invalid_fields");
        assert_eq!(answer.faults()[0].0, field);
    }
    assert_eq!(harness.stored(harness.home.workspace).await.3.len(), 2);
}
