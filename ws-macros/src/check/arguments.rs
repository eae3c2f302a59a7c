//! Checks the arguments of handlers, as far as the names of their types tell. The compiler checks the rest, by the
//! traits of the runtime.

use std::collections::BTreeSet;

use proc_macro2::Ident;

use super::unknown;
use crate::diagnostics::Diagnostics;
use crate::events::{Event, Output, Payload, Room, Row, Session, Surroundings};
use crate::model::{Argument, Flow, Handler, Role, Scope, Server};
use crate::resolve::{Access, Asks, Call};
use crate::syntax::{peel, referenced_name, single_name};
use syn::{GenericArgument, PathArguments, Type};

/// What checking a handler's arguments found.
#[derive(Default)]
pub(super) struct Found {
    /// Whether the handler cannot be called.
    pub(super) is_wrong: bool,
    /// Whether an argument has a type of another framework, which may not resolve.
    pub(super) is_foreign: bool,
}

/// Checks the arguments of handlers, one handler after the other.
pub(super) struct Arguments<'c> {
    pub(super) server: &'c Server,
    pub(super) scope: &'c Scope,
    /// For each state a handler that takes it by `&mut`, if there is one.
    pub(super) locking: Vec<Option<&'c Ident>>,
    /// For each state the handler of a timer in it, if there is one.
    pub(super) timed: Vec<Option<&'c Ident>>,
    /// The types that were reported because they are not marked.
    pub(super) unmarked: &'c mut BTreeSet<String>,
}

impl Arguments<'_> {
    pub(super) fn check(&mut self, call: &Call<'_>, diagnostics: &mut Diagnostics) -> Found {
        let mut found = Found::default();
        takes_once(call, diagnostics);
        reads_once(call, diagnostics);
        for (argument, asks) in &call.arguments {
            argument_fits(argument, *asks, call, self.scope, diagnostics);
            self.state_crosses_no_await(argument, *asks, call.handler, diagnostics);
            room_crosses_no_await(argument, *asks, call.handler, diagnostics);
            if let Asks::Plain | Asks::UnknownReference | Asks::UnknownValue = asks
                && let Some(problem) = unknown::problem(argument, *asks, call, self.scope, self.server)
            {
                found.is_wrong = true;
                found.is_foreign |= problem.is_foreign;
                let is_new = problem.unmarked.is_none_or(|name| self.unmarked.insert(self.key(&name)));
                if let Some(message) = problem.message.filter(|_| is_new) {
                    let event = meant_event(call.handler).unwrap_or_default();
                    diagnostics.error(&argument.ty, format!("{message}{event}"));
                }
            }
        }
        found
    }

    /// Whether `#[state(lock)]` puts the state behind a lock.
    fn is_locked(&self, number: usize) -> bool {
        self.server.states.get(number).is_some_and(|state| state.is_locked)
    }

    /// What a type is reported by: types of the same name in two routes are two.
    pub(super) fn key(&self, name: &Ident) -> String {
        match &self.scope.route {
            Some(route) if self.scope.types.contains(name) => format!("{} {name}", route.full_path),
            Some(_) | None => name.to_string(),
        }
    }

    /// Checks that no lock on the state is held across an `.await`.
    fn state_crosses_no_await(
        &self,
        argument: &Argument,
        asks: Asks,
        handler: &Handler,
        diagnostics: &mut Diagnostics,
    ) {
        let Asks::State(number, access) = asks else { return };
        if !handler.holds_no_lock() {
            return;
        }
        let locking = self.locking.get(number).copied().flatten();
        let timed = self.timed.get(number).copied().flatten();
        if handler.blocks() && handler.flow == Flow::Plain {
            if let Some(message) = blocks_with_lock(access, locking, timed, self.is_locked(number)) {
                diagnostics.error(&argument.ty, message);
            }
            return;
        }
        if handler.flow == Flow::Plain {
            if access == Access::Mutable || locking.is_some() || timed.is_some() || self.is_locked(number) {
                diagnostics.error(&argument.ty, STREAM_BORROWS);
            }
            return;
        }
        if let Some(timed) = timed {
            diagnostics.error(
                &argument.ty,
                format!(
                    "an `async fn` cannot take a state with timers, such as that of `{timed}`: it is behind a lock, which must not be \
                     held across an `.await`\nmake `{}` a plain `fn`, or put the timers into a `#[state]` of their own",
                    handler.name
                ),
            );
            return;
        }
        if access == Access::Shared && locking.is_none() && self.is_locked(number) {
            diagnostics.error(
                &argument.ty,
                format!(
                    "an `async fn` cannot take a state marked `#[state(lock)]`: it is behind a lock, which must not be held across an \
                     `.await`\nmake `{}` a plain `fn`, or let all handlers take the state by `&` and put what changes behind a `Mutex` or \
                     an atomic",
                    handler.name
                ),
            );
            return;
        }
        match (access, locking) {
            (Access::Mutable, Some(locking)) => diagnostics.error(
                &argument.ty,
                format!(
                    "an `async fn` cannot take the state by `&mut`: `{locking}` does too, so the state is behind a lock, which must \
                     not be held across an `.await`\nmake `{}` a plain `fn`, or call one that locks a `Mutex` inside of the state and take \
                     the state by `&` everywhere",
                    handler.name
                ),
            ),
            (Access::Mutable, None) => diagnostics.error(
                &argument.ty,
                format!(
                    "an `async fn` cannot take the state by `&mut`: it would stay locked for all connections across an `.await`\nmake `{}` \
                     a plain `fn`, or take the state by `&` and put what changes behind a `Mutex` or an atomic",
                    handler.name
                ),
            ),
            (Access::Shared, Some(locking)) => diagnostics.error(
                &argument.ty,
                format!(
                    "an `async fn` cannot take the state here: `{locking}` takes it by `&mut`, so it is behind a lock, which must not \
                     be held across an `.await`\nmake `{}` a plain `fn`, or let `{locking}` take the state by `&` and put what changes \
                     behind a `Mutex` or an atomic",
                    handler.name
                ),
            ),
            (Access::Shared, None) | (Access::Value, _) => {}
        }
    }
}

