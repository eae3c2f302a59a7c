//! The PROXY protocol: who must send its header, who must not, and what comes of it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tracing::Level;
use ws_runtime::Running;
use ws_runtime::prelude::*;
use ws_runtime::test::Result;
use ws_tests::frame::{close, frame};
use ws_tests::log::Log;
use ws_tests::raw::{Afterwards, Cut, HANDSHAKE, ask, exchange, handshake_with, knock_from};
use ws_tests::tls;

#[ws_server(listen = "127.0.0.1:0", proxy_protocol = ["127.0.0.1", "127.0.1.0/24"])]
mod site {
    use super::*;

    #[session]
    struct Seen(String);

    fn seen(conn: &Conn) -> String {
        let ip = conn.ip().map_or("none".to_owned(), |ip| ip.to_string());
        format!("{ip} {}", conn.port().map_or("none".to_owned(), |port| port.to_string()))
    }

    #[on(connect)]
    fn connect(conn: &Conn) -> Result<(), &'static str> {
        if conn.ip() == Some([192, 0, 2, 66].into()) { Err("banned") } else { Ok(()) }
    }

    #[on(handshake)]
    fn handshake(conn: &Conn) -> Seen {
        Seen(seen(conn))
    }

    #[on(utf8)]
    fn said(text: &str, session: &Seen) -> String {
        format!("{text} from {}", session.0)
    }
}

/// A header of version 2.
fn version_2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [b"\r\n\r\n\0\r\nQUIT\n".as_slice(), &[command, family], &length, body].concat()
}

const IPV4: &[u8] = &[192, 0, 2, 1, 192, 0, 2, 2, 0x12, 0x67, 1, 0xbb];
const LINE: &[u8] = b"PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n";

/// What comes back for a header, a handshake, a text and a Close frame.
async fn echoed(server: &Running, header: &[u8], cut: Cut<'_>) -> String {
    let said = frame(0x81, b"hello");
    let bytes = [header, HANDSHAKE.as_bytes()].concat();
    let mut stream = knock_from(server, "127.0.0.1").await;
    let head = ask(&mut stream, &bytes, cut).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let frames = [said, close(1000, b"")].concat();
    let received = exchange(stream, &frames, Cut::Whole, Afterwards::Wait).await;
    let length = usize::from(received[1]);
    String::from_utf8(received[2..2 + length].to_vec()).unwrap()
}

#[tokio::test]
async fn the_client_is_the_one_that_the_header_names() -> Result {
    let server = site::server().bind().await?;
    let tlvs = [IPV4, &[0xee, 0, 200], &[7; 200]].concat();
    for (header, seen) in [
        (LINE.to_vec(), "192.0.2.1 4711"),
        (b"PROXY TCP6 2001:db8::1 ::1 4711 443\r\n".to_vec(), "2001:db8::1 4711"),
        (b"PROXY UNKNOWN\r\n".to_vec(), "none none"),
        (version_2(0x21, 0x11, IPV4), "192.0.2.1 4711"),
        (version_2(0x21, 0x11, &tlvs), "192.0.2.1 4711"),
        (version_2(0x21, 0x00, &[]), "none none"),
        (version_2(0x21, 0x31, &[0; 216]), "none none"),
    ] {
        for cut in Cut::ALL {
            assert_eq!(echoed(&server, &header, cut).await, format!("hello from {seen}"), "{cut:?}");
        }
    }
    let local = echoed(&server, &version_2(0x20, 0, &[]), Cut::Whole).await;
    assert!(local.starts_with("hello from 127.0.0.1 "), "{local}");
    Ok(())
}

#[tokio::test]
async fn the_connect_handler_sees_the_client_too() -> Result {
    let server = site::server().bind().await?;
    let banned = [b"PROXY TCP4 192.0.2.66 192.0.2.2 4711 443\r\n", HANDSHAKE.as_bytes()].concat();
    let mut answer = Vec::new();
    let mut stream = knock_from(&server, "127.0.0.1").await;
    stream.write_all(&banned).await?;
    let _ = stream.read_to_end(&mut answer).await;
    assert_eq!(answer, b"");
    Ok(())
}

#[tokio::test]
async fn a_peer_that_is_listed_and_sends_no_header_is_closed_without_an_answer() -> Result {
    let (log, _logged) = Log::keep(Level::WARN);
    let server = site::server().bind().await?;
    let malformed = [b"PROXY TCP4 192.0.2.1 192.0.2.2 4711\r\n", HANDSHAKE.as_bytes()].concat();
    let too_long = [&version_2(0x21, 0x11, &[0; 521]), HANDSHAKE.as_bytes()].concat();
    for (bytes, reason) in [
        (HANDSHAKE.as_bytes(), "begins with something else"),
        (&malformed, "malformed"),
        (&too_long, "longer than 536 bytes"),
    ] {
        let mut stream = knock_from(&server, "127.0.1.9").await;
        stream.write_all(bytes).await?;
        let mut answer = Vec::new();
        // What was not read may reset the connection.
        let _ = stream.read_to_end(&mut answer).await;
        assert_eq!(String::from_utf8_lossy(&answer), "", "{reason}");
        let told = log.take();
        assert!(told.contains("proxy_protocol requires a PROXY header") && told.contains(reason), "{told}");
    }
    Ok(())
}

