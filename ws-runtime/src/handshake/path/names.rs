//! Checks at `bind` that the fields of a struct are parameters of the path that it is read from.

use std::fmt::{self, Display};

use serde::de::{self, Deserialize, Visitor};
use serde::forward_to_deserialize_any;

use super::{Path, PathProbe};

impl<'de, T: Deserialize<'de>> PathProbe<Path<T>> {
    /// Why no path with these parameters fits the type, if that can be told without a value.
    #[must_use]
    pub fn problem(names: &[&str]) -> Option<String> {
        match T::deserialize(Names(names)) {
            Ok(_) | Err(Found::Nothing) => None,
            Err(Found::Problem(problem)) => Some(problem),
        }
    }
}

/// What is no `Path`.
#[doc(hidden)]
pub trait PathProblems {
    #[must_use]
    fn problem(names: &[&str]) -> Option<String> {
        let _ = names;
        None
    }
}

impl<T> PathProblems for PathProbe<T> {}

/// The names of a path's parameters. It looks at what a type asks for, and gives it no value.
struct Names<'n>(&'n [&'n str]);

/// What was found. It is an error, as that ends the look.
#[derive(Debug)]
enum Found {
    Nothing,
    Problem(String),
}

impl Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "nothing",
            Self::Problem(problem) => problem,
        })
    }
}

impl std::error::Error for Found {}

impl de::Error for Found {
    /// A type's own error is about a value, and there is none.
    fn custom<T: Display>(_: T) -> Self {
        Self::Nothing
    }
}

impl Names<'_> {
    /// What the path has, as it ends a sentence.
    fn listed(&self) -> String {
        let quoted: Vec<String> = self.0.iter().map(|name| format!("`{name}`")).collect();
        match quoted.split_last() {
            None => "none".to_owned(),
            Some((only, [])) => only.clone(),
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
        }
    }

    fn exactly<T>(&self, count: usize, what: &str) -> Result<T, Found> {
        if self.0.len() == count {
            return Err(Found::Nothing);
        }
        let plural = if count == 1 { "" } else { "s" };
        Err(Found::Problem(format!(
            "{what} takes {count} parameter{plural}, and the path has {}",
            self.listed()
        )))
    }
}

/// What takes one parameter.
macro_rules! one {
    ($($method:ident)*) => { $(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Found> {
            self.exactly(1, "it")
        }
    )* };
}

impl<'de> de::Deserializer<'de> for Names<'_> {
    type Error = Found;

    one! {
        deserialize_bool deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Found> {
        Err(Found::Nothing)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Found> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, count: usize, _: V) -> Result<V::Value, Found> {
        self.exactly(count, "it")
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        count: usize,
        _: V,
    ) -> Result<V::Value, Found> {
        self.exactly(count, &format!("`{name}`"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Found> {
        match fields.iter().find(|field| !self.0.contains(field)) {
            Some(field) => Err(Found::Problem(format!(
                "the field `{field}` of `{name}` is no parameter of the path, which has {}",
                self.listed()
            ))),
            None => Err(Found::Nothing),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Found> {
        self.exactly(1, &format!("`{name}`"))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, _: V) -> Result<V::Value, Found> {
        Err(Found::Nothing)
    }

    forward_to_deserialize_any! { unit seq map identifier ignored_any }
}
