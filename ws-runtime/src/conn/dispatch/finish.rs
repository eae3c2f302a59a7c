//! The end of a connection, after its last message.

use super::Dispatcher;
use super::call::{catch_call, catch_now, report};
use crate::conn::Conn;
use crate::conn::drive::Driver;
use crate::conn::span;
use crate::event::{Close, ClosedBy, Route};
use crate::stats::{Direction, Kind, Rejected};

impl<R: Route> Dispatcher<R> {
    /// Waits until it is certain how the connection ended, runs `disconnect`, drops the session and closes the socket.
    pub(in crate::conn) async fn finish(mut self, mut driver: Driver) {
        let conn = self.guard.0.clone();
        let conn = &conn;
        driver.drop_beside();
        driver.drained().await;
        let (close, has_sent_close, failure, is_victim) = {
            let mut send_path = conn.send_path();
            let close = send_path.close().cloned().unwrap_or_else(|| Close::abnormal(ClosedBy::Network));
            let close = Close { dropped: send_path.dropped(), ..close };
            (close, send_path.has_sent_close(), send_path.take_failure(), send_path.is_victim())
        };
        if has_sent_close {
            conn.count(Direction::Sent, Kind::Close, 0);
        }
        let open_for = self.since.until(conn.server().alarms().now());
        conn.server().counters().closed(conn.route(), &close, open_for);
        conn.server().note_end(&close, has_sent_close);
        if let Some(error) = failure {
            tracing::debug!(conn = conn.id(), %error, "writing failed");
        }
        span::disconnected(conn, &close);
        if is_victim {
            log_victim(conn);
        }
        driver.spare_disconnect();
        let (name, ended) = match conn.replaced_disconnect() {
            Some(handler) => {
                let ended = catch_call(conn.server(), "on_disconnect", || handler(&close));
                ("on_disconnect", Some(ended))
            }
            None if self.session.is_none() => {
                tracing::warn!(
                    handler = R::DISCONNECT,
                    conn = conn.id(),
                    "handler not run: a `blocking` handler still has the session"
                );
                (R::DISCONNECT, None)
            }
            None => {
                let event = self.event().bringing(&close);
                (R::DISCONNECT, driver.run_handler(R::DISCONNECT, || R::disconnect(event)).await)
            }
        };
        if let Some(ended) = ended {
            report(conn, name, ended);
        }
        // The session's destructor may panic too. The socket must still be closed in order.
        if let Err(panicked) = catch_now(|| drop(self.session.take())) {
            report(conn, R::DISCONNECT, Err(panicked));
        }
        // A room is emptied after the last `disconnect`.
        conn.leave_room();
        driver.close().await;
        // The socket is dropped first: dropping the guard tells the server that a descriptor is free.
        drop(driver);
        drop(self);
    }
}

/// The connection was cut as all queues together were too large, and its own was the largest.
#[cold]
fn log_victim(conn: &Conn) {
    let server = conn.server();
    server.counters().rejected(Rejected::Memory);
    if server.allows_log("max_memory") {
        let most = server.options().max_memory;
        tracing::warn!(conn = conn.id(), peer = %conn.peer(), "cut: max_memory ({most}) was exceeded, and most waited for this peer");
    }
}
