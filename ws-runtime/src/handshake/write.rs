//! Puts an answer into bytes: the 101 that begins a WebSocket, or one that ends the connection.

use std::io;

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL,
    TRAILER, TRANSFER_ENCODING,
};
use http::{Method, Response, StatusCode};
use tokio::io::{AsyncWrite, AsyncWriteExt};

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

/// Writes an answer to a request of that method, and flushes it. The caller closes afterwards.
///
/// # Errors
///
/// Those of the stream.
pub(crate) async fn write_response<S: AsyncWrite + Unpin>(
    stream: &mut S,
    response: &Response<Bytes>,
    method: &Method,
) -> io::Result<()> {
    stream.write_all(&encode(response, method)).await?;
    stream.flush().await
}

fn encode(response: &Response<Bytes>, method: &Method) -> Vec<u8> {
    let mut out = Vec::with_capacity(512 + response.body().len());
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
    if !bodiless && *method != Method::HEAD {
        out.extend_from_slice(response.body());
    }
    out
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
