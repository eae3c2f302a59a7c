//! The spans and events of a connection, where the option `trace` asks for them. Names are OpenTelemetry's, where it
//! has any.
//!
//! A span ends with what it is for: tracers export it then. So none spans a whole connection; what belongs to one has its
//! number in the field `conn`.

use std::fmt;

use http::{HeaderMap, HeaderName, Method, StatusCode};
use tracing::field::{Empty, display};
use tracing::{Id, Span};

use super::Conn;
use super::dispatch::catch_code;
use crate::escape::Escaped;
use crate::event::{Close, Received};
use crate::handshake::Head;
use crate::options::Trace;
use crate::server::EnterTrace;

/// The target of all of them.
const TARGET: &str = "ws_runtime::trace";

/// The span of a request; `None` unless the option asks for it, and the subscriber wants it.
pub(super) fn of_request(
    conn: &Conn,
    head: &Head,
    encrypted: bool,
    enter: Option<&EnterTrace>,
) -> Option<Span> {
    if !is_on(conn) {
        return None;
    }
    // A layer that knows the trace of the client takes the span for a part of that.
    let entered = enter.map(|enter| catch_code("trace_context", || enter(head.headers())));
    let span = if head.wants_websocket() {
        tracing::info_span!(
            target: TARGET, "handshake", otel.kind = "server", otel.name = Empty, conn = conn.id(),
            http.request.method = Empty, url.path = Empty, url.scheme = Empty, client.address = Empty,
            network.protocol.name = "http", http.route = Empty, http.response.status_code = Empty,
            otel.status_code = Empty, "error.type" = Empty, traceparent = Empty, tracestate = Empty
        )
    } else {
        tracing::info_span!(
            target: TARGET, "request", otel.kind = "server", otel.name = Empty, conn = conn.id(),
            http.request.method = Empty, url.path = Empty, url.scheme = Empty, client.address = Empty,
            network.protocol.name = "http", http.response.status_code = Empty,
            otel.status_code = Empty, "error.type" = Empty, traceparent = Empty, tracestate = Empty
        )
    };
    // It may belong to this thread.
    drop(entered);
    if span.is_disabled() {
        return None;
    }
    let method = known(head.method());
    span.record("http.request.method", method);
    span.record("url.path", display(Escaped(head.path())));
    span.record("url.scheme", if encrypted { "https" } else { "http" });
    if let Some(parent) = text(head.headers(), &TRACEPARENT).filter(|parent| is_traceparent(parent)) {
        span.record("traceparent", parent);
        if let Some(state) = text(head.headers(), &TRACESTATE).filter(|state| state.len() <= MAX_TRACESTATE) {
            span.record("tracestate", display(Escaped(state)));
        }
    }
    Some(span)
}

/// Notes who the client is, once it is known what a trusted proxy says.
pub(super) fn record_client(span: &Span, conn: &Conn) {
    if let Some(ip) = conn.ip().filter(|_| !span.is_disabled()) {
        span.record("client.address", display(ip));
    }
}

/// Notes which route serves a handshake.
pub(super) fn record_route(span: &Span, method: &str, path: impl FnOnce() -> Option<String>) {
    if span.is_disabled() {
        return;
    }
    match path() {
        Some(path) => {
            span.record("otel.name", display(format_args!("{method} {path}")));
            span.record("http.route", path.as_str());
        }
        None => {
            span.record("otel.name", method);
        }
    }
}

/// Notes the answer, and why the server gave it instead of a handler.
pub(super) fn record_answer(span: &Span, status: StatusCode, error: Option<&'static str>) {
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    if let Some(error) = error {
        span.record("error.type", error);
    }
}

/// Notes that there was no answer.
pub(super) fn record_no_answer(span: &Span, why: &dyn fmt::Display) {
    span.record("error.type", display(Escaped(why)));
}

/// A connection is a WebSocket. Where connections are traced, [`connected`] has said so.
pub(super) fn begun(conn: &Conn) {
    if !is_on(conn) {
        tracing::debug!(conn = conn.id(), peer = %conn.peer(), "connected");
    }
}

/// A handshake has become a connection, within its span.
pub(super) fn connected(conn: &Conn, span: &Span) {
    span.in_scope(|| tracing::info!(target: TARGET, conn = conn.id(), peer = %conn.peer(), "connected"));
}

