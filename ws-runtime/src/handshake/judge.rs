//! Decides what a request is: a handshake, a plain request, or neither. No I/O, no clock.

use std::sync::atomic::{AtomicBool, Ordering};

use http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, HeaderName, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    TRANSFER_ENCODING, UPGRADE,
};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Method, Response, Uri, Version};
use tokio_tungstenite::tungstenite::handshake::server::create_response;

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

/// Judges a request by RFC 6455 section 4.2.1 and RFC 9112; `encrypted` tells whether it came by TLS.
pub(crate) fn judge(mut head: Head, origins: &Origins, encrypted: bool) -> Judged {
    let host = match check_head(&mut head) {
        Ok(host) => host,
        Err(refusal) => return Judged::Refused(refusal),
    };
    if !wants_websocket(&head.headers) {
        return match check_plain(&head) {
            Ok(()) => Judged::Plain(Box::new(Request::new(head))),
            Err(refusal) => Judged::Refused(refusal),
        };
    }
    match check_handshake(&head, host.as_ref(), origins, encrypted) {
        Ok((offered, response)) => Judged::Upgrade(Box::new(Handshake::new(head, offered, response))),
        Err(refusal) => Judged::Refused(refusal),
    }
}

/// What holds for every request. A target with a host in it is cut down to its path.
fn check_head(head: &mut Head) -> Result<Option<Authority>, Refusal> {
    let host = parse_host(head)?;
    if head.method == Method::CONNECT {
        return Err(Refusal::Method);
    }
    let Some(scheme) = head.uri.scheme() else {
        let asterisk = head.uri.path() == "*" && head.method == Method::OPTIONS;
        let origin_form = head.uri.authority().is_none() && head.uri.path().starts_with('/');
        return if asterisk || origin_form { Ok(host) } else { Err(Refusal::Target) };
    };
    // RFC 9112 section 3.2.2: its host goes before the header's. Two hosts in one request are a trick, not a need.
    let known = *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS;
    let same_host = match (head.uri.authority(), &host) {
        (Some(named), Some(host)) => named == host,
        (Some(_), None) | (None, _) => false,
    };
    if !known || !same_host {
        return Err(Refusal::Target);
    }
    let path = head.uri.path_and_query().cloned().ok_or(Refusal::Target)?;
    head.uri = Uri::from(path);
    Ok(host)
}

/// RFC 9112 section 3.2. A request of HTTP/1.0, as load balancers still send to check on a server, may leave it out.
fn parse_host(head: &Head) -> Result<Option<Authority>, Refusal> {
    let value = match sole(&head.headers, &HOST) {
        Ok(Some(value)) => value,
        Ok(None) if head.version == Version::HTTP_10 => return Ok(None),
        Ok(None) | Err(Repeated) => return Err(Refusal::Host),
    };
    let host = Authority::try_from(value.as_bytes()).map_err(|_| Refusal::Host)?;
    let after_host = host.as_str().strip_prefix(host.host()).unwrap_or("@");
    let port_is_sound = matches!(after_host, "" | ":") || host.port_u16().is_some();
    if host.host().is_empty() || host.as_str().contains('@') || !port_is_sound {
        return Err(Refusal::Host);
    }
    Ok(Some(host))
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
        (false, Some(_) | None) if head.followed => Err(Refusal::EarlyBytes),
        (false, Some(_) | None) => Ok(()),
    }
}

/// RFC 6455 section 4.2.1, in its order as far as the more telling answer does not come first.
fn check_handshake(
    head: &Head,
    host: Option<&Authority>,
    origins: &Origins,
    encrypted: bool,
) -> Result<(Subprotocols, Response<()>), Refusal> {
    let headers = &head.headers;
    if head.method != Method::GET {
        return Err(Refusal::HandshakeMethod);
    }
    let (Version::HTTP_11, Some(host)) = (head.version, host) else {
        return Err(Refusal::HandshakeVersion);
    };
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
    let response = switch_protocols(key)?;
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
    Ok((offered, response))
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

/// The 101 for a key, by tungstenite, which refuses a key that is not 16 bytes in base64.
///
/// It sees the headers in the one form that it knows; the forms that the RFC also allows were judged above.
fn switch_protocols(key: &HeaderValue) -> Result<Response<()>, Refusal> {
    let request = http::Request::builder()
        .header(UPGRADE, "websocket")
        .header(CONNECTION, "Upgrade")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_KEY, key)
        .body(())
        .map_err(|_| Refusal::Key)?;
    create_response(&request).map_err(|_| Refusal::Key)
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
