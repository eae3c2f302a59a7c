//! Each metric once: everything that exports them follows from this table.

use std::time::UNIX_EPOCH;

use super::metric::{Metric, MetricKind, Point, Value};
use super::snapshot::Stats;
use super::traffic::Traffic;

const ROUTE: &str = "http.route";
const STATUS: &str = "http.response.status_code";
const ERROR: &str = "error.type";
const DIRECTION: &str = "network.io.direction";
const KIND: &str = "ws.message.kind";
const CODE: &str = "ws.close.code";
const BY: &str = "ws.close.by";
const HANDLER: &str = "ws.handler";

/// What a server without routes has for the path of its only one.
const EVERY_PATH: &str = "*";

pub(super) const ALL: &[Metric] = &[
    Metric {
        name: "ws.server.active_connections",
        kind: MetricKind::UpDownCounter,
        unit: "{connection}",
        description: "Connections that are open",
        attributes: &[ROUTE],
        read: |stats| {
            stats
                .routes
                .iter()
                .map(|route| Point::count(route.connections).text(ROUTE, path(&route.path)))
                .collect()
        },
    },
    Metric {
        name: "ws.server.connections",
        kind: MetricKind::Counter,
        unit: "{connection}",
        description: "Connections that were opened",
        attributes: &[ROUTE],
        read: |stats| {
            stats
                .routes
                .iter()
                .map(|route| Point::count(route.opened).text(ROUTE, path(&route.path)))
                .collect()
        },
    },
    Metric {
        name: "ws.server.connection.duration",
        kind: MetricKind::Histogram,
        unit: "s",
        description: "How long the connections that have ended were open",
        attributes: &[ROUTE, BY, CODE],
        read: |stats| {
            stats
                .closed
                .iter()
                .map(|closed| {
                    Point::new(Value::Histogram(&closed.durations))
                        .text(ROUTE, path(&closed.path))
                        .text(BY, closed.by.as_str())
                        .known_code(CODE, closed.code)
                })
                .collect()
        },
    },
    Metric {
        name: "ws.server.active_handshakes",
        kind: MetricKind::UpDownCounter,
        unit: "{connection}",
        description: "Connections that are accepted and not open yet",
        attributes: &[],
        read: |stats| vec![Point::count(stats.pending_handshakes)],
    },
    Metric {
        name: "ws.server.handshakes",
        kind: MetricKind::Counter,
        unit: "{handshake}",
        description: "Handshakes, by the status of their answer and by what was wrong",
        attributes: &[STATUS, ERROR],
        read: |stats| {
            stats
                .handshakes
                .iter()
                .map(|one| Point::count(one.count).code(STATUS, one.status).text(ERROR, one.error))
                .collect()
        },
    },
    Metric {
        name: "ws.server.handshake.duration",
        kind: MetricKind::Histogram,
        unit: "s",
        description: "How long accepted handshakes took, from the accepted connection to the 101, without what is mounted",
        attributes: &[],
        read: |stats| vec![Point::new(Value::Histogram(&stats.handshake_durations))],
    },
    Metric {
        name: "ws.server.rejected_connections",
        kind: MetricKind::Counter,
        unit: "{connection}",
        description: "Connections that came to no handshake, and those cut for max_memory, by the reason",
        attributes: &[ERROR],
        read: |stats| {
            stats.rejected.iter().map(|one| Point::count(one.count).text(ERROR, one.reason)).collect()
        },
    },
    Metric {
        name: "ws.server.requests",
        kind: MetricKind::Counter,
        unit: "{request}",
        description: "Plain HTTP requests that the server has answered, and no router, by the status of their answer",
        attributes: &[STATUS],
        read: |stats| {
            stats.requests.iter().map(|one| Point::count(one.count).code(STATUS, one.status)).collect()
        },
    },
    Metric {
        name: "ws.server.messages",
        kind: MetricKind::Counter,
        unit: "{message}",
        description: "Messages and control frames, by direction and kind",
        attributes: &[ROUTE, DIRECTION, KIND],
        read: |stats| {
            let kinds = |traffic: &Traffic| {
                let Traffic { text, binary, pings, pongs, closes, bytes: _ } = *traffic;
                [("text", text), ("binary", binary), ("ping", pings), ("pong", pongs), ("close", closes)]
            };
            let points = directions(stats).flat_map(|(route, direction, traffic)| {
                kinds(traffic).map(|(kind, count)| {
                    Point::count(count).text(ROUTE, route).text(DIRECTION, direction).text(KIND, kind)
                })
            });
            points.collect()
        },
    },
    Metric {
        name: "ws.server.io",
        kind: MetricKind::Counter,
        unit: "By",
        description: "Payload of the messages, without headers and compression, by direction",
        attributes: &[ROUTE, DIRECTION],
        read: |stats| {
            let points = directions(stats).map(|(route, direction, traffic)| {
                Point::count(traffic.bytes).text(ROUTE, route).text(DIRECTION, direction)
            });
            points.collect()
        },
    },
    Metric {
        name: "ws.server.dropped_messages",
        kind: MetricKind::Counter,
        unit: "{message}",
        description: "Messages that a peer did not get because it reads too slowly",
        attributes: &[],
        read: |stats| vec![Point::count(stats.dropped_messages)],
    },
    Metric {
        name: "ws.server.broadcasts",
        kind: MetricKind::Counter,
        unit: "{message}",
        description: "Messages to many connections at once",
        attributes: &[],
        read: |stats| vec![Point::count(stats.broadcasts)],
    },
    Metric {
        name: "ws.server.broadcast.recipients",
        kind: MetricKind::Counter,
        unit: "{connection}",
        description: "Connections that took the messages to many, in all",
        attributes: &[],
        read: |stats| vec![Point::count(stats.broadcast_recipients)],
    },
    Metric {
        name: "ws.server.outbox",
        kind: MetricKind::UpDownCounter,
        unit: "By",
        description: "Bytes that wait in the queues of connections, of each queue from 16 KiB on",
        attributes: &[],
        read: |stats| vec![Point::count(stats.queued_bytes)],
    },
    Metric {
        name: "ws.server.handler.duration",
        kind: MetricKind::Histogram,
        unit: "s",
        description: "How long handlers took, where the option handler_durations is on",
        attributes: &[HANDLER],
        read: |stats| {
            stats
                .handlers
                .iter()
                .map(|one| Point::new(Value::Histogram(&one.durations)).text(HANDLER, one.handler))
                .collect()
        },
    },
    Metric {
        name: "ws.server.handler.errors",
        kind: MetricKind::Counter,
        unit: "{error}",
        description: "Calls of handlers that failed or were refused, by the reason",
        attributes: &[HANDLER, ERROR],
        read: |stats| {
            stats
                .failures
                .iter()
                .map(|one| Point::count(one.count).text(HANDLER, one.handler).text(ERROR, one.error))
                .collect()
        },
    },
    Metric {
        name: "ws.server.handler.blocked",
        kind: MetricKind::Counter,
        unit: "{call}",
        description: "Handlers that blocked their thread for as long as the option watchdog allows",
        attributes: &[],
        read: |stats| vec![Point::count(stats.blocked_handlers)],
    },
    Metric {
        name: "ws.server.tick.delay",
        kind: MetricKind::Histogram,
        unit: "s",
        description: "How late ticks were",
        attributes: &[HANDLER],
        read: |stats| {
            stats
                .tick_delays
                .iter()
                .map(|one| Point::new(Value::Histogram(&one.durations)).text(HANDLER, one.handler))
                .collect()
        },
    },
    Metric {
        name: "ws.server.runtime.delay",
        kind: MetricKind::Histogram,
        unit: "s",
        description: "How late the runtime woke the task that watches the deadlines of connections",
        attributes: &[],
        read: |stats| vec![Point::new(Value::Histogram(&stats.runtime_delays))],
    },
    Metric {
        name: "ws.server.tls.expires",
        kind: MetricKind::Gauge,
        unit: "s",
        description: "When the first certificate expires, in seconds since 1970",
        attributes: &[],
        read: |stats| {
            let since_1970 = stats.tls_expires.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
            since_1970.map(|seconds| Point::new(Value::Number(seconds.as_secs_f64()))).into_iter().collect()
        },
    },
    Metric {
        name: "ws.server.uptime",
        kind: MetricKind::Gauge,
        unit: "s",
        description: "How long ago the server started",
        attributes: &[],
        read: |stats| vec![Point::new(Value::Number(stats.uptime.as_secs_f64()))],
    },
];

fn path(path: &Option<String>) -> &str {
    path.as_deref().unwrap_or(EVERY_PATH)
}

/// What went in each direction on each route.
fn directions(stats: &Stats) -> impl Iterator<Item = (&str, &'static str, &Traffic)> {
    stats.routes.iter().flat_map(|route| {
        let path = path(&route.path);
        [(path, "receive", &route.received), (path, "transmit", &route.sent)]
    })
}
