//! Answers that are too long, too slow, cut off, or not what they say.

use std::io::Write;
use std::time::Duration;

use actors::port::clockify::CallError;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::server::*;

const TOO_LARGE: CallError = CallError::TooLarge { status: 200, bytes_max: BYTES_MAX };

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn with(head: &str, body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 200 OK\r\n{head}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

#[actix_web::test]
async fn an_honest_answer_comes_through_whole() {
    let server = Server::saying(ok(r#"{"a":1}"#)).await;
    let answer = answer(&server).await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (200, &br#"{"a":1}"#[..]));
    let request = server.requests().remove(0).to_ascii_lowercase();
    assert!(request.starts_with("get / http/1.1\r\n") && request.contains("accept-encoding: gzip\r\n"), "{request}");
    assert!(request.contains(&format!("host: {}\r\n", server.address)), "{request}");
}

#[actix_web::test]
async fn the_time_limit_covers_a_body_that_drips() {
    let server = Server::new(|mut peer| async move {
        peer.request().await?;
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").await?;
        loop {
            peer.write("x").await?;
            peer.pause().await;
        }
    })
    .await;
    let mut exchange = get(&server.url("/"));
    exchange.timeout = Duration::from_millis(300);
    assert_lost(client(&[server.address.port()]).exchange(exchange).await, "within the time limit");
    server.has_ended(1).await;
}

#[actix_web::test]
async fn the_time_limit_covers_a_head_that_drips() {
    let server = Server::new(|mut peer| async move {
        peer.request().await?;
        peer.write("HTTP/1.1 200 OK\r\nX: ").await?;
        loop {
            peer.write("x").await?;
            peer.pause().await;
        }
    })
    .await;
    let mut exchange = get(&server.url("/"));
    exchange.timeout = Duration::from_millis(300);
    assert_lost(client(&[server.address.port()]).exchange(exchange).await, "within the time limit");
    server.has_ended(1).await;
}

#[actix_web::test]
async fn an_answer_of_200_megabytes_is_given_up_at_the_bound() {
    for head in ["Content-Length: 209715200\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nC800000\r\n", "Connection: close\r\n\r\n"] {
        let version = if head.starts_with("Connection") { "HTTP/1.0" } else { "HTTP/1.1" };
        let server = Server::new(move |mut peer| async move {
            peer.request().await?;
            peer.write(format!("{version} 200 OK\r\n{head}")).await?;
            for _ in 0..200 {
                peer.write(vec![b'x'; 1024 * 1024]).await?;
            }
            peer.hold().await
        })
        .await;
        assert_eq!(answer(&server).await.unwrap_err(), TOO_LARGE, "{head}");
        server.has_ended(1).await;
        assert!(server.bytes_written() < 50 * 1024 * 1024, "{} bytes for {head}", server.bytes_written());
    }
}

#[actix_web::test]
async fn an_answer_of_exactly_the_bound_fits_and_one_byte_more_does_not() {
    for (bytes, fits) in [(BYTES_MAX, true), (BYTES_MAX + 1, false)] {
        let body = vec![b'x'; bytes];
        for whole in [with("X: y", &body), with("Content-Encoding: gzip", &gzip(&body))] {
            let server = Server::saying(whole).await;
            match answer(&server).await {
                Ok(answer) => assert!(fits && answer.body == body),
                Err(error) => assert!(!fits && error == TOO_LARGE, "{error}"),
            }
        }
    }
}

#[actix_web::test]
async fn a_gzip_bomb_is_not_unpacked_beyond_the_bound() {
    let bomb = gzip(&vec![0; 200 * 1024 * 1024]);
    assert!(bomb.len() < BYTES_MAX, "small enough to arrive");
    let server = Server::saying(with("Content-Encoding: gzip", &bomb)).await;
    assert_eq!(answer(&server).await.unwrap_err(), TOO_LARGE);
    let twice = gzip(&bomb);
    let server = Server::saying(with("Content-Encoding: gzip, gzip", &twice)).await;
    assert_lost(answer(&server).await, "content encoding");
}

#[actix_web::test]
async fn compressed_data_that_never_becomes_anything_is_given_up() {
    let server = Server::new(|mut peer| async move {
        peer.request().await?;
        peer.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n").await?;
        peer.write(b"a\r\n\x1f\x8b\x08\0\0\0\0\0\0\xff\r\n").await?;
        // Stored blocks of no bytes, ten thousand at a time, without end.
        let nothing = [&b"c350\r\n"[..], &b"\0\0\0\xff\xff".repeat(10_000), b"\r\n"].concat();
        loop {
            peer.write(&nothing).await?;
        }
    })
    .await;
    assert_eq!(answer(&server).await.unwrap_err(), TOO_LARGE);
    server.has_ended(1).await;
}

#[actix_web::test]
async fn a_length_beyond_the_bound_is_enough_to_give_up() {
    let server = Server::new(|mut peer| async move {
        peer.request().await?;
        peer.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", BYTES_MAX + 1)).await?;
        peer.hold().await
    })
    .await;
    assert_eq!(answer(&server).await.unwrap_err(), TOO_LARGE);
}

#[actix_web::test]
async fn compression_that_is_broken_or_was_not_offered_is_no_answer() {
    let whole = gzip(br#"{"a":"some text that is long enough to be cut"}"#);
    for (encoding, body, words) in [
        ("gzip", &whole[..whole.len() - 9], "cut off"),
        ("gzip", &whole[..5], "cut off"),
        ("gzip", b"not gzip at all", "compression"),
        ("br", b"x", "content encoding"),
        ("deflate", b"x", "content encoding"),
        ("zstd", b"x", "content encoding"),
    ] {
        let server = Server::saying(with(&format!("Content-Encoding: {encoding}"), body)).await;
        assert_lost(answer(&server).await, words);
    }
    let server = Server::saying(with("Content-Encoding: gzip", &whole)).await;
    assert_eq!(answer(&server).await.unwrap().body, &br#"{"a":"some text that is long enough to be cut"}"#[..]);
}

#[actix_web::test]
async fn endless_headers_are_given_up() {
    for line in ["X-Header: value\r\n", "x", "X: \r\n", "\r\n x"] {
        let server = Server::new(move |mut peer| async move {
            peer.request().await?;
            peer.write("HTTP/1.1 200 OK\r\nX: y").await?;
            loop {
                peer.write(line.repeat(1_000)).await?;
            }
        })
        .await;
        assert_lost(answer(&server).await, "");
        server.has_ended(1).await;
        assert!(server.bytes_written() < 50 * 1024 * 1024);
    }
}

#[actix_web::test]
async fn what_is_not_http_is_no_answer() {
    for bytes in [
        "SSH-2.0-OpenSSH_9.6\r\n",
        "+OK POP3 ready\r\n",
        "\0\0\0\0\0\0\0\0",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nxx",
        "HTTP/1.1 200 OK\r\nBad Header: x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nxx\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nxx",
    ] {
        let server = Server::saying(bytes).await;
        let outcome = answer(&server).await;
        assert!(matches!(outcome, Err(CallError::Lost(_))), "{bytes:?}: {outcome:?}");
    }
}

#[actix_web::test]
async fn an_answer_that_is_cut_off_is_lost() {
    for bytes in [
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nxxxx",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nlines\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nlines\r\n0\r\n",
    ] {
        let server = Server::saying(bytes).await;
        let outcome = answer(&server).await;
        assert!(matches!(outcome, Err(CallError::Lost(_))), "{bytes:?}: {outcome:?}");
    }
}

#[actix_web::test]
async fn a_body_without_a_stated_length_is_whole_only_where_its_end_is_seen() {
    let server = Server::saying("HTTP/1.0 200 OK\r\n\r\nbody").await;
    assert_eq!(answer(&server).await.unwrap().body, "body");
    let server = Server::saying("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbody").await;
    assert_lost(answer(&server).await, "length is not stated");
    for head in ["204 No Content\r\n\r\n", "304 Not Modified\r\nContent-Length: 9\r\n\r\n", "200 OK\r\nContent-Length: 0\r\n\r\n"] {
        let server = Server::saying(format!("HTTP/1.1 {head}")).await;
        assert_eq!(answer(&server).await.unwrap().body, "", "{head}");
    }
}

/// A server whose first answer leaves something behind that looks like an answer, when the next request comes.
async fn leaves_behind(first: &'static str) -> Server {
    Server::new(move |mut peer| async move {
        peer.request().await?;
        peer.write(if peer.number == 1 { first.to_owned() } else { ok("\"mine\"") }).await?;
        while peer.request().await.is_some() {
            peer.write(ok("\"another's\"")).await?;
        }
        None
    })
    .await
}

#[actix_web::test]
async fn no_request_reads_what_an_earlier_answer_left_behind() {
    for (first, expected) in [
        ("HTTP/1.1 200 OK\r\n\r\n", Some("")),
        ("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", Some("")),
        ("HTTP/1.1 100 Continue\r\n\r\n", None),
        ("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", Some("ok")),
    ] {
        let server = leaves_behind(first).await;
        let client = client(&[server.address.port()]);
        match (client.exchange(get(&server.url("/1"))).await, expected) {
            (Ok(answer), Some(body)) => assert_eq!(answer.body, body),
            (Err(CallError::Lost(why)), None) => assert!(why.contains("interim"), "{why}"),
            (outcome, _) => panic!("{first:?}: {outcome:?}"),
        }
        let second = client.exchange(get(&server.url("/2"))).await.unwrap();
        assert!(second.body == "\"mine\"" || (expected == Some("ok") && second.body == "\"another's\""), "{first:?}: {:?}", second.body);
    }
}
