//! The values of `#[ws_server(…)]`.

use ws_spec::options as info;

use super::describe::Draft;

/// Collects the values of a server's attribute.
#[doc(hidden)]
pub struct Attribute<'a> {
    pub(super) draft: &'a mut Draft,
    turn: Turn,
}

impl<'a> Attribute<'a> {
    /// Takes only the prefix of the environment variables. Whether other values are needed depends on those variables.
    pub(crate) fn of_prefix(draft: &'a mut Draft) -> Self {
        Self { draft, turn: Turn::Prefix }
    }

    /// Takes only the number of threads. All other values are evaluated on these threads.
    pub(crate) fn of_threads(draft: &'a mut Draft) -> Self {
        Self { draft, turn: Turn::Threads }
    }

    /// Takes everything else.
    pub(crate) fn of_rest(draft: &'a mut Draft) -> Self {
        Self { draft, turn: Turn::Rest }
    }

    pub(super) fn wants(&self, option: &str) -> bool {
        match self.turn {
            Turn::Prefix => option == info::env.name,
            Turn::Threads => option == info::threads.name,
            Turn::Rest => option != info::env.name && option != info::threads.name,
        }
    }
}

/// Which of the attribute's values are taken.
#[derive(Debug, Clone, Copy)]
enum Turn {
    /// The prefix of the environment variables.
    Prefix,
    /// The number of threads.
    Threads,
    /// All others.
    Rest,
}
