//! An accepted handshake, before and after it is joined with its stream.

use std::sync::Arc;

use http::{Response, StatusCode};
use tracing::Span;

use super::answer::Answer;
use super::handlers::{run_create, run_guards, run_handshake, run_server_handshake};
use crate::conn::Conn;
use crate::conn::life::{ConnGuard, Life, serve};
use crate::conn::span::{self, MessageSpans};
use crate::event::{Route, Service};
use crate::handshake::{self, Handshake, Reject, Terms};
use crate::options::Compression;
use crate::route::{OfRoute, Reach};
use crate::server::Hosted;
use crate::transport::Stream;
use crate::wire::Agreement;

/// A handshake that the handlers have admitted, not answered yet.
pub(crate) struct Admitted<S: Service> {
    /// Serves the connection on its route, whose session it holds.
    serve: Box<Serve<S>>,
    deflate: Option<Agreement>,
    /// The answer that opens it: 101, or 200 over HTTP/2.
    pub(super) response: Response<()>,
    /// The span of the handshake, if it is traced. It ends once the connection is open, or comes to nothing.
    handshake: Option<Span>,
    spans: Option<Box<MessageSpans>>,
}

type Serve<S> = dyn FnOnce(Arc<Hosted<S>>, ConnGuard, Upgraded) -> Life + Send;

/// A connection that has become a WebSocket.
pub(in crate::conn) struct Opened<S: Service> {
    serve: Box<Serve<S>>,
    upgraded: Upgraded,
    status: StatusCode,
    handshake: Option<Span>,
}

/// A stream that has become a WebSocket.
pub(in crate::conn) struct Upgraded {
    pub(in crate::conn) stream: Stream,
    /// The negotiated compression, if there is any.
    pub(in crate::conn) deflate: Option<Agreement>,
    /// The encoded 101, not sent yet.
    pub(in crate::conn) accepted: Vec<u8>,
    /// The spans of its messages, if these are traced.
    pub(in crate::conn) spans: Option<Box<MessageSpans>>,
}

impl<S: Service> Admitted<S> {
    /// Runs the handlers of a handshake of a route, in their order, and negotiates subprotocol and compression.
    pub(crate) async fn to<R>(
        route: &OfRoute<R>,
        hosted: &Hosted<S>,
        conn: &Conn,
        handshake: &Handshake,
    ) -> Result<Self, Reject>
    where
        R: Route<Server = S>,
    {
        let options = conn.options();
        handshake::choose_subprotocol(handshake, &options.subprotocols);
        run_server_handshake(hosted, conn, handshake).await?;
        run_guards::<R>(hosted, conn, handshake).await?;
        let member = route.enter(conn, handshake, || run_create::<R>(hosted, conn, handshake)).await?;
        let session = run_handshake::<R>(hosted, conn, handshake).await?;
        // Read after the handler, which may have changed it.
        let context_takeover = match conn.compression() {
            Compression::Off => None,
            Compression::On => Some(false),
            Compression::ContextTakeover => Some(true),
        };
        let window_bits = u8::try_from(options.compression_window_bits).unwrap_or_default();
        let negotiated = context_takeover.and_then(|context_takeover| {
            handshake::negotiate(handshake.headers(), Terms { context_takeover, window_bits })
        });
        let (deflate, extension) = negotiated.unzip();
        let takes = if R::ENVELOPE.is_some() { Reach::of_route(route.number()) } else { Reach::NOWHERE };
        let serve = Box::new(move |hosted, guard, upgraded| {
            serve::<R>(hosted, guard, takes, (session, member), upgraded)
        });
        let response = handshake::accept(handshake, extension);
        Ok(Self { serve, deflate, response, handshake: None, spans: None })
    }

    /// The status of the answer that opens it.
    #[cfg(feature = "tower")]
    pub(in crate::conn) fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The same with its span and those of its messages.
    pub(super) fn traced(self, handshake: Option<Span>, spans: Option<Box<MessageSpans>>) -> Self {
        Self { handshake, spans, ..self }
    }

    /// It was admitted, and is answered with this instead.
    pub(super) fn refused(self, answer: &Answer) {
        if let Some(span) = &self.handshake {
            span::record_answer(span, answer.status(), answer.error());
        }
    }

    /// It was admitted, and another HTTP server gave no stream for it.
    #[cfg(feature = "tower")]
    pub(in crate::conn) fn not_upgraded(self) {
        if let Some(span) = &self.handshake {
            span::record_no_answer(span, &"not_upgraded");
        }
    }

    /// Joins it with its stream, to which the 101 must be sent first.
    pub(in crate::conn) fn open(self, stream: Stream) -> Opened<S> {
        let Self { serve, deflate, response, handshake, spans } = self;
        let accepted = handshake::encode_accept(&response);
        let upgraded = Upgraded { stream, deflate, accepted, spans };
        Opened { serve, upgraded, status: response.status(), handshake }
    }
}

impl<S: Service> Opened<S> {
    /// Serves the connection on its route. From here on, its end is told as well.
    pub(in crate::conn) fn begin(self, hosted: Arc<Hosted<S>>, guard: ConnGuard) -> Life {
        if let Some(span) = self.handshake {
            span::record_answer(&span, self.status, None);
            span::connected(&guard.0, &span);
        }
        (self.serve)(hosted, guard, self.upgraded)
    }

    /// The same for a peer that another HTTP server has answered.
    #[cfg(any(test, feature = "tower"))]
    pub(in crate::conn) fn answered(mut self) -> Self {
        self.upgraded.accepted.clear();
        self
    }
}
