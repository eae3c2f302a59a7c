//! Behaviour through the public interface, tried over real sockets: see the files under `tests`.
//!
//! Here stands only what each of them needs to talk to a server: a client that fails a test with a clear word.

pub mod corpus;
pub mod frame;
pub mod log;
pub mod raw;
pub mod spans;
pub mod stats;
pub mod tls;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use ws_runtime::Running;

/// A WebSocket client over TCP.
pub struct Client(pub WebSocketStream<TcpStream>);

/// Where a running server is reached over TCP, as `host:port`.
///
/// # Panics
///
/// If it does not listen on TCP.
#[must_use]
pub fn address(running: &Running) -> String {
    let address = &running.addresses()[0];
    format!("127.0.0.1:{}", address.port().expect("the server listens on TCP"))
}

/// Asks for a path, and tells how that went.
///
/// # Errors
///
/// What the handshake came to where the server refuses it.
///
/// # Panics
///
/// If nobody listens.
pub async fn open(running: &Running, path: &str) -> Result<Client, tungstenite::Error> {
    let address = address(running);
    let stream = TcpStream::connect(&address).await.expect("the server accepts");
    // Or a second message would wait for the acknowledgement of the first.
    stream.set_nodelay(true).expect("it is a TCP socket");
    let (socket, _) = client_async(format!("ws://{address}{path}"), stream).await?;
    Ok(Client(socket))
}

/// The answer to a plain HTTP request, head and body.
///
/// # Panics
///
/// If there is none.
pub async fn get(running: &Running, path: &str) -> String {
    let mut stream = TcpStream::connect(address(running)).await.expect("the server accepts");
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the server answers");
    answer
}

impl Client {
    /// Connects, and expects to be admitted.
    ///
    /// # Panics
    ///
    /// If it is not.
    pub async fn connect(running: &Running) -> Self {
        open(running, "/").await.expect("the server admits")
    }

    /// Sends a message.
    ///
    /// # Panics
    ///
    /// If the connection is gone.
    pub async fn send(&mut self, message: impl Into<Message>) {
        self.0.send(message.into()).await.expect("the connection is open");
    }

    /// The next message, control frames included.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub async fn next(&mut self) -> Message {
        self.0.next().await.expect("the stream goes on").expect("the stream is sound")
    }

    /// The next message, which is a text.
    ///
    /// # Panics
    ///
    /// If it is something else.
    pub async fn text(&mut self) -> String {
        match self.next().await {
            Message::Text(text) => text.to_string(),
            other => panic!("expected a text, got {other:?}"),
        }
    }

    /// The close frame with which the server ends the connection, after which nothing comes.
    ///
    /// # Panics
    ///
    /// If something else comes first.
    pub async fn closed(mut self) -> CloseFrame {
        let frame = match self.next().await {
            Message::Close(Some(frame)) => frame,
            other => panic!("expected a close frame, got {other:?}"),
        };
        match self.0.next().await {
            None | Some(Err(tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed)) => {
                frame
            }
            Some(other) => panic!("expected the end, got {other:?}"),
        }
    }
}

/// The pages of the book, whose programs are compiled as doctests.
#[cfg(doctest)]
mod book {
    macro_rules! page {
        ($name:ident, $file:literal) => {
            #[doc = include_str!(concat!("../../book/src/", $file))]
            mod $name {}
        };
    }

    page!(introduction, "introduction.md");
    page!(metrics, "metrics.md");
    page!(first_server, "first-server.md");
    page!(messages, "messages.md");
    page!(replies_and_errors, "replies-and-errors.md");
    page!(streams_and_questions, "streams-and-questions.md");
    page!(events, "events.md");
    page!(arguments, "arguments.md");
    page!(state_and_session, "state-and-session.md");
    page!(who_the_peer_is, "who-the-peer-is.md");
    page!(sessions_with_phases, "sessions-with-phases.md");
    page!(routes, "routes.md");
    page!(rooms, "rooms.md");
    page!(plain_http, "plain-http.md");
    page!(beside_axum, "beside-axum.md");
    page!(from_one_file_to_many, "from-one-file-to-many.md");
    page!(ticks, "ticks.md");
    page!(timers, "timers.md");
    page!(handlers_that_block, "handlers-that-block.md");
    page!(slow_readers, "slow-readers.md");
    page!(testing, "testing.md");
    page!(watchers, "watchers.md");
    page!(tls, "tls.md");
    page!(behind_a_proxy, "behind-a-proxy.md");
    page!(limits, "limits.md");
    page!(the_wire, "the-wire.md");
    page!(options, "options.md");
    page!(shutdown, "shutdown.md");
    page!(restart_without_a_gap, "restart-without-a-gap.md");
    page!(health, "health.md");
    page!(tracing_pages, "tracing.md");
    page!(coming_from_axum, "coming-from-axum.md");
    page!(coming_from_socket_io, "coming-from-socket-io.md");
    page!(coming_from_phoenix, "coming-from-phoenix.md");
    page!(coming_from_perl, "coming-from-perl.md");

    #[doc = include_str!("../../README.md")]
    mod readme {}

    #[doc = include_str!("../../ws-runtime/README.md")]
    mod readme_of_the_runtime {}
}