/// Why a `blocking` handler cannot take a state.
fn blocks_with_lock(
    access: Access,
    locking: Option<&Ident>,
    timed: Option<&Ident>,
    is_locked: bool,
) -> Option<String> {
    let held = "it is behind a lock, which would be held while the handler blocks";
    match (access, locking, timed) {
        (Access::Mutable, ..) => Some(
            "a `blocking` handler cannot take the state by `&mut`: it would stay locked for all connections while the handler blocks\n\
             take the state by `&`, and put what changes behind a `Mutex` or an atomic"
                .to_owned(),
        ),
        (Access::Value, ..) => None,
        (Access::Shared, _, Some(timed)) => Some(format!(
            "a `blocking` handler cannot take a state with timers, such as that of `{timed}`: {held}\n\
             put the timers into a `#[state]` of their own"
        )),
        (Access::Shared, Some(locking), None) => Some(format!(
            "a `blocking` handler cannot take the state here: `{locking}` takes it by `&mut`, so {held}\n\
             let `{locking}` take the state by `&` and put what changes behind a `Mutex` or an atomic"
        )),
        (Access::Shared, None, None) => is_locked.then(|| {
            format!(
                "a `blocking` handler cannot take a state marked `#[state(lock)]`: {held}\n\
                 let all handlers take the state by `&` and put what changes behind a `Mutex` or an atomic"
            )
        }),
    }
}

/// Checks that no lock on the room is held across an `.await`.
fn room_crosses_no_await(argument: &Argument, asks: Asks, handler: &Handler, diagnostics: &mut Diagnostics) {
    let Asks::Room(Access::Shared | Access::Mutable) = asks else { return };
    // An `empty` handler owns the room, and an event without a room has its own error.
    if !handler.holds_no_lock() || !matches!(handler.row().room, Room::Lent | Room::Shared | Room::Handle) {
        return;
    }
    let name = referenced_name(&argument.ty).map_or_else(|| "…".to_owned(), ToString::to_string);
    let instead = format!(
        "take its handle, `&Room<{name}>`: `room.with(|room| …).await` looks at the state and changes it, and `room.later(|room| …)` does \
         without waiting"
    );
    let message = if handler.blocks() && handler.flow == Flow::Plain {
        format!(
            "a `blocking` handler cannot take the room by reference: it would stay locked for all its peers while the handler blocks\n\
             take its handle, `&Room<{name}>`: `room.later(|room| …)` changes the room without waiting"
        )
    } else if handler.flow == Flow::Plain {
        format!(
            "the stream of this handler may borrow the room, which is behind a lock that must not be held across an `.await`\n{instead}"
        )
    } else {
        format!(
            "an `async fn` cannot take the room by reference: it would stay locked for all its peers across an `.await`\n\
             {instead}; or make `{}` a plain `fn`",
            handler.name
        )
    };
    diagnostics.error(&argument.ty, message);
}

