//! The values of `#[ws_server(…)]` and of `#[route(…)]`.

use std::sync::Arc;

use ws_spec::options::{self as info, OptionInfo, Owner};

use super::describe::Draft;
use super::draft::Source;
use super::tls::ClientCa;
use crate::event::Route;

/// Collects the values of the attribute of a server or of a route.
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

    /// Takes what a route sets.
    pub(super) fn of_route(draft: &'a mut Draft, path: Arc<str>) -> Self {
        Self { draft, turn: Turn::Route(path) }
    }

    /// Takes what the route around this one sets, under the path of that.
    pub fn around<R: Route>(&mut self) {
        let path = R::place().path().into();
        R::attribute(&mut Attribute { draft: &mut *self.draft, turn: Turn::Route(path) });
    }

    /// Takes the authorities for clients of `tls`. They also hold for certificates from the environment, unless that
    /// names authorities too.
    pub fn tls_client_ca(&mut self, value: impl FnOnce() -> ClientCa) {
        if self.wants(&info::tls) && self.draft.client_ca.is_free() && !self.draft.tls.is_of_builder() {
            let source = self.source();
            self.draft.client_ca.set(source, value());
        }
    }

    pub(super) fn wants(&self, option: &OptionInfo) -> bool {
        match self.turn {
            Turn::Prefix => option.name == info::env.name,
            Turn::Threads => option.name == info::threads.name,
            Turn::Rest => option.name != info::env.name && option.name != info::threads.name,
            Turn::Route(_) => option.owner == Owner::Connection,
        }
    }

    pub(super) fn source(&self) -> Source {
        match &self.turn {
            Turn::Prefix | Turn::Threads | Turn::Rest => Source::Attribute,
            Turn::Route(path) => Source::Route(Arc::clone(path)),
        }
    }
}

/// Which of the attribute's values are taken.
#[derive(Debug, Clone)]
enum Turn {
    /// The prefix of the environment variables.
    Prefix,
    /// The number of threads.
    Threads,
    /// All others of the server.
    Rest,
    /// All that the route with this path may set.
    Route(Arc<str>),
}
