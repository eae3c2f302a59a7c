//! All that a server counts.

use std::time::Duration;

use tokio::time::Instant;

use super::counter::{ByKey, Counter, Durations, Level};
use super::handlers::Handlers;
use super::histogram::Histogram;
use super::labels::{Ending, HandshakeResult, Rejected};
use super::shards::Shards;
use super::traffic::{Direction, Kind};
use crate::event::Close;

/// What happened in a server since it started.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(super) start: Instant,
    pub(super) routes: Box<[OfRoute]>,
    pub(super) traffic: Shards,
    pub(super) handshakes: ByKey<HandshakeResult, u64>,
    pub(super) handshake_durations: Durations,
    pub(super) requests: ByKey<u16, u64>,
    pub(super) rejected: ByKey<Rejected, u64>,
    /// The connections that have ended, by the number of their route.
    pub(super) closed: ByKey<(usize, Ending), Histogram>,
    pub(super) handlers: Handlers,
    /// By handler and by what went wrong.
    pub(super) failures: ByKey<(&'static str, &'static str), u64>,
    pub(super) tick_delays: ByKey<&'static str, Histogram>,
    pub(super) runtime_delays: Durations,
    pub(super) dropped: Counter,
    pub(super) broadcasts: Counter,
    pub(super) recipients: Counter,
    pub(super) blocked: Counter,
    pub(super) memory: Level,
}

/// The connections of a route.
#[derive(Debug)]
pub(super) struct OfRoute {
    /// Its path as it is declared; `None` if it serves every path.
    pub(super) path: Option<String>,
    pub(super) opened: Counter,
    pub(super) open: Level,
}

impl Counters {
    /// Counts for about so many threads, and for routes with these paths.
    pub(crate) fn new(threads: usize, paths: Vec<Option<String>>, times_handlers: bool) -> Self {
        let of_route = |path| OfRoute { path, opened: Counter::default(), open: Level::default() };
        Self {
            start: Instant::now(),
            traffic: Shards::new(threads, paths.len()),
            routes: paths.into_iter().map(of_route).collect(),
            handshakes: ByKey::default(),
            handshake_durations: Durations::new(Histogram::HANDSHAKES),
            requests: ByKey::default(),
            rejected: ByKey::default(),
            closed: ByKey::default(),
            handlers: Handlers::new(times_handlers),
            failures: ByKey::default(),
            tick_delays: ByKey::default(),
            runtime_delays: Durations::new(Histogram::DELAYS),
            dropped: Counter::default(),
            broadcasts: Counter::default(),
            recipients: Counter::default(),
            blocked: Counter::default(),
            memory: Level::default(),
        }
    }

    /// Counts a handshake that was accepted or refused.
    pub(crate) fn handshake(&self, result: HandshakeResult) {
        self.handshakes.count(result);
    }

    /// Counts how long an accepted handshake took.
    pub(crate) fn handshake_took(&self, duration: Duration) {
        self.handshake_durations.observe(duration);
    }

    /// Counts a connection of a route that became a WebSocket.
    pub(crate) fn opened(&self, route: usize) {
        if let Some(of_route) = self.routes.get(route) {
            of_route.opened.add(1);
            of_route.open.change(1);
        }
    }

    /// Counts the end of a connection that was [`opened`](Self::opened).
    pub(crate) fn closed(&self, route: usize, close: &Close, after: Duration) {
        if let Some(of_route) = self.routes.get(route) {
            of_route.open.change(-1);
        }
        self.closed.observe((route, Ending::of(close)), Histogram::CONNECTIONS, after);
    }

    /// Counts a plain HTTP request that was answered with this status.
    pub(crate) fn request(&self, status: u16) {
        self.requests.count(status);
    }

    /// Counts a connection that got no handshake.
    pub(crate) fn rejected(&self, why: Rejected) {
        self.rejected.count(why);
    }

    /// Counts so many messages or control frames of one kind and a route, of `bytes` in all.
    pub(crate) fn count(&self, route: usize, direction: Direction, kind: Kind, count: u64, bytes: u64) {
        self.traffic.count(route, direction, kind, count, bytes);
    }

    /// Whether to [measure](Self::handler_took) how long handlers take.
    pub(crate) fn times_handlers(&self) -> bool {
        self.handlers.is_on()
    }

    /// Counts a call of a handler, and how long it took.
    pub(crate) fn handler_took(&self, handler: &'static str, duration: Duration) {
        self.handlers.observe(handler, duration);
    }

    /// Counts a call of a handler that failed, or that was refused before it began. Both words are this crate's or from
    /// the declaration.
    pub(crate) fn failed(&self, handler: &'static str, error: &'static str) {
        self.failures.count((handler, error));
    }

    /// Counts how late a tick began.
    pub(crate) fn tick_delayed(&self, handler: &'static str, delay: Duration) {
        self.tick_delays.observe(handler, Histogram::DELAYS, delay);
    }

    /// Counts how late the runtime woke a task of ours for its timer.
    pub(crate) fn runtime_delayed(&self, delay: Duration) {
        self.runtime_delays.observe(delay);
    }

    /// Counts messages that a peer did not get, because it reads too slowly.
    pub(crate) fn dropped(&self, messages: u64) {
        self.dropped.add(messages);
    }

    /// Counts a message to many connections that some of them took.
    pub(crate) fn broadcast(&self) {
        self.broadcasts.add(1);
    }

    /// Counts connections that took a message to many.
    pub(crate) fn recipients(&self, count: u64) {
        self.recipients.add(count);
    }

    /// Counts a handler that has blocked its thread for as long as `watchdog` allows.
    pub(crate) fn blocked(&self) {
        self.blocked.add(1);
    }

    /// Changes how many bytes wait in all queues together.
    pub(crate) fn memory(&self, by: i64) {
        self.memory.change(by);
    }
}
