//! Encodes answers: the 101 that starts a WebSocket, and those that end the connection.

use bytes::{Buf, Bytes};
use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_PROTOCOL, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{Method, Response, StatusCode};

use super::request::Handshake;

/// The answer that opens a WebSocket, with the subprotocol and headers that handlers chose, and the negotiated extension:
/// 101 (RFC 6455 section 4.2.2), or 200 over HTTP/2 (RFC 8441 section 5).
pub(crate) fn accept(handshake: &Handshake, extension: Option<HeaderValue>) -> Response<()> {
    let (mut headers, subprotocol) = handshake.added_headers();
    let mut status = StatusCode::OK;
    if let Some(accept_key) = handshake.accept_key() {
        status = StatusCode::SWITCHING_PROTOCOLS;
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept_key.clone());
    }
    headers.extend(subprotocol.map(|subprotocol| (SEC_WEBSOCKET_PROTOCOL, subprotocol)));
    headers.extend(extension.map(|extension| (SEC_WEBSOCKET_EXTENSIONS, extension)));
    let mut response = Response::new(());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Encodes a 101.
pub(crate) fn encode_accept(response: &Response<()>) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    put_status(&mut out, response.status());
    response.headers().iter().for_each(|(name, value)| put_header(&mut out, name, value));
    out.extend_from_slice(b"\r\n");
    out
}

/// Encodes an answer to a request with this method. The caller closes the connection after it.
pub(crate) fn encode_response(response: &Response<Bytes>, method: &Method) -> impl Buf + use<> {
    let mut out = Vec::with_capacity(512);
    // A response from a user's own `IntoResponse` has not been checked before.
    let status = response.status();
    let status = if status.is_informational() { StatusCode::INTERNAL_SERVER_ERROR } else { status };
    put_status(&mut out, status);
    for (name, value) in response.headers().iter().filter(|(name, _)| !frames_message(name)) {
        put_header(&mut out, name, value);
    }
    put_header(&mut out, &CONNECTION, &HeaderValue::from_static("close"));
    // RFC 9110 section 6.4.1: these have no body, and a 204 must not even have a Content-Length.
    let bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if !bodiless {
        put_header(&mut out, &CONTENT_LENGTH, &HeaderValue::from(response.body().len()));
    }
    out.extend_from_slice(b"\r\n");
    let has_body = !bodiless && *method != Method::HEAD;
    let body = if has_body { response.body().clone() } else { Bytes::new() };
    Bytes::from(out).chain(body)
}

/// Whether a header is about the length of the body or the life of the connection. Only this file decides on those.
fn frames_message(name: &HeaderName) -> bool {
    *name == CONNECTION
        || *name == CONTENT_LENGTH
        || *name == TRANSFER_ENCODING
        || *name == TRAILER
        || name.as_str() == "keep-alive"
}

fn put_status(out: &mut Vec<u8>, status: StatusCode) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    out.extend_from_slice(b"\r\n");
}

fn put_header(out: &mut Vec<u8>, name: &HeaderName, value: &HeaderValue) {
    put_name(out, name.as_str());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Writes a name in the case of the RFCs, because some clients compare names case-sensitively.
fn put_name(out: &mut Vec<u8>, name: &str) {
    for (position, word) in name.split('-').enumerate() {
        if position > 0 {
            out.push(b'-');
        }
        let irregular: Option<&[u8]> = match word {
            "websocket" => Some(b"WebSocket"),
            "www" => Some(b"WWW"),
            _ => None,
        };
        if let Some(word) = irregular {
            out.extend_from_slice(word);
            continue;
        }
        let mut bytes = word.bytes();
        out.extend(bytes.next().map(|first| first.to_ascii_uppercase()));
        out.extend(bytes);
    }
}
