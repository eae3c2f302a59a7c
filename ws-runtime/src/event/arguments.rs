//! What each event gives: one trait an event, so that a wrong argument is answered by the list of the right ones.

use bytes::Bytes;

use super::{Binary, Close, ConnContext, FromContext, Pong, ServerContext, Utf8};
use crate::wire::Utf8Bytes;
use crate::{Handshake, Request};

/// Writes the trait of one event. Its own arguments are implemented below; all others come by way of [`FromContext`].
macro_rules! arguments_of {
    (
        $(#[doc = $doc:literal])*
        $trait:ident::$method:ident($($own:ident: $type:ty)?) in $context:ident<$($parameter:ident $(: $bound:lifetime)?),*>,
        $message:literal, $offer:literal
    ) => {
        $(#[doc = $doc])*
        #[diagnostic::on_unimplemented(
            message = $message,
            label = "this event does not give this",
            note = $offer,
            note = "a type of your own can be taken too: implement `ws_runtime::event::FromContext` for it"
        )]
        pub trait $trait<'a, $($parameter $(: $bound)?),*>: Sized {
            /// Makes the argument, just before the handler is called.
            #[doc(hidden)]
            fn $method($($own: $type,)? context: &mut $context<'a, $($parameter),*>) -> Self;
        }

        #[diagnostic::do_not_recommend]
        impl<'a, $($parameter $(: $bound)?,)* T> $trait<'a, $($parameter),*> for T
        where
            T: FromContext<'a, $context<'a, $($parameter),*>>,
        {
            fn $method($($own: $type,)? context: &mut $context<'a, $($parameter),*>) -> Self {
                $(let _ = $own;)?
                T::from_context(context)
            }
        }
    };
}

/// Implements the trait of one event for an argument of its own.
macro_rules! gives {
    ($trait:ident::$method:ident($own:ident: $type:ty) in $context:ident, $($argument:ty => $value:expr),* $(,)?) => { $(
        #[diagnostic::do_not_recommend]
        impl<'a, St, Se: 'static> $trait<'a, St, Se> for $argument {
            fn $method($own: $type, _: &mut $context<'a, St, Se>) -> Self {
                $value
            }
        }
    )* };
}

arguments_of! {
    /// What a handler of `#[on(connect)]` can take: `&Conn`, `&Server` (or either by value) and the state.
    FromConnect::from_connect() in ConnContext<St, Se: 'static>,
    "a `connect` handler cannot take `{Self}`",
    "a `connect` handler can take, in any order: `&Conn`, `&Server`, the state by `&` or `&mut`"
}

