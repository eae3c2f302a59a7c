//! What each event offers: the arguments a handler may take, the values it may return, and the dispatch between them.
//!
//! Users meet three things here: the traits that say what an event gives (they name the right arguments when a wrong
//! one was written), [`FromContext`] for arguments of their own, and [`IntoReply`] for replies of their own.

mod arguments;
mod close;
mod context;
mod message;
mod once;
mod reply;
mod service;
#[cfg(unix)]
mod watching;

pub use arguments::{
    FromBinary, FromConnect, FromDisconnect, FromHandshake, FromPong, FromReady, FromRequest, FromShutdown,
    FromTick, FromUtf8, FromWatch, ViaContext, ViaHandle,
};
pub use close::{Close, ClosedBy};
pub use context::{
    ConnContext, FromContext, Guarded, Hold, Locked, Plain, ServerContext, Shared, Store, WithConn,
    WithServer, WithState, Withheld,
};
pub use message::{Binary, Content, Pong, Utf8};
pub use once::{Exclusive, Probe, Unclaimed, assert_once};
pub(crate) use reply::Answer;
pub use reply::{
    Failure, FreshSession, HandlerError, IntoAdmission, IntoOutcome, IntoReject, IntoReply, Json, Outcome,
    Reply,
};
pub use service::{Call, ConnEvent, Handlers, NotYet, ServerEvent, Service};
#[cfg(unix)]
pub(crate) use watching::WatchHandler;
#[cfg(unix)]
pub use watching::{WatchEvent, Watchable, Watches};
