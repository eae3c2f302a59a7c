//! Why a connection did not become a WebSocket, as the log says it.

use std::io;

use super::answer::{Answer, Answered};
use super::deadline::Untimely;
use crate::server::Evicted;

/// What a connection comes to that does not become a WebSocket.
pub(super) enum Unopened {
    /// It is over.
    End(End),
    /// It is told something first.
    Answer(Box<Answer>),
}

/// Why a connection did not become a WebSocket.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    #[error("refused by the `connect` handler")]
    Refused,
    #[error("disconnected before it was ready")]
    Disconnected,
    #[error("the TLS handshake failed: {0}")]
    Tls(io::Error),
    #[error("the peer closed it before it sent a request")]
    Closed,
    #[error("the network failed: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Untimely(#[from] Untimely),
    #[error(transparent)]
    Evicted(#[from] Evicted),
    #[error(transparent)]
    Answered(Answered),
}

impl<E: Into<End>> From<E> for Unopened {
    fn from(end: E) -> Self {
        Self::End(end.into())
    }
}

impl From<Answer> for Unopened {
    fn from(answer: Answer) -> Self {
        Self::Answer(Box::new(answer))
    }
}
