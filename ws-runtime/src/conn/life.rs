//! The task of a connection: opens it, serves its messages one by one, and closes it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::Conn;
use super::dispatch::Dispatcher;
use super::drive::Driver;
#[cfg(feature = "tower")]
use super::open::{Admitted, count_not_upgraded, count_opened};
use super::open::{Upgraded, open};
use super::send::Corked;
use crate::event::{ClosedBy, Route, Service, Speech};
use crate::listen::Address;
use crate::message::Buckets;
#[cfg(feature = "tower")]
use crate::mount::NotUpgraded;
use crate::room::Member;
use crate::route::Reach;
use crate::server::{Hosted, Seat, Slot};
use crate::transport::{Halves, Stream};
use crate::wire::Inflater;

/// The task of one connection. It has two steps, opening and serving, each in a box of its own. So an open connection
/// holds no memory for its opening, and only as much for its session as its route needs.
#[must_use = "a connection ends when its task is dropped"]
pub(crate) struct Life(Pin<Box<dyn Future<Output = Option<Life>> + Send>>);

impl Life {
    /// The task of a connection that was just accepted.
    pub(crate) fn begin<S: Service>(
        hosted: Arc<Hosted<S>>,
        stream: Stream,
        peer: Address,
        slot: Slot,
        seat: Option<Seat>,
    ) -> Self {
        let guard = ConnGuard(hosted.server.new_conn(peer, Some(&stream)));
        if let Some(seat) = seat {
            seat.assign(guard.0.id());
        }
        Self::step(guard.0.clone(), open(hosted, guard, stream, slot))
    }

    /// The task of a connection that another HTTP server has accepted, and answered. If `upgrading`
    /// fails, it did not become a WebSocket: then neither `ready` nor `disconnect` runs.
    #[cfg(feature = "tower")]
    pub(super) fn upgrade<S: Service>(
        hosted: Arc<Hosted<S>>,
        guard: ConnGuard,
        admitted: Admitted<S>,
        upgrading: impl Future<Output = Result<Stream, NotUpgraded>> + Send + 'static,
    ) -> Self {
        Self::step(guard.0.clone(), async move {
            let stream = match upgrading.await {
                Ok(stream) => stream,
                Err(why) => {
                    admitted.not_upgraded();
                    count_not_upgraded(&guard.0, &why);
                    return None;
                }
            };
            guard.0.adopt(&stream);
            count_opened(&guard.0, admitted.status());
            Some(admitted.open(stream).answered().begin(hosted, guard))
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
pub(super) fn serve<R: Route>(
    hosted: Arc<Hosted<R::Server>>,
    guard: ConnGuard,
    takes: Reach,
    (session, member): (R::Session, Member<R::Room>),
    upgraded: Upgraded,
) -> Life {
    let Upgraded { stream, deflate, accepted, spans } = upgraded;
    let conn = guard.0.clone();
    let Halves { read, write, unread } = stream.split();
    let inflater = deflate.map(|agreement| Inflater::new(agreement, conn.max_recv_size()));
    let mut driver = Driver::new(conn.clone(), read, unread.into(), inflater, Speech::of::<R>());
    conn.set_takes(takes);
    conn.attach(write, accepted, deflate);
    conn.stay(member);
    conn.server().counters().opened(conn.route());
    let since = conn.server().alarms().now();
    let rates = Buckets::default();
    let is_observed = spans.is_some() || conn.server().counters().times_handlers();
    let session = Some(session);
    let mut dispatcher = Dispatcher::<R> { hosted, session, since, rates, spans, is_observed, guard };
    Life::step(conn, async move {
        dispatcher.dispatch(&mut driver).await;
        dispatcher.hosted.server.unlist(dispatcher.conn());
        Box::pin(dispatcher.finish(driver)).await;
        None
    })
}

/// Releases what a connection holds when its task ends, even if the task is dropped with its runtime. `Conn` handles
/// may outlive both.
pub(super) struct ConnGuard(pub(super) Conn);

impl Drop for ConnGuard {
    fn drop(&mut self) {
        self.0.server().unregister(&self.0);
        self.0.cut(ClosedBy::Us);
        self.0.leave_groups();
        self.0.end_questions();
        // The session is dropped: see the order of fields in `Dispatcher`.
        self.0.leave_room();
        self.0.drop_discarded();
        self.0.drop_replaced();
    }
}

/// Connections that another HTTP server has accepted and upgraded.
#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::JoinHandle;

    use super::*;
    use crate::handshake::{Classified, HeadLimits, HeadReader, Hosting, Hosts, Transport, classify};
    use crate::route::{Gets, Routes};
    use crate::server::Around;
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

    /// Serves a connection whose request was read and answered by another HTTP server.
    async fn mount<S: Service<Given = ()>>(builder: Builder<S>, stream: Stream) -> JoinHandle<()> {
        let running = builder.bind().await.unwrap();
        let server = running.server().clone();
        let (routes, gets) = (Routes::declared(), Gets::declared());
        let hosted = Arc::new(Hosted::<S> {
            server,
            store: S::store(()),
            tls: None,
            routes,
            gets,
            around: Around::default(),
        });
        let conn = hosted.server.new_conn(Address::Memory, Some(&stream));
        let limits = HeadLimits { max_header_size: 1024, max_headers: 10 };
        let head = HeadReader::new(limits).read(&mut &*REQUEST).await.unwrap();
        let transport = Transport { encrypted: false, has_host: true };
        let hosting = Hosting { hosts: &Hosts::any(), forwarded: None };
        let Classified::Upgrade(request) = classify(head, |_, _| true, transport, hosting) else {
            panic!("it asks for a WebSocket")
        };
        let (endpoint, _) = hosted.routes.find(request.path()).unwrap();
        let admitted = endpoint.admit(&hosted, &conn, &request).await.unwrap();
        tokio::spawn(admitted.open(stream).answered().begin(hosted, ConnGuard(conn)))
    }

    /// A text as a client sends it, masked by zeros.
    fn masked(text: &str) -> Vec<u8> {
        [&[0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0], text.as_bytes()].concat()
    }

    const CLOSE: [u8; 6] = [0x88, 0x80, 0, 0, 0, 0];

    #[tokio::test]
    async fn unread_bytes_are_handled_before_the_stream_even_if_they_end_within_a_message() {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let (second, third) = (masked("second"), masked("third"));
        let unread = [masked("first"), second[..9].to_vec()].concat();
        let life = mount(echo::server(), Stream::over(ours).with_unread(unread.into())).await;

        let mut echo = [0; 7];
        theirs.read_exact(&mut echo).await.unwrap();
        assert_eq!(&echo, b"\x81\x05first", "this message needs nothing from the stream");
        theirs.write_all(&[&second[9..], &third, &CLOSE].concat()).await.unwrap();
        let mut rest = Vec::new();
        theirs.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"\x81\x06second\x81\x05third\x88\0");
        life.await.unwrap();
    }

    #[tokio::test]
    async fn unread_bytes_may_hold_the_whole_connection() {
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
