//! Opens a connection: from an accepted socket to a WebSocket, or to the reason why there is none.
//!
//! ```text
//! accepted ─ PROXY header ─ connect ─ TLS ─ request ─┬─ handshake ─ admitted ─ 101 ─ open
//!                                                    ├─ plain request ─ answer
//!                                                    └─ refusal ─ answer
//! ```
//!
//! A handshake takes these steps, and ends with the first that refuses it: its path finds the route; the `handshake`
//! handler of a server with routes; the guards of the path; the room, which `create` makes if there is none; the
//! `handshake` handler of the route.
//!
//! One deadline, `handshake_timeout`, covers all of it up to the answer. There are two entry points for an HTTP server
//! that reads requests itself: [`Admitted::to`] takes a classified handshake and needs no stream; [`Admitted::open`]
//! takes the stream.
//!
//! [`Admitted::to`]: admitted::Admitted::to
//! [`Admitted::open`]: admitted::Admitted::open

mod admitted;
mod answer;
mod client;
mod deadline;
mod handlers;
#[cfg(feature = "tower")]
mod mounted;
mod nodelay;
mod outcome;
mod reason;
mod refuse;
mod request;
mod tls;

use std::pin::pin;
use std::sync::Arc;

use http::StatusCode;
#[cfg(feature = "tower")]
use tokio::sync::mpsc;
use tokio::time::Instant;

use self::admitted::Opened;
use self::answer::Answer;
use self::deadline::{interruption, unless_interrupted};
use self::handlers::run_connect;
use self::nodelay::Nodelay;
use self::reason::{NotAdmitted, NotOpened, Reason};
use self::tls::accept_tls;
use super::Conn;
use super::life::{ConnGuard, Life};
use crate::event::Service;
#[cfg(feature = "tower")]
use crate::mount::{AcceptedBy, Kept, Site};
use crate::server::{Hosted, Slot};
use crate::transport::Stream;

pub(crate) use self::admitted::Admitted;
pub(super) use self::admitted::Upgraded;
pub(crate) use self::answer::answer_short;
#[cfg(feature = "tower")]
pub(crate) use self::client::is_trusted;
#[cfg(feature = "tower")]
pub(crate) use self::mounted::answer;
#[cfg(feature = "tower")]
pub(crate) use self::mounted::refuse_opened;
#[cfg(feature = "tower")]
pub(super) use self::outcome::count_not_upgraded;
pub(super) use self::outcome::count_opened;
pub(crate) use self::refuse::{NoPlace, refuse};

/// Opens a connection. Returns its task from then on; `None` if it did not become a WebSocket: then it is over, and the
/// log says why.
pub(super) async fn open<S: Service>(
    hosted: Arc<Hosted<S>>,
    guard: ConnGuard,
    stream: Stream,
    slot: Slot,
) -> Option<Life> {
    let start = Instant::now();
    let conn = &guard.0;
    match try_open(&hosted, conn, stream, &slot).await {
        Ok(opened) => {
            hosted.server.counters().handshake_took(start.elapsed());
            count_opened(conn, StatusCode::SWITCHING_PROTOCOLS);
            drop(slot);
            Some(opened.begin(hosted, guard))
        }
        Err(NotOpened::Because(reason)) => {
            outcome::count_not_opened(conn, &reason);
            tracing::debug!(conn = conn.id(), peer = %conn.peer(), "not connected: {reason}");
            None
        }
        #[cfg(feature = "tower")]
        Err(NotOpened::Elsewhere(stream)) => {
            drop(slot);
            // Boxed, because most servers have no service beside them.
            Box::pin(pass_on(hosted, conn.clone(), *stream)).await
        }
    }
}

async fn try_open<S: Service>(
    hosted: &Arc<Hosted<S>>,
    conn: &Conn,
    mut stream: Stream,
    slot: &Slot,
) -> Result<Opened<S>, NotOpened> {
    let mut interruption = pin!(interruption(&hosted.server));
    let mut nodelay = Nodelay::inherited(hosted.server.options());

    if client::sends_preamble(hosted.server.options(), conn.peer()) {
        // Boxed, because most servers take no PROXY header.
        let reading = Box::pin(client::read_preamble(conn, slot, stream));
        stream = unless_interrupted(interruption.as_mut(), reading).await??;
        if let Err(too_many) = client::count_proxied(conn) {
            if hosted.tls.is_some() {
                return Err(Reason::from(too_many).into());
            }
            let sending = Box::pin(Answer::from(too_many).send(stream, conn, slot));
            return Err(Reason::Answered(sending.await).into());
        }
    }
    unless_interrupted(interruption.as_mut(), pin!(run_connect(hosted, conn))).await??;
    nodelay.apply(&stream, conn);
    if let Some(tls) = &hosted.tls {
        // Boxed, because most servers do not use TLS.
        let accepting = Box::pin(accept_tls(slot, tls.acceptor(), stream));
        stream = unless_interrupted(interruption.as_mut(), accepting).await??;
    }
    match request::admit(hosted, conn, &mut stream, slot, interruption).await {
        Ok(admitted) => {
            nodelay.apply(&stream, conn);
            Ok(admitted.open(stream))
        }
        Err(NotAdmitted::Silently(reason)) => Err(reason.into()),
        #[cfg(feature = "tower")]
        Err(NotAdmitted::Elsewhere(unread)) => {
            Err(NotOpened::Elsewhere(Box::new(stream.with_unread(unread))))
        }
        Err(NotAdmitted::With(answer)) => {
            // Boxed, because most connections become WebSockets.
            let sending = Box::pin(answer.send(stream, conn, slot));
            Err(Reason::Answered(sending.await).into())
        }
    }
}

/// Lets the service beside the server serve a connection. Returns the task of the WebSocket that it has become, if it has.
#[cfg(feature = "tower")]
async fn pass_on<S: Service>(hosted: Arc<Hosted<S>>, conn: Conn, stream: Stream) -> Option<Life> {
    let http = hosted.around.http.clone()?;
    let (becomes, mut became) = mpsc::channel(1);
    let ours = Arc::new(Site { hosted, accepted_by: AcceptedBy::Us(Kept { conn: conn.clone(), becomes }) });
    let address = client::address_for_others(&conn);
    let mut serving = http.serve(ours, conn, stream, address);
    let mut life = tokio::select! {
        biased;
        () = serving.as_mut() => return became.try_recv().ok(),
        Some(life) = became.recv() => life,
    };
    // It waits for the upgrade, which comes as the serving ends. Meanwhile it may be evicted.
    tokio::select! {
        biased;
        () = serving.as_mut() => Some(life),
        () = &mut life => {
            serving.await;
            None
        }
    }
}
