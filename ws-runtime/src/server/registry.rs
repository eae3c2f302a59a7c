//! The connections that are ready.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use crate::conn::Conn;

/// Who is ready, by number. The lock is never held while user code runs.
#[derive(Debug, Default)]
pub(super) struct Registry {
    ready: RwLock<BTreeMap<u64, Conn>>,
}

impl Registry {
    pub(super) fn insert(&self, conn: &Conn) {
        self.ready.write().unwrap_or_else(PoisonError::into_inner).insert(conn.id(), conn.clone());
    }

    pub(super) fn remove(&self, conn: &Conn) {
        self.ready.write().unwrap_or_else(PoisonError::into_inner).remove(&conn.id());
    }

    pub(super) fn list(&self) -> Vec<Conn> {
        self.ready.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Does something quick for each.
    pub(super) fn each(&self, act: impl FnMut(&Conn)) {
        self.ready.read().unwrap_or_else(PoisonError::into_inner).values().for_each(act);
    }
}
