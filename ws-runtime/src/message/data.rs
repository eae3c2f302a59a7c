//! Reads the data of a named message.

use std::fmt::Write;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Deserializer;

use super::Broken;
use super::head::Head;
use crate::excerpt::{cut, without_place};

/// Why the data of a named message was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DataError {
    /// It does not fit the type. The peer is told it, with the code `bad_data`.
    #[error("{0}")]
    Mismatch(String),
    /// The message is none. The peer is told it, with the code `bad_request`.
    #[error(transparent)]
    Broken(#[from] Broken),
}

impl Head {
    /// Reads the data from where it lies, then scans what follows. A message without data is read as `null`.
    ///
    /// # Errors
    ///
    /// If the data does not fit `T`, or if the message is broken.
    #[inline]
    pub(crate) fn data<'t, T: Deserialize<'t>>(&self, text: &'t str) -> Result<T, DataError> {
        let Some(start) = self.data_start() else {
            self.complete(text)?;
            return serde_json::from_str("null").map_err(|error| missing(&error));
        };
        let mut json = Deserializer::from_str(text.get(start..).unwrap_or_default());
        match T::deserialize(&mut json) {
            Ok(data) => {
                let end = start + json.into_iter::<IgnoredAny>().byte_offset();
                // A type of the user's may have looked at nothing.
                if end == start || self.is_complete() {
                    self.complete(text)?;
                } else {
                    self.complete_after(text, end)?;
                }
                Ok(data)
            }
            Err(error) => {
                self.complete(text)?;
                Err(mismatch(&error, text, start))
            }
        }
    }
}

#[cold]
fn missing(error: &serde_json::Error) -> DataError {
    DataError::Mismatch(format!("there is no data: {}", cut(&without_place(error))))
}

/// What serde says of the data. Its lines and columns count from the message's first byte.
#[cold]
fn mismatch(error: &serde_json::Error, text: &str, start: usize) -> DataError {
    let before = text.get(..start).unwrap_or_default();
    let lines = before.matches('\n').count();
    let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
    let (line, column) = match error.line() {
        0 | 1 => (lines + 1, column + error.column()),
        line => (lines + line, error.column()),
    };
    let words = without_place(error);
    let mut told = if words.ends_with("expected a borrowed string") {
        "a text with escapes does not fit a field of type `&str`: `Cow<str>` and `String` take it".to_owned()
    } else {
        cut(&words).to_owned()
    };
    let _ = write!(told, " at line {line} column {column}");
    DataError::Mismatch(told)
}
