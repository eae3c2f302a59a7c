//! Bounds what waits for all peers together (`max_memory`).

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::conn::Conn;

/// The large queues of all connections, by size: the largest is found without a look at the others. A connection comes
/// here once for each step by which its queue grows, and not at all while its queue is small.
#[derive(Debug)]
pub(crate) struct Memory {
    /// `max_memory`.
    most: usize,
    queues: Mutex<Queues>,
}

#[derive(Debug, Default)]
struct Queues {
    /// Bytes in all.
    total: usize,
    /// By their bytes and the number of their connection. Of two that are equally large, the connection that is longer
    /// there comes last.
    by_size: BTreeMap<(usize, Reverse<u64>), Conn>,
}

impl Memory {
    pub(super) fn new(most: usize) -> Self {
        Self { most, queues: Mutex::default() }
    }

    /// The queue of a connection holds so many bytes now, and held so many `before`, as it said; 0 if it is small.
    /// Returns the connections to cut, the one with the largest queue first. They do not count any more.
    ///
    /// The caller holds the lock of the connection's send path, and cuts others without it.
    pub(crate) fn account(&self, conn: &Conn, before: usize, now: usize) -> Vec<Conn> {
        let key = |bytes| (bytes, Reverse(conn.id()));
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let was = queues.total;
        if before > 0 {
            if queues.by_size.remove(&key(before)).is_none() {
                // It is about to be cut.
                return Vec::new();
            }
            queues.total -= before;
        }
        if now > 0 {
            queues.by_size.insert(key(now), conn.clone());
            queues.total += now;
        }
        let victims = if queues.total > self.most { queues.relieve(self.most / 10 * 9) } else { Vec::new() };
        let by = i64::try_from(queues.total).unwrap_or(i64::MAX) - i64::try_from(was).unwrap_or(i64::MAX);
        conn.server().counters().memory(by);
        victims
    }
}

impl Queues {
    /// Takes out the largest queues until no more than `most` bytes are left.
    #[cold]
    fn relieve(&mut self, most: usize) -> Vec<Conn> {
        let mut victims = Vec::new();
        while self.total > most
            && let Some(((bytes, _), conn)) = self.by_size.pop_last()
        {
            self.total -= bytes;
            victims.push(conn);
        }
        victims
    }
}
