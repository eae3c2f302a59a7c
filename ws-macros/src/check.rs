//! What must fit: the rules that need more than one item to be seen.

use std::collections::BTreeSet;

use proc_macro2::Ident;

use crate::cfgs::{Cfgs, all_exclude_each_other, twins};
use crate::diagnostics::Diagnostics;
use crate::events::{Event, Session};
use crate::model::{Argument, Flow, Handler, Part, Server};
use crate::resolve::{Access, Asks, Call, Resolved};

/// The numbers of the handlers that break a rule. The dispatch leaves them out, so that one mistake stays one error.
#[derive(Debug, Default)]
pub(crate) struct LeftOut(BTreeSet<usize>);

/// Checks a server whose items have been read one by one.
pub(crate) fn check(resolved: &Resolved<'_>, diagnostics: &mut Diagnostics) -> LeftOut {
    let (server, calls) = (resolved.server, &resolved.calls);
    let (states, sessions) = (&server.states, &server.root.sessions);
    one_type("state", "server", states, diagnostics);
    one_type("session", "connection", sessions, diagnostics);
    if server.root.parts_unclear || !are_twins(states) || !are_twins(sessions) {
        // Whether an argument is the state or the session cannot be known.
        return LeftOut((0..calls.len()).collect());
    }
    let left_out = LeftOut(find_wrong(resolved, diagnostics));
    one_handler_each(calls, &left_out, diagnostics);
    left_out
}

impl LeftOut {
    pub(crate) fn contains(&self, number: usize) -> bool {
        self.0.contains(&number)
    }
}

/// The handlers that cannot be called.
fn find_wrong(resolved: &Resolved<'_>, diagnostics: &mut Diagnostics) -> BTreeSet<usize> {
    let mut wrong = BTreeSet::new();
    let locks = |call: &&Call<'_>| call.handler.flow == Flow::Plain && call.takes_state_mutably();
    let locking = resolved.calls.iter().find(locks).map(|call| &call.handler.name);
    for (number, call) in resolved.calls.iter().enumerate() {
        let before = diagnostics.count();
        let handler = call.handler;
        let earlier = resolved.calls.iter().take(number).map(|call| call.handler);
        no_second_handler(handler, earlier, diagnostics);
        takes_once(call, diagnostics);
        for (argument, asks) in &call.arguments {
            argument_fits(argument, *asks, call, resolved.server, diagnostics);
            state_crosses_no_await(argument, *asks, handler, locking, diagnostics);
        }
        if diagnostics.count() != before {
            wrong.insert(number);
        }
    }
    wrong
}

