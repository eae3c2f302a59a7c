//! The short programme of `tests/clients/run`, by the clients that Rust has. One line a client: what it has done, or what
//! failed.

use std::env::var;
use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fastwebsockets::{FragmentCollector, Payload};
use futures_util::{SinkExt, StreamExt};
use http_body_util::Empty;
use hyper::upgrade::Upgraded;
use hyper::{Request, Uri, header};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{self, Message};
use yawc::HttpRequest;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Io for S {}

type Stream = Box<dyn Io>;

/// What a client sends.
enum Say<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
    /// Some frames that make up a text.
    Fragments(&'a [&'static str]),
    Ping(&'static [u8]),
    Close(u16, &'a str),
}

/// What a client gets to see.
#[derive(Debug, PartialEq)]
enum Heard {
    Text(String),
    Binary(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16, String),
}

fn text(payload: impl AsRef<[u8]>) -> Result<Heard> {
    Ok(Heard::Text(std::str::from_utf8(payload.as_ref())?.to_owned()))
}

/// A Close frame that has a code.
fn close(payload: &[u8]) -> Result<Heard> {
    let (code, reason) = payload.split_first_chunk().ok_or("a Close frame without a code")?;
    Ok(Heard::Close(u16::from_be_bytes(*code), std::str::from_utf8(reason)?.to_owned()))
}

/// A client is opened on a stream. It fails by the status if it is refused.
trait Client: Sized {
    async fn open(uri: &str, stream: Stream) -> Result<Self, Refusal>;

    /// The subprotocol agreed on, of those that all clients offer. `None` if it does not tell.
    fn subprotocol(&self) -> Option<&str>;

    async fn say(&mut self, what: Say<'_>) -> Result<()>;

    async fn hear(&mut self) -> Result<Heard>;
}

const OFFERED: &str = "other, parity.v1";

enum Refusal {
    Status(u16),
    Other(Box<dyn Error + Send + Sync>),
}

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => status.fmt(f),
            Self::Other(error) => error.fmt(f),
        }
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

struct TokioTungstenite(WebSocketStream<Stream>, String);

impl Client for TokioTungstenite {
    async fn open(uri: &str, stream: Stream) -> Result<Self, Refusal> {
        let mut request = uri.into_client_request()?;
        request.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, OFFERED.parse()?);
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((socket, response)) => {
                let agreed =
                    response.headers().get(header::SEC_WEBSOCKET_PROTOCOL).ok_or("no subprotocol")?;
                Ok(Self(socket, agreed.to_str()?.to_owned()))
            }
            Err(tungstenite::Error::Http(response)) => Err(Refusal::Status(response.status().as_u16())),
            Err(error) => Err(error.into()),
        }
    }

    fn subprotocol(&self) -> Option<&str> {
        Some(&self.1)
    }

    async fn say(&mut self, what: Say<'_>) -> Result<()> {
        let message = match what {
            Say::Text(text) => Message::text(text),
            Say::Binary(data) => Message::binary(data.to_vec()),
            Say::Ping(payload) => Message::Ping(payload.into()),
            Say::Close(code, reason) => {
                Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() }))
            }
            Say::Fragments(pieces) => {
                for (number, piece) in pieces.iter().enumerate() {
                    let data = if number == 0 { Data::Text } else { Data::Continue };
                    let frame = Frame::message(*piece, OpCode::Data(data), number + 1 == pieces.len());
                    self.0.send(Message::Frame(frame)).await?;
                }
                return Ok(());
            }
        };
        Ok(self.0.send(message).await?)
    }

    async fn hear(&mut self) -> Result<Heard> {
        loop {
            return match self.0.next().await.ok_or("the end of the stream")?? {
                Message::Text(payload) => text(payload),
                Message::Binary(data) => Ok(Heard::Binary(data.to_vec())),
                Message::Pong(payload) => Ok(Heard::Pong(payload.to_vec())),
                Message::Close(Some(frame)) => Ok(Heard::Close(frame.code.into(), frame.reason.to_string())),
                Message::Close(None) => Err("a Close frame without a code".into()),
                Message::Ping(_) | Message::Frame(_) => continue,
            };
        }
    }
}

