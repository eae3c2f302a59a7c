//! What is written for a server: decided here, from what was read and checked, so that `expand` decides nothing.

use std::collections::BTreeSet;

use crate::cfgs::twins;
use crate::check::LeftOut;
use crate::events::Event;
use crate::model::{Part, Scope, Server};
use crate::resolve::{Call, Resolved};

/// What is written for a server and its module.
#[derive(Debug)]
pub(crate) struct Plan<'s> {
    pub(crate) server: &'s Server,
    pub(crate) scope: &'s Scope,
    /// No two of them ever exist at once: their conditions say so.
    pub(crate) states: Vec<Part>,
    /// As the states.
    pub(crate) sessions: Vec<Part>,
    /// The handlers that are called; no two of them ever answer the same event.
    pub(crate) calls: Vec<Call<'s>>,
    pub(crate) store: Store,
    /// Whether nobody knows how the session is made, as the handler or the type that would say so has a mistake.
    pub(crate) session_unclear: bool,
    /// The numbers of the items whose function is not called though it is marked.
    uncalled: BTreeSet<usize>,
    /// The numbers of the items that are not written back, as the compiler might not understand them.
    omitted: BTreeSet<usize>,
}

/// Where the state is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    /// All handlers share it.
    Plain,
    /// It is behind a lock, as some handler takes it by `&mut`.
    Guarded,
}

impl<'s> Plan<'s> {
    pub(crate) fn new(resolved: Resolved<'s>, left_out: &LeftOut) -> Self {
        let Resolved { server, calls } = resolved;
        let scope = &server.root;
        let mut kept = Vec::new();
        let (mut uncalled, mut omitted) = (BTreeSet::new(), BTreeSet::new());
        let mut handshake_lost = scope.handshake_unread;
        for (number, call) in calls.into_iter().enumerate() {
            if left_out.contains(number) {
                uncalled.insert(call.handler.item);
                if left_out.is_foreign(number) {
                    omitted.insert(call.handler.item);
                }
                handshake_lost |= call.handler.event() == Some(Event::Handshake) || call.returns_session;
            } else {
                kept.push(call);
            }
        }
        Self {
            server,
            scope,
            states: exclusive_parts(&server.states),
            sessions: exclusive_parts(&scope.sessions),
            store: if kept.iter().any(Call::takes_state_mutably) { Store::Guarded } else { Store::Plain },
            calls: exclusive_calls(kept),
            session_unclear: scope.parts_unclear || handshake_lost,
            uncalled,
            omitted,
        }
    }

    /// The calls that answer an event.
    pub(crate) fn calls_of(&self, event: Event) -> impl Iterator<Item = &Call<'s>> {
        self.calls.iter().filter(move |call| call.handler.event() == Some(event))
    }

    /// Whether an item is a handler that is left out.
    pub(crate) fn is_uncalled(&self, item: usize) -> bool {
        self.uncalled.contains(&item)
    }

    /// Whether an item is not written back.
    pub(crate) fn is_omitted(&self, item: usize) -> bool {
        self.omitted.contains(&item)
    }
}

fn exclusive_parts(parts: &[Part]) -> Vec<Part> {
    let twins = twins(parts.iter().map(|part| (Some(()), &part.cfgs)));
    parts.iter().zip(twins).map(|(part, twin)| Part { cfgs: twin.cfgs, ..part.clone() }).collect()
}

/// Of one event there is one call; of ticks and watches any number.
fn exclusive_calls(calls: Vec<Call<'_>>) -> Vec<Call<'_>> {
    let twins = twins(calls.iter().map(|call| (call.handler.event(), &call.cfgs)));
    calls.into_iter().zip(twins).map(|(call, twin)| Call { cfgs: twin.cfgs, ..call }).collect()
}
