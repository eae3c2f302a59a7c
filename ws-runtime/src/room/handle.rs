//! The handle of a room, for user code.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::members::Members;
use super::typed::TypedRoom;
use crate::conn::Conn;
use crate::event::{Binary, Utf8};
use crate::message::Push;
use crate::server::{Connections, Receivers};

/// A room: the connections that came by the same path of a route. A cheap handle that may be cloned, kept and sent to
/// other threads.
///
/// Handlers of a connection take it as `&Room`; elsewhere [`Conn::room`] gives it. Two handles are equal if they
/// belong to the same room. What a room lists is what [`Server::connections`](crate::Server::connections) lists: a
/// connection is in it from the 101 until it starts to close. So in its `ready` handler a peer is one of them, and
/// what that broadcasts reaches it before the reply; in its `disconnect` handler it is none of them any more.
///
/// `Room<Table>` is the room of a route whose module has a state for each room, `#[room] struct Table`. It can do all
/// that a `Room` can. Handlers take the state itself by `&Table` or `&mut Table`; who cannot, reaches it by
/// [`later`](Room::later) and [`with`](Room::with). A handle may outlive its room: then `later` returns false and
/// `with` returns `None`, even if there is a new room of the same path. No method waits for a lock on the room,
/// except the future of `with`.
///
/// ```
/// use serde::Serialize;
/// use ws_runtime::prelude::*;
///
/// #[ws_server(listen = 8080)]
/// mod chat {
///     use super::*;
///
///     #[push]
///     #[derive(Serialize)]
///     struct Said<'a> { text: &'a str }
///
///     /// Reaches those who came by the same path, such as `/rust`.
///     #[on("say")]
///     fn say(Json(text): Json<String>, conn: &Conn, room: &Room) -> usize {
///         room.broadcast_except(conn, Said { text: &text })
///     }
/// }
/// # fn main() {}
/// ```
pub struct Room<T: RoomState = ()>(pub(super) T::Handle);

/// The state of a room: a type that is marked `#[room]`; or `()` for a room without a state.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the state of a room",
    label = "not marked `#[room]`",
    note = "write `#[room]` above the type, in the module whose connections share it; a room without a state is `Room`"
)]
pub trait RoomState: Sized + Send + 'static {
    /// How a handle of the room is kept.
    #[doc(hidden)]
    type Handle: RoomHandle<Self>;
}

/// What a handle is made of.
#[doc(hidden)]
pub trait RoomHandle<T: RoomState>: Clone + Send + Sync + 'static {
    /// The handle of this room.
    fn of(room: TypedRoom<T>) -> Self;

    /// The room without its state.
    fn plain(room: &Room<T>) -> &Room;

    /// The room with its state; `None` if it has none.
    fn typed(&self) -> Option<&TypedRoom<T>>;
}

impl RoomState for () {
    type Handle = PlainRoom;
}

/// A type that is marked `#[room]`: a handle with it in its type reaches the state. The macro implements it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`Room` is the handle of any room, and does not reach the state",
    label = "only a handle with the type of the state can",
    note = "take `&Room<Table>`, where `Table` is the type marked `#[room]`: it has `later` and `with`, and all that `Room` has"
)]
pub trait HasState: RoomState<Handle = TypedRoom<Self>> {
    /// The type itself. Methods take closures over this name: for a handle without a state, the compiler then reports
    /// that alone, and not each use of the state in a closure.
    type State;

    /// The state itself.
    fn lend(room: &mut Self) -> &mut Self::State;
}

/// A room, without its state.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct PlainRoom(Arc<Plain>);

#[derive(Debug)]
struct Plain {
    path: Arc<str>,
    members: Members,
}

impl Room {
    pub(super) fn new(path: Arc<str>) -> Self {
        Self(PlainRoom(Arc::new(Plain { path, members: Members::default() })))
    }

