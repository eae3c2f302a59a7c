//! The time between `accept` and 101: its deadline, how many connections may be in it, and which are refused.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use ws_runtime::Running;
use ws_runtime::prelude::*;
use ws_runtime::test::Result;
use ws_tests::raw::{Cut, HANDSHAKE, ask, knock, shake_hands};
use ws_tests::tls::{encrypt, identity};

#[ws_server(listen = "127.0.0.1:0")]
mod door {
    use super::*;

    #[state]
    #[derive(Default)]
    pub struct Doorman {
        asked: Notify,
        decides: Notify,
    }

    #[on(handshake)]
    async fn admit(handshake: &Handshake, doorman: &Doorman) {
        if handshake.path() == "/slowly" {
            doorman.asked.notify_one();
            doorman.decides.notified().await;
        }
    }

    /// More than the kernel takes at once.
    #[on(request)]
    fn page() -> String {
        "x".repeat(16 << 20)
    }

    #[on(binary)]
    async fn control(data: &[u8], doorman: &Doorman) -> &'static str {
        match data {
            b"asked" => doorman.asked.notified().await,
            _ => doorman.decides.notify_one(),
        }
        "done"
    }
}

/// How long a peer may keep the server waiting before it makes room for a newcomer.
const GRACE: Duration = Duration::from_millis(250);

/// What comes until the stream ends, one way or the other.
async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut received = Vec::new();
    // An evicted connection gets no answer; its stream may end by a reset.
    let _ = stream.read_to_end(&mut received).await;
    String::from_utf8(received).unwrap()
}

/// A handshake that the handler thinks about.
fn slowly() -> Vec<u8> {
    HANDSHAKE.replace("GET / ", "GET /slowly ").into_bytes()
}

/// A server that speaks TLS, and a client that trusts it.
async fn encrypted(most: usize) -> (Running, TlsConnector) {
    let (tls, connector) = identity();
    let running = door::server().tls(tls).max_handshakes(most).bind().await.unwrap();
    (running, connector)
}

/// Shakes hands over whatever it is, and expects to be admitted.
async fn admitted(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    stream.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    let mut status = [0; 13];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 101 ");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_late_is_answered_with_408_after_ten_seconds() -> Result {
    let server = door::server().test().await?;
    for sent in [&b"\r\n"[..], b"G", b"GET / HT", &HANDSHAKE.as_bytes()[..100], &slowly()] {
        let mut stream = knock(&server).await;
        let start = Instant::now();
        stream.write_all(sent).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
        assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
        assert_eq!(start.elapsed().as_millis() / 10, 1000, "{}", sent.len());
    }
    Ok(())
}

