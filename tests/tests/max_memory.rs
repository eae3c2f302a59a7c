//! What waits for all peers together is bounded: the peer for which most waits is cut first.

use tokio::sync::mpsc;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestClient, TestServer};
use ws_runtime::{ClosedBy, SendError, TrySendError};

#[ws_server(origins = any, max_memory = 200_000, max_outbox = 1_000_000, max_send_size = 100_000, silence_max = 0)]
mod feed {
    use super::*;

    #[state]
    pub struct Ended(pub mpsc::UnboundedSender<(u64, u16, ClosedBy)>);

    #[on(utf8)]
    fn reply(text: &str) -> String {
        "r".repeat(text.parse().unwrap_or(1))
    }

    #[on(disconnect)]
    fn disconnect(conn: &Conn, close: &Close, ended: &Ended) {
        let _ = ended.0.send((conn.id(), close.code(), close.by()));
    }
}

struct Peers {
    server: TestServer,
    clients: Vec<TestClient>,
    conns: Vec<Conn>,
    ended: mpsc::UnboundedReceiver<(u64, u16, ClosedBy)>,
}

/// So many peers that do not read.
async fn peers(count: usize, slow: &str) -> Result<Peers> {
    let (told, ended) = mpsc::unbounded_channel();
    let server = feed::server().state(feed::Ended(told)).slow(slow).test().await?;
    let mut clients = Vec::new();
    for _ in 0..count {
        let mut client = server.connect("/").buffer(100).await?;
        client.stop_reading();
        clients.push(client);
    }
    let conns = server.server().connections();
    Ok(Peers { server, clients, conns, ended })
}

impl Peers {
    /// The places of those that are still connected.
    fn left(&self) -> Vec<usize> {
        (0..self.conns.len()).filter(|at| self.conns[*at].is_ready()).collect()
    }
}

fn send(conn: &Conn, pieces: usize) {
    for _ in 0..pieces {
        conn.send_binary(vec![0; 1_000]).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn the_largest_queue_goes_first_and_no_more_than_is_needed() -> Result {
    for slow in ["close", "drop_newest", "drop_oldest"] {
        let mut peers = peers(4, slow).await?;
        send(&peers.conns[0], 30);
        send(&peers.conns[1], 90);
        send(&peers.conns[2], 40);
        send(&peers.conns[3], 10);
        assert_eq!(peers.left(), [0, 1, 2, 3]);
        // Another one becomes too much, and the largest is cut, although it is not this one.
        send(&peers.conns[0], 45);
        assert_eq!(peers.left(), [0, 2, 3], "{slow}");
        assert_eq!(peers.conns[1].send_utf8("more"), Err(SendError::Gone));
        assert!(matches!(peers.conns[1].try_send_utf8("more"), Err(TrySendError::Gone(_))));
        peers.server.advance(0.001).await;
        let number = peers.conns[1].id();
        assert_eq!(peers.ended.try_recv(), Ok((number, 1008, ClosedBy::Slow)));
        assert!(peers.ended.try_recv().is_err());
        // The others get all that was taken for them.
        for (at, pieces) in [(0, 75), (2, 40), (3, 10)] {
            peers.clients[at].start_reading();
            for _ in 0..pieces {
                assert_eq!(peers.clients[at].binary().await?.len(), 1_000);
            }
        }
        // What was read does not count any more.
        for _ in 0..10 {
            send(&peers.conns[0], 150);
            for _ in 0..150 {
                peers.clients[0].binary().await?;
            }
        }
        assert_eq!(peers.left(), [0, 2, 3]);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_sender_itself_may_be_the_one() -> Result {
    let peers = peers(2, "drop_newest").await?;
    send(&peers.conns[1], 20);
    let sent =
        (0..).find_map(|count| peers.conns[0].send_binary(vec![0; 1_000]).err().map(|error| (count, error)));
    let (count, error) = sent.unwrap();
    assert_eq!(error, SendError::Slow { max: 1_000_000 });
    assert!((150..180).contains(&count), "{count}");
    assert_eq!(peers.left(), [1]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn one_large_message_counts_too() -> Result {
    let peers = peers(3, "close").await?;
    for conn in &peers.conns {
        conn.send_binary(vec![0; 90_000])?;
    }
    peers.server.advance(0.001).await;
    assert_eq!(peers.left().len(), 1, "three are 270,000 bytes, two 180,000 and a little");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn replies_count_too() -> Result {
    let mut peers = peers(3, "close").await?;
    for client in &mut peers.clients {
        client.send_utf8("80000").await?;
    }
    peers.server.advance(0.001).await;
    assert!(peers.left().len() < 3);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn broadcasts_from_several_threads_neither_wait_nor_exceed_it() -> Result {
    let mut peers = peers(40, "drop_newest").await?;
    let mut reader = peers.server.connect("/").await?;
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let server = peers.server.server().clone();
            tokio::task::spawn_blocking(move || {
                for _ in 0..100 {
                    server.broadcast_binary(vec![0; 500]);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.await?;
    }
    // Each peer misses at most what is below a step.
    let left = peers.left().len();
    assert!(left <= 10, "{left} are left, for each of which 200,000 bytes wait or more than 16 KiB do not");
    for _ in 0..400 {
        assert_eq!(reader.binary().await?.len(), 500, "who reads misses nothing");
    }
    let mut cut = 0;
    while let Ok((_, code, by)) = peers.ended.try_recv() {
        assert_eq!((code, by), (1008, ClosedBy::Slow));
        cut += 1;
    }
    assert_eq!(cut, 40 - left);
    Ok(())
}
