//! The end of a connection that both sides agree on: all that was sent before it arrives.

use rustix::io::ioctl_fionread;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use ws_runtime::prelude::*;
use ws_tests::frame::{Sent, close, frame};
use ws_tests::raw::{Cut, HANDSHAKE, ask};
use ws_tests::tls::{encrypt, identity};

const MESSAGES: usize = 4;
const SIZE: usize = 3_000;

#[ws_server(listen = "127.0.0.1:0", origins = any)]
mod generous {
    use super::*;

    /// More than the peer's kernel takes, less than ours does.
    #[on(binary)]
    fn give(conn: &Conn) {
        for _ in 0..MESSAGES {
            conn.send_binary(vec![7; SIZE]).unwrap();
        }
    }
}

/// Lets the server do all that it can. A paused clock would tell when that is done, but it does not wait for the
/// kernel.
async fn give_way() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_tls_peer_that_reads_late_gets_all_although_it_ends_tls_first() {
    let (tls, connector) = identity();
    // On a machine that is busy, the test takes as long as it takes.
    let running = generous::server().tls(tls).close_timeout(60).bind().await.unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(ws_tests::address(&running).parse().unwrap()).await.unwrap();
    let mut stream = encrypt(&connector, stream).await;
    ask(&mut stream, HANDSHAKE.as_bytes(), Cut::Whole).await;

    let conn = running.server().connections()[0].clone();
    stream.write_all(&[frame(0x82, b""), close(1000, b"")].concat()).await.unwrap();
    while conn.is_ready() {
        tokio::task::yield_now().await;
    }
    // With the server's kernel, or the connection is gone already.
    let _ = conn.flushed().await;
    give_way().await;
    let arrived = ioctl_fionread(stream.get_ref().0).unwrap();
    assert!(arrived < (MESSAGES * SIZE) as u64, "the peer's kernel holds it all: {arrived}");
    // Both have sent their Close frame. Now the peer ends TLS, and the server sees that before the peer reads.
    stream.shutdown().await.unwrap();
    give_way().await;
    let mut sent = Vec::new();
    stream.read_to_end(&mut sent).await.unwrap();
    let sent = Sent::read(&sent);
    assert_eq!(sent.messages, vec![(0x2, vec![7; SIZE]); MESSAGES]);
    assert_eq!(sent.close, Some(1000));
}