struct Fastwebsockets(FragmentCollector<TokioIo<Upgraded>>, String);

impl Client for Fastwebsockets {
    async fn open(uri: &str, stream: Stream) -> Result<Self, Refusal> {
        let uri: Uri = uri.parse()?;
        let request = Request::builder()
            .uri(uri.path())
            .header(header::HOST, uri.authority().ok_or("no host")?.as_str())
            .header(header::UPGRADE, "websocket")
            .header(header::CONNECTION, "upgrade")
            .header(header::SEC_WEBSOCKET_KEY, fastwebsockets::handshake::generate_key())
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_PROTOCOL, OFFERED)
            .body(Empty::<Bytes>::new())?;
        match fastwebsockets::handshake::client(&TokioExecutor::new(), request, stream).await {
            Ok((socket, response)) => {
                let agreed =
                    response.headers().get(header::SEC_WEBSOCKET_PROTOCOL).ok_or("no subprotocol")?;
                Ok(Self(FragmentCollector::new(socket), agreed.to_str()?.to_owned()))
            }
            Err(fastwebsockets::WebSocketError::InvalidStatusCode(status)) => Err(Refusal::Status(status)),
            Err(error) => Err(error.into()),
        }
    }

    fn subprotocol(&self) -> Option<&str> {
        Some(&self.1)
    }

    async fn say(&mut self, what: Say<'_>) -> Result<()> {
        use fastwebsockets::{Frame, OpCode};

        let frame = match what {
            Say::Text(text) => Frame::text(Payload::Owned(text.into())),
            Say::Binary(data) => Frame::binary(Payload::Owned(data.into())),
            Say::Ping(payload) => Frame::new(true, OpCode::Ping, None, payload.into()),
            Say::Close(code, reason) => Frame::close(code, reason.as_bytes()),
            Say::Fragments(pieces) => {
                for (number, piece) in pieces.iter().enumerate() {
                    let opcode = if number == 0 { OpCode::Text } else { OpCode::Continuation };
                    let payload = Payload::Owned((*piece).into());
                    self.0.write_frame(Frame::new(number + 1 == pieces.len(), opcode, None, payload)).await?;
                }
                return Ok(());
            }
        };
        Ok(self.0.write_frame(frame).await?)
    }

    async fn hear(&mut self) -> Result<Heard> {
        use fastwebsockets::OpCode;

        loop {
            let frame = self.0.read_frame().await?;
            return match frame.opcode {
                OpCode::Text => text(&*frame.payload),
                OpCode::Binary => Ok(Heard::Binary(frame.payload.to_vec())),
                OpCode::Pong => Ok(Heard::Pong(frame.payload.to_vec())),
                OpCode::Close => close(&frame.payload),
                OpCode::Continuation | OpCode::Ping => continue,
            };
        }
    }
}

struct TokioWebsockets(tokio_websockets::WebSocketStream<Stream>, String);

impl Client for TokioWebsockets {
    async fn open(uri: &str, stream: Stream) -> Result<Self, Refusal> {
        use tokio_websockets::upgrade::Error::DidNotSwitchProtocols;
        use tokio_websockets::{ClientBuilder, Config, Error};

        // It fragments by itself.
        let builder = ClientBuilder::from_uri(uri.parse()?)
            .config(Config::default().frame_size(1000))
            .add_header(header::SEC_WEBSOCKET_PROTOCOL, OFFERED.parse()?)?;
        match builder.connect_on(stream).await {
            Ok((socket, response)) => {
                let agreed =
                    response.headers().get(header::SEC_WEBSOCKET_PROTOCOL).ok_or("no subprotocol")?;
                Ok(Self(socket, agreed.to_str()?.to_owned()))
            }
            Err(Error::Upgrade(DidNotSwitchProtocols(status))) => Err(Refusal::Status(status)),
            Err(error) => Err(error.into()),
        }
    }

