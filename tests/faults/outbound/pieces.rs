//! Answers that are taken piece by piece: no faster than they are asked for, whole or broken off, within their bounds.

use std::rc::Rc;
use std::time::Duration;

use actors::limits::outbound::PIECE_BYTES_MAX;
use actors::port::clockify::CallError;
use clockify_addons::outbound::client::{Body, Client, Opened};
use tokio::sync::Notify;

use super::answers::{gzip, with};
use super::server::*;

const PATIENCE: Duration = Duration::from_secs(20);
const TOO_LARGE: CallError = CallError::TooLarge { status: 200, bytes_max: BYTES_MAX };

async fn open(client: &Client, server: &Server, bytes_max: usize) -> Result<Opened, CallError> {
    let mut exchange = get(&server.url("/"));
    exchange.response_bytes_max = bytes_max;
    client.open(exchange).await
}

async fn opened(server: &Server) -> Opened {
    open(&client(&[server.address.port()]), server, BYTES_MAX).await.unwrap()
}

/// All that comes, and how it ends.
async fn rest(body: &mut Body) -> (Vec<u8>, Result<(), CallError>) {
    let mut all = Vec::new();
    loop {
        match body.next(PATIENCE).await {
            Ok(Some(piece)) => {
                assert!(!piece.is_empty() && piece.len() <= PIECE_BYTES_MAX, "a piece of {} bytes", piece.len());
                all.extend_from_slice(&piece);
            }
            Ok(None) => return (all, Ok(())),
            Err(error) => {
                assert_eq!(body.next(PATIENCE).await, Err(error.clone()), "what is broken stays so");
                return (all, Err(error));
            }
        }
    }
}

fn chunked(head: &str, body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 200 OK\r\n{head}\r\nTransfer-Encoding: chunked\r\n\r\n").into_bytes();
    for chunk in body.chunks(100_000) {
        answer.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        answer.extend_from_slice(chunk);
        answer.extend_from_slice(b"\r\n");
    }
    answer.extend_from_slice(b"0\r\n\r\n");
    answer
}

/// Bytes that hardly repeat.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..bytes).map(next).collect()
}

#[actix_web::test]
async fn a_body_comes_whole_in_small_pieces_however_it_is_sent() {
    for body in [noise(700_001), vec![0; BYTES_MAX], b"x".to_vec(), Vec::new()] {
        let old = [&b"HTTP/1.0 200 OK\r\n\r\n"[..], &body].concat();
        for (way, whole) in [
            ("length", with("X: y", &body)),
            ("chunks", chunked("X: y", &body)),
            ("chunks, then closed", chunked("Connection: close", &body)),
            ("gzip", with("Content-Encoding: gzip", &gzip(&body))),
            ("gzip in chunks", chunked("Content-Encoding: gzip", &gzip(&body))),
            ("until the end", old),
        ] {
            let server = Server::saying(whole).await;
            let mut opened = opened(&server).await;
            let (came, end) = rest(&mut opened.body).await;
            assert!(opened.status == 200 && end == Ok(()) && came == body, "{way}: {} of {} bytes, {end:?}", came.len(), body.len());
            assert_eq!(opened.body.next(PATIENCE).await, Ok(None), "{way}: over is over");
        }
    }
}

#[actix_web::test]
async fn a_server_sends_no_faster_than_is_asked_for() {
    const ALL: usize = 60 * 1024 * 1024;
    let server = Server::new(|mut peer| async move {
        peer.request().await?;
        peer.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {ALL}\r\n\r\n")).await?;
        for _ in 0..60 {
            peer.write(vec![b'x'; 1024 * 1024]).await?;
        }
        Some(())
    })
    .await;
    let client = client(&[server.address.port()]);
    let mut opened = open(&client, &server, ALL).await.unwrap();
    let first = opened.body.next(PATIENCE).await.unwrap().unwrap().len();
    // It goes on until the system's buffers are full on both sides, which takes some megabytes, and stands still.
    let (written, still) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    until(|| {
        still.set(if written.replace(server.bytes_written()) == server.bytes_written() { still.get() + 1 } else { 0 });
        still.get() > 100
    })
    .await;
    assert!(server.bytes_written() < ALL / 2, "{} bytes went out though nobody took them", server.bytes_written());
    let (came, end) = rest(&mut opened.body).await;
    assert_eq!((first + came.len(), end), (ALL, Ok(())));
}

