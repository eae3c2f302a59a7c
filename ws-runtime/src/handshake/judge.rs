//! Decides what a request is: a handshake, a plain request, or neither. No I/O, no clock.

use std::sync::atomic::{AtomicBool, Ordering};

use http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, HeaderName, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    TRANSFER_ENCODING, UPGRADE,
};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, Uri, Version};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::head::Head;
use super::origin::Origins;
use super::refusal::Refusal;
use super::request::{Handshake, Request};
use super::subprotocol::Subprotocols;
use crate::escape::Escaped;

/// What a request turned out to be.
#[derive(Debug)]
pub(crate) enum Judged {
    /// A valid handshake of an allowed origin, to be answered with 101.
    Upgrade(Box<Handshake>),
    /// A request that wants no WebSocket.
    Plain(Box<Request>),
    /// A request that gets this answer and no handler.
    Refused(Refusal),
}

/// How a request came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Transport {
    pub(crate) encrypted: bool,
    /// Whether `Host` says how the server was reached. Over a Unix socket and in memory there is no host to name, and
    /// clients put something else there, such as the path of the socket.
    pub(crate) has_host: bool,
}

/// Judges a request by RFC 6455 section 4.2.1 and RFC 9112.
pub(crate) fn judge(mut head: Head, origins: &Origins, transport: Transport) -> Judged {
    let host = match check_head(&mut head, transport) {
        Ok(host) => host,
        Err(refusal) => return Judged::Refused(refusal),
    };
    if !wants_websocket(&head.headers) {
        return match check_plain(&head) {
            Ok(()) => Judged::Plain(Box::new(Request::new(head))),
            Err(refusal) => Judged::Refused(refusal),
        };
    }
    match check_handshake(&head, host.as_ref(), origins, transport.encrypted) {
        Ok((offered, accept_key)) => Judged::Upgrade(Box::new(Handshake::new(head, offered, accept_key))),
        Err(refusal) => Judged::Refused(refusal),
    }
}

/// What holds for every request: gives the host that it is for. A target with a host in it is cut down to its path.
fn check_head(head: &mut Head, transport: Transport) -> Result<Option<Authority>, Refusal> {
    let host = match parse_host(head) {
        Err(_) if !transport.has_host => None,
        host => host?,
    };
    if head.method == Method::CONNECT {
        return Err(Refusal::Method);
    }
    let Some(scheme) = head.uri.scheme() else {
        let asterisk = head.uri.path() == "*" && head.method == Method::OPTIONS;
        let origin_form = head.uri.authority().is_none() && head.uri.path().starts_with('/');
        return if asterisk || origin_form { Ok(host) } else { Err(Refusal::Target) };
    };
    let default_port = match scheme.as_str().to_ascii_lowercase().as_str() {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        _ => return Err(Refusal::Target),
    };
    let named = head.uri.authority().filter(|named| is_host(named)).cloned().ok_or(Refusal::Target)?;
    let address =
        |host: &Authority| (host.host().to_ascii_lowercase(), host.port_u16().unwrap_or(default_port));
    // RFC 9112 section 3.2.2: it goes before the header's. Two hosts in one request are a trick, not a need.
    if transport.has_host && host.as_ref().is_some_and(|host| address(host) != address(&named)) {
        return Err(Refusal::Target);
    }
    let path = head.uri.path_and_query().cloned().ok_or(Refusal::Target)?;
    head.uri = Uri::from(path);
    Ok(Some(named))
}

/// RFC 9112 section 3.2. A request of HTTP/1.0, as load balancers still send to check on a server, may leave it out.
fn parse_host(head: &Head) -> Result<Option<Authority>, Refusal> {
    let value = match sole(&head.headers, &HOST) {
        Ok(Some(value)) => value,
        Ok(None) if head.version == Version::HTTP_10 => return Ok(None),
        Ok(None) | Err(Repeated) => return Err(Refusal::Host),
    };
    Authority::try_from(value.as_bytes()).ok().filter(is_host).map(Some).ok_or(Refusal::Host)
}

/// Whether it is a host, perhaps with a port, and nothing else.
fn is_host(authority: &Authority) -> bool {
    // An `@` of a user stands before the host.
    let after_host = authority.as_str().strip_prefix(authority.host()).unwrap_or("@");
    let port_is_sound = matches!(after_host, "" | ":") || authority.port_u16().is_some();
    !authority.host().is_empty() && !authority.as_str().contains('@') && port_is_sound
}

