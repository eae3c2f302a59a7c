//! From an accepted socket to a WebSocket: `connect`, TLS, the request, `handshake`, and 101; or a refusal.

use std::future::{Future, poll_fn};
use std::io;
use std::ops::DerefMut;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{Method, Response, StatusCode};
use tokio::io::AsyncWriteExt;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::Conn;
use super::handlers::{Verdict, catch, judge};
use super::linger::linger;
use crate::Server;
use crate::event::{ConnEvent, Failure, Service};
use crate::handshake::{
    self, HandlerError, Handshake, HeadError, HeadLimits, IntoResponse, Judged, Refusal, Reject, Request,
    Transport,
};
use crate::listen::{Address, Stream};
use crate::options::Options;
use crate::server::{Evicted, Hosted, Place};
use crate::wire::Agreement;

/// How long the peer has to take a refusal.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// When a peer that is sent away for now may come again, in seconds.
const COME_AGAIN_AFTER: &str = "5";

/// A connection that has become a WebSocket.
pub(super) struct Opened<Se> {
    pub(super) stream: Stream,
    pub(super) session: Se,
    /// What was agreed on, if messages are to be compressed.
    pub(super) deflate: Option<Agreement>,
    /// The 101, which is yet to be sent.
    pub(super) accepted: Vec<u8>,
}

/// Opens a connection, within `handshake_timeout` from now; `None` where it came to nothing and is over.
pub(super) async fn open<S: Service>(
    hosted: Arc<Hosted<S>>,
    conn: Conn,
    stream: Stream,
    place: Place,
) -> Option<Opened<S::Session>> {
    let end = match attempt(&hosted, &conn, stream, &place).await {
        Ok(opened) => return Some(opened),
        Err(Unopened::End(end)) => end,
        Err(Unopened::Answer(answer)) => place.peers_turn(answer.send()).await.unwrap_or_else(End::from),
    };
    tracing::debug!(conn = conn.id(), peer = %conn.peer(), reason = %end, "not connected");
    None
}

/// Tells a peer that the server has no room for it.
pub(crate) async fn turn_away(stream: Stream) {
    Answer::new(stream, come_again("there are too many connections")).send().await;
}

/// What a connection comes to that does not become a WebSocket.
enum Unopened {
    /// It is over.
    End(End),
    /// It is told something first.
    Answer(Box<Answer>),
}

