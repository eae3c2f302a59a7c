//! Connecting a client: the request, and what became of it.

use std::fmt;
use std::future::IntoFuture;
use std::net::SocketAddr;
use std::panic::Location;
use std::pin::Pin;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::timeout;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::{self, generate_key};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self};

use super::client::TestClient;
use super::error::cut;
use super::http::{PATIENCE, read_answer, write_head};
use super::pump::Pipe;
use super::server::{CAPACITY, TestServer};
use crate::listen::Address;
use crate::message::Keys;

/// A client that is about to connect, made by [`TestServer::connect`]. Awaiting it shakes hands.
#[derive(Debug)]
#[must_use = "a client connects when this is awaited"]
pub struct Connect<'s> {
    server: &'s TestServer,
    path: String,
    headers: Vec<(String, String)>,
    subprotocols: Vec<String>,
    peer: Address,
    capacity: usize,
    keys: Keys,
    at: &'static Location<'static>,
}

impl<'s> Connect<'s> {
    #[track_caller]
    pub(super) fn new(server: &'s TestServer, path: String) -> Self {
        Self {
            server,
            path,
            headers: Vec::new(),
            subprotocols: Vec::new(),
            peer: Address::Memory,
            capacity: CAPACITY,
            keys: server.keys(),
            at: Location::caller(),
        }
    }

    /// Adds a header to the request. A header that every handshake has, such as `Host`, is replaced.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds `Authorization: Bearer`.
    pub fn bearer(self, token: impl AsRef<str>) -> Self {
        self.header("Authorization", format!("Bearer {}", token.as_ref()))
    }

    /// Adds `Origin`, as a browser does. Without it the client is none.
    pub fn origin(self, origin: impl Into<String>) -> Self {
        self.header("Origin", origin)
    }

    /// Offers a subprotocol, after those that were offered before.
    pub fn subprotocol(mut self, name: impl Into<String>) -> Self {
        self.subprotocols.push(name.into());
        self
    }

    /// Connects from this address, as the server sees it. Without it the address is
    /// [`Address::Memory`](crate::Address::Memory).
    pub fn peer(mut self, address: impl Into<SocketAddr>) -> Self {
        self.peer = Address::Tcp(address.into());
        self
    }

    /// How many bytes the pipe holds in each direction (64 KiB by default). It stands for the kernel's buffers: more is
    /// sent only when the other side has read.
    pub fn buffer(mut self, bytes: usize) -> Self {
        self.capacity = bytes.max(1);
        self
    }

    /// Renames the keys of `type`, `data` and `id` in the envelope of named messages. Without it they are the
    /// server's own.
    pub fn envelope(mut self, kind: &'static str, data: &'static str, id: &'static str) -> Self {
        self.keys = Keys::new(kind, id, data);
        self
    }

    /// Shakes hands, and hands over the stream: for tests that send and read frames byte by byte.
    ///
    /// # Errors
    ///
    /// [`Refusal`] unless the answer is 101.
    pub async fn raw(self) -> Result<(Response<()>, DuplexStream), Refusal> {
        let mut headers: Vec<(String, String)> = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", &generate_key()),
        ]
        .into_iter()
        .filter(|(name, _)| !self.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        if !self.subprotocols.is_empty() {
            headers.push(("Sec-WebSocket-Protocol".to_owned(), self.subprotocols.join(", ")));
        }
        headers.extend(self.headers.iter().cloned());
        let mut stream = self.server.dial(self.peer.clone(), self.capacity);
        let unanswered = |reason: String| Refusal::unanswered(self.at, self.path.clone(), reason);
        let answer = async {
            let _ = stream.write_all(write_head("GET", &self.path, &headers).as_bytes()).await;
            // Byte by byte: what follows the head belongs to the caller.
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => break,
                }
            }
            if head.starts_with(b"HTTP/1.1 101 ") {
                read_answer(&mut tokio::io::empty(), head).await.map(|answer| (answer, true))
            } else {
                read_answer(&mut stream, head).await.map(|answer| (answer, false))
            }
        };
        match timeout(PATIENCE, answer).await {
            Ok(Ok((answer, true))) => Ok((answer.map(|_| ()), stream)),
            Ok(Ok((answer, false))) => Err(Refusal::answered(self.at, self.path, answer)),
            Ok(Err(error)) => Err(unanswered(error.to_string())),
            Err(_) => Err(unanswered("no answer came".to_owned())),
        }
    }

    async fn connect(self) -> Result<TestClient, Refusal> {
        let unanswered = |reason: String| Refusal::unanswered(self.at, self.path.clone(), reason);
        let request = self.request().map_err(|error| unanswered(error.to_string()))?;
        let mut pipe = Pipe::new(self.server.dial(self.peer.clone(), self.capacity));
        let config =
            WebSocketConfig::default().read_buffer_size(4096).max_message_size(None).max_frame_size(None);
        let shaking = client_async_with_config(request, pipe.clone(), Some(config));
        match timeout(PATIENCE, shaking).await {
            Ok(Ok((socket, answer))) => Ok(TestClient::new(socket, pipe, answer.map(|_| ()), self.keys)),
            Ok(Err(tungstenite::Error::Http(answer))) => {
                // tungstenite stops reading after the head.
                let (parts, begun) = answer.map(Option::unwrap_or_default).into_parts();
                let mut body = begun;
                let _ = pipe.read_to_end(&mut body).await;
                Err(Refusal::answered(self.at, self.path, Response::from_parts(parts, body.into())))
            }
            Ok(Err(error)) => Err(unanswered(error.to_string())),
            Err(_) => Err(unanswered("no answer came".to_owned())),
        }
    }

    fn request(&self) -> Result<client::Request, Unsendable> {
        if !self.path.starts_with('/') {
            return Err(Unsendable(format!("a path begins with a slash, {:?} does not", self.path)));
        }
        let mut request = format!("ws://localhost{}", self.path)
            .into_client_request()
            .map_err(|error| Unsendable(format!("{error}; for what is no URI see `raw()`")))?;
        let headers = request.headers_mut();
        if !self.subprotocols.is_empty() {
            add(headers, "Sec-WebSocket-Protocol", &self.subprotocols.join(", "))?;
        }
        self.headers.iter().try_for_each(|(name, value)| add(headers, name, value))?;
        Ok(request)
    }
}