arguments_of! {
    /// What a handler of `#[on(handshake)]` can take: `&Handshake`, `&Conn`, `&Server` and the state.
    FromHandshake::from_handshake(handshake: &'a Handshake) in ConnContext<St, Se: 'static>,
    "a `handshake` handler cannot take `{Self}`",
    "a `handshake` handler can take, in any order: `&Handshake`, `&Conn`, `&Server`, the state by `&` or `&mut`; the session is what it may return"
}
gives!(FromHandshake::from_handshake(handshake: &'a Handshake) in ConnContext, &'a Handshake => handshake);

arguments_of! {
    /// What a handler of `#[on(ready)]` can take: `&Conn`, `&Server`, the session and the state.
    FromReady::from_ready() in ConnContext<St, Se: 'static>,
    "a `ready` handler cannot take `{Self}`",
    "a `ready` handler can take, in any order: `&Conn`, `&Server`, the session by `&` or `&mut`, the state by `&` or `&mut`"
}

arguments_of! {
    /// What a handler of `#[on(utf8)]` can take: the text as `&str`, `String` or `Utf8Bytes`, `&Conn`, `&Server`, the
    /// session and the state.
    FromUtf8::from_utf8(message: &'a Utf8<'a>) in ConnContext<St, Se: 'static>,
    "a `utf8` handler cannot take `{Self}`",
    "a `utf8` handler can take, in any order: the text as `&str` or `String`, `&Conn`, `&Server`, the session by `&` or `&mut`, the state by `&` or `&mut`"
}
gives!(FromUtf8::from_utf8(message: &'a Utf8<'a>) in ConnContext,
    &'a str => message.as_str(),
    String => message.as_str().to_owned(),
    Utf8Bytes => message.to_utf8_bytes(),
);

arguments_of! {
    /// What a handler of `#[on(binary)]` can take: the data as `&[u8]`, `Vec<u8>` or `Bytes`, `&Conn`, `&Server`, the
    /// session and the state.
    FromBinary::from_binary(message: &'a Binary<'a>) in ConnContext<St, Se: 'static>,
    "a `binary` handler cannot take `{Self}`",
    "a `binary` handler can take, in any order: the data as `&[u8]`, `Vec<u8>` or `Bytes`, `&Conn`, `&Server`, the session by `&` or `&mut`, the state by `&` or `&mut`"
}
gives!(FromBinary::from_binary(message: &'a Binary<'a>) in ConnContext,
    &'a [u8] => message.as_slice(),
    Vec<u8> => message.as_slice().to_vec(),
    Bytes => message.to_bytes(),
);

arguments_of! {
    /// What a handler of `#[on(pong)]` can take: the pong's payload as `&[u8]`, `Vec<u8>` or `Bytes`, `&Conn`,
    /// `&Server`, the session and the state.
    FromPong::from_pong(message: &'a Pong<'a>) in ConnContext<St, Se: 'static>,
    "a `pong` handler cannot take `{Self}`",
    "a `pong` handler can take, in any order: the payload as `&[u8]`, `Vec<u8>` or `Bytes`, `&Conn`, `&Server`, the session by `&` or `&mut`, the state by `&` or `&mut`"
}
gives!(FromPong::from_pong(message: &'a Pong<'a>) in ConnContext,
    &'a [u8] => message.as_slice(),
    Vec<u8> => message.as_slice().to_vec(),
    Bytes => message.to_bytes(),
);

arguments_of! {
    /// What a handler of `#[on(disconnect)]` can take: `&Close`, `&Conn`, `&Server`, the session (also by value) and
    /// the state.
    FromDisconnect::from_disconnect(close: &'a Close) in ConnContext<St, Se: 'static>,
    "a `disconnect` handler cannot take `{Self}`",
    "a `disconnect` handler can take, in any order: `&Close`, `&Conn`, `&Server`, the session by `&`, `&mut` or value, the state by `&` or `&mut`"
}
gives!(FromDisconnect::from_disconnect(close: &'a Close) in ConnContext,
    &'a Close => close,
    Close => close.clone(),
);

arguments_of! {
    /// What a handler of `#[on(request)]` can take: `&Request`, `&Conn`, `&Server` and the state.
    FromRequest::from_request(request: &'a Request) in ConnContext<St, Se: 'static>,
    "a `request` handler cannot take `{Self}`",
    "a `request` handler can take, in any order: `&Request`, `&Conn`, `&Server`, the state by `&` or `&mut`"
}
gives!(FromRequest::from_request(request: &'a Request) in ConnContext, &'a Request => request);

arguments_of! {
    /// What a handler of `#[on(shutdown)]` can take: `&Server` and the state.
    FromShutdown::from_shutdown() in ServerContext<St>,
    "a `shutdown` handler cannot take `{Self}`",
    "a `shutdown` handler can take, in any order: `&Server`, the state by `&` or `&mut`"
}

arguments_of! {
    /// What a handler of `#[tick(…)]` can take: `&Server` and the state.
    FromTick::from_tick() in ServerContext<St>,
    "a `tick` handler cannot take `{Self}`",
    "a `tick` handler can take, in any order: `&Server`, the state by `&` or `&mut`"
}

/// What a handler of `#[watch(…)]` can take: the watched handle by `&` or `&mut`, `&Server` and the state.
#[diagnostic::on_unimplemented(
    message = "a `watch` handler cannot take `{Self}`",
    label = "neither the watched handle, `{H}`, nor anything else that this event gives",
    note = "a `watch` handler can take, in any order: the watched handle by `&` or `&mut`, `&Server`, the state by `&` or `&mut`",
    note = "a type of your own can be taken too: implement `ws_runtime::event::FromContext` for it"
)]
pub trait FromWatch<'a, H, St, Via>: Sized {
    /// Makes the argument, just before the handler is called.
    #[doc(hidden)]
    fn from_watch(handle: &mut Option<&'a mut H>, context: &mut ServerContext<'a, St>) -> Self;
}

/// Marks arguments that are the watched handle.
#[doc(hidden)]
#[derive(Debug)]
pub struct ViaHandle;

/// Marks arguments that come from the context.
#[doc(hidden)]
#[derive(Debug)]
pub struct ViaContext;

#[diagnostic::do_not_recommend]
impl<'a, H, St> FromWatch<'a, H, St, ViaHandle> for &'a mut H {
    #[expect(clippy::expect_used, reason = "the macro refuses two handles in one signature")]
    fn from_watch(handle: &mut Option<&'a mut H>, _: &mut ServerContext<'a, St>) -> Self {
        handle.take().expect("the handle is lent once")
    }
}

#[diagnostic::do_not_recommend]
impl<'a, H, St> FromWatch<'a, H, St, ViaHandle> for &'a H {
    #[expect(clippy::expect_used, reason = "the macro refuses two handles in one signature")]
    fn from_watch(handle: &mut Option<&'a mut H>, _: &mut ServerContext<'a, St>) -> Self {
        handle.take().expect("the handle is lent once")
    }
}

#[diagnostic::do_not_recommend]
impl<'a, H, St, T> FromWatch<'a, H, St, ViaContext> for T
where
    T: FromContext<'a, ServerContext<'a, St>>,
{
    fn from_watch(_: &mut Option<&'a mut H>, context: &mut ServerContext<'a, St>) -> Self {
        T::from_context(context)
    }
}