/// A browser connects ahead of need, a health check to see that somebody listens: an answer would be one to a request
/// that is still to come.
#[tokio::test(start_paused = true)]
async fn who_never_sends_a_byte_is_told_nothing() {
    let (running, connector) = encrypted(10).await;
    let mut silent = encrypt(&connector, knock(&running).await).await;
    let start = Instant::now();
    assert_eq!(rest(&mut silent).await, "");
    assert_eq!(start.elapsed().as_millis() / 10, 1000);

    let running = door::server().bind().await.unwrap();
    let mut silent = knock(&running).await;
    let start = Instant::now();
    assert_eq!(silent.read(&mut [0]).await.unwrap(), 0, "it is closed, not reset");
    assert_eq!(start.elapsed().as_millis() / 10, 1000);

    let mut silent = knock(&running).await;
    // One that came later is in: the server has accepted the other.
    shake_hands(&running).await;
    running.shutdown();
    assert_eq!(silent.read(&mut [0]).await.unwrap(), 0, "it is closed, not reset");
    running.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn a_byte_now_and_then_gains_nothing() -> Result {
    let server = door::server().handshake_timeout(3).test().await?;
    let (mut from, mut to) = tokio::io::split(knock(&server).await);
    let start = Instant::now();
    let dribble = tokio::spawn(async move {
        for byte in HANDSHAKE.bytes() {
            if to.write_all(&[byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    });
    assert!(rest(&mut from).await.starts_with("HTTP/1.1 408 "));
    assert_eq!(start.elapsed().as_millis() / 10, 300);
    dribble.abort();
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_deadline_counts_from_accept_with_tls_in_it() {
    let (running, connector) = encrypted(10).await;
    // Not a byte, and the beginning of a ClientHello: cut, as there is nothing yet to answer by.
    for sent in [&b""[..], b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"] {
        let mut stream = knock(&running).await;
        let start = Instant::now();
        stream.write_all(sent).await.unwrap();
        assert_eq!(rest(&mut stream).await, "");
        assert_eq!(start.elapsed().as_millis() / 10, 1000);
    }
    // TLS is done after six seconds, the request is not after four more.
    let stream = knock(&running).await;
    let start = Instant::now();
    tokio::time::sleep(Duration::from_secs(6)).await;
    let mut stream = encrypt(&connector, stream).await;
    stream.write_all(b"GET / HT").await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 408 "));
    assert_eq!(start.elapsed().as_millis() / 10, 1000);
}

#[tokio::test(start_paused = true)]
async fn who_is_on_the_way_in_when_the_server_shuts_down_is_answered_with_503() -> Result {
    for sent in [b"GET / HT".to_vec(), slowly()] {
        let server = door::server().test().await?;
        let mut control = server.connect("/").await?;
        let mut stream = knock(&server).await;
        stream.write_all(&sent).await.unwrap();
        if sent.ends_with(b"\r\n") {
            // The handler has it.
            control.send_binary("asked").await?;
            assert_eq!(control.utf8().await?, "done");
        } else {
            // One that came later is in: the server has accepted the other.
            shake_hands(&server).await;
        }
        server.server().shutdown();
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
        for field in ["\r\nConnection: close\r\n", "\r\nRetry-After: 5\r\n"] {
            assert!(answer.contains(field), "{answer}");
        }
        drop((control, stream));
        server.stop().await;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_page_arrives_although_its_reader_pauses() {
    let (encrypted, connector) = encrypted(10).await;
    let plain = door::server().bind().await.unwrap();
    for running in [&plain, &encrypted] {
        let mut stream = knock(running).await;
        if std::ptr::eq(running, &plain) {
            page(&mut stream).await;
        } else {
            page(&mut encrypt(&connector, stream).await).await;
        }
    }
}

/// Asks for the page and reads it in pieces, each after nine seconds.
async fn page(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut received = Vec::new();
    let mut piece = vec![0; 4 << 20];
    loop {
        tokio::time::sleep(Duration::from_secs(9)).await;
        // A clock that stands still would jump while both sides wait for the kernel.
        tokio::time::resume();
        let mut read = 0;
        while read < piece.len() {
            match stream.read(&mut piece[read..]).await.unwrap() {
                0 => break,
                more => read += more,
            }
        }
        tokio::time::pause();
        received.extend_from_slice(&piece[..read]);
        if read < piece.len() {
            break;
        }
    }
    let text = String::from_utf8(received).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert_eq!(body.len(), 16 << 20);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_nobody_reads_is_cut_after_ten_seconds_and_by_a_shutdown() {
    let running = door::server().shutdown_timeout(3).bind().await.unwrap();
    for cut_by_shutdown in [false, true] {
        let mut stream = knock(&running).await;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        stream.readable().await.unwrap();
        tokio::time::sleep(Duration::from_secs(5)).await;
        if cut_by_shutdown {
            running.shutdown();
            tokio::time::sleep(Duration::from_millis(3500)).await;
        } else {
            tokio::time::sleep(Duration::from_millis(5500)).await;
        }
        assert!(rest(&mut stream).await.len() < 16 << 20);
    }
    let start = Instant::now();
    running.stopped().await;
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn one_too_many_is_told_to_come_again_and_has_room_when_another_left() -> Result {
    let server = door::server().max_connections(1).test().await?;
    let first = shake_hands(&server).await;
    for _ in 0..3 {
        let mut stream = knock(&server).await;
        let answer = ask(&mut stream, HANDSHAKE.as_bytes(), Cut::Whole).await;
        assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
        for field in ["\r\nConnection: close\r\n", "\r\nRetry-After: 5\r\n"] {
            assert!(answer.contains(field), "{answer}");
        }
        assert!(rest(&mut stream).await.contains("too many connections"));
    }
    drop(first);
    while ask(&mut knock(&server).await, HANDSHAKE.as_bytes(), Cut::Whole).await.starts_with("HTTP/1.1 503 ")
    {
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_oldest_stalled_ones_are_evicted_for_new_connections() -> Result {
    let server = door::server().max_handshakes(4).test().await?;
    let mut stalled = Vec::new();
    for _ in 0..4 {
        let mut stream = knock(&server).await;
        stream.write_all(b"GET / HT").await.unwrap();
        stalled.push(stream);
    }
    // Each of these takes the slot of the oldest, as soon as that counts as stalled, and gives it back.
    let mut inside = vec![shake_hands(&server).await];
    assert_eq!(rest(&mut stalled[0]).await, "", "it was evicted");
    // So for the next one there is room.
    inside.push(shake_hands(&server).await);
    for (number, stream) in stalled.iter_mut().enumerate().skip(1) {
        stream.write_all(&HANDSHAKE.as_bytes()[8..]).await.unwrap();
        let mut status = [0; 13];
        stream.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 101 ", "{number} is still there");
    }
    assert_eq!(server.server().connections().len(), 5);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_rush_of_honest_peers_gets_in_through_one_slot() -> Result {
    let server = door::server().max_handshakes(1).test().await?;
    let inside = join_all((0..100).map(|_| shake_hands(&server))).await;
    assert_eq!(server.server().connections().len(), inside.len());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_handler_is_not_evicted() -> Result {
    let server = door::server().max_handshakes(1).test().await?;
    let mut control = server.connect("/").await?;
    let mut slow = knock(&server).await;
    slow.write_all(&slowly()).await.unwrap();
    control.send_binary("asked").await?;
    assert_eq!(control.utf8().await?, "done");
    // Far longer than a peer may stall.
    let mut second = knock(&server).await;
    second.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    let waits = tokio::time::timeout(10 * GRACE, second.read_u8()).await;
    assert!(waits.is_err(), "nobody is accepted meanwhile: {waits:?}");
    control.send_binary("decide").await?;
    assert_eq!(control.utf8().await?, "done");
    for stream in [&mut slow, &mut second] {
        assert_eq!(stream.read_u8().await.unwrap(), b'H');
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn honest_peers_get_in_over_tls_past_those_that_stall_in_it() {
    let (running, connector) = encrypted(4).await;
    let mut stalled = Vec::new();
    for _ in 0..12 {
        let mut stream = knock(&running).await;
        stream.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").await.unwrap();
        stalled.push(stream);
    }
    let mut tasks = Vec::new();
    for _ in 0..20 {
        let (stream, connector) = (knock(&running).await, connector.clone());
        tasks.push(tokio::spawn(async move { admitted(encrypt(&connector, stream).await).await }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    // All but the last few of the others were evicted.
    for stream in &mut stalled[..8] {
        assert_eq!(rest(stream).await, "");
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_server_evicts_a_stalled_handshake_before_it_refuses_a_new_one() -> Result {
    let server = door::server().max_connections(2).test().await?;
    let _inside = shake_hands(&server).await;
    let mut stalled = knock(&server).await;
    stalled.write_all(b"GET ").await.unwrap();
    let mut newcomer = knock(&server).await;
    let answer = ask(&mut newcomer, HANDSHAKE.as_bytes(), Cut::Whole).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "the other may still be fast enough: {answer}");
    tokio::time::sleep(GRACE).await;
    shake_hands(&server).await;
    assert_eq!(rest(&mut stalled).await, "");
    Ok(())
}
