//! A peer that reads slowly, and goes on reading, gets all that was accepted for it, however the connection ends. The
//! clock stands still but for the next timer.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_rustls::client::TlsStream;
use ws_runtime::prelude::*;
use ws_runtime::{ClosedBy, Running, SendError};
use ws_tests::frame::{Sent, close, frame};
use ws_tests::raw::{Cut, HANDSHAKE, ask};
use ws_tests::tls;

type Ended = (u16, ClosedBy, Instant);

#[ws_server(listen = "127.0.0.1:0", origins = any)]
mod generous {
    use super::*;

    #[state]
    pub struct Told(pub mpsc::UnboundedSender<Ended>);

    #[on(utf8)]
    fn act(text: &str, conn: &Conn) {
        for number in 0..4 {
            conn.send_binary(vec![number; 60_000]).unwrap();
        }
        if text == "disconnect" {
            conn.disconnect(4000, "enough").unwrap();
            assert_eq!(conn.send_utf8("more"), Err(SendError::Gone));
        }
    }

    #[on(disconnect)]
    fn disconnect(close: &Close, told: &Told) {
        let _ = told.0.send((close.code(), close.by(), Instant::now()));
    }
}

#[ws_server(listen = "127.0.0.1:0", origins = any)]
mod answering {
    use super::*;

    pub static ASKED: AtomicUsize = AtomicUsize::new(0);

    #[on(utf8)]
    fn answer() -> Vec<u8> {
        ASKED.fetch_add(1, Ordering::Relaxed);
        vec![0; 60_000]
    }

    #[on(request)]
    fn page() -> String {
        "p".repeat(200_000)
    }
}

/// The state of a server, and what its `disconnect` handler is told.
fn channel() -> (generous::Told, mpsc::UnboundedReceiver<Ended>) {
    let (told, ended) = mpsc::unbounded_channel();
    (generous::Told(told), ended)
}

async fn start() -> (Running, TcpStream, mpsc::UnboundedReceiver<Ended>) {
    let (told, ended) = channel();
    let running = generous::server().state(told).bind().await.unwrap();
    let stream = peer(&running).await;
    (running, stream, ended)
}

/// A peer whose kernel takes little on its behalf.
async fn peer(running: &Running) -> TcpStream {
    let mut stream = connect(running).await;
    ask(&mut stream, HANDSHAKE.as_bytes(), Cut::Whole).await;
    stream
}

async fn connect(running: &Running) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    // What waits for an acknowledgement takes real time, and the clock would run away.
    socket.set_nodelay(true).unwrap();
    socket.connect(ws_tests::address(running).parse().unwrap()).await.unwrap()
}

/// The same over TLS, with a network that carries so many bytes a second to it.
async fn peer_over_tls(a_second: usize) -> (Running, TlsStream<Narrow>, mpsc::UnboundedReceiver<Ended>) {
    let (told, ended) = channel();
    let (tls, connector) = tls::identity();
    let server = generous::server().state(told).slow("drop_newest").silence_max(0).tls(tls);
    let running = server.bind().await.unwrap();
    let mut stream = tls::encrypt(&connector, Narrow::new(connect(&running).await)).await;
    ask(&mut stream, HANDSHAKE.as_bytes(), Cut::Whole).await;
    stream.get_mut().0.a_second = a_second;
    (running, stream, ended)
}

/// Carries so many bytes a second to the peer.
struct Narrow {
    stream: TcpStream,
    a_second: usize,
    left: usize,
    next: Pin<Box<Sleep>>,
}

impl Narrow {
    /// It begins wide.
    fn new(stream: TcpStream) -> Self {
        Self { stream, a_second: 64 * 1024, left: 0, next: Box::pin(sleep(Duration::ZERO)) }
    }
}

