//! Sends the answer to a request that does not become a WebSocket.

use std::fmt;
use std::io;
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::header::RETRY_AFTER;
#[cfg(feature = "tower")]
use http::header::{CONNECTION, HeaderValue};
use http::{Method, Response, StatusCode};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use super::deadline::Interrupted;
use crate::conn::Conn;
use crate::conn::close::{MIN_DRAIN_RATE, drain_time, linger};
use crate::handshake::{self, IntoResponse, Refusal, Reject};
use crate::server::{Evicted, Slot, TooMany};
use crate::transport::Stream;

/// How many bytes of an answer are written at once. The kernel and TLS take a large write as a whole, and report room
/// only after most of it is sent. Until then a slow reader looks as if it reads nothing.
const PIECE: usize = 8 * 1024;

/// 429, for an address that has reached a limit. It is not 503: that would tell a proxy that the server is down, for
/// all clients.
pub(super) fn too_many_requests(too_many: TooMany) -> Response<Bytes> {
    let status = StatusCode::TOO_MANY_REQUESTS;
    let reject = Reject::new(status).header(RETRY_AFTER, too_many.retry_after());
    reject.text(format!("{status}: there are too many connections from your address\n")).into_response()
}

/// Sends an answer within this time and closes the connection, for a stream that has no [`Conn`].
pub(crate) async fn answer_short(
    mut stream: Stream,
    response: &Response<Bytes>,
    method: &Method,
    within: Duration,
) {
    let mut bytes = handshake::encode_response(response, method);
    let sending = async {
        stream.write_all_buf(&mut bytes).await?;
        stream.flush().await
    };
    if let Ok(Ok(())) = timeout(within, sending).await {
        linger(stream).await;
    }
}

/// An answer to a request that does not become a WebSocket.
pub(super) struct Answer {
    response: Response<Bytes>,
    /// The method of the request, if it is known.
    method: Method,
    asked: Asked,
    cause: Option<Cause>,
}

/// What a peer asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked {
    /// A WebSocket, or something that is no request.
    Handshake,
    /// Something else, by plain HTTP.
    Plain,
}

impl From<Response<Bytes>> for Answer {
    fn from(response: Response<Bytes>) -> Self {
        Self { response, method: Method::GET, asked: Asked::Handshake, cause: None }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self { cause: Some(Cause::Refusal(refusal)), ..Self::from(refusal.into_response()) }
    }
}

impl From<TooMany> for Answer {
    fn from(too_many: TooMany) -> Self {
        Self { cause: Some(Cause::TooMany(too_many)), ..Self::from(too_many_requests(too_many)) }
    }
}

impl From<Interrupted> for Answer {
    fn from(interrupted: Interrupted) -> Self {
        let response = match interrupted {
            Interrupted::TooSlow(_) => Reject::new(StatusCode::REQUEST_TIMEOUT).into_response(),
            Interrupted::ShuttingDown => unavailable("the server shuts down"),
        };
        Self { cause: Some(Cause::Interrupted(interrupted)), ..Self::from(response) }
    }
}

impl Answer {
    /// Makes it the answer to a plain request of this method. An answer to `HEAD` has no body.
    pub(super) fn for_plain(self, method: &Method) -> Self {
        Self { method: method.clone(), asked: Asked::Plain, ..self }
    }

    /// The same for a request by `HEAD`, if it is one: without a body.
    pub(super) fn for_head(self, is_head: bool) -> Self {
        if is_head { Self { method: Method::HEAD, ..self } } else { self }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The word for what the server itself refuses, for labels.
    pub(super) fn error(&self) -> Option<&'static str> {
        Some(self.cause?.as_str())
    }

