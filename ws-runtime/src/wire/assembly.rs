//! A message of which not all has arrived.

use bytes::{Bytes, BytesMut};

use super::header::{Header, Opcode};
use super::pool;
use super::utf8::PartialText;
use super::{Incoming, Inflater, Payload, Text, Violation};

/// Room is made for so much of what a header claims, once its first bytes are there, and for more only as more has come:
/// pages that nobody writes to cost nothing, but a reservation that fails would end the process.
const STEP: usize = 1024 * 1024;

/// What has arrived of a message. Text is checked as it arrives, what is compressed once it is complete.
#[derive(Debug)]
pub(super) struct Assembly {
    content: Content,
    /// Frames so far, empty ones counted.
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
    /// Begins with the first frame of a message.
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

    /// Takes a piece, of which `left` more bytes are announced.
    pub(super) fn push(&mut self, piece: &[u8], left: usize) -> Result<(), Violation> {
        match &mut self.content {
            Content::Text(text) => text.push(piece),
            Content::Binary(data) | Content::Compressed(_, data) => {
                make_room(data, piece.len(), left);
                data.extend_from_slice(piece);
                Ok(())
            }
        }
    }

    /// Where bytes that need no check as they arrive can be received to, with room for some of the `left` ones.
    pub(super) fn open(&mut self, left: usize) -> Option<&mut BytesMut> {
        match &mut self.content {
            Content::Text(_) => None,
            Content::Binary(data) | Content::Compressed(_, data) => {
                make_room(data, 0, left);
                Some(data)
            }
        }
    }

    /// What was received last, to be unmasked.
    pub(super) fn last_mut(&mut self, count: usize) -> &mut [u8] {
        match &mut self.content {
            Content::Text(_) => &mut [],
            Content::Binary(data) | Content::Compressed(_, data) => {
                let start = data.len().saturating_sub(count);
                data.get_mut(start..).unwrap_or_default()
            }
        }
    }

    /// The message, if all that came last makes it complete.
    pub(super) fn finish(self, inflater: Option<&mut Inflater>) -> Result<Incoming<'static>, Violation> {
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

    /// A message that lies whole before us, and is not compressed.
    pub(super) fn lent(self, payload: &[u8]) -> Result<Incoming<'_>, Violation> {
        Ok(match self {
            Self::Text => {
                Incoming::Text(Text::Borrowed(str::from_utf8(payload).map_err(|_| Violation::Utf8)?))
            }
            Self::Binary => Incoming::Binary(Payload::Borrowed(payload)),
        })
    }

    /// A message of which the whole payload is there, compressed.
    pub(super) fn inflated(
        self,
        payload: &[u8],
        inflater: Option<&mut Inflater>,
    ) -> Result<Incoming<'static>, Violation> {
        // No header gets here with RSV1 unless the extension was negotiated.
        let data = Bytes::from(inflater.ok_or(Violation::ReservedBit)?.inflate(payload)?);
        Ok(match self {
            Self::Text => Incoming::Text(Text::Owned(data.try_into().map_err(|_| Violation::Utf8)?)),
            Self::Binary => Incoming::Binary(Payload::Owned(data)),
        })
    }
}

/// Makes room for `now` bytes, and for some of the `later` ones.
fn make_room(data: &mut BytesMut, now: usize, later: usize) {
    let needs = if now > 0 { now } else { usize::from(later > 0 && !data.is_empty()) };
    if data.capacity() - data.len() < needs {
        data.reserve(now + later.min(data.len().max(STEP)));
    }
}
