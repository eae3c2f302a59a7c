//! A connection from its first byte to its last: opened, ready, its messages one by one, and gone.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::Conn;
use super::gathering::gathered;
use super::handlers::{Panicked, Verdict, catch, catch_now, judge};
use super::link::{Link, Receiver};
use super::opening::{Opened, open};
use super::outlet::ABNORMAL;
use crate::event::{Binary, Call, Close, ClosedBy, ConnEvent, Outcome, Pong, Service, Utf8};
use crate::listen::{Address, Stream};
use crate::server::Hosted;
use crate::wire::{Incoming, Inflater};

/// Lives one connection, in the task that it is called in.
pub(crate) async fn live<S: Service>(hosted: Arc<Hosted<S>>, stream: Stream, peer: Address) {
    let conn = hosted.server.greet(peer, &stream);
    // Boxed, so that the memory which TLS and the handshake need is given back once they are done.
    let Some(Opened { stream, session, deflate }) = Box::pin(open(&hosted, &conn, stream)).await else {
        conn.cut(ClosedBy::Us);
        return;
    };
    let (source, sink) = stream.split();
    let inflater = deflate.map(|agreement| Inflater::new(agreement, conn.max_recv_size()));
    let link = Link::new(conn.clone(), source, inflater);
    conn.become_ready(sink, deflate);
    hosted.server.admit(&conn);
    tracing::debug!(conn = conn.id(), peer = %conn.peer(), "connected");
    gathered(Some(&conn), speak(&hosted, &conn, link, session)).await;
}

/// From `ready` to `disconnect`.
async fn speak<S: Service>(hosted: &Hosted<S>, conn: &Conn, mut link: Link, session: S::Session) {
    let mut attendant = Attendant { hosted, conn, session: Some(session) };
    attendant.attend(&mut link).await;
    hosted.server.dismiss(conn);

    let close = conn.outlet().close().cloned().unwrap_or_else(|| Close::new(ABNORMAL, "", ClosedBy::Error));
    tracing::debug!(conn = conn.id(), peer = %conn.peer(), code = close.code(), by = %close.by(), "disconnected");
    let ended = match conn.replaced_disconnect() {
        Some(handler) => link.beside(catch(|| async { handler(&close) })).await,
        None => link.beside(catch(|| S::disconnect(attendant.event(), &close))).await,
    };
    if let Some(ended) = ended {
        judge(conn, S::HANDLERS.disconnect.name, ended);
    }
    drop(attendant);
    link.close().await;
}

/// Calls the handlers of one connection, one at a time.
struct Attendant<'a, S: Service> {
    hosted: &'a Hosted<S>,
    conn: &'a Conn,
    session: Option<S::Session>,
}

impl<S: Service> Attendant<'_, S> {
    /// Runs `ready`, then hands over message after message until there are no more, or a handler fails.
    async fn attend(&mut self, link: &mut Link) {
        let ready = match self.conn.replaced_ready() {
            Some(handler) => link.beside(catch(|| async { handler() })).await,
            None => link.beside(catch(|| S::ready(self.event()))).await,
        };
        let Some(ready) = ready else { return };
        if self.settle(S::HANDLERS.ready, ready) == Verdict::End {
            return;
        }
        while let Some(incoming) = link.next(self).await {
            let (call, outcome) = match incoming {
                Incoming::Text(text) => {
                    let message = Utf8(text);
                    (S::HANDLERS.utf8, link.beside(catch(|| S::utf8(self.event(), &message))).await)
                }
                Incoming::Binary(data) => {
                    let message = Binary(data);
                    (S::HANDLERS.binary, link.beside(catch(|| S::binary(self.event(), &message))).await)
                }
                Incoming::Pong(data) => {
                    let message = Pong(data);
                    (S::HANDLERS.pong, link.beside(catch(|| S::pong(self.event(), &message))).await)
                }
                // The link answers pings and keeps Close frames to itself.
                Incoming::Ping(_) | Incoming::Close(_) => continue,
            };
            let Some(outcome) = outcome else { return };
            if self.settle(call, outcome) == Verdict::End {
                return;
            }
        }
    }

    fn event(&mut self) -> ConnEvent<'_, S> {
        ConnEvent::new(self.conn, &self.hosted.store, &mut self.session)
    }

    /// Ends the connection where its handler failed.
    fn settle(&self, call: Call, outcome: Result<Outcome, Panicked>) -> Verdict {
        let verdict = judge(self.conn, call.name, outcome);
        if verdict == Verdict::End {
            self.conn.end_by_failure();
        }
        verdict
    }
}

/// Messages of handlers that do not await are handled where they lie; those of others are awaited one after the other.
impl<S: Service> Receiver for Attendant<'_, S> {
    fn receive<'b>(&mut self, incoming: Incoming<'b>) -> Result<(), Incoming<'b>> {
        let (call, outcome) = match incoming {
            Incoming::Text(text) => {
                let call = S::HANDLERS.utf8;
                let replaced = self.conn.replaced_utf8();
                if call.awaited && replaced.is_none() {
                    return Err(Incoming::Text(text));
                }
                let message = Utf8(text);
                let outcome = match replaced {
                    Some(handler) => catch_now(|| handler(message.as_str())),
                    None => catch_now(|| now(S::utf8(self.event(), &message))),
                };
                (call, outcome)
            }
            Incoming::Binary(data) => {
                let call = S::HANDLERS.binary;
                let replaced = self.conn.replaced_binary();
                if call.awaited && replaced.is_none() {
                    return Err(Incoming::Binary(data));
                }
                let message = Binary(data);
                let outcome = match replaced {
                    Some(handler) => catch_now(|| handler(message.as_slice())),
                    None => catch_now(|| now(S::binary(self.event(), &message))),
                };
                (call, outcome)
            }
            Incoming::Pong(data) => {
                let call = S::HANDLERS.pong;
                let replaced = self.conn.replaced_pong();
                if call.awaited && replaced.is_none() {
                    return Err(Incoming::Pong(data));
                }
                let message = Pong(data);
                let outcome = match replaced {
                    Some(handler) => catch_now(|| handler(message.as_slice())),
                    None => catch_now(|| now(S::pong(self.event(), &message))),
                };
                (call, outcome)
            }
            Incoming::Ping(_) | Incoming::Close(_) => return Ok(()),
        };
        self.settle(call, outcome);
        Ok(())
    }
}

/// Runs a handler that is a plain `fn`: the macro wraps it in a future that never waits.
fn now(handler: impl Future<Output = Outcome>) -> Outcome {
    match pin!(handler).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(crate::event::Failure::new("a plain handler cannot wait")),
    }
}
