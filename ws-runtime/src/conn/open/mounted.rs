//! A request that another HTTP server has read, and will answer.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Response, StatusCode};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::admitted::Admitted;
use super::answer::Answer;
use super::client;
use super::deadline::{interruption, unless_interrupted};
use super::handlers::run_connect;
use super::outcome;
use super::reason::{NotAdmitted, Reason};
use super::request::admit_head;
use crate::conn::Conn;
use crate::conn::close::{LINGER, linger};
use crate::conn::life::{ConnGuard, Life};
use crate::event::Service;
use crate::handshake::{self, Head, HeadLimits, IntoResponse, Refusal, Transport};
use crate::listen::Address;
use crate::mount::NotUpgraded;
use crate::proxy::Told;
use crate::server::Hosted;
use crate::transport::Stream;
use crate::wire::encode_close;

/// Runs the handlers of a request. Returns its answer, and the task of the connection if that becomes a WebSocket.
///
/// `upgrading` gives the stream, once the answer is sent. `kept` is the connection on which the request came, if that is
/// one of our own listeners: its client is counted already, and known if a PROXY header has named it.
pub(crate) async fn answer<S: Service>(
    hosted: Arc<Hosted<S>>,
    head: Head,
    peer: Address,
    transport: Transport,
    kept: Option<Conn>,
    upgrading: impl Future<Output = Result<Stream, NotUpgraded>> + Send + 'static,
) -> (Response<Bytes>, Option<Life>) {
    let conn = hosted.server.new_conn(peer, None);
    if let Some(client) = kept.as_ref().and_then(Conn::client) {
        conn.set_client(client);
    }
    let guard = ConnGuard(conn.clone());
    let unanswered = Unanswered { conn: Some(&conn), is_handshake: head.wants_websocket() };
    let admitted = {
        let mut interruption = pin!(interruption(&hosted.server));
        // On a connection that is kept it ran when that was accepted.
        let has_connected = kept.is_some() && !head.wants_websocket();
        let connecting = async { if has_connected { Ok(()) } else { run_connect(&hosted, &conn).await } };
        match unless_interrupted(interruption.as_mut(), pin!(connecting)).await {
            Ok(Ok(())) => match check(&conn, &head, kept.as_ref()) {
                Ok(told) => admit_head(&hosted, &conn, head, transport, &told, interruption).await,
                Err(not_admitted) => Err(not_admitted),
            },
            Ok(Err(reason)) => Err(reason.into()),
            Err(interrupted) => Err(Reason::from(interrupted).into()),
        }
    };
    unanswered.disarm();
    let (response, reason) = match admitted {
        Ok(admitted) => {
            let response = admitted.response();
            let life = Life::upgrade(hosted, guard, admitted, upgrading);
            return (response, Some(life));
        }
        Err(NotAdmitted::With(answer)) => {
            let (response, answered) = answer.for_another_server();
            (response, Reason::Answered(answered))
        }
        Err(NotAdmitted::Silently(reason)) => (status_of(&reason), reason),
        // Only a connection of a listener of our own is passed on.
        Err(NotAdmitted::Elsewhere(_)) => {
            return (StatusCode::NOT_FOUND.into_response(), None);
        }
    };
    outcome::count_not_opened(&conn, &reason);
    tracing::debug!(conn = conn.id(), peer = %conn.peer(), "not connected: {reason}");
    (response, None)
}

/// A request whose handlers run. The other server drops it with its future when its peer leaves: then it is counted and
/// logged.
struct Unanswered<'c> {
    conn: Option<&'c Conn>,
    is_handshake: bool,
}

impl Unanswered<'_> {
    /// It is answered.
    fn disarm(mut self) {
        self.conn = None;
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        let Some(conn) = self.conn else { return };
        let reason = Reason::Dropped;
        // A plain request is counted by the status of its answer: there is none.
        if self.is_handshake {
            outcome::count_not_opened(conn, &reason);
        }
        tracing::debug!(conn = conn.id(), peer = %conn.peer(), "not connected: {reason}");
    }
}

/// Checks the size of a head, and finds out who the client is.
fn check(conn: &Conn, head: &Head, kept: Option<&Conn>) -> Result<Told, NotAdmitted> {
    check_size(conn, head)?;
    identify(conn, head, kept)
}

/// Holds a head to the limits of the server. That which has read it may allow more.
fn check_size(conn: &Conn, head: &Head) -> Result<(), NotAdmitted> {
    let options = conn.server().options();
    let limits = HeadLimits { max_header_size: options.max_header_size, max_headers: options.max_headers };
    head.check_size(limits).map_err(|refusal| Answer::from(refusal).into())
}

/// Finds out who the client is. On a connection that is kept, a plain request is not counted, and a handshake takes the
/// place of the connection, whose client has connected once.
fn identify(conn: &Conn, head: &Head, kept: Option<&Conn>) -> Result<Told, NotAdmitted> {
    match kept {
        Some(_) if !head.wants_websocket() => return client::read_forwarding(conn, head),
        Some(kept) => conn.server().clients().hand_over(kept.id(), conn.id()),
        None => {}
    }
    client::identify(conn, head)
}

/// The answer where there would be none on a connection of our own: this one is the other server's.
fn status_of(reason: &Reason) -> Response<Bytes> {
    match reason {
        Reason::Interrupted(_) => handshake::unavailable().into_response(),
        Reason::Refused
        | Reason::Disconnected
        | Reason::Preamble(_)
        | Reason::TooMany(_)
        | Reason::Tls(_)
        | Reason::Closed
        | Reason::Dropped
        | Reason::Io(_)
        | Reason::Evicted(_)
        | Reason::Answered(_) => StatusCode::FORBIDDEN.into_response(),
    }
}

/// Closes a connection of which another server has said that it is a WebSocket, although it may not be one.
pub(crate) async fn refuse_opened(mut stream: Stream, refusal: Refusal) {
    let close = encode_close(Some(CloseCode::Protocol.into()), &refusal.to_string());
    let sending = async {
        stream.write_all(&close).await?;
        stream.flush().await
    };
    if let Ok(Ok(())) = timeout(LINGER, sending).await {
        linger(stream).await;
    }
}

impl<S: Service> Admitted<S> {
    /// The answer that opens it, for the server that sends it.
    fn response(&self) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = self.response.status();
        *response.headers_mut() = self.response.headers().clone();
        response
    }
}
