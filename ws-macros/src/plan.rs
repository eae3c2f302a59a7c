//! Decides what is generated, from what was read and checked. `expand` makes no decisions of its own.

use std::collections::{BTreeMap, BTreeSet};

use ws_spec::path::Pattern;

use crate::cfgs::twins;
use crate::check::LeftOut;
use crate::events::{Event, Output};
use crate::model::{Part, Room, Scope, Server};
use crate::resolve::{Access, Asks, Call, Resolved};

/// What is generated for a module of a server: its own, or that of a route.
#[derive(Debug)]
pub(crate) struct Plan<'s> {
    pub(crate) server: &'s Server,
    pub(crate) scope: &'s Scope,
    /// In the order of their declaration, in which they are locked.
    pub(crate) states: Vec<State>,
    /// At most one of them exists: their conditions exclude each other.
    pub(crate) sessions: Vec<Part>,
    /// At most one of them exists, as with the sessions.
    pub(crate) identities: Vec<Part>,
    /// At most one of them exists, as with the sessions.
    pub(crate) rooms: Vec<Room>,
    /// The handlers that are called; at most one for an event exists.
    pub(crate) calls: Vec<Call<'s>>,
    /// Whether it is unknown how the session is made, because of a mistake in its type or in the `handshake` handler.
    pub(crate) session_unclear: bool,
    /// The same of the room and the `create` handler.
    pub(crate) room_unclear: bool,
    /// The indices of the items that are handlers but are not called.
    uncalled: BTreeSet<usize>,
    /// The indices of the items that are not emitted, because the compiler may not be able to resolve them.
    omitted: BTreeSet<usize>,
}

/// A state, and what it is kept in.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) part: Part,
    pub(crate) cell: Cell,
    /// The index of the first state with this name, by which arguments refer to it.
    pub(crate) number: usize,
}

/// What a state is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    /// All handlers share it.
    Plain,
    /// It is behind a lock, because a handler takes it by `&mut`, or a route in a file of its own may.
    Guarded,
    /// It is behind a lock, because its timers change when they are due.
    Timed,
}

/// Plans all modules, in their order.
pub(crate) fn plan<'s>(resolved: Vec<Resolved<'s>>, left_out: &[LeftOut]) -> Vec<Plan<'s>> {
    let kept = resolved.iter().zip(left_out).flat_map(|(module, left_out)| {
        let calls = module.calls.iter().enumerate();
        calls.filter(|(number, _)| !left_out.contains(*number)).map(|(_, call)| call.clone())
    });
    let all: Vec<Call<'s>> = kept.collect();
    let mut foreign = foreign_guards(&resolved, left_out);
    let modules = resolved.into_iter().zip(left_out).enumerate();
    modules
        .map(|(number, (module, left_out))| {
            let mut plan = Plan::new(module, left_out, &all);
            plan.omitted.extend(foreign.remove(&number).unwrap_or_default());
            plan
        })
        .collect()
}

