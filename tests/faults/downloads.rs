//! A download is under way for a long time; its workspace lives on around it.

use std::time::Duration;

use actors::flow::model::Params;
use actors::ids::Key;
use actors::limits::actor::{IDLE_SECONDS, SWEEP_SECONDS};
use actors::limits::explorer as limits;
use actors::port::clockify::{ApiRequest, Host, Method};
use actors::registry::Error;
use actors::testing::Scripted;
use actors::workspace::download::{Arriving, Begun, BrokenOff};
use actors::workspace::execute::Execute;

use crate::stage::{Stage, play};

const PATH: &str = "/v1/file";
const IDLE: Duration = Duration::from_secs(IDLE_SECONDS + 2 * SWEEP_SECONDS);

fn call() -> Execute {
    let request = ApiRequest {
        method: Method::Get,
        host: Host::Backend,
        path: PATH.into(),
        query: Vec::new(),
        body: None,
        content_type: None,
        response_bytes_max: 1,
        timeout: Duration::from_millis(limits::CALL_MS_MAX),
    };
    Execute { operation: "downloadFile".into(), request, params: Params::default(), token: None, user: None }
}

async fn begun(stage: &Stage, key: Key) -> Arriving {
    match stage.registry.download(key, call()).await {
        Ok(Begun::Arrives(head, arriving)) => {
            assert_eq!(head.status, 200);
            arriving
        }
        other => panic!("nothing arrives: {other:?}"),
    }
}

#[test]
fn a_workspace_does_not_retire_over_a_download() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.clockify.always(Method::Get, PATH, Scripted::body(200, "a part").then(Scripted::status(200).held()));
        let mut arriving = begun(&stage, key).await;
        assert_eq!(arriving.next().await.unwrap().unwrap(), "a part");
        stage.live(IDLE).await;
        assert_eq!(stage.registry.len(), 1, "its successor would not know of the place that is taken");
        stage.clockify.release();
        assert_eq!(arriving.next().await, Ok(None));
        stage.live(IDLE).await;
        assert!(stage.registry.is_empty());
    });
}

#[test]
fn a_download_is_no_obstacle_for_other_messages_and_takes_one_place() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.clockify.always(Method::Get, PATH, Scripted::body(200, vec![b'x'; 1024 * 1024]));
        let mut downloads = Vec::new();
        for _ in 0..limits::CALLS_AT_ONCE_MAX {
            downloads.push(begun(&stage, key).await);
        }
        stage.clock.settle().await;
        assert_eq!(stage.clockify.pieces(), limits::CALLS_AT_ONCE_MAX * (limits::DOWNLOAD_PIECES_WAITING_MAX + 1), "no more than has room");
        assert!(matches!(stage.registry.download(key, call()).await, Err(Error::TooFast(_))));
        assert!(matches!(stage.registry.execute(key, call()).await, Err(Error::TooFast(_))));
        assert!(stage.registry.status(key).await.is_ok());
        drop(downloads.pop());
        stage.clock.settle().await;
        assert_eq!(stage.clockify.in_flight(), limits::CALLS_AT_ONCE_MAX - 1);
        let mut bytes = 0;
        let mut next = begun(&stage, key).await;
        while let Some(piece) = next.next().await.unwrap() {
            bytes += piece.len();
        }
        assert_eq!(bytes, 1024 * 1024);
    });
}

#[test]
fn a_body_whose_sender_is_gone_is_not_complete() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.clockify.always(Method::Get, PATH, Scripted::body(200, "a part").then(Scripted::lost()));
        let mut arriving = begun(&stage, key).await;
        assert_eq!(arriving.next().await.unwrap().unwrap(), "a part");
        assert_eq!(arriving.next().await, Err(BrokenOff));
        assert_eq!(arriving.next().await, Err(BrokenOff), "and so it stays");
    });
}