/// Why a connection did not become a WebSocket.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("the `connect` handler refused it")]
    Refused,
    #[error("it was disconnected before it was ready")]
    Disconnected,
    #[error("TLS failed: {0}")]
    Tls(io::Error),
    #[error("it went away before its request was complete")]
    Closed,
    #[error("the network failed: {0}")]
    Io(#[from] io::Error),
    #[error("the handshake took too long")]
    TooSlow,
    #[error(transparent)]
    Evicted(#[from] Evicted),
    #[error("the server shuts down")]
    ShuttingDown,
    #[error("its request was answered with status {0}")]
    Answered(StatusCode),
    #[error("its request was answered with status {0}: {1}")]
    AnsweredBecause(StatusCode, Refusal),
}

impl<E: Into<End>> From<E> for Unopened {
    fn from(end: E) -> Self {
        Self::End(end.into())
    }
}

impl From<Answer> for Unopened {
    fn from(answer: Answer) -> Self {
        Self::Answer(Box::new(answer))
    }
}

async fn attempt<S: Service>(
    hosted: &Hosted<S>,
    conn: &Conn,
    mut stream: Stream,
    place: &Place,
) -> Result<Opened<S::Session>, Unopened> {
    let options = hosted.server.options();
    let mut end = pin!(untimely_end(&hosted.server));

    let mut nodelay = Nodelay::of_accepted(options);
    before(end.as_mut(), pin!(greet(hosted, conn))).await??;
    nodelay.apply(&stream, conn);
    if let Some(acceptor) = &hosted.tls {
        // Boxed, as most connections to most servers need no room for it.
        stream = before(end.as_mut(), Box::pin(accept_tls(place, acceptor, stream))).await??;
    }

    let limits = HeadLimits { max_header_size: options.max_header_size, max_headers: options.max_headers };
    let head = {
        let reading = pin!(handshake::read_head(&mut stream, limits));
        before(end.as_mut(), pin!(place.peers_turn(reading))).await
    };
    let head = match head {
        Ok(head) => match head? {
            Ok(head) => head,
            Err(HeadError::Io(error)) => return Err(End::Io(error).into()),
            Err(HeadError::Closed) => return Err(End::Closed.into()),
            Err(HeadError::Refused(refusal)) => {
                return Err(Answer::new(stream, refusal.into_response()).into());
            }
        },
        Err(end) => return Err(Answer::new(stream, end.into_response()).into()),
    };
    let transport =
        Transport { encrypted: hosted.tls.is_some(), has_host: matches!(conn.peer(), Address::Tcp(_)) };
    match handshake::judge(head, &options.origins, transport) {
        Judged::Refused(refusal) => Err(Answer::new(stream, refusal.into_response()).into()),
        Judged::Plain(request) => {
            let response = match before(end, pin!(respond(hosted, conn, &request))).await {
                Ok(response) => response,
                Err(end) => end.into_response(),
            };
            Err(Answer { stream, response, method: request.method().clone() }.into())
        }
        Judged::Upgrade(request) => {
            handshake::choose_subprotocol(&request, &options.subprotocols);
            let admitted = match before(end, pin!(admit(hosted, conn, &request))).await {
                Ok(admitted) => admitted.map_err(Reject::into_response),
                Err(end) => Err(end.into_response()),
            };
            match admitted {
                Ok(_) if conn.is_cut() => Err(End::Disconnected.into()),
                Ok(_) if handshake::arrived_early(&mut stream).await => {
                    Err(Answer::new(stream, Refusal::EarlyBytes.into_response()).into())
                }
                Ok(session) => {
                    nodelay.apply(&stream, conn);
                    let window_bits = u8::try_from(options.compression_window_bits).unwrap_or_default();
                    let agreed = handshake::agree(request.headers(), conn.compression(), window_bits);
                    let (deflate, extension) = agreed.unzip();
                    Ok(Opened { stream, session, deflate, accepted: handshake::accept(&request, extension) })
                }
                Err(response) => Err(Answer::new(stream, response).into()),
            }
        }
    }
}

impl End {
    /// What the peer is told, where it is told anything.
    fn into_response(self) -> Response<Bytes> {
        match self {
            Self::TooSlow => Reject::new(StatusCode::REQUEST_TIMEOUT).into_response(),
            Self::ShuttingDown => come_again("the server shuts down"),
            Self::Refused
            | Self::Disconnected
            | Self::Tls(_)
            | Self::Closed
            | Self::Io(_)
            | Self::Evicted(_)
            | Self::Answered(_)
            | Self::AnsweredBecause(..) => Reject::bad_request().into_response(),
        }
    }
}

/// 503, with the time after which to come again.
fn come_again(why: &str) -> Response<Bytes> {
    let reject = Reject::service_unavailable();
    let text = format!("{}: {why}\n", reject.status());
    reject.header(RETRY_AFTER, COME_AGAIN_AFTER).text(text).into_response()
}

/// What ends an opening that is not done: its deadline, or the server's shutdown.
async fn untimely_end(server: &Server) -> End {
    tokio::select! {
        biased;
        () = server.stopping() => End::ShuttingDown,
        () = sleep(server.options().handshake_timeout) => End::TooSlow,
    }
}

/// Does a step of the opening, unless that ends before. Both are pinned by the caller: an `async fn` that takes a future by
/// value holds it twice.
async fn before<T>(
    end: Pin<&mut impl Future<Output = End>>,
    step: Pin<impl DerefMut<Target: Future<Output = T>>>,
) -> Result<T, End> {
    tokio::select! {
        biased;
        end = end => Err(end),
        done = step => Ok(done),
    }
}

/// The server's side of the TLS handshake, step by step: for each of ours it waits for its turn.
async fn accept_tls(place: &Place, acceptor: &TlsAcceptor, stream: Stream) -> Result<Stream, End> {
    let mut handshake = pin!(stream.accept_tls(acceptor));
    loop {
        let turn = place.turn().await;
        let step = poll_fn(|cx| Poll::Ready(handshake.as_mut().poll(cx))).await;
        drop(turn);
        match step {
            Poll::Ready(done) => return done.map_err(End::Tls),
            Poll::Pending => place.peers_turn(woken()).await?,
        }
    }
}

/// Waits until the task is woken, by whatever it is that was polled before.
async fn woken() {
    let mut asked = false;
    poll_fn(|_| if std::mem::replace(&mut asked, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// Runs `connect`: here user code may configure the connection, or refuse it.
async fn greet<S: Service>(hosted: &Hosted<S>, conn: &Conn) -> Result<(), End> {
    let outcome = match hosted.server.replaced_connect() {
        Some(handler) => catch(|| async { handler(conn) }).await,
        None => catch(|| S::connect(ConnEvent::before_session(conn, &hosted.store))).await,
    };
    if judge(conn, S::HANDLERS.connect.name, outcome) == Verdict::End {
        return Err(End::Refused);
    }
    if conn.is_cut() { Err(End::Disconnected) } else { Ok(()) }
}

/// Runs `handshake`, which admits the peer and makes its session.
async fn admit<S: Service>(
    hosted: &Hosted<S>,
    conn: &Conn,
    request: &Handshake,
) -> Result<S::Session, Reject> {
    let explain = |reject: &Reject| {
        if let Some(mistake) = reject.mistake() {
            judge(conn, S::HANDLERS.handshake.name, Ok(Err(Failure::new(mistake))));
        }
    };
    let event = ConnEvent::before_session(conn, &hosted.store);
    let session = match catch(|| S::handshake(event, request)).await {
        Ok(admitted) => admitted.inspect_err(explain)?,
        Err(panic) => {
            judge(conn, S::HANDLERS.handshake.name, Err(panic));
            return Err(Reject::new(StatusCode::INTERNAL_SERVER_ERROR));
        }
    };
    let Some(handler) = conn.replaced_handshake() else { return Ok(session) };
    match catch(|| async { handler(request) }).await {
        Ok(admitted) => admitted.map(|()| session).inspect_err(explain),
        Err(panic) => {
            judge(conn, S::HANDLERS.handshake.name, Err(panic));
            Err(Reject::new(StatusCode::INTERNAL_SERVER_ERROR))
        }
    }
}

/// Runs `request`; without a handler the peer is told to speak WebSocket.
async fn respond<S: Service>(hosted: &Hosted<S>, conn: &Conn, request: &Request) -> Response<Bytes> {
    let event = ConnEvent::before_session(conn, &hosted.store);
    let response = match catch(|| S::request(event, request)).await {
        Ok(Some(response)) => response,
        Ok(None) => return handshake::upgrade_required().into_response(),
        Err(panic) => {
            judge(conn, S::HANDLERS.request.name, Err(panic));
            return Reject::new(StatusCode::INTERNAL_SERVER_ERROR).into_response();
        }
    };
    if let Some(HandlerError(error)) = response.extensions().get() {
        judge(conn, S::HANDLERS.request.name, Ok(Err(Failure::new(error))));
    }
    response
}

/// An answer to a request that does not become a WebSocket.
struct Answer {
    stream: Stream,
    response: Response<Bytes>,
    /// That of the request, as far as it is known.
    method: Method,
}

impl Answer {
    fn new(stream: Stream, response: Response<Bytes>) -> Self {
        Self { stream, response, method: Method::GET }
    }

    /// Sends it, and ends the connection so that it arrives.
    async fn send(self) -> End {
        let Self { mut stream, response, method } = self;
        let answered = async {
            write(&mut stream, &response, &method).await?;
            linger(stream).await;
            Ok::<(), io::Error>(())
        };
        match timeout(REFUSAL_TIMEOUT * 2, answered).await {
            Ok(Err(error)) => End::Io(error),
            Ok(Ok(())) | Err(_) => match response.extensions().get() {
                Some(refusal) => End::AnsweredBecause(response.status(), *refusal),
                None => End::Answered(response.status()),
            },
        }
    }
}

async fn write(stream: &mut Stream, response: &Response<Bytes>, method: &Method) -> io::Result<()> {
    handshake::write_response(stream, response, method).await?;
    stream.flush().await
}

/// What `TCP_NODELAY` is set to, as far as it is known.
struct Nodelay(Option<bool>);

impl Nodelay {
    /// A connection inherits what its listener was set to, where the system is one that does so.
    fn of_accepted(options: &Options) -> Self {
        Self(cfg!(any(target_os = "linux", target_os = "android")).then_some(options.nodelay))
    }

    /// Sets it where the connection is to have another.
    fn apply(&mut self, stream: &Stream, conn: &Conn) {
        let nodelay = conn.nodelay();
        if self.0.replace(nodelay) == Some(nodelay) {
            return;
        }
        if let Err(error) = stream.set_nodelay(nodelay) {
            tracing::debug!(conn = conn.id(), %error, "TCP_NODELAY was not set");
        }
    }
}
