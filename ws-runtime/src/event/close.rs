//! How a connection ended.

use std::fmt;

use crate::wire::Utf8Bytes;

use crate::Reject;

/// How a connection ended: the payload of `disconnect`.
///
/// The `disconnect` handler runs once all other handlers of the connection have ended, and all that was sent is written
/// or lost. Nothing can be sent from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    pub(crate) code: u16,
    pub(crate) reason: Utf8Bytes,
    pub(crate) by: ClosedBy,
}

/// What ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClosedBy {
    /// The peer: it sent a Close frame, or ended the stream.
    Peer,
    /// This program: `conn.disconnect(…)` or `server.disconnect(…)`.
    Us,
    /// Silence: the peer answered no ping.
    Silence,
    /// An error: the peer broke the protocol or a limit, a handler failed, or the network failed.
    Error,
    /// The server's shutdown.
    Shutdown,
}

impl Close {
    /// The close code (RFC 6455, section 7.4).
    ///
    /// Two codes are never sent: 1005 means that the peer's Close frame had no code, 1006 that there was no Close
    /// frame.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The reason that came with the code: up to 123 bytes, often empty. Do not trust it: the peer may have written it.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What ended the connection.
    #[must_use]
    pub fn by(&self) -> ClosedBy {
        self.by
    }
}

impl fmt::Display for ClosedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Peer => "the peer",
            Self::Us => "this server",
            Self::Silence => "silence",
            Self::Error => "an error",
            Self::Shutdown => "shutdown",
        })
    }
}

impl Close {
    /// RFC 6455, section 7.1.5: the Close frame had no code.
    pub(crate) const NO_CODE: u16 = 1005;
    /// RFC 6455, section 7.1.5: there was no Close frame.
    pub(crate) const ABNORMAL: u16 = 1006;
    /// RFC 6455, section 5.5: a control frame holds 125 bytes, and the code takes two.
    const MAX_REASON: usize = 123;

    pub(crate) fn new(code: u16, reason: impl Into<Utf8Bytes>, by: ClosedBy) -> Self {
        Self { code, reason: reason.into(), by }
    }

    /// The server shuts down: 1001, going away.
    pub(crate) fn shutdown() -> Self {
        Self::new(1001, "", ClosedBy::Shutdown)
    }

    /// The peer does not read what it is sent.
    pub(crate) fn slow() -> Self {
        Self::new(1008, "reads too slowly", ClosedBy::Error)
    }

    /// A handler failed: 1011, without details (RFC 6455, section 7.4.1).
    pub(crate) fn failure() -> Self {
        Self::new(1011, "", ClosedBy::Error)
    }

    /// An argument was refused, and the connection closes for it.
    pub(crate) fn refused(code: u16, reject: &Reject) -> Self {
        let mut reason = reject.reason();
        reason.truncate(reason.floor_char_boundary(Self::MAX_REASON));
        Self::new(code, reason, ClosedBy::Error)
    }

    /// The network failed, or the peer went away without a Close frame.
    pub(crate) fn abnormal(by: ClosedBy) -> Self {
        Self::new(Self::ABNORMAL, "", by)
    }
}
