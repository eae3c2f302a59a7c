//! How a connection ended.

use std::fmt;

use crate::Reject;
use crate::wire::{ProtocolError, Utf8Bytes};

/// How a connection ended: the payload of `disconnect`.
///
/// The `disconnect` handler runs once all other handlers of the connection have ended, and all that was sent is written
/// or lost. Nothing can be sent from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    pub(crate) code: u16,
    pub(crate) reason: Utf8Bytes,
    pub(crate) by: ClosedBy,
    pub(crate) dropped: u64,
}

/// What ended a connection.
///
/// It tells causes apart that share a close code: an operator looks at another place after a panic than after an error
/// of a handler, and a peer that reads too slowly is no attacker. [`as_str`](Self::as_str) is its word in logs and
/// metrics.
///
/// ```
/// use ws_runtime::prelude::*;
/// use ws_runtime::ClosedBy;
///
/// #[ws_server]
/// mod chat {
///     use super::*;
///
///     #[on(disconnect)]
///     fn left(close: &Close, conn: &Conn) {
///         match close.by() {
///             ClosedBy::Peer | ClosedBy::Us | ClosedBy::Shutdown => {}
///             ClosedBy::Slow => println!("{} reads too slowly", conn.peer()),
///             by => println!("{}: {} by {by}", conn.peer(), close.code()),
///         }
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClosedBy {
    /// The peer: it sent a Close frame, whose code this is (1005 if it had none), or it ended its stream without one
    /// (1006).
    Peer,
    /// This program: [`Conn::disconnect`](crate::Conn::disconnect) with its code, or
    /// [`Server::disconnect`](crate::Server::disconnect) (1006).
    Us,
    /// The connection has [expired](crate::Handshake::expires) (4401).
    Expired,
    /// Silence: the peer answered no ping for `silence_max` (1006).
    Silence,
    /// The peer reads too slowly: it took nothing for `write_timeout`, or more waited for it than `max_outbox` and
    /// `slow` allow. The code is 1008, but the peer gets no Close frame.
    Slow,
    /// The peer broke the protocol (1002), or sent text that is not UTF-8 or compressed data that cannot be inflated
    /// (1007).
    Protocol,
    /// A message is larger than `max_recv_size` (1009), or has more fragments than `max_fragments` (1008).
    TooLarge,
    /// A message began and did not end within `assembly_timeout` (1008).
    Unfinished,
    /// The peer sent more messages than the `rate` of a handler allows, too many pings, or too many messages that were
    /// mistakes (1008).
    Rate,
    /// The program refused: an argument or the guard of a handler (1008), `ready` (4000 and the status of its
    /// [`Reject`](struct@crate::Reject)), or a route that takes no binary messages (1003). Or `max_blocking` was
    /// reached when a message came for a `blocking` handler (1013).
    Refused,
    /// A handler returned an error that the peer is not told (1011).
    Failed,
    /// A handler panicked (1011).
    Panic,
    /// The network or TLS failed: reading or writing returned an error, such as a reset (1006).
    Network,
    /// The server's shutdown (1001, or the code of [`Server::shutdown_with`](crate::Server::shutdown_with)). 1006 if
    /// the peer was cut because `shutdown_timeout` was over.
    Shutdown,
}

