//! Pushes: named messages that the server sends on its own.

use serde::{Serialize, Serializer};

use super::{Keys, with_text, write};
use crate::event::{IntoReply, Reply};
use crate::{Conn, Message, SendError, Utf8Bytes};

/// A named message that the server sends on its own: a struct or an enum marked [`#[push]`](crate::push) in the
/// server's module.
///
/// It is sent by [`Conn::send`] and [`Server::broadcast`](crate::Server::broadcast), or returned by a handler of
/// `#[on(ready)]`. The peer gets `{"type": …, "data": …}`, without an `id`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no push",
    label = "not marked `#[push]`",
    note = "mark the struct `#[push]` in the server's module, or in that of its route; text alone is sent by `send_utf8(…)` and `broadcast_utf8(…)`"
)]
pub trait Push {
    /// The `type` of the message.
    const NAME: &'static str;

    #[doc(hidden)]
    const KEYS: &'static Keys;

    /// Whether it is a question, which is asked and not sent.
    #[doc(hidden)]
    const IS_QUESTION: bool = false;

    /// The module of the route whose connections it is for; `None` if it is for those of every route.
    #[doc(hidden)]
    const ROUTE: Option<&'static str> = None;

    /// Serialises the data.
    #[doc(hidden)]
    fn serialize_data<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

#[diagnostic::do_not_recommend]
impl<P: Push + ?Sized> Push for &P {
    const NAME: &'static str = P::NAME;

    const KEYS: &'static Keys = P::KEYS;

    const IS_QUESTION: bool = P::IS_QUESTION;

    const ROUTE: Option<&'static str> = P::ROUTE;

    fn serialize_data<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize_data(serializer)
    }
}

/// A push of the server's module, which is for the connections of every route.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no push of the server",
    label = "not marked `#[push]` in the server's module",
    note = "`server.broadcast` reaches the connections of all routes; a push of one route is sent by `room.broadcast(…)`, `group.broadcast(…)` or `conn.send(…)`",
    note = "mark the struct `#[push]` in the server's module; text alone is sent to all by `server.broadcast_utf8(…)`"
)]
pub trait ServerPush: Push {}

#[diagnostic::do_not_recommend]
impl<P: ServerPush + ?Sized> ServerPush for &P {}

/// The data of a push. The macro calls it at the name of the struct.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the push `{Self}` cannot be sent as JSON",
    label = "does not implement `serde::Serialize`",
    note = "derive it: `#[push] #[derive(Serialize)] struct …`, with `use serde::Serialize;`"
)]
pub trait PushData {
    fn serialize_data<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> PushData for T {
    fn serialize_data<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

/// Fails to compile if a push is a question: without its number nobody could answer it.
const fn no_question<P: Push + ?Sized>() {
    assert!(!P::IS_QUESTION, "a push with an `answer` is a question: ask it by `conn.ask(…)`");
}

/// What [`Conn::send`] and [`Conn::try_send`] take: a [`Push`] by value or by reference, or a [`Message`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent to a peer",
    label = "neither a push nor a message",
    note = "mark the struct `#[push]` in the server's module, or send `Message::Utf8(…)`; text alone is sent by `conn.send_utf8(…)`"
)]
pub trait Outgoing {
    #[doc(hidden)]
    fn send_to(self, conn: &Conn) -> Result<(), SendError>;

    /// Sends it if there is room, and gives it back otherwise.
    #[doc(hidden)]
    fn try_send_to(self, conn: &Conn) -> Result<(), (Self, SendError)>
    where
        Self: Sized;
}

#[diagnostic::do_not_recommend]
impl<P: Push> Outgoing for P {
    fn send_to(self, conn: &Conn) -> Result<(), SendError> {
        conn.check_takes::<P>()?;
        with_text(|out| write_push(out, &self), |text| conn.send_text(text)).map_err(not_json)?
    }

    fn try_send_to(self, conn: &Conn) -> Result<(), (Self, SendError)> {
        let sent = conn.check_takes::<P>().and_then(|()| {
            with_text(|out| write_push(out, &self), |text| conn.try_send_text(text))
                .map_err(not_json)
                .flatten()
        });
        sent.map_err(|error| (self, error))
    }
}

impl Outgoing for Message<'_> {
    fn send_to(self, conn: &Conn) -> Result<(), SendError> {
        conn.send_plain(self)
    }

    fn try_send_to(self, conn: &Conn) -> Result<(), (Self, SendError)> {
        conn.try_send_plain(&self).map_err(|error| (self, error))
    }
}

#[diagnostic::do_not_recommend]
impl<P: Push> IntoReply for P {
    const ROUTE: Option<&'static str> = P::ROUTE;

    fn into_reply<'r>(self) -> Reply<'r>
    where
        Self: 'r,
    {
        let mut text = Vec::new();
        if let Err(error) = write_push(&mut text, &self) {
            return Reply::failed(not_json(error));
        }
        match Utf8Bytes::try_from(text) {
            Ok(text) => Reply::text(text),
            Err(error) => Reply::failed(error),
        }
    }
}

/// Writes a push as a message.
pub(crate) fn write_push<P: Push>(out: &mut Vec<u8>, push: &P) -> serde_json::Result<()> {
    const { no_question::<P>() };
    write::push(out, P::KEYS, P::NAME, &Data(push))
}

#[expect(clippy::needless_pass_by_value, reason = "passed to `map_err`")]
pub(super) fn not_json(error: serde_json::Error) -> SendError {
    SendError::NotJson { error: error.to_string() }
}

/// The data of a push as serde sees it.
pub(super) struct Data<'p, P>(pub(super) &'p P);

impl<P: Push> Serialize for Data<'_, P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_data(serializer)
    }
}
