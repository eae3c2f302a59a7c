//! The names of the envelope's keys.

use super::word::Written;

/// The keys of the envelope, which `envelope(type = "…", id = "…", data = "…")` renames.
///
/// They consist of ASCII letters, digits, `_` and `-`, so that they stand in JSON as they are. The other keys of the
/// envelope, `error`, `done` and `ask`, have no other names.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    /// The key of the message's name.
    pub kind: &'static str,
    /// The key of the number or text by which a peer knows the reply to a message.
    pub id: &'static str,
    /// The key of the content.
    pub data: &'static str,
    pub(super) written: Words,
}

/// How the keys are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) kind: Written,
    pub(super) id: Written,
    pub(super) data: Written,
}

impl Keys {
    /// The keys where nothing renames them.
    pub const DEFAULT: Self = Self::new("type", "id", "data");

    /// Keys of these names.
    #[must_use]
    pub const fn new(kind: &'static str, id: &'static str, data: &'static str) -> Self {
        let written = Words { kind: Written::of(kind), id: Written::of(id), data: Written::of(data) };
        Self { kind, id, data, written }
    }
}

/// The key of an error, in a reply or an answer.
pub(crate) const ERROR: &str = "error";

/// The key that says that a stream has ended.
pub(crate) const DONE: &str = "done";

/// The key of a question's number.
pub(crate) const ASK: &str = "ask";
