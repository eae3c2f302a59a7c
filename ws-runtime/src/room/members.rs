//! The connections of a room that are ready.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::conn::Conn;

/// The connections of one room, in the order of their numbers. A room lists what the server lists, from `ready` until
/// `disconnect` is due. The lock is never held while handlers run, or while a handle is dropped.
#[derive(Debug, Default)]
pub(super) struct Members(RwLock<Listed>);

#[derive(Debug, Default)]
struct Listed {
    connections: Connections,
    /// Whether `ready` of a connection has ended well since this was asked.
    had_some: bool,
}

/// Most rooms are small, and there are many: a tree has a block for eleven, even if there is one.
#[derive(Debug)]
enum Connections {
    Few(Vec<Conn>),
    Many(BTreeMap<u64, Conn>),
}

/// So many are still few.
const FEW: usize = 32;

impl Members {
    pub(super) fn insert(&self, conn: &Conn) {
        let replaced = self.write().connections.insert(conn);
        drop(replaced);
    }

    /// `ready` of a connection has ended well.
    pub(super) fn admit(&self) {
        self.write().had_some = true;
    }

    pub(super) fn remove(&self, conn: &Conn) {
        let removed = self.write().connections.remove(conn);
        drop(removed);
    }

    /// Calls `act`, which must be quick, for each connection that is ready now.
    pub(super) fn each_ready(&self, mut act: impl FnMut(&Conn)) {
        let mut act = |conn: &Conn| {
            if conn.is_ready() {
                act(conn);
            }
        };
        match &self.read().connections {
            Connections::Few(few) => few.iter().for_each(&mut act),
            Connections::Many(many) => many.values().for_each(&mut act),
        }
    }

    /// Whether `ready` of a connection has ended well since this was called the last time.
    pub(super) fn had_some(&self) -> bool {
        std::mem::take(&mut self.write().had_some)
    }

    fn read(&self) -> RwLockReadGuard<'_, Listed> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Listed> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connections {
    fn insert(&mut self, conn: &Conn) -> Option<Conn> {
        match self {
            Self::Few(few) => match few.binary_search_by_key(&conn.id(), Conn::id) {
                Ok(_) => None,
                Err(at) if few.len() < FEW => {
                    if few.is_empty() {
                        few.reserve_exact(1);
                    }
                    few.insert(at, conn.clone());
                    None
                }
                Err(_) => {
                    let mut many: BTreeMap<_, _> = few.drain(..).map(|conn| (conn.id(), conn)).collect();
                    let replaced = many.insert(conn.id(), conn.clone());
                    *self = Self::Many(many);
                    replaced
                }
            },
            Self::Many(many) => many.insert(conn.id(), conn.clone()),
        }
    }

    fn remove(&mut self, conn: &Conn) -> Option<Conn> {
        match self {
            Self::Few(few) => {
                let at = few.binary_search_by_key(&conn.id(), Conn::id).ok()?;
                Some(few.remove(at))
            }
            Self::Many(many) => {
                let removed = many.remove(&conn.id());
                if many.is_empty() {
                    *self = Self::default();
                }
                removed
            }
        }
    }
}

impl Default for Connections {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}
