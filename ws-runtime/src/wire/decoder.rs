//! Turns the frames of a client into messages.

use bytes::buf::Limit;
use bytes::{BufMut, BytesMut};
use ws_spec::close::is_sendable;

use super::assembly::{Assembly, Kind};
use super::header::{self, Extensions, Header, MAX_HEADER, Opcode};
use super::mask::{rotate, unmask};
use super::{Inflater, Payload, ProtocolError, Text, Utf8Bytes};

/// If at least this many bytes of a payload are missing, they are read directly into the buffer of its message.
const RECEIVE_IN_PLACE: usize = 64 * 1024;

/// The limits on what a peer may send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The largest message, in bytes of payload.
    pub(crate) max_message: usize,
    /// The largest number of fragments of one message, including empty ones.
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

/// Turns bytes into messages. It keeps bytes only of an incomplete message.
#[derive(Debug)]
pub(crate) struct Decoder {
    limits: Limits,
    stage: Stage,
    message: Option<Box<Assembly>>,
    inflater: Option<Box<Inflater>>,
    frames: u32,
}

/// Where in a frame the decoder is.
#[derive(Debug)]
enum Stage {
    /// Before or within a header: the bytes of it that are there, and how many.
    Header { bytes: [u8; MAX_HEADER], have: u8 },
    /// Within the payload of a control frame.
    Control(Box<Control>),
    /// Within the payload of a data frame.
    Data { frame: Frame },
    /// After a Close frame or an error: nothing more is decoded.
    Over,
}

/// A control frame that has arrived in part.
#[derive(Debug)]
struct Control {
    frame: Frame,
    collected: Vec<u8>,
}

/// A frame whose header is valid.
#[derive(Debug, Clone, Copy)]
struct Frame {
    /// Its masking key is rotated: the first byte is the one for the next byte of the payload.
    header: Header,
    /// Payload bytes that are still to come.
    left: usize,
}

impl Decoder {
    /// `inflater` is given if permessage-deflate was negotiated.
    pub(crate) fn new(limits: Limits, inflater: Option<Inflater>) -> Self {
        Self { limits, stage: Stage::START, message: None, inflater: inflater.map(Box::new), frames: 0 }
    }

    /// Whether a message has begun and is not complete.
    pub(crate) fn assembling(&self) -> bool {
        self.message.is_some()
    }

    /// How many frames have begun so far; wraps.
    pub(crate) fn frames(&self) -> u32 {
        self.frames
    }

    /// What inflating has cost since the last call, in bytes received.
    pub(crate) fn take_inflated(&mut self) -> usize {
        self.inflater.as_mut().map_or(0, |inflater| inflater.take_cost())
    }

