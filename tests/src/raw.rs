//! A peer that sends whatever it is told to, byte by byte if need be.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpSocket, TcpStream};
use ws_runtime::Running;
use ws_runtime::test::TestServer;

use crate::address;

/// A server that can be connected to: over TCP or in memory.
pub trait Reached {
    /// The client's end of a connection.
    type Stream: AsyncRead + AsyncWrite + Unpin;

    /// Connects, without a word.
    fn reach(&self) -> impl Future<Output = Self::Stream>;
}

impl Reached for Running {
    type Stream = TcpStream;

    async fn reach(&self) -> TcpStream {
        let stream = TcpStream::connect(address(self)).await.expect("the server accepts");
        stream.set_nodelay(true).expect("a socket has the option");
        stream
    }
}

impl Reached for TestServer {
    type Stream = DuplexStream;

    async fn reach(&self) -> DuplexStream {
        self.open()
    }
}

/// A request that every server here answers with 101.
pub const HANDSHAKE: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// The same with more header lines, each with its end.
#[must_use]
pub fn handshake_with(lines: &str) -> String {
    HANDSHAKE.replace("\r\n\r\n", &format!("\r\n{lines}\r\n"))
}

/// How long a server may take to end a connection that it has to end. It fails a test that hangs; it measures nothing.
const PATIENCE: Duration = Duration::from_secs(20);

/// How bytes are cut up on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut<'a> {
    /// In one write.
    Whole,
    /// Each byte by itself; of long runs the first and the last bytes.
    Bytes,
    /// In pieces that no length is a multiple of.
    Odd,
    /// In pieces of these sizes, over and over again.
    Sizes(&'a [usize]),
}

impl Cut<'_> {
    /// Every way of cutting that is the same for all bytes.
    pub const ALL: [Self; 3] = [Self::Whole, Self::Bytes, Self::Odd];

    fn pieces(self, bytes: &[u8]) -> Vec<&[u8]> {
        /// Bytes at either end that are sent one by one.
        const FRINGE: usize = 2048;
        let sizes: &[usize] = match self {
            Self::Whole => return vec![bytes],
            Self::Bytes => &[1],
            Self::Odd => &[3, 1, 7, 2, 13, 5, 127, 1021],
            Self::Sizes(sizes) => sizes,
        };
        let mut pieces = Vec::new();
        let mut rest = bytes;
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let far_inside = bytes.len() - rest.len() >= FRINGE && rest.len() > FRINGE;
            let size = if far_inside { rest.len() - FRINGE } else { *size };
            let (piece, after) = rest.split_at(size.min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces
    }
}

/// What a peer does after its last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    /// It waits for the server to end the connection.
    Wait,
    /// It ends its half of the stream.
    End,
}

/// Connects, without a word.
///
/// # Panics
///
/// If nobody listens.
pub async fn knock<S: Reached>(server: &S) -> S::Stream {
    server.reach().await
}

/// Connects over TCP from this loopback address, without a word.
///
/// # Panics
///
/// If nobody listens.
pub async fn knock_from(running: &Running, ip: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("there are descriptors");
    socket.bind(format!("{ip}:0").parse().expect("it is an address")).expect("all of 127.0.0.0/8 is ours");
    let address = address(running).parse().expect("it is an address");
    let stream = socket.connect(address).await.expect("the server accepts");
    stream.set_nodelay(true).expect("a socket has the option");
    stream
}

/// Connects and shakes hands: what follows are frames.
///
/// # Panics
///
/// If the answer is not 101.
pub async fn shake_hands<S: Reached>(server: &S) -> S::Stream {
    let mut stream = knock(server).await;
    let head = ask(&mut stream, HANDSHAKE.as_bytes(), Cut::Whole).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    stream
}

/// Sends a request, and returns the head of the answer, its empty line included.
///
/// # Panics
///
/// If there is none.
pub async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), request: &[u8], cut: Cut<'_>) -> String {
    send(stream, request, cut).await.expect("the server reads");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("the server answers"));
    }
    String::from_utf8(head).expect("an answer's head is ASCII")
}

/// Sends the bytes and returns all that the server sends until it ends the stream.
///
/// On a runtime of one thread the server reads each piece before the next is sent.
///
/// # Panics
///
/// If the server does not end the stream, or resets it.
pub async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    bytes: &[u8],
    cut: Cut<'_>,
    afterwards: Afterwards,
) -> Vec<u8> {
    let (mut from, mut to) = tokio::io::split(stream);
    let send = async {
        // A server that has refused the rest may be gone.
        let _ = send(&mut to, bytes, cut).await;
        if afterwards == Afterwards::End {
            let _ = to.shutdown().await;
        }
    };
    let mut received = Vec::new();
    let receive = async {
        from.read_to_end(&mut received).await.expect("the server ends the stream and does not reset it");
    };
    tokio::time::timeout(PATIENCE, async { tokio::join!(send, receive) })
        .await
        .expect("the server ends the connection");
    received
}

async fn send(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8], cut: Cut<'_>) -> io::Result<()> {
    for piece in cut.pieces(bytes) {
        to.write_all(piece).await?;
        // Once for the kernel to say that it has arrived, once for the server to read it.
        for _ in 0..2 {
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}
