//! The client's side of the opening handshake (RFC 6455 section 4.1), no more than a benchmark needs.

use std::io::{Read, Write};
use std::net::SocketAddr;

use super::stream::Stream;
use crate::error::{Doing, Error, Result};

/// The key of the example in RFC 6455 section 1.3, and the answer to it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Asks for a WebSocket.
pub(crate) fn send_request(stream: &mut Stream, address: SocketAddr, path: &str) -> Result<()> {
    send_request_with(stream, address, path, "")
}

/// Asks for a WebSocket, with more headers.
pub(crate) fn send_request_with(
    stream: &mut Stream,
    address: SocketAddr,
    path: &str,
    headers: &str,
) -> Result<()> {
    let request = request(address, path, headers);
    stream.write_all(request.as_bytes()).and_then(|()| stream.flush()).doing("send the request")
}

/// The request itself.
pub(crate) fn request(address: SocketAddr, path: &str, headers: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{headers}\r\n"
    )
}

/// Waits for the answer, checks that it admits the client, and gives it. Reads no further: no server of ours speaks
/// first.
pub(crate) fn read_answer(stream: &mut Stream) -> Result<String> {
    let answer = read_head(stream)?;
    let admitted = answer.starts_with("HTTP/1.1 101 ") && answer.contains(ACCEPT);
    if admitted { Ok(answer) } else { Err(Error::Handshake(answer)) }
}

/// Waits for the answer, whatever it is.
pub(crate) fn read_head(stream: &mut Stream) -> Result<String> {
    let mut answer = Vec::with_capacity(512);
    let mut buffer = [0; 512];
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer).doing("read the answer to the request")? {
            0 => break,
            count => answer.extend_from_slice(&buffer[..count]),
        }
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
