//! The payload of a frame: borrowed from the read buffer, or owned.

use bytes::Bytes;

use super::Utf8Bytes;

/// From this size on, sharing bytes costs less than copying them.
pub(crate) const SHARE_FROM: usize = 4 * 1024;

/// Bytes of a message or a control frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Payload<'b> {
    /// In the read buffer.
    Borrowed(&'b [u8]),
    /// Put together from several reads, or to be shared.
    Owned(Bytes),
}

/// Text of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Text<'b> {
    /// In the read buffer.
    Borrowed(&'b str),
    /// Put together from several reads, or to be shared.
    Owned(Utf8Bytes),
}

impl Payload<'_> {
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Borrowed(data) => data,
            Self::Owned(data) => data,
        }
    }

    /// Drops the payload, and keeps a large buffer for the next one.
    pub(crate) fn give_back(self) {
        if let Self::Owned(data) = self {
            drop(super::give_back(data));
        }
    }

    pub(crate) fn into_owned(self) -> Payload<'static> {
        match self {
            Self::Borrowed(data) => Payload::Owned(Bytes::copy_from_slice(data)),
            Self::Owned(data) => Payload::Owned(data),
        }
    }
}

impl<'b> Payload<'b> {
    /// If the bytes are a large part of `whole`, shares them with it instead of borrowing.
    #[inline]
    pub(crate) fn part_of(self, whole: Option<&Bytes>) -> Self {
        let (Self::Borrowed(part), Some(whole)) = (&self, whole) else { return self };
        let (inside, outside) = (part.as_ptr_range(), whole.as_ptr_range());
        let is_part = outside.start <= inside.start && inside.end <= outside.end;
        if is_part && part.len() >= SHARE_FROM { Self::Owned(whole.slice_ref(part)) } else { self }
    }
}

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Owned(text) => text,
        }
    }

    pub(crate) fn into_owned(self) -> Text<'static> {
        match self {
            Self::Borrowed(text) => Text::Owned(text.into()),
            Self::Owned(text) => Text::Owned(text),
        }
    }
}
