//! From an accepted socket to an open WebSocket, or to the reason why there is none.
//!
//! ```text
//! accepted ─ connect ─ TLS ─ request ─┬─ handshake ─ admitted ─ 101 ─ open
//!                                     ├─ plain request ─ answer
//!                                     └─ refusal ─ answer
//! ```
//!
//! One deadline, `handshake_timeout`, covers all of it up to the answer. There are two doors: [`Admitted::new`] takes a
//! classified handshake and needs no stream; [`Admitted::open`] takes the stream. A host that reads requests itself, as an
//! HTTP server does, can use them without what comes before.

mod admitted;
mod answer;
mod deadline;
mod handlers;
mod nodelay;
mod reason;
mod request;
mod tls;

use std::pin::pin;
use std::sync::Arc;

use self::admitted::Admitted;
use self::answer::Answer;
use self::deadline::{interruption, unless_interrupted};
use self::handlers::{run_connect, run_request};
use self::nodelay::Nodelay;
use self::reason::{NotOpened, Reason};
use self::request::{classify, read_head};
use self::tls::accept_tls;
use super::Conn;
use crate::event::Service;
use crate::handshake::{self, Classified, Refusal};
use crate::listen::Stream;
use crate::server::{Hosted, Slot};

pub(super) use self::admitted::Opened;
pub(crate) use self::answer::refuse;

/// Opens a connection. `None` if it did not become a WebSocket: then it is over, and the log says why.
pub(super) async fn open<S: Service>(
    hosted: Arc<Hosted<S>>,
    conn: Conn,
    stream: Stream,
    slot: Slot,
) -> Option<Opened<S::Session>> {
    let reason = match try_open(&hosted, &conn, stream, &slot).await {
        Ok(opened) => return Some(opened),
        Err(NotOpened::Silently(reason)) => reason,
        Err(NotOpened::With(answer)) => Reason::Answered(answer.send(&hosted.server, &slot).await),
    };
    tracing::debug!(conn = conn.id(), peer = %conn.peer(), "not connected: {reason}");
    None
}

async fn try_open<S: Service>(
    hosted: &Hosted<S>,
    conn: &Conn,
    mut stream: Stream,
    slot: &Slot,
) -> Result<Opened<S::Session>, NotOpened> {
    let mut interruption = pin!(interruption(&hosted.server));
    let mut nodelay = Nodelay::inherited(hosted.server.options());

    unless_interrupted(interruption.as_mut(), pin!(run_connect(hosted, conn))).await??;
    nodelay.apply(&stream, conn);
    if let Some(acceptor) = &hosted.tls {
        // Boxed, as most connections to most servers need no room for it.
        let accepting = Box::pin(accept_tls(slot, acceptor, stream));
        stream = unless_interrupted(interruption.as_mut(), accepting).await??;
    }

    let (head, mut stream) = read_head(hosted.server.options(), interruption.as_mut(), slot, stream).await?;
    let handshake = match classify(hosted, conn, head) {
        Classified::Upgrade(handshake) => handshake,
        Classified::Plain(request) => {
            let answering = pin!(run_request(hosted, conn, &request));
            let answer = match unless_interrupted(interruption, answering).await {
                Ok(response) => Answer::new(stream, response),
                Err(interrupted) => Answer::interrupted(stream, interrupted),
            };
            return Err(answer.for_method(request.method()).into());
        }
        Classified::Refused(refusal) => return Err(Answer::refusal(stream, refusal).into()),
        Classified::ForeignPage(_) => return Err(Answer::refusal(stream, Refusal::ForeignOrigin).into()),
    };

    let admitting = pin!(Admitted::new(hosted, conn, &handshake));
    let admitted = match unless_interrupted(interruption, admitting).await {
        Ok(Ok(admitted)) => admitted,
        Ok(Err(reject)) => return Err(Answer::reject(stream, reject).into()),
        Err(interrupted) => return Err(Answer::interrupted(stream, interrupted).into()),
    };
    if conn.is_cut() {
        return Err(Reason::Disconnected.into());
    }
    if handshake::arrived_early(&mut stream).await {
        return Err(Answer::refusal(stream, Refusal::EarlyBytes).into());
    }
    nodelay.apply(&stream, conn);
    Ok(admitted.open(stream))
}
