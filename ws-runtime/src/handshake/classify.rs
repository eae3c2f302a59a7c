//! Classifies a request: a WebSocket handshake, a plain request, or one to be refused. No I/O, no clock.

use http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, HeaderName, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    TRANSFER_ENCODING, UPGRADE,
};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Method, Uri, Version};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::head::Head;
use super::host::Hosts;
use super::origin::Origins;
use super::refusal::Refusal;
use super::request::{Handshake, Request};
use super::subprotocol::Subprotocols;

/// A classified request.
#[derive(Debug)]
pub(crate) enum Classified {
    /// A valid handshake of an allowed origin, to be answered with 101.
    Upgrade(Box<Handshake>),
    /// A request that does not ask for a WebSocket.
    Plain(Box<Request>),
    /// A request that is refused before any handler sees it.
    Refused(Refusal),
    /// A request for a host that the server does not answer for.
    Misdirected(Authority),
    /// A valid handshake of a web page that may not connect.
    ForeignPage {
        /// The value of its `Origin`.
        origin: HeaderValue,
        /// The host that it was compared with.
        host: Option<Authority>,
    },
}

/// How a request came here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Transport {
    /// Whether the client's end is encrypted: this server terminated TLS, or a trusted proxy did.
    pub(crate) encrypted: bool,
    /// Whether `Host` must name the server. A Unix socket has no host: clients send something else there, such as the
    /// path of the socket.
    pub(crate) has_host: bool,
}

/// Which hosts are answered for, and which one a request is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hosting<'a> {
    pub(crate) hosts: &'a Hosts,
    /// The host that the client has asked a trusted proxy for. It takes the place of the one in the request.
    pub(crate) forwarded: Option<&'a Authority>,
}

impl Hosting<'_> {
    fn answers(self, host: &Authority, transport: Transport) -> bool {
        let is_judged = transport.has_host || self.forwarded.is_some();
        !is_judged || self.hosts.answer(host)
    }
}

/// Classifies a request by RFC 6455 section 4.2.1 and RFC 9112. `allows` says whether a handshake for a path is
/// allowed; its second argument judges the origin by the origins that the path allows.
pub(crate) fn classify(
    mut head: Head,
    allows: impl FnOnce(&str, &dyn Fn(&Origins) -> bool) -> bool,
    transport: Transport,
    hosting: Hosting<'_>,
) -> Classified {
    let named = match check_head(&mut head, transport) {
        Ok(host) => host,
        Err(refusal) => return Classified::Refused(refusal),
    };
    let host = hosting.forwarded.cloned().or(named);
    if let Some(host) = host.as_ref().filter(|host| !hosting.answers(host, transport)) {
        return Classified::Misdirected(host.clone());
    }
    if !head.wants_websocket() {
        return match check_plain(&head) {
            Ok(()) => Classified::Plain(Box::new(Request::new(head))),
            Err(refusal) => Classified::Refused(refusal),
        };
    }
    let (offered, accept_key) = match check_handshake(&head) {
        Ok(checked) => checked,
        Err(refusal) => return Classified::Refused(refusal),
    };
    match sole(&head.headers, &ORIGIN) {
        Err(Repeated) => Classified::Refused(Refusal::Origin),
        Ok(origin) => {
            let judge = |origins: &Origins| {
                origin
                    .is_none_or(|origin| origins.allow(origin.as_bytes(), host.as_ref(), transport.encrypted))
            };
            let is_allowed = allows(head.uri.path(), &judge);
            if let Some(origin) = origin.filter(|_| !is_allowed) {
                return Classified::ForeignPage { origin: origin.clone(), host };
            }
            Classified::Upgrade(Box::new(Handshake::new(head, offered, accept_key)))
        }
    }
}

/// Checks the rules for every request, and returns the host that it is for. Reduces an absolute-form target to its
/// path.
fn check_head(head: &mut Head, transport: Transport) -> Result<Option<Authority>, Refusal> {
    let host = match parse_host(head.version, &head.headers) {
        Err(_) if !transport.has_host => None,
        host => host?,
    };
    if head.method == Method::CONNECT && !head.is_extended_connect {
        return Err(Refusal::Method);
    }
    let Some(scheme) = head.uri.scheme() else {
        let asterisk = head.uri.path() == "*" && head.method == Method::OPTIONS;
        let origin_form = head.uri.authority().is_none() && head.uri.path().starts_with('/');
        return if asterisk || origin_form { Ok(host) } else { Err(Refusal::Target) };
    };
    let host = host.filter(|_| transport.has_host);
    let named = named(scheme, head.uri.authority(), host.as_ref())?;
    let path = head.uri.path_and_query().cloned().ok_or(Refusal::Target)?;
    head.uri = Uri::from(path);
    Ok(Some(named))
}

/// The host that an absolute-form target names.
///
/// RFC 9112 section 3.2.2: it takes precedence over `Host`. No honest client sends two different hosts.
fn named(scheme: &Scheme, named: Option<&Authority>, host: Option<&Authority>) -> Result<Authority, Refusal> {
    let default_port = match scheme.as_str().to_ascii_lowercase().as_str() {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        _ => return Err(Refusal::Target),
    };
    let address =
        |host: &Authority| (host.host().to_ascii_lowercase(), host.port_u16().unwrap_or(default_port));
    let named = named.filter(|named| is_host(named)).ok_or(Refusal::Target)?;
    if host.is_some_and(|host| address(host) != address(named)) {
        return Err(Refusal::Target);
    }
    Ok(named.clone())
}

