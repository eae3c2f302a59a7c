//! One message to many connections.

use std::cell::Cell;

use super::Server;
use crate::conn::{Broadcast, Conn, SendError, corked};
use crate::event::{Binary, Utf8};
use crate::message::{self, Push};
use crate::route::Reach;
use crate::stats::{Direction, Kind};
use crate::wire::FrameKind;

/// The receivers of a message.
pub(crate) trait Receivers {
    /// Calls `send`, which is quick, for each of them.
    fn each(&self, send: impl FnMut(&Conn));

    /// Sends a push to those whose route takes it.
    fn send_push<P: Push>(&self, push: &P) -> usize {
        // Mostly, all of them belong to one server.
        let known = Cell::new((0, Reach::NOWHERE));
        let is_for = |conn: &Conn| {
            let server = conn.server();
            if P::ROUTE.is_some() && known.get().0 != server.address() {
                known.set((server.address(), server.reach_of::<P>()));
            }
            conn.takes(if P::ROUTE.is_some() { known.get().1 } else { Reach::EVERY })
        };
        let sent = message::with_text(
            |out| message::write_push(out, push),
            |text| self.send_frame(FrameKind::Text, text.as_slice(), is_for),
        );
        sent.unwrap_or_else(|error| {
            tracing::error!(push = P::NAME, %error, "a push was not sent: it does not serialise as JSON");
            0
        })
    }

    fn send_text(&self, text: &Utf8<'_>) -> usize {
        self.send_frame(FrameKind::Text, text.as_str().as_bytes(), |_| true)
    }

    fn send_data(&self, data: &Binary<'_>) -> usize {
        self.send_frame(FrameKind::Binary, data.as_slice(), |_| true)
    }

    fn send_frame(&self, kind: FrameKind, payload: &[u8], is_for: impl Fn(&Conn) -> bool) -> usize {
        let mut broadcast = Broadcast::new(kind, payload);
        let mut too_large = 0;
        // Logged later, without a lock: a subscriber may send the log to connections.
        let mut missed = Vec::new();
        let mut counted = Recipients::new(kind, payload.len());
        corked(|| {
            self.each(|conn| {
                if !is_for(conn) {
                    return;
                }
                match broadcast.send_to(conn) {
                    Ok(()) => counted.add(conn),
                    // It is not ready yet, or has started to close meanwhile.
                    Err(SendError::NotReady | SendError::Gone) => {}
                    Err(SendError::TooLarge { .. }) => too_large += 1,
                    Err(error) => missed.push((conn.id(), error)),
                }
            });
        });
        counted.end_run();
        for (conn, error) in missed {
            tracing::debug!(conn, %error, "missed a broadcast");
        }
        if too_large > 0 {
            tracing::error!(
                size = payload.len(),
                connections = too_large,
                "a broadcast is larger than `max_send_size`: these connections missed it"
            );
        }
        counted.count
    }
}

/// Counts the connections that take a broadcast.
struct Recipients {
    /// How many there are.
    count: usize,
    /// Mostly, all are of one server and one route. What tells the last one from others.
    last: (usize, usize),
    run: Option<Run>,
    kind: Kind,
    bytes: usize,
}

/// Connections of one server and one route, one after the other.
struct Run {
    server: Server,
    route: usize,
    /// How many came before.
    before: usize,
}

impl Recipients {
    fn new(kind: FrameKind, bytes: usize) -> Self {
        let kind = if kind == FrameKind::Text { Kind::Text } else { Kind::Binary };
        Self { count: 0, last: (0, 0), run: None, kind, bytes }
    }

    #[inline]
    fn add(&mut self, conn: &Conn) {
        if self.last != (conn.server().address(), conn.route()) {
            self.begin_run(conn);
        }
        self.count = self.count.wrapping_add(1);
    }

    #[cold]
    fn begin_run(&mut self, conn: &Conn) {
        self.end_run();
        self.last = (conn.server().address(), conn.route());
        self.run = Some(Run { server: conn.server().clone(), route: conn.route(), before: self.count });
    }

    fn end_run(&mut self) {
        let Some(Run { server, route, before }) = self.run.take() else { return };
        let count = self.count.wrapping_sub(before) as u64;
        let counters = server.counters();
        counters.count(route, Direction::Sent, self.kind, count, count.wrapping_mul(self.bytes as u64));
        counters.recipients(count);
        if before == 0 {
            counters.broadcast();
        }
    }
}
