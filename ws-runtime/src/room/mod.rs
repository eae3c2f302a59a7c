//! Stand-ins until the rooms are merged.

use std::any::Any;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::options::Seconds;

/// The state of a room: `()`, or a type marked [`#[room]`](macro@crate::room).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the state of a room",
    label = "not marked `#[room]`",
    note = "mark the type `#[room]` in the module whose connections share it"
)]
pub trait RoomState: Sized + Send + 'static {
    #[doc(hidden)]
    type Handle: Handle + Clone + Send + Sync + 'static;
}

#[doc(hidden)]
pub trait Handle {
    fn untyped(&self) -> &Room;
}

impl RoomState for () {
    type Handle = Untyped;
}

/// A room.
pub struct Room<T: RoomState = ()>(T::Handle);

#[doc(hidden)]
#[derive(Clone)]
pub struct Untyped(Arc<str>);

#[doc(hidden)]
pub struct TypedRoom<T> {
    room: Room,
    state: Arc<tokio::sync::Mutex<Option<T>>>,
}

impl Handle for Untyped {
    fn untyped(&self) -> &Room {
        unimplemented!()
    }
}

impl<T> Handle for TypedRoom<T> {
    fn untyped(&self) -> &Room {
        &self.room
    }
}

impl<T> Clone for TypedRoom<T> {
    fn clone(&self) -> Self {
        Self { room: self.room.clone(), state: self.state.clone() }
    }
}

impl<T: RoomState> Clone for Room<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: RoomState<Handle = TypedRoom<T>>> Deref for Room<T> {
    type Target = Room;

    fn deref(&self) -> &Room {
        &self.0.room
    }
}

impl Room {
    /// The path.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.0
    }
}

impl<T: RoomState<Handle = TypedRoom<T>>> Room<T> {
    /// Later.
    pub fn later(&self, _change: impl FnOnce(&mut T) + Send + 'static) -> bool {
        false
    }

    /// With.
    pub async fn with<R>(&self, look: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.0.state.lock().await.as_mut().map(look)
    }

    pub(crate) async fn lock(&self) -> Option<RoomLock<'_, T>> {
        unimplemented!()
    }
}

impl<T: RoomState> Room<T> {
    /// The same room by the handle of another type; `None` if its state is of another type.
    pub(crate) fn of<U: RoomState>(&self) -> Option<&Room<U>> {
        let this: &dyn Any = self;
        let untyped: &dyn Any = self.0.untyped();
        this.downcast_ref().or_else(|| untyped.downcast_ref())
    }
}

/// The lock.
#[doc(hidden)]
pub struct RoomLock<'r, T>(tokio::sync::MutexGuard<'r, Option<T>>);

impl<T> Deref for RoomLock<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().unwrap()
    }
}

impl<T> DerefMut for RoomLock<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().unwrap()
    }
}

/// Locks.
pub fn try_lock_room<T: RoomState<Handle = TypedRoom<T>>>(conn: &crate::Conn) -> Option<RoomLock<'_, T>> {
    let _ = conn;
    None
}

/// Locks.
pub async fn lock_room<T: RoomState<Handle = TypedRoom<T>>>(conn: &crate::Conn) -> RoomLock<'_, T> {
    let _ = conn;
    unimplemented!()
}

/// All rooms.
pub struct Rooms<T>(PhantomData<T>);

impl crate::Server {
    /// The rooms.
    #[must_use]
    pub fn rooms<T: RoomState>(&self) -> Rooms<T> {
        Rooms(PhantomData)
    }
}

impl crate::Conn {
    /// The room.
    #[must_use]
    pub fn room(&self) -> Option<&Room> {
        None
    }

    pub(crate) fn room_of<T: RoomState>(&self) -> Option<&Room<T>> {
        self.room()?.of()
    }
}

/// The rules.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct RoomRules {
    pub keep: Seconds,
    pub max_rooms: usize,
}

impl Default for RoomRules {
    fn default() -> Self {
        Self { keep: Seconds::from(0), max_rooms: 10_000 }
    }
}
