//! Puts an answer into bytes: the 101 that begins a WebSocket, or one that ends the connection.

use bytes::{Buf, Bytes};
use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL,
    TRAILER, TRANSFER_ENCODING,
};
use http::{Method, Response, StatusCode};

use super::request::Handshake;

/// The 101 for a handshake (RFC 6455 section 4.2.2), with the subprotocol and the headers that its handler chose, and
/// the extension that was agreed on.
pub(crate) fn accept(handshake: &Handshake, extension: Option<HeaderValue>) -> Vec<u8> {
    let (headers, subprotocol) = handshake.added_headers();
    let mut out = Vec::with_capacity(256);
    put_status(&mut out, StatusCode::SWITCHING_PROTOCOLS);
    out.extend_from_slice(b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ");
    out.extend_from_slice(handshake.accept_key().as_bytes());
    out.extend_from_slice(b"\r\n");
    headers.iter().for_each(|(name, value)| put_header(&mut out, name, value));
    if let Some(subprotocol) = subprotocol {
        put_header(&mut out, &SEC_WEBSOCKET_PROTOCOL, &subprotocol);
    }
    if let Some(extension) = extension {
        put_header(&mut out, &SEC_WEBSOCKET_EXTENSIONS, &extension);
    }
    out.extend_from_slice(b"\r\n");
    out
}

/// The bytes of an answer to a request of that method; the caller closes after them.
pub(crate) fn encode_response(response: &Response<Bytes>, method: &Method) -> impl Buf + use<> {
    let mut out = Vec::with_capacity(512);
    // An answer of a type of the user's own is the only one that has not been checked for it before.
    let status = response.status();
    let status = if status.is_informational() { StatusCode::INTERNAL_SERVER_ERROR } else { status };
    put_status(&mut out, status);
    for (name, value) in response.headers().iter().filter(|(name, _)| !frames_message(name)) {
        put_header(&mut out, name, value);
    }
    put_header(&mut out, &CONNECTION, &HeaderValue::from_static("close"));
    // RFC 9110 section 6.4.1: these have no body, and of a 204 not even its length may be told.
    let bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if !bodiless {
        put_header(&mut out, &CONTENT_LENGTH, &HeaderValue::from(response.body().len()));
    }
    out.extend_from_slice(b"\r\n");
    let has_body = !bodiless && *method != Method::HEAD;
    let body = if has_body { response.body().clone() } else { Bytes::new() };
    Bytes::from(out).chain(body)
}

/// Whether a header says where the message ends or what becomes of the connection, which is decided here alone.
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

/// Writes a name as the RFCs do: case means nothing, but there are clients that do not know.
fn put_name(out: &mut Vec<u8>, name: &str) {
    for (position, word) in name.split('-').enumerate() {
        if position > 0 {
            out.push(b'-');
        }
        if word == "websocket" {
            out.extend_from_slice(b"WebSocket");
            continue;
        }
        let mut bytes = word.bytes();
        out.extend(bytes.next().map(|first| first.to_ascii_uppercase()));
        out.extend(bytes);
    }
}
