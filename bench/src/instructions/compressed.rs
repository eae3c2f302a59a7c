//! A client that compresses (RFC 7692), each message by itself.

use std::io::{Read, Write};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

use crate::error::{Doing, Error, Result};
use crate::load::frame::Opcode;
use crate::load::frame::encode;
use crate::load::{KEY, Stream, read_answer, send_request_with};
use crate::server::Server;

/// RSV1: the message is compressed.
const COMPRESSED: u8 = 0x40;

/// How every flush ends, which is not sent.
const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];

/// Sends messages one at a time and checks the echoes; tells how many came back.
pub(super) fn echo(server: &Server, messages: u64) -> Result<u64> {
    let mut stream = Stream::open(server.address, None)?;
    let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    send_request_with(&mut stream, server.address, &server.path(0), offer)?;
    let answer = read_answer(&mut stream)?;
    if !answer.to_ascii_lowercase().contains("permessage-deflate") {
        return Err(Error::Handshake(answer));
    }
    let (mut deflate, mut inflate) = (Compress::new(Compression::fast(), false), Decompress::new(false));
    for number in 0..messages {
        let message = message(number);
        deflate.reset();
        inflate.reset(false);
        let mut deflated = Vec::with_capacity(2 * message.len());
        deflate
            .compress_vec(&message, &mut deflated, FlushCompress::Sync)
            .map_err(std::io::Error::other)
            .doing("deflate")?;
        deflated.truncate(deflated.len() - TAIL.len());
        let mut wire = Vec::new();
        encode(Opcode::Text, &deflated, KEY, &mut wire);
        wire[0] |= COMPRESSED;
        stream.write_all(&wire).doing("send to the server")?;
        let mut back = read_frame(&mut stream)?;
        back.extend(TAIL);
        let mut inflated = Vec::with_capacity(2 * message.len());
        inflate
            .decompress_vec(&back, &mut inflated, FlushDecompress::Sync)
            .map_err(std::io::Error::other)
            .doing("inflate")?;
        if inflated != message {
            return Err(wrong(format!("message {number} is not what was sent")));
        }
    }
    Ok(messages)
}

/// JSON such as programs send: much of it said before, some of it new.
fn message(number: u64) -> Vec<u8> {
    let mut text = String::from("[");
    while text.len() < 1024 {
        let at = text.len() as u64;
        let value = (number * 7919 + at * 104_729) % 99_991;
        text +=
            &format!("{{\"id\":{value},\"name\":\"sensor-{}\",\"value\":{}.5}},", value % 97, value % 1013);
    }
    text.truncate(1024);
    text.into_bytes()
}

/// The payload of the next frame, which is a compressed text.
fn read_frame(stream: &mut Stream) -> Result<Vec<u8>> {
    let mut header = [0; 2];
    stream.read_exact(&mut header).doing("read from the server")?;
    let length = match header {
        [0xC1, length @ 0..126] => usize::from(length),
        [0xC1, 126] => {
            let mut length = [0; 2];
            stream.read_exact(&mut length).doing("read from the server")?;
            usize::from(u16::from_be_bytes(length))
        }
        _ => {
            return Err(wrong(format!(
                "a frame that begins with {header:02x?} instead of a compressed text"
            )));
        }
    };
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).doing("read from the server")?;
    Ok(payload)
}

fn wrong(what: String) -> Error {
    Error::Wrong { connection: 0, what }
}
