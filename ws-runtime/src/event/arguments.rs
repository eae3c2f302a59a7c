//! The arguments of each event: one trait for each, so that the error for a wrong argument lists the right ones.

use bytes::Bytes;

use super::{Binary, Close, ConnContext, FromContext, NotYet, RoomContext, ServerContext, Utf8, WithEvent};
use crate::message::Envelope;
use crate::room::RoomState;
use crate::wire::Utf8Bytes;
use crate::{Handshake, Reject, Request};

/// Writes the trait of one event. Every type that can be made from the event's context implements it.
macro_rules! arguments_of {
    (
        $(#[doc = $doc:literal])*
        $trait:ident<$($parameter:ident $(: $bound:tt)?),*> from $context:ty,
        $message:literal, $offer:literal $(, $advice:literal)*
    ) => {
        $(#[doc = $doc])*
        #[diagnostic::on_unimplemented(
            message = $message,
            label = "this event does not give this",
            note = $offer,
            $(note = $advice,)*
            note = "a type of your own can be taken too: mark a state `#[state]` in the server's module; else implement `ws_runtime::event::FromContext`"
        )]
        pub trait $trait<'a, $($parameter: 'a $(+ $bound)?),*>: Sized {
            /// Makes the argument, just before the handler is called.
            #[doc(hidden)]
            fn from_event(context: &mut $context) -> Result<Self, Reject>;
        }

        impl<'a, $($parameter: 'a $(+ $bound)?,)* T: FromContext<'a, $context>> $trait<'a, $($parameter),*> for T {
            #[inline]
            fn from_event(context: &mut $context) -> Result<Self, Reject> {
                T::from_context(context)
            }
        }
    };
}

/// Writes the trait of an event that comes with a request, for which users of axum write its extractors.
macro_rules! arguments_of_request {
    ($($event:tt)*) => {
        arguments_of! {
            $($event)*,
            "for an extractor of axum: take `ws_runtime::Path`, `Query` or `Extension`, not axum's of the same name; let a layer of the router add to the request what any other one extracts, and take it as `ws_runtime::Extension<T>`"
        }
    };
}

/// Implements the arguments that are made from an event's payload.
macro_rules! made_from {
    ($brought:ty: $($argument:ty => $make:expr),* $(,)?) => { $(
        #[diagnostic::do_not_recommend]
        impl<'a, C: WithEvent<'a, $brought>> FromContext<'a, C> for $argument {
            #[inline]
            fn from_context(context: &mut C) -> Result<Self, Reject> {
                let make: fn(&'a $brought) -> Self = $make;
                Ok(make(context.event()))
            }
        }
    )* };
}

