//! The first request of a connection: reads it, classifies it, and runs its handlers.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::BytesMut;
use http::uri::Authority;
use http::{HeaderValue, Method};
use tracing::{Instrument, Span};
use ws_spec::options;

use super::admitted::Admitted;
use super::answer::Answer;
use super::client;
use super::deadline::{Interrupted, unless_interrupted};
use super::handlers::run_request;
use super::reason::{NotAdmitted, Reason};
use crate::conn::Conn;
use crate::conn::span::{self, MessageSpans};
use crate::escape::Escaped;
use crate::event::Service;
use crate::handshake::{
    self, Classified, Head, HeadError, HeadLimits, HeadReader, Hosting, IntoResponse, Origins, Refusal,
    Reject, Transport,
};
use crate::listen::Address;
use crate::proxy::Told;
use crate::route::{Endpoint, Parameters};
use crate::server::{Hosted, Slot};
use crate::side;
use crate::transport::Stream;

/// Reads the request and runs its handlers. Returns the accepted handshake, or what to answer instead.
pub(super) async fn admit<S: Service>(
    hosted: &Arc<Hosted<S>>,
    conn: &Conn,
    stream: &mut Stream,
    slot: &Slot,
    mut interruption: Pin<&mut impl Future<Output = Interrupted>>,
) -> Result<Admitted<S>, NotAdmitted> {
    let options = hosted.server.options();
    let limits = HeadLimits { max_header_size: options.max_header_size, max_headers: options.max_headers };
    let mut reader = HeadReader::new(limits);
    let head = read_head(&mut reader, interruption.as_mut(), slot, stream).await?;
    if let Some(response) = side::probe(&hosted.server, &head) {
        return Err(Answer::from(response).for_plain(head.method()).into());
    }
    // Before the client is identified: this request may be one client's of a proxy, and the next another's.
    #[cfg(feature = "tower")]
    if hosted.around.http.is_some() && !hosted.takes(head.method(), head.path(), head.headers()) {
        return Err(NotAdmitted::Elsewhere(reader.into_bytes()));
    }
    let told = client::identify(conn, &head)?;
    let transport =
        Transport { encrypted: hosted.tls.is_some(), has_host: !matches!(conn.peer(), Address::Unix(_)) };
    #[cfg(feature = "tls")]
    let head = head.with_client_certificate(stream.client_certificate());
    let admitted = admit_head(hosted, conn, head, transport, &told, interruption).await?;
    if handshake::arrived_early(stream, &mut BytesMut::new()).await {
        let answer = Answer::from(Refusal::EarlyBytes);
        admitted.refused(&answer);
        return Err(answer.into());
    }
    Ok(admitted)
}

/// Runs the handlers of a request. Returns the accepted handshake, or what to answer instead.
pub(super) async fn admit_head<S: Service>(
    hosted: &Arc<Hosted<S>>,
    conn: &Conn,
    head: Head,
    transport: Transport,
    told: &Told,
    interruption: Pin<&mut impl Future<Output = Interrupted>>,
) -> Result<Admitted<S>, NotAdmitted> {
    let enter = hosted.around.trace_context.as_deref();
    let Some(span) = span::of_request(conn, &head, transport.encrypted, enter) else {
        let admitted = admit_in(&Span::none(), hosted, conn, head, transport, told, interruption).await;
        return admitted.map(|admitted| admitted.traced(None, MessageSpans::of(conn, None)));
    };
    // Boxed, because most servers trace nothing.
    let admitting = Box::pin(admit_in(&span, hosted, conn, head, transport, told, interruption));
    let admitted = admitting.instrument(span.clone()).await;
    match &admitted {
        // It may still come to nothing.
        Ok(_) => {}
        Err(NotAdmitted::With(answer)) => span::record_answer(&span, answer.status(), answer.error()),
        Err(NotAdmitted::Silently(reason)) => span::record_no_answer(&span, reason),
        #[cfg(feature = "tower")]
        Err(NotAdmitted::Elsewhere(_)) => {}
    }
    admitted.map(|admitted| {
        let messages = MessageSpans::of(conn, Some(&span));
        admitted.traced(Some(span), messages)
    })
}

