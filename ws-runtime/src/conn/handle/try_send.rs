//! Sending that never ends a slow connection, and gives a message back that has no room.

use std::fmt;

use super::{Conn, Message, SendError};
use crate::conn::send::Bound;
use crate::event::{Binary, Utf8};
use crate::message::Outgoing;
use crate::wire::{FrameKind, Payload};

/// Why a message was not queued for sending, with the message: what [`Conn::try_send`] returns.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrySendError<M> {
    /// The outbox has no room for the message now. It will have some once the peer has read: [`Conn::flushed`] waits
    /// for that, and `#[on(drain)]` runs then.
    Full(M),
    /// The connection is closing or gone: nothing can be sent any more.
    Gone(M),
    /// The message cannot be sent at all, or not yet: for the reasons that [`Conn::send`] has too.
    Refused {
        /// The message.
        message: M,
        /// Why. It is never [`SendError::Full`], [`SendError::Slow`] or [`SendError::Gone`].
        error: SendError,
    },
}

impl<M> TrySendError<M> {
    fn new(message: M, error: SendError) -> Self {
        match error {
            SendError::Full { .. } => Self::Full(message),
            // Cut meanwhile, as `max_memory` was exceeded.
            SendError::Gone | SendError::Slow { .. } => Self::Gone(message),
            error @ (SendError::NotReady
            | SendError::TooLarge { .. }
            | SendError::ControlTooLarge { .. }
            | SendError::NoEnvelope
            | SendError::OtherRoute { .. }
            | SendError::NotJson { .. }) => Self::Refused { message, error },
        }
    }

    /// The message that was not sent.
    #[must_use]
    pub fn into_inner(self) -> M {
        match self {
            Self::Full(message) | Self::Gone(message) | Self::Refused { message, .. } => message,
        }
    }

    /// Whether the outbox has no room now, and may have some later.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full(_))
    }
}

impl<M> fmt::Display for TrySendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str(
                "cannot send now: the peer reads slowly, and its outbox has no room for the message",
            ),
            Self::Gone(_) => SendError::Gone.fmt(f),
            Self::Refused { error, .. } => error.fmt(f),
        }
    }
}

/// Without the message, which may be of any type.
impl<M> fmt::Debug for TrySendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("Full(..)"),
            Self::Gone(_) => f.write_str("Gone(..)"),
            Self::Refused { error, .. } => {
                f.debug_struct("Refused").field("error", error).finish_non_exhaustive()
            }
        }
    }
}

impl<M> std::error::Error for TrySendError<M> {}

impl Conn {
    /// Sends a push or a message as [`send`](Self::send) does, and gives it back if the outbox has no room for it.
    ///
    /// Whatever the option `slow` is, a peer that reads slowly is not cut for it, and no other message is dropped. The
    /// message is serialised or compressed once for each call.
    ///
    /// ```
    /// use serde::Serialize;
    /// use ws_runtime::TrySendError;
    /// use ws_runtime::prelude::*;
    ///
    /// #[ws_server(listen = 8080)]
    /// mod editor {
    ///     use super::*;
    ///
    ///     #[push]
    ///     #[derive(Serialize)]
    ///     pub struct Moved {
    ///         pub x: u32,
    ///         pub y: u32,
    ///     }
    ///
    ///     /// The last position, if the peer has not got it.
    ///     #[session]
    ///     #[derive(Default)]
    ///     pub struct Viewer {
    ///         late: Option<Moved>,
    ///     }
    ///
    ///     impl Viewer {
    ///         pub fn show(&mut self, conn: &Conn, moved: Moved) {
    ///             if let Err(TrySendError::Full(moved)) = conn.try_send(moved) {
    ///                 self.late = Some(moved);
    ///             }
    ///         }
    ///     }
    ///
    ///     #[on(drain)]
    ///     fn catch_up(viewer: &mut Viewer, conn: &Conn) {
    ///         if let Some(moved) = viewer.late.take() {
    ///             viewer.show(conn, moved);
    ///         }
    ///     }
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// Each holds the message: [`TrySendError::Full`] if the outbox has no room, [`TrySendError::Gone`] once the
    /// connection is closing, [`TrySendError::Refused`] for the other reasons of [`send`](Self::send).
    pub fn try_send<M: Outgoing>(&self, message: M) -> Result<(), TrySendError<M>> {
        message.try_send_to(self).map_err(|(message, error)| TrySendError::new(message, error))
    }

    /// Sends a text message as [`send_utf8`](Self::send_utf8) does, and gives it back if the outbox has no room for it.
    /// It behaves as [`try_send`](Self::try_send) does.
    ///
    /// # Errors
    ///
    /// As [`try_send`](Self::try_send).
    pub fn try_send_utf8<'a>(&self, text: impl Into<Utf8<'a>>) -> Result<(), TrySendError<Utf8<'a>>> {
        let text = text.into();
        // Shared for a moment, not copied.
        let sent = self.send_message(FrameKind::Text, text.share().into_payload(), Bound::Try);
        sent.map_err(|error| TrySendError::new(text, error))
    }

    /// Sends a binary message as [`send_binary`](Self::send_binary) does, and gives it back if the outbox has no room
    /// for it. It behaves as [`try_send`](Self::try_send) does.
    ///
    /// # Errors
    ///
    /// As [`try_send`](Self::try_send).
    pub fn try_send_binary<'a>(&self, data: impl Into<Binary<'a>>) -> Result<(), TrySendError<Binary<'a>>> {
        let data = data.into();
        let sent = self.send_message(FrameKind::Binary, data.0.clone(), Bound::Try);
        sent.map_err(|error| TrySendError::new(data, error))
    }

    /// Sends a message that is no push, if there is room for it.
    pub(crate) fn try_send_plain(&self, message: &Message<'_>) -> Result<(), SendError> {
        self.send_plain_within(message.share(), Bound::Try)
    }

    /// Sends text that is known to be UTF-8, if there is room for it.
    pub(crate) fn try_send_text(&self, text: Payload<'_>) -> Result<(), SendError> {
        self.send_message(FrameKind::Text, text, Bound::Try)
    }
}

impl<'a> Message<'a> {
    /// The same message; its bytes are shared, not copied.
    fn share(&self) -> Self {
        match self {
            Self::Utf8(text) => Self::Utf8(text.share()),
            Self::Binary(data) => Self::Binary(Binary(data.0.clone())),
            Self::Ping(data) => Self::Ping(Binary(data.0.clone())),
            Self::Pong(data) => Self::Pong(Binary(data.0.clone())),
        }
    }
}
