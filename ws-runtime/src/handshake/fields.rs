//! Deserialises named texts, such as a query, into a type of the user's. Errors name the field. The parameters of a
//! path use the same texts.
//!
//! `serde_html_form` does the same, but its errors do not say which field is wrong.

use std::borrow::Cow;
use std::fmt::{self, Display};

use serde::de::value::{BorrowedStrDeserializer, MapDeserializer, StringDeserializer};
use serde::de::{self, Deserialize, DeserializeSeed, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

/// Reads a query: pairs of names and values, percent-decoded.
pub(super) fn read<'de, T: Deserialize<'de>>(query: &'de str) -> Result<T, FieldError> {
    T::deserialize(Fields(form_urlencoded::parse(query.as_bytes()).collect()))
}

/// Why named texts do not fit a type.
#[derive(Debug)]
pub(super) struct FieldError {
    /// The name of the field, unless the problem says it.
    field: Option<String>,
    problem: String,
}

impl FieldError {
    /// The same, about this field.
    pub(super) fn at(self, field: &str) -> Self {
        let field = Some(field.to_owned());
        Self { field, ..self }
    }
}

impl Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "`{field}`: {}", self.problem),
            None => f.write_str(&self.problem),
        }
    }
}

impl std::error::Error for FieldError {}

impl de::Error for FieldError {
    fn custom<T: Display>(problem: T) -> Self {
        Self { field: None, problem: problem.to_string() }
    }
}

/// All pairs, in order.
struct Fields<'de>(Vec<(Cow<'de, str>, Cow<'de, str>)>);

impl<'de> Fields<'de> {
    /// The values of each name. Sorting keeps the work small for a peer that sends thousands of names.
    fn grouped(mut self) -> Vec<(Cow<'de, str>, Vec<Cow<'de, str>>)> {
        self.0.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut grouped: Vec<(Cow<'de, str>, Vec<Cow<'de, str>>)> = Vec::new();
        for (name, value) in self.0 {
            match grouped.last_mut() {
                Some((last, values)) if *last == name => values.push(value),
                Some(_) | None => grouped.push((name, vec![value])),
            }
        }
        grouped
    }
}

impl<'de> de::Deserializer<'de> for Fields<'de> {
    type Error = FieldError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_map(Entries { left: self.grouped().into_iter(), next: None })
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

    /// A list of pairs.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        let pairs = self.0.into_iter().map(|(name, value)| (Text::free(name), Text::free(value)));
        visitor.visit_seq(MapDeserializer::new(pairs))
    }

    forward_to_deserialize_any! {
        map struct enum option identifier ignored_any bytes byte_buf tuple tuple_struct
        bool char i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 str string
    }
}

/// The names with their values, one after the other.
struct Entries<'de> {
    left: std::vec::IntoIter<(Cow<'de, str>, Vec<Cow<'de, str>>)>,
    /// The name whose value comes next.
    next: Option<(Cow<'de, str>, Vec<Cow<'de, str>>)>,
}

impl<'de> de::MapAccess<'de> for Entries<'de> {
    type Error = FieldError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, FieldError> {
        self.next = self.left.next();
        let Some((name, _)) = &self.next else { return Ok(None) };
        seed.deserialize(Text::free(name.clone())).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, FieldError> {
        let next = self.next.take().ok_or_else(|| de::Error::custom("a value was read before its name"));
        let (name, values) = next?;
        seed.deserialize(Values(values)).map_err(|error| error.at(&name))
    }
}

/// Forwards to what a text deserialises as.
macro_rules! as_text {
    ($($method:ident)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
            self.only()?.$method(visitor)
        }
    )* };
}

/// The values of one name: at least one.
struct Values<'de>(Vec<Cow<'de, str>>);

impl<'de> Values<'de> {
    fn only(mut self) -> Result<Text<'de>, FieldError> {
        match (self.0.pop(), self.0.len()) {
            (Some(only), 0) => Ok(Text::free(only)),
            (_, others) => {
                Err(de::Error::custom(format_args!("given {} times, but once is enough", others + 1)))
            }
        }
    }
}

impl<'de> de::Deserializer<'de> for Values<'de> {
    type Error = FieldError;

    as_text! {
        deserialize_any deserialize_bool deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_identifier deserialize_unit deserialize_map
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_seq(de::value::SeqDeserializer::new(self.0.into_iter().map(Text::free)))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, FieldError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        self.only()?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_unit()
    }
}

/// One text: a name, or a value.
pub(super) struct Text<'de> {
    text: Cow<'de, str>,
    spelling: Spelling,
}

/// How a number or a `bool` may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// In each way that can be parsed.
    Free,
    /// Only as it is displayed: `7`, but not `07`.
    Canonical,
}

/// Parses a number. The error shows the text, and the type that it does not fit.
macro_rules! parsed {
    ($($method:ident => $type:ident $visit:ident,)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
            match self.text.parse::<$type>() {
                Ok(number) if self.allows(&number) => visitor.$visit(number),
                Ok(_) | Err(_) => Err(self.unexpected(stringify!($type))),
            }
        }
    )* };
}

impl<'de> Text<'de> {
    fn free(text: Cow<'de, str>) -> Self {
        Self { text, spelling: Spelling::Free }
    }

    /// A text that has one spelling for each number.
    pub(super) fn canonical(text: &'de str) -> Self {
        Self { text: Cow::Borrowed(text), spelling: Spelling::Canonical }
    }

    fn allows(&self, parsed: &impl Display) -> bool {
        match self.spelling {
            Spelling::Free => true,
            // `NaN` and `inf` would pass, but have no digits.
            Spelling::Canonical => {
                parsed.to_string() == self.text && self.text.bytes().any(|byte| byte.is_ascii_digit())
            }
        }
    }

    fn unexpected(&self, expected: &str) -> FieldError {
        de::Error::invalid_value(Unexpected::Str(&self.text), &expected)
    }
}

impl<'de> IntoDeserializer<'de, FieldError> for Text<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> de::Deserializer<'de> for Text<'de> {
    type Error = FieldError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self.text {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    /// A name without a value, `?spectate`, is a flag that is set. Forms send `on` for a box that is ticked.
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match (&*self.text, self.spelling) {
            ("true", _) | ("1" | "on" | "", Spelling::Free) => visitor.visit_bool(true),
            ("false", _) | ("0", Spelling::Free) => visitor.visit_bool(false),
            _ => Err(self.unexpected("`true` or `false`")),
        }
    }

    parsed! {
        deserialize_i8 => i8 visit_i8,
        deserialize_i16 => i16 visit_i16,
        deserialize_i32 => i32 visit_i32,
        deserialize_i64 => i64 visit_i64,
        deserialize_i128 => i128 visit_i128,
        deserialize_u8 => u8 visit_u8,
        deserialize_u16 => u16 visit_u16,
        deserialize_u32 => u32 visit_u32,
        deserialize_u64 => u64 visit_u64,
        deserialize_u128 => u128 visit_u128,
        deserialize_f32 => f32 visit_f32,
        deserialize_f64 => f64 visit_f64,
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        visitor.visit_newtype_struct(self)
    }

    /// A variant without fields, by its name.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        match self.text {
            Cow::Borrowed(text) => visitor.visit_enum(BorrowedStrDeserializer::new(text)),
            Cow::Owned(text) => visitor.visit_enum(StringDeserializer::new(text)),
        }
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests;
