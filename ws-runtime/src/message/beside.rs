//! A named message whose handler runs beside others: it owns what the handler borrows.

use std::fmt;
use std::sync::Arc;

use super::Envelope;
use crate::Conn;
use crate::event::{ConnEvent, NotYet, Route, Service};
use crate::server::Hosted;

/// How a handler runs beside the others of its connection.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Running {
    /// `concurrent`: so many calls of the handler run at once, and the next message waits.
    Call { most: usize },
    /// Its replies are a stream. All streams of a connection together are limited by `max_streams`.
    Stream,
    /// The same, but the stream borrows nothing: the handler is called as a plain one, and only its stream runs beside.
    StreamAlone,
}

impl Running {
    pub(crate) fn is_stream(self) -> bool {
        match self {
            Self::Call { .. } => false,
            Self::Stream | Self::StreamAlone => true,
        }
    }
}

/// A message, its connection and its server.
#[doc(hidden)]
pub struct Beside<R: Route> {
    hosted: Arc<Hosted<R::Server>>,
    conn: Conn,
    message: Envelope<'static>,
}

impl<R: Route> Beside<R> {
    pub(crate) fn new(hosted: Arc<Hosted<R::Server>>, conn: Conn, message: Envelope<'static>) -> Self {
        Self { hosted, conn, message }
    }

    /// The value of `type`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.message.name()
    }

    /// The event for the handler, without a session.
    #[must_use]
    pub fn event(&self) -> ConnEvent<'_, <R::Server as Service>::Store, NotYet, Envelope<'_>> {
        ConnEvent::before_session(&self.conn, &self.hosted.store, &self.message)
    }
}

impl<R: Route> fmt::Debug for Beside<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beside").field("message", &self.message).finish_non_exhaustive()
    }
}
