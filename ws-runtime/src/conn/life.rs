//! A connection from its first byte to its last: opened, ready, its messages one by one, and gone.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::Conn;
use super::gathering::Gathered;
use super::handlers::{Panicked, Verdict, catch_now, judge};
use super::link::{Link, Receiver};
use super::open::{Opened, open};
use crate::event::{Binary, Call, Close, ClosedBy, ConnEvent, Failure, Outcome, Pong, Service, Utf8};
use crate::listen::{Address, Stream};
use crate::server::{Hosted, Place};
use crate::wire::{Incoming, Inflater};

/// Lives one connection.
pub(crate) fn live<S: Service>(
    hosted: Arc<Hosted<S>>,
    stream: Stream,
    peer: Address,
    place: Place,
) -> impl Future<Output = ()> + Send {
    let conn = hosted.server.greet(peer, &stream);
    // The beginning and the end are boxed: most of the time a connection needs the memory of neither.
    let opening = Box::pin(open(Arc::clone(&hosted), conn.clone(), stream, place));
    Gathered::of(conn.clone(), async move {
        let _life = Life(&conn);
        let Some(Opened { stream, session, deflate, accepted }) = opening.await else { return };
        let (source, sink) = stream.split();
        let inflater = deflate.map(|agreement| Inflater::new(agreement, conn.max_recv_size()));
        let mut link = Link::new(conn.clone(), source, inflater);
        let mut attendant = Attendant { hosted: &hosted, conn: &conn, session: Some(session) };
        // Listed before the peer can know that it is ready: it misses no broadcast from then on.
        conn.become_ready(sink, accepted, deflate);
        hosted.server.admit(&conn);
        tracing::debug!(conn = conn.id(), peer = %conn.peer(), "connected");
        attendant.attend(&mut link).await;
        hosted.server.dismiss(&conn);
        Box::pin(attendant.part(&mut link)).await;
    })
}

/// Gives back what the connection holds, however its task ends: also where that is dropped with its runtime, as handles
/// may outlive both.
struct Life<'a>(&'a Conn);

impl Drop for Life<'_> {
    fn drop(&mut self) {
        self.0.server().forget(self.0);
        self.0.cut(ClosedBy::Us);
        self.0.drop_spent();
        self.0.forget_replaced();
    }
}

/// Calls the handlers of one connection, one at a time.
struct Attendant<'a, S: Service> {
    hosted: &'a Hosted<S>,
    conn: &'a Conn,
    session: Option<S::Session>,
}