/// Reads `Host` (RFC 9112 section 3.2). A request of HTTP/1.0 may leave it out: some load balancers check health that
/// way.
fn parse_host(version: Version, headers: &HeaderMap) -> Result<Option<Authority>, Refusal> {
    let value = match sole(headers, &HOST) {
        Ok(Some(value)) => value,
        // HTTP/2 and later have the host in the target.
        Ok(None) if version == Version::HTTP_10 || version >= Version::HTTP_2 => return Ok(None),
        Ok(None) | Err(Repeated) => return Err(Refusal::Host),
    };
    parse_authority(value.as_bytes()).map(Some).ok_or(Refusal::Host)
}

/// Checks the host that a request of HTTP/1 for another service asks for, as that of one for the server itself.
#[cfg(feature = "tower")]
pub(crate) fn check_host<B>(request: &http::Request<B>, hosts: &Hosts) -> Result<(), Refusal> {
    let host = parse_host(request.version(), request.headers())?;
    let host = match request.uri().scheme() {
        Some(scheme) => Some(named(scheme, request.uri().authority(), host.as_ref())?),
        None => host,
    };
    if host.is_some_and(|host| !hosts.answer(&host)) {
        return Err(Refusal::Misdirected);
    }
    Ok(())
}

/// Reads a host with an optional port. `None` if it is anything else.
pub(crate) fn parse_authority(value: &[u8]) -> Option<Authority> {
    Authority::try_from(value).ok().filter(is_host)
}

/// Whether this is a host with an optional port, and nothing else.
fn is_host(authority: &Authority) -> bool {
    // If a user name precedes the host, the prefix does not match: treat it as `@`.
    let after_host = authority.as_str().strip_prefix(authority.host()).unwrap_or("@");
    let port_is_sound = matches!(after_host, "" | ":") || authority.port_u16().is_some();
    !authority.host().is_empty() && !authority.as_str().contains('@') && port_is_sound
}

/// Whether a request asks for a WebSocket, even by an invalid handshake.
///
/// A key or a version without `Upgrade` counts: a proxy has dropped that header, and answering with a page would hide
/// that. Any other protocol in `Upgrade`, such as `h2c`, is ignored as RFC 9110 section 7.8 allows.
pub(crate) fn wants_websocket(headers: &HeaderMap) -> bool {
    lists(headers, &UPGRADE, "websocket")
        || headers.contains_key(SEC_WEBSOCKET_KEY)
        || headers.contains_key(SEC_WEBSOCKET_VERSION)
}

fn check_plain(head: &Head) -> Result<(), Refusal> {
    let length = content_length(&head.headers)?;
    match (head.headers.contains_key(TRANSFER_ENCODING), length) {
        // RFC 9112 section 6.3: both at once may be request smuggling.
        (true, Some(_)) => Err(Refusal::BodyLength),
        (true, None) => Err(Refusal::Body),
        (false, Some(length)) if length > 0 => Err(Refusal::Body),
        // Bytes after it are a pipelined request (RFC 9112 section 9.3.2). It is ignored: this answer ends the
        // connection.
        (false, Some(_) | None) => Ok(()),
    }
}

/// Checks a handshake by RFC 6455 section 4.2.1, except its origin. Returns the offered subprotocols, and the accept key
/// unless it is one of HTTP/2.
fn check_handshake(head: &Head) -> Result<(Subprotocols, Option<HeaderValue>), Refusal> {
    let headers = &head.headers;
    if !head.is_extended_connect {
        check_upgrade(head)?;
    }
    if !matches!(sole(headers, &SEC_WEBSOCKET_VERSION), Ok(Some(version)) if version == "13") {
        return Err(Refusal::WebSocketVersion);
    }
    // RFC 8441 section 5: HTTP/2 has no key.
    let accept_key = if head.is_extended_connect { None } else { Some(check_key(headers)?) };
    if headers.contains_key(TRANSFER_ENCODING) || content_length(headers)?.is_some_and(|length| length > 0) {
        return Err(Refusal::HandshakeBody);
    }
    if head.followed {
        return Err(Refusal::EarlyBytes);
    }
    Ok((Subprotocols::parse(headers)?, accept_key))
}

/// Checks that a request asks for the upgrade, as HTTP/1.1 does it.
fn check_upgrade(head: &Head) -> Result<(), Refusal> {
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
    if lists(headers, &CONNECTION, "upgrade") { Ok(()) } else { Err(Refusal::Connection) }
}

/// The value of `Sec-WebSocket-Accept` for the key of a handshake.
fn check_key(headers: &HeaderMap) -> Result<HeaderValue, Refusal> {
    let Ok(Some(key)) = sole(headers, &SEC_WEBSOCKET_KEY) else { return Err(Refusal::Key) };
    if !is_key(key.as_bytes()) {
        return Err(Refusal::Key);
    }
    derive_accept_key(key.as_bytes()).try_into().map_err(|_| Refusal::Key)
}

/// Whether a key is 16 bytes in base64. The spare bits of its last character may be set, because the key is never
/// decoded.
fn is_key(key: &[u8]) -> bool {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.strip_suffix(b"==").is_some_and(|digits| digits.len() == 22 && digits.iter().all(is_base64))
}

/// Reads `Content-Length` (RFC 9110 section 8.6): one number, digits only.
fn content_length(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let Some(value) = sole(headers, &CONTENT_LENGTH).map_err(|Repeated| Refusal::BodyLength)? else {
        return Ok(None);
    };
    let digits = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).map(Some).ok_or(Refusal::BodyLength)
}

/// A header that may occur only once occurs more often.
struct Repeated;

fn sole<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h HeaderValue>, Repeated> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() { Err(Repeated) } else { Ok(value) }
}

/// Whether the list in a header contains `token`, in any case and on any of its lines.
fn lists(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|item| item.trim().eq_ignore_ascii_case(token))
}