#[tokio::test]
async fn a_header_of_a_peer_that_is_not_listed_is_refused() -> Result {
    let server = site::server().bind().await?;
    let head = ask(&mut knock_from(&server, "127.0.0.2").await, HANDSHAKE.as_bytes(), Cut::Whole).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let off = site::server().proxy_protocol("").bind().await?;
    for (server, from) in [(&server, "127.0.0.2"), (&off, "127.0.0.1")] {
        for header in [LINE.to_vec(), version_2(0x21, 0x11, IPV4)] {
            let bytes = [&header, HANDSHAKE.as_bytes()].concat();
            let head = ask(&mut knock_from(server, from).await, &bytes, Cut::Whole).await;
            assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_header_comes_before_tls_and_no_byte_after_it_is_lost() -> Result {
    let (certificate, connector) = tls::identity();
    let server = site::server().tls(certificate).bind().await?;
    for header in [LINE.to_vec(), version_2(0x21, 0x11, IPV4)] {
        let stream = Prefixed { prefix: header, stream: knock_from(&server, "127.0.0.1").await };
        let mut stream = tls::encrypt(&connector, stream).await;
        let head = ask(&mut stream, HANDSHAKE.as_bytes(), Cut::Whole).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        stream.write_all(&frame(0x81, b"hello")).await?;
        let mut echo = vec![0; 2 + "hello from 192.0.2.1 4711".len()];
        stream.read_exact(&mut echo).await?;
        assert_eq!(&echo[2..], b"hello from 192.0.2.1 4711");
    }
    Ok(())
}

/// Sends a header before the first bytes of a client, in the same write.
struct Prefixed {
    prefix: Vec<u8>,
    stream: TcpStream,
}

impl AsyncRead for Prefixed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, room)
    }
}

impl AsyncWrite for Prefixed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let before = self.prefix.len();
        let joined = [&std::mem::take(&mut self.prefix), bytes].concat();
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &joined))?;
        assert!(written > before, "a new socket has room");
        Poll::Ready(Ok(written - before))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn the_header_is_due_within_the_time_for_the_handshake() -> Result {
    let server = site::server().handshake_timeout(0.2).bind().await?;
    for begun in [b"".as_slice(), b"PROXY TCP4 192"] {
        let start = Instant::now();
        let mut stream = knock_from(&server, "127.0.0.1").await;
        stream.write_all(begun).await?;
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap_or(0), 0);
        assert!(start.elapsed() >= Duration::from_millis(190));
    }
    Ok(())
}

#[tokio::test]
async fn behind_a_proxy_with_a_header_another_one_may_be_trusted() -> Result {
    let server = site::server().trusted_proxies("192.0.2.1").bind().await?;
    let request = handshake_with("X-Forwarded-For: 203.0.113.9\r\n");
    for (source, seen) in [("192.0.2.1", "203.0.113.9 none"), ("192.0.2.7", "192.0.2.7 4711")] {
        let header = format!("PROXY TCP4 {source} 192.0.2.2 4711 443\r\n");
        let mut stream = knock_from(&server, "127.0.0.1").await;
        ask(&mut stream, [header.as_bytes(), request.as_bytes()].concat().as_slice(), Cut::Whole).await;
        let frames = [frame(0x81, b"hello"), close(1000, b"")].concat();
        let received = exchange(stream, &frames, Cut::Whole, Afterwards::Wait).await;
        let received = String::from_utf8_lossy(&received);
        assert!(received.contains(&format!("hello from {seen}")), "{received}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_server_in_memory_takes_no_header() -> Result {
    let server = site::server().proxy_protocol("any").test().await?;
    server.connect("/").await?;
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever a listed peer sends and however it is split, the server goes on, and answers only behind a whole header.
    #[test]
    fn random_bytes_get_no_answer(
        bytes in prop::collection::vec(any::<u8>(), 1..700),
        start in prop::sample::select(vec![b"".as_slice(), b"PROXY ", b"PROXY TCP4 ", b"\r\n\r\n\0\r\nQUIT\n", b"\r\n\r\n\0\r\nQUIT\n\x21\x11"]),
        sizes in prop::collection::vec(1_usize..200, 1..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = site::server().handshake_timeout(0.05).bind().await.unwrap();
            let bytes = [start, &bytes].concat();
            let (mut from, mut to) = knock_from(&server, "127.0.0.1").await.into_split();
            let mut rest = bytes.as_slice();
            for size in sizes.iter().cycle() {
                let (piece, after) = rest.split_at((*size).min(rest.len()));
                if piece.is_empty() || to.write_all(piece).await.is_err() {
                    break;
                }
                rest = after;
                tokio::task::yield_now().await;
            }
            let mut answer = Vec::new();
            let _ = from.read_to_end(&mut answer).await;
            assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{:?}", String::from_utf8_lossy(&answer));
            assert_eq!(echoed(&server, LINE, Cut::Whole).await, "hello from 192.0.2.1 4711");
        });
    }
}