/// The same within a span, which may be disabled.
async fn admit_in<S: Service>(
    span: &Span,
    hosted: &Arc<Hosted<S>>,
    conn: &Conn,
    head: Head,
    transport: Transport,
    told: &Told,
    interruption: Pin<&mut impl Future<Output = Interrupted>>,
) -> Result<Admitted<S>, NotAdmitted> {
    span::record_client(span, conn);
    let method = span::known(head.method());
    let is_head = head.method() == Method::HEAD;
    let (classified, route) = classify(hosted, conn, head, transport, told);
    let (mut handshake, endpoint, parameters) = match classified {
        Classified::Upgrade(handshake) => match route {
            Some((endpoint, parameters)) => (handshake, endpoint, parameters),
            None => return Err(Answer::from(Reject::not_found().into_response()).into()),
        },
        Classified::Plain(mut request) => {
            let answered = {
                let answering = pin!(run_request(hosted, conn, &mut request));
                unless_interrupted(interruption, answering).await
            };
            let answer = match answered {
                Ok(response) => Answer::from(response),
                Err(interrupted) => Answer::from(interrupted),
            };
            return Err(answer.for_plain(request.method()).into());
        }
        Classified::Refused(refusal) => return Err(Answer::from(refusal).for_head(is_head).into()),
        Classified::Misdirected(_) => {
            return Err(Answer::from(Refusal::Misdirected).for_head(is_head).into());
        }
        Classified::ForeignPage { .. } => return Err(Answer::from(Refusal::ForeignOrigin).into()),
    };
    span::record_route(span, method, || endpoint.path());
    handshake.set_parameters(parameters);
    let admitting = endpoint.admit(hosted, conn, &handshake);
    let admitted = match unless_interrupted(interruption, admitting).await {
        Ok(Ok(admitted)) => admitted,
        Ok(Err(reject)) => return Err(Answer::from(reject.into_response()).into()),
        Err(interrupted) => return Err(Answer::from(interrupted).into()),
    };
    if conn.is_cut() { Err(Reason::Disconnected.into()) } else { Ok(admitted) }
}

async fn read_head(
    reader: &mut HeadReader,
    interruption: Pin<&mut impl Future<Output = Interrupted>>,
    slot: &Slot,
    stream: &mut Stream,
) -> Result<Head, NotAdmitted> {
    let read = {
        let reading = pin!(reader.read(stream));
        unless_interrupted(interruption, pin!(slot.wait_for_peer(reading))).await
    };
    match read {
        Ok(read) => read?.map_err(|error| match error {
            HeadError::Io(error) => Reason::Io(error).into(),
            HeadError::Closed => Reason::Closed.into(),
            HeadError::Refused(refusal) => Answer::from(refusal).into(),
        }),
        // A browser may connect before it has a request. It would take this answer for the answer to its first request.
        Err(interrupted) if !reader.has_begun() => Err(Reason::Interrupted(interrupted).into()),
        Err(interrupted) => Err(Answer::from(interrupted).into()),
    }
}

/// What serves a path, and the parameters of that.
type Found<S> = Option<(Arc<dyn Endpoint<S>>, Parameters)>;

/// Classifies the request, finds the route of a handshake, and warns of foreign hosts and web pages. Where there is no
/// route, its origin does not matter.
fn classify<S: Service>(
    hosted: &Hosted<S>,
    conn: &Conn,
    head: Head,
    transport: Transport,
    told: &Told,
) -> (Classified, Found<S>) {
    let mut route = None;
    let allows = |path: &str, judge: &dyn Fn(&Origins) -> bool| {
        route = hosted.routes.find(path);
        let Some((endpoint, _)) = &route else { return true };
        conn.enter_route(endpoint.number());
        judge(&conn.options().origins)
    };
    let transport = Transport { encrypted: transport.encrypted || told.encrypted == Some(true), ..transport };
    let hosting = Hosting { hosts: &hosted.server.options().hosts, forwarded: told.host.as_ref() };
    let classified = handshake::classify(head, allows, transport, hosting);
    match &classified {
        Classified::ForeignPage { origin, host } => warn_of_foreign_page(conn, origin, host.as_ref()),
        Classified::Misdirected(host) => warn_of_foreign_host(conn, host),
        Classified::Upgrade(_) | Classified::Plain(_) | Classified::Refused(_) => {}
    }
    (classified, route)
}

/// Logs the first page that is refused as a warning, because its browser does not say why; the next ones at debug.
fn warn_of_foreign_page(conn: &Conn, origin: &HeaderValue, host: Option<&Authority>) {
    static WARNED: AtomicBool = AtomicBool::new(false);
    let origin = shown(origin.as_bytes());
    let host = host.map_or_else(|| "none".to_owned(), |host| shown(host.as_str().as_bytes()));
    if WARNED.swap(true, Ordering::Relaxed) {
        tracing::debug!(origin, host, "a web page of another origin is refused with 403");
    } else {
        // Without the address, no peer is a trusted proxy.
        let peer_from = if *conn.peer() == Address::Unknown { " and `Mounted::peer_from`" } else { "" };
        tracing::warn!(
            origin,
            host,
            "a web page of another origin than the host that was asked for is refused with 403, unless the option \
             `origins` allows it; behind a proxy, see `trusted_proxies`{peer_from}; the next of them are logged at debug"
        );
    }
}

/// Logs that a request was for a host that is not answered for.
fn warn_of_foreign_host(conn: &Conn, host: &Authority) {
    if conn.server().allows_log(options::hosts.name) {
        let host = shown(host.as_str().as_bytes());
        tracing::warn!(
            conn = conn.id(),
            peer = %conn.peer(),
            host,
            "refused with 421: the option `hosts` does not name this host; where only loopback is listened on, its \
             default is `localhost` and loopback addresses"
        );
    }
}

/// A text of the peer for the log.
fn shown(text: &[u8]) -> String {
    Escaped(String::from_utf8_lossy(text.get(..MAX_SHOWN).unwrap_or(text))).to_string()
}

/// How much of an origin or a host is logged: a host has at most 253 bytes.
const MAX_SHOWN: usize = 280;
