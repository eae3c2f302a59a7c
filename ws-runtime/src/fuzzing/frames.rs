//! Fuzz targets for the bytes after the handshake.

use std::io;

use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocket, WebSocketConfig};

use super::cut;
use crate::wire::{self, Decoder, Incoming, Inflater, Limits};

/// Checks that the split over reads changes nothing, and that no message exceeds the limits.
pub fn frames(input: &[u8]) {
    const LIMITS: Limits = Limits { max_message: 1000, max_fragments: 8 };
    let Some((sizes, bytes)) = cut(input) else { return };
    let at_once = decode(bytes, &[], LIMITS, None);
    let in_pieces = decode(bytes, &sizes, LIMITS, None);
    assert_eq!(at_once, in_pieces);
    assert_small(&at_once.0, LIMITS.max_message);
}

pub(super) fn assert_small(messages: &[Message], most: usize) {
    for message in messages {
        match message {
            Message::Text(text) => assert!(text.len() <= most),
            Message::Binary(data) => assert!(data.len() <= most),
            Message::Ping(data) | Message::Pong(data) => assert!(data.len() <= 125),
            Message::Close(_) | Message::Frame(_) => {}
        }
    }
}

/// Checks that we accept exactly what tungstenite accepts. There are three differences: tungstenite checks a frame only
/// when it is complete, accepts lengths that are not in their shortest form, and accepts Close frames with a wrong
/// code.
pub fn differential(input: &[u8]) {
    const MOST: usize = 64 << 10;
    let Some((sizes, bytes)) = cut(input) else { return };
    let limits = Limits { max_message: MOST, max_fragments: u32::MAX };
    let (mut ours, error) = decode(bytes, &sizes, limits, None);
    let (theirs, refused) = read_by_tungstenite(bytes, MOST);
    if error == Some(wire::ProtocolError::CloseCode) && refused.is_none() {
        ours.push(Message::Close(None));
    }
    // We refuse a control frame whose length has a longer form, whatever the length is.
    if matches!(error, Some(wire::ProtocolError::LengthForm | wire::ProtocolError::LongControl)) {
        assert!(theirs.starts_with(&ours), "{ours:?} {theirs:?}");
        return;
    }
    assert_eq!(ours, theirs, "{error:?}, {refused:?}");
    // Where they refuse, so do we; where we do, they may not have seen the end of the frame.
    assert!(refused.is_none() || error.is_some(), "{refused:?}");
}

/// The output of a decoder for bytes in pieces of these sizes: the messages up to the Close frame, and the error.
///
/// A Close frame is listed without its content, which tungstenite changes.
pub(super) fn decode(
    bytes: &[u8],
    sizes: &[usize],
    limits: Limits,
    inflater: Option<Inflater>,
) -> (Vec<Message>, Option<wire::ProtocolError>) {
    let mut decoder = Decoder::new(limits, inflater);
    let mut messages = Vec::new();
    let mut rest = bytes;
    for size in sizes.iter().copied().chain([usize::MAX]) {
        let (piece, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        let mut piece = piece.to_vec();
        let mut input = piece.as_mut_slice();
        loop {
            match decoder.decode(&mut input) {
                Ok(Some(Incoming::Close(_))) => {
                    messages.push(Message::Close(None));
                    return (messages, None);
                }
                Ok(Some(incoming)) => messages.push(owned(incoming)),
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
        }
        assert!(input.is_empty(), "all is used when more is asked for");
    }
    (messages, None)
}

fn owned(incoming: Incoming<'_>) -> Message {
    match incoming {
        Incoming::Text(text) => Message::text(text.as_str()),
        Incoming::Binary(data) => Message::binary(data.as_slice().to_vec()),
        Incoming::Ping(data) => Message::Ping(data.as_slice().to_vec().into()),
        Incoming::Pong(data) => Message::Pong(data.as_slice().to_vec().into()),
        Incoming::Close(_) => Message::Close(None),
    }
}

/// The output of tungstenite for the same bytes.
fn read_by_tungstenite(bytes: &[u8], most: usize) -> (Vec<Message>, Option<Error>) {
    // Allocating its default buffer takes longer than the test.
    let config = WebSocketConfig::default()
        .max_message_size(Some(most))
        .max_frame_size(Some(most))
        .read_buffer_size(1024);
    let mut socket = WebSocket::from_raw_socket(Source(bytes), Role::Server, Some(config));
    let mut messages = Vec::new();
    loop {
        match socket.read() {
            Ok(Message::Close(_)) => {
                messages.push(Message::Close(None));
                return (messages, None);
            }
            Ok(Message::Frame(_)) => {}
            Ok(message) => messages.push(message),
            Err(Error::Io(_) | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                return (messages, None);
            }
            Err(error) => return (messages, Some(error)),
        }
    }
}

/// A socket that returns these bytes, and discards all that is written.
struct Source<'a>(&'a [u8]);

impl io::Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl io::Write for Source<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
