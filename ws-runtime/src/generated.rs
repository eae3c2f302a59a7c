//! The interface between the macro and the runtime. Code that `#[ws_server]` generates uses only these names.
//!
//! Not part of the public interface: it changes whenever the macro does.

pub use crate::event::{
    Admission, Binary, Close, ConnContext, Exclusive, Failure, FreshRoom, FreshSession, FromBinary,
    FromConcurrent, FromConnect, FromContext, FromCreate, FromDisconnect, FromDrain, FromEmpty, FromGet,
    FromGetGuard, FromGuard, FromHandshake, FromMessage, FromNamed, FromPong, FromReady, FromRequest,
    FromRoomTick, FromRouteGuard, FromShutdown, FromStart, FromTick, FromUtf8, Guarded, Handled, Identity,
    IdentityKey, IntoAdmission, IntoOutcome, IntoReply, IntoRoom, IntoVerdict, Keeps, LocksByAnyName,
    LocksRoomByAnyName, NoIdentity, OpeningEvent, Outcome, Peer, Phases, Plain, Probe, Reply, RoomContext,
    RoomEvent, Route, RouteEvent, ServerEvent, Service, SharesState, StateCell, Unclaimed, Utf8, WithConn,
    assert_once, identity, other_phase,
};
pub use crate::event::{
    ByMut, ByRef, IsLocked, IsNoLock, IsWithoutLock, NoState, Sought, StateOf, assert_locked,
    assert_not_changed, assert_not_changed_blocking, assert_not_held, assert_not_held_blocking,
    assert_states_differ, lock_in_order,
};
pub use crate::event::{FromRoomTimer, FromStateTimer, FromTimer};
#[cfg(unix)]
pub use crate::event::{FromWatch, Watches};
pub use crate::handshake::{
    Forwarded, IntoResponse, PathCount, PathProbe, PathProblems, StatusValue, Uncounted, check_path, refusal,
};
pub use crate::message::{
    AnswerData, Ask, Beside, Caller, Envelope, IsData, IsLogged, IsNoData, IsOptionalResult, IsResult,
    IsTold, IsUnit, IsValue, Keys, Limit, Limited, Push, PushData, Returned, Running, ServerPush,
};
pub use crate::options::{
    Attribute, ClientCa, CompressedValue, CompressionValue, EnvValue, ForwardedValue, HostsValue,
    ListenValue, NetworksValue, OriginsValue, PathValue, RateValue, SecondsValue, SideListenValue, SlowValue,
    SpreadValue, SubprotocolsValue, TlsValue, TraceValue,
};
pub use crate::room::{HasState, RoomLock, RoomRules, RoomState, TypedRoom, lock_room, try_lock_room};
pub use crate::route::{Gets, IsServer, PathChecks, Place, Routes};
pub use crate::server::{PrivateState, Unset};
pub use crate::tick::Ticks;
pub use crate::timer::{
    RoomTimer, SessionTimer, StateTimers, Timed, TimedState, room_timer, session_timer, session_timer_async,
    state_timer, state_timer_async,
};
pub use crate::watchdog::HandlerName;
pub use crate::words;
pub use crate::{Builder, Conn, Handshake, Reject, Request, Seconds};

use std::future::{Future, Ready, ready};
use std::pin::Pin;

use bytes::Bytes;
pub use serde::Serializer;

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

/// The reply of a handler of a route.
#[inline]
pub fn reply_on<'r, R: Route, T: IntoReply + 'r>(value: T) -> Reply<'r> {
    const { is_of_route(T::ROUTE, R::MODULE) }
    value.into_reply()
}

/// Fails to compile if a route replies with a push of another one.
const fn is_of_route(push: Option<&'static str>, module: &'static str) {
    let Some(push) = push else { return };
    let (push, module) = (push.as_bytes(), module.as_bytes());
    let mut is_same = push.len() == module.len();
    let mut at = 0;
    while is_same && at < push.len() {
        is_same = push[at] == module[at];
        at += 1;
    }
    assert!(is_same, "this push belongs to another route: declare it in this one, or in the server's module");
}

/// Makes the connection of a `ready` handler ready, just before the call: the arguments are made, and hold their locks.
pub fn become_ready(peer: Peer<'_>) {
    peer.conn.become_ready();
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

/// Requires that a handler's future is `Send`, because connections move between threads. The name appears in error
/// messages.
pub fn handler_must_be_send<F: Future + Send>(future: F) -> F {
    future
}

/// Ends a handler that takes longer than its `timeout`.
///
/// # Errors
///
/// The handler's own, or that its time is up.
pub async fn within<F: Future<Output = Outcome>>(timeout: Seconds, handler: F) -> Outcome {
    tokio::time::timeout(timeout.saturating(), handler)
        .await
        .unwrap_or_else(|_| Err(Failure::told(Reject::timeout())))
}

/// Whether the guard of a `#[get]` lets the request through.
///
/// # Errors
///
/// What it is answered.
pub fn pass(verdict: Outcome) -> Result<(), Reject> {
    verdict.map_err(Failure::into_reject)
}

/// What a binary message becomes on a route that speaks the envelope and has no handler for it.
///
/// # Errors
///
/// Always: the connection closes with 1003.
pub fn no_binary() -> Result<Handled, Failure> {
    Err(Failure::no_binary())
}