    /// The path by which the connections came, such as `/table/7`. Each parameter of a route is percent-encoded where
    /// it has to be, always in the same way, whatever the client has sent. In a server without routes it is the path
    /// as it was sent. Where the server is mounted (feature `tower`), it is without what `nest_service` has taken away.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.0.path
    }

    pub(super) fn shared_path(&self) -> &Arc<str> {
        &self.0.0.path
    }

    /// The connections that are ready now, in the order of their numbers.
    #[must_use]
    pub fn connections(&self) -> Connections {
        let mut connections = Vec::new();
        self.each(|conn| connections.push(conn.clone()));
        Connections::new(connections)
    }

    /// How many connections are ready now. They are counted at each call.
    #[must_use]
    pub fn len(&self) -> usize {
        let mut len = 0;
        self.each(|_| len += 1);
        len
    }

    /// Whether no connection is ready now: the first one is not yet, or the last one has left and the room is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sends a [`Push`] to all connections of the room. Returns how many queued it. It behaves as
    /// [`Server::broadcast`](crate::Server::broadcast) does: it is encoded once.
    #[doc(alias = "emit")]
    #[doc(alias = "publish")]
    pub fn broadcast<P: Push>(&self, push: P) -> usize {
        self.send_push(&push)
    }

    /// Sends a [`Push`] to all connections of the room but one. Returns how many queued it.
    pub fn broadcast_except<P: Push>(&self, conn: &Conn, push: P) -> usize {
        Others { room: self, except: conn }.send_push(&push)
    }

    /// Sends a text message to all connections of the room. Returns how many queued it. It behaves as
    /// [`Server::broadcast_utf8`](crate::Server::broadcast_utf8) does.
    pub fn broadcast_utf8<'a>(&self, text: impl Into<Utf8<'a>>) -> usize {
        self.send_text(&text.into())
    }

    /// Sends a binary message to all connections of the room. Returns how many queued it. It behaves as
    /// [`Server::broadcast_utf8`](crate::Server::broadcast_utf8) does.
    pub fn broadcast_binary<'a>(&self, data: impl Into<Binary<'a>>) -> usize {
        self.send_data(&data.into())
    }

    /// Lists a connection that has become ready.
    pub(crate) fn list(&self, conn: &Conn) {
        self.0.0.members.insert(conn);
    }

    /// A connection starts to close, or is gone.
    pub(crate) fn unlist(&self, conn: &Conn) {
        self.0.0.members.remove(conn);
    }

    /// The `ready` of a connection has ended well. Only then the room is kept when it leaves.
    pub(crate) fn admit(&self) {
        self.0.0.members.admit();
    }

    /// Whether `ready` of a connection has ended well since this was called the last time.
    pub(super) fn had_members(&self) -> bool {
        self.0.0.members.had_some()
    }
}

impl<T: RoomState> Room<T> {
    /// Calls `act` with the state, later: in the order of these calls, when no handler has the state. The runtime
    /// does it; this method never waits, so any handler can call it, also that of another room.
    ///
    /// Returns false if `act` was not queued, and so is never called: 1,024 calls wait already, the room is gone, or
    /// the last connection has left and the room is being emptied. What was queued is called before `empty`. In two
    /// cases it is dropped instead: `create` was still running and fails, or the server ends before. A panic in `act`
    /// is caught and logged.
    ///
    /// ```
    /// use ws_runtime::prelude::*;
    ///
    /// #[ws_server(listen = 8080)]
    /// mod table {
    ///     use super::*;
    ///
    ///     #[room(open)]
    ///     #[derive(Default)]
    ///     struct Table { rounds: u32 }
    ///
    ///     #[tick(period = 60)]
    ///     fn next_round(table: &mut Table) { table.rounds += 1; }
    ///
    ///     /// Starts all tables anew.
    ///     #[on("reset")]
    ///     fn reset(tables: Rooms<Table>) {
    ///         for table in tables {
    ///             table.later(|table| table.rounds = 0);
    ///         }
    ///     }
    /// }
    /// # fn main() {}
    /// ```
    pub fn later(&self, act: impl FnOnce(&mut T::State) + Send + 'static) -> bool
    where
        T: HasState,
    {
        self.0.later(Box::new(|state| act(T::lend(state))))
    }

    /// Calls `act` with the state, as soon as no handler has it or waits for it, and returns what it returns. `None`
    /// if the room is gone, or is still being made. Handlers go first: in a room that is never free it waits for as
    /// long.
    ///
    /// For `async` handlers and for tasks, which cannot take the state itself. The lock is held while `act` runs, so
    /// it should be quick. If the future is dropped before that, `act` is not called. Several of these may be awaited
    /// at once, in any order.
    ///
    /// ```
    /// use ws_runtime::prelude::*;
    ///
    /// #[ws_server(listen = 8080)]
    /// mod table {
    ///     use super::*;
    ///
    ///     #[room(open)]
    ///     #[derive(Default)]
    ///     struct Table { moves: Vec<String> }
    ///
    ///     #[on("hint")]
    ///     async fn hint(room: &Room<Table>) -> Option<String> {
    ///         let moves = room.with(|table| table.moves.clone()).await?;
    ///         Some(think(moves).await)
    ///     }
    ///
    ///     async fn think(moves: Vec<String>) -> String { format!("move {}", moves.len()) }
    /// }
    /// # fn main() {}
    /// ```
    pub async fn with<R>(&self, act: impl FnOnce(&mut T::State) -> R) -> Option<R>
    where
        T: HasState,
    {
        let mut state = self.0.lock_when_free().await?;
        Some(act(T::lend(&mut state)))
    }
}

impl<T: RoomState> Room<T> {
    /// The room without its state.
    pub(super) fn in_room(&self) -> &Room {
        T::Handle::plain(self)
    }

