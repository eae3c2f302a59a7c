//! The seam between the macro and the runtime: what `#[ws_server]` writes calls these names and no others.
//!
//! Not part of the public interface: it changes whenever the macro does.

pub use crate::event::{
    Binary, Call, Close, ConnContext, ConnEvent, Content, Exclusive, FreshSession, FromBinary, FromConnect,
    FromContext, FromDisconnect, FromHandshake, FromPong, FromReady, FromRequest, FromShutdown, FromTick,
    FromUtf8, FromWatch, Guarded, Handlers, Hold, IntoAdmission, IntoOutcome, IntoReply, Locked, NotYet,
    Outcome, Plain, Pong, Probe, Reply, ServerContext, ServerEvent, Service, Shared, Unclaimed, Utf8,
    WithState, Withheld, assert_once,
};
#[cfg(unix)]
pub use crate::event::{WatchEvent, Watches};
pub use crate::handshake::IntoResponse;
pub use crate::options::{
    Attribute, CompressionValue, EnvValue, ListenValue, OriginsValue, SecondsValue, SlowValue,
    SubprotocolsValue, TlsValue,
};
pub use crate::tick::Ticks;
pub use crate::{Builder, Conn, Handshake, Reject, Request};

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

/// A boxed future: what an `async` watch handler returns, as a closure cannot say that its own future is `Send`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The answer to a plain HTTP request.
pub type Response = http::Response<Bytes>;

/// Sends to the connection's peer what a handler returned.
///
/// # Errors
///
/// The handler's own error, or that its reply is larger than `max_send_size`. A connection that is gone, or that is
/// cut because its outbox is full, is no failure of the handler.
#[inline]
pub fn reply(conn: &Conn, reply: Reply<'_>) -> Outcome {
    conn.answer(reply, None)
}

/// The same in answer to a message: what a large reply borrows from it is shared, not copied.
///
/// # Errors
///
/// Those of [`reply`].
#[inline]
pub fn reply_to(conn: &Conn, message: &impl Content, reply: Reply<'_>) -> Outcome {
    conn.answer(reply, message.shared())
}

/// Says where a handler's future must be `Send`: connections move between threads.
pub fn handler_must_be_send<F: Future + Send>(future: F) -> F {
    future
}
