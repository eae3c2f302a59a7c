//! Frames of a client, put together to messages.

use bytes::Bytes;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::utf8::PartialText;
use super::{MAX_CONTROL, Payload, Text, Violation};

/// What a peer may send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The largest message, in bytes of payload.
    pub(crate) max_message: usize,
    /// The most fragments of one message, empty ones counted.
    pub(crate) max_fragments: u32,
}

/// A whole message or control frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Incoming<'b> {
    Text(Text<'b>),
    Binary(Payload<'b>),
    Ping(Payload<'b>),
    Pong(Payload<'b>),
    Close(Option<CloseFrame>),
}

/// A Close frame's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CloseFrame {
    pub(crate) code: u16,
    pub(crate) reason: Utf8Bytes,
}

/// Turns bytes into messages. Holds bytes only of what is incomplete.
#[derive(Debug)]
pub(crate) struct Decoder {
    limits: Limits,
    stage: Stage,
    message: Option<Box<Assembly>>,
}

/// Where in a frame the decoder is.
#[derive(Debug)]
enum Stage {
    /// Within a header, of which so much is there.
    Header { bytes: [u8; 14], have: u8 },
    /// Within the payload of a control frame.
    Control { frame: Frame, collected: Vec<u8> },
    /// Within the payload of a data frame.
    Data { frame: Frame },
    /// After a Close frame or a violation: nothing more is decoded.
    Over,
}

/// A frame whose header was found right.
#[derive(Debug, Clone, Copy)]
struct Frame {
    opcode: Opcode,
    last: bool,
    mask: [u8; 4],
    /// Payload bytes that are still to come.
    left: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

/// A message of which not all has arrived.
#[derive(Debug)]
struct Assembly {
    content: Content,
    fragments: u32,
}

#[derive(Debug)]
enum Content {
    Text(PartialText),
    Binary(Vec<u8>),
}

impl Incoming<'_> {
    pub(crate) fn into_owned(self) -> Incoming<'static> {
        match self {
            Self::Text(text) => Incoming::Text(text.into_owned()),
            Self::Binary(data) => Incoming::Binary(data.into_owned()),
            Self::Ping(data) => Incoming::Ping(data.into_owned()),
            Self::Pong(data) => Incoming::Pong(data.into_owned()),
            Self::Close(frame) => Incoming::Close(frame),
        }
    }
}

impl Decoder {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, stage: Stage::START, message: None }
    }

    /// Whether a message has begun and is not complete.
    pub(crate) fn assembling(&self) -> bool {
        self.message.is_some()
    }

    /// Takes the next whole message from the front of `input`, which is unmasked in place and moved past what was used.
    ///
    /// `None`: all of `input` is used, and more is needed. After a Close frame or a violation nothing more is decoded.
    pub(crate) fn decode<'b>(&mut self, input: &mut &'b mut [u8]) -> Result<Option<Incoming<'b>>, Violation> {
        let decoded = self.step_until_message(input);
        if matches!(decoded, Err(_) | Ok(Some(Incoming::Close(_)))) {
            self.stage = Stage::Over;
            self.message = None;
        }
        decoded
    }

    fn step_until_message<'b>(
        &mut self,
        input: &mut &'b mut [u8],
    ) -> Result<Option<Incoming<'b>>, Violation> {
        loop {
            match &mut self.stage {
                Stage::Over => {
                    *input = &mut [];
                    return Ok(None);
                }
                Stage::Header { bytes, have } => {
                    let Some(frame) = read_header(bytes, have, input, &self.limits)? else { return Ok(None) };
                    self.stage = self.begin(frame)?;
                }
                Stage::Control { frame, collected } => {
                    let piece = take(frame, input);
                    if frame.left == 0 && collected.is_empty() {
                        let opcode = frame.opcode;
                        self.stage = Stage::START;
                        return control(opcode, Payload::Borrowed(piece)).map(Some);
                    }
                    collected.extend_from_slice(piece);
                    if frame.left > 0 {
                        return Ok(None);
                    }
                    let (opcode, collected) = (frame.opcode, std::mem::take(collected));
                    self.stage = Stage::START;
                    return control(opcode, Payload::Owned(collected.into())).map(Some);
                }
                Stage::Data { frame } => {
                    let piece = take(frame, input);
                    let frame = *frame;
                    let whole = self.message.as_ref().is_some_and(|message| message.is_untouched());
                    if frame.left == 0 && frame.last && whole {
                        self.stage = Stage::START;
                        return self.deliver_borrowed(piece).map(Some);
                    }
                    if let Some(message) = &mut self.message {
                        message.push(piece)?;
                    }
                    if frame.left > 0 {
                        return Ok(None);
                    }
                    self.stage = Stage::START;
                    if frame.last {
                        return self.deliver();
                    }
                }
            }
        }
    }

    /// Judges a frame by what came before it, and makes ready for its payload.
    fn begin(&mut self, frame: Frame) -> Result<Stage, Violation> {
        let so_far = match (frame.opcode, &mut self.message) {
            (Opcode::Close | Opcode::Ping | Opcode::Pong, _) => {
                return Ok(Stage::Control { frame, collected: Vec::new() });
            }
            (Opcode::Continuation, None) => return Err(Violation::NothingToContinue),
            (Opcode::Text | Opcode::Binary, Some(_)) => return Err(Violation::MessageInside),
            (Opcode::Continuation, Some(message)) => {
                message.fragments += 1;
                if message.fragments > self.limits.max_fragments {
                    return Err(Violation::Fragments);
                }
                message.len()
            }
            (Opcode::Text, none) => {
                *none =
                    Some(Box::new(Assembly { content: Content::Text(PartialText::default()), fragments: 1 }));
                0
            }
            (Opcode::Binary, none) => {
                *none = Some(Box::new(Assembly { content: Content::Binary(Vec::new()), fragments: 1 }));
                0
            }
        };
        if frame.left > self.limits.max_message.saturating_sub(so_far) {
            return Err(Violation::TooLarge);
        }
        Ok(Stage::Data { frame })
    }

    /// A message that lies whole in the read buffer.
    fn deliver_borrowed<'b>(&mut self, payload: &'b [u8]) -> Result<Incoming<'b>, Violation> {
        match self.message.take().map(|message| message.content) {
            Some(Content::Text(_)) => {
                let text = str::from_utf8(payload).map_err(|_| Violation::Utf8)?;
                Ok(Incoming::Text(Text::Borrowed(text)))
            }
            Some(Content::Binary(_)) | None => Ok(Incoming::Binary(Payload::Borrowed(payload))),
        }
    }

    /// A message that was put together.
    fn deliver(&mut self) -> Result<Option<Incoming<'static>>, Violation> {
        match self.message.take().map(|message| message.content) {
            Some(Content::Text(text)) => Ok(Some(Incoming::Text(Text::Owned(text.finish()?.into())))),
            Some(Content::Binary(data)) => Ok(Some(Incoming::Binary(Payload::Owned(Bytes::from(data))))),
            None => Ok(None),
        }
    }
}