/// The guards of inner modules whose signatures may not resolve: the items by the number of the module that they
/// stand in.
fn foreign_guards(resolved: &[Resolved<'_>], left_out: &[LeftOut]) -> BTreeMap<usize, BTreeSet<usize>> {
    let mut found: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (module, left_out) in resolved.iter().zip(left_out) {
        let guards = module.calls.iter().enumerate().filter(|(number, _)| left_out.is_foreign(*number));
        for (_, call) in guards.filter(|(_, call)| call.handler.above > 0) {
            if let Some(number) = module.server.number_above(module.scope, call.handler.above) {
                found.entry(number).or_default().insert(call.handler.item);
            }
        }
    }
    found
}

impl<'s> Plan<'s> {
    /// Plans a module. `all` are the calls of all modules, for the locks on the states.
    fn new(resolved: Resolved<'s>, left_out: &LeftOut, all: &[Call<'_>]) -> Self {
        let Resolved { server, scope, calls } = resolved;
        let mut kept = Vec::new();
        let (mut uncalled, mut omitted) = (BTreeSet::new(), BTreeSet::new());
        let mut handshake_lost = scope.handshake_unread;
        let mut create_lost = scope.create_unread;
        for (number, call) in calls.into_iter().enumerate() {
            if left_out.contains(number) {
                if call.handler.above == 0 {
                    uncalled.insert(call.handler.item);
                }
                if left_out.is_foreign(number) && call.handler.above == 0 {
                    omitted.insert(call.handler.item);
                }
                handshake_lost |= call.handler.event() == Some(Event::Handshake)
                    || call.returns == Some(Asks::Session(Access::Value));
                create_lost |= call.handler.event() == Some(Event::Create)
                    || call.returns == Some(Asks::Room(Access::Value));
            } else {
                kept.push(call);
            }
        }
        Self {
            server,
            scope,
            states: states(&server.states, all),
            sessions: exclusive_parts(&scope.sessions),
            identities: if scope.route.is_none() { exclusive_parts(&server.identities) } else { Vec::new() },
            rooms: exclusive_rooms(&scope.rooms),
            calls: exclusive_calls(kept),
            session_unclear: scope.parts_unclear || handshake_lost || left_out.session_unclear,
            room_unclear: scope.parts_unclear || create_lost || left_out.room_unclear,
            uncalled,
            omitted,
        }
    }

    /// The calls for named messages, those of `#[on(message)]` included.
    pub(crate) fn named_calls(&self) -> impl Iterator<Item = &Call<'s>> {
        self.calls.iter().filter(|call| call.handler.row().output == Output::Data)
    }

    /// Whether it is the module of a server that has routes.
    pub(crate) fn has_routes(&self) -> bool {
        self.scope.route.is_none() && self.server.has_routes()
    }

    /// How many modules it lies below the server's.
    pub(crate) fn depth(&self) -> usize {
        self.scope.route.as_ref().map_or(0, |route| route.depth)
    }

    /// The names of the parameters in the whole path of a route.
    pub(crate) fn parameters(&self) -> Vec<String> {
        let pattern = self.scope.route.as_ref().and_then(|route| Pattern::parse(&route.full_path).ok());
        let names = pattern.iter().flat_map(Pattern::parameters).map(|parameter| parameter.name.clone());
        names.collect()
    }

    /// Whether its connections speak the envelope.
    pub(crate) fn speaks_envelope(&self) -> bool {
        !self.scope.pushes.is_empty()
            || self.scope.handlers.iter().any(|handler| handler.row().output == Output::Data)
    }

    /// The calls for an event.
    pub(crate) fn calls_of(&self, event: Event) -> impl Iterator<Item = &Call<'s>> {
        self.calls.iter().filter(move |call| call.handler.event() == Some(event))
    }

    /// What the state with this number is kept in.
    pub(crate) fn cell(&self, number: usize) -> Cell {
        self.states.get(number).map_or(Cell::Plain, |state| state.cell)
    }

    /// Whether the room or some state is, or may be, behind a lock.
    pub(crate) fn has_locks(&self) -> bool {
        !self.rooms.is_empty() || self.states.iter().any(|state| state.cell != Cell::Plain)
    }

    /// Whether an item is a handler that is left out.
    pub(crate) fn is_uncalled(&self, item: usize) -> bool {
        self.uncalled.contains(&item)
    }

    /// Whether an item is not emitted.
    pub(crate) fn is_omitted(&self, item: usize) -> bool {
        self.omitted.contains(&item)
    }
}

fn states(parts: &[Part], calls: &[Call<'_>]) -> Vec<State> {
    let state = |part: &Part| {
        // Under `#[cfg]`, two types can have the same name.
        let number = parts.iter().position(|first| first.name == part.name).unwrap_or_default();
        let cell = if calls.iter().any(|call| call.timed_state == Some(number)) {
            Cell::Timed
        } else if part.is_locked || calls.iter().any(|call| call.changes_state(number)) {
            Cell::Guarded
        } else {
            Cell::Plain
        };
        State { part: part.clone(), cell, number }
    };
    parts.iter().map(state).collect()
}

fn exclusive_parts(parts: &[Part]) -> Vec<Part> {
    let twins = twins(parts.iter().map(|part| (Some(()), &part.cfgs)));
    parts.iter().zip(twins).map(|(part, twin)| Part { cfgs: twin.cfgs, ..part.clone() }).collect()
}

fn exclusive_rooms(rooms: &[Room]) -> Vec<Room> {
    let twins = twins(rooms.iter().map(|room| (Some(()), &room.part.cfgs)));
    let exclusive = |room: &Room, cfgs| Room { part: Part { cfgs, ..room.part.clone() }, ..room.clone() };
    rooms.iter().zip(twins).map(|(room, twin)| exclusive(room, twin.cfgs)).collect()
}

/// An event or a named message has one call; there can be any number of ticks and watches.
fn exclusive_calls(calls: Vec<Call<'_>>) -> Vec<Call<'_>> {
    let twins = twins(calls.iter().map(|call| (call.handler.subject(), &call.cfgs)));
    calls.into_iter().zip(twins).map(|(call, twin)| Call { cfgs: twin.cfgs, ..call }).collect()
}
