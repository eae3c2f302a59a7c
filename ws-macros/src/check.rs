//! Checks the rules that concern more than one item.

mod arguments;
mod elsewhere;
mod gets;
mod imports;
mod language;
mod makes;
mod probes;
mod pushes;
mod rooms;
mod routes;
mod unknown;

use std::collections::BTreeSet;

use arguments::Arguments;
use proc_macro2::Ident;
use syn::Type;

use crate::cfgs::{Cfgs, all_exclude_each_other, twins};
use crate::diagnostics::Diagnostics;
use crate::events::Output;
use crate::model::{Flow, Handler, Limits, Part, Subject};
use crate::resolve::{Call, Resolved};
use crate::syntax::{mentions, output_type, peel, single_name, success};

/// The handlers that break a rule, by index. They are not called, so that one mistake is one error.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    all: BTreeSet<usize>,
    /// Those whose signature may not resolve: they are not emitted.
    foreign: BTreeSet<usize>,
    /// Whether it is unknown how the session is made, as a mistake was reported.
    pub(crate) session_unclear: bool,
    /// The same of the room.
    pub(crate) room_unclear: bool,
}

/// What one module says that need not be reported again in another.
#[derive(Debug, Default)]
struct Reported {
    /// The types that are not marked.
    unmarked: BTreeSet<String>,
    /// The routes whose session another module makes.
    sessions: BTreeSet<usize>,
}

