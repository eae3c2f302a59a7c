//! Frames of a WebSocket client as bytes (RFC 6455, section 5.2), right and wrong: for tests and benchmarks.
//!
//! Knows nothing of `ws-runtime`, so that its tests cannot share a mistake with what they test.

/// In which form a length is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// In seven bits: up to 125.
    Seven,
    /// In two bytes.
    Two,
    /// In eight bytes.
    Eight,
}

impl Form {
    /// The shortest form, which is the only right one.
    #[must_use]
    pub fn of(len: u64) -> Self {
        match len {
            0..126 => Self::Seven,
            126..65_536 => Self::Two,
            65_536.. => Self::Eight,
        }
    }
}

/// The masking key, where the caller gives none.
pub const KEY: [u8; 4] = [0x12, 0x34, 0xAB, 0xCD];

/// A frame: FIN, RSV and opcode in its first byte; the length in its shortest form; masked.
#[must_use]
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(14 + payload.len());
    append(first, payload, KEY, &mut bytes);
    bytes
}

/// Appends a frame with this masking key.
pub fn append(first: u8, payload: &[u8], key: [u8; 4], output: &mut Vec<u8>) {
    let len = payload.len() as u64;
    append_header(first, Form::of(len), len, key, output);
    output.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
}

/// A Close frame.
#[must_use]
pub fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(0x88, &[&code.to_be_bytes(), reason].concat())
}

/// A frame's header, masking key included, that claims a payload of that length in that form.
#[must_use]
pub fn header(first: u8, form: Form, len: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(14);
    append_header(first, form, len, KEY, &mut bytes);
    bytes
}

/// A frame that is not masked, as no client may send it. Its payload has at most 125 bytes.
#[must_use]
pub fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    debug_assert!(payload.len() < 126);
    [&[first, payload.len() as u8], payload].concat()
}

fn append_header(first: u8, form: Form, len: u64, key: [u8; 4], output: &mut Vec<u8>) {
    const MASKED: u8 = 0x80;
    output.push(first);
    match form {
        Form::Seven => output.push(MASKED | len as u8),
        Form::Two => {
            output.push(MASKED | 126);
            output.extend((len as u16).to_be_bytes());
        }
        Form::Eight => {
            output.push(MASKED | 127);
            output.extend(len.to_be_bytes());
        }
    }
    output.extend(key);
}
