//! Events: the arguments that a handler may take, the values that it may return, and the dispatch between them.
//!
//! Three things here are for users: the traits of each event's arguments, which appear in error messages and list the
//! right arguments; [`FromContext`] with the `With…` traits, for arguments of your own; and [`IntoReply`], for
//! replies of your own.

mod arguments;
mod close;
mod context;
mod dispatch;
mod guard;
mod hold;
mod identity;
mod json;
mod message;
mod once;
mod optional;
mod outcome;
mod phases;
mod reply;
mod requested;
mod rooms;
mod route;
mod service;
mod store;
mod timing;
#[cfg(unix)]
mod watching;

#[doc(hidden)]
pub use crate::handshake::{FromPath, FromQuery};
pub use crate::timer::{
    Called, Fired, Fires, Firing, Host, RoomTimer, SessionTimer, StateTimer, TimedLock, TimedState,
    TimerField, Timers,
};
pub use arguments::{
    FromBinary, FromConcurrent, FromConnect, FromCreate, FromDisconnect, FromDrain, FromEmpty, FromGet,
    FromGetGuard, FromGuard, FromHandshake, FromMessage, FromNamed, FromPong, FromReady, FromRequest,
    FromRoomTick, FromRouteGuard, FromShutdown, FromStart, FromTick, FromUtf8,
};
pub use close::{Close, ClosedBy};
pub use context::{
    ConnContext, FromContext, LocksByAnyName, ServerContext, SharesState, WithConn, WithEvent, WithServer,
    WithSession, WithState,
};
pub use dispatch::{ConnEvent, NotYet, OpeningEvent, Peer, RouteEvent, ServerEvent};
pub(crate) use dispatch::{Received, Speech};
pub use guard::{GuardError, IntoVerdict};
pub use hold::{
    ByMut, ByRef, Hold, IsLocked, IsNoLock, IsWithoutLock, LockCell, Locks, NoLock, NoState, Refused, Sought,
    StateOf, assert_locked, assert_not_changed, assert_not_changed_blocking, assert_not_held,
    assert_not_held_blocking, assert_states_differ, lock_in_order,
};
pub use identity::{Admission, Identity, IdentityKey, NoIdentity, SearchKey, identity};
pub use json::{FromJson, WithJson};
pub use message::{Binary, Content, Utf8};
pub use once::{Exclusive, Probe, Unclaimed, assert_once};
pub(crate) use outcome::Refusal;
pub use outcome::{Failure, Handled, Outcome};
pub use phases::{Phases, other_phase};
pub(crate) use reply::Outgoing;
pub use reply::{FreshSession, IntoAdmission, IntoOutcome, IntoReject, IntoReply, Json, Reply};
pub use requested::WithRequest;
pub use rooms::{CreateError, FreshRoom, IntoRoom, LocksRoomByAnyName, RoomContext, RoomEvent, WithRoom};
pub use route::Route;
pub use service::Service;
pub use store::{Guarded, Keeps, Plain, StateCell};
pub use timing::{
    FromRoomTimer, FromStateTimer, FromTimer, StateTimerEvent, TimerContext, TimerEvent, ViaKey, ViaOwnedKey,
    ViaOwner,
};
#[cfg(unix)]
pub(crate) use watching::WatchHandler;
#[cfg(unix)]
pub use watching::{FromWatch, ViaContext, ViaHandle, WatchContext, WatchEvent, Watchable, Watches};
