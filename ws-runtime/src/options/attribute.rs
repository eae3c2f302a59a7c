//! The values of `#[ws_server(…)]`.

use super::describe::Draft;

/// The values of a server's attribute on their way to the options.
#[doc(hidden)]
pub struct Attribute<'a> {
    pub(super) draft: &'a mut Draft,
    turn: Turn,
}

impl<'a> Attribute<'a> {
    /// Takes the prefix of the environment's variables and nothing else: the rest depends on what is set there.
    pub(crate) fn new(draft: &'a mut Draft) -> Self {
        Self { draft, turn: Turn::Prefix }
    }

    /// Takes everything but the prefix.
    pub(crate) fn after_environment(draft: &'a mut Draft) -> Self {
        Self { draft, turn: Turn::Values }
    }

    pub(super) fn wants(&self, option: &str) -> bool {
        match self.turn {
            Turn::Prefix => option == PREFIX_KEY,
            Turn::Values => option != PREFIX_KEY,
        }
    }
}

/// Which of the attribute's values are asked for.
#[derive(Debug, Clone, Copy)]
enum Turn {
    /// The one that says how the environment's variables are named.
    Prefix,
    /// All others.
    Values,
}

const PREFIX_KEY: &str = "env";