const STREAM_BORROWS: &str = "the stream of this handler may borrow the state, which is behind a lock that must not be held across an `.await`\n\
     write `impl Stream<…> + use<>` if the stream borrows nothing: then the lock is held for the call alone";

/// The hint for a handler of messages that are called as an event is.
fn meant_event(handler: &Handler) -> Option<String> {
    let Role::Named(name) = &handler.role else { return None };
    let event = Event::of_name(&name.value())?.name();
    Some(format!(
        "\n`#[on({event:?})]` takes messages of that type; the event has no quotes: `#[on({event})]`"
    ))
}

/// Checks that at most one argument takes a state, the session, the room or the watched handle.
fn takes_once(call: &Call<'_>, diagnostics: &mut Diagnostics) {
    for (number, (argument, asks)) in call.arguments.iter().enumerate() {
        let Some(lent) = lent_once(*asks, call) else { continue };
        let is_rival = |(first, asks): &(&Argument, Asks)| {
            lent_once(*asks, call) == Some(lent) && !first.cfgs.excludes(&argument.cfgs)
        };
        if call.arguments.iter().take(number).any(is_rival) {
            let is_of_phase = call.arguments.iter().any(|(_, asks)| matches!(asks, Asks::Phase(_)));
            let what = match lent {
                Lent::State(_) => "this handler already takes this state: take it once, by `&` or by `&mut`",
                Lent::Session if is_of_phase => {
                    "this handler already takes the session, and a phase is a part of it: take the session alone, and `match` it"
                }
                Lent::Session => "this handler already takes the session: take it once, by `&` or by `&mut`",
                Lent::Room => "this handler already takes the room: take it once, by `&` or by `&mut`",
                Lent::Handle => {
                    "this handler already takes the watched handle: take it once, by `&` or by `&mut`"
                }
            };
            diagnostics.error(&argument.ty, what);
        }
    }
}

/// Checks that at most one argument reads the message as JSON, and that no two arguments take a parameter of the path
/// each.
fn reads_once(call: &Call<'_>, diagnostics: &mut Diagnostics) {
    at_most_one(call, is_json, ONE_JSON, diagnostics);
    at_most_one(call, is_one_parameter, ONE_PATH, diagnostics);
}

fn at_most_one(call: &Call<'_>, reads: fn(&Type) -> bool, message: &str, diagnostics: &mut Diagnostics) {
    let mut reading =
        call.arguments.iter().map(|(argument, _)| argument).filter(|argument| reads(&argument.ty));
    let Some(first) = reading.next() else { return };
    for argument in reading.filter(|argument| !argument.cfgs.excludes(&first.cfgs)) {
        diagnostics.error(&argument.ty, message);
    }
}

const ONE_JSON: &str =
    "the message is read once: take one `Json<T>`, where `T` is a struct with all that is wanted of it";

const ONE_PATH: &str =
    "each `Path` is all parameters: take one, such as `Path((league, id)): Path<(u64, u64)>`";

fn is_json(ty: &Type) -> bool {
    last_name(ty).is_some_and(|name| name == "Json")
}

/// Whether it is a `Path<u64>`, or one of another type that is a single parameter.
fn is_one_parameter(ty: &Type) -> bool {
    let Type::Path(path) = peel(ty) else { return false };
    let Some(last) = path.path.segments.last().filter(|last| last.ident == "Path") else { return false };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return false };
    let Some(GenericArgument::Type(parameter)) = arguments.args.first() else { return false };
    single_name(parameter).is_some_and(|name| SINGLE.iter().any(|single| name == single))
}

const SINGLE: [&str; 10] = ["String", "bool", "u8", "u16", "u32", "u64", "usize", "i32", "i64", "i128"];

