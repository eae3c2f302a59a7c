//! From an accepted socket to a WebSocket: `connect`, TLS, the request, `handshake`, and 101; or a refusal.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::ops::DerefMut;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::header::RETRY_AFTER;
use http::{Method, Response, StatusCode};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;

use super::Conn;
use super::handlers::{Panicked, Verdict, catch, judge};
use super::linger::{LINGER, MIN_DRAIN_RATE, drain_time, linger};
use crate::Server;
use crate::event::{ConnEvent, Failure, Service};
use crate::handshake::{
    self, HandlerError, Handshake, HeadError, HeadLimits, HeadReader, IntoResponse, Judged, Refusal, Reject,
    Request, Transport,
};
use crate::listen::{Address, Stream};
use crate::options::Options;
use crate::server::{Evicted, Hosted, Place};
use crate::wire::Agreement;

/// How much is given to TLS at once: it takes more than it has sent, and what it sends shows only when all of it has gone.
const MOST_TO_TLS: usize = 16 * 1024;

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
        Err(Unopened::Answer(answer)) => End::Answered(answer.send(&hosted.server, &place).await),
    };
    tracing::debug!(conn = conn.id(), peer = %conn.peer(), "not connected: {end}");
    None
}

/// Tells a peer that the server has no room for it.
pub(crate) async fn turn_away(stream: Stream) {
    let Answer { mut stream, response, method, .. } =
        Answer::new(stream, come_again("there are too many connections"));
    let mut bytes = handshake::encode_response(&response, &method);
    // A short answer to a peer that was sent nothing before: the kernel takes it at once.
    if let Ok(Ok(())) = timeout(LINGER, stream.write_all_buf(&mut bytes)).await {
        linger(stream).await;
    }
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
    #[error("refused by the `connect` handler")]
    Refused,
    #[error("disconnected before it was ready")]
    Disconnected,
    #[error("the TLS handshake failed: {0}")]
    Tls(io::Error),
    #[error("the peer closed it before it sent a request")]
    Closed,
    #[error("the network failed: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Untimely(#[from] Untimely),
    #[error(transparent)]
    Evicted(#[from] Evicted),
    #[error(transparent)]
    Answered(Answered),
}

/// What ends an opening that is not done.
#[derive(Debug, Clone, Copy, thiserror::Error)]
enum Untimely {
    #[error("handshake_timeout ({} s) passed", .0.as_secs_f64())]
    TooSlow(Duration),
    #[error("the server shuts down")]
    ShuttingDown,
}

/// What a peer was answered, and whether it took the answer.
#[derive(Debug)]
struct Answered {
    status: StatusCode,
    because: Option<Because>,
    cut: Option<(Cut, Progress)>,
}

/// Why it was not what a handler answers.
#[derive(Debug, Clone, Copy, thiserror::Error)]
enum Because {
    #[error(transparent)]
    Refusal(Refusal),
    #[error(transparent)]
    Untimely(Untimely),
}

/// Why an answer did not go out as a whole.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("the peer took nothing for write_timeout ({} s)", .0.as_secs_f64())]
    NoProgress(Duration),
    #[error("the peer took fewer than {MIN_DRAIN_RATE} bytes a second")]
    TooSlow,
    #[error("shutdown_timeout passed")]
    ShutDown,
    #[error(transparent)]
    Evicted(#[from] Evicted),
    #[error("the network failed: {0}")]
    Io(#[from] io::Error),
}

/// How many bytes of an answer were taken.
#[derive(Debug, Clone, Copy)]
struct Progress {
    taken: usize,
    of: usize,
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answered with {}", self.status)?;
        if let Some(because) = &self.because {
            write!(f, ": {because}")?;
        }
        if let Some((cut, Progress { taken, of })) = &self.cut {
            write!(f, "; cut after {taken} of {of} bytes: {cut}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Answered {}

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
    let mut reader = HeadReader::new(limits);
    let head = {
        let reading = pin!(reader.read(&mut stream));
        before(end.as_mut(), pin!(place.peers_turn(reading))).await
    };
    let head = match head {
        Ok(head) => match head? {
            Ok(head) => head,
            Err(HeadError::Io(error)) => return Err(End::Io(error).into()),
            Err(HeadError::Closed) => return Err(End::Closed.into()),
            Err(HeadError::Refused(refusal)) => return Err(Answer::refusal(stream, refusal).into()),
        },
        // A browser that has connected ahead of need would take an answer for that to its next request.
        Err(untimely) if !reader.has_begun() => return Err(untimely.into()),
        Err(untimely) => return Err(Answer::untimely(stream, untimely).into()),
    };
    drop(reader);
    let transport =
        Transport { encrypted: hosted.tls.is_some(), has_host: matches!(conn.peer(), Address::Tcp(_)) };
    match handshake::judge(head, &options.origins, transport) {
        Judged::Refused(refusal) => Err(Answer::refusal(stream, refusal).into()),
        Judged::Plain(request) => {
            let mut answer = match before(end, pin!(respond(hosted, conn, &request))).await {
                Ok(response) => Answer::new(stream, response),
                Err(untimely) => Answer::untimely(stream, untimely),
            };
            answer.method = request.method().clone();
            Err(answer.into())
        }
        Judged::Upgrade(request) => {
            handshake::choose_subprotocol(&request, &options.subprotocols);
            let session = match before(end, pin!(admit(hosted, conn, &request))).await {
                Ok(Ok(session)) => session,
                Ok(Err(reject)) => return Err(Answer::new(stream, reject.into_response()).into()),
                Err(untimely) => return Err(Answer::untimely(stream, untimely).into()),
            };
            if conn.is_cut() {
                return Err(End::Disconnected.into());
            }
            if handshake::arrived_early(&mut stream).await {
                return Err(Answer::refusal(stream, Refusal::EarlyBytes).into());
            }
            nodelay.apply(&stream, conn);
            let window_bits = u8::try_from(options.compression_window_bits).unwrap_or_default();
            let agreed = handshake::agree(request.headers(), conn.compression(), window_bits);
            let (deflate, extension) = agreed.unzip();
            Ok(Opened { stream, session, deflate, accepted: handshake::accept(&request, extension) })
        }
    }
}

/// 503, with the time after which to come again.
fn come_again(why: &str) -> Response<Bytes> {
    let reject = Reject::service_unavailable();
    let text = format!("{}: {why}\n", reject.status());
    reject.header(RETRY_AFTER, COME_AGAIN_AFTER).text(text).into_response()
}

/// Waits for what ends an opening that is not done: its deadline, or the server's shutdown.
async fn untimely_end(server: &Server) -> Untimely {
    let handshake_timeout = server.options().handshake_timeout;
    tokio::select! {
        biased;
        () = server.stopping() => Untimely::ShuttingDown,
        () = sleep(handshake_timeout) => Untimely::TooSlow(handshake_timeout),
    }
}

/// Does a step of the opening, unless that ends before. Both are pinned by the caller: an `async fn` that takes a future by
/// value holds it twice.
async fn before<T>(
    end: Pin<&mut impl Future<Output = Untimely>>,
    step: Pin<impl DerefMut<Target: Future<Output = T>>>,
) -> Result<T, Untimely> {
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
    let (name, outcome) = match hosted.server.replaced_connect() {
        Some(handler) => ("on_connect", catch(|| async { handler(conn) }).await),
        None => {
            let event = ConnEvent::before_session(conn, &hosted.store);
            (S::HANDLERS.connect.name, catch(|| S::connect(event)).await)
        }
    };
    if judge(conn, name, outcome) == Verdict::End {
        return Err(End::Refused);
    }
    if conn.is_cut() { Err(End::Disconnected) } else { Ok(()) }
}

/// Runs `handshake`, which admits the peer and makes its session; then the one that was added for this connection.
async fn admit<S: Service>(
    hosted: &Hosted<S>,
    conn: &Conn,
    request: &Handshake,
) -> Result<S::Session, Reject> {
    let event = ConnEvent::before_session(conn, &hosted.store);
    let admitted = catch(|| S::handshake(event, request)).await;
    let session = admission(conn, S::HANDLERS.handshake.name, admitted)?;
    if let Some(handler) = conn.replaced_handshake() {
        let admitted = catch(|| async { handler(request) }).await;
        admission(conn, "on_handshake", admitted)?;
    }
    Ok(session)
}

/// What a handler of `handshake` said. What went wrong in it is logged under its name.
fn admission<T>(
    conn: &Conn,
    handler: &'static str,
    admitted: Result<Result<T, Reject>, Panicked>,
) -> Result<T, Reject> {
    match admitted {
        Ok(admitted) => admitted.inspect_err(|reject| {
            if let Some(mistake) = reject.mistake() {
                judge(conn, handler, Ok(Err(Failure::new(mistake))));
            }
        }),
        Err(panic) => {
            judge(conn, handler, Err(panic));
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
    because: Option<Because>,
}

impl Answer {
    fn new(stream: Stream, response: Response<Bytes>) -> Self {
        Self { stream, response, method: Method::GET, because: None }
    }

    fn refusal(stream: Stream, refusal: Refusal) -> Self {
        Self { because: Some(Because::Refusal(refusal)), ..Self::new(stream, refusal.into_response()) }
    }

    fn untimely(stream: Stream, untimely: Untimely) -> Self {
        let response = match untimely {
            Untimely::TooSlow(_) => Reject::new(StatusCode::REQUEST_TIMEOUT).into_response(),
            Untimely::ShuttingDown => come_again("the server shuts down"),
        };
        Self { because: Some(Because::Untimely(untimely)), ..Self::new(stream, response) }
    }

    /// Sends it, and ends the connection so that it arrives. A peer that reads has the time that it takes, until the
    /// server's shutdown is over.
    async fn send(self, server: &Server, place: &Place) -> Answered {
        let Self { mut stream, response, method, because } = self;
        let mut bytes = handshake::encode_response(&response, &method);
        let of = bytes.remaining();
        let at_most = if stream.is_tls() { MOST_TO_TLS } else { usize::MAX };
        let writing = write(&mut stream, &mut bytes, at_most, server.options().write_timeout);
        let written = tokio::select! {
            biased;
            () = server.aborting() => Err(Cut::ShutDown),
            written = place.peers_turn(writing) => written.unwrap_or_else(|evicted| Err(evicted.into())),
        };
        let cut = match written {
            Ok(()) => {
                tokio::select! {
                    () = server.aborting() => {}
                    // Evicted or not: the answer is on its way.
                    _ = place.peers_turn(linger(stream)) => {}
                }
                None
            }
            Err(cut) => Some((cut, Progress { taken: of - bytes.remaining(), of })),
        };
        Answered { status: response.status(), because, cut }
    }
}

/// Writes it all, as long as the peer makes progress, and more of it than next to none.
async fn write(
    to: &mut (impl AsyncWrite + Unpin),
    bytes: &mut impl Buf,
    at_most: usize,
    write_timeout: Duration,
) -> Result<(), Cut> {
    let end = Instant::now() + drain_time(write_timeout, bytes.remaining());
    while bytes.has_remaining() {
        let progress = Instant::now() + write_timeout;
        match timeout_at(progress.min(end), write_some(to, bytes, at_most)).await {
            Ok(written) => written?,
            Err(_) if progress <= end => return Err(Cut::NoProgress(write_timeout)),
            Err(_) => return Err(Cut::TooSlow),
        }
    }
    Ok(())
}

async fn write_some(
    to: &mut (impl AsyncWrite + Unpin),
    bytes: &mut impl Buf,
    at_most: usize,
) -> io::Result<()> {
    let written = match at_most {
        usize::MAX => to.write_buf(bytes).await?,
        at_most => to.write_buf(&mut bytes.take(at_most)).await?,
    };
    if written == 0 {
        return Err(io::ErrorKind::WriteZero.into());
    }
    to.flush().await
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

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

    /// Writes so many bytes to a peer that takes as many at once, so often; what came of it, and after how long.
    async fn written(bytes: usize, taken: usize, every: Duration) -> (Result<(), Cut>, Duration) {
        let (mut ours, mut theirs) = tokio::io::duplex(taken);
        tokio::spawn(async move {
            let mut piece = vec![0; taken];
            loop {
                sleep(every).await;
                if theirs.read_exact(&mut piece).await.is_err() {
                    return;
                }
            }
        });
        let start = Instant::now();
        let mut bytes = Bytes::from(vec![0; bytes]);
        (write(&mut ours, &mut bytes, usize::MAX, WRITE_TIMEOUT).await, start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_reads_slowly_gets_all_and_one_that_reads_next_to_nothing_is_cut() {
        let nine = Duration::from_secs(9);
        let (outcome, _) = written(100_000, 300 * 9, nine).await;
        assert!(outcome.is_ok(), "300 bytes a second: {outcome:?}");
        let (outcome, after) = written(100_000, 1, nine).await;
        assert!(matches!(outcome, Err(Cut::TooSlow)), "{outcome:?}");
        assert_eq!(after.as_secs(), 10 + 100_000 / 256);
        let (outcome, after) = written(100, 1, nine).await;
        assert!(matches!(outcome, Err(Cut::NoProgress(_) | Cut::TooSlow)), "{outcome:?}");
        assert_eq!(after.as_secs(), 10);
        let (outcome, after) = written(100_000, 3000, Duration::from_secs(11)).await;
        assert!(matches!(outcome, Err(Cut::NoProgress(WRITE_TIMEOUT))), "{outcome:?}");
        assert_eq!(after.as_secs(), 10);
    }
}