impl ClosedBy {
    /// All causes, for counters that begin at 0.
    pub const ALL: &'static [Self] = &[
        Self::Peer,
        Self::Us,
        Self::Expired,
        Self::Silence,
        Self::Slow,
        Self::Protocol,
        Self::TooLarge,
        Self::Unfinished,
        Self::Rate,
        Self::Refused,
        Self::Failed,
        Self::Panic,
        Self::Network,
        Self::Shutdown,
    ];

    /// Its word in logs and metrics: the name of the variant in snake case.
    ///
    /// ```
    /// use ws_runtime::ClosedBy;
    ///
    /// assert_eq!(ClosedBy::TooLarge.as_str(), "too_large");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Us => "us",
            Self::Expired => "expired",
            Self::Silence => "silence",
            Self::Slow => "slow",
            Self::Protocol => "protocol",
            Self::TooLarge => "too_large",
            Self::Unfinished => "unfinished",
            Self::Rate => "rate",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Panic => "panic",
            Self::Network => "network",
            Self::Shutdown => "shutdown",
        }
    }
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

    /// How many messages were sent to the peer and never written as a whole: those that still waited when the connection
    /// ended, and those that the option `slow` dropped before. 0 if all was written.
    ///
    /// Pings, pongs and the Close frame are not counted. Written means that the kernel has taken all bytes of a
    /// message, or TLS has: it may be lost even then, with the connection. So this is what was certainly lost, not all
    /// that may be. A program that must know sends numbers, and has the peer acknowledge them.
    ///
    /// ```
    /// use ws_runtime::prelude::*;
    ///
    /// #[ws_server]
    /// mod feed {
    ///     use super::*;
    ///
    ///     #[on(disconnect)]
    ///     fn left(conn: &Conn, close: &Close) {
    ///         if close.dropped() > 0 {
    ///             println!("{} missed {} messages: {}", conn.peer(), close.dropped(), close.by());
    ///         }
    ///     }
    /// }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
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
            Self::Expired => "expiry",
            Self::Silence => "silence",
            Self::Slow => "slow reading",
            Self::Protocol => "a protocol error",
            Self::TooLarge => "a message that is too large",
            Self::Unfinished => "an unfinished message",
            Self::Rate => "too many messages",
            Self::Refused => "a refusal",
            Self::Failed => "an error of a handler",
            Self::Panic => "a panic",
            Self::Network => "the network",
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
        Self { code, reason: reason.into(), by, dropped: 0 }
    }

    /// The server shuts down.
    pub(crate) fn shutdown(code: u16) -> Self {
        Self::new(code, "", ClosedBy::Shutdown)
    }

    /// The peer does not read what it is sent.
    pub(crate) fn slow() -> Self {
        Self::new(1008, "reads too slowly", ClosedBy::Slow)
    }

    /// The peer broke the protocol or the limits of a message.
    pub(crate) fn violation(error: ProtocolError) -> Self {
        let by = match error {
            ProtocolError::Unmasked
            | ProtocolError::ReservedBit
            | ProtocolError::ReservedOpcode
            | ProtocolError::FragmentedControl
            | ProtocolError::LongControl
            | ProtocolError::LengthForm
            | ProtocolError::LengthTopBit
            | ProtocolError::NothingToContinue
            | ProtocolError::MessageInside
            | ProtocolError::ShortClose
            | ProtocolError::CloseCode
            | ProtocolError::Utf8
            | ProtocolError::Deflate => ClosedBy::Protocol,
            ProtocolError::Fragments | ProtocolError::TooLarge => ClosedBy::TooLarge,
        };
        Self::new(error.close_code().into(), error.to_string(), by)
    }

    /// A handler returned an error: 1011, without details (RFC 6455, section 7.4.1).
    pub(crate) fn failed() -> Self {
        Self::new(1011, "", ClosedBy::Failed)
    }

    /// A handler panicked: 1011, without details.
    pub(crate) fn panic() -> Self {
        Self::new(1011, "", ClosedBy::Panic)
    }

    /// A message or the connection was refused, and the connection closes for it.
    pub(crate) fn refused(code: u16, reject: &Reject, by: ClosedBy) -> Self {
        let mut reason = reject.reason();
        reason.truncate(reason.floor_char_boundary(Self::MAX_REASON));
        Self::new(code, reason, by)
    }

    /// The network failed, or the peer went away without a Close frame.
    pub(crate) fn abnormal(by: ClosedBy) -> Self {
        Self::new(Self::ABNORMAL, "", by)
    }
}