impl<S: Service> Attendant<'_, S> {
    /// Runs `ready`, then hands over message after message until there are no more, or a handler fails.
    ///
    /// What awaits is boxed for as long as it does: a connection that rests has no room for it.
    async fn attend(&mut self, link: &mut Link) {
        if Box::pin(self.greet(link)).await == Verdict::End {
            return;
        }
        loop {
            let next = link.next(self).await;
            let Some(answer) = next.map(|incoming| Box::pin(self.answer(link, incoming))) else { return };
            if answer.await == Verdict::End {
                return;
            }
        }
    }

    async fn greet(&mut self, link: &mut Link) -> Verdict {
        let ended = match self.conn.replaced_ready() {
            Some(handler) => Some(catch_now(handler)),
            None => link.beside(|| S::ready(self.event())).await,
        };
        self.settle(S::HANDLERS.ready, ended)
    }

    /// Runs the `async` handler of a message.
    async fn answer(&mut self, link: &mut Link, incoming: Incoming<'static>) -> Verdict {
        match incoming {
            Incoming::Text(text) => {
                let message = Utf8(text);
                let ended = link.beside(|| S::utf8(self.event(), &message)).await;
                self.settle(S::HANDLERS.utf8, ended)
            }
            Incoming::Binary(data) => {
                let message = Binary(data);
                let ended = link.beside(|| S::binary(self.event(), &message)).await;
                message.0.give_back();
                self.settle(S::HANDLERS.binary, ended)
            }
            Incoming::Pong(data) => {
                let message = Pong(data);
                let ended = link.beside(|| S::pong(self.event(), &message)).await;
                self.settle(S::HANDLERS.pong, ended)
            }
            // The link answers pings and keeps Close frames to itself.
            Incoming::Ping(_) | Incoming::Close(_) => Verdict::GoOn,
        }
    }

    /// Runs `disconnect`, drops the session and says goodbye.
    async fn part(mut self, link: &mut Link) {
        let conn = self.conn;
        let close = conn
            .outlet()
            .close()
            .cloned()
            .unwrap_or_else(|| Close::new(Close::ABNORMAL, "", ClosedBy::Error));
        let failure = conn.outlet().take_failure();
        if let Some(error) = failure {
            tracing::debug!(conn = conn.id(), %error, "writing failed");
        }
        tracing::debug!(conn = conn.id(), peer = %conn.peer(), code = close.code(), by = %close.by(), "disconnected");
        link.part();
        let ended = match conn.replaced_disconnect() {
            Some(handler) => Some(catch_now(|| handler(&close))),
            None => link.beside(|| S::disconnect(self.event(), &close)).await,
        };
        if let Some(ended) = ended {
            judge(conn, S::HANDLERS.disconnect.name, ended);
        }
        // It may panic too, and the peer is owed a goodbye.
        if let Err(panicked) = catch_now(|| drop(self.session.take())) {
            judge(conn, S::HANDLERS.disconnect.name, Err(panicked));
        }
        link.close().await;
    }

    fn event(&mut self) -> ConnEvent<'_, S> {
        ConnEvent::new(self.conn, &self.hosted.store, &mut self.session)
    }

    /// Ends the connection where its handler failed, or where nobody waited for it to end.
    fn settle(&self, call: Call, ended: Option<Result<Outcome, Panicked>>) -> Verdict {
        let Some(ended) = ended else { return Verdict::End };
        let verdict = judge(self.conn, call.name, ended);
        if verdict == Verdict::End {
            self.conn.end_by_failure();
        }
        verdict
    }
}

/// Messages of plain handlers are handled where they lie; those of `async` ones are awaited one after the other.
impl<S: Service> Receiver for Attendant<'_, S> {
    fn receive<'b>(&mut self, incoming: Incoming<'b>) -> Result<(), Incoming<'b>> {
        let (call, ended) = match incoming {
            Incoming::Text(text) => {
                let message = Utf8(text);
                let ended = match self.conn.replaced_utf8() {
                    Some(handler) => catch_now(|| handler(message.as_str())),
                    None if S::HANDLERS.utf8.awaited => return Err(Incoming::Text(message.0)),
                    None => catch_now(|| at_once(S::utf8(self.event(), &message))),
                };
                (S::HANDLERS.utf8, ended)
            }
            Incoming::Binary(data) => {
                let message = Binary(data);
                let ended = match self.conn.replaced_binary() {
                    Some(handler) => catch_now(|| handler(message.as_slice())),
                    None if S::HANDLERS.binary.awaited => return Err(Incoming::Binary(message.0)),
                    None => catch_now(|| at_once(S::binary(self.event(), &message))),
                };
                message.0.give_back();
                (S::HANDLERS.binary, ended)
            }
            Incoming::Pong(data) => {
                let message = Pong(data);
                let ended = match self.conn.replaced_pong() {
                    Some(handler) => catch_now(|| handler(message.as_slice())),
                    None if S::HANDLERS.pong.awaited => return Err(Incoming::Pong(message.0)),
                    None => catch_now(|| at_once(S::pong(self.event(), &message))),
                };
                (S::HANDLERS.pong, ended)
            }
            Incoming::Ping(_) | Incoming::Close(_) => return Ok(()),
        };
        self.settle(call, Some(ended));
        Ok(())
    }
}

/// What a plain handler returned: it has run when it is called, and its future is ready.
fn at_once(handler: impl Future<Output = Outcome>) -> Outcome {
    match pin!(handler).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(Failure::new("a plain handler cannot wait")),
    }
}