    /// Takes the next complete message from the front of `input`. Unmasks it in place, and advances `input` past it.
    ///
    /// `None` if all of `input` is used and more is needed. After a Close frame or an error nothing more is decoded.
    pub(crate) fn decode<'b>(
        &mut self,
        input: &mut &'b mut [u8],
    ) -> Result<Option<Incoming<'b>>, ProtocolError> {
        if let Some(message) = self.short_message(input) {
            return message;
        }
        let decoded = self.advance(input);
        if matches!(decoded, Err(_) | Ok(Some(Incoming::Close(_)))) {
            self.end();
        }
        decoded
    }

    /// Within a large payload: the buffer of the message, to read the next bytes into directly. Call
    /// [`filled`](Self::filled) with their number afterwards.
    pub(crate) fn room(&mut self) -> Option<Limit<&mut BytesMut>> {
        let Stage::Data { frame } = &self.stage else { return None };
        if frame.left < RECEIVE_IN_PLACE {
            return None;
        }
        let data = self.message.as_mut()?.open(frame.left)?;
        match (data.capacity() - data.len()).min(frame.left) {
            0 => None,
            room => Some(data.limit(room)),
        }
    }

    /// `count` bytes were read into [`room`](Self::room).
    pub(crate) fn filled(&mut self, count: usize) -> Result<Option<Incoming<'static>>, ProtocolError> {
        let decoded = self.advance_by(count);
        if decoded.is_err() {
            self.end();
        }
        decoded
    }

    /// Fast path for the most common case: a short message in one frame that is complete in the input.
    #[inline]
    fn short_message<'b>(
        &mut self,
        input: &mut &'b mut [u8],
    ) -> Option<Result<Option<Incoming<'b>>, ProtocolError>> {
        let (Stage::Header { have: 0, .. }, None) = (&self.stage, &self.message) else { return None };
        let [first @ (0x81 | 0x82), second @ 0x80..0xFE, k0, k1, k2, k3, rest @ ..] = &**input else {
            return None;
        };
        let (kind, mask) = (if *first == 0x81 { Kind::Text } else { Kind::Binary }, [*k0, *k1, *k2, *k3]);
        let len = usize::from(*second & 0x7F);
        if len > rest.len() || len > self.limits.max_message {
            return None;
        }
        let (_, rest) = std::mem::take(input).split_at_mut(6);
        let (payload, rest) = rest.split_at_mut(len);
        *input = rest;
        self.frames = self.frames.wrapping_add(1);
        unmask(payload, mask);
        let message = kind.borrowed(payload);
        if message.is_err() {
            self.end();
        }
        Some(message.map(Some))
    }

    fn end(&mut self) {
        self.stage = Stage::Over;
        self.message = None;
        self.inflater = None;
    }

    fn advance<'b>(&mut self, input: &mut &'b mut [u8]) -> Result<Option<Incoming<'b>>, ProtocolError> {
        loop {
            match &mut self.stage {
                Stage::Header { bytes, have } => {
                    let extensions =
                        if self.inflater.is_some() { Extensions::Deflate } else { Extensions::None };
                    let Some(header) = next_header(bytes, have, input, extensions)? else { return Ok(None) };
                    self.frames = self.frames.wrapping_add(1);
                    *have = 0;
                    let is_whole = self.message.is_none() && header.is_message() && header.len <= input.len();
                    if is_whole && header.len <= self.limits.max_message {
                        return self.whole(header, take_whole(header, input)).map(Some);
                    }
                    if header.opcode.is_control() && header.len <= input.len() {
                        return control(header.opcode, Payload::Borrowed(take_whole(header, input)))
                            .map(Some);
                    }
                    self.stage = self.begin(header)?;
                }
                Stage::Control(control_frame) => {
                    let Control { frame, collected } = &mut **control_frame;
                    collected.extend_from_slice(take(frame, input));
                    if frame.left > 0 {
                        return Ok(None);
                    }
                    let (opcode, collected) = (frame.header.opcode, std::mem::take(collected));
                    self.stage = Stage::START;
                    return control(opcode, Payload::Owned(collected.into())).map(Some);
                }
                Stage::Data { frame } => {
                    let piece = take(frame, input);
                    let Frame { header, left } = *frame;
                    if left == 0 {
                        self.stage = Stage::START;
                    }
                    let message = self.message.get_or_insert_with(|| Box::new(Assembly::new(&header)));
                    message.push(piece, left)?;
                    if left > 0 {
                        return Ok(None);
                    }
                    if header.last {
                        return self.finish();
                    }
                }
                Stage::Over => {
                    *input = &mut [];
                    return Ok(None);
                }
            }
        }
    }

    /// Checks a frame against those before it.
    fn begin(&mut self, header: Header) -> Result<Stage, ProtocolError> {
        let frame = Frame { header, left: header.len };
        let (so_far, compressed) = match (header.opcode, &mut self.message) {
            (Opcode::Close | Opcode::Ping | Opcode::Pong, _) => {
                return Ok(Stage::Control(Box::new(Control { frame, collected: Vec::new() })));
            }
            (Opcode::Continuation, None) => return Err(ProtocolError::NothingToContinue),
            (Opcode::Text | Opcode::Binary, Some(_)) => return Err(ProtocolError::MessageInside),
            (Opcode::Continuation, Some(message)) => {
                message.fragments += 1;
                if message.fragments > self.limits.max_fragments {
                    return Err(ProtocolError::Fragments);
                }
                (message.len(), message.is_compressed())
            }
            (Opcode::Text | Opcode::Binary, None) => (0, header.compressed),
        };
        let max = if compressed { deflated_max(self.limits.max_message) } else { self.limits.max_message };
        if header.len > max.saturating_sub(so_far) {
            return Err(ProtocolError::TooLarge);
        }
        Ok(Stage::Data { frame })
    }

    /// A message in one frame that is complete in the input.
    fn whole<'b>(&mut self, header: Header, payload: &'b [u8]) -> Result<Incoming<'b>, ProtocolError> {
        let kind = Kind::of(header.opcode);
        if header.compressed {
            kind.inflated(payload, self.inflater.as_deref_mut())
        } else {
            kind.borrowed(payload)
        }
    }

    /// Ends a message that came in several pieces.
    fn finish(&mut self) -> Result<Option<Incoming<'static>>, ProtocolError> {
        let Some(message) = self.message.take() else { return Ok(None) };
        message.finish(self.inflater.as_deref_mut()).map(Some)
    }

    /// Unmasks and counts what was read directly into the buffer of the message.
    fn advance_by(&mut self, count: usize) -> Result<Option<Incoming<'static>>, ProtocolError> {
        let (Stage::Data { frame }, Some(message)) = (&mut self.stage, &mut self.message) else {
            return Ok(None);
        };
        unmask(message.last_mut(count), frame.header.mask);
        frame.consume(count);
        if frame.left > 0 {
            return Ok(None);
        }
        let last = frame.header.last;
        self.stage = Stage::START;
        if last { self.finish() } else { Ok(None) }
    }
}

