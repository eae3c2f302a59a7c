//! Sending: bounded, never blocking, and encoded once for all.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncReadExt;
use tokio_tungstenite::tungstenite::Message;
use ws_runtime::prelude::*;
use ws_runtime::test::Result;
use ws_runtime::{CloseError, SendError, SetError, Slow};
use ws_tests::Client;

#[ws_server(listen = "127.0.0.1:0", origins = any)]
mod quiet {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_is_refused_with_both_sizes() -> Result {
    let server = quiet::server().max_send_size(10).test().await?;
    let mut client = server.connect("/").await?;
    let conn = server.server().connections()[0].clone();
    assert_eq!(conn.send_utf8("0123456789"), Ok(()));
    assert_eq!(conn.send_utf8("0123456789a"), Err(SendError::TooLarge { size: 11, max: 10 }));
    assert_eq!(conn.send_binary([0; 11]), Err(SendError::TooLarge { size: 11, max: 10 }));
    conn.set_max_send_size(11).unwrap();
    assert_eq!(conn.send_utf8("0123456789a"), Ok(()));
    for bytes in [0, (1 << 30) + 1, usize::MAX] {
        let refused = SetError::Size { option: "max_send_size", bytes, max: 1 << 30 };
        assert_eq!(conn.set_max_send_size(bytes), Err(refused));
    }
    assert_eq!(conn.set_max_recv_size(1), Err(SetError::TooLate { option: "max_recv_size" }));
    assert_eq!(client.utf8().await?, "0123456789");
    assert_eq!(client.utf8().await?, "0123456789a");
    // A reply that is too large is the handler's mistake.
    client.send_utf8("a text of more than ten bytes").await?;
    assert_eq!(client.closed().await?.code, 1011);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn control_frames_carry_125_bytes_and_no_more() -> Result {
    let server = quiet::server().test().await?;
    let mut client = server.connect("/").await?;
    let conn = server.server().connections()[0].clone();
    conn.send(ws_runtime::Message::Ping((&[1; 125]).into())).unwrap();
    conn.send(ws_runtime::Message::Pong((&[2; 125]).into())).unwrap();
    assert_eq!(
        conn.send(ws_runtime::Message::Ping((&[1; 126]).into())),
        Err(SendError::ControlTooLarge { size: 126 })
    );
    assert_eq!(client.pong().await?, vec![2; 125]);
    assert_eq!(client.pings(), 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn close_codes_that_must_not_be_sent_are_refused() -> Result {
    let server = quiet::server().test().await?;
    let mut client = server.connect("/").await?;
    let conn = server.server().connections()[0].clone();
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
        assert_eq!(conn.disconnect(code, ""), Err(CloseError::Code { code }));
    }
    assert_eq!(conn.disconnect(1000, &"x".repeat(124)), Err(CloseError::Reason { size: 124 }));
    assert!(conn.is_ready());
    conn.disconnect(4999, &"x".repeat(123)).unwrap();
    assert!(!conn.is_ready());
    assert_eq!(conn.send_utf8("late"), Err(SendError::Gone));
    let frame = client.closed().await?;
    assert_eq!((frame.code, frame.reason.len()), (4999, 123));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_reaches_everybody_who_is_ready_in_order() -> Result {
    let server = quiet::server().test().await?;
    assert_eq!(server.server().broadcast_utf8("nobody"), 0);
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(server.connect("/").await?);
    }
    for number in 0..10 {
        assert_eq!(server.server().broadcast_utf8(format!("{number}")), 20);
    }
    assert_eq!(server.server().broadcast_binary(vec![9; 60_000]), 20);
    for client in &mut clients {
        for number in 0..10 {
            assert_eq!(client.utf8().await?, number.to_string());
        }
        assert_eq!(client.binary().await?, vec![9; 60_000]);
    }
    assert_eq!(server.server().broadcast_binary(vec![9; 65_537]), 0, "more than `max_send_size`");
    Ok(())
}

/// What a peer that reads nothing can be sent at most: its outbox, and what the kernel keeps for both ends.
const KERNEL_AND_OUTBOX: usize = 16 << 20;

/// Sends to a peer that reads nothing until the outbox refuses; tells how, and how many bytes were taken.
fn fill(conn: &Conn) -> (SendError, usize) {
    let mut taken = 0;
    loop {
        match conn.send_binary(vec![0; 50_000]) {
            Ok(()) => taken += 50_000,
            Err(error) => return (error, taken),
        }
    }
}

#[tokio::test]
async fn a_slow_reader_is_cut_and_never_makes_a_sender_wait() {
    let running = quiet::server().bind().await.unwrap();
    let mut stream = ws_tests::raw::shake_hands(&running).await;
    let conn = running.server().connections()[0].clone();
    // Nothing is awaited in here: no task could take anything off the queue.
    let (error, taken) = fill(&conn);
    assert_eq!(error, SendError::Slow { max: 262_144 });
    assert!(taken <= KERNEL_AND_OUTBOX, "{taken}");
    assert!(!conn.is_ready());
    assert_eq!(conn.flushed().await, Err(SendError::Gone));
    // The stream ends before all that was taken has come: by a reset, where something was lost on the way.
    let mut received = Vec::new();
    let _ = stream.read_to_end(&mut received).await;
    assert!(received.len() < taken, "{} of {taken} bytes", received.len());
}

#[tokio::test]
async fn a_slow_reader_loses_messages_where_that_was_asked_for() {
    let running = quiet::server().slow(Slow::DropNewest).bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    let conn = running.server().connections()[0].clone();
    let (error, taken) = fill(&conn);
    assert_eq!(error, SendError::Full { max: 262_144 });
    assert!(conn.is_ready());
    for _ in 0..taken / 50_000 {
        assert_eq!(client.next().await.len(), 50_000);
    }
    conn.flushed().await.unwrap();
    conn.send_utf8("still here").unwrap();
    assert_eq!(client.text().await, "still here");
}

#[tokio::test(start_paused = true)]
async fn a_producer_that_waits_for_its_messages_to_be_flushed_is_never_refused() -> Result {
    let server = quiet::server().test().await?;
    let mut client = server.connect("/").await?;
    let conn = server.server().connections()[0].clone();
    let producer = tokio::spawn(async move {
        for _ in 0..200 {
            conn.send_binary(vec![0; 60_000]).unwrap();
            conn.flushed().await.unwrap();
        }
    });
    for _ in 0..200 {
        assert_eq!(client.binary().await?.len(), 60_000);
    }
    producer.await.unwrap();
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_late_is_answered_all_it_asked() {
    let running = quiet::server().bind().await.unwrap();
    let (mut sink, mut stream) = Client::connect(&running).await.0.split();
    // More than the sockets and the outbox hold: the server stops reading, and then the client cannot go on. A paused
    // clock goes on when nobody can.
    let asking = tokio::spawn(async move {
        for number in 0..400 {
            sink.send(Message::text(format!("{number:>60000}"))).await.unwrap();
        }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!asking.is_finished(), "the server reads whatever it is sent");
    tokio::time::resume();
    for number in 0..400 {
        let answer = stream.next().await.unwrap().unwrap();
        assert_eq!(answer.to_text().unwrap().trim_start(), number.to_string());
    }
    asking.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_has_read_is_not_cut_because_the_server_looks_late() {
    let running = quiet::server().slow(Slow::DropNewest).bind().await.unwrap();
    let stream = ws_tests::raw::shake_hands(&running).await;
    let conn = running.server().connections()[0].clone();
    fill(&conn);
    // The connection's task finds out that the kernel takes no more.
    tokio::time::sleep(Duration::from_millis(1)).await;
    let mut stream = stream.into_std().unwrap();
    // No task has a turn from here on.
    let mut buffer = vec![0; 1 << 20];
    let mut received = 0;
    while let Ok(read @ 1..) = std::io::Read::read(&mut stream, &mut buffer) {
        received += read;
    }
    assert!(received > 0);
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(conn.is_ready());
}
