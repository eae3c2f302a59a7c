//! Frames of a server: whole messages, unmasked (RFC 6455, section 5.1).

use bytes::{BufMut, Bytes, BytesMut};

/// The kind of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameKind {
    Text,
    Binary,
    /// Compressed (RFC 7692, section 6), with RSV1 set.
    DeflatedText,
    DeflatedBinary,
    Ping,
    Pong,
}

/// A frame's header: 2, 4 or 10 bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    bytes: [u8; 10],
    len: u8,
}

impl std::ops::Deref for Header {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl FrameKind {
    fn first_byte(self) -> u8 {
        match self {
            Self::Text => FIN | 0x1,
            Self::Binary => FIN | 0x2,
            Self::DeflatedText => FIN | RSV1 | 0x1,
            Self::DeflatedBinary => FIN | RSV1 | 0x2,
            Self::Ping => FIN | 0x9,
            Self::Pong => FIN | 0xA,
        }
    }

    /// The compressed kind of a message; control frames are never compressed.
    pub(crate) fn deflated(self) -> Self {
        match self {
            Self::Text => Self::DeflatedText,
            Self::Binary => Self::DeflatedBinary,
            other => other,
        }
    }
}

/// The header of a final frame with a payload of that length.
pub(crate) fn header(kind: FrameKind, len: usize) -> Header {
    encode_header(kind.first_byte(), len)
}

/// Appends a frame to `to`.
#[inline]
pub(crate) fn append(kind: FrameKind, payload: &[u8], to: &mut Vec<u8>) {
    to.reserve(10 + payload.len());
    match u8::try_from(payload.len()) {
        Ok(len @ 0..=125) => to.extend_from_slice(&[kind.first_byte(), len]),
        _ => to.extend_from_slice(&header(kind, payload.len())),
    }
    to.extend_from_slice(payload);
}

/// Encodes a frame into a buffer of its own.
pub(crate) fn encode(kind: FrameKind, payload: &[u8]) -> Bytes {
    let mut frame = Vec::new();
    append(kind, payload, &mut frame);
    frame.into()
}

/// A Close frame (RFC 6455, section 5.5.1); a reason that does not fit is cut at a character.
pub(crate) fn encode_close(code: Option<u16>, reason: &str) -> Bytes {
    let Some(code) = code else { return Bytes::copy_from_slice(&encode_header(FIN | 0x8, 0)) };
    let reason = reason.get(..reason.floor_char_boundary(super::MAX_CONTROL - 2)).unwrap_or_default();
    let mut frame = BytesMut::with_capacity(2 + super::MAX_CONTROL);
    frame.put_slice(&encode_header(FIN | 0x8, 2 + reason.len()));
    frame.put_u16(code);
    frame.put_slice(reason.as_bytes());
    frame.freeze()
}

/// The size of the frame that begins these bytes, and whether it is a message: neither a control frame nor a part of
/// one. Never 0; if not even the header is there, it is all that is there.
pub(crate) fn measure(frames: &[u8]) -> (usize, bool) {
    let (header, payload) = match *frames {
        [_, 127, a, b, c, d, e, f, g, h, ..] => (10, u64::from_be_bytes([a, b, c, d, e, f, g, h])),
        [_, 126, a, b, ..] => (4, u16::from_be_bytes([a, b]).into()),
        [_, len @ ..=125, ..] => (2, len.into()),
        _ => return (frames.len().max(1), false),
    };
    let is_message = frames.first().is_some_and(|first| matches!(first & 0x0F, 0x1 | 0x2));
    (usize::try_from(payload).unwrap_or(usize::MAX).saturating_add(header), is_message)
}

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;

fn encode_header(first: u8, len: usize) -> Header {
    let mut bytes = [0; 10];
    bytes[0] = first;
    let used = if len <= super::MAX_CONTROL {
        bytes[1] = u8::try_from(len).unwrap_or_default();
        2
    } else if let Ok(len) = u16::try_from(len) {
        bytes[1] = 126;
        bytes[2..4].copy_from_slice(&len.to_be_bytes());
        4
    } else {
        bytes[1] = 127;
        bytes[2..10].copy_from_slice(&u64::try_from(len).unwrap_or(u64::MAX).to_be_bytes());
        10
    };
    Header { bytes, len: used }
}
