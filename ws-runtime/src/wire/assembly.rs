//! A message that has arrived only in part.

use bytes::{Bytes, BytesMut};

use super::header::{Header, Opcode};
use super::pool;
use super::utf8::PartialText;
use super::{Incoming, Inflater, Payload, ProtocolError, Text};

/// How much memory is reserved for a payload at first, whatever length its header claims. More is reserved as bytes
/// arrive. Untouched pages cost nothing, but a reservation that fails would end the process.
const STEP: usize = 1024 * 1024;

/// What has arrived of a message. Text is checked as it arrives, a compressed message once it is complete.
#[derive(Debug)]
pub(super) struct Assembly {
    content: Content,
    /// Frames so far, including empty ones.
    pub(super) fragments: u32,
}

#[derive(Debug)]
enum Content {
    Text(PartialText),
    Binary(BytesMut),
    Compressed(Kind, BytesMut),
}

/// What a data message carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Binary,
}

impl Assembly {
    /// Starts with the first frame of a message.
    pub(super) fn new(first: &Header) -> Self {
        let buffer = || if first.len >= pool::LARGE { pool::take() } else { BytesMut::new() };
        let content = match (Kind::of(first.opcode), first.compressed) {
            (kind, true) => Content::Compressed(kind, buffer()),
            (Kind::Text, false) => Content::Text(PartialText::default()),
            (Kind::Binary, false) => Content::Binary(buffer()),
        };
        Self { content, fragments: 1 }
    }

    pub(super) fn len(&self) -> usize {
        match &self.content {
            Content::Text(text) => text.len(),
            Content::Binary(data) | Content::Compressed(_, data) => data.len(),
        }
    }

    pub(super) fn is_compressed(&self) -> bool {
        matches!(self.content, Content::Compressed(..))
    }

    /// Appends a piece of the payload; `left` more bytes of the frame are to come.
    pub(super) fn push(&mut self, piece: &[u8], left: usize) -> Result<(), ProtocolError> {
        match &mut self.content {
            Content::Text(text) => text.push(piece),
            Content::Binary(data) | Content::Compressed(_, data) => {
                make_room(data, piece.len(), left);
                data.extend_from_slice(piece);
                Ok(())
            }
        }
    }

    /// The buffer to read bytes into directly, with room for some of the `left` bytes. `None` for text, which is
    /// checked as it arrives.
    pub(super) fn open(&mut self, left: usize) -> Option<&mut BytesMut> {
        match &mut self.content {
            Content::Text(_) => None,
            Content::Binary(data) | Content::Compressed(_, data) => {
                make_room(data, 0, left);
                Some(data)
            }
        }
    }

    /// The last `count` bytes, which are to be unmasked.
    pub(super) fn last_mut(&mut self, count: usize) -> &mut [u8] {
        match &mut self.content {
            Content::Text(_) => &mut [],
            Content::Binary(data) | Content::Compressed(_, data) => {
                let start = data.len().saturating_sub(count);
                data.get_mut(start..).unwrap_or_default()
            }
        }
    }

    /// The whole message, after its last frame.
    pub(super) fn finish(self, inflater: Option<&mut Inflater>) -> Result<Incoming<'static>, ProtocolError> {
        match self.content {
            Content::Text(text) => Ok(Incoming::Text(Text::Owned(text.finish()?.into()))),
            Content::Binary(data) => Ok(Incoming::Binary(Payload::Owned(data.freeze()))),
            Content::Compressed(kind, data) => kind.inflated(&data, inflater),
        }
    }
}

impl Kind {
    pub(super) fn of(opcode: Opcode) -> Self {
        if opcode == Opcode::Text { Self::Text } else { Self::Binary }
    }

    /// An uncompressed message that is complete in the read buffer.
    pub(super) fn borrowed(self, payload: &[u8]) -> Result<Incoming<'_>, ProtocolError> {
        Ok(match self {
            Self::Text => {
                Incoming::Text(Text::Borrowed(str::from_utf8(payload).map_err(|_| ProtocolError::Utf8)?))
            }
            Self::Binary => Incoming::Binary(Payload::Borrowed(payload)),
        })
    }

    /// A compressed message whose payload is complete.
    pub(super) fn inflated(
        self,
        payload: &[u8],
        inflater: Option<&mut Inflater>,
    ) -> Result<Incoming<'static>, ProtocolError> {
        // No header gets here with RSV1 unless the extension was negotiated.
        let data = Bytes::from(inflater.ok_or(ProtocolError::ReservedBit)?.inflate(payload)?);
        Ok(match self {
            Self::Text => Incoming::Text(Text::Owned(data.try_into().map_err(|_| ProtocolError::Utf8)?)),
            Self::Binary => Incoming::Binary(Payload::Owned(data)),
        })
    }
}

/// Reserves room for `now` bytes, and for some of the `later` ones.
fn make_room(data: &mut BytesMut, now: usize, later: usize) {
    let needs = if now > 0 { now } else { usize::from(later > 0 && !data.is_empty()) };
    if data.capacity() - data.len() < needs {
        data.reserve(now + later.min(data.len().max(STEP)));
    }
}