made_from!(Handshake: &'a Handshake => |handshake| handshake);
made_from!(Request: &'a Request => |request| request);
made_from!(Utf8<'a>:
    &'a str => Utf8::as_str,
    String => |message| message.as_str().to_owned(),
    Utf8Bytes => Utf8::to_utf8_bytes,
);
made_from!(Envelope<'a>: &'a Envelope<'a> => |message| message);
made_from!(Binary<'a>:
    &'a [u8] => Binary::as_slice,
    Vec<u8> => |message| message.as_slice().to_vec(),
    Bytes => Binary::to_bytes,
);
made_from!(Close:
    &'a Close => |close| close,
    Close => Close::clone,
);

arguments_of! {
    /// What a handler of `#[on(connect)]` can take: `&Conn`, `&Server` (or either by value) and the state.
    FromConnect<St> from ConnContext<'a, St, NotYet, ()>,
    "a `connect` handler cannot take `{Self}`",
    "a `connect` handler can take, in any order: `&Conn`, `&Server`, the `#[state]` by `&` or `&mut`"
}

arguments_of_request! {
    /// What a handler of `#[on(handshake)]` can take: `&Handshake`, `Path`, `Query`, `Bearer`, `Extension`, `&Conn`,
    /// `&Server` and the state.
    FromHandshake<St> from ConnContext<'a, St, NotYet, Handshake>,
    "a `handshake` handler cannot take `{Self}`",
    "a `handshake` handler can take, in any order: `&Handshake`, `Path`, `Query`, `Bearer`, `ws_runtime::Extension<T>` (feature `tower`), `&Conn`, `&Server`, `&Room`, the `#[room]` by `&`, the `#[state]` by `&` or `&mut`; the session is what it may return",
    "path, headers and cookies are methods of `Handshake`"
}

arguments_of_request! {
    /// What a guard of a route can take: `&Handshake`, `Path`, `Query`, `Bearer`, `Extension`, `&Conn`, `&Server`, the
    /// states and the identity.
    FromRouteGuard<St> from ConnContext<'a, St, NotYet, Handshake>,
    "a guard of a route cannot take `{Self}`",
    "a guard of a route can take, in any order: `&Handshake`, `Path`, `Query`, `Bearer`, `ws_runtime::Extension<T>` (feature `tower`), `&Conn`, `&Server`, the `#[state]` by `&` or `&mut`, the `#[identity]` by `&`",
    "a guard of a route says who may come: it runs before there is a session"
}

arguments_of_request! {
    /// What a handler of `#[on(request)]` can take: `&Request`, `Query`, `Bearer`, `Extension`, `&Conn`, `&Server` and
    /// the state.
    FromRequest<St> from ConnContext<'a, St, NotYet, Request>,
    "a `request` handler cannot take `{Self}`",
    "a `request` handler can take, in any order: `&Request`, `Query`, `Bearer`, `ws_runtime::Extension<T>` (feature `tower`), `&Conn`, `&Server`, the `#[state]` by `&` or `&mut`",
    "path, headers and cookies are methods of `Request`"
}

arguments_of_request! {
    /// What a handler of `#[get]` can take: `&Request`, `Path`, `Query`, `Bearer`, `Extension`, `&Conn`, `&Server` and
    /// the states.
    FromGet<St> from ConnContext<'a, St, NotYet, Request>,
    "a `#[get]` handler cannot take `{Self}`",
    "a `#[get]` handler can take, in any order: `&Request`, `Path`, `Query`, `Bearer`, `ws_runtime::Extension<T>` (feature `tower`), `&Conn`, `&Server`, the `#[state]` by `&` or `&mut`",
    "path, headers and cookies are methods of `Request`"
}

arguments_of_request! {
    /// What the guard of a `#[get]` can take: as the handler can.
    FromGetGuard<St> from ConnContext<'a, St, NotYet, Request>,
    "the guard of a `#[get]` cannot take `{Self}`",
    "the guard of a `#[get]` can take, in any order: `&Request`, `Path`, `Query`, `Bearer`, `ws_runtime::Extension<T>` (feature `tower`), `&Conn`, `&Server`, the `#[state]` by `&` or `&mut`",
    "path, headers and cookies are methods of `Request`"
}

arguments_of_request! {
    /// What a handler of `#[on(create)]` can take: `&Handshake`, `Path`, `Query`, `Bearer`, `Extension`, `&Conn`,
    /// `&Server` and the states.
    FromCreate<St> from ConnContext<'a, St, NotYet, Handshake>,
    "a `create` handler cannot take `{Self}`",
    "a `create` handler can take, in any order: `&Handshake`, `Path`, `Query`, `Bearer`, `ws_runtime::Extension<T>` (feature `tower`), `&Conn`, `&Server`, the `#[state]` by `&` or `&mut`",
    "it makes the room of the path that the first peer asks for: what the path says is a `Path<T>` in a route, and else `request.path()`, with `&Handshake`"
}

arguments_of! {
    /// What a handler of `#[on(ready)]` can take: `&Conn`, `&Server`, the session, the states and the identity.
    FromReady<St, Se: 'static> from ConnContext<'a, St, Se, ()>,
    "a `ready` handler cannot take `{Self}`",
    "a `ready` handler can take, in any order: `&Conn`, `&Server`, `&Room`, the `#[session]` by `&` or `&mut`, the `#[room]` by `&` or `&mut`, the `#[state]` by `&` or `&mut`, the `#[identity]` by `&`",
    "what the request said is known to the `handshake` handler: let it return a session that keeps it"
}

arguments_of! {
    /// What a guard can take: `&Conn`, `&Server`, the session, the states and the identity.
    FromGuard<St, Se: 'static> from ConnContext<'a, St, Se, ()>,
    "a guard cannot take `{Self}`",
    "a guard can take, in any order: `&Conn`, `&Server`, `&Room`, the `#[session]` by `&` or `&mut`, the `#[room]` by `&` or `&mut`, the `#[state]` by `&` or `&mut`, the `#[identity]` by `&`",
    "a guard says who may send a message, before its data is read: the handler checks the data"
}

arguments_of! {
    /// What a handler of `#[on(utf8)]` can take: the text as `&str`, `String`, `Utf8Bytes` or `Json<T>`, `&Conn`,
    /// `&Server`, the session, the states and the identity.
    FromUtf8<St, Se: 'static> from ConnContext<'a, St, Se, Utf8<'a>>,
    "a `utf8` handler cannot take `{Self}`",
    "a `utf8` handler can take, in any order: the text as `&str`, `String` or `Json<T>`, `&Conn`, `&Server`, `&Room`, the `#[session]` by `&` or `&mut`, the `#[room]` by `&` or `&mut`, the `#[state]` by `&` or `&mut`, the `#[identity]` by `&`",
    "JSON is read by `ws_runtime::Json<T>`, not axum's, where `T` implements `serde::Deserialize`"
}

arguments_of! {
    /// What a handler of `#[on("name")]` can take: the message's data as `Json<T>`, the whole message as `&Envelope`,
    /// `&Conn`, `&Server`, the session, the states and the identity.
    FromNamed<St, Se: 'static> from ConnContext<'a, St, Se, Envelope<'a>>,
    "a handler of a named message cannot take `{Self}`",
    "a handler of a named message can take, in any order: its data as `Json<T>`, the message as `&Envelope`, `&Conn`, `&Server`, `&Room`, the `#[session]` by `&` or `&mut`, the `#[room]` by `&` or `&mut`, the `#[state]` by `&` or `&mut`, the `#[identity]` by `&`",
    "the data is read by `ws_runtime::Json<T>`, not axum's, where `T` implements `serde::Deserialize`"
}

arguments_of! {
    /// What a handler of `#[on(message)]` can take: as one of a named message.
    FromMessage<St, Se: 'static> from ConnContext<'a, St, Se, Envelope<'a>>,
    "a `message` handler cannot take `{Self}`",
    "a `message` handler can take, in any order: the message as `&Envelope`, its data as `Json<T>`, `&Conn`, `&Server`, `&Room`, the `#[session]` by `&` or `&mut`, the `#[room]` by `&` or `&mut`, the `#[state]` by `&` or `&mut`, the `#[identity]` by `&`",
    "the data is read by `ws_runtime::Json<T>`, not axum's, where `T` implements `serde::Deserialize`"
}

arguments_of! {
    /// What a handler with `concurrent`, or one that returns a stream, can take: all that one of a named message can,
    /// but the session.
    FromConcurrent<St> from ConnContext<'a, St, NotYet, Envelope<'a>>,
    "a handler that runs beside others cannot take `{Self}`",
    "a handler that runs beside others can take, in any order: its data as `Json<T>`, the message as `&Envelope`, `&Conn`, `&Server`, `&Room`, the `#[state]` by `&` or `&mut`, the `#[identity]` by `&`",
    "what it needs of the session: check it in a `guard`, or copy it in a handler without `concurrent`",
    "the data is read by `ws_runtime::Json<T>`, not axum's, where `T` implements `serde::Deserialize`"
}

arguments_of! {
    /// What a handler of `#[on(binary)]` can take: the data as `&[u8]`, `Vec<u8>` or `Bytes`, `&Conn`, `&Server`, the
    /// session, the states and the identity.
    FromBinary<St, Se: 'static> from ConnContext<'a, St, Se, Binary<'a>>,
    "a `binary` handler cannot take `{Self}`",
    "a `binary` handler can take, in any order: the data as `&[u8]`, `Vec<u8>` or `Bytes`, `&Conn`, `&Server`, `&Room`, the `#[session]` by `&` or `&mut`, the `#[room]` by `&` or `&mut`, the `#[state]` by `&` or `&mut`, the `#[identity]` by `&`",
    "a message in another form is read from its data: for JSON, take `&[u8]` and call `serde_json::from_slice`"
}

arguments_of! {
    /// What a handler of `#[on(pong)]` can take: the pong's payload as `&[u8]`, `Vec<u8>` or `Bytes`, `&Conn`,
    /// `&Server`, the session, the states and the identity.
    FromPong<St, Se: 'static> from ConnContext<'a, St, Se, Binary<'a>>,
    "a `pong` handler cannot take `{Self}`",
    "a `pong` handler can take, in any order: the payload as `&[u8]`, `Vec<u8>` or `Bytes`, `&Conn`, `&Server`, `&Room`, the `#[session]` by `&` or `&mut`, the `#[room]` by `&` or `&mut`, the `#[state]` by `&` or `&mut`, the `#[identity]` by `&`"
}

arguments_of! {
    /// What a handler of `#[on(drain)]` can take: `&Conn`, `&Server`, the session, the states and the identity.
    FromDrain<St, Se: 'static> from ConnContext<'a, St, Se, ()>,
    "a `drain` handler cannot take `{Self}`",
    "a `drain` handler can take, in any order: `&Conn`, `&Server`, `&Room`, the `#[session]` by `&` or `&mut`, the `#[room]` by `&` or `&mut`, the `#[state]` by `&` or `&mut`, the `#[identity]` by `&`",
    "the messages that the peer has missed are not kept: let the handler send the current state"
}

arguments_of! {
    /// What a handler of `#[on(disconnect)]` can take: `&Close`, `&Conn`, `&Server`, the session (also by value),
    /// the states and the identity.
    FromDisconnect<St, Se: 'static> from ConnContext<'a, St, Se, Close>,
    "a `disconnect` handler cannot take `{Self}`",
    "a `disconnect` handler can take, in any order: `&Close`, `&Conn`, `&Server`, `&Room`, the `#[session]` by `&`, `&mut` or value, the `#[room]` by `&` or `&mut`, the `#[state]` by `&` or `&mut`, the `#[identity]` by `&`",
    "the close code and the reason are `close.code()` and `close.reason()`"
}

arguments_of! {
    /// What a handler of `#[on(start)]` can take: `&Server` and the states.
    FromStart<St> from ServerContext<'a, St>,
    "a `start` handler cannot take `{Self}`",
    "a `start` handler can take, in any order: `&Server`, the `#[state]` by `&` or `&mut`"
}

arguments_of! {
    /// What a handler of `#[on(shutdown)]` can take: `&Server` and the state.
    FromShutdown<St> from ServerContext<'a, St>,
    "a `shutdown` handler cannot take `{Self}`",
    "a `shutdown` handler can take, in any order: `&Server`, the `#[state]` by `&` or `&mut`"
}

arguments_of! {
    /// What a handler of `#[tick(…)]` can take: `&Server` and the state.
    FromTick<St> from ServerContext<'a, St>,
    "a `tick` handler cannot take `{Self}`",
    "a `tick` handler can take, in any order: `&Server`, the `#[state]` by `&` or `&mut`"
}

arguments_of! {
    /// What a handler of `#[on(empty)]` can take: the room (also by value), its handle, `&Server` and the states.
    FromEmpty<St, Ro: RoomState> from RoomContext<'a, St, Ro>,
    "an `empty` handler cannot take `{Self}`",
    "an `empty` handler can take, in any order: `&Server`, `&Room`, the `#[room]` by `&`, `&mut` or value, the `#[state]` by `&` or `&mut`"
}

arguments_of! {
    /// What a handler of `#[tick(…)]` can take if it runs for each room: the room, its handle, `&Server` and the
    /// states.
    FromRoomTick<St, Ro: RoomState> from RoomContext<'a, St, Ro>,
    "a `tick` handler of a room cannot take `{Self}`",
    "a `tick` handler of a room can take, in any order: `&Server`, `&Room`, the `#[room]` by `&` or `&mut`, the `#[state]` by `&` or `&mut`"
}
