//! A timer that is due, on its way to its handler, and the arguments of that.

use std::borrow::Borrow;

use super::{
    ConnContext, ConnEvent, FromContext, RoomContext, RoomEvent, Route, ServerContext, ServerEvent, Service,
};
use crate::room::{RoomLock, RoomState, TypedRoom};
use crate::timer::{Fired, Firing, TimerField};
use crate::{Conn, Reject};

/// A timer that is due, with its key. `E` is the event of its owner.
#[doc(hidden)]
pub struct TimerEvent<'a, Key, E> {
    key: &'a Key,
    event: E,
}

/// A timer of a state or a room of type `T`. Whether it is still due is found out under the lock on that.
#[doc(hidden)]
pub struct StateTimerEvent<'a, T, Key, E> {
    firing: Firing<'a, T>,
    timer: TimerEvent<'a, Key, E>,
}

/// The context of a timer: that of its owner, and the key.
#[doc(hidden)]
#[derive(Debug)]
pub struct TimerContext<'a, Key, C> {
    key: &'a Key,
    owner: C,
}

impl<'a, K, Se: 'static> ConnEvent<'a, K, Se, Fired> {
    /// Stops the timer in the field of the session. `None` if it is no longer due.
    pub(crate) fn fire<T: TimerField>(
        self,
        field: impl Fn(&mut Se) -> Option<&mut T>,
    ) -> Option<TimerEvent<'a, T::Key, ConnEvent<'a, K, Se, ()>>> {
        let (fired, mut event) = self.take_payload();
        let key = fired.fire(field(event.session_mut()?)?)?;
        Some(TimerEvent { key, event })
    }
}

impl<'a, Key, K, Se: 'static> TimerEvent<'a, Key, ConnEvent<'a, K, Se, ()>> {
    /// The connection, whose room a handler may lock.
    #[must_use]
    pub fn conn(&self) -> &'a Conn {
        self.event.conn()
    }

    /// The context from which the handler's arguments are made.
    #[must_use]
    pub fn context(self) -> TimerContext<'a, Key, ConnContext<'a, K, Se, ()>> {
        TimerContext { key: self.key, owner: self.event.context() }
    }
}

impl<'a, T, Key, E> StateTimerEvent<'a, T, Key, E> {
    pub(crate) fn new(firing: Firing<'a, T>, key: &'a Key, event: E) -> Self {
        Self { firing, timer: TimerEvent { key, event } }
    }

    /// Stops the timer, under the lock on its owner.
    #[must_use]
    pub fn firing(&self) -> Firing<'a, T> {
        self.firing
    }
}

impl<'a, T, Key, K> StateTimerEvent<'a, T, Key, ServerEvent<'a, K>> {
    /// The store of the states.
    #[must_use]
    pub fn store(&self) -> &'a K {
        self.timer.event.store()
    }

    /// The context from which the handler's arguments are made.
    #[must_use]
    pub fn context(self) -> TimerContext<'a, Key, ServerContext<'a, K>> {
        TimerContext { key: self.timer.key, owner: self.timer.event.context() }
    }
}

impl<'a, Key, R: Route> StateTimerEvent<'a, R::Room, Key, RoomEvent<'a, R>> {
    /// Waits for the lock on the room. `None` if the room is gone: then its handlers are not run.
    pub async fn lock(&self) -> Option<RoomLock<'a, R::Room>>
    where
        R::Room: RoomState<Handle = TypedRoom<R::Room>>,
    {
        self.timer.event.lock().await
    }

    /// The context from which the handler's arguments are made.
    #[must_use]
    pub fn context(self) -> TimerContext<'a, Key, RoomContext<'a, <R::Server as Service>::Store, R::Room>> {
        TimerContext { key: self.timer.key, owner: self.timer.event.context() }
    }
}

impl<'a, Key, K, T: RoomState> TimerContext<'a, Key, RoomContext<'a, K, T>> {
    /// The store of the states.
    #[must_use]
    pub fn store(&self) -> &'a K {
        self.owner.store()
    }
}

