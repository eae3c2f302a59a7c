//! Events of a room, and the arguments that belong to it: its state, its handle.

use super::context::SharesState;
use super::context::{ConnContext, FromContext, WithConn, WithServer, WithState};
use super::route::Route;
use super::service::Service;
use super::store::{Keeps, Plain, StateCell as _};
use crate::room::{Room, RoomLock, RoomState, Rooms, TypedRoom};
use crate::{Reject, Server};

/// An event of a room on its way to a handler: of `empty`, a tick or a timer.
#[doc(hidden)]
pub struct RoomEvent<'a, R: Route> {
    server: &'a Server,
    store: &'a <R::Server as Service>::Store,
    room: &'a Room<R::Room>,
}

/// The context of an event of a room. `K` is the store of the states, and `T` the room's state.
pub struct RoomContext<'a, K, T: RoomState> {
    server: &'a Server,
    store: &'a K,
    room: &'a Room<T>,
}

impl<'a, R: Route> RoomEvent<'a, R> {
    pub(crate) fn new(
        server: &'a Server,
        store: &'a <R::Server as Service>::Store,
        room: &'a Room<R::Room>,
    ) -> Self {
        Self { server, store, room }
    }

    /// The context from which the handler's arguments are made.
    #[must_use]
    pub fn context(self) -> RoomContext<'a, <R::Server as Service>::Store, R::Room> {
        let Self { server, store, room } = self;
        RoomContext { server, store, room }
    }

    /// Waits for the lock on the room. `None` if the room is gone: then its handlers are not run.
    pub async fn lock(&self) -> Option<RoomLock<'a, R::Room>> {
        self.room.typed()?.lock().await
    }
}

impl<'a, K, T: RoomState> RoomContext<'a, K, T> {
    /// The store of the states.
    #[doc(hidden)]
    #[must_use]
    pub fn store(&self) -> &'a K {
        self.store
    }
}

impl<'a, K, T: RoomState> WithServer<'a> for RoomContext<'a, K, T> {
    fn server(&self) -> &'a Server {
        self.server
    }
}

impl<K: Keeps<S>, S, T: RoomState> WithState<S> for RoomContext<'_, K, T> {
    fn with_state<R>(&mut self, look: impl FnOnce(&S) -> R) -> R {
        self.store.cell().with(look)
    }
}

impl<'a, S: 'a, K: Keeps<S, Cell = Plain<S>>, T: RoomState> SharesState<'a, S> for RoomContext<'a, K, T> {
    fn state(&self) -> &'a S {
        self.store.cell().share()
    }
}

/// A context with a room: that of the handlers of a connection, and of `empty`, ticks and timers of a room.
///
/// A server without routes has rooms where its module has a `#[room]`, or names `Room` (the word) anywhere. In other
/// servers without routes, there is no room.
///
/// An argument of your own that is made from the room's handle has this as its bound. The state of a room is locked
/// by the handlers that take it, so an argument cannot look at it.
///
/// ```
/// use ws_runtime::event::{FromContext, WithRoom};
/// use ws_runtime::prelude::*;
///
/// /// The last part of the room's path.
/// struct Name(String);
///
/// impl<'a, C: WithRoom<'a>> FromContext<'a, C> for Name {
///     fn from_context(context: &mut C) -> Result<Self, Reject> {
///         let room = context.room().ok_or_else(Reject::not_found)?;
///         Ok(Name(room.path().rsplit('/').next().unwrap_or_default().to_owned()))
///     }
/// }
///
/// #[ws_server(listen = 8080)]
/// mod lobby {
///     use super::*;
///
///     #[on(ready)]
///     fn hello(name: Name, room: &Room) -> String {
///         format!("welcome to {}, {} are here", name.0, room.len())
///     }
/// }
/// # fn main() {}
/// ```
pub trait WithRoom<'a>: WithServer<'a> {
    /// The room. In `create` it is the one that is being made, and has no state yet. `None` before that: in
    /// `connect`, in guards of the path and in the `handshake` handler of a server with routes; and where there are
    /// no rooms.
    fn room(&self) -> Option<&'a Room>;

