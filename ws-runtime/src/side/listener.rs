//! The listeners of `metrics_listen`: a small HTTP server for the operator's tools.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::probes::{side_paths, side_probe};
use crate::Server;
use crate::conn::answer_short;
#[cfg(feature = "metrics")]
use crate::handshake::Refusal;
use crate::handshake::{Head, HeadError, HeadLimits, HeadReader, IntoResponse};
use crate::listen::{Listener, accept_pause};
use crate::transport::Stream;

/// How many connections may wait to be accepted.
pub(crate) const BACKLOG: u32 = 128;

/// How many peers are answered at once. Of further ones each listener accepts one, which waits; the others wait to be
/// accepted.
const MAX_CONNECTIONS: usize = 16;

/// How long a peer may take as a whole.
const PATIENCE: Duration = Duration::from_secs(5);

/// The limits on a request.
const LIMITS: HeadLimits = HeadLimits { max_header_size: 8 * 1024, max_headers: 64 };

/// The path of the metrics.
const METRICS: &str = "/metrics";

/// The listeners of `metrics_listen`. They end when this is dropped.
pub(crate) struct SideListeners(Option<AbortOnDropHandle<()>>);

impl SideListeners {
    /// Answers on all of them from now on.
    pub(crate) fn begin(server: &Server, listeners: Vec<Listener>) -> Self {
        if listeners.is_empty() {
            return Self(None);
        }
        let server = server.clone();
        Self(Some(AbortOnDropHandle::new(tokio::spawn(async move { serve(&server, &listeners).await }))))
    }

    /// Ends them, and waits until their addresses are free again.
    pub(crate) async fn end(self) {
        if let Some(task) = self.0 {
            task.abort();
            // It was aborted, or the runtime is.
            let _ = task.await;
        }
    }
}

async fn serve(server: &Server, listeners: &[Listener]) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let accepting = listeners.iter().map(|listener| accept(server, listener, &places));
    futures_util::future::join_all(accepting).await;
}

/// Answers on one listener. Never returns.
async fn accept(server: &Server, listener: &Listener, places: &Arc<Semaphore>) -> Infallible {
    let mut asking = JoinSet::new();
    loop {
        let stream = loop {
            match listener.accept().await {
                Ok((stream, _)) => break stream,
                Err(error) => sleep(accept_pause(&error).unwrap_or_default()).await,
            }
        };
        // Not before there is a peer: a listener that waits for one takes no place from the others. It is never closed.
        let place = Arc::clone(places).acquire_owned().await;
        let server = server.clone();
        asking.spawn(async move {
            let _ = timeout(PATIENCE, answer(&server, stream)).await;
            drop(place);
        });
        while asking.try_join_next().is_some() {}
    }
}

/// Answers one request.
async fn answer(server: &Server, mut stream: Stream) {
    let (response, method) = match HeadReader::new(LIMITS).read(&mut stream).await {
        Ok(head) => (respond(server, &head), head.method().clone()),
        Err(HeadError::Refused(refusal)) => (refusal.into_response(), Method::GET),
        Err(HeadError::Io(_) | HeadError::Closed) => return,
    };
    answer_short(stream, &response, &method, PATIENCE).await;
}

fn respond(server: &Server, head: &Head) -> Response<Bytes> {
    if let Some(response) = side_probe(server, head) {
        return response;
    }
    #[cfg(feature = "metrics")]
    if head.path() == METRICS {
        return metrics(server, head.method());
    }
    (StatusCode::NOT_FOUND, not_found(server)).into_response()
}

#[cfg(feature = "metrics")]
fn metrics(server: &Server, method: &Method) -> Response<Bytes> {
    match *method {
        Method::GET | Method::HEAD => server.metrics_text().into_response(),
        _ => Refusal::Method.into_response(),
    }
}

fn not_found(server: &Server) -> String {
    let [health, readiness] = side_paths(server.options());
    let metrics = if cfg!(feature = "metrics") { format!(", metrics by {METRICS}") } else { String::new() };
    format!("404 Not Found: probes are answered by {health} and {readiness}{metrics}\n")
}