impl Stage {
    const START: Self = Self::Header { bytes: [0; MAX_HEADER], have: 0 };
}

impl Frame {
    /// Counts `count` bytes of the payload as used.
    fn consume(&mut self, count: usize) {
        self.header.mask = rotate(self.header.mask, count);
        self.left = self.left.saturating_sub(count);
    }
}

/// Takes the whole payload of a frame off the input, unmasked.
fn take_whole<'b>(header: Header, input: &mut &'b mut [u8]) -> &'b [u8] {
    let (payload, rest) = std::mem::take(input).split_at_mut(header.len);
    *input = rest;
    unmask(payload, header.mask);
    payload
}

/// Takes a header off the input, or keeps the part of it that is there.
fn next_header(
    bytes: &mut [u8; MAX_HEADER],
    have: &mut u8,
    input: &mut &mut [u8],
    extensions: Extensions,
) -> Result<Option<Header>, ProtocolError> {
    if *have == 0
        && let Some((header, used)) = header::parse(input, extensions)?
    {
        *input = std::mem::take(input).split_at_mut(used).1;
        return Ok(Some(header));
    }
    let before = usize::from(*have);
    for (place, byte) in bytes.iter_mut().skip(before).zip(input.iter()) {
        *place = *byte;
        *have += 1;
    }
    let have = usize::from(*have);
    let parsed = header::parse(bytes.get(..have).unwrap_or_default(), extensions)?;
    let used = parsed.map_or(have, |(_, used)| used) - before;
    *input = std::mem::take(input).split_at_mut(used).1;
    Ok(parsed.map(|(header, _)| header))
}

/// Takes the part of a frame's payload that is there, unmasked.
fn take<'b>(frame: &mut Frame, input: &mut &'b mut [u8]) -> &'b [u8] {
    let count = frame.left.min(input.len());
    let (piece, rest) = std::mem::take(input).split_at_mut(count);
    *input = rest;
    unmask(piece, frame.header.mask);
    frame.consume(count);
    piece
}

/// The largest compressed size of a message of `max` bytes: incompressible data grows a little.
fn deflated_max(max: usize) -> usize {
    max.saturating_add(max / 8).saturating_add(64)
}

/// A complete control frame.
fn control(opcode: Opcode, payload: Payload<'_>) -> Result<Incoming<'_>, ProtocolError> {
    match opcode {
        Opcode::Ping => Ok(Incoming::Ping(payload)),
        Opcode::Pong => Ok(Incoming::Pong(payload)),
        Opcode::Close | Opcode::Continuation | Opcode::Text | Opcode::Binary => {
            close(payload.as_slice()).map(Incoming::Close)
        }
    }
}

/// RFC 6455, sections 5.5.1 and 7.4.
fn close(payload: &[u8]) -> Result<Option<CloseFrame>, ProtocolError> {
    let (code, reason) = match payload {
        [] => return Ok(None),
        [_] => return Err(ProtocolError::ShortClose),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
    };
    if !is_sendable(code) {
        return Err(ProtocolError::CloseCode);
    }
    let reason = str::from_utf8(reason).map_err(|_| ProtocolError::Utf8)?;
    Ok(Some(CloseFrame { code, reason: reason.into() }))
}