impl<'a, Key, K, Se: 'static, M> TimerContext<'a, Key, ConnContext<'a, K, Se, M>> {
    /// The store of the states.
    #[must_use]
    pub fn store(&self) -> &'a K {
        self.owner.store()
    }
}

impl<'a, Key, K> TimerContext<'a, Key, ServerContext<'a, K>> {
    /// The store of the states.
    #[must_use]
    pub fn store(&self) -> &'a K {
        self.owner.store()
    }
}

/// Marks arguments that are the key of the timer, by reference.
#[doc(hidden)]
#[derive(Debug)]
pub struct ViaKey;

/// Marks arguments that are the key of the timer, by value.
#[doc(hidden)]
#[derive(Debug)]
pub struct ViaOwnedKey;

/// Marks arguments that come from the context of the timer's owner.
#[doc(hidden)]
#[derive(Debug)]
pub struct ViaOwner;

/// Writes the trait for the arguments of one kind of timers.
macro_rules! arguments_of {
    ($(#[doc = $doc:literal])* $trait:ident, $offer:literal) => {
        $(#[doc = $doc])*
        #[diagnostic::on_unimplemented(
            message = "a `timer` handler cannot take `{Self}`",
            label = "neither the key of the timer, `{Key}`, nor anything else that this event gives",
            note = $offer,
            note = "a type of your own can be taken too: implement `ws_runtime::event::FromContext` for it"
        )]
        pub trait $trait<'a, Key, C, Via>: Sized {
            /// Makes the argument, just before the handler is called.
            #[doc(hidden)]
            fn from_event(context: &mut TimerContext<'a, Key, C>) -> Result<Self, Reject>;
        }

        #[diagnostic::do_not_recommend]
        impl<'a, Key: Borrow<T>, C, T: ?Sized> $trait<'a, Key, C, ViaKey> for &'a T {
            fn from_event(context: &mut TimerContext<'a, Key, C>) -> Result<Self, Reject> {
                Ok(context.key.borrow())
            }
        }

        #[diagnostic::do_not_recommend]
        impl<'a, Key: Clone, C> $trait<'a, Key, C, ViaOwnedKey> for Key {
            fn from_event(context: &mut TimerContext<'a, Key, C>) -> Result<Self, Reject> {
                Ok(context.key.clone())
            }
        }

        #[diagnostic::do_not_recommend]
        impl<'a, Key, C, T: FromContext<'a, C>> $trait<'a, Key, C, ViaOwner> for T {
            fn from_event(context: &mut TimerContext<'a, Key, C>) -> Result<Self, Reject> {
                T::from_context(&mut context.owner)
            }
        }
    };
}

arguments_of! {
    /// What a handler of `#[timer(…)]` can take if the timer is in the session: the index or the key, where the field
    /// holds several timers, `&Conn`, `&Server`, the session, the states and the identity.
    FromTimer,
    "a `timer` handler of the session can take, in any order: the index as `usize` or the key by `&`, where the field holds several timers, `&Conn`, `&Server`, `&Room`, the `#[session]` by `&` or `&mut`, the `#[room]` by `&` or `&mut`, the `#[state]` by `&` or `&mut`, the `#[identity]` by `&`"
}

arguments_of! {
    /// What a handler of `#[timer(…)]` can take if the timer is in a state: the index or the key, where the field holds
    /// several timers, `&Server` and the states.
    FromStateTimer,
    "a `timer` handler of a state can take, in any order: the index as `usize` or the key by `&`, where the field holds several timers, `&Server`, the `#[state]` by `&` or `&mut`"
}

arguments_of! {
    /// What a handler of `#[timer(…)]` can take if the timer is in a room: the index or the key, where the field holds
    /// several timers, `&Server`, the room, its handle and the states.
    FromRoomTimer,
    "a `timer` handler of a room can take, in any order: the index as `usize` or the key by `&`, where the field holds several timers, `&Server`, `&Room`, the `#[room]` by `&` or `&mut`, the `#[state]` by `&` or `&mut`"
}
