//! Refuses a peer that the server has no room for.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tokio::time::timeout;

use super::answer::{answer_short, unavailable};
use super::client;
use super::tls::accept_tls;
use crate::conn::close::LINGER;
use crate::event::Service;
use crate::handshake::{Head, HeadError, HeadLimits, HeadReader};
use crate::listen::Address;
use crate::server::{Hosted, Slot};
use crate::side;
use crate::stats::Rejected;
use crate::transport::Stream;

/// How long a peer has to say what it asks for, TLS included. A probe asks at once, and its sender waits about as long.
const PATIENCE: Duration = Duration::from_secs(2);

/// The largest head that is read, if `max_header_size` is not less. A probe's has some hundred bytes.
const MAX_HEADER_SIZE: usize = 8 * 1024;

/// Refuses a peer with 503. If the server has probes, the request is read first, and answered if it is for one of them.
pub(crate) async fn refuse<S: Service>(hosted: Arc<Hosted<S>>, stream: Stream, peer: Address, slot: Slot) {
    let server = &hosted.server;
    let (stream, read) = if side::has_probes(server.options()) {
        match timeout(PATIENCE, pin!(read(&hosted, stream, &peer, &slot))).await {
            Ok(Some(read)) => read,
            Ok(None) | Err(_) => return server.counters().rejected(Rejected::Full),
        }
    } else {
        (stream, None)
    };
    let probe = read.as_ref().and_then(|head| side::probe(server, head));
    if probe.is_none() {
        server.counters().rejected(Rejected::Full);
    }
    let response = probe.unwrap_or_else(|| unavailable("there are too many connections"));
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