/// Adds a header, or replaces one that every handshake has.
fn add(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Unsendable> {
    const ONCE: [&str; 5] = ["host", "connection", "upgrade", "sec-websocket-version", "sec-websocket-key"];
    let unsendable =
        |what| Unsendable(format!("the header `{name}: {value}` has {what}; for that see `raw()`"));
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unsendable("no valid name"))?;
    let value = HeaderValue::from_str(value).map_err(|_| unsendable("no valid value"))?;
    if ONCE.contains(&name.as_str()) {
        headers.insert(name, value);
    } else {
        headers.append(name, value);
    }
    Ok(())
}

/// The request of the test cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unsendable(String);

impl<'s> IntoFuture for Connect<'s> {
    type Output = Result<TestClient, Refusal>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 's>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.connect())
    }
}

/// A request that did not become what the test asked for: an answer other than 101, or none.
///
/// Its `Debug` form is its message, because that is what the test harness shows if a test returns it.
pub struct Refusal(Box<Refused>);

struct Refused {
    at: &'static Location<'static>,
    what: String,
    outcome: Outcome,
}

enum Outcome {
    Answered(Response<Bytes>),
    Unanswered { reason: String, no_headers: HeaderMap },
}

impl Refusal {
    pub(super) fn answered(at: &'static Location<'static>, what: String, answer: Response<Bytes>) -> Self {
        Self(Box::new(Refused { at, what, outcome: Outcome::Answered(answer) }))
    }

    pub(super) fn unanswered(at: &'static Location<'static>, what: String, reason: String) -> Self {
        let outcome = Outcome::Unanswered { reason, no_headers: HeaderMap::new() };
        Self(Box::new(Refused { at, what, outcome }))
    }

    /// The status of the answer; 0 if there was none.
    #[must_use]
    pub fn status(&self) -> u16 {
        match &self.0.outcome {
            Outcome::Answered(answer) => answer.status().as_u16(),
            Outcome::Unanswered { .. } => 0,
        }
    }

    /// The headers of the answer; none if there was no answer.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        match &self.0.outcome {
            Outcome::Answered(answer) => answer.headers(),
            Outcome::Unanswered { no_headers, .. } => no_headers,
        }
    }

    /// The body of the answer; empty if there was none.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        match &self.0.outcome {
            Outcome::Answered(answer) => answer.body(),
            Outcome::Unanswered { .. } => &[],
        }
    }

    /// The body of the answer as text. Bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.body()).into_owned()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Refused { at, what, outcome } = &*self.0;
        match outcome {
            Outcome::Answered(answer) => {
                write!(f, "{at}: {what}: answered with {}: {:?}", answer.status(), cut(&self.text()))
            }
            Outcome::Unanswered { reason, .. } => write!(f, "{at}: {what}: {reason}"),
        }
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Refusal {}
