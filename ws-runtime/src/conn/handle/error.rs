//! What can go wrong with a call on a connection.

use thiserror::Error;
use ws_spec::close::SENDABLE;

use crate::options::feature_off;

/// Why a message was not queued for sending.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SendError {
    /// The handshake is not done: the peer does not speak WebSocket yet.
    #[error("cannot send before `ready`: the handshake is not done; send from `#[on(ready)]` or later")]
    NotReady,
    /// The connection is closing or gone.
    #[error("cannot send: the connection is closing or gone")]
    Gone,
    /// The message is larger than `max_send_size`.
    #[error(
        "cannot send {size} bytes: `max_send_size` is {max}; send less at a time, or raise it in \
         `#[ws_server(max_send_size = …)]` or by `conn.set_max_send_size(…)`"
    )]
    TooLarge {
        /// The message's size in bytes.
        size: usize,
        /// The connection's `max_send_size` in bytes.
        max: usize,
    },
    /// The payload of a ping or pong is larger than a control frame may be (RFC 6455, section 5.5).
    #[error("cannot send a control frame of {size} bytes: RFC 6455 allows 125")]
    ControlTooLarge {
        /// The payload's size in bytes.
        size: usize,
    },
    /// A push to a connection whose route does not speak the envelope.
    #[error(
        "cannot send a push: the route of the connection takes no named messages, so its peer would not know it"
    )]
    NoEnvelope,
    /// A push that is declared in another route: the peers of this one do not know it.
    #[error(
        "cannot send the push `{push}`: it belongs to another route than the connection; declare it in the server's module, \
         if it is for all routes"
    )]
    OtherRoute {
        /// The `type` of the message.
        push: &'static str,
    },
    /// A push that does not serialise as JSON.
    #[error("cannot send a push: it does not serialise as JSON: {error}")]
    NotJson {
        /// What its `Serialize` says.
        error: String,
    },
    /// The outbox is full and `slow` is `"drop_newest"`, or `"drop_oldest"` and nothing may be dropped that makes enough
    /// room: the message is dropped, the connection stays.
    #[error("the peer reads too slowly: its outbox of {max} bytes is full, so the message is dropped")]
    Full {
        /// `max_outbox` in bytes.
        max: usize,
    },
    /// The outbox is full and `slow = "close"`, or `max_memory` is exceeded and most waits for this peer: the connection
    /// is cut.
    #[error("the peer reads too slowly: its outbox of {max} bytes is full, so it is disconnected")]
    Slow {
        /// `max_outbox` in bytes.
        max: usize,
    },
}

/// Why a connection was not closed as asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CloseError {
    /// A code that must not be sent (RFC 6455, section 7.4).
    #[error(
        "cannot close with code {code}: a server may send {SENDABLE}, of which 4000 to 4999 are for codes of your own"
    )]
    Code {
        /// The code.
        code: u16,
    },
    /// A code that does not stand for a shutdown, or that must not be sent.
    #[error(
        "cannot shut down with code {code}: allowed are 1000, 1001 (going away), 1012 (service restart), 1013 (try again \
         later), and codes of your own from 3000 to 4999"
    )]
    Shutdown {
        /// The code.
        code: u16,
    },
    /// A reason that does not fit in a control frame (RFC 6455, section 5.5).
    #[error("cannot close with a reason of {size} bytes: a Close frame holds up to 123")]
    Reason {
        /// The reason's size in bytes.
        size: usize,
    },
}

/// Why an option of a connection was not changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SetError {
    /// The option is fixed once the handshake is done.
    #[error(
        "cannot change `{option}`: the handshake is done; set it in `#[on(connect)]` or `#[on(handshake)]`"
    )]
    TooLate {
        /// The option's name.
        option: &'static str,
    },
    /// The option needs the cargo feature of its name, and the program was built without it.
    #[error("cannot change `{option}`: it {}", feature_off(option))]
    FeatureOff {
        /// The option's name.
        option: &'static str,
    },
    /// Messages cannot refer to earlier ones where these may be dropped: `slow = "drop_oldest"`.
    #[error(
        "cannot set `compression` to `context_takeover`: with `slow = \"drop_oldest\"` messages are dropped, and later \
         ones would refer to them; set it to `on`"
    )]
    DropsOldest,
    /// A size that is out of bounds.
    #[error("`{option}` must be from 1 to {max} bytes, not {bytes}")]
    Size {
        /// The option's name.
        option: &'static str,
        /// The size that was asked for, in bytes.
        bytes: usize,
        /// The largest that is allowed, in bytes.
        max: usize,
    },
}
