//! Turns what a client sends into what a server sends, in place and without looking at what it says.
//!
//! A client's frame is a server's frame with a masking key before its payload. So the payload is unmasked and the
//! frame loses four bytes; nothing is assembled, checked or allocated. Frames may be cut anywhere by the reads.

/// What the stream of one client is in the middle of.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Frames {
    /// How much of the current frame's payload is still to come.
    left: u64,
    /// Its masking key, turned so that it begins with the byte for what comes next.
    key: [u8; 4],
    /// A close frame has begun: after it nothing follows.
    closing: bool,
}

/// How far a piece of the stream was turned.
#[derive(Debug, PartialEq, Clone, Copy)]
pub(crate) struct Turned {
    /// The frames to write are the first so many bytes.
    pub(crate) ready: usize,
    /// From here on the input is the beginning of a header, to be read again with what follows it.
    pub(crate) rest: usize,
    /// How many of the ready bytes belong to whole frames.
    pub(crate) whole: usize,
    /// The client has said goodbye, and so has the server with these bytes.
    pub(crate) closed: bool,
}

impl Frames {
    /// How much of the current frame's payload is still to come.
    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// Turns a piece of the stream in place.
    pub(crate) fn turn(&mut self, bytes: &mut [u8]) -> Turned {
        let (mut from, mut to, mut whole) = (0, 0, 0);
        loop {
            let length =
                usize::try_from(self.left).map_or(bytes.len() - from, |left| left.min(bytes.len() - from));
            unmask(bytes, from, to, length, self.key);
            self.key.rotate_left(length % 4);
            self.left -= length as u64;
            from += length;
            to += length;
            if self.left > 0 {
                break;
            }
            whole = to;
            if self.closing {
                return Turned { ready: to, rest: bytes.len(), whole, closed: true };
            }
            let Some(header) = Header::read(&bytes[from..]) else { break };
            let first = bytes[from];
            bytes.copy_within(from..from + header.before_key, to);
            // An answer to a ping is a pong with the same payload; all else goes back as it came.
            let opcode = if first & 0x0F == 0x9 { 0xA } else { first & 0x0F };
            bytes[to] = first & 0xF0 | opcode;
            bytes[to + 1] &= 0x7F;
            from += header.before_key + 4;
            to += header.before_key;
            (self.left, self.key, self.closing) = (header.payload, header.key, opcode == 0x8);
        }
        Turned { ready: to, rest: from, whole, closed: false }
    }
}

/// What a client's header says.
struct Header {
    payload: u64,
    key: [u8; 4],
    /// Where the masking key stands: the length of the same header without it.
    before_key: usize,
}

impl Header {
    /// Reads the header with which these bytes begin, if it is whole.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (payload, before_key) = match bytes.get(1)? & 0x7F {
            126 => (u64::from(u16::from_be_bytes(*bytes[2..].first_chunk()?)), 4),
            127 => (u64::from_be_bytes(*bytes[2..].first_chunk()?), 10),
            length => (u64::from(length), 2),
        };
        let key = *bytes[before_key..].first_chunk()?;
        Some(Self { payload, key, before_key })
    }
}

/// Unmasks a stretch while it moves to where its frame begins to be written, 32 bytes at a time.
fn unmask(bytes: &mut [u8], from: usize, to: usize, length: usize, key: [u8; 4]) {
    const BLOCK: usize = 32;
    let wide: [u8; BLOCK] = std::array::from_fn(|at| key[at % 4]);
    let whole = length - length % BLOCK;
    for at in (0..whole).step_by(BLOCK) {
        let mut block = [0; BLOCK];
        block.copy_from_slice(&bytes[from + at..from + at + BLOCK]);
        for (byte, key) in block.iter_mut().zip(wide) {
            *byte ^= key;
        }
        bytes[to + at..to + at + BLOCK].copy_from_slice(&block);
    }
    for at in whole..length {
        bytes[to + at] = bytes[from + at] ^ key[at % 4];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::frame::{Opcode, encode};

    /// The most bytes that a header has: two, a length of eight, a masking key of four.
    const MOST_HEADER: usize = 14;

    const KEY: [u8; 4] = [0x12, 0x34, 0x56, 0x78];

    /// What the floor writes for this input when it is cut into reads of this size.
    fn written(input: &[u8], size: usize) -> Vec<u8> {
        let (mut frames, mut kept, mut output) = (Frames::default(), Vec::new(), Vec::new());
        for chunk in input.chunks(size) {
            kept.extend_from_slice(chunk);
            let turned = frames.turn(&mut kept);
            output.extend_from_slice(&kept[..turned.ready]);
            kept.drain(..turned.rest);
            assert!(kept.len() < MOST_HEADER);
        }
        output
    }

    #[test]
    fn every_frame_goes_back_unmasked_wherever_the_reads_cut_it() {
        let sizes = [0, 1, 3, 31, 32, 33, 125, 126, 1000, 65_535, 65_536, 100_001];
        let (mut input, mut expected) = (Vec::new(), Vec::new());
        for size in sizes {
            let payload: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            encode(Opcode::Binary, &payload, KEY, &mut input);
            expected.push(0x82);
            match size {
                0..=125 => expected.push(size as u8),
                126..=65_535 => expected.extend([&[126], &(size as u16).to_be_bytes()[..]].concat()),
                _ => expected.extend([&[127], &(size as u64).to_be_bytes()[..]].concat()),
            }
            expected.extend(payload);
        }
        for size in [1, 2, 7, 64, 4096, 65_536, input.len()] {
            assert!(written(&input, size) == expected, "cut into {size} bytes");
        }
    }

    #[test]
    fn a_ping_comes_back_as_a_pong_and_a_close_ends_the_stream() {
        let mut input = Vec::new();
        encode(Opcode::Ping, b"there?", KEY, &mut input);
        encode(Opcode::Close, &1000_u16.to_be_bytes(), KEY, &mut input);
        input.extend(b"noise");
        let turned = Frames::default().turn(&mut input);
        assert_eq!(&input[..turned.ready], b"\x8A\x06there?\x88\x02\x03\xE8");
        assert!(turned.closed);
    }

    #[test]
    fn what_is_whole_is_told_from_what_is_not() {
        let mut input = Vec::new();
        encode(Opcode::Text, b"whole", KEY, &mut input);
        encode(Opcode::Text, b"half of it", KEY, &mut input);
        input.truncate(input.len() - 5);
        let turned = Frames::default().turn(&mut input);
        assert_eq!(turned, Turned { ready: 7 + 2 + 5, rest: input.len(), whole: 7, closed: false });
    }
}
