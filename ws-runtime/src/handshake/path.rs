//! The parameters of a path as an argument.

mod count;
mod names;

use serde::de::{self, Deserialize, DeserializeSeed, Visitor};

use super::fields::{FieldError, Text};

pub use count::{PathCount, PathProbe, Uncounted, check_path};
pub use names::PathProblems;

/// The parameters of the path, read into a type of yours: an argument of what is for one path and has a request,
/// which is `handshake` and `create` within a [`#[route]`](macro@crate::route), a guard of it, and
/// [`#[get]`](macro@crate::get).
///
/// `T` is a type for the only parameter, a tuple of one type for each of them in order, or a struct that derives
/// `Deserialize`, whose fields have the names of parameters. The types are numbers, texts, `char`, `bool`, enums
/// without fields, and newtypes of these.
///
/// * A parameter is percent-decoded once: `%20` is a space, and `+` is a plus. `&str` and `Cow<str>` borrow it.
/// * A path that does not fit is answered with 404, and the reason is logged at debug level: `7x` is no `u64`.
/// * A number is written as it is displayed, and a `bool` is `true` or `false`: `07`, `+7` and `1e3` are 404. So no
///   two paths mean the same number. A type that parses a text by itself, such as `IpAddr` or a UUID, takes all
///   spellings that it knows: each is a path of its own, and a room of its own. Compare the value with the text where
///   that matters.
/// * The number of parameters is checked when the server is compiled, for a single type and for a tuple; the names of a
///   struct's fields when it is bound. A struct may leave parameters out.
/// * A path is there for each request that arrives, so there is no `Option<Path<T>>`.
///
/// ```
/// use serde::Deserialize;
/// use ws_runtime::prelude::*;
///
/// #[derive(Deserialize)]
/// struct Seat { table: u64, side: Side }
///
/// #[derive(Deserialize, Debug)]
/// #[serde(rename_all = "lowercase")]
/// enum Side { Black, White }
///
/// #[ws_server(listen = 8080)]
/// mod arcade {
///     use super::*;
///
///     #[get("/user/{name}")]
///     fn user(Path(name): Path<&str>) -> String {
///         format!("this is {name}")
///     }
///
///     #[get("/table/{table}/{side}")]
///     fn show(Path(Seat { table, side }): Path<Seat>) -> String {
///         format!("{side:?} at table {table}")
///     }
///
///     #[route("/table/{table}")]
///     mod table {
///         use super::*;
///
///         #[session]
///         struct AtTable(u64);
///
///         #[on(handshake)]
///         fn sit(Path(table): Path<u64>) -> AtTable {
///             AtTable(table)
///         }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> ws_runtime::test::Result {
/// let server = arcade::server().test().await?;
/// assert_eq!(server.get("/table/7/black").await?.body(), "Black at table 7");
/// assert_eq!(server.get("/table/07/black").await?.status(), 404);
/// assert_eq!(server.connect("/table/x").await.unwrap_err().status(), 404);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Path<T>(pub T);

/// A type that the parameters of a path can be read into: every type that implements `Deserialize`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from the parameters of a path",
    label = "does not implement `serde::Deserialize`",
    note = "for a type of your own: `#[derive(serde::Deserialize)]`"
)]
pub trait FromPath<'a>: Sized {
    /// Reads names and values, percent-decoded.
    ///
    /// # Errors
    ///
    /// Why they do not fit: for the log, as it shows what the peer has sent.
    fn from_path(parameters: Vec<(&'a str, &'a str)>) -> Result<Self, String>;
}

#[diagnostic::do_not_recommend]
impl<'a, T: Deserialize<'a>> FromPath<'a> for T {
    fn from_path(parameters: Vec<(&'a str, &'a str)>) -> Result<Self, String> {
        T::deserialize(Values(parameters)).map_err(|error| error.to_string())
    }
}

/// The names of parameters with their values, in the order of the path.
struct Values<'de>(Vec<(&'de str, &'de str)>);

impl<'de> Values<'de> {
    fn only(self) -> Result<Text<'de>, FieldError> {
        match self.0.as_slice() {
            [(_, value)] => Ok(Text::canonical(value)),
            all => Err(de::Error::custom(format_args!("the path has {} parameters, not one", all.len()))),
        }
    }

    /// The values in order, if there are so many.
    fn exactly<V: Visitor<'de>>(self, count: usize, visitor: V) -> Result<V::Value, FieldError> {
        if self.0.len() != count {
            return Err(de::Error::custom(format_args!(
                "the path has {} parameters, not {count}",
                self.0.len()
            )));
        }
        visitor.visit_seq(Entries::new(self))
    }
}

/// Forwards to what a single parameter deserialises as.
macro_rules! as_the_only {
    ($($method:ident)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
            self.only()?.$method(visitor)
        }
    )* };
}

impl<'de> de::Deserializer<'de> for Values<'de> {
    type Error = FieldError;

    as_the_only! {
        deserialize_bool deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
        deserialize_identifier
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
    }

    /// As the only parameter, which an untagged enum may be, or by their names.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self.0.as_slice() {
            [_] => self.only()?.deserialize_any(visitor),
            _ => self.deserialize_map(visitor),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_map(Entries::new(self))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        visitor.visit_unit()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_seq(Entries::new(self))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, count: usize, visitor: V) -> Result<V::Value, FieldError> {
        self.exactly(count, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        self.exactly(count, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        self.only()?.deserialize_enum(name, variants, visitor)
    }
}

/// The parameters, one after the other.
struct Entries<'de> {
    left: std::vec::IntoIter<(&'de str, &'de str)>,
    /// The parameter whose value comes next.
    next: Option<(&'de str, &'de str)>,
}

impl<'de> Entries<'de> {
    fn new(values: Values<'de>) -> Self {
        Self { left: values.0.into_iter(), next: None }
    }
}

impl<'de> de::MapAccess<'de> for Entries<'de> {
    type Error = FieldError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, FieldError> {
        self.next = self.left.next();
        let Some((name, _)) = self.next else { return Ok(None) };
        seed.deserialize(Text::canonical(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, FieldError> {
        let next = self.next.take().ok_or_else(|| de::Error::custom("a value was read before its name"));
        let (name, value) = next?;
        seed.deserialize(Text::canonical(value)).map_err(|error: FieldError| error.at(name))
    }
}

impl<'de> de::SeqAccess<'de> for Entries<'de> {
    type Error = FieldError;

    fn next_element_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<Option<V::Value>, FieldError> {
        let Some((name, value)) = self.left.next() else { return Ok(None) };
        seed.deserialize(Text::canonical(value)).map(Some).map_err(|error: FieldError| error.at(name))
    }
}

#[cfg(test)]
mod tests;
