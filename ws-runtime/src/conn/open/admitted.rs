//! An accepted handshake, before and after it is joined with its stream.

use http::Response;

use super::handlers::run_handshake;
use crate::conn::Conn;
use crate::event::Route;
use crate::handshake::{self, Handshake, Reject, Terms};
use crate::options::Compression;
use crate::server::Hosted;
use crate::transport::Stream;
use crate::wire::Agreement;

/// A handshake that the handlers have admitted, not answered yet.
pub(super) struct Admitted<Se> {
    session: Se,
    deflate: Option<Agreement>,
    /// The 101.
    response: Response<()>,
}

/// A connection that has become a WebSocket.
pub(in crate::conn) struct Opened<Se> {
    pub(in crate::conn) stream: Stream,
    pub(in crate::conn) session: Se,
    /// The negotiated compression, if there is any.
    pub(in crate::conn) deflate: Option<Agreement>,
    /// The encoded 101, not sent yet.
    pub(in crate::conn) accepted: Vec<u8>,
}

impl<Se> Admitted<Se> {
    /// Runs the `handshake` handlers and negotiates subprotocol and compression.
    pub(super) async fn new<R>(
        hosted: &Hosted<R::Server>,
        conn: &Conn,
        handshake: &Handshake,
    ) -> Result<Self, Reject>
    where
        R: Route<Session = Se>,
    {
        let options = conn.options();
        handshake::choose_subprotocol(handshake, &options.subprotocols);
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
        Ok(Self { session, deflate, response: handshake::accept(handshake, extension) })
    }

    /// Joins it with its stream, to which the 101 must be sent first.
    pub(super) fn open(self, stream: Stream) -> Opened<Se> {
        let Self { session, deflate, response } = self;
        Opened { stream, session, deflate, accepted: handshake::encode_accept(&response) }
    }
}
