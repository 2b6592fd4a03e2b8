//! Requests whose end two readers could see in different places: one refusal, and nothing behind them is taken for another request.

use super::client::Wire;
use super::harness::{Harness, path_of};

/// What would be served if it were taken for a request of its own.
const NEXT: &str = "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Statuses of all answers to a delivery with these header fields, the end of the head, this body and another request behind it.
async fn statuses(harness: &Harness, fields: &str, body: &str) -> Vec<String> {
    let (path, token) = (path_of("NEW_TAG"), harness.webhook("NEW_TAG"));
    let request = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\nclockify-signature: {token}\r\n{fields}\r\n\r\n{body}{NEXT}");
    sent(harness, &request).await
}

async fn sent(harness: &Harness, bytes: &str) -> Vec<String> {
    let mut wire = Wire::open(harness.address).await;
    wire.write(bytes.as_bytes()).await;
    wire.finish().await;
    wire.everything().await.split("HTTP/1.1 ").skip(1).map(|answer| answer.chars().take(3).collect()).collect()
}

#[actix_web::test]
async fn a_length_that_can_be_read_in_two_ways_is_refused() {
    let harness = Harness::installed().await;
    assert_eq!(statuses(&harness, "content-length: 2", "{}").await, ["200", "200"], "what is plain is taken, and so is what follows");
    for fields in [
        "content-length: 2\r\ncontent-length: 40",
        "content-length: 2\r\ncontent-length: 2",
        "content-length: 2, 2",
        "content-length: +2",
        "content-length: -2",
        "content-length: 0x2",
        "content-length: 2.0",
        "content-length: 2 2",
        "content-length: ",
        "content-length: 18446744073709551618",
        "content-length : 2",
        "content-length\t: 2",
        " content-length: 2",
        "content-length: 2\r\nhost: other",
        "content-length: 2\r\nx: a\0b",
        "x: a\rcontent-length: 2",
        "x: a\r\n content-length: 2",
        "x: a\r\n\tb\r\ncontent-length: 2",
        "x y: a\r\ncontent-length: 2",
        "content-length: 2\r\nx",
        "content-length: 2\r\n: x",
    ] {
        assert_eq!(statuses(&harness, fields, "{}").await, ["400"], "{fields:?}");
    }
    assert_eq!(harness.stored(harness.home.workspace).await.1, 1);
}

#[actix_web::test]
async fn a_body_of_pieces_has_no_length_beside_and_no_other_coding() {
    let harness = Harness::installed().await;
    const BODY: &str = "2\r\n{}\r\n0\r\n\r\n";
    assert_eq!(statuses(&harness, "Transfer-Encoding: Chunked", BODY).await, ["200", "200"]);
    for fields in [
        "content-length: 12\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 12",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity",
        "transfer-encoding: chunked, chunked",
        "transfer-encoding: chunked, identity",
        "transfer-encoding: gzip, chunked",
        "transfer-encoding: identity\r\ncontent-length: 12",
        "transfer-encoding: identity",
        "transfer-encoding: xchunked",
        "transfer-encoding: chunked;q=1",
        "transfer-encoding: \"chunked\"",
        "transfer-encoding:\x0bchunked",
        "transfer-encoding : chunked",
        "transfer-encoding:\r\n chunked",
        "x: a\r\n transfer-encoding: chunked",
    ] {
        assert_eq!(statuses(&harness, fields, BODY).await, ["400"], "{fields:?}");
    }
    assert_eq!(harness.stored(harness.home.workspace).await.1, 1);
}

#[actix_web::test]
async fn pieces_with_odd_sizes_or_ends_are_refused() {
    let harness = Harness::installed().await;
    for body in [
        "2\n{}\n0\n\n",
        "2\r\n{}\n0\r\n\r\n",
        "2\r\n{}XX0\r\n\r\n",
        "2;\n{}\r\n0\r\n\r\n",
        "-2\r\n{}\r\n0\r\n\r\n",
        "+2\r\n{}\r\n0\r\n\r\n",
        "0x2\r\n{}\r\n0\r\n\r\n",
        "g\r\n{}\r\n0\r\n\r\n",
        "\r\n2\r\n{}\r\n0\r\n\r\n",
        "10000000000000002\r\n{}\r\n0\r\n\r\n",
        "ffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    ] {
        let statuses = statuses(&harness, "transfer-encoding: chunked", body).await;
        assert!(matches!(&statuses[..], [only] if only == "400" || only == "413"), "{body:?}: {statuses:?}");
    }
    assert_eq!(harness.stored(harness.home.workspace).await.1, 0);
}

#[actix_web::test]
async fn an_odd_first_line_is_refused() {
    let harness = Harness::installed().await;
    let fields = "host: localhost\r\n\r\n";
    for line in [
        "GET /livez",
        "GET /livez HTTP/0.9",
        "GET /livez HTTP/2.0",
        "GET /livez HTTP/1.1 x",
        "GET  /livez HTTP/1.1",
        "GET /li vez HTTP/1.1",
        "GET\t/livez HTTP/1.1",
        "G(T /livez HTTP/1.1",
        "GET /livez\0 HTTP/1.1",
        "PRI * HTTP/2.0",
    ] {
        assert_eq!(sent(&harness, &format!("{line}\r\n{fields}{NEXT}")).await, ["400"], "{line:?}");
    }
}
