//! What a handler returned, told apart by its type.
//!
//! The generated code asks a [`Returned`] by method calls that the compiler resolves: of several traits it takes the
//! one that needs the fewest references, so a `Result` is found before any other value. Each method returns a tag,
//! and the tag's own method takes the value. Tags and [`Returned`] have no size: nothing of this is left at run time.

use std::convert::Infallible;
use std::fmt::Display;
use std::marker::PhantomData;

use bytes::Bytes;
use http::Response;
use serde::Serialize;

use super::Caller;
use crate::Reject;
use crate::event::{Failure, Outcome};
use crate::handshake::IntoResponse;

/// The type of a value.
#[doc(hidden)]
#[derive(Debug)]
pub struct Returned<T>(PhantomData<fn() -> T>);

impl<T> Returned<T> {
    pub const fn of(_: &T) -> Self {
        Self(PhantomData)
    }
}

/// Level 1: `Result<T, E>`.
#[doc(hidden)]
pub trait IsResult {
    fn shape(&self) -> Fallible {
        Fallible
    }
}

/// Level 2: `Option<Result<T, E>>`. Left alone, it would tell the peer the error.
#[doc(hidden)]
pub trait IsOptionalResult {
    fn shape(&self) -> Perhaps {
        Perhaps
    }
}

/// Level 3: any other value.
#[doc(hidden)]
pub trait IsValue {
    fn shape(&self) -> Entire {
        Entire
    }
}

impl<T, E> IsResult for &&Returned<Result<T, E>> {}
impl<T, E> IsOptionalResult for &Returned<Option<Result<T, E>>> {}
impl<T> IsValue for Returned<T> {}

#[doc(hidden)]
#[derive(Debug)]
pub struct Fallible;
#[doc(hidden)]
#[derive(Debug)]
pub struct Perhaps;
#[doc(hidden)]
#[derive(Debug)]
pub struct Entire;

impl Fallible {
    /// # Errors
    ///
    /// The handler's own.
    #[inline]
    pub fn split<T, E>(self, value: Result<T, E>) -> Result<T, E> {
        value
    }
}

impl Perhaps {
    /// # Errors
    ///
    /// The handler's own.
    #[inline]
    pub fn split<T, E>(self, value: Option<Result<T, E>>) -> Result<Option<T>, E> {
        value.transpose()
    }
}

impl Entire {
    /// # Errors
    ///
    /// None.
    #[inline]
    pub fn split<T>(self, value: T) -> Result<T, Infallible> {
        Ok(value)
    }
}

/// Level 1: an error that the peer is told.
#[doc(hidden)]
pub trait IsTold {
    fn error(&self) -> Told {
        Told
    }
}

/// Level 2: an error that only the log is told.
#[doc(hidden)]
pub trait IsLogged {
    fn error(&self) -> Logged {
        Logged
    }
}

impl<E: Into<Reject>> IsTold for &Returned<E> {}
impl<E> IsLogged for Returned<E> {}

#[doc(hidden)]
#[derive(Debug)]
pub struct Told;
#[doc(hidden)]
#[derive(Debug)]
pub struct Logged;

impl Told {
    #[cold]
    pub fn failure<E: Into<Reject>>(self, error: E) -> Failure {
        Failure::told(error.into())
    }

    /// The answer to a plain request.
    #[cold]
    pub fn response<E: Into<Reject>>(self, error: E) -> Response<Bytes> {
        error.into().into_response()
    }
}

impl Logged {
    #[cold]
    pub fn failure<E: HandlerError>(self, error: E) -> Failure {
        error.into_failure()
    }

    /// The answer to a plain request: 500, without details.
    #[cold]
    pub fn response<E: HandlerError>(self, error: E) -> Response<Bytes> {
        Err::<String, _>(error.into_failure().to_string()).into_response()
    }
}

/// The error of a handler: any type that can be logged.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a handler cannot fail with `{Self}`, which neither converts into `Reject` nor implements `Display`",
    label = "this error can neither be told to the peer nor logged",
    note = "for an error that the peer is told: `#[derive(Reject)]`, or `impl From<{Self}> for Reject`",
    note = "for an error that only the log is told: `impl std::fmt::Display` for it, or derive `thiserror::Error`"
)]
pub trait HandlerError {
    fn into_failure(self) -> Failure;
}

#[diagnostic::do_not_recommend]
impl<E: Display> HandlerError for E {
    fn into_failure(self) -> Failure {
        Failure::new(self)
    }
}

/// Level 1: `()`.
#[doc(hidden)]
pub trait IsUnit {
    fn data(&self) -> Unit {
        Unit
    }
}

/// Level 2: what serialises.
#[doc(hidden)]
pub trait IsData {
    fn data(&self) -> Data {
        Data
    }
}

/// Level 3: what cannot be sent.
#[doc(hidden)]
pub trait IsNoData {
    fn data(&self) -> NoData {
        NoData
    }
}

impl IsUnit for &&Returned<()> {}
impl<T: Serialize> IsData for &Returned<T> {}
impl<T> IsNoData for Returned<T> {}

#[doc(hidden)]
#[derive(Debug)]
pub struct Unit;
#[doc(hidden)]
#[derive(Debug)]
pub struct Data;
#[doc(hidden)]
#[derive(Debug)]
pub struct NoData;

impl Unit {
    /// A message with an `id` is answered `null`, another one not at all.
    ///
    /// # Errors
    ///
    /// As [`Data::reply`].
    #[inline]
    pub fn reply(self, (): (), caller: Caller<'_>) -> Outcome {
        if caller.has_id() { caller.reply(&()) } else { Ok(()) }
    }
}

impl Data {
    /// # Errors
    ///
    /// If the value does not serialise, or the reply is larger than `max_send_size`.
    #[inline]
    pub fn reply<T: Serialize>(self, value: T, caller: Caller<'_>) -> Outcome {
        caller.reply(&value)
    }
}

impl NoData {
    /// # Errors
    ///
    /// It does not compile.
    #[inline]
    pub fn reply<T: ReplyData>(self, value: T, caller: Caller<'_>) -> Outcome {
        caller.reply(&value)
    }
}

/// What a handler of a named message may return as the data of its reply.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent to the peer as JSON",
    label = "does not implement `serde::Serialize`",
    note = "a handler of a named message can return: `()`, any `T: Serialize`, an `impl Stream<Item = T>`, or a `Result` of these",
    note = "for a type of your own: `#[derive(Serialize)]`; it needs no `Json` around it"
)]
pub trait ReplyData: Serialize {}

impl<T: Serialize> ReplyData for T {}
