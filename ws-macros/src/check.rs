//! What must fit: the rules that need more than one item to be seen. A handler that breaks one is left out, so that one
//! mistake stays one error.

use proc_macro2::Ident;
use quote::quote;

use crate::diagnostics::Diagnostics;
use crate::model::{Access, Argument, Asks, Cfgs, Event, Flow, Handler, Part, Role, Server, Standing};

pub(crate) fn check(server: &mut Server, diagnostics: &mut Diagnostics) {
    one_of("state", &mut server.states, diagnostics);
    one_of("session", &mut server.sessions, diagnostics);
    if server.parts_unclear || !all_exclusive(&server.states) || !all_exclusive(&server.sessions) {
        // Whether an argument is the state or the session cannot be known.
        leave_out(server, |_| true);
        return;
    }
    let wrong = find_wrong(server, diagnostics);
    leave_out(server, |handler| wrong.contains(&handler.item));
    one_for_each_event(&mut server.handlers, diagnostics);
}

/// The items of the handlers that cannot be called.
fn find_wrong(server: &Server, diagnostics: &mut Diagnostics) -> Vec<usize> {
    let mut wrong = Vec::new();
    let changes = |handler: &&Handler| handler.flow == Flow::Plain && takes_state_mutably(handler);
    let guard = server.handlers.iter().find(changes).map(|handler| &handler.name);
    for (position, handler) in server.handlers.iter().enumerate() {
        let before = diagnostics.count();
        let earlier = server.handlers.iter().take(position);
        one_handler(handler, earlier, diagnostics);
        takes_once(handler, diagnostics);
        for argument in &handler.arguments {
            argument_fits(argument, handler, server, diagnostics);
            state_crosses_no_await(argument, handler, guard, diagnostics);
        }
        if diagnostics.count() != before {
            wrong.push(handler.item);
        }
    }
    wrong
}

/// At most one type is the state, and one the session.
fn one_of(what: &str, parts: &mut [Part], diagnostics: &mut Diagnostics) {
    let per = if what == "state" { "server" } else { "connection" };
    for position in 0..parts.len() {
        let (earlier, rest) = parts.split_at_mut(position);
        let Some(part) = rest.first_mut() else { break };
        let already = |first: &Part| {
            format!(
                "the {what} is already `{}`: there is one type of it for each {per}, so put both into one struct",
                first.name
            )
        };
        if let Some(first) = earlier.iter().find(|first| !part.cfgs.excludes(&first.cfgs)) {
            diagnostics.error(&part.name, already(first));
            continue;
        }
        for first in earlier {
            stand_back(&part.name, &mut part.cfgs, &first.cfgs, already(first), diagnostics);
        }
    }
}

