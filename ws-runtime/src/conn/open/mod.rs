//! From an accepted socket to a WebSocket: `connect`, TLS, the request, `handshake`, and 101; or a refusal.

mod answer;
mod deadline;
mod end;
mod handlers;
mod nodelay;
mod tls;

use std::pin::pin;
use std::sync::Arc;

use super::Conn;
use crate::event::{Route, Service};
use crate::handshake::{self, HeadError, HeadLimits, HeadReader, IntoResponse, Judged, Refusal, Transport};
use crate::listen::Address;
use crate::server::{Hosted, Place};
use crate::transport::Stream;
use crate::wire::Agreement;

use self::answer::Answer;
pub(crate) use self::answer::turn_away;
use self::deadline::{before, untimely_end};
use self::end::{End, Unopened};
use self::handlers::{admit, greet, respond};
use self::nodelay::Nodelay;
use self::tls::accept_tls;

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
) -> Option<Opened<<S::Route as Route>::Session>> {
    let end = match attempt(&hosted, &conn, stream, &place).await {
        Ok(opened) => return Some(opened),
        Err(Unopened::End(end)) => end,
        Err(Unopened::Answer(answer)) => End::Answered(answer.send(&hosted.server, &place).await),
    };
    tracing::debug!(conn = conn.id(), peer = %conn.peer(), "not connected: {end}");
    None
}

async fn attempt<S: Service>(
    hosted: &Hosted<S>,
    conn: &Conn,
    mut stream: Stream,
    place: &Place,
) -> Result<Opened<<S::Route as Route>::Session>, Unopened> {
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
            let session = match before(end, pin!(admit::<S::Route>(hosted, conn, &request))).await {
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
