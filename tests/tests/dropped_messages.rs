//! What `disconnect` and the report of a shutdown tell of messages that never reached the peer.

use tokio::sync::mpsc;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestClient, TestServer};

#[ws_server(silence_max = 0, shutdown_timeout = 3, write_timeout = 60, max_outbox = 100_000)]
mod feed {
    use super::*;

    #[state]
    pub struct Told(pub mpsc::UnboundedSender<u64>);

    #[on(disconnect)]
    fn over(close: &Close, told: &Told) {
        let _ = told.0.send(close.dropped());
    }
}

/// A server with a client that does not read, and whose pipe holds 1,000 bytes.
async fn start(slow: &str) -> Result<(TestServer, TestClient, mpsc::UnboundedReceiver<u64>)> {
    let (told, dropped) = mpsc::unbounded_channel();
    let server = feed::server().state(feed::Told(told)).slow(slow).test().await?;
    let mut client = server.connect("/").buffer(1_000).await?;
    client.stop_reading();
    Ok((server, client, dropped))
}

/// Sends so many messages of 100 bytes, and lets the pipe fill.
async fn send(server: &TestServer, messages: usize) {
    for _ in 0..messages {
        server.server().broadcast_binary([0; 100]);
    }
    server.advance(0).await;
}

#[tokio::test(start_paused = true)]
async fn who_reads_all_has_missed_nothing() -> Result {
    let (server, mut client, mut dropped) = start("close").await?;
    send(&server, 50).await;
    client.start_reading();
    server.advance(0).await;
    client.disconnect(1000, "").await?;
    assert_eq!(dropped.recv().await, Some(0));
    assert_eq!(server.stop().await.dropped(), 0);
    Ok(())
}

/// What the pipe has taken was written; the rest, and the message of which it has taken a part, was not.
#[tokio::test(start_paused = true)]
async fn messages_that_wait_at_the_end_are_counted_without_pings_and_pongs() -> Result {
    let (server, mut client, mut dropped) = start("close").await?;
    send(&server, 50).await;
    client.ping("still there?").await?;
    server.advance(0).await;
    let conn = server.server().connections().remove(0);
    server.server().disconnect(&conn);
    let missed = dropped.recv().await.unwrap();
    client.start_reading();
    let mut arrived = 0;
    while client.binary().await.is_ok() {
        arrived += 1;
    }
    assert_eq!(missed + arrived, 50);
    assert!((8..=10).contains(&arrived), "{arrived} fit into 1000 bytes");
    server.stop().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_report_of_a_shutdown_counts_what_those_who_were_cut_have_missed() -> Result {
    let (server, _client, mut dropped) = start("close").await?;
    let mut other = server.connect("/").await?;
    send(&server, 50).await;
    for _ in 0..50 {
        other.binary().await?;
    }
    let report = server.stop().await;
    let missed = dropped.recv().await.unwrap() + dropped.recv().await.unwrap();
    assert!((40..=42).contains(&missed), "{missed}");
    assert_eq!((report.closed(), report.cut(), report.dropped()), (1, 1, missed));
    Ok(())
}

/// What ends a connection does not matter: a Close frame that waits behind messages when time is over is not sent.
#[tokio::test(start_paused = true)]
async fn the_report_of_a_shutdown_counts_a_close_frame_only_if_it_was_written() -> Result {
    for reads in [false, true] {
        let (server, mut client, mut dropped) = start("close").await?;
        send(&server, 50).await;
        // A reserved opcode: the connection is closed with 1002.
        client.send_raw([0x83, 0x80, 0, 0, 0, 0]).await?;
        server.advance(0).await;
        server.server().shutdown();
        if reads {
            client.start_reading();
        }
        let report = server.stop().await;
        let missed = dropped.recv().await.unwrap();
        assert_eq!((report.closed(), report.cut()), if reads { (1, 0) } else { (0, 1) });
        assert_eq!(missed == 0, reads, "{missed}");
    }
    Ok(())
}

/// More was sent than `max_outbox` takes.
#[tokio::test(start_paused = true)]
async fn what_the_option_slow_drops_is_counted_too() -> Result {
    for slow in ["drop_newest", "drop_oldest"] {
        let (server, mut client, mut dropped) = start(slow).await?;
        send(&server, 3_000).await;
        client.start_reading();
        let mut arrived = 0;
        while client.binary().await.is_ok() {
            arrived += 1;
        }
        client.disconnect(1000, "").await?;
        let missed = dropped.recv().await.unwrap();
        assert!(missed > 1_900, "{slow}: {missed}");
        assert_eq!(missed + arrived, 3_000, "{slow}");
        server.stop().await;
    }
    Ok(())
}