impl Stage {
    const START: Self = Self::Header { bytes: [0; 14], have: 0 };
}

impl Assembly {
    fn len(&self) -> usize {
        match &self.content {
            Content::Text(text) => text.len(),
            Content::Binary(data) => data.len(),
        }
    }

    /// Whether this is the first frame, and nothing of it has been collected.
    fn is_untouched(&self) -> bool {
        self.fragments == 1 && self.len() == 0
    }

    fn push(&mut self, piece: &[u8]) -> Result<(), Violation> {
        match &mut self.content {
            Content::Text(text) => text.push(piece),
            Content::Binary(data) => {
                data.extend_from_slice(piece);
                Ok(())
            }
        }
    }
}

/// Collects a header and judges each part of it as soon as it is there; `None` where more is needed.
fn read_header(
    bytes: &mut [u8; 14],
    have: &mut u8,
    input: &mut &mut [u8],
    limits: &Limits,
) -> Result<Option<Frame>, Violation> {
    loop {
        let need = match *have {
            0 | 1 => 2,
            _ => judge_start(bytes[0], bytes[1])?,
        };
        if *have >= need {
            return finish_header(bytes, limits).map(Some);
        }
        let missing = usize::from(need - *have).min(input.len());
        if missing == 0 {
            return Ok(None);
        }
        let (front, rest) = std::mem::take(input).split_at_mut(missing);
        *input = rest;
        let at = usize::from(*have);
        bytes[at..at + missing].copy_from_slice(front);
        *have += u8::try_from(missing).unwrap_or_default();
    }
}