/// At most one type is the state, and one the session.
fn one_type(what: &str, per: &str, parts: &[Part], diagnostics: &mut Diagnostics) {
    let already = |first: &Part| {
        format!(
            "the {what} is already `{}`: there is one type of it for each {per}, so put both into one struct",
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

fn already_handled(event: Event, first: &Handler) -> String {
    format!("`{}` already has a handler, `{}`: let one function do both", event.name(), first.name)
}

/// The state, the session and the watched handle are each lent to one argument.
fn takes_once(call: &Call<'_>, diagnostics: &mut Diagnostics) {
    for (number, (argument, asks)) in call.arguments.iter().enumerate() {
        let Some(lent) = lent_once(*asks, call) else { continue };
        let is_rival = |(first, asks): &(&Argument, Asks)| {
            lent_once(*asks, call) == Some(lent) && !first.cfgs.excludes(&argument.cfgs)
        };
        if call.arguments.iter().take(number).any(is_rival) {
            let what = match lent {
                Lent::State => "this handler already takes the state: take it once, by `&` or by `&mut`",
                Lent::Session => "this handler already takes the session: take it once, by `&` or by `&mut`",
                Lent::Handle => {
                    "this handler already takes the watched handle: a watch has one, and it is lent once"
                }
            };
            diagnostics.error(&argument.ty, what);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lent {
    State,
    Session,
    Handle,
}

fn lent_once(asks: Asks, call: &Call<'_>) -> Option<Lent> {
    match asks {
        Asks::State(_) => Some(Lent::State),
        Asks::Session(_) => Some(Lent::Session),
        Asks::UnknownReference => call.is_watch().then_some(Lent::Handle),
        Asks::Plain | Asks::UnknownValue => None,
    }
}

/// Whether the event can give what the argument asks for, as far as that is the macro's to know.
fn argument_fits(
    argument: &Argument,
    asks: Asks,
    call: &Call<'_>,
    server: &Server,
    diagnostics: &mut Diagnostics,
) {
    let (ty, row) = (&argument.ty, call.handler.row());
    match asks {
        Asks::State(Access::Value) => {
            diagnostics.error(
                ty,
                "the state belongs to the server and is only lent: take it by `&`, or by `&mut` to change it",
            );
        }
        Asks::Session(access) => match row.session {
            Session::Absent(reason) => {
                diagnostics.error(ty, format!("a `{}` handler has no session: {reason}", row.name));
            }
            Session::Lent if access == Access::Value => {
                diagnostics.error(
                    ty,
                    "the session is still needed after this: take it by `&`, or by `&mut` to change it; only a `disconnect` \
                     handler can take it by value",
                );
            }
            Session::Lent | Session::Given => {}
        },
        Asks::UnknownReference => unmarked_type(argument, call, server, diagnostics),
        Asks::State(Access::Shared | Access::Mutable) | Asks::Plain | Asks::UnknownValue => {}
    }
}

/// A reference to a type of the module that is neither state nor session can come from nowhere.
fn unmarked_type(argument: &Argument, call: &Call<'_>, server: &Server, diagnostics: &mut Diagnostics) {
    if server.root.has_own_arguments || call.is_watch() {
        return;
    }
    let syn::Type::Reference(reference) = &argument.ty else { return };
    let syn::Type::Path(path) = &*reference.elem else { return };
    let Some(name) = path.path.get_ident() else { return };
    if !server.root.types.contains(name) {
        return;
    }
    let may_be_session =
        server.root.sessions.is_empty() && !matches!(call.handler.row().session, Session::Absent(_));
    let advice = match (server.states.first(), may_be_session) {
        (None, true) => {
            "write `#[state]` above it to have one for the server, or `#[session]` to have one for each connection".to_owned()
        }
        (None, false) => "write `#[state]` above it to have one for the server".to_owned(),
        (Some(state), true) => format!(
            "write `#[session]` above it to have one for each connection, or put a field into the state, `{}`",
            state.name
        ),
        (Some(state), false) => format!("the state is `{}`, so put a field into that", state.name),
    };
    diagnostics.error(&argument.ty, format!("nothing gives a `{name}`: {advice}"));
}

/// The lock on the state must not be held across an `.await`.
fn state_crosses_no_await(
    argument: &Argument,
    asks: Asks,
    handler: &Handler,
    locking: Option<&Ident>,
    diagnostics: &mut Diagnostics,
) {
    if handler.flow == Flow::Plain {
        return;
    }
    match (asks, locking) {
        (Asks::State(Access::Mutable), Some(locking)) => diagnostics.error(
            &argument.ty,
            format!(
                "an `async fn` cannot take the state by `&mut`: as `{locking}` does too, it is behind a lock, which must not be \
                 held across an `.await`\nmake `{}` a plain `fn`, or call one that locks a `Mutex` inside of the state and take \
                 the state by `&` everywhere",
                handler.name
            ),
        ),
        (Asks::State(Access::Mutable), None) => diagnostics.error(
            &argument.ty,
            format!(
                "an `async fn` cannot take the state by `&mut`: it would be locked for everybody across an `.await`\nmake `{}` \
                 a plain `fn`, or take the state by `&` and put what changes behind a `Mutex` or an atomic",
                handler.name
            ),
        ),
        (Asks::State(Access::Shared), Some(locking)) => diagnostics.error(
            &argument.ty,
            format!(
                "an `async fn` cannot take the state here: `{locking}` takes it by `&mut`, so it is behind a lock, which must not \
                 be held across an `.await`\nmake `{}` a plain `fn`, or let `{locking}` take the state by `&` and put what changes \
                 behind a `Mutex` or an atomic",
                handler.name
            ),
        ),
        (Asks::State(_) | Asks::Session(_) | Asks::Plain | Asks::UnknownReference | Asks::UnknownValue, _) => {}
    }
}
