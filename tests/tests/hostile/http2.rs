//! A client of HTTP/2 that sends whatever it is told to: no library sends what is malformed.

use tokio::io::{AsyncRead, AsyncReadExt};

/// Types of frames (RFC 9113, section 6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
/// Flags of frames.
const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;

/// The preface, and one request.
pub(crate) fn request(fields: &[(&str, &str)], ends: bool) -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, b""));
    let mut block = Vec::new();
    for (name, value) in fields {
        // A literal that is not indexed, with a new name (RFC 7541, section 6.2.2).
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend(text.as_bytes());
        }
    }
    let flags = if ends { END_HEADERS | END_STREAM } else { END_HEADERS };
    bytes.extend(frame(HEADERS, flags, 1, &block));
    bytes
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Lets the server send so many bytes more.
pub(crate) fn window(bytes: u32) -> Vec<u8> {
    [frame(WINDOW_UPDATE, 0, 0, &bytes.to_be_bytes()), frame(WINDOW_UPDATE, 0, 1, &bytes.to_be_bytes())]
        .concat()
}

/// Reads until the stream of the request ends, and counts its bytes.
pub(crate) async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> usize {
    let mut count = 0;
    loop {
        let (kind, flags, id, payload) = read_frame(stream).await.expect("the connection lasts");
        if id == 1 && kind == DATA {
            count += payload.len();
        }
        if id == 1 && (kind == RST_STREAM || flags & END_STREAM != 0) {
            return count;
        }
    }
}

/// The type of a frame, its flags, its stream and its payload; `None` at the end of the connection.
async fn read_frame(stream: &mut (impl AsyncRead + Unpin)) -> Option<(u8, u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let [a, b, c, kind, flags, id @ ..] = head;
    let mut payload = vec![0; usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap()];
    stream.read_exact(&mut payload).await.ok()?;
    Some((kind, flags, u32::from_be_bytes(id), payload))
}

/// How a request was answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// With this status, and what comes of the body until the stream ends or is left open.
    Status(u16, String),
    /// The stream was reset.
    Reset,
    /// The connection was ended.
    Ended,
}

/// Reads the answer to a request; the first bytes have been read already.
pub(crate) async fn answer(first: &[u8], stream: &mut (impl AsyncRead + Unpin)) -> Answer {
    let mut stream = first.chain(stream);
    let mut status = None;
    let mut body = Vec::new();
    loop {
        let Some((kind, flags, id, payload)) = read_frame(&mut stream).await else { return Answer::Ended };
        match (kind, id) {
            (HEADERS, 1) => status = Some(read_status(&payload)),
            (DATA, 1) => body.extend(payload),
            (RST_STREAM, 1) => return Answer::Reset,
            (GOAWAY, _) => return Answer::Ended,
            _ => continue,
        }
        if let Some(status) = status
            && (flags & END_STREAM != 0 || status == 200)
        {
            return Answer::Status(status, String::from_utf8(body).unwrap());
        }
    }
}

/// The status, which comes first in a block of fields: indexed, or a literal, whose digits are encoded by Huffman's code.
fn read_status(block: &[u8]) -> u16 {
    /// The statuses of the static table (RFC 7541, appendix A).
    const INDEXED: [u16; 7] = [200, 204, 206, 304, 400, 404, 500];
    match block {
        [index @ 0x88..=0x8E, ..] => INDEXED[usize::from(index - 0x88)],
        [0x08 | 0x18 | 0x48, length, text @ ..] => {
            let text = &text[..usize::from(length & 0x7F)];
            if length & 0x80 == 0 {
                return str::from_utf8(text).unwrap().parse().unwrap();
            }
            let mut bits =
                text.iter().flat_map(|byte| (0..8).rev().map(move |bit| u16::from(byte >> bit & 1)));
            let mut take = |count: usize| bits.by_ref().take(count).fold(0, |code, bit| code << 1 | bit);
            (0..3).fold(0, |status, _| {
                // 0, 1 and 2 have five bits, the other digits six.
                let digit = match take(5) {
                    code @ 0..=2 => code,
                    code => (code << 1 | take(1)) - 0x19 + 3,
                };
                status * 10 + digit
            })
        }
        _ => panic!("no status: {block:x?}"),
    }
}
