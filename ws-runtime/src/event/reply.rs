//! The values that handlers return: a reply to the peer, an outcome, or the answer to a handshake.

use std::borrow::Cow;
use std::fmt::Display;

use bytes::Bytes;
use serde::{Serialize, Serializer};

use super::{Admission, Binary, Failure, Outcome, Utf8};
use crate::Reject;
use crate::message::HandlerError;
use crate::wire::Utf8Bytes;

/// What a handler of `ready`, `utf8`, `binary` or `pong` may return: the value is the reply.
///
/// Text (`String`, `&str`, `Cow<str>`, `Utf8Bytes`, [`Json`]) is sent as a text message, bytes (`Vec<u8>`, `&[u8]`,
/// `[u8; N]`, `Bytes`) as a binary one; `()` and `None` send nothing. Implement the trait to return types of your own.
///
/// An `Err` whose error converts into [`Reject`](struct@Reject) is told to the peer as the table of
/// [`#[on]`](macro@crate::on#errors) says. Any other is logged with the handler's name, and ends the connection with
/// 1011, without details; a text where named messages are spoken is answered `internal`, and the connection goes on.
///
/// If the handler holds the lock on the state, the reply is made and queued before the lock is released. After
/// [`Conn::disconnect`](crate::Conn::disconnect) the reply is dropped.
///
/// ```
/// use ws_runtime::event::{IntoReply, Reply};
///
/// enum Answer { Yes, No }
///
/// impl IntoReply for Answer {
///     fn into_reply<'r>(self) -> Reply<'r> {
///         Reply::text(match self { Self::Yes => "yes", Self::No => "no" })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a reply",
    label = "cannot be sent to the peer",
    note = "a handler can return: `()`, text (`String`, `&str`, `Utf8Bytes`), bytes (`Vec<u8>`, `&[u8]`, `Bytes`), `Json<T>`, an `Option` of these, or a `Result` of these with an error that converts into `Reject` or implements `Display`",
    note = "to send any other value as JSON, return `ws_runtime::Json(value)`, not axum's: its type has to implement `serde::Serialize`; as a named message, return a type marked `#[push]`"
)]
pub trait IntoReply {
    /// The module of the only route that may reply so; `None` if any may.
    #[doc(hidden)]
    const ROUTE: Option<&'static str> = None;

    /// Turns the value into what is sent.
    fn into_reply<'r>(self) -> Reply<'r>
    where
        Self: 'r;
}

/// The reply to an event: nothing, a text, bytes, or the handler's failure.
#[derive(Debug)]
pub struct Reply<'r>(pub(crate) Outgoing<'r>);

/// The content of a reply.
#[derive(Debug)]
pub(crate) enum Outgoing<'r> {
    Nothing,
    Text(Utf8<'r>),
    Binary(Binary<'r>),
    Failed(Failure),
}

/// JSON: as an argument the data of a named message or the text of `utf8`, read into `T`; as a return value what is
/// sent.
///
/// As an argument it is read from where it lies, so `T` may borrow from it. Take texts as `Cow<str>` with
/// `#[serde(borrow)]`: a plain `&str` cannot take a text with escapes, such as `\n`. What does not fit `T` is refused
/// with the code `bad_data`, and the handler is not run; `Option<Json<T>>` is `None` for a named message without
/// data.
///
/// As a return value it is a text message, the data of the reply to a named message, or the answer to a plain HTTP
/// request. If the value cannot be serialised, the connection ends as after an error of the handler, with 1011; a
/// named message is answered `internal`.
///
/// ```
/// use serde::Serialize;
/// use ws_runtime::prelude::*;
///
/// #[derive(Serialize)]
/// struct Welcome { visitors: u64 }
///
/// #[ws_server(listen = 8080)]
/// mod greeter {
///     use super::*;
///
///     #[on(ready)]
///     fn hello() -> Json<Welcome> {
///         Json(Welcome { visitors: 1 })
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// As the value inside: nothing shows that it was wrapped.
impl<T: Serialize> Serialize for Json<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'r> Reply<'r> {
    /// No reply.
    #[must_use]
    pub fn nothing() -> Self {
        Self(Outgoing::Nothing)
    }

    /// A text message.
    #[must_use]
    pub fn text(text: impl Into<Utf8<'r>>) -> Self {
        Self(Outgoing::Text(text.into()))
    }

    /// A binary message.
    #[must_use]
    pub fn binary(data: impl Into<Binary<'r>>) -> Self {
        Self(Outgoing::Binary(data.into()))
    }

    /// No reply but an error: it is logged, and the connection ends with close code 1011.
    #[must_use]
    pub fn failed(error: impl Display) -> Self {
        Self(Outgoing::Failed(Failure::new(error)))
    }
}

#[diagnostic::do_not_recommend]
impl IntoReply for Reply<'_> {
    fn into_reply<'r>(self) -> Reply<'r>
    where
        Self: 'r,
    {
        self
    }
}

/// Implements `IntoReply` for types that convert without failing.
macro_rules! replies {
    ($($value:ident: $type:ty => $answer:expr),* $(,)?) => { $(
        #[diagnostic::do_not_recommend]
        impl IntoReply for $type {
            fn into_reply<'r>(self) -> Reply<'r>
            where
                Self: 'r,
            {
                let $value = self;
                Reply($answer)
            }
        }
    )* };
}

