//! Frames as bytes (RFC 6455, section 5.2): a client's, right and wrong, and a server's.

pub use client_frames::{Form, close, frame, header, unmasked};

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
