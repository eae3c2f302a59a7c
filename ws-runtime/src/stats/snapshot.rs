//! What users read.

use std::time::{Duration, SystemTime};

use super::counters::Counters;
use super::histogram::Histogram;
use super::traffic::Traffic;
use crate::Server;
use crate::event::ClosedBy;

/// What happened in a server since it started, and how it stands: [`Server::stats`].
///
/// Counts only grow, until they wrap around after 2^64; the rest rises and falls. The numbers are read one after the
/// other while the server runs, so they may differ by what happens meanwhile. A message is counted at the end of the
/// turn in which its connection received or sent it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Stats {
    /// How long ago the server started.
    pub uptime: Duration,
    /// How many connections are open: from the 101 until it is certain how they ended.
    pub connections: u64,
    /// How many connections are accepted, and not open yet.
    pub pending_handshakes: u64,
    /// The bytes that wait in the queues of connections, of each queue from 16 KiB on, in steps of that.
    pub queued_bytes: u64,
    /// What was received from all connections.
    pub received: Traffic,
    /// What was sent to all connections, or queued for them.
    pub sent: Traffic,
    /// Messages that a peer did not get because it read too slowly.
    pub dropped_messages: u64,
    /// Messages to many connections at once.
    pub broadcasts: u64,
    /// How many connections took them, in all.
    pub broadcast_recipients: u64,
    /// Handshakes, by their result. Results that never came are left out, as in all lists but [`routes`](Self::routes).
    pub handshakes: Vec<HandshakeStats>,
    /// How long the accepted handshakes took, from the accepted connection to the 101. Those of a server that is mounted
    /// in another one are left out.
    pub handshake_durations: Histogram,
    /// Plain HTTP requests, by the status of their answer. Those that a router beside the server answers are left out.
    pub requests: Vec<RequestStats>,
    /// Connections that came to no handshake, and those that were cut for `max_memory`, by the reason.
    pub rejected: Vec<RejectedStats>,
    /// The routes, in the order of their declaration. A server without routes has one, of every path.
    pub routes: Vec<RouteStats>,
    /// Connections that have ended, by route and by how.
    pub closed: Vec<ClosedStats>,
    /// How long handlers took, by their names. Empty unless the option `handler_durations` is on.
    pub handlers: Vec<HandlerStats>,
    /// Calls of handlers that failed or were refused, by handler and reason.
    pub failures: Vec<FailureStats>,
    /// How often a handler has blocked its thread for as long as the option `watchdog` allows.
    pub blocked_handlers: u64,
    /// When the first of the server's certificates expires. `None` if it speaks no TLS, or if that is not known.
    pub tls_expires: Option<SystemTime>,
    /// How late the ticks of the server began, by handler.
    pub tick_delays: Vec<HandlerStats>,
    /// How late the runtime woke the task that watches the deadlines of all connections: how long work waits for a
    /// thread. tokio's timers are exact to a millisecond.
    pub runtime_delays: Histogram,
}

/// Durations of one handler.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HandlerStats {
    /// The name of its function.
    pub handler: &'static str,
    /// How long it took, or how late it was.
    pub durations: Histogram,
}

/// How many calls of a handler failed for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailureStats {
    /// The name of its function.
    pub handler: &'static str,
    /// What went wrong, in one word: `panic`; `failed`, an error that the peer is not told; `refused`, by the handler
    /// or its guard; `malformed`, `unknown`, `rate`, `phase` or `not_run`, by the runtime before the handler began.
    pub error: &'static str,
    /// How many there were.
    pub count: u64,
}

/// How many handshakes had one result.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandshakeStats {
    /// The status of the answer: 101 if it was accepted. `None` if the connection ended without an answer.
    pub status: Option<u16>,
    /// What was wrong, in one word. `None` for what was accepted, and for what a handler refused.
    pub error: Option<&'static str>,
    /// How many there were.
    pub count: u64,
}

/// How many plain HTTP requests were answered with one status.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestStats {
    /// The status.
    pub status: u16,
    /// How many there were.
    pub count: u64,
}

