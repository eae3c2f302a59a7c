//! Refuses a peer that the server has no room for.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response};
use tokio::time::timeout;

use super::answer::{answer_short, too_many_requests, unavailable};
use super::client;
use super::tls::accept_tls;
use crate::conn::close::LINGER;
use crate::event::Service;
use crate::handshake::{Head, HeadError, HeadLimits, HeadReader};
use crate::listen::Address;
use crate::server::{Hosted, Slot, TooMany};
use crate::side;
use crate::stats::Rejected;
use crate::transport::Stream;

/// How long a peer has to say what it asks for, TLS included. A probe asks at once, and its sender waits about as long.
const PATIENCE: Duration = Duration::from_secs(2);

/// The largest head that is read, if `max_header_size` is not less. A probe's has some hundred bytes.
const MAX_HEADER_SIZE: usize = 8 * 1024;

/// Why there is no place for a peer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NoPlace {
    /// `max_connections` is reached.
    Full,
    /// Its address has reached a limit of its own.
    TooMany(TooMany),
}

impl NoPlace {
    /// How it is counted.
    pub(crate) fn rejected(self) -> Rejected {
        match self {
            Self::Full => Rejected::Full,
            Self::TooMany(too_many) => too_many.rejected(),
        }
    }

    fn response(self) -> Response<Bytes> {
        match self {
            Self::Full => unavailable("there are too many connections"),
            Self::TooMany(too_many) => too_many_requests(too_many),
        }
    }
}

/// Refuses a peer with 503, or with 429 for its address. If the server has probes, the request is read first, and
/// answered if it is for one of them.
pub(crate) async fn refuse<S: Service>(
    hosted: Arc<Hosted<S>>,
    stream: Stream,
    peer: Address,
    slot: Slot,
    why: NoPlace,
) {
    let server = &hosted.server;
    let (stream, read) = if side::has_probes(server.options()) {
        match timeout(PATIENCE, pin!(read(&hosted, stream, &peer, &slot))).await {
            Ok(Some(read)) => read,
            Ok(None) | Err(_) => return server.counters().rejected(why.rejected()),
        }
    } else {
        (stream, None)
    };
    let probe = read.as_ref().and_then(|head| side::probe(server, head));
    if probe.is_none() {
        server.counters().rejected(why.rejected());
    }
    let response = probe.unwrap_or_else(|| why.response());
    let method = read.as_ref().map_or(&Method::GET, Head::method);
    // The answer is on its way, even if the connection is evicted.
    let _ = slot.wait_for_peer(answer_short(stream, &response, method, LINGER)).await;
}

/// Reads the head of the request. Returns the stream without one if it is malformed, and nothing if there is nobody to
/// answer.
async fn read<S: Service>(
    hosted: &Hosted<S>,
    mut stream: Stream,
    peer: &Address,
    slot: &Slot,
) -> Option<(Stream, Option<Head>)> {
    let options = hosted.server.options();
    if client::sends_preamble(options, peer) {
        (_, stream) = client::read_source(slot, stream).await.ok()?;
    }
    if let Some(tls) = &hosted.tls {
        stream = accept_tls(slot, tls.acceptor(), stream).await.ok()?;
    }
    let mut reader = HeadReader::new(HeadLimits {
        max_header_size: options.max_header_size.min(MAX_HEADER_SIZE),
        max_headers: options.max_headers,
    });
    match slot.wait_for_peer(reader.read(&mut stream)).await.ok()? {
        Ok(head) => Some((stream, Some(head))),
        Err(HeadError::Refused(_)) => Some((stream, None)),
        Err(HeadError::Io(_) | HeadError::Closed) => None,
    }
}