fn last_name(ty: &Type) -> Option<&Ident> {
    match peel(ty) {
        Type::Path(path) => path.path.segments.last().map(|last| &last.ident),
        _ => None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lent {
    State(usize),
    Session,
    Room,
    Handle,
}

fn lent_once(asks: Asks, call: &Call<'_>) -> Option<Lent> {
    match asks {
        Asks::State(number, _) => Some(Lent::State(number)),
        Asks::Session(_) | Asks::Phase(_) => Some(Lent::Session),
        Asks::Room(_) => Some(Lent::Room),
        Asks::UnknownReference => call.is_watch().then_some(Lent::Handle),
        Asks::Identity(_) | Asks::Plain | Asks::UnknownValue => None,
    }
}

/// Checks that the event provides the state, the session or the room in the way that the argument asks for.
fn argument_fits(
    argument: &Argument,
    asks: Asks,
    call: &Call<'_>,
    scope: &Scope,
    diagnostics: &mut Diagnostics,
) {
    let (ty, row) = (&argument.ty, call.handler.row());
    match (asks, row.session) {
        (Asks::State(_, Access::Value), _) => diagnostics
            .error(ty, "the state belongs to the server: take it by `&`, or by `&mut` to change it"),
        (Asks::Session(_) | Asks::Phase(_), Session::Absent(_)) if call.handler.streams().is_some() && call.handler.flow == Flow::Plain => {
            diagnostics.error(
                ty,
                "the stream of this handler may borrow the session, which other handlers need while it runs\n\
                 write `impl Stream<…> + use<>` if the stream borrows nothing",
            );
        }
        (Asks::Session(_) | Asks::Phase(_), Session::Absent(reason)) => {
            diagnostics.error(ty, format!("{} has no session: {reason}", row.title));
        }
        (Asks::Session(Access::Value) | Asks::Phase(Access::Value), Session::Lent) => diagnostics.error(
            ty,
            "the session is still needed after this event: take it by `&`, or by `&mut` to change it; only a `disconnect` \
             handler can take it by value",
        ),
        (Asks::Identity(_), _) if !has_identity(row, scope) => {
            diagnostics.error(ty, no_identity(row));
        }
        (Asks::Identity(Access::Mutable | Access::Value), _) => diagnostics.error(
            ty,
            "the identity never changes, and the connection keeps it: take it by `&`; what changes is for the `#[session]` or a \
             `#[state]`",
        ),
        (Asks::Room(access), _) => {
            if let Some(problem) = no_room(access, row) {
                diagnostics.error(ty, problem);
            }
        }
        (
            Asks::State(..)
            | Asks::Session(_)
            | Asks::Phase(_)
            | Asks::Identity(_)
            | Asks::Plain
            | Asks::UnknownReference
            | Asks::UnknownValue,
            _,
        ) => {}
    }
}

/// Why a handler cannot take the room in this way.
fn no_room(access: Access, row: &Row) -> Option<String> {
    match (row.room, access) {
        (Room::Absent(reason), _) => Some(format!("{} has no room: {reason}", row.title)),
        (Room::Shared, Access::Mutable) => Some(
            "the peer is no member of the room yet, so its `handshake` cannot change the room: take it by `&`, and change it in `ready`, \
             which may refuse too"
                .to_owned(),
        ),
        (Room::Lent | Room::Shared | Room::Handle, Access::Value) => Some(
            "the room belongs to all its peers: take it by `&`, or by `&mut` to change it; only an `empty` handler can take it by \
             value"
                .to_owned(),
        ),
        (Room::Lent | Room::Shared | Room::Handle | Room::Given, _) => None,
    }
}

/// Whether the peer has its identity already. The `handshake` handler of a route comes after that of the server.
fn has_identity(row: &Row, scope: &Scope) -> bool {
    match row.surroundings {
        Surroundings::Connection | Surroundings::Arrival => true,
        Surroundings::Admission => scope.route.is_some(),
        Surroundings::Opening | Surroundings::Server | Surroundings::Room => false,
    }
}

/// Why a handler cannot take the identity.
fn no_identity(row: &Row) -> String {
    let reason = match row.surroundings {
        Surroundings::Admission if row.output == Output::Room => {
            "in a server without routes the room is made before `#[on(handshake)]` says who the peer is"
        }
        Surroundings::Admission => "it makes the identity, so return one",
        Surroundings::Opening if matches!(row.payload, Payload::Kept("Request")) => {
            "`#[on(handshake)]` makes it, and a plain HTTP request never gets there; a `Bearer` says who asks"
        }
        Surroundings::Opening => "a peer has one from `#[on(handshake)]` on",
        Surroundings::Server | Surroundings::Room | Surroundings::Connection | Surroundings::Arrival => {
            "it does not belong to a connection; `conn.identity::<…>()` is that of one"
        }
    };
    format!("{} has no identity: {reason}", row.title)
}
