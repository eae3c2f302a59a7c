//! Bytes after a handshake that agreed on compression.

use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::cut;
use super::frames::{assert_small, decode};
use crate::wire::{Agreement, Inflater, Limits, MAX_WINDOW_BITS};

/// The same as with [`frames`](super::frames) where compression is agreed on; and what we compress is read back. The
/// upper bits of the first byte say how.
pub fn deflate(input: &[u8]) {
    const LIMITS: Limits = Limits { max_message: 1000, max_fragments: 8 };
    let Some((sizes, bytes)) = cut(input) else { return };
    let takes_over = input[0] & 0x80 != 0;
    let window_bits = if input[0] & 0x40 == 0 { MAX_WINDOW_BITS } else { 9 };
    let agreement = Agreement {
        client_takes_over: takes_over,
        server_takes_over: takes_over,
        client_window_bits: window_bits,
        server_window_bits: window_bits,
    };
    let inflater = || Some(Inflater::new(agreement, LIMITS.max_message));
    let at_once = decode(bytes, &[], LIMITS, inflater());
    assert_eq!(at_once, decode(bytes, &sizes, LIMITS, inflater()));
    assert_small(&at_once.0, LIMITS.max_message);

    let level = u32::from(input[0]) % 9 + 1;
    let mut deflater = agreement.deflater(level);
    let sent: Vec<_> = bytes.chunks(LIMITS.max_message).collect();
    let frames = sent.iter().flat_map(|message| {
        client_frame(&match &mut deflater {
            Some(deflater) => deflater.deflate(message),
            None => agreement.form(level).deflate(message),
        })
    });
    let frames: Vec<u8> = frames.collect();
    // What cannot be made smaller becomes a little larger.
    let limits = Limits { max_message: 2 * LIMITS.max_message, max_fragments: 1 };
    let sent: Vec<_> = sent.into_iter().map(|message| Message::binary(message.to_vec())).collect();
    assert_eq!(decode(&frames, &sizes, limits, inflater()), (sent, None));
}

/// A compressed binary message of a client, with a masking key of zeros.
///
/// Written by tungstenite: what only tests depend on is not there for `cargo fuzz`.
fn client_frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = Frame::message(payload.to_vec(), OpCode::Data(Data::Binary), true);
    frame.header_mut().rsv1 = true;
    frame.header_mut().mask = Some([0; 4]);
    let mut bytes = Vec::new();
    frame.format(&mut bytes).unwrap();
    bytes
}
