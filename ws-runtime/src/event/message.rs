//! The content of a message, borrowed or owned.

use std::borrow::Cow;

use bytes::Bytes;

use crate::wire::{Payload, Text, Utf8Bytes};

/// The content of a text message, received or to be sent by [`Conn::send_utf8`](crate::Conn::send_utf8).
///
/// It converts from `&str`, `String`, `Cow<str>` and `Utf8Bytes`. A large owned text is sent without a copy.
#[derive(Debug)]
pub struct Utf8<'a>(pub(crate) Text<'a>);

/// The content of a binary message, received or to be sent by [`Conn::send_binary`](crate::Conn::send_binary).
///
/// It converts from `&[u8]`, `&[u8; N]`, `Vec<u8>` and `Bytes`. Large owned data is sent without a copy.
#[derive(Debug)]
pub struct Binary<'a>(pub(crate) Payload<'a>);

impl Utf8<'_> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Shares the text if the message owns it; copies it from the read buffer otherwise.
    pub(crate) fn to_utf8_bytes(&self) -> Utf8Bytes {
        match &self.0 {
            Text::Borrowed(text) => Utf8Bytes::from(*text),
            Text::Owned(text) => text.clone(),
        }
    }
}

impl<'a> Utf8<'a> {
    /// The same text; its bytes are shared, not copied.
    pub(crate) fn share(&self) -> Self {
        Self(self.0.clone())
    }

    /// The same bytes, as the payload of a frame.
    pub(crate) fn into_payload(self) -> Payload<'a> {
        match self.0 {
            Text::Borrowed(text) => Payload::Borrowed(text.as_bytes()),
            Text::Owned(text) => Payload::Owned(text.into()),
        }
    }
}

impl Binary<'_> {
    /// The data.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        self.0.as_slice()
    }

    pub(crate) fn to_bytes(&self) -> Bytes {
        share(&self.0)
    }
}

/// The payload of an event that can be replied to.
#[doc(hidden)]
pub trait Content {
    /// The bytes, if the message owns them, so that a reply can share them.
    fn shared(&self) -> Option<&Bytes>;
}

impl Content for Utf8<'_> {
    fn shared(&self) -> Option<&Bytes> {
        match &self.0 {
            Text::Owned(text) => Some(text.as_ref()),
            Text::Borrowed(_) => None,
        }
    }
}

impl Content for Binary<'_> {
    fn shared(&self) -> Option<&Bytes> {
        match &self.0 {
            Payload::Owned(data) => Some(data),
            Payload::Borrowed(_) => None,
        }
    }
}

/// `ready` and `drain` bring no message.
impl Content for () {
    fn shared(&self) -> Option<&Bytes> {
        None
    }
}

/// Shares the payload if the message owns it; copies it from the read buffer otherwise.
fn share(payload: &Payload<'_>) -> Bytes {
    match payload {
        Payload::Borrowed(data) => Bytes::copy_from_slice(data),
        Payload::Owned(data) => data.clone(),
    }
}

impl<'a> From<&'a str> for Utf8<'a> {
    fn from(text: &'a str) -> Self {
        Self(Text::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Utf8<'a> {
    fn from(text: &'a String) -> Self {
        Self(Text::Borrowed(text))
    }
}

impl From<String> for Utf8<'_> {
    fn from(text: String) -> Self {
        Self(Text::Owned(text.into()))
    }
}

impl From<Utf8Bytes> for Utf8<'_> {
    fn from(text: Utf8Bytes) -> Self {
        Self(Text::Owned(text))
    }
}

impl<'a> From<&'a Utf8Bytes> for Utf8<'a> {
    fn from(text: &'a Utf8Bytes) -> Self {
        Self(Text::Borrowed(text))
    }
}

impl<'a> From<Cow<'a, str>> for Utf8<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl<'a> From<&'a [u8]> for Binary<'a> {
    fn from(data: &'a [u8]) -> Self {
        Self(Payload::Borrowed(data))
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Binary<'a> {
    fn from(data: &'a [u8; N]) -> Self {
        Self(Payload::Borrowed(data))
    }
}

impl<const N: usize> From<[u8; N]> for Binary<'_> {
    fn from(data: [u8; N]) -> Self {
        Vec::from(data).into()
    }
}

impl<'a> From<&'a Vec<u8>> for Binary<'a> {
    fn from(data: &'a Vec<u8>) -> Self {
        Self(Payload::Borrowed(data))
    }
}

impl From<Vec<u8>> for Binary<'_> {
    fn from(data: Vec<u8>) -> Self {
        Self(Payload::Owned(data.into()))
    }
}

impl From<Bytes> for Binary<'_> {
    fn from(data: Bytes) -> Self {
        Self(Payload::Owned(data))
    }
}

impl<'a> From<&'a Bytes> for Binary<'a> {
    fn from(data: &'a Bytes) -> Self {
        Self(Payload::Borrowed(data))
    }
}
