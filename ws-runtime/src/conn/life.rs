//! A connection from its first byte to its last: opened, ready, its messages one by one, and gone.

use std::future::Future;
use std::sync::Arc;

use super::Conn;
use super::gathering::Gathered;
use super::handlers::{Panicked, Verdict, catch_now, judge};
use super::link::{Link, Receiver};
use super::open::{Opened, open};
use crate::Reject;
use crate::event::{
    Close, ClosedBy, ConnEvent, Failure, Handled, Outcome, Received, Route, RouteEvent, Service,
};
use crate::listen::Address;
use crate::server::{Hosted, Place};
use crate::transport::{Halves, Stream};
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
        let Some(opened) = opening.await else { return };
        // Boxed, so that the connections to each route pay for their own session and not for the largest of all.
        Box::pin(live_on::<S::Route>(&hosted, &conn, opened)).await;
    })
}

/// Lives a connection that has become a WebSocket, on the route that it was opened to.
async fn live_on<R: Route>(hosted: &Hosted<R::Server>, conn: &Conn, opened: Opened<R::Session>) {
    let Opened { stream, session, deflate, accepted } = opened;
    let Halves { read, write, unread } = stream.split();
    let inflater = deflate.map(|agreement| Inflater::new(agreement, conn.max_recv_size()));
    let mut link = Link::new(conn.clone(), read, unread.into(), inflater);
    let mut attendant = Attendant::<R> { hosted, conn, session: Some(session) };
    // Listed before the peer can know that it is ready: it misses no broadcast from then on.
    conn.become_ready(write, accepted, deflate);
    hosted.server.admit(conn);
    tracing::debug!(conn = conn.id(), peer = %conn.peer(), "connected");
    attendant.attend(&mut link).await;
    hosted.server.dismiss(conn);
    Box::pin(attendant.part(&mut link)).await;
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
struct Attendant<'a, R: Route> {
    hosted: &'a Hosted<R::Server>,
    conn: &'a Conn,
    session: Option<R::Session>,
}

impl<R: Route> Attendant<'_, R> {
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
        let (name, ended) = match self.conn.replaced_ready() {
            Some(handler) => ("on_ready", Some(catch_now(handler))),
            None => (R::READY, link.beside(|| R::ready(self.event())).await),
        };
        self.settle(name, Refused::ClosesByStatus, ended)
    }

    /// Has a message handled by its `async` handler.
    async fn answer(&mut self, link: &mut Link, incoming: Incoming<'static>) -> Verdict {
        let Ok(message) = Received::of(incoming) else { return Verdict::GoOn };
        let ended = link.beside(|| message.handle_later::<R>(self.event())).await;
        let verdict = self.settle(message.handler::<R>(), Refused::of(&message), ended);
        message.give_back();
        verdict
    }

    /// Runs `disconnect` once it is certain how the connection ended, drops the session and gives the socket back.
    async fn part(mut self, link: &mut Link) {
        let conn = self.conn;
        link.drained().await;
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
        let (name, ended) = match conn.replaced_disconnect() {
            Some(handler) => ("on_disconnect", Some(catch_now(|| handler(&close)))),
            None => (R::DISCONNECT, link.beside(|| R::disconnect(self.event().bringing(&close))).await),
        };
        if let Some(ended) = ended {
            judge(conn, name, ended);
        }
        // It may panic too, and the peer is owed a goodbye.
        if let Err(panicked) = catch_now(|| drop(self.session.take())) {
            judge(conn, R::DISCONNECT, Err(panicked));
        }
        link.close().await;
    }

    fn event(&mut self) -> RouteEvent<'_, R> {
        ConnEvent::new(self.conn, &self.hosted.store, &mut self.session)
    }

    /// Calls the handler that was set for this connection in place of the declared one; tells its name, too.
    #[inline]
    fn call_replaced(&self, message: &Received<'_>) -> Option<(&'static str, Result<Outcome, Panicked>)> {
        Some(match message {
            Received::Utf8(text) => {
                let handler = self.conn.replaced_utf8()?;
                ("on_utf8", catch_now(|| handler(text.as_str())))
            }
            Received::Binary(data) => {
                let handler = self.conn.replaced_binary()?;
                ("on_binary", catch_now(|| handler(data.as_slice())))
            }
            Received::Pong(data) => {
                let handler = self.conn.replaced_pong()?;
                ("on_pong", catch_now(|| handler(data.as_slice())))
            }
        })
    }

    /// Ends the connection where its handler failed, or where nobody waited for it to end.
    fn settle(
        &self,
        name: &'static str,
        refused: Refused,
        ended: Option<Result<Outcome, Panicked>>,
    ) -> Verdict {
        match ended {
            Some(Ok(Ok(()))) => Verdict::GoOn,
            Some(Ok(Err(failure))) => self.fail(name, refused, Ok(failure)),
            Some(Err(panicked)) => self.fail(name, refused, Err(panicked)),
            None => Verdict::End,
        }
    }

    /// Ends the connection as its handler failed, or does what a refused argument leads to.
    #[cold]
    fn fail(&self, name: &'static str, refused: Refused, failed: Result<Failure, Panicked>) -> Verdict {
        let refusal = failed.as_ref().ok().and_then(Failure::refusal);
        let close = match refusal.map(|reject| refused.close(reject)) {
            None => Some(Close::failure()),
            Some(close) => close,
        };
        judge(self.conn, name, failed.map(Err));
        let Some(close) = close else { return Verdict::GoOn };
        self.conn.outlet().push_close(close);
        Verdict::End
    }
}