    /// The room with its state; `None` also if the state is of another type.
    #[doc(hidden)]
    fn room_of<T: RoomState>(&self) -> Option<&'a Room<T>>;
}

impl<'a, K, Se: 'static, M> WithRoom<'a> for ConnContext<'a, K, Se, M> {
    fn room(&self) -> Option<&'a Room> {
        self.conn().room()
    }

    fn room_of<T: RoomState>(&self) -> Option<&'a Room<T>> {
        self.conn().room_of()
    }
}

impl<'a, K, T: RoomState> WithRoom<'a> for RoomContext<'a, K, T> {
    fn room(&self) -> Option<&'a Room> {
        self.room.with_state()
    }

    fn room_of<U: RoomState>(&self) -> Option<&'a Room<U>> {
        self.room.with_state()
    }
}

#[diagnostic::do_not_recommend]
impl<'a, C: WithRoom<'a>, T: RoomState> FromContext<'a, C> for &'a Room<T> {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        context.room_of().ok_or_else(no_room)
    }
}

#[diagnostic::do_not_recommend]
impl<'a, C: WithRoom<'a>, T: RoomState> FromContext<'a, C> for Room<T> {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        context.room_of().cloned().ok_or_else(no_room)
    }
}

#[diagnostic::do_not_recommend]
impl<'a, C: WithServer<'a>, T: RoomState<Handle = TypedRoom<T>>> FromContext<'a, C> for Rooms<T> {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        Ok(context.server().rooms())
    }
}

#[cold]
fn no_room() -> Reject {
    Reject::internal_server_error().absent()
}

/// Never implemented: the macro locks the room where it sees the name of its type.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the room `{T}` is behind a lock, so it is taken by its own name only",
    label = "another name of `{T}`, declared elsewhere",
    note = "the server locks the room before the states, and has to see its name for that: write `&{T}` or `&mut {T}`"
)]
pub trait LocksRoomByAnyName<T> {
    fn lend<L>(&self) -> L;
}

/// What a handler of `create` may return: the room `T`, or a `Result` of it with an error that converts into
/// [`Reject`](struct@Reject).
#[diagnostic::on_unimplemented(
    message = "a `create` handler cannot return `{Self}`",
    label = "is not the room",
    note = "a `create` handler returns the type marked `#[room]`, or a `Result` of it whose error refuses the peer, such as `Err(Reject::not_found())`"
)]
pub trait IntoRoom<T> {
    #[doc(hidden)]
    fn into_room(self) -> Result<T, Reject>;
}

impl<T, R: IntoRoom<T>, E: CreateError> IntoRoom<T> for Result<R, E> {
    fn into_room(self) -> Result<T, Reject> {
        self.map_err(E::refusal)?.into_room()
    }
}

/// The error of a `create` handler: any type that converts into a [`Reject`](struct@Reject).
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a `create` handler cannot refuse with `{Self}`",
    label = "this error does not say what the peer is answered",
    note = "the error can be: a `Reject`, a `StatusCode`, a pair of it and a text, or a type of yours with `#[derive(Reject)]`",
    note = "a text alone has no status: `.map_err(|text| (StatusCode::NOT_FOUND, text))`"
)]
pub trait CreateError {
    fn refusal(self) -> Reject;
}

#[diagnostic::do_not_recommend]
impl<E: Into<Reject>> CreateError for E {
    fn refusal(self) -> Reject {
        self.into()
    }
}

/// A room that begins as its `Default`, because no `create` handler returns it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the room `{Self}` is never made: it has no `Default`, and no `create` handler returns it",
    label = "has no `Default`",
    note = "derive `Default` for it, or return it from the handler of `#[on(create)]`"
)]
pub trait FreshRoom {
    fn fresh() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> FreshRoom for T {
    fn fresh() -> Self {
        T::default()
    }
}
