//! `Json<T>` as an argument: the text of a message, or the data of a named one.

use serde::Deserialize;

use super::{ConnContext, FromContext, Json, Utf8};
use crate::Reject;
use crate::excerpt::of_json_error;
use crate::message::{Broken, DataError, Envelope};

/// A context with something that can be read as JSON: the text of `utf8`, the data of a named message.
///
/// It is for an argument of your own that is JSON and more, as a bound on the context of [`FromContext`].
pub trait WithJson<'a> {
    /// Reads it from where it lies, so that `T` can borrow from it.
    ///
    /// # Errors
    ///
    /// With the code `bad_data` if it does not fit `T`, `bad_request` if it is no JSON.
    fn read_json<T: Deserialize<'a>>(&self) -> Result<T, Reject>;
}

/// What can be read as JSON: any type that implements `serde::Deserialize`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read as JSON",
    label = "does not implement `serde::Deserialize`",
    note = "for a type of your own: `#[derive(Deserialize)]`"
)]
pub trait FromJson<'a>: Deserialize<'a> {}

#[diagnostic::do_not_recommend]
impl<'a, T: Deserialize<'a>> FromJson<'a> for T {}

impl<'a, C: WithJson<'a>, T: FromJson<'a>> FromContext<'a, C> for Json<T> {
    #[inline]
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        context.read_json().map(Json)
    }
}

impl<'a, St, Se: 'static> WithJson<'a> for ConnContext<'a, St, Se, Utf8<'a>> {
    #[inline]
    fn read_json<T: Deserialize<'a>>(&self) -> Result<T, Reject> {
        serde_json::from_str(self.payload().as_str()).map_err(|error| not_read(&error))
    }
}

impl<'a, St, Se: 'static> WithJson<'a> for ConnContext<'a, St, Se, Envelope<'a>> {
    #[inline]
    fn read_json<T: Deserialize<'a>>(&self) -> Result<T, Reject> {
        let message = self.payload();
        message.read().map_err(|error| data_refused(error, message))
    }
}

#[cold]
fn not_read(error: &serde_json::Error) -> Reject {
    match error.classify() {
        serde_json::error::Category::Data => Reject::bad_data(of_json_error(error)),
        serde_json::error::Category::Io
        | serde_json::error::Category::Syntax
        | serde_json::error::Category::Eof => {
            Reject::bad_request().text(format!("the text is no JSON: {}", of_json_error(error)))
        }
    }
}

#[cold]
fn data_refused(error: DataError, message: &Envelope<'_>) -> Reject {
    match error {
        DataError::Mismatch(words) if message.has_no_data() => Reject::bad_data(words).absent(),
        DataError::Mismatch(words) => Reject::bad_data(words),
        DataError::Broken(broken) => broken.into(),
    }
}

/// The peer's mistake.
impl From<Broken> for Reject {
    #[cold]
    fn from(broken: Broken) -> Self {
        Self::bad_request().text(broken.to_string())
    }
}