/// Checks a server as a whole. Returns the handlers that are left out of each module.
pub(crate) fn check(resolved: &[Resolved<'_>], diagnostics: &mut Diagnostics) -> Vec<LeftOut> {
    let mut reported = Reported::default();
    if let Some(root) = resolved.first() {
        one_type("identity", "a connection", &root.server.identities, diagnostics);
        routes::check(root.server, diagnostics);
        gets::paths_differ(root.scope, diagnostics);
        probes::have_paths_of_their_own(root.server, diagnostics);
    }
    let modules = resolved.iter().enumerate();
    modules
        .map(|(number, module)| {
            let left_out = check_module(module, resolved, &mut reported, diagnostics);
            let is_made_elsewhere =
                number.checked_sub(1).is_some_and(|route| reported.sessions.contains(&route));
            LeftOut { session_unclear: left_out.session_unclear || is_made_elsewhere, ..left_out }
        })
        .collect()
}

fn check_module(
    module: &Resolved<'_>,
    all: &[Resolved<'_>],
    reported: &mut Reported,
    diagnostics: &mut Diagnostics,
) -> LeftOut {
    let Resolved { server, scope, calls } = module;
    let sessions = &scope.sessions;
    let rooms: Vec<Part> = scope.rooms.iter().map(|room| room.part.clone()).collect();
    one_type("session", "a connection", sessions, diagnostics);
    one_type("room", "each path", &rooms, diagnostics);
    pushes::check(scope, server, diagnostics);
    let is_unclear = scope.parts_unclear || server.root.parts_unclear;
    if is_unclear || ![sessions, &server.identities, &rooms].into_iter().all(|parts| are_twins(parts)) {
        // It is unknown whether an argument is a state, the session or the room.
        return LeftOut { all: (0..calls.len()).collect(), ..LeftOut::default() };
    }
    if imports::are_missing(module, diagnostics) {
        let all: BTreeSet<usize> = (0..calls.len()).collect();
        return LeftOut { foreign: all.clone(), all, session_unclear: true, room_unclear: true };
    }
    let mut left_out = find_wrong(module, all, reported, diagnostics);
    if scope.route.is_none() && !makes::identity_in_a_route(all) {
        makes::identity_is_made(module, diagnostics);
    }
    left_out.room_unclear |= rooms::are_made(module, diagnostics);
    one_handler_each(calls, &left_out, diagnostics);
    left_out
}

impl LeftOut {
    pub(crate) fn contains(&self, number: usize) -> bool {
        self.all.contains(&number)
    }

    /// Whether the handler must not be emitted.
    pub(crate) fn is_foreign(&self, number: usize) -> bool {
        self.foreign.contains(&number)
    }
}

/// Finds the handlers that cannot be called.
fn find_wrong(
    resolved: &Resolved<'_>,
    all: &[Resolved<'_>],
    reported: &mut Reported,
    diagnostics: &mut Diagnostics,
) -> LeftOut {
    let mut wrong = LeftOut::default();
    let calls = || all.iter().flat_map(|module| &module.calls);
    let locking = |number| {
        let locks = |call: &&Call<'_>| !call.handler.holds_no_lock() && call.changes_state(number);
        calls().find(locks).map(|call| &call.handler.name)
    };
    let timed = |number| {
        let is_timer = |call: &&Call<'_>| call.timed_state == Some(number);
        calls().find(is_timer).map(|call| &call.handler.name)
    };
    let states = 0..resolved.server.states.len();
    let mut arguments = Arguments {
        server: resolved.server,
        scope: resolved.scope,
        locking: states.clone().map(locking).collect(),
        timed: states.map(timed).collect(),
        unmarked: &mut reported.unmarked,
    };
    for name in rooms::meant(resolved.scope) {
        let key = arguments.key(name);
        arguments.unmarked.insert(key);
    }
    for (number, call) in resolved.calls.iter().enumerate() {
        let belongs_here = routes::belongs_here(call.handler, resolved.scope, resolved.server, diagnostics);
        let is_settled = !rooms::check(call, resolved, diagnostics) || !belongs_here;
        // What a handler takes and returns follows from where it stands.
        let mut silent = Diagnostics::default();
        let diagnostics = if is_settled { &mut silent } else { &mut *diagnostics };
        let before = diagnostics.count();
        let earlier = resolved.calls.iter().take(number).map(|call| call.handler);
        no_second_handler(call.handler, earlier, diagnostics);
        makes::check(call, resolved, &mut reported.sessions, diagnostics);
        returns_no_status(call, diagnostics);
        gives_verdict(call.handler, diagnostics);
        limits_fit(call.handler, diagnostics);
        let mut found = arguments.check(call, diagnostics);
        if let Some(problem) = makes::unmarked(call, resolved) {
            found.is_wrong = true;
            if arguments.unmarked.insert(problem.name.to_string()) {
                diagnostics.error(problem.name, problem.message);
            }
        }
        found.is_wrong |= is_settled;
        if found.is_foreign {
            wrong.foreign.insert(number);
        }
        if found.is_wrong || diagnostics.count() != before {
            wrong.all.insert(number);
        }
    }
    wrong
}

/// Checks that at most one type is the session, the identity or the room.
fn one_type(what: &str, whose: &str, parts: &[Part], diagnostics: &mut Diagnostics) {
    let already = |first: &Part| {
        format!(
            "the {what} is already `{}`: {whose} has one type for it, so put both into one struct",
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

/// Whether they may be meant to exclude each other.
fn are_twins(parts: &[Part]) -> bool {
    let cfgs: Vec<&Cfgs> = parts.iter().map(|part| &part.cfgs).collect();
    all_exclude_each_other(&cfgs)
}

/// Checks that no earlier handler of the same event exists for certain.
fn no_second_handler<'h>(
    handler: &Handler,
    mut earlier: impl Iterator<Item = &'h Handler>,
    diagnostics: &mut Diagnostics,
) {
    let Some(subject) = handler.subject() else { return };
    let is_rival =
        |first: &&Handler| first.subject().as_ref() == Some(&subject) && !first.cfgs.excludes(&handler.cfgs);
    if let Some(first) = earlier.find(is_rival) {
        diagnostics.error(&handler.name, already_handled(&subject, first));
    }
}

/// Reports handlers of the same event under `#[cfg]`, if the compiler finds that both exist.
fn one_handler_each(calls: &[Call<'_>], left_out: &LeftOut, diagnostics: &mut Diagnostics) {
    let numbered = calls.iter().map(|call| call.handler).enumerate();
    let handlers: Vec<&Handler> =
        numbered.filter(|(number, _)| !left_out.contains(*number)).map(|(_, handler)| handler).collect();
    let twins = twins(handlers.iter().map(|handler| (handler.subject(), &handler.cfgs)));
    for (handler, twin) in handlers.iter().zip(twins) {
        let Some(subject) = handler.subject() else { continue };
        for rival in twin.rivals {
            if let Some(first) = handlers.get(rival.number) {
                diagnostics.error_if(rival.condition, &handler.name, already_handled(&subject, first));
            }
        }
    }
}

/// Checks that a guard can refuse.
fn gives_verdict(handler: &Handler, diagnostics: &mut Diagnostics) {
    if handler.row().output != Output::Verdict {
        return;
    }
    let wanted = "return a `Result<(), Reject>`: `Ok(())` lets it through, and an `Err(Reject::forbidden())` is the answer";
    match output_type(&handler.output) {
        None => diagnostics
            .error(&handler.name, format!("`{}` is a guard, and returns nothing: {wanted}", handler.name)),
        Some(ty) if single_name(ty).is_some_and(|name| name == "bool") => {
            diagnostics.error(ty, format!("a `bool` does not say what the peer is told: {wanted}"));
        }
        Some(_) => {}
    }
}

/// Checks that a handler of a named message returns no HTTP status, as handlers of axum do: `(StatusCode, Json<T>)`.
fn returns_no_status(call: &Call<'_>, diagnostics: &mut Diagnostics) {
    let Some(output) = output_type(&call.handler.output) else { return };
    let Type::Tuple(pair) = peel(success(output)) else { return };
    let has_status = pair.elems.first().is_some_and(|first| mentions(first, "StatusCode"));
    if call.handler.row().output == Output::Data && has_status {
        diagnostics.error(
            output,
            "a reply has no status: return the data alone, or a `Result` whose error converts into `Reject`, such as \
             `Result<T, (StatusCode, String)>`",
        );
    }
}

/// Checks that only handlers which await have limits that concern awaiting.
fn limits_fit(handler: &Handler, diagnostics: &mut Diagnostics) {
    let Limits { timeout, concurrent, blocking, .. } = &handler.limits;
    if let Some(blocking) = blocking {
        blocking_fits(handler, blocking, diagnostics);
        return;
    }
    if let Some(concurrent) = concurrent.as_ref().filter(|_| handler.streams().is_some()) {
        diagnostics.error(
            concurrent,
            "a stream always runs beside other handlers: leave `concurrent` out; the option `max_streams` limits how many",
        );
    } else if handler.flow == Flow::Plain {
        for (name, limit) in [("timeout", timeout), ("concurrent", concurrent)] {
            if let Some(limit) = limit {
                diagnostics.error(
                    limit,
                    format!("`{name}` is for an `async fn`: a plain one runs to its end at once, so leave `{name}` out, or make `{}` an `async fn`", handler.name),
                );
            }
        }
    }
}

/// Checks that a `blocking` handler is a plain one that runs in its turn.
fn blocking_fits(handler: &Handler, blocking: &Ident, diagnostics: &mut Diagnostics) {
    let Limits { timeout, concurrent, .. } = &handler.limits;
    if handler.flow == Flow::Async {
        diagnostics.error(
            blocking,
            "a `blocking` handler is a plain `fn`, which runs on a thread where it may block; an `async fn` awaits instead\n\
             remove `async`; or remove `blocking`, and wait for what blocks: `tokio::task::spawn_blocking(…).await`",
        );
        return;
    }
    if handler.streams().is_some() {
        diagnostics.error(
            blocking,
            "a handler that returns a stream cannot be `blocking`: its stream is polled where nothing may block\n\
             remove `blocking`, and let a thread of `tokio::task::spawn_blocking` send the items through a channel",
        );
    }
    if let Some(concurrent) = concurrent {
        diagnostics.error(
            concurrent,
            "a `blocking` handler has the session, and runs before the next message: remove `concurrent`, or write an `async fn` that waits \
             for `tokio::task::spawn_blocking(…).await`",
        );
    }
    if let Some(timeout) = timeout {
        diagnostics.error(
            timeout,
            "a `blocking` handler cannot be ended from outside: remove `timeout`, and give what it waits for a time limit, such as that of \
             the database",
        );
    }
}

fn already_handled(subject: &Subject, first: &Handler) -> String {
    format!("`{}` already has a handler, `{}`: do both in one function", subject.written(), first.name)
}