    fn subprotocol(&self) -> Option<&str> {
        Some(&self.1)
    }

    async fn say(&mut self, what: Say<'_>) -> Result<()> {
        use tokio_websockets::Message;

        let message = match what {
            Say::Text(text) => Message::text(text.to_owned()),
            Say::Binary(data) => Message::binary(data.to_vec()),
            Say::Ping(payload) => Message::ping(payload),
            Say::Close(code, reason) => Message::close(Some(code.try_into()?), reason),
            Say::Fragments(pieces) => Message::text(pieces.concat()),
        };
        Ok(self.0.send(message).await?)
    }

    async fn hear(&mut self) -> Result<Heard> {
        loop {
            let message = self.0.next().await.ok_or("the end of the stream")??;
            let payload = message.as_payload();
            return match () {
                () if message.is_text() => text(&**payload),
                () if message.is_binary() => Ok(Heard::Binary(payload.to_vec())),
                () if message.is_pong() => Ok(Heard::Pong(payload.to_vec())),
                () if message.is_close() => close(payload),
                () => continue,
            };
        }
    }
}

struct Yawc(yawc::WebSocket<Stream>);

impl Client for Yawc {
    async fn open(uri: &str, stream: Stream) -> Result<Self, Refusal> {
        let options = yawc::Options::default().with_balanced_compression();
        let request = HttpRequest::builder().header("Sec-WebSocket-Protocol", OFFERED);
        match yawc::WebSocket::handshake_with_request(uri.parse()?, stream, options, request).await {
            Ok(socket) => Ok(Self(socket)),
            Err(yawc::WebSocketError::InvalidStatusCode(status)) => Err(Refusal::Status(status)),
            Err(error) => Err(error.into()),
        }
    }

    fn subprotocol(&self) -> Option<&str> {
        None
    }

    async fn say(&mut self, what: Say<'_>) -> Result<()> {
        use yawc::frame::Frame;

        let frame = match what {
            Say::Text(text) => Frame::text(text.to_owned()),
            Say::Binary(data) => Frame::binary(data.to_vec()),
            Say::Ping(payload) => Frame::ping(payload),
            Say::Close(code, reason) => Frame::close(code.into(), reason),
            Say::Fragments(pieces) => {
                for (number, piece) in pieces.iter().enumerate() {
                    let frame = if number == 0 { Frame::text(*piece) } else { Frame::continuation(*piece) };
                    self.0.send(frame.with_fin(number + 1 == pieces.len())).await?;
                }
                return Ok(());
            }
        };
        Ok(self.0.send(frame).await?)
    }

    async fn hear(&mut self) -> Result<Heard> {
        use yawc::frame::OpCode;

        loop {
            let (opcode, _, payload) = self.0.next_frame().await?.into_parts();
            return match opcode {
                OpCode::Text => text(payload),
                OpCode::Binary => Ok(Heard::Binary(payload.to_vec())),
                OpCode::Pong => Ok(Heard::Pong(payload.to_vec())),
                OpCode::Close => close(&payload),
                OpCode::Continuation | OpCode::Ping => continue,
            };
        }
    }
}

/// Where the server is.
struct Server {
    address: String,
    base: String,
    tls: Option<TlsConnector>,
}

impl Server {
    fn from_environment() -> Result<Self> {
        let port = var("PORT")?;
        let tls = if var("TRANSPORT")? == "tls" {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(var("CERTIFICATE")?)?)?;
            let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_root_certificates(roots)
                .with_no_client_auth();
            Some(TlsConnector::from(Arc::new(config)))
        } else {
            None
        };
        let scheme = if tls.is_some() { "wss" } else { "ws" };
        Ok(Self { address: format!("127.0.0.1:{port}"), base: format!("{scheme}://localhost:{port}"), tls })
    }

    async fn open<C: Client>(&self, path: &str) -> Result<C, Refusal> {
        let stream = TcpStream::connect(&self.address).await?;
        let stream: Stream = match &self.tls {
            Some(tls) => Box::new(tls.connect(ServerName::try_from("localhost")?, stream).await?),
            None => Box::new(stream),
        };
        C::open(&format!("{}{path}", self.base), stream).await
    }
}