    /// The response, for another server to send, and what is logged of it.
    #[cfg(feature = "tower")]
    pub(super) fn for_another_server(self) -> (Response<Bytes>, Answered) {
        let Self { mut response, method: _, asked, cause } = self;
        if let Some(Cause::Refusal(_)) = cause {
            // As alone: whoever breaks a rule may have meant something else by the bytes that follow.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let answered = Answered { status: response.status(), asked, cause, cut: None };
        (response, answered)
    }

    /// Sends it and closes the connection. A slow peer that reads gets all of it, unless `shutdown_timeout` passes
    /// first.
    pub(super) async fn send(self, mut stream: Stream, conn: &Conn, slot: &Slot) -> Answered {
        let Self { response, method, asked, cause } = self;
        let mut bytes = handshake::encode_response(&response, &method);
        let of = bytes.remaining();
        let writing = write(&mut stream, &mut bytes, conn.options().write_timeout);
        let written = tokio::select! {
            biased;
            () = conn.server().aborting() => Err(Cut::ShuttingDown),
            written = slot.wait_for_peer(writing) => written.unwrap_or_else(|evicted| Err(evicted.into())),
        };
        let cut = match written {
            Ok(()) => {
                tokio::select! {
                    () = conn.server().aborting() => {}
                    // The answer is on its way, even if the connection is evicted.
                    _ = slot.wait_for_peer(linger(stream)) => {}
                }
                None
            }
            Err(cut) => Some((cut, Progress { written: of - bytes.remaining(), of })),
        };
        Answered { status: response.status(), asked, cause, cut }
    }
}

/// Writes all bytes and shuts down our half, unless the peer takes none for `write_timeout` or is slower than
/// [`MIN_DRAIN_RATE`].
async fn write(to: &mut Stream, bytes: &mut impl Buf, write_timeout: Duration) -> Result<(), Cut> {
    let end = Instant::now() + drain_time(write_timeout, bytes.remaining());
    loop {
        let is_last = !bytes.has_remaining();
        let progress = Instant::now() + write_timeout;
        // Over TLS the shutdown sends an alert. Without it the answer would look truncated.
        let step = async { if is_last { to.shutdown().await } else { write_piece(to, bytes).await } };
        match timeout_at(progress.min(end), step).await {
            // A peer that has read it all may have closed already.
            Ok(_) if is_last => return Ok(()),
            Ok(done) => done?,
            Err(_) if progress > end => return Err(Cut::TooSlow),
            // What the peer has read may not be enough for the kernel to say that there is room.
            Err(_) => match to.insist(bytes.chunk())? {
                Some(taken) => bytes.advance(taken),
                None => return Err(Cut::NoProgress(write_timeout)),
            },
        }
    }
}

async fn write_piece(to: &mut (impl AsyncWrite + Unpin), bytes: &mut impl Buf) -> io::Result<()> {
    if to.write_buf(&mut bytes.take(PIECE)).await? == 0 {
        return Err(io::ErrorKind::WriteZero.into());
    }
    to.flush().await
}

/// 503 for this reason.
pub(super) fn unavailable(why: &str) -> Response<Bytes> {
    let reject = handshake::unavailable();
    let text = format!("{}: {why}\n", reject.status());
    reject.text(text).into_response()
}

/// The answer that was sent, and whether the peer took all of it.
#[derive(Debug)]
pub(super) struct Answered {
    status: StatusCode,
    asked: Asked,
    cause: Option<Cause>,
    cut: Option<(Cut, Progress)>,
}

impl Answered {
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn asked(&self) -> Asked {
        self.asked
    }

    /// The limit that the address of the peer has reached, if that is why.
    pub(super) fn too_many(&self) -> Option<TooMany> {
        match self.cause? {
            Cause::TooMany(too_many) => Some(too_many),
            Cause::Refusal(_) | Cause::Interrupted(_) => None,
        }
    }

    /// The word for what was wrong; `None` if a handler refused.
    pub(super) fn error(&self) -> Option<&'static str> {
        Some(self.cause?.as_str())
    }
}

/// Why the server answers itself instead of a handler.
#[derive(Debug, Clone, Copy, thiserror::Error)]
enum Cause {
    #[error(transparent)]
    Refusal(Refusal),
    #[error(transparent)]
    TooMany(TooMany),
    #[error(transparent)]
    Interrupted(Interrupted),
}

impl Cause {
    /// The word for it in labels.
    fn as_str(self) -> &'static str {
        match self {
            Self::Refusal(refusal) => refusal.as_str(),
            Self::TooMany(too_many) => too_many.option(),
            Self::Interrupted(interrupted) => interrupted.as_str(),
        }
    }
}

/// Why an answer was cut.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("the peer took nothing for write_timeout ({} s)", .0.as_secs_f64())]
    NoProgress(Duration),
    #[error("the peer took fewer than {MIN_DRAIN_RATE} bytes a second")]
    TooSlow,
    #[error("shutdown_timeout passed")]
    ShuttingDown,
    #[error(transparent)]
    Evicted(#[from] Evicted),
    #[error("the network failed: {0}")]
    Io(#[from] io::Error),
}

/// How many bytes of an answer were written.
#[derive(Debug, Clone, Copy)]
struct Progress {
    written: usize,
    of: usize,
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answered with {}", self.status)?;
        if let Some(cause) = &self.cause {
            write!(f, ": {cause}")?;
        }
        if let Some((cut, Progress { written, of })) = &self.cut {
            write!(f, "; cut after {written} of {of} bytes: {cut}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Answered {}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::time::sleep;

    use super::*;

    const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

    /// Writes to a peer that reads `taken` bytes in each period. Returns the outcome, and when it came.
    async fn written(bytes: usize, taken: usize, every: Duration) -> (Result<(), Cut>, Duration) {
        let (ours, mut theirs) = tokio::io::duplex(taken);
        let mut ours = Stream::over(ours);
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
        (write(&mut ours, &mut bytes, WRITE_TIMEOUT).await, start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_peer_gets_all_and_a_peer_below_the_drain_rate_is_cut() {
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
