//! The end of a connection.
//!
//! Either side can begin it: we by [`SendPath::push_close`](super::send::SendPath), the peer by a Close frame, by ending its
//! stream or by breaking the protocol ([`ReceivePath::end`](super::receive::ReceivePath)). What the peer began is told to the
//! send path once all messages before it are handled. The reason that is told first is the one that the `disconnect` handler
//! hears; but if our Close frame never leaves, it hears why not.
//!
//! From the moment that our Close frame is queued nothing can be sent ([`Phase::Closing`](super::send::Phase)). How far the
//! ending has come beyond that is an [`Ending`], which [`Driver`](super::drive::Driver) finds anew in each turn.

mod linger;

pub(super) use self::linger::{LINGER, Lingering, MIN_DRAIN_RATE, drain_time, linger};

/// How far the ending of a connection has come. Stages are only ever gone forward, and each has its deadline.
///
/// ```text
/// Open → PeerEnded → Draining → AwaitingClose → Lingering → gone
///   └────────────────────┘ where we close first
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ending {
    /// Messages pass.
    Open,
    /// The peer has said its last word, but what it sent before is still being handled: as long as a message is handled, or
    /// a byte taken, within `close_timeout`.
    PeerEnded,
    /// Our Close frame is queued, and what was queued before it is being written: as long as the peer takes bytes, within
    /// `write_timeout` and at no less than [`MIN_DRAIN_RATE`].
    Draining,
    /// Our Close frame is written; the peer has `close_timeout` to answer.
    AwaitingClose,
    /// Both sides are done: only the end of the peer's stream is waited for, for [`LINGER`].
    Lingering,
}
