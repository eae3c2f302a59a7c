//! The interface between the macro and the runtime. Code that `#[ws_server]` generates uses only these names.
//!
//! Not part of the public interface: it changes whenever the macro does.

pub use crate::event::{
    Binary, Close, ConnContext, Exclusive, Failure, FreshSession, FromBinary, FromConnect, FromContext,
    FromDisconnect, FromHandshake, FromPong, FromReady, FromRequest, FromShutdown, FromTick, FromUtf8,
    Guarded, Handled, IntoAdmission, IntoOutcome, IntoReply, Keeps, LocksByAnyName, OpeningEvent, Outcome,
    Peer, Plain, Probe, Reply, Route, RouteEvent, ServerEvent, Service, SharesState, StateCell, Unclaimed,
    Utf8, assert_once,
};
#[cfg(unix)]
pub use crate::event::{FromWatch, Watches};
pub use crate::handshake::IntoResponse;
pub use crate::options::{
    Attribute, CompressedValue, CompressionValue, EnvValue, ListenValue, OriginsValue, SecondsValue,
    SlowValue, SubprotocolsValue, TlsValue,
};
pub use crate::tick::Ticks;
pub use crate::server::{PrivateState, Unset};
pub use crate::{Builder, Conn, Handshake, Reject, Request};

use std::future::{Future, Ready, ready};
use std::pin::Pin;

use bytes::Bytes;

/// A boxed future: what an `async` watch handler returns, as a closure cannot say that its own future is `Send`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The answer to a plain HTTP request.
pub type Response = http::Response<Bytes>;

/// Sends a handler's reply to the peer.
///
/// # Errors
///
/// The handler's own error, or that its reply is larger than `max_send_size`. If the connection is gone, or is cut
/// because its outbox is full, that is no failure of the handler.
#[inline]
pub fn reply(peer: Peer<'_>, reply: Reply<'_>) -> Outcome {
    peer.conn.send_reply(reply, peer.message)
}

/// The result of a message whose plain handler has ended.
///
/// # Errors
///
/// That of the handler.
pub fn done(outcome: Outcome) -> Result<Handled, Failure> {
    outcome.map(|()| Handled::Done)
}

/// Calls a plain handler at once.
pub fn now<T>(call: impl FnOnce() -> T) -> Ready<T> {
    ready(call())
}

/// Makes the arguments of an `async` handler at once, and returns its future.
///
/// # Errors
///
/// An argument could not be made.
pub fn begin<F: Future>(call: impl FnOnce() -> Result<F, Reject>) -> Result<F, Reject> {
    call()
}

/// Requires that a handler's future is `Send`, because connections move between threads. The name appears in error messages.
pub fn handler_must_be_send<F: Future + Send>(future: F) -> F {
    future
}
