//! The end of a connection that both sides agree on: all that was sent before it arrives.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use ws_runtime::prelude::*;
use ws_tests::frame::{Sent, close, frame};
use ws_tests::raw::{Cut, HANDSHAKE, ask};
use ws_tests::tls::{encrypt, identity};

#[ws_server(listen = "127.0.0.1:0", origins = any)]
mod generous {
    use super::*;

    /// More than the peer's kernel holds, less than ours does.
    #[on(binary)]
    fn give(conn: &Conn) {
        for _ in 0..4 {
            conn.send_binary(vec![7; 3_000]).unwrap();
        }
    }
}

#[tokio::test]
async fn a_tls_peer_that_reads_late_gets_all_although_it_ends_tls_first() {
    let (tls, connector) = identity();
    let running = generous::server().tls(tls).bind().await.unwrap();
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
    // With the kernel, or gone already.
    let _ = tokio::time::timeout(Duration::from_secs(4), conn.flushed()).await.expect("the kernel takes it");
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    // Both have said goodbye; now it ends TLS, and reads.
    stream.shutdown().await.unwrap();
    let mut sent = Vec::new();
    stream.read_to_end(&mut sent).await.unwrap();
    let sent = Sent::read(&sent);
    assert_eq!((sent.messages.len(), sent.close), (4, Some(1000)));
}
