//! The header of a client's frame (RFC 6455, section 5.2). Each part of it is checked as soon as it has arrived.

use super::{MAX_CONTROL, ProtocolError};

/// The longest header of a client: two bytes, an eight-byte length, the masking key.
pub(super) const MAX_HEADER: usize = 14;

/// A header that is valid by itself; the decoder checks it against the frames before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) opcode: Opcode,
    /// FIN: the message ends with this frame.
    pub(super) last: bool,
    /// RSV1: the message is compressed (RFC 7692, section 6).
    pub(super) compressed: bool,
    pub(super) mask: [u8; 4],
    /// Bytes of payload.
    pub(super) len: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

/// Which extensions may set reserved bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extensions {
    None,
    /// permessage-deflate: RSV1 on the first frame of a message.
    Deflate,
}

/// Checks the part of a header that has arrived. Returns the header and its length once it is complete.
pub(super) fn parse(bytes: &[u8], extensions: Extensions) -> Result<Option<(Header, usize)>, ProtocolError> {
    let Some(&first) = bytes.first() else { return Ok(None) };
    let opcode = Opcode::read(first)?;
    let last = first & 0x80 != 0;
    let compressed = first & 0x40 != 0;
    let begins_message = matches!(opcode, Opcode::Text | Opcode::Binary);
    if first & 0x30 != 0 || compressed && !(begins_message && extensions == Extensions::Deflate) {
        return Err(ProtocolError::ReservedBit);
    }
    if opcode.is_control() && !last {
        return Err(ProtocolError::FragmentedControl);
    }
    let Some(&second) = bytes.get(1) else { return Ok(None) };
    if second & 0x80 == 0 {
        return Err(ProtocolError::Unmasked);
    }
    let short_len = usize::from(second & 0x7F);
    if opcode.is_control() && short_len > MAX_CONTROL {
        return Err(ProtocolError::LongControl);
    }
    let (len, mask_at) = match short_len {
        126 => match bytes.get(2..4).and_then(|len| len.try_into().ok()) {
            Some(len) => (long_len(u16::from_be_bytes(len).into(), 126)?, 4),
            None => return Ok(None),
        },
        127 => match bytes.get(2..10).and_then(|len| len.try_into().ok()) {
            Some(len) => (long_len(u64::from_be_bytes(len), 0x1_0000)?, 10),
            None => return Ok(None),
        },
        len => (len, 2),
    };
    let Some(mask) = bytes.get(mask_at..mask_at + 4).and_then(|mask| mask.try_into().ok()) else {
        return Ok(None);
    };
    Ok(Some((Header { opcode, last, compressed, mask, len }, mask_at + 4)))
}

/// Checks a length in one of the longer forms: it must be at least `least`, with the top bit clear.
fn long_len(len: u64, least: u64) -> Result<usize, ProtocolError> {
    if len >> 63 != 0 {
        return Err(ProtocolError::LengthTopBit);
    }
    if len < least {
        return Err(ProtocolError::LengthForm);
    }
    usize::try_from(len).map_err(|_| ProtocolError::TooLarge)
}

impl Header {
    /// Whether the frame is a whole message.
    pub(super) fn is_message(&self) -> bool {
        self.last && matches!(self.opcode, Opcode::Text | Opcode::Binary)
    }
}

impl Opcode {
    fn read(first: u8) -> Result<Self, ProtocolError> {
        Ok(match first & 0x0F {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return Err(ProtocolError::ReservedOpcode),
        })
    }

    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}
