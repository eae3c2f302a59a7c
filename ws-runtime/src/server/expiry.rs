//! Closes connections that expire: each has one more alarm for that.

use super::Server;
use crate::conn::Conn;

/// Marks the number of a connection in an alarm as that of its expiry, so that the connection's own alarm for the
/// same time is another one. Numbers count from 1.
const EXPIRES: u64 = 1 << 63;

impl Server {
    /// Sets the alarm of a connection that expires.
    pub(super) fn watch_expiry(&self, conn: &Conn) {
        if let Some(at) = conn.expires() {
            self.alarms().set(at, conn.id() | EXPIRES);
        }
    }

    /// Removes the alarm again.
    pub(super) fn unwatch_expiry(&self, conn: &Conn) {
        if let Some(at) = conn.expires() {
            self.alarms().unset(at, conn.id() | EXPIRES);
        }
    }

    /// An alarm has rung: wakes the connection, or closes it.
    pub(super) fn alarm(&self, number: u64) {
        if let Some(conn) = self.0.registry.get(number & !EXPIRES) {
            if number & EXPIRES == 0 { conn.wake() } else { conn.expire() }
        }
    }
}
