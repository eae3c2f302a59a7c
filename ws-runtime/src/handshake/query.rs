//! The query of a request as an argument.

use serde::Deserialize;

use super::fields;
use super::reject::Reject;
use crate::excerpt::cut;

/// The query of the request, read into a type of yours: an argument of `handshake`, `create`,
/// guards of routes, `#[get]` and `request`.
///
/// `T` is a struct that derives `Deserialize`, or a map. Its fields are texts, numbers, `bool`, `char`, enums without
/// fields, `Option` of these, and lists of these for a name that is given several times.
///
/// * Names and values are percent-decoded, and `+` is a space. A field of type `&str` borrows from the query where
///   nothing has to be decoded; `Cow<str>` and `String` take any value.
/// * A `bool` is `true`, `1`, `on` or a name without a value, as in `?spectate`, and `false` or `0`.
/// * A name that `T` does not have is ignored, unless it denies unknown fields.
/// * A query that does not fit is refused with 400, and the message names the field: ``` `seat`: invalid value: string "x",
///   expected u8 ```.
/// * `Option<Query<T>>` is `None` where the request has no query and `T` needs one. For a single field that may be
///   missing, write an `Option` in `T`.
///
/// ```
/// use serde::Deserialize;
/// use ws_runtime::prelude::*;
///
/// #[derive(Deserialize)]
/// struct Sit {
///     seat: u8,
///     #[serde(default)]
///     spectate: bool,
/// }
///
/// #[ws_server(listen = 8080)]
/// mod table {
///     use super::*;
///
///     #[session]
///     struct Seat(u8);
///
///     /// `ws://localhost:8080/?seat=3`
///     #[on(handshake)]
///     fn sit(Query(sit): Query<Sit>) -> Result<Seat, Reject> {
///         if sit.spectate { Err(Reject::forbidden()) } else { Ok(Seat(sit.seat)) }
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Query<T>(pub T);

/// A type that a query can be read into: every type that implements `Deserialize`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a query",
    label = "does not implement `serde::Deserialize`",
    note = "for a type of your own: `#[derive(serde::Deserialize)]`"
)]
pub trait FromQuery<'a>: Sized {
    /// Reads a query. The refusal is 400.
    fn from_query(query: &'a str) -> Result<Self, Reject>;
}

#[diagnostic::do_not_recommend]
impl<'a, T: Deserialize<'a>> FromQuery<'a> for T {
    fn from_query(query: &'a str) -> Result<Self, Reject> {
        fields::read(query).map_err(|error| Reject::bad_request().text(cut(&error.to_string())))
    }
}
