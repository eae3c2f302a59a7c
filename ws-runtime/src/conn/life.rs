//! A connection from its first byte to its last: opened, ready, its messages one by one, and gone.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::Conn;
use super::dispatch::Dispatcher;
use super::drive::Driver;
use super::open::{Opened, open};
use super::send::Corked;
use crate::event::{ClosedBy, Route, Service};
use crate::listen::Address;
use crate::server::{Hosted, Slot};
use crate::transport::{Halves, Stream};
use crate::wire::Inflater;

/// The life of one connection, as a task. It is a step at a time, and each is in a box of its own: so the task is small,
/// and a connection that is open holds nothing of its opening, and of its session as much as its own route has.
#[must_use = "a connection lives as long as its task runs"]
pub(crate) struct Life(Pin<Box<dyn Future<Output = Option<Life>> + Send>>);

impl Life {
    /// Begins the life of a connection that was just accepted.
    pub(crate) fn begin<S: Service>(
        hosted: Arc<Hosted<S>>,
        stream: Stream,
        peer: Address,
        slot: Slot,
    ) -> Self {
        let held = Held(hosted.server.new_conn(peer, &stream));
        Self::step(held.0.clone(), async move {
            let opened = open(Arc::clone(&hosted), held.0.clone(), stream, slot).await?;
            Some(serve::<S::Route>(hosted, held, opened))
        })
    }

    fn step(conn: Conn, step: impl Future<Output = Option<Self>> + Send + 'static) -> Self {
        Self(Box::pin(Corked::of(conn, step)))
    }
}

impl Future for Life {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(next) = ready!(self.0.as_mut().poll(cx)) {
            *self = next;
        }
        Poll::Ready(())
    }
}

/// Serves a connection that has become a WebSocket, on the route that it was opened to.
fn serve<R: Route>(hosted: Arc<Hosted<R::Server>>, held: Held, opened: Opened<R::Session>) -> Life {
    let Opened { stream, session, deflate, accepted } = opened;
    let conn = held.0.clone();
    let Halves { read, write, unread } = stream.split();
    let inflater = deflate.map(|agreement| Inflater::new(agreement, conn.max_recv_size()));
    let mut driver = Driver::new(conn.clone(), read, unread.into(), inflater);
    // Listed before the peer can know that it is ready: it misses no broadcast from then on.
    conn.become_ready(write, accepted, deflate);
    hosted.server.register(&conn);
    tracing::debug!(conn = conn.id(), peer = %conn.peer(), "connected");
    let mut dispatcher = Dispatcher::<R> { hosted, held, session: Some(session) };
    Life::step(conn, async move {
        dispatcher.dispatch(&mut driver).await;
        dispatcher.hosted.server.unlist(dispatcher.conn());
        Box::pin(dispatcher.finish(driver)).await;
        None
    })
}

/// A connection whose task runs. What it holds is given back however the task ends, also where that is dropped with its
/// runtime: handles may outlive both.
pub(super) struct Held(pub(super) Conn);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.server().unregister(&self.0);
        self.0.cut(ClosedBy::Us);
        self.0.drop_discarded();
        self.0.forget_replaced();
    }
}
