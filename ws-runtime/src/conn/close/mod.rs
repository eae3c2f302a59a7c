//! The end of a connection.
//!
//! Either side can begin it. We do so by [`SendPath::push_close`](super::send::SendPath). The peer does so by a Close
//! frame, by ending its stream or by breaking the protocol ([`ReceivePath::end`](super::receive::ReceivePath)); the
//! send path learns of it once all messages before it are handled. The `disconnect` handler gets the first reason that
//! reaches the send path. But if our Close frame is never written, the handler gets the reason for that.
//!
//! Once our Close frame is queued, nothing more can be sent ([`Phase::Closing`](super::send::Phase)). The stage of the
//! ending is an [`Ending`], which [`Driver`](super::drive::Driver) computes in each turn.

mod linger;

pub(super) use self::linger::{LINGER, Lingering, MIN_DRAIN_RATE, drain_time, linger};

/// The stages of the end of a connection. A connection never goes back to an earlier stage. Each stage has a deadline.
///
/// ```text
/// Open → PeerEnded → Draining → AwaitingClose → Lingering → gone
///   └────────────────────┘ if we close first
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ending {
    /// Messages are received and sent.
    Open,
    /// The peer sends nothing more, but messages that it sent before are still being handled. Deadline: `close_timeout`
    /// without a message handled or a byte written.
    PeerEnded,
    /// Our Close frame is queued, and the bytes before it are being written. Deadline: `write_timeout` without a byte
    /// written, or a rate below [`MIN_DRAIN_RATE`].
    Draining,
    /// Our Close frame is written. Deadline: the peer has `close_timeout` to answer it.
    AwaitingClose,
    /// Both sides are done. We wait for the end of the peer's stream. Deadline: [`LINGER`].
    Lingering,
}
