//! The registry of connections, from `ready` until they are gone.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::conn::Conn;

/// The connections that are ready and those that are closing, by number. The lock is never held while handlers run.
#[derive(Debug, Default)]
pub(super) struct Registry(RwLock<Listed>);

#[derive(Debug, Default)]
struct Listed {
    /// From the 101 until `disconnect` is due. A connection that starts to close stays here until its task has seen it.
    ready: BTreeMap<u64, Conn>,
    /// Those whose `disconnect` handler or closing handshake runs.
    closing: BTreeMap<u64, Conn>,
}

impl Registry {
    pub(super) fn insert(&self, conn: &Conn) {
        self.write().ready.insert(conn.id(), conn.clone());
    }

    pub(super) fn begin_closing(&self, conn: &Conn) {
        let mut listed = self.write();
        listed.ready.remove(&conn.id());
        listed.closing.insert(conn.id(), conn.clone());
    }

    pub(super) fn remove(&self, conn: &Conn) {
        let mut listed = self.write();
        if listed.closing.remove(&conn.id()).is_none() {
            listed.ready.remove(&conn.id());
        }
    }

    /// The connections that are ready now.
    pub(super) fn list(&self) -> Vec<Conn> {
        self.read().ready.values().filter(|conn| conn.is_ready()).cloned().collect()
    }

    /// The connection with this number, if it is not gone.
    pub(super) fn get(&self, number: u64) -> Option<Conn> {
        let listed = self.read();
        listed.ready.get(&number).or_else(|| listed.closing.get(&number)).cloned()
    }

    /// Calls `act`, which must be quick, for each connection that is ready now.
    pub(super) fn each_ready(&self, act: impl FnMut(&Conn)) {
        self.read().ready.values().filter(|conn| conn.is_ready()).for_each(act);
    }

    /// Calls `act`, which must be quick, for each connection whose `disconnect` is still to come.
    pub(super) fn each(&self, act: impl FnMut(&Conn)) {
        self.read().ready.values().for_each(act);
    }

    /// Calls `act`, which must be quick, for each connection that is not gone.
    pub(super) fn each_remaining(&self, act: impl FnMut(&Conn)) {
        let listed = self.read();
        listed.ready.values().chain(listed.closing.values()).for_each(act);
    }

    fn read(&self) -> RwLockReadGuard<'_, Listed> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Listed> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