    pub(super) fn from_typed(room: &TypedRoom<T>) -> Self {
        Self(T::Handle::of(room.clone()))
    }

    pub(crate) fn typed(&self) -> Option<&TypedRoom<T>> {
        self.0.typed()
    }

    /// The same room by the handle of another type. `None` if its state has another type; every room is also one of
    /// type `()`.
    pub(crate) fn with_state<U: RoomState>(&self) -> Option<&Room<U>> {
        let (whole, plain): (&dyn Any, &dyn Any) = (self, T::Handle::plain(self));
        whole.downcast_ref().or_else(|| plain.downcast_ref())
    }
}

impl Receivers for Room {
    fn each(&self, send: impl FnMut(&Conn)) {
        self.0.0.members.each_ready(send);
    }
}

/// The connections of a room but one.
struct Others<'r> {
    room: &'r Room,
    except: &'r Conn,
}

impl Receivers for Others<'_> {
    fn each(&self, mut send: impl FnMut(&Conn)) {
        self.room.each(|conn| {
            if conn != self.except {
                send(conn);
            }
        });
    }
}

impl RoomHandle<()> for PlainRoom {
    fn of(room: TypedRoom<()>) -> Self {
        room.plain().0.clone()
    }

    fn plain(room: &Room) -> &Room {
        room
    }

    fn typed(&self) -> Option<&TypedRoom<()>> {
        None
    }
}

impl<T: RoomState<Handle = Self>> RoomHandle<T> for TypedRoom<T> {
    fn of(room: TypedRoom<T>) -> Self {
        room
    }

    fn plain(room: &Room<T>) -> &Room {
        room.0.plain()
    }

    fn typed(&self) -> Option<&TypedRoom<T>> {
        Some(self)
    }
}

impl<T: RoomState<Handle = TypedRoom<T>>> Deref for Room<T> {
    type Target = Room;

    fn deref(&self) -> &Room {
        self.0.plain()
    }
}

impl<T: RoomState> Clone for Room<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: RoomState> PartialEq for Room<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.in_room().0.0, &other.in_room().0.0)
    }
}

impl<T: RoomState> Eq for Room<T> {}

impl<T: RoomState> fmt::Debug for Room<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room").field("path", &self.in_room().path()).finish_non_exhaustive()
    }
}

/// The room of a connection, whatever its state.
pub(crate) trait InRoom: fmt::Debug + Send + Sync {
    /// The room without its state.
    fn in_room(&self) -> &Room;

    /// The handle itself.
    fn handle(&self) -> &dyn Any;

    /// The [`Stay`](super::Stay) itself.
    fn stay(&self) -> &dyn Any;

    /// Ends the stay.
    fn leave(&self);
}
