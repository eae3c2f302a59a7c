//! Bytes to messages and back (RFC 6455, section 5), without sockets and without clocks.
//!
//! Each header is checked before its payload is read and before memory is reserved for it.

mod assembly;
mod decoder;
#[cfg(feature = "compression")]
mod deflate;
#[cfg(not(feature = "compression"))]
#[path = "deflate_off.rs"]
mod deflate;
mod encoder;
mod error;
mod header;
mod mask;
mod payload;
mod pool;
#[cfg(test)]
mod tests;
mod utf8;
mod utf8_bytes;

pub(crate) use decoder::{Decoder, Incoming, Limits};
#[cfg(feature = "compression")]
pub(crate) use deflate::MAX_WINDOW_BITS;
pub(crate) use deflate::{Agreement, Deflater, Form, Inflater};
pub(crate) use encoder::{FrameKind, append, encode, encode_close, header, measure};
pub(crate) use error::ProtocolError;
pub(crate) use payload::{Payload, SHARE_FROM, Text};
pub(crate) use pool::give_back;
pub use utf8_bytes::Utf8Bytes;

/// The largest payload of a control frame (RFC 6455, section 5.5).
pub(crate) const MAX_CONTROL: usize = 125;
