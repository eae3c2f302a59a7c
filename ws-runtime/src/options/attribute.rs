//! The values of `#[ws_server(…)]`.

use ws_spec::options as info;

use super::describe::Draft;

/// The values of a server's attribute on their way to the options.
#[doc(hidden)]
pub struct Attribute<'a> {
    pub(super) draft: &'a mut Draft,
    turn: Turn,
}

impl<'a> Attribute<'a> {
    /// Takes the prefix of the environment's variables and nothing else: the rest depends on what is set there.
    pub(crate) fn of_prefix(draft: &'a mut Draft) -> Self {
        Self { draft, turn: Turn::Prefix }
    }

    /// Takes the number of threads and nothing else: all others are evaluated on these threads.
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

/// Which of the attribute's values are asked for.
#[derive(Debug, Clone, Copy)]
enum Turn {
    /// The one that says how the environment's variables are named.
    Prefix,
    /// The one that says how many threads there are.
    Threads,
    /// All others.
    Rest,
}