/// Twins are alternatives only where their conditions never hold together. Where they do, the later one has a mistake,
/// and is left out so that it stays one.
fn stand_back(name: &Ident, cfgs: &mut Cfgs, earlier: &Cfgs, already: String, diagnostics: &mut Diagnostics) {
    if cfgs.is_opposite(earlier) {
        return;
    }
    let (own, earlier) = (cfgs.condition(), earlier.condition());
    diagnostics.error_if(quote!(all(#own, #earlier)), name, already);
    cfgs.0.push(quote!(not(#earlier)));
}

fn all_exclusive(parts: &[Part]) -> bool {
    parts
        .iter()
        .enumerate()
        .all(|(position, part)| parts.iter().take(position).all(|first| part.cfgs.excludes(&first.cfgs)))
}

fn one_handler<'h>(
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

/// Twins under `#[cfg]`, of which more than one may be left.
fn one_for_each_event(handlers: &mut [Handler], diagnostics: &mut Diagnostics) {
    for position in 0..handlers.len() {
        let (earlier, rest) = handlers.split_at_mut(position);
        let Some(handler) = rest.first_mut() else { break };
        let Some(event) = handler.event() else { continue };
        for first in earlier.iter().filter(|first| first.event() == Some(event)) {
            let already = already_handled(event, first);
            stand_back(&handler.name, &mut handler.cfgs, &first.cfgs, already, diagnostics);
        }
    }
}

fn already_handled(event: Event, first: &Handler) -> String {
    format!("`{}` already has a handler, `{}`: let one function do both", event.name(), first.name)
}

/// The state, the session and the watched handle are each lent to one argument.
fn takes_once(handler: &Handler, diagnostics: &mut Diagnostics) {
    for (position, argument) in handler.arguments.iter().enumerate() {
        let Some(lent) = lent_once(argument, &handler.role) else { continue };
        let is_rival = |first: &&Argument| {
            lent_once(first, &handler.role) == Some(lent) && !first.cfgs.excludes(&argument.cfgs)
        };
        if handler.arguments.iter().take(position).any(|first| is_rival(&first)) {
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

fn lent_once(argument: &Argument, role: &Role) -> Option<Lent> {
    match (argument.asks, role) {
        (Asks::State(_), _) => Some(Lent::State),
        (Asks::Session(_), _) => Some(Lent::Session),
        (Asks::UnknownReference, Role::Watch { .. }) => Some(Lent::Handle),
        (Asks::UnknownReference, Role::On(_) | Role::Tick { .. }) | (Asks::Plain | Asks::UnknownValue, _) => {
            None
        }
    }
}

/// Whether the event can give what the argument asks for, as far as that is the macro's to know.
fn argument_fits(argument: &Argument, handler: &Handler, server: &Server, diagnostics: &mut Diagnostics) {
    let (ty, role) = (&argument.ty, handler.role.name());
    match argument.asks {
        Asks::State(Access::Value) => {
            diagnostics.error(
                ty,
                "the state belongs to the server and is only lent: take it by `&`, or by `&mut` to change it",
            );
        }
        Asks::Session(access) => {
            if let Some(reason) = handler.role.without_session() {
                diagnostics.error(ty, format!("a `{role}` handler has no session: {reason}"));
            } else if access == Access::Value && role != "disconnect" {
                diagnostics.error(
                    ty,
                    "the session is still needed after this: take it by `&`, or by `&mut` to change it; only a `disconnect` \
                     handler can take it by value",
                );
            }
        }
        Asks::UnknownReference => unmarked_type(argument, handler, server, diagnostics),
        Asks::State(Access::Shared | Access::Mutable) | Asks::Plain | Asks::UnknownValue => {}
    }
}

/// A reference to a type of the module that is neither state nor session can come from nowhere.
fn unmarked_type(argument: &Argument, handler: &Handler, server: &Server, diagnostics: &mut Diagnostics) {
    if server.teaches_arguments || matches!(handler.role, Role::Watch { .. }) {
        return;
    }
    let syn::Type::Reference(reference) = &argument.ty else { return };
    let syn::Type::Path(path) = &*reference.elem else { return };
    let Some(name) = path.path.get_ident() else { return };
    if !server.types.contains(name) {
        return;
    }
    let advice = match (server.states.first(), server.sessions.first(), handler.role.without_session()) {
        (None, None, None) => {
            "write `#[state]` above it to have one for the server, or `#[session]` to have one for each connection".to_owned()
        }
        (None, _, _) => "write `#[state]` above it to have one for the server".to_owned(),
        (Some(state), None, None) => format!(
            "write `#[session]` above it to have one for each connection, or put a field into the state, `{}`",
            state.name
        ),
        (Some(state), _, _) => format!("the state is `{}`, so put a field into that", state.name),
    };
    diagnostics.error(&argument.ty, format!("nothing gives a `{name}`: {advice}"));
}

/// The lock on the state must not be held across an `.await`.
fn state_crosses_no_await(
    argument: &Argument,
    handler: &Handler,
    guard: Option<&Ident>,
    diagnostics: &mut Diagnostics,
) {
    if handler.flow == Flow::Plain {
        return;
    }
    match (argument.asks, guard) {
        (Asks::State(Access::Mutable), Some(guard)) => diagnostics.error(
            &argument.ty,
            format!(
                "an `async fn` cannot take the state by `&mut`: as `{guard}` does too, it is behind a lock, which must not be \
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
        (Asks::State(Access::Shared), Some(guard)) => diagnostics.error(
            &argument.ty,
            format!(
                "an `async fn` cannot take the state here: `{guard}` takes it by `&mut`, so it is behind a lock, which must not \
                 be held across an `.await`\nmake `{}` a plain `fn`, or let `{guard}` take the state by `&` and put what changes \
                 behind a `Mutex` or an atomic",
                handler.name
            ),
        ),
        (Asks::State(_) | Asks::Session(_) | Asks::Plain | Asks::UnknownReference | Asks::UnknownValue, _) => {}
    }
}

pub(crate) fn takes_state_mutably(handler: &Handler) -> bool {
    handler.arguments.iter().any(|argument| argument.asks == Asks::State(Access::Mutable))
}

/// Takes handlers out of the dispatch; their items stay.
fn leave_out(server: &mut Server, is_wrong: impl Fn(&Handler) -> bool) {
    for handler in std::mem::take(&mut server.handlers) {
        if !is_wrong(&handler) {
            server.handlers.push(handler);
            continue;
        }
        if let Some(item) = server.items.get_mut(handler.item) {
            item.standing = Standing::LeftOut;
        }
        server.abandoned.extend(handler.event());
    }
}
