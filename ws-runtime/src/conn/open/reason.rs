//! Why a connection did not become a WebSocket, as it is logged.

use std::io;

#[cfg(feature = "tower")]
use bytes::Bytes;

use super::answer::{Answer, Answered};
use super::deadline::Interrupted;
use crate::proxy::InvalidPreamble;
use crate::server::{Evicted, TooMany};
#[cfg(feature = "tower")]
use crate::transport::Stream;

/// What happens to a connection whose request was not accepted.
pub(super) enum NotAdmitted {
    /// It is closed without an answer.
    Silently(Reason),
    /// It is closed after this answer.
    With(Box<Answer>),
    /// Its requests are those of the service beside the server. These bytes of them were read.
    #[cfg(feature = "tower")]
    Elsewhere(Bytes),
}

/// A connection that was not opened.
pub(super) enum NotOpened {
    /// It is over.
    Because(Reason),
    /// The service beside the server takes it.
    #[cfg(feature = "tower")]
    Elsewhere(Box<Stream>),
}

/// Why a connection did not become a WebSocket.
#[derive(Debug, thiserror::Error)]
pub(super) enum Reason {
    #[error("refused by the `connect` handler")]
    Refused,
    #[error("disconnected by the program before it was ready")]
    Disconnected,
    #[error("proxy_protocol requires a PROXY header of this peer, but {0}")]
    Preamble(#[from] InvalidPreamble),
    #[error(transparent)]
    TooMany(#[from] TooMany),
    #[error("the TLS handshake failed: {0}")]
    Tls(io::Error),
    #[error("the peer closed it before it sent a request")]
    Closed,
    /// The server around this one has dropped the request.
    #[cfg(feature = "tower")]
    #[error("the peer left before it was answered, or a layer gave its request up")]
    Dropped,
    #[error("the network failed: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    #[error(transparent)]
    Evicted(#[from] Evicted),
    #[error(transparent)]
    Answered(Answered),
}

impl<R: Into<Reason>> From<R> for NotAdmitted {
    fn from(reason: R) -> Self {
        Self::Silently(reason.into())
    }
}

impl<R: Into<Reason>> From<R> for NotOpened {
    fn from(reason: R) -> Self {
        Self::Because(reason.into())
    }
}

impl From<Answer> for NotAdmitted {
    fn from(answer: Answer) -> Self {
        Self::With(Box::new(answer))
    }
}
