//! Checks the rules that concern more than one item.

mod arguments;
mod gets;
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
use crate::events::{Event, Output};
use crate::model::{Flow, Handler, Limits, Part, Subject};
use crate::resolve::{Access, Asks, Call, Resolved};
use crate::syntax::{mentions, output_type, peel, referenced_name, single_name, success};

/// The handlers that break a rule, by index. They are not called, so that one mistake is one error.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    all: BTreeSet<usize>,
    /// Those whose signature may not resolve: they are not emitted.
    foreign: BTreeSet<usize>,
}

/// Checks a server as a whole. Returns the handlers that are left out of each module.
pub(crate) fn check(resolved: &[Resolved<'_>], diagnostics: &mut Diagnostics) -> Vec<LeftOut> {
    if let Some(root) = resolved.first() {
        one_type("identity", "a connection", &root.server.identities, diagnostics);
        routes::check(root.server, diagnostics);
        gets::paths_differ(root.scope, diagnostics);
    }
    resolved.iter().map(|module| check_module(module, resolved, diagnostics)).collect()
}

fn check_module(module: &Resolved<'_>, all: &[Resolved<'_>], diagnostics: &mut Diagnostics) -> LeftOut {
    let Resolved { server, scope, calls } = module;
    let sessions = &scope.sessions;
    let rooms: Vec<Part> = scope.rooms.iter().map(|room| room.part.clone()).collect();
    one_type("session", "a connection", sessions, diagnostics);
    one_type("room", "each path", &rooms, diagnostics);
    pushes::check(scope, diagnostics);
    let is_unclear = scope.parts_unclear || server.root.parts_unclear;
    if is_unclear || ![sessions, &server.identities, &rooms].into_iter().all(|parts| are_twins(parts)) {
        // It is unknown whether an argument is a state, the session or the room.
        return LeftOut { all: (0..calls.len()).collect(), foreign: BTreeSet::new() };
    }
    let left_out = find_wrong(module, all, diagnostics);
    if scope.route.is_none() {
        identity_is_made(module, diagnostics);
    }
    rooms::are_made(module, diagnostics);
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
fn find_wrong(resolved: &Resolved<'_>, all: &[Resolved<'_>], diagnostics: &mut Diagnostics) -> LeftOut {
    let mut wrong = LeftOut::default();
    let calls = || all.iter().flat_map(|module| &module.calls);
    let locking = |number| {
        let locks = |call: &&Call<'_>| !call.handler.awaits() && call.changes_state(number);
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
        unmarked: BTreeSet::new(),
    };
    for (number, call) in resolved.calls.iter().enumerate() {
        let before = diagnostics.count();
        let earlier = resolved.calls.iter().take(number).map(|call| call.handler);
        no_second_handler(call.handler, earlier, diagnostics);
        routes::belongs_here(call.handler, resolved.scope, resolved.server, diagnostics);
        returns_no_session(call, diagnostics);
        returns_no_status(call, diagnostics);
        rooms::check(call, resolved, diagnostics);
        gives_verdict(call.handler, diagnostics);
        limits_fit(call.handler, diagnostics);
        let mut found = arguments.check(call, diagnostics);
        if let Some(name) = unmarked_session(call, resolved) {
            found.is_wrong = true;
            if arguments.unmarked.insert(name.to_string()) {
                diagnostics.error(
                    name,
                    format!("`{name}` is not the session yet: declare it in this module, below `#[session]`, or below `#[identity]` if it says who the peer is"),
                );
            }
        }
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

/// Checks that only the `handshake` handler returns the session or the identity.
fn returns_no_session(call: &Call<'_>, diagnostics: &mut Diagnostics) {
    let Some(output) = output_type(&call.handler.output) else { return };
    let what = match call.returns {
        Some(Asks::Session(Access::Value)) => "session",
        Some(Asks::Identity(Access::Value)) => "identity",
        _ => return,
    };
    if call.handler.row().output != Output::Admission {
        diagnostics.error(
            output,
            format!("the {what} is made before the connection is ready: return it from the handler of `#[on(handshake)]`"),
        );
    }
}

/// Checks that the identity is made, as far as names tell.
fn identity_is_made(resolved: &Resolved<'_>, diagnostics: &mut Diagnostics) {
    let scope = resolved.scope;
    let Some(identity) = resolved.server.identities.first().filter(|_| !scope.handshake_unread) else {
        return;
    };
    let mut handshakes =
        resolved.calls.iter().filter(|call| call.handler.event() == Some(Event::Handshake)).peekable();
    let is_nothing = |ty: &Type| matches!(peel(ty), Type::Tuple(tuple) if tuple.elems.is_empty());
    let lacks = |call: &Call<'_>| {
        let returned = output_type(&call.handler.output).map(success);
        returned.is_none_or(is_nothing) || call.returns == Some(Asks::Session(Access::Value))
    };
    let name = &identity.name;
    if handshakes.peek().is_none() {
        diagnostics.error(
            name,
            format!("nobody makes the identity `{name}`: return it from a handler of `#[on(handshake)]`"),
        );
    } else if handshakes.clone().all(lacks) {
        for call in handshakes {
            let message = format!(
                "this handler makes no identity: return `{name}`, `Option<{name}>` where the peer may be anonymous, or a pair of it and the session"
            );
            match output_type(&call.handler.output) {
                Some(output) => diagnostics.error(output, message),
                None => diagnostics.error(&call.handler.name, message),
            }
        }
    }
}

/// Checks that only handlers which await have limits that concern awaiting.
fn limits_fit(handler: &Handler, diagnostics: &mut Diagnostics) {
    let Limits { timeout, concurrent, .. } = &handler.limits;
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

/// The type that a `handshake` handler returns as the session, if `#[session]` is missing above it.
fn unmarked_session<'r>(call: &Call<'r>, resolved: &Resolved<'r>) -> Option<&'r Ident> {
    let scope = resolved.scope;
    if call.handler.event() != Some(Event::Handshake) || !scope.sessions.is_empty() {
        return None;
    }
    let name = single_name(success(output_type(&call.handler.output)?))?;
    let is_taken = |call: &Call<'_>| {
        call.arguments.iter().any(|(argument, asks)| {
            *asks == Asks::UnknownReference && referenced_name(&argument.ty) == Some(name)
        })
    };
    let is_identity = resolved.server.identities.iter().any(|identity| identity.name == *name);
    let is_room = scope.rooms.iter().any(|room| room.part.name == *name);
    (!is_identity && !is_room && (scope.types.contains(name) || resolved.calls.iter().any(is_taken)))
        .then_some(name)
}

fn already_handled(subject: &Subject, first: &Handler) -> String {
    format!("`{}` already has a handler, `{}`: do both in one function", subject.written(), first.name)
}