replies! {
    _value: () => Outgoing::Nothing,
    text: &str => Outgoing::Text(text.into()),
    text: String => Outgoing::Text(text.into()),
    text: Utf8Bytes => Outgoing::Text(text.into()),
    text: Cow<'_, str> => Outgoing::Text(text.into()),
    data: &[u8] => Outgoing::Binary(data.into()),
    data: Vec<u8> => Outgoing::Binary(data.into()),
    data: Bytes => Outgoing::Binary(data.into()),
}

#[diagnostic::do_not_recommend]
impl<const N: usize> IntoReply for &[u8; N] {
    fn into_reply<'r>(self) -> Reply<'r>
    where
        Self: 'r,
    {
        Reply::binary(self)
    }
}

#[diagnostic::do_not_recommend]
impl<const N: usize> IntoReply for [u8; N] {
    fn into_reply<'r>(self) -> Reply<'r>
    where
        Self: 'r,
    {
        Reply::binary(self)
    }
}

impl<T: Serialize> IntoReply for Json<T> {
    fn into_reply<'r>(self) -> Reply<'r>
    where
        Self: 'r,
    {
        match serde_json::to_string(&self.0) {
            Ok(text) => Reply::text(text),
            Err(error) => Reply::failed(format_args!("the reply does not serialise as JSON: {error}")),
        }
    }
}

impl<T: IntoReply> IntoReply for Option<T> {
    const ROUTE: Option<&'static str> = T::ROUTE;

    fn into_reply<'r>(self) -> Reply<'r>
    where
        Self: 'r,
    {
        self.map_or(Reply::nothing(), T::into_reply)
    }
}

impl<T: IntoReply, E: HandlerError> IntoReply for Result<T, E> {
    const ROUTE: Option<&'static str> = T::ROUTE;

    fn into_reply<'r>(self) -> Reply<'r>
    where
        Self: 'r,
    {
        match self {
            Ok(value) => value.into_reply(),
            Err(error) => Reply(Outgoing::Failed(error.into_failure())),
        }
    }
}

/// What a handler of `start`, `connect`, `disconnect`, `empty`, `shutdown`, a tick, a watch or a timer may return:
/// `()`, or a `Result` of it.
#[diagnostic::on_unimplemented(
    message = "this handler cannot return `{Self}`",
    label = "there is nobody to send this to",
    note = "a handler of `start`, `connect`, `disconnect`, `empty`, `shutdown`, a tick, a watch or a timer can return `()` or `Result<(), E>`, where `E` implements `Display`",
    note = "an error is logged; that of a `connect` handler also refuses the connection, and that of a `start` handler ends the start"
)]
pub trait IntoOutcome {
    #[doc(hidden)]
    fn into_outcome(self) -> Outcome;
}

#[diagnostic::do_not_recommend]
impl IntoOutcome for () {
    fn into_outcome(self) -> Outcome {
        Ok(())
    }
}

impl<E: HandlerError> IntoOutcome for Result<(), E> {
    fn into_outcome(self) -> Outcome {
        self.map_err(E::into_failure)
    }
}

/// What a handler of `handshake` may return: `()`, the session `Se`, the identity `Id`, a pair of both, or a `Result`
/// of these with an error that converts into [`Reject`](struct@Reject). In place of the identity an `Option` of it:
/// `None` admits an anonymous peer.
#[diagnostic::on_unimplemented(
    message = "a `handshake` handler cannot return `{Self}`",
    label = "neither admits nor refuses the peer",
    note = "a `handshake` handler can return: `()` where the session has a `Default`, the `#[session]`, the `#[identity]` or an `Option` of it, a pair of both, or a `Result` of these",
    note = "to refuse a peer, return an error that converts into `Reject`, such as `Err(Reject::forbidden())` of a `Result<(), Reject>`",
    note = "a type of another module is wrapped to be the session or the identity: `#[identity] struct Member(pub User);`"
)]
pub trait IntoAdmission<Id, Se> {
    #[doc(hidden)]
    fn into_admission(self) -> Result<Admission<Se>, Reject>;
}

#[diagnostic::do_not_recommend]
impl<Se: FreshSession, Id> IntoAdmission<Id, Se> for () {
    fn into_admission(self) -> Result<Admission<Se>, Reject> {
        Ok(Admission::anonymous(Se::fresh()))
    }
}

impl<Se, Id, T: IntoAdmission<Id, Se>, E: IntoReject> IntoAdmission<Id, Se> for Result<T, E> {
    fn into_admission(self) -> Result<Admission<Se>, Reject> {
        self.map_err(E::into_reject)?.into_admission()
    }
}

/// The error of a `handshake` handler: any type that converts into a [`Reject`].
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a `handshake` handler cannot refuse with `{Self}`",
    label = "this error does not say what the peer is answered",
    note = "the error can be: a `Reject`, a `StatusCode`, a pair of it and a text, or a type of yours with `#[derive(Reject)]`",
    note = "a text alone has no status: `.map_err(|text| (StatusCode::FORBIDDEN, text))`"
)]
pub trait IntoReject {
    fn into_reject(self) -> Reject;
}

#[diagnostic::do_not_recommend]
impl<E: Into<Reject>> IntoReject for E {
    fn into_reject(self) -> Reject {
        self.into()
    }
}

/// A session that begins as its `Default`, because no `handshake` handler returns it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the session `{Self}` is never made: it has no `Default`, and no `handshake` handler returns it",
    label = "has no `Default`",
    note = "derive `Default` for it, or return it from the handler of `#[on(handshake)]`"
)]
pub trait FreshSession {
    fn fresh() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> FreshSession for T {
    fn fresh() -> Self {
        T::default()
    }
}