/// Messages of plain handlers are handled where they lie; those of `async` ones are awaited one after the other.
impl<R: Route> Receiver for Attendant<'_, R> {
    fn receive<'b>(&mut self, incoming: Incoming<'b>) -> Result<(), Incoming<'b>> {
        // The link answers pings and keeps Close frames to itself.
        let Ok(message) = Received::of(incoming) else { return Ok(()) };
        match self.call_replaced(&message) {
            Some((name, ended)) => {
                self.settle(name, Refused::of(&message), Some(ended));
            }
            None => match catch_now(|| message.handle::<R>(self.event())) {
                Ok(Ok(Handled::Done)) => {}
                Ok(Ok(Handled::Later)) => return Err(message.into()),
                Ok(Err(failure)) => {
                    self.fail(message.handler::<R>(), Refused::of(&message), Ok(failure));
                }
                Err(panicked) => {
                    self.fail(message.handler::<R>(), Refused::of(&message), Err(panicked));
                }
            },
        }
        message.give_back();
        Ok(())
    }
}

/// What becomes of a connection whose handler was not run, as one of its arguments was refused.
#[derive(Debug, Clone, Copy)]
enum Refused {
    /// It closes with 1008, policy violation.
    ClosesByPolicy,
    /// It closes with 4000 and the status of the refusal.
    ClosesByStatus,
    /// It goes on.
    GoesOn,
}

impl Refused {
    fn of(message: &Received<'_>) -> Self {
        match message {
            Received::Utf8(_) | Received::Binary(_) => Self::ClosesByPolicy,
            Received::Pong(_) => Self::GoesOn,
        }
    }

    /// How the connection closes, if it does.
    fn close(self, reject: &Reject) -> Option<Close> {
        match self {
            Self::ClosesByPolicy => Some(Close::refused(1008, reject)),
            Self::ClosesByStatus => Some(Close::refused(4000 + reject.status().as_u16(), reject)),
            Self::GoesOn => None,
        }
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
    use crate::event::Store;
    use crate::handshake::{HeadLimits, HeadReader, Judged, Transport, judge};
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
        let conn = hosted.server.greet(Address::Memory, &stream);
        let limits = HeadLimits { max_header_size: 1024, max_headers: 10 };
        let head = HeadReader::new(limits).read(&mut &*REQUEST).await.unwrap();
        let transport = Transport { encrypted: false, has_host: true };
        let Judged::Upgrade(request) = judge(head, &hosted.server.options().origins, transport) else {
            panic!("it asks for a WebSocket")
        };
        let event = ConnEvent::before_session(&conn, &hosted.store, &*request);
        let session = S::Route::handshake(event).await.unwrap();
        let opened = Opened { stream, session, deflate: None, accepted: Vec::new() };
        tokio::spawn(Gathered::of(conn.clone(), async move {
            let _life = Life(&conn);
            live_on::<S::Route>(&hosted, &conn, opened).await;
        }))
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
