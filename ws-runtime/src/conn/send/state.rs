//! The states of a connection as its send path knows them.

use crate::event::Close;

/// The phase of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::conn) enum Phase {
    /// Accepted: TLS and the handshake are not done, or the 101 is queued and the arguments of `ready` are being made.
    Opening,
    /// `ready` is called or has ended: messages are received and sent.
    Ready,
    /// The server shuts down: what has arrived is still handled, nothing more is read.
    Finishing,
    /// Our Close frame is queued: nothing may follow it.
    Closing,
    /// The connection is cut, or has ended.
    Gone,
}

/// Which handlers of a connection are cancelled, that is dropped at their next `.await`. It only rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::conn) enum CancelLevel {
    /// None.
    Nothing,
    /// All but `disconnect`: `shutdown_timeout` has passed.
    Handlers,
    /// `disconnect` too.
    Everything,
}

/// How the connection ended. Boxed in the send path, which has no place for it while the connection is open.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) close: Close,
    /// Our Close frame was written, and all before it, when the connection was cut. Before that, the phase tells.
    pub(super) has_sent_close: bool,
}

impl Ending {
    pub(super) fn by(close: Close) -> Box<Self> {
        Box::new(Self { close, has_sent_close: false })
    }
}

/// What bounds how much is sent to a peer that does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::conn) enum Bound {
    /// `max_outbox`; if it is reached, the option `slow` applies.
    Outbox,
    /// `max_outbox`; if it is reached, the sender gets the message back, and nothing else happens.
    Try,
    /// The same as `Outbox`, for questions: they are not dropped for newer messages, as somebody waits for the answer.
    Question,
    /// No limit, for replies: while the outbox is over its limit, no further message of the peer is handled.
    Peer,
    /// Twice `max_outbox`, for pongs: a peer that has much to read still pings, and is not to be closed for it.
    /// Beyond that it gets no pong; RFC 6455 asks only for one to the last ping (section 5.5.3).
    Pong,
}

/// What happens to a frame that waits, if room is needed for a newer message (`slow = "drop_oldest"`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::conn) enum Fate {
    /// It stays: a reply, an answer, a question, a control frame. Any frame, where nothing is ever dropped.
    #[default]
    Kept,
    /// It may be dropped: a message that the server sends on its own.
    Droppable,
}

/// Where a frame is queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::conn) enum Queue {
    /// The outbox: it is written as soon as possible.
    Outbox,
    /// Behind all that `ready` sends: another task sent it before `ready` has ended.
    HeldBack,
}

/// The result of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::conn) enum Written {
    /// Nothing is left to write.
    All,
    /// The kernel has taken some bytes, but not all.
    Some,
    /// The kernel has taken nothing.
    None,
}
