//! Frames as bytes (RFC 6455, section 5.2): a client's, right and wrong, and a server's.

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

/// The masking key of every frame here.
const MASK: [u8; 4] = [0x12, 0x34, 0xAB, 0xCD];

/// A client's frame: FIN, RSV and opcode in its first byte; the length in its shortest form; masked.
#[must_use]
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len() as u64;
    let mut bytes = header(first, Form::of(len), len);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

/// A frame without a mask.
#[must_use]
pub fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, Form::Seven, payload.len() as u64);
    bytes.truncate(2);
    bytes[1] &= 0x7F;
    bytes.extend(payload);
    bytes
}

/// A frame's header, masking key included, that claims a payload of that length.
#[must_use]
pub fn header(first: u8, form: Form, len: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match form {
        Form::Seven => bytes.push(0x80 | len as u8),
        Form::Two => {
            bytes.push(0x80 | 126);
            bytes.extend((len as u16).to_be_bytes());
        }
        Form::Eight => {
            bytes.push(0x80 | 127);
            bytes.extend(len.to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes
}

/// A Close frame.
#[must_use]
pub fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(0x88, &[&code.to_be_bytes(), reason].concat())
}

/// What a server sent until it ended the stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Texts and binaries: the opcode and the payload.
    pub messages: Vec<(u8, Vec<u8>)>,
    /// Payloads of pongs. They overtake messages.
    pub pongs: Vec<Vec<u8>>,
    /// The code of the Close frame at the end: 1005 where there was none in it, none where there was no Close frame.
    pub close: Option<u16>,
}

impl Sent {
    /// Reads a server's frames, but for pings, and for a last one that was cut short.
    ///
    /// # Panics
    ///
    /// If one is not what [`read`](Self::read) expects.
    #[must_use]
    pub fn read_complete(bytes: &[u8]) -> Self {
        let mut complete = Vec::new();
        let mut rest = bytes;
        while let [first, second, ..] = rest {
            let (head, len) = match (second, rest) {
                (127, [_, _, a, b, c, d, e, f, g, h, ..]) => {
                    (10, u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]) as usize)
                }
                (126, [_, _, high, low, ..]) => (4, usize::from(u16::from_be_bytes([*high, *low]))),
                (126.., _) => break,
                (len, _) => (2, usize::from(*len)),
            };
            let Some((frame, after)) = rest.split_at_checked(head + len) else { break };
            if *first != 0x89 {
                complete.extend_from_slice(frame);
            }
            rest = after;
        }
        Self::read(&complete)
    }

    /// Reads a server's frames.
    ///
    /// # Panics
    ///
    /// If one is not a whole final frame without a mask, with the length in its shortest form, or if something follows
    /// a Close frame.
    #[must_use]
    pub fn read(mut bytes: &[u8]) -> Self {
        let mut sent = Self::default();
        while let [first, second, rest @ ..] = bytes {
            assert_eq!(sent.close, None, "nothing follows a Close frame");
            assert_eq!(second & 0x80, 0, "a server masks nothing");
            let (len, rest) = match (second, rest) {
                (127, [a, b, c, d, e, f, g, h, rest @ ..]) => {
                    (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), rest)
                }
                (126, [high, low, rest @ ..]) => (u64::from(u16::from_be_bytes([*high, *low])), rest),
                (0..126, rest) => (u64::from(*second), rest),
                _ => panic!("a header is incomplete: {bytes:?}"),
            };
            let form = [Form::Two, Form::Eight].get(usize::from(*second).wrapping_sub(126));
            assert_eq!(*form.unwrap_or(&Form::Seven), Form::of(len), "the length is in its shortest form");
            let (payload, rest) = rest.split_at_checked(len as usize).expect("a payload is complete");
            bytes = rest;
            match (first, payload) {
                (0x81 | 0x82, payload) => sent.messages.push((first & 0x0F, payload.to_vec())),
                (0x8A, payload) => sent.pongs.push(payload.to_vec()),
                (0x88, []) => sent.close = Some(1005),
                (0x88, [high, low, reason @ ..]) => {
                    str::from_utf8(reason).expect("a reason is UTF-8");
                    sent.close = Some(u16::from_be_bytes([*high, *low]));
                }
                _ => panic!("a frame of no kind that a server sends here: {first:#x} {payload:?}"),
            }
        }
        assert!(bytes.is_empty(), "a header is incomplete: {bytes:?}");
        sent
    }
}
