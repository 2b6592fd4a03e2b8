//! x
use super::client::get;
use super::harness::Harness;
#[actix_web::test]
async fn probe() {
    let harness = Harness::installed().await;
    println!(
        "{:?}",
        harness.send(harness.delivery("NEW_PROJECT", &serde_json::json!({"id": "1", "workspaceId": harness.home.workspace}))).await
    );
    println!("{:?}", harness.send(get("/nothing")).await);
    println!("{:?}", harness.send(super::client::request("OPTIONS", "/ui/flows")).await);
    println!("{:?}", harness.send(super::client::request("OPTIONS", "*")).await);
    println!("{:?}", harness.send(super::client::request("HEAD", "/healthz")).await);
    println!("{:?}", harness.send(get("/ui/flows").token(&harness.owner())).await);
    println!("{:?}", harness.send(get("//universal-webhook//ui/dashboard/?x=1").token(&harness.owner())).await);
}