/// A connection is over.
pub(super) fn disconnected(conn: &Conn, close: &Close) {
    let (peer, code, by) = (conn.peer(), close.code(), close.by().as_str());
    if is_on(conn) {
        tracing::info!(target: TARGET, conn = conn.id(), %peer, code, by, "disconnected");
    } else {
        tracing::debug!(conn = conn.id(), %peer, code, by, "disconnected");
    }
}

fn is_on(conn: &Conn) -> bool {
    match conn.server().options().trace {
        Trace::Off => false,
        Trace::Connections | Trace::Messages => true,
    }
}

/// The spans of the messages of one connection.
#[derive(Debug)]
pub(super) struct MessageSpans {
    conn: u64,
    handshake: Option<Id>,
    /// The span of a message whose handler is `async`, until that runs.
    begun: Option<Span>,
}

impl MessageSpans {
    /// `None` unless the option asks for them.
    pub(super) fn of(conn: &Conn, handshake: Option<&Span>) -> Option<Box<Self>> {
        let handshake = handshake.and_then(Span::id);
        match conn.server().options().trace {
            Trace::Off | Trace::Connections => None,
            Trace::Messages => Some(Box::new(Self { conn: conn.id(), handshake, begun: None })),
        }
    }

    /// The span of a message that is about to be handled.
    pub(super) fn begin(&self, message: &Received<'_>, handler: &'static str) -> Span {
        let (kind, name) = match message {
            Received::Utf8(_) => ("text", None),
            Received::Named(message) => ("text", Some(message.name())),
            Received::Binary(_) => ("binary", None),
            Received::Pong(_) => ("pong", None),
        };
        // A trace of its own: that of the handshake is over.
        let span = tracing::info_span!(
            target: TARGET, parent: None, "message", otel.kind = "server", otel.name = %format_args!("ws {handler}"),
            conn = self.conn, ws.handler = handler, ws.message.kind = kind, ws.message.size = message.size(),
            ws.message.name = Empty
        );
        if let Some(name) = name {
            span.record("ws.message.name", display(Escaped(name)));
        }
        if let Some(handshake) = &self.handshake {
            span.follows_from(handshake);
        }
        span
    }

    /// Keeps the span of a message that is awaited later. The next message may come before that only if the peer has
    /// cancelled this one: then `None` ends the span.
    pub(super) fn keep(&mut self, span: Option<Span>) {
        self.begun = span;
    }

    /// The span of the message that is awaited now: the one that was kept.
    pub(super) fn take(&mut self) -> Span {
        self.begun.take().unwrap_or_else(Span::none)
    }
}

/// A method in a form that peers cannot multiply.
pub(super) fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::CONNECT => "CONNECT",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::PATCH => "PATCH",
        _ => "_OTHER",
    }
}

/// The only value of a header, if it is text.
fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// Whether it is a `traceparent` (W3C Trace Context, section 3.2): version, trace, parent and flags in hexadecimal.
fn is_traceparent(text: &str) -> bool {
    let is_hex = |part: &str, length| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0' ..= b'9' | b'a' ..= b'f'))
    };
    let is_id = |part: &str, length| is_hex(part, length) && part.bytes().any(|byte| byte != b'0');
    let mut parts = text.splitn(5, '-');
    let [version, trace, parent, flags] = [(); 4].map(|()| parts.next().unwrap_or_default());
    // A later version may add parts.
    let ends_well = if version == "00" { parts.next().is_none() } else { text.len() <= MAX_TRACEPARENT };
    is_hex(version, 2)
        && version != "ff"
        && is_id(trace, 32)
        && is_id(parent, 16)
        && is_hex(flags, 2)
        && ends_well
}

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// How long a `traceparent` of a later version may be.
const MAX_TRACEPARENT: usize = 128;

/// How long a `tracestate` is at most (W3C Trace Context, section 3.3.1.5).
const MAX_TRACESTATE: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_of_the_form_that_the_standard_gives() {
        let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(is_traceparent(valid));
        assert!(is_traceparent(&format!("cc{}-what-follows", &valid[2..])));
        for wrong in [
            "",
            "00",
            &format!("{valid}-more"),
            &valid.to_uppercase(),
            &valid.replace("00-4b", "ff-4b"),
            &valid.replace('f', "g"),
            &valid[1..],
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            &format!("cc{}-{}", &valid[2..], "x".repeat(100)),
        ] {
            assert!(!is_traceparent(wrong), "{wrong}");
        }
    }
}
