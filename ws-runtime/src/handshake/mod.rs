//! From a stream's first bytes to a WebSocket handshake, a plain HTTP request, or a refusal.
//!
//! [`HeadReader`] takes the bytes in, bounded; [`judge`] decides what they ask for, without any I/O; [`accept`] and
//! [`encode_response`] are the answers. Deadlines are the caller's, and so is closing: every answer but the 101 says
//! `Connection: close`.

mod extensions;
mod head;
mod judge;
mod origin;
mod refusal;
mod reject;
mod request;
mod respond;
mod subprotocol;
mod write;

#[cfg(test)]
mod tests;

pub use origin::{InvalidOrigin, Origins};
pub use reject::{InvalidHeader, Reject};
pub use request::{Handshake, Request};
pub use respond::{Html, IntoResponse};
pub use subprotocol::NotOffered;

pub(crate) use extensions::agree;
pub(crate) use head::{HeadError, HeadLimits, HeadReader, arrived_early};
pub(crate) use judge::{Judged, Transport, judge};
pub(crate) use refusal::Refusal;
pub(crate) use respond::HandlerError;
pub(crate) use subprotocol::choose_subprotocol;
pub(crate) use write::{accept, encode_response};

/// What a plain request is told where no handler answers it.
pub(crate) fn upgrade_required() -> Refusal {
    Refusal::UpgradeRequired
}