async fn answered<C: Client>(client: &mut C, question: &str, expected: &str) -> Result<()> {
    client.say(Say::Text(question)).await?;
    expect(client, Heard::Text(expected.to_owned())).await
}

async fn expect<C: Client>(client: &mut C, expected: Heard) -> Result<()> {
    let heard = client.hear().await?;
    if heard == expected { Ok(()) } else { Err(format!("{:.200}", format!("{heard:?}")).into()) }
}

async fn programme<C: Client>(server: &Server, done: &mut Vec<String>) -> Result<()> {
    let opened = async |path: &str| {
        server.open::<C>(path).await.map_err(|refusal| format!("{path} is refused: {refusal}"))
    };
    let mut client = opened("/").await?;
    if let Some(agreed) = client.subprotocol() {
        done.push("subprotocol".to_owned());
        if agreed != "parity.v1" {
            return Err(agreed.into());
        }
    }
    done.push("text".to_owned());
    let (short, long) = ("x".repeat(125), "x".repeat(126));
    for text in ["a", "ünïcödé ✓ 𝄞", "line\r\nline", "\0", &short, &long] {
        answered(&mut client, text, text).await?;
    }
    done.push("binary".to_owned());
    for data in [(0..=255).collect(), vec![0xff; 1000], vec![0xfe; 65536]] {
        client.say(Say::Binary(&data)).await?;
        expect(&mut client, Heard::Binary(data)).await?;
    }
    done.push("64 KiB".to_owned());
    let long = "sheep jump! ".repeat(6000)[..65536].to_owned();
    for _ in 0..2 {
        answered(&mut client, &long, &long).await?;
    }
    done.push("fragments".to_owned());
    client.say(Say::Fragments(&["a", "ü", "", "𝄞"])).await?;
    expect(&mut client, Heard::Text("aü𝄞".to_owned())).await?;

    done.push("ping".to_owned());
    client.say(Say::Ping(b"are you there")).await?;
    expect(&mut client, Heard::Pong(b"are you there".to_vec())).await?;

    done.push("pong".to_owned());
    answered(&mut client, "!ping and again", "pong and again").await?;

    for (code, reason) in [(1000, ""), (3000, "bye")] {
        done.push(format!("close {code}"));
        client.say(Say::Close(code, reason)).await?;
        expect(&mut client, Heard::Close(code, reason.to_owned())).await?;
        client = opened("/").await?;
        let expected = Heard::Text(format!("{code} {reason} the peer"));
        loop {
            client.say(Say::Text("!last-close")).await?;
            if client.hear().await? == expected {
                break;
            }
        }
    }
    done.push("closed by the server".to_owned());
    client.say(Say::Text("!disconnect 4242 that was ünïcödé")).await?;
    expect(&mut client, Heard::Close(4242, "that was ünïcödé".to_owned())).await?;

    done.push("refusal".to_owned());
    match server.open::<C>("/refused").await {
        Err(Refusal::Status(403)) => Ok(()),
        Err(other) => Err(other.to_string().into()),
        Ok(_) => Err("admitted".into()),
    }
}

async fn run<C: Client>(name: &str, server: &Server) -> bool {
    let mut done = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(10), programme::<C>(server, &mut done)).await;
    let failure = match ended {
        Ok(Ok(())) => {
            println!("ok {name}: {}", done.join(", "));
            return true;
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => "it takes too long".to_owned(),
    };
    println!("not ok {name}: {}: {failure}", done.last().map_or("opening", String::as_str));
    false
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let server = Server::from_environment()?;
    let passed = [
        run::<TokioTungstenite>("tokio-tungstenite", &server).await,
        run::<Fastwebsockets>("fastwebsockets", &server).await,
        run::<TokioWebsockets>("tokio-websockets", &server).await,
        run::<Yawc>("yawc", &server).await,
    ];
    if passed.contains(&false) { Err("some failed".into()) } else { Ok(()) }
}