/// Whether a request means to become a WebSocket, soundly or not.
///
/// A key or a version alone counts: a proxy has dropped `Upgrade`, and a page in answer would hide it. Any other
/// protocol in `Upgrade`, such as `h2c`, is ignored as RFC 9110 section 7.8 allows.
fn wants_websocket(headers: &HeaderMap) -> bool {
    lists(headers, &UPGRADE, "websocket")
        || headers.contains_key(SEC_WEBSOCKET_KEY)
        || headers.contains_key(SEC_WEBSOCKET_VERSION)
}

fn check_plain(head: &Head) -> Result<(), Refusal> {
    let length = content_length(&head.headers)?;
    match (head.headers.contains_key(TRANSFER_ENCODING), length) {
        // RFC 9112 section 6.3: both at once is an attempt at smuggling.
        (true, Some(_)) => Err(Refusal::BodyLength),
        (true, None) => Err(Refusal::Body),
        (false, Some(length)) if length > 0 => Err(Refusal::Body),
        // What follows it is another request (RFC 9112 section 9.3.2). It is not read: this answer ends the connection.
        (false, Some(_) | None) => Ok(()),
    }
}

/// RFC 6455 section 4.2.1, in its order as far as the more telling answer does not come first.
fn check_handshake(
    head: &Head,
    host: Option<&Authority>,
    origins: &Origins,
    encrypted: bool,
) -> Result<(Subprotocols, String), Refusal> {
    let headers = &head.headers;
    if head.method != Method::GET {
        return Err(Refusal::HandshakeMethod);
    }
    if head.version != Version::HTTP_11 {
        return Err(Refusal::HandshakeVersion);
    }
    if !lists(headers, &UPGRADE, "websocket") {
        return Err(Refusal::UpgradeRequired);
    }
    if !lists(headers, &CONNECTION, "upgrade") {
        return Err(Refusal::Connection);
    }
    if !matches!(sole(headers, &SEC_WEBSOCKET_VERSION), Ok(Some(version)) if version == "13") {
        return Err(Refusal::WebSocketVersion);
    }
    let Ok(Some(key)) = sole(headers, &SEC_WEBSOCKET_KEY) else { return Err(Refusal::Key) };
    if !is_key(key.as_bytes()) {
        return Err(Refusal::Key);
    }
    if headers.contains_key(TRANSFER_ENCODING) || content_length(headers)?.is_some_and(|length| length > 0) {
        return Err(Refusal::HandshakeBody);
    }
    if head.followed {
        return Err(Refusal::EarlyBytes);
    }
    let offered = Subprotocols::parse(headers)?;
    let origin = sole(headers, &ORIGIN).map_err(|Repeated| Refusal::Origin)?;
    if let Some(foreign) = origin.filter(|origin| !origins.allow(origin.as_bytes(), host, encrypted)) {
        tell_of_foreign_page(foreign);
        return Err(Refusal::ForeignOrigin);
    }
    Ok((offered, derive_accept_key(key.as_bytes())))
}

/// How much of an origin is logged: a host has at most 253 bytes.
const MAX_ORIGIN_SHOWN: usize = 280;

/// Says, once where it is seen, why pages are refused: their browsers keep it from them.
fn tell_of_foreign_page(origin: &HeaderValue) {
    static TOLD: AtomicBool = AtomicBool::new(false);
    let origin = origin.as_bytes();
    let origin = String::from_utf8_lossy(origin.get(..MAX_ORIGIN_SHOWN).unwrap_or(origin));
    let origin = Escaped(&origin);
    if TOLD.swap(true, Ordering::Relaxed) {
        tracing::debug!(%origin, "a web page of another origin is refused with 403");
    } else {
        tracing::warn!(
            %origin,
            "a web page of another origin is refused with 403, unless the option `origins` allows it; the next of them \
             are logged at debug"
        );
    }
}

/// Whether a key is 16 bytes in base64. Whatever its last character says beyond them is let be: nobody decodes a key.
fn is_key(key: &[u8]) -> bool {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.strip_suffix(b"==").is_some_and(|digits| digits.len() == 22 && digits.iter().all(is_base64))
}

/// RFC 9110 section 8.6: one number, digits only.
fn content_length(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let Some(value) = sole(headers, &CONTENT_LENGTH).map_err(|Repeated| Refusal::BodyLength)? else {
        return Ok(None);
    };
    let digits = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).map(Some).ok_or(Refusal::BodyLength)
}

/// A header that may stand there only once stands there more often.
struct Repeated;

fn sole<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h HeaderValue>, Repeated> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() { Err(Repeated) } else { Ok(value) }
}

/// Whether `token` stands in a header's list, in any case and on any of its lines.
fn lists(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|item| item.trim().eq_ignore_ascii_case(token))
}
