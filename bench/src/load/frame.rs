//! Frames as a client sees them: masked on the way out, not masked on the way in (RFC 6455 section 5.2).

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opcode {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xA,
}

impl Opcode {
    fn read(byte: u8) -> Option<Self> {
        Some(match byte & 0x0F {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }

    fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }
}

/// Whether a frame is the last one of its message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fin {
    Last,
    More,
}

/// Appends a message in one frame.
pub(crate) fn encode(opcode: Opcode, payload: &[u8], key: [u8; 4], output: &mut Vec<u8>) {
    encode_fragment(opcode, Fin::Last, payload, key, output);
}

/// Appends a frame, which may be a part of a message.
pub(crate) fn encode_fragment(opcode: Opcode, fin: Fin, payload: &[u8], key: [u8; 4], output: &mut Vec<u8>) {
    const FIN: u8 = 0x80;
    let first = opcode as u8 | if fin == Fin::Last { FIN } else { 0 };
    client_frames::append(first, payload, key, output);
}

/// Takes what a server sends apart, wherever the reads cut it, without copying payloads.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    header: [u8; 10],
    held: usize,
    /// The frame whose payload is being read.
    frame: Option<Frame>,
    /// The message that its frames belong to, and how much of it has been read.
    message: Option<(Opcode, usize)>,
    control: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    opcode: Opcode,
    fin: bool,
    left: u64,
}

/// What the next bytes are.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece<'a> {
    /// A part of a message, beginning at byte `at` of it; `end` tells whether it is the last one.
    Message { opcode: Opcode, at: usize, bytes: &'a [u8], end: bool },
    /// A control frame, whole.
    Control { opcode: Opcode, payload: Vec<u8> },
}

/// What a server must not send.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum Violation {
    #[error("the server sent a frame that begins with {0:#04x} {1:#04x}")]
    Header(u8, u8),
    #[error("the server sent {0:?} in the wrong place")]
    Order(Opcode),
}

impl Reader {
    /// Takes the next piece off the input; nothing where the input is over first.
    pub(crate) fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Piece<'a>>, Violation> {
        loop {
            let frame = match self.frame {
                Some(frame) => frame,
                None => match self.begin(input)? {
                    Some(frame) => frame,
                    None => return Ok(None),
                },
            };
            let length = usize::try_from(frame.left).map_or(input.len(), |left| left.min(input.len()));
            if length == 0 && frame.left > 0 {
                return Ok(None);
            }
            let (bytes, rest) = input.split_at(length);
            *input = rest;
            let left = frame.left - length as u64;
            self.frame = (left > 0).then_some(Frame { left, ..frame });
            if frame.opcode.is_control() {
                self.control.extend_from_slice(bytes);
                if left == 0 {
                    let payload = std::mem::take(&mut self.control);
                    return Ok(Some(Piece::Control { opcode: frame.opcode, payload }));
                }
                continue;
            }
            let (opcode, at) = self.message.unwrap_or((frame.opcode, 0));
            let end = frame.fin && left == 0;
            self.message = (!end).then_some((opcode, at + length));
            return Ok(Some(Piece::Message { opcode, at, bytes, end }));
        }
    }

    /// Reads a header, once it is whole.
    fn begin(&mut self, input: &mut &[u8]) -> Result<Option<Frame>, Violation> {
        loop {
            let size = match (self.held, self.header[1]) {
                (0 | 1, _) => 2,
                (_, 126) => 4,
                (_, 127) => 10,
                _ => 2,
            };
            if self.held >= size {
                break;
            }
            let count = input.len().min(size - self.held);
            if count == 0 {
                return Ok(None);
            }
            self.header[self.held..self.held + count].copy_from_slice(&input[..count]);
            self.held += count;
            *input = &input[count..];
        }
        self.held = 0;
        let [first, second, rest @ ..] = self.header;
        let left = match second {
            126 => u64::from(u16::from_be_bytes([rest[0], rest[1]])),
            127 => u64::from_be_bytes(rest),
            length => length.into(),
        };
        let opcode = Opcode::read(first).filter(|_| first & 0x70 == 0 && second & 0x80 == 0);
        let opcode = opcode.ok_or(Violation::Header(first, second))?;
        let continues = self.message.is_some();
        if !opcode.is_control() && continues != (opcode == Opcode::Continuation) {
            return Err(Violation::Order(opcode));
        }
        let frame = Frame { opcode, fin: first & 0x80 != 0, left };
        self.frame = Some(frame);
        Ok(Some(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Messages = Vec<(Opcode, Vec<u8>)>;

    /// All messages and control frames that are read when the input is cut into pieces of this size.
    fn read(input: &[u8], size: usize) -> (Messages, Messages) {
        let (mut reader, mut messages, mut controls) = (Reader::default(), Vec::new(), Vec::new());
        let mut message = Vec::new();
        for mut chunk in input.chunks(size) {
            while let Some(piece) = reader.next(&mut chunk).unwrap() {
                match piece {
                    Piece::Message { opcode, at, bytes, end } => {
                        assert_eq!(at, message.len());
                        message.extend_from_slice(bytes);
                        if end {
                            messages.push((opcode, std::mem::take(&mut message)));
                        }
                    }
                    Piece::Control { opcode, payload } => controls.push((opcode, payload)),
                }
            }
        }
        (messages, controls)
    }

    #[test]
    fn messages_are_read_wherever_the_input_is_cut() {
        let long = vec![7; 70_000];
        let mut input = b"\x81\x05hello\x02\x03abc\x89\x02hi\x00\x00\x80\x01d\x82\x00".to_vec();
        input.extend(b"\x82\x7E\x00\xC8");
        input.extend(&long[..200]);
        input.extend(b"\x82\x7F\x00\x00\x00\x00\x00\x01\x11\x70");
        input.extend(&long);
        let messages = vec![
            (Opcode::Text, b"hello".to_vec()),
            (Opcode::Binary, b"abcd".to_vec()),
            (Opcode::Binary, Vec::new()),
            (Opcode::Binary, long[..200].to_vec()),
            (Opcode::Binary, long),
        ];
        for size in [1, 2, 3, 5, 1000, input.len()] {
            let expected = (messages.clone(), vec![(Opcode::Ping, b"hi".to_vec())]);
            assert!(read(&input, size) == expected, "cut into {size}");
        }
    }

    #[test]
    fn a_frame_that_no_server_may_send_is_an_error() {
        for (input, violation) in [
            (b"\x81\x81....", Violation::Header(0x81, 0x81)),
            (b"\xC1\x00....", Violation::Header(0xC1, 0x00)),
            (b"\x83\x00....", Violation::Header(0x83, 0x00)),
            (b"\x80\x00....", Violation::Order(Opcode::Continuation)),
        ] {
            assert_eq!(Reader::default().next(&mut &input[..]), Err(violation));
        }
    }
}