#[actix_web::test]
async fn a_body_that_breaks_off_is_never_whole() {
    let text = noise(300_000);
    let (in_chunks, packed) = (chunked("Content-Type: text/csv", &text), gzip(&text));
    let packed_in_chunks = chunked("Content-Encoding: gzip", &packed);
    let length = with("Content-Type: text/csv", &text);
    for (way, part) in [
        ("a byte is missing", &length[..length.len() - 1]),
        ("half of it", &length[..length.len() / 2]),
        ("within a chunk", &in_chunks[..in_chunks.len() / 2]),
        ("before the last chunk", &in_chunks[..in_chunks.len() - 5]),
        ("within the last chunk", &in_chunks[..in_chunks.len() - 4]),
        ("before the last line", &in_chunks[..in_chunks.len() - 2]),
        ("before its last byte", &in_chunks[..in_chunks.len() - 1]),
        ("packed, before the last chunk", &packed_in_chunks[..packed_in_chunks.len() - 5]),
        ("packed, within a chunk", &packed_in_chunks[..packed_in_chunks.len() / 2]),
    ] {
        let server = Server::saying(part).await;
        let (came, end) = rest(&mut opened(&server).await.body).await;
        assert!(matches!(end, Err(CallError::Lost(_))), "{way}: {end:?}");
        assert!(text.starts_with(&came), "{way}: what came is the beginning");
    }
    let garbled = [&packed[..packed.len() / 2], &[0xff; 50_000]].concat();
    for (way, body) in [("cut", &packed[..packed.len() - 1]), ("garbled", &garbled)] {
        let server = Server::saying(with("Content-Encoding: gzip", body)).await;
        let (_, end) = rest(&mut opened(&server).await.body).await;
        assert!(matches!(end, Err(CallError::Lost(_))), "{way}: {end:?}");
    }
}

#[actix_web::test]
async fn a_reset_in_the_middle_is_no_end() {
    let taken = Rc::new(Notify::new());
    let resets = Rc::clone(&taken);
    let server = Server::new(move |mut peer| {
        let resets = Rc::clone(&resets);
        async move {
            peer.request().await?;
            peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n").await?;
            resets.notified().await;
            peer.reset();
            None
        }
    })
    .await;
    let mut opened = opened(&server).await;
    assert_eq!(opened.body.next(PATIENCE).await.unwrap().unwrap(), "x");
    taken.notify_one();
    let (_, end) = rest(&mut opened.body).await;
    assert!(matches!(end, Err(CallError::Lost(_))), "{end:?}");
}

#[actix_web::test]
async fn no_more_is_given_out_than_was_wanted() {
    let bomb = gzip(&vec![0; 200 * 1024 * 1024]);
    for (way, answer) in [
        ("chunks", chunked("X: y", &vec![b'x'; BYTES_MAX + 1])),
        ("packed", chunked("Content-Encoding: gzip", &gzip(&vec![b'x'; BYTES_MAX + 1]))),
        ("a bomb", chunked("Content-Encoding: gzip", &bomb)),
    ] {
        let server = Server::saying(answer).await;
        let (came, end) = rest(&mut opened(&server).await.body).await;
        assert_eq!(end, Err(TOO_LARGE), "{way}");
        assert!(came.len() <= BYTES_MAX && came.len() > BYTES_MAX - 2 * PIECE_BYTES_MAX, "{way}: {} bytes", came.len());
        server.has_ended(1).await;
    }
    let server = Server::saying(with("X: y", &vec![b'x'; BYTES_MAX + 1])).await;
    let client = client(&[server.address.port()]);
    assert_eq!(open(&client, &server, BYTES_MAX).await.err(), Some(TOO_LARGE), "what the head says is enough");
}

#[actix_web::test]
async fn silence_in_the_middle_ends_the_exchange() {
    let server = Server::new(|mut peer| async move {
        peer.request().await?;
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx").await?;
        peer.hold().await
    })
    .await;
    let mut opened = opened(&server).await;
    assert_eq!(opened.body.next(PATIENCE).await.unwrap().unwrap(), "x");
    let silence = opened.body.next(Duration::from_millis(100)).await;
    assert!(matches!(&silence, Err(CallError::Lost(why)) if why.contains("time limit")), "{silence:?}");
    server.has_ended(1).await;
    assert_eq!(opened.body.next(PATIENCE).await, silence, "and so it stays");
}

#[actix_web::test]
async fn a_body_that_is_let_go_closes_its_connection_and_one_that_ended_well_leaves_it_for_the_next() {
    let server = Server::new(|mut peer| async move {
        loop {
            peer.request().await?;
            peer.write(chunked("X: y", b"one piece")).await?;
        }
    })
    .await;
    let client = client(&[server.address.port()]);
    for _ in 0..3 {
        let (came, end) = rest(&mut open(&client, &server, BYTES_MAX).await.unwrap().body).await;
        assert_eq!((came.as_slice(), end), (&b"one piece"[..], Ok(())));
    }
    assert_eq!(server.connections(), 1);
    let opened = open(&client, &server, BYTES_MAX).await.unwrap();
    drop(opened);
    server.has_ended(1).await;
}
