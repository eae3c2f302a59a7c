//! The names of the envelope's keys.

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
}

impl Keys {
    /// The keys where nothing renames them.
    pub const DEFAULT: Self = Self { kind: "type", id: "id", data: "data" };
}

/// The key of an error, in a reply or an answer.
pub(crate) const ERROR: &str = "error";

/// The key that says that a stream has ended.
pub(crate) const DONE: &str = "done";

/// The key of a question's number.
pub(crate) const ASK: &str = "ask";
