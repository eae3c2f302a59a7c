//! The values of `#[ws_server(…)]`.

use super::draft::Draft;

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
            Turn::Prefix => option == PREFIX_KEY,
            Turn::Threads => option == THREADS_KEY,
            Turn::Rest => option != PREFIX_KEY && option != THREADS_KEY,
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

const PREFIX_KEY: &str = "env";
pub(super) const THREADS_KEY: &str = "threads";