impl AsyncRead for Narrow {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.left == 0 {
            ready!(this.next.as_mut().poll(cx));
            this.next.as_mut().reset(Instant::now() + Duration::from_secs(1));
        }
        this.left = if this.left == 0 { this.a_second } else { this.left.min(this.a_second) };
        let mut bytes = vec![0; this.left.min(room.remaining())];
        let mut read = ReadBuf::new(&mut bytes);
        ready!(Pin::new(&mut this.stream).poll_read(cx, &mut read))?;
        this.left -= read.filled().len();
        room.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Narrow {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Reads so many bytes a second until the end, and takes frames apart.
async fn read(stream: &mut TcpStream, a_second: usize) -> Sent {
    let mut received = Vec::new();
    let mut buffer = vec![0; a_second];
    loop {
        let mut read = 0;
        while read < a_second {
            match timeout(Duration::from_millis(1), stream.read(&mut buffer[read..])).await {
                Ok(Ok(0) | Err(_)) => {
                    received.extend_from_slice(&buffer[..read]);
                    return Sent::read_complete(&received);
                }
                Ok(Ok(count)) => read += count,
                Err(_) => break,
            }
        }
        received.extend_from_slice(&buffer[..read]);
        sleep(Duration::from_secs(1)).await;
    }
}

fn assert_all(sent: &Sent, code: u16) {
    let sizes: Vec<_> = sent.messages.iter().map(|(_, payload)| payload.len()).collect();
    assert_eq!((sizes, sent.close), (vec![60_000; 4], Some(code)));
}

#[tokio::test(start_paused = true)]
async fn all_arrives_before_a_disconnect() {
    let (_running, mut stream, mut ended) = start().await;
    stream.write_all(&frame(0x81, b"disconnect")).await.unwrap();
    assert_all(&read(&mut stream, 20_000).await, 4000);
    let (code, by, _) = ended.recv().await.unwrap();
    assert_eq!((code, by), (4000, ClosedBy::Us));
}

#[tokio::test(start_paused = true)]
async fn all_arrives_before_a_shutdown() {
    let (running, mut stream, mut ended) = start().await;
    stream.write_all(&frame(0x81, b"send")).await.unwrap();
    stream.peek(&mut [0]).await.unwrap();
    running.shutdown();
    assert_all(&read(&mut stream, 20_000).await, 1001);
    let (code, by, _) = ended.recv().await.unwrap();
    assert_eq!((code, by), (1001, ClosedBy::Shutdown));
    running.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn all_arrives_before_the_answer_to_the_peers_close() {
    let (_running, mut stream, mut ended) = start().await;
    stream.write_all(&[frame(0x81, b"send"), close(1000, b"done")].concat()).await.unwrap();
    assert_all(&read(&mut stream, 20_000).await, 1000);
    let (code, by, _) = ended.recv().await.unwrap();
    assert_eq!((code, by), (1000, ClosedBy::Peer));
}

#[tokio::test(start_paused = true)]
async fn all_arrives_before_the_end_by_a_protocol_error() {
    let (_running, mut stream, mut ended) = start().await;
    stream.write_all(&[frame(0x81, b"send"), frame(0x83, b"no such opcode")].concat()).await.unwrap();
    assert_all(&read(&mut stream, 20_000).await, 1002);
    let (code, by, _) = ended.recv().await.unwrap();
    assert_eq!((code, by), (1002, ClosedBy::Protocol));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_at_all_is_cut_after_write_timeout_and_its_disconnect_says_so() {
    let (_running, mut stream, mut ended) = start().await;
    let start = Instant::now();
    stream.write_all(&frame(0x81, b"disconnect")).await.unwrap();
    let (code, by, at) = ended.recv().await.unwrap();
    assert_eq!((code, by), (1008, ClosedBy::Slow), "4000 never reached the peer");
    let after = at - start;
    assert!((Duration::from_secs(10)..Duration::from_secs(11)).contains(&after), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_cuts_a_peer_that_does_not_read_and_its_disconnect_says_so() {
    let (told, mut ended) = channel();
    let running = generous::server().state(told).shutdown_timeout(3).bind().await.unwrap();
    let mut stream = peer(&running).await;
    stream.write_all(&frame(0x81, b"send")).await.unwrap();
    stream.peek(&mut [0]).await.unwrap();
    running.shutdown();
    running.stopped().await;
    let (code, by, _) = ended.recv().await.unwrap();
    assert_eq!((code, by), (1006, ClosedBy::Shutdown));
}

#[tokio::test(start_paused = true)]
async fn who_reads_is_not_silent_although_no_ping_reaches_it() {
    let (told, mut ended) = channel();
    let _running = generous::server().state(told).silence_max(2).bind().await.unwrap();
    let mut stream = peer(&_running).await;
    stream.write_all(&frame(0x81, b"send")).await.unwrap();
    let reading = timeout(Duration::from_secs(38), read(&mut stream, 6_000)).await;
    assert!(reading.is_err(), "still connected");
    assert!(ended.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn who_pings_before_it_has_read_its_answers_is_not_closed_for_that() {
    let running = answering::server().max_outbox(100_000).bind().await.unwrap();
    let mut stream = peer(&running).await;
    let mut said = frame(0x81, b"answer").repeat(4);
    said.extend(frame(0x89, b"still there?"));
    stream.write_all(&said).await.unwrap();
    // The answers wait before it closes.
    stream.peek(&mut [0]).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    stream.write_all(&close(1000, b"")).await.unwrap();
    let sent = read(&mut stream, 20_000).await;
    assert_all(&sent, 1000);
    assert_eq!(sent.pongs, [b"still there?"]);
}

/// A reply makes the outbox larger than it should be, once. (Other tests count here too, but little.)
#[tokio::test(start_paused = true)]
async fn questions_that_come_at_once_are_answered_as_the_answers_are_read() {
    let running = answering::server().max_outbox(100_000).max_inbox(1).bind().await.unwrap();
    let mut stream = peer(&running).await;
    let asked = answering::ASKED.load(Ordering::Relaxed);
    stream.write_all(&[frame(0x81, b"answer").repeat(50), close(1000, b"")].concat()).await.unwrap();
    stream.peek(&mut [0]).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    let asked = answering::ASKED.load(Ordering::Relaxed) - asked;
    assert!(asked < 20, "{asked} answers wait");
    let sent = read(&mut stream, 200_000).await;
    assert_eq!((sent.messages.len(), sent.close), (50, Some(1000)));
}

#[tokio::test(start_paused = true)]
async fn who_only_pings_and_does_not_read_takes_no_more_than_another_outbox() {
    let running =
        answering::server().max_outbox(2_000).silence_max(0).write_timeout(3600).bind().await.unwrap();
    let mut stream = peer(&running).await;
    stream.write_all(&frame(0x81, b"answer")).await.unwrap();
    stream.peek(&mut [0]).await.unwrap();
    for _ in 0..200 {
        stream.write_all(&frame(0x89, &[0; 125])).await.unwrap();
        sleep(Duration::from_millis(100)).await;
    }
    stream.write_all(&close(1000, b"")).await.unwrap();
    let sent = read(&mut stream, 20_000).await;
    assert_eq!((sent.messages.len(), sent.close), (1, Some(1000)));
    assert!(sent.pongs.len() < 100, "{}", sent.pongs.len());
}

#[tokio::test(start_paused = true)]
async fn who_is_not_there_is_silent_although_small_messages_leave() {
    let (told, mut ended) = channel();
    let running = generous::server().state(told).silence_max(2).bind().await.unwrap();
    let stream = peer(&running).await;
    let start = Instant::now();
    let server = running.server().clone();
    let broadcasting = tokio::spawn(async move {
        loop {
            server.broadcast_utf8("tick");
            sleep(Duration::from_millis(500)).await;
        }
    });
    let (code, by, at) = ended.recv().await.unwrap();
    assert_eq!((code, by), (1006, ClosedBy::Silence));
    assert!(
        (Duration::from_secs(3)..Duration::from_millis(3100)).contains(&(at - start)),
        "{:?}",
        at - start
    );
    broadcasting.abort();
    drop(stream);
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_a_kilobyte_a_second_makes_progress() {
    let (told, mut ended) = channel();
    let running = generous::server().state(told).slow("drop_newest").silence_max(0).bind().await.unwrap();
    let mut stream = peer(&running).await;
    let server = running.server().clone();
    let broadcasting = tokio::spawn(async move {
        loop {
            server.broadcast_binary(vec![0; 10_000]);
            sleep(Duration::from_secs(1)).await;
        }
    });
    let reading = timeout(Duration::from_secs(300), read(&mut stream, 1024)).await;
    assert!(reading.is_err(), "still connected");
    assert!(ended.try_recv().is_err());
    broadcasting.abort();
}

#[tokio::test(start_paused = true)]
async fn a_peer_over_tls_that_a_kilobyte_a_second_reaches_makes_progress() {
    let (running, mut stream, mut ended) = peer_over_tls(1024).await;
    let server = running.server().clone();
    let broadcasting = tokio::spawn(async move {
        loop {
            server.broadcast_binary(vec![0; 10_000]);
            sleep(Duration::from_secs(1)).await;
        }
    });
    let reading =
        timeout(Duration::from_secs(300), tokio::io::copy(&mut stream, &mut tokio::io::sink())).await;
    assert!(reading.is_err(), "still connected");
    assert!(ended.try_recv().is_err());
    broadcasting.abort();
}

#[tokio::test(start_paused = true)]
async fn all_arrives_over_tls_before_a_disconnect() {
    // In the end nothing waits but what TLS has taken: some 64 KiB, for a minute and more.
    let (_running, mut stream, mut ended) = peer_over_tls(700).await;
    stream.write_all(&frame(0x81, b"disconnect")).await.unwrap();
    let mut received = Vec::new();
    let _ = stream.read_to_end(&mut received).await;
    assert_all(&Sent::read_complete(&received), 4000);
    let (code, by, _) = ended.recv().await.unwrap();
    assert_eq!((code, by), (4000, ClosedBy::Us));
}

/// The kernel says that a Unix socket has room only once three quarters of it are read: 160 kB.
#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn who_reads_a_page_slowly_over_a_unix_socket_gets_all_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let _running = answering::server().listen(format!("unix:{}", path.display())).bind().await.unwrap();
    let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut page = Vec::new();
    let mut buffer = vec![0; 5_000];
    loop {
        match stream.read(&mut buffer).await.unwrap() {
            0 => break,
            count => page.extend_from_slice(&buffer[..count]),
        }
        sleep(Duration::from_secs(1)).await;
    }
    assert!(page.ends_with(&[b'p'; 200_000]), "{} bytes", page.len());
}
