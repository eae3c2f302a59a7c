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
        let guard = ConnGuard(hosted.server.new_conn(peer, &stream));
        Self::step(guard.0.clone(), async move {
            let opened = open(Arc::clone(&hosted), guard.0.clone(), stream, slot).await?;
            Some(serve::<S::Route>(hosted, guard, opened))
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
fn serve<R: Route>(hosted: Arc<Hosted<R::Server>>, guard: ConnGuard, opened: Opened<R::Session>) -> Life {
    let Opened { stream, session, deflate, accepted } = opened;
    let conn = guard.0.clone();
    let Halves { read, write, unread } = stream.split();
    let inflater = deflate.map(|agreement| Inflater::new(agreement, conn.max_recv_size()));
    let mut driver = Driver::new(conn.clone(), read, unread.into(), inflater);
    // Listed before the peer can know that it is ready: it misses no broadcast from then on.
    conn.become_ready(write, accepted, deflate);
    hosted.server.register(&conn);
    tracing::debug!(conn = conn.id(), peer = %conn.peer(), "connected");
    let mut dispatcher = Dispatcher::<R> { hosted, guard, session: Some(session) };
    Life::step(conn, async move {
        dispatcher.dispatch(&mut driver).await;
        dispatcher.hosted.server.unlist(dispatcher.conn());
        Box::pin(dispatcher.finish(driver)).await;
        None
    })
}

/// A connection whose task runs. What it holds is given back however the task ends, also where that is dropped with its
/// runtime: handles may outlive both.
pub(super) struct ConnGuard(pub(super) Conn);

impl Drop for ConnGuard {
    fn drop(&mut self) {
        self.0.server().unregister(&self.0);
        self.0.cut(ClosedBy::Us);
        self.0.drop_discarded();
        self.0.drop_replaced();
    }
}

/// Connections that somebody else has accepted and upgraded.
#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::JoinHandle;

    use super::*;
    use crate::event::{ConnEvent, Store};
    use crate::handshake::{Classified, HeadLimits, HeadReader, Transport, classify};
    use crate::{Builder, ws_server};

    #[ws_server(crate = crate, listen = "127.0.0.1:0")]
    mod echo {
        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }

    const REQUEST: &[u8] =
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    /// Has a server live a connection whose request was read and answered by somebody else.
    async fn mount<S: Service<State = ()>>(builder: Builder<S>, stream: Stream) -> JoinHandle<()> {
        let running = builder.bind().await.unwrap();
        let server = running.server().clone();
        let hosted = Arc::new(Hosted::<S> { server, store: S::Store::new(()), tls: None });
        let conn = hosted.server.new_conn(Address::Memory, &stream);
        let limits = HeadLimits { max_header_size: 1024, max_headers: 10 };
        let head = HeadReader::new(limits).read(&mut &*REQUEST).await.unwrap();
        let transport = Transport { encrypted: false, has_host: true };
        let Classified::Upgrade(request) = classify(head, &hosted.server.options().origins, transport) else {
            panic!("it asks for a WebSocket")
        };
        let event = ConnEvent::before_session(&conn, &hosted.store, &*request);
        let session = S::Route::handshake(event).await.unwrap();
        let opened = Opened { stream, session, deflate: None, accepted: Vec::new() };
        tokio::spawn(serve::<S::Route>(hosted, ConnGuard(conn), opened))
    }

    /// A text as a client sends it, masked by zeros.
    fn masked(text: &str) -> Vec<u8> {
        [&[0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0], text.as_bytes()].concat()
    }

    const CLOSE: [u8; 6] = [0x88, 0x80, 0, 0, 0, 0];

    #[tokio::test]
    async fn messages_that_were_read_before_are_handled_first_and_go_on_in_the_stream() {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let (second, third) = (masked("second"), masked("third"));
        let unread = [masked("first"), second[..9].to_vec()].concat();
        let life = mount(echo::server(), Stream::over(ours).with_unread(unread.into())).await;

        let mut echo = [0; 7];
        theirs.read_exact(&mut echo).await.unwrap();
        assert_eq!(&echo, b"\x81\x05first", "it needs nothing from the stream");
        theirs.write_all(&[&second[9..], &third, &CLOSE].concat()).await.unwrap();
        let mut rest = Vec::new();
        theirs.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"\x81\x06second\x81\x05third\x88\0");
        life.await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_may_be_over_with_what_was_read_before() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut theirs = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (ours, _) = listener.accept().await.unwrap();
        let unread = Bytes::from([masked("first"), masked("last"), CLOSE.to_vec()].concat());
        let life = mount(echo::server(), Stream::from(ours).with_unread(unread)).await;

        let mut all = Vec::new();
        theirs.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, b"\x81\x05first\x81\x04last\x88\0");
        life.await.unwrap();
    }
}
