//! A connection from its first byte to its last: opened, ready, its messages one by one, and gone.

use std::sync::Arc;

use super::Conn;
use super::handlers::{Verdict, catch, judge};
use super::link::Link;
use super::opening::open;
use super::outlet::ABNORMAL;
use crate::event::{Binary, Close, ClosedBy, ConnEvent, Outcome, Pong, Service, Utf8};
use crate::listen::{Address, Stream};
use crate::server::{Hosted, Place};
use crate::wire::Incoming;

/// Lives one connection, in the task that it is called in.
pub(crate) async fn live<S: Service>(hosted: Arc<Hosted<S>>, stream: Stream, peer: Address, place: Place) {
    let conn = hosted.server.greet(peer, &stream);
    // Boxed, so that the memory which TLS and the handshake need is given back once they are done.
    let Some((stream, session)) = Box::pin(open(&hosted, &conn, stream, place)).await else {
        conn.cut(ClosedBy::Us);
        return;
    };
    let mut session = Some(session);
    let mut link = Link::new(conn.clone(), stream);

    conn.outlet().become_ready();
    hosted.server.admit(&conn);
    tracing::debug!(conn = conn.id(), peer = %conn.peer(), "connected");
    attend(&hosted, &conn, &mut link, &mut session).await;
    hosted.server.dismiss(&conn);

    let close = conn.outlet().close().cloned().unwrap_or_else(|| Close::new(ABNORMAL, "", ClosedBy::Error));
    tracing::debug!(conn = conn.id(), peer = %conn.peer(), code = close.code(), by = %close.by(), "disconnected");
    let store = &hosted.store;
    let ended = match conn.replaced_disconnect() {
        Some(handler) => link.beside(catch(async { handler(&close) })).await,
        None => link.beside(catch(S::disconnect(ConnEvent::new(&conn, store, &mut session), &close))).await,
    };
    if let Some(ended) = ended {
        judge(&conn, S::HANDLERS.disconnect, ended);
    }
    drop(session);
    link.close().await;
}

/// Runs `ready`, then hands over message after message until there are no more, or a handler fails.
async fn attend<S: Service>(
    hosted: &Hosted<S>,
    conn: &Conn,
    link: &mut Link,
    session: &mut Option<S::Session>,
) {
    let store = &hosted.store;
    let ready = match conn.replaced_ready() {
        Some(handler) => link.beside(catch(async { handler() })).await,
        None => link.beside(catch(S::ready(ConnEvent::new(conn, store, session)))).await,
    };
    let mut name = S::HANDLERS.ready;
    let mut outcome = ready;
    loop {
        let Some(ended) = outcome else { return };
        if judge(conn, name, ended) == Verdict::End {
            conn.end_by_failure();
            return;
        }
        let Some(incoming) = link.next().await else { return };
        let event = ConnEvent::new(conn, store, session);
        (name, outcome) = match incoming {
            Incoming::Text(text) => {
                let message = Utf8(text);
                let outcome = match conn.replaced_utf8() {
                    Some(handler) => link.beside(catch(async { handler(message.as_str()) })).await,
                    None => link.beside(catch(S::utf8(event, &message))).await,
                };
                (S::HANDLERS.utf8, outcome)
            }
            Incoming::Binary(data) => {
                let message = Binary(data);
                let outcome = match conn.replaced_binary() {
                    Some(handler) => link.beside(catch(async { handler(message.as_slice()) })).await,
                    None => link.beside(catch(S::binary(event, &message))).await,
                };
                (S::HANDLERS.binary, outcome)
            }
            Incoming::Pong(data) => {
                let message = Pong(data);
                let outcome = match conn.replaced_pong() {
                    Some(handler) => link.beside(catch(async { handler(message.as_slice()) })).await,
                    None => link.beside(catch(S::pong(event, &message))).await,
                };
                (S::HANDLERS.pong, outcome)
            }
            // The link answers pings and keeps Close frames to itself.
            Incoming::Ping(_) | Incoming::Close(_) => (S::HANDLERS.utf8, Some(Ok(Outcome::Ok(())))),
        };
    }
}
