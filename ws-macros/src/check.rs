//! What must fit: the rules that need more than one item to be seen.

mod arguments;
mod unknown;

use std::collections::BTreeSet;

use crate::cfgs::{Cfgs, all_exclude_each_other, twins};
use crate::diagnostics::Diagnostics;
use crate::events::{Event, Output};
use crate::model::{Flow, Handler, Part};
use crate::resolve::{Call, Resolved};
use crate::syntax::output_type;

/// The numbers of the handlers that break a rule. The dispatch leaves them out, so that one mistake stays one error.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    all: BTreeSet<usize>,
    /// Those whose signature may not even resolve: they are not written back.
    foreign: BTreeSet<usize>,
}

/// Checks a server whose items have been read one by one.
pub(crate) fn check(resolved: &Resolved<'_>, diagnostics: &mut Diagnostics) -> LeftOut {
    let (server, calls) = (resolved.server, &resolved.calls);
    let (states, sessions) = (&server.states, &server.root.sessions);
    one_type("state", "server", states, diagnostics);
    one_type("session", "connection", sessions, diagnostics);
    if server.root.parts_unclear || !are_twins(states) || !are_twins(sessions) {
        // Whether an argument is the state or the session cannot be known.
        return LeftOut { all: (0..calls.len()).collect(), foreign: BTreeSet::new() };
    }
    let left_out = find_wrong(resolved, diagnostics);
    one_handler_each(calls, &left_out, diagnostics);
    left_out
}

impl LeftOut {
    pub(crate) fn contains(&self, number: usize) -> bool {
        self.all.contains(&number)
    }

    /// Whether the compiler must not see the handler's function.
    pub(crate) fn is_foreign(&self, number: usize) -> bool {
        self.foreign.contains(&number)
    }
}

/// The handlers that cannot be called.
fn find_wrong(resolved: &Resolved<'_>, diagnostics: &mut Diagnostics) -> LeftOut {
    let mut wrong = LeftOut::default();
    let locks = |call: &&Call<'_>| call.handler.flow == Flow::Plain && call.takes_state_mutably();
    let locking = resolved.calls.iter().find(locks).map(|call| &call.handler.name);
    for (number, call) in resolved.calls.iter().enumerate() {
        let before = diagnostics.count();
        let handler = call.handler;
        let earlier = resolved.calls.iter().take(number).map(|call| call.handler);
        no_second_handler(handler, earlier, diagnostics);
        returns_no_session(call, diagnostics);
        if arguments::check(call, resolved.server, locking, diagnostics) {
            wrong.foreign.insert(number);
        }
        if diagnostics.count() != before {
            wrong.all.insert(number);
        }
    }
    wrong
}

/// At most one type is the state, and one the session.
fn one_type(what: &str, per: &str, parts: &[Part], diagnostics: &mut Diagnostics) {
    let already = |first: &Part| {
        format!(
            "the {what} is already `{}`: a {per} has one type for it, so put both into one struct",
            first.name
        )
    };
    for ((number, part), twin) in
        parts.iter().enumerate().zip(twins(parts.iter().map(|part| (Some(()), &part.cfgs))))
    {
        let earlier = parts.get(..number).unwrap_or_default();
        if let Some(first) = earlier.iter().find(|first| !part.cfgs.excludes(&first.cfgs)) {
            diagnostics.error(&part.name, already(first));
            continue;
        }
        for rival in twin.rivals {
            if let Some(first) = earlier.get(rival.number) {
                diagnostics.error_if(rival.condition, &part.name, already(first));
            }
        }
    }
}

/// Whether at most one of them exists, as far as can be told.
fn are_twins(parts: &[Part]) -> bool {
    let cfgs: Vec<&Cfgs> = parts.iter().map(|part| &part.cfgs).collect();
    all_exclude_each_other(&cfgs)
}

/// At most one handler for an event, of those that exist for certain.
fn no_second_handler<'h>(
    handler: &Handler,
    mut earlier: impl Iterator<Item = &'h Handler>,
    diagnostics: &mut Diagnostics,
) {
    let Some(event) = handler.event() else { return };
    let is_rival = |first: &&Handler| first.event() == Some(event) && !first.cfgs.excludes(&handler.cfgs);
    if let Some(first) = earlier.find(is_rival) {
        diagnostics.error(&handler.name, already_handled(event, first));
    }
}

/// At most one handler for an event, of twins under `#[cfg]`, of which more than one may exist.
fn one_handler_each(calls: &[Call<'_>], left_out: &LeftOut, diagnostics: &mut Diagnostics) {
    let numbered = calls.iter().map(|call| call.handler).enumerate();
    let handlers: Vec<&Handler> =
        numbered.filter(|(number, _)| !left_out.contains(*number)).map(|(_, handler)| handler).collect();
    let twins = twins(handlers.iter().map(|handler| (handler.event(), &handler.cfgs)));
    for (handler, twin) in handlers.iter().zip(twins) {
        let Some(event) = handler.event() else { continue };
        for rival in twin.rivals {
            if let Some(first) = handlers.get(rival.number) {
                diagnostics.error_if(rival.condition, &handler.name, already_handled(event, first));
            }
        }
    }
}

/// Only `handshake` makes the session.
fn returns_no_session(call: &Call<'_>, diagnostics: &mut Diagnostics) {
    let Some(output) = output_type(&call.handler.output).filter(|_| call.returns_session) else { return };
    match call.handler.row().output {
        Output::Admission => {}
        Output::Reply | Output::Outcome | Output::Response => diagnostics.error(
            output,
            "the session is made before the connection is ready: return it from the handler of `#[on(handshake)]`",
        ),
    }
}

fn already_handled(event: Event, first: &Handler) -> String {
    format!("`{}` already has a handler, `{}`: do both in one function", event.name(), first.name)
}