/// How many connections were rejected for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RejectedStats {
    /// The reason, in one word.
    pub reason: &'static str,
    /// How many there were.
    pub count: u64,
}

/// The connections of one route.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouteStats {
    /// The path as it is declared: `/table/{id}`. `None` if it serves every path.
    pub path: Option<String>,
    /// How many connections were opened.
    pub opened: u64,
    /// How many connections are open.
    pub connections: u64,
    /// What was received.
    pub received: Traffic,
    /// What was sent or queued.
    pub sent: Traffic,
}

/// Connections of one route that ended in one way.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ClosedStats {
    /// The path of the route, as in [`RouteStats::path`].
    pub path: Option<String>,
    /// What ended them.
    pub by: ClosedBy,
    /// The close code, as [`Close::code`](crate::Close::code). `None` for codes of the peer's that RFC 6455 does not
    /// define: peers could make thousands of them.
    pub code: Option<u16>,
    /// How long the connections were open.
    pub durations: Histogram,
}

impl Server {
    /// What happened since the server started, and how it stands. Costs some microseconds, and the connections nothing.
    ///
    /// ```
    /// use ws_runtime::prelude::*;
    ///
    /// #[ws_server(listen = 8080)]
    /// mod echo {
    ///     use super::*;
    ///
    ///     #[on(utf8)]
    ///     fn echo(text: &str) -> &str {
    ///         text
    ///     }
    ///
    ///     #[tick(period = 60)]
    ///     fn report(server: &Server) {
    ///         let stats = server.stats();
    ///         println!("{} connections, {} messages", stats.connections, stats.received.messages());
    ///     }
    /// }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        let counters = self.counters();
        let routes = counters.route_stats();
        let (mut received, mut sent) = (Traffic::default(), Traffic::default());
        for route in &routes {
            received += route.received;
            sent += route.sent;
        }
        Stats {
            uptime: counters.start.elapsed(),
            connections: routes.iter().map(|route| route.connections).sum(),
            pending_handshakes: self.pending_handshakes() as u64,
            queued_bytes: counters.memory.get(),
            received,
            sent,
            dropped_messages: counters.dropped.get(),
            broadcasts: counters.broadcasts.get(),
            broadcast_recipients: counters.recipients.get(),
            handshakes: counters.handshakes.list(|(result, count)| HandshakeStats {
                status: result.status,
                error: result.error,
                count: *count,
            }),
            handshake_durations: counters.handshake_durations.get(),
            requests: counters
                .requests
                .list(|(status, count)| RequestStats { status: *status, count: *count }),
            rejected: counters
                .rejected
                .list(|(reason, count)| RejectedStats { reason: reason.as_str(), count: *count }),
            closed: counters.closed_stats(),
            handlers: counters
                .handlers
                .list()
                .into_iter()
                .map(|(handler, durations)| HandlerStats { handler, durations })
                .collect(),
            failures: counters.failures.list(|((handler, error), count)| FailureStats {
                handler,
                error,
                count: *count,
            }),
            tls_expires: self.tls_expires(),
            blocked_handlers: counters.blocked.get(),
            tick_delays: counters
                .tick_delays
                .list(|(handler, durations)| HandlerStats { handler, durations: durations.clone() }),
            runtime_delays: counters.runtime_delays.get(),
            routes,
        }
    }
}

impl Counters {
    fn route_stats(&self) -> Vec<RouteStats> {
        let of_route = |(number, of_route): (usize, &super::counters::OfRoute)| {
            let (received, sent) = self.traffic.of_route(number);
            RouteStats {
                path: of_route.path.clone(),
                opened: of_route.opened.get(),
                connections: of_route.open.get(),
                received,
                sent,
            }
        };
        self.routes.iter().enumerate().map(of_route).collect()
    }

    fn closed_stats(&self) -> Vec<ClosedStats> {
        self.closed.list(|((route, ending), durations)| ClosedStats {
            path: self.routes.get(*route).and_then(|of_route| of_route.path.clone()),
            by: ending.by,
            code: ending.code,
            durations: durations.clone(),
        })
    }
}