/// Judges the first two bytes; tells how long the header is.
fn judge_start(first: u8, second: u8) -> Result<u8, Violation> {
    // Room for RSV1 once an extension that uses it is negotiated (RFC 7692, section 6).
    if first & 0x70 != 0 {
        return Err(Violation::ReservedBit);
    }
    let opcode = Opcode::read(first)?;
    if second & 0x80 == 0 {
        return Err(Violation::Unmasked);
    }
    let len = second & 0x7F;
    if opcode.is_control() {
        if first & 0x80 == 0 {
            return Err(Violation::FragmentedControl);
        }
        if usize::from(len) > MAX_CONTROL {
            return Err(Violation::LongControl);
        }
    }
    Ok(match len {
        127 => 14,
        126 => 8,
        _ => 6,
    })
}

/// Reads length and mask, which are complete.
fn finish_header(bytes: &[u8; 14], limits: &Limits) -> Result<Frame, Violation> {
    let [first, second, ..] = *bytes;
    let (len, mask_at) = match second & 0x7F {
        127 => {
            let len = u64::from_be_bytes([
                bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7], bytes[8], bytes[9],
            ]);
            if len >> 63 != 0 {
                return Err(Violation::LengthTopBit);
            }
            if len <= u64::from(u16::MAX) {
                return Err(Violation::LengthForm);
            }
            (len, 10)
        }
        126 => {
            let len = u64::from(u16::from_be_bytes([bytes[2], bytes[3]]));
            if len < 126 {
                return Err(Violation::LengthForm);
            }
            (len, 4)
        }
        len => (u64::from(len), 2),
    };
    let left = usize::try_from(len).map_err(|_| Violation::TooLarge)?;
    let opcode = Opcode::read(first)?;
    if left > limits.max_message && !opcode.is_control() {
        return Err(Violation::TooLarge);
    }
    let mask = [bytes[mask_at], bytes[mask_at + 1], bytes[mask_at + 2], bytes[mask_at + 3]];
    Ok(Frame { opcode, last: first & 0x80 != 0, mask, left })
}

impl Opcode {
    fn read(first: u8) -> Result<Self, Violation> {
        Ok(match first & 0x0F {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return Err(Violation::ReservedOpcode),
        })
    }

    fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// Takes what is there of a frame's payload, unmasked.
fn take<'b>(frame: &mut Frame, input: &mut &'b mut [u8]) -> &'b [u8] {
    let count = frame.left.min(input.len());
    let (piece, rest) = std::mem::take(input).split_at_mut(count);
    *input = rest;
    unmask(piece, frame.mask);
    frame.mask.rotate_left(count % 4);
    frame.left -= count;
    piece
}

/// RFC 6455, section 5.3, eight bytes at a time.
fn unmask(data: &mut [u8], mask: [u8; 4]) {
    let word = u64::from_ne_bytes([mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3]]);
    let mut words = data.chunks_exact_mut(8);
    for chunk in &mut words {
        let mut eight = [0; 8];
        eight.copy_from_slice(chunk);
        chunk.copy_from_slice(&(u64::from_ne_bytes(eight) ^ word).to_ne_bytes());
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}

/// A complete control frame.
fn control(opcode: Opcode, payload: Payload<'_>) -> Result<Incoming<'_>, Violation> {
    match opcode {
        Opcode::Ping => Ok(Incoming::Ping(payload)),
        Opcode::Pong => Ok(Incoming::Pong(payload)),
        Opcode::Close | Opcode::Continuation | Opcode::Text | Opcode::Binary => {
            close(payload.as_slice()).map(Incoming::Close)
        }
    }
}

/// RFC 6455, sections 5.5.1 and 7.4.
fn close(payload: &[u8]) -> Result<Option<CloseFrame>, Violation> {
    let (code, reason) = match payload {
        [] => return Ok(None),
        [_] => return Err(Violation::ShortClose),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
    };
    let allowed = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
    if !allowed {
        return Err(Violation::CloseCode);
    }
    let reason = str::from_utf8(reason).map_err(|_| Violation::Utf8)?;
    Ok(Some(CloseFrame { code, reason: reason.into() }))
}
