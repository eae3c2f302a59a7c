//! The connections that have become ready, until they are gone.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::conn::Conn;

/// Who is ready and who parts, by number. The lock is never held while user code runs.
#[derive(Debug, Default)]
pub(super) struct Registry(RwLock<Listed>);

#[derive(Debug, Default)]
struct Listed {
    ready: BTreeMap<u64, Conn>,
    /// No longer ready, but not gone: their `disconnect` runs, or their goodbye.
    parting: BTreeMap<u64, Conn>,
}

impl Registry {
    pub(super) fn insert(&self, conn: &Conn) {
        self.write().ready.insert(conn.id(), conn.clone());
    }

    pub(super) fn part(&self, conn: &Conn) {
        let mut listed = self.write();
        listed.ready.remove(&conn.id());
        listed.parting.insert(conn.id(), conn.clone());
    }

    pub(super) fn remove(&self, conn: &Conn) {
        let mut listed = self.write();
        if listed.parting.remove(&conn.id()).is_none() {
            listed.ready.remove(&conn.id());
        }
    }

    pub(super) fn list(&self) -> Vec<Conn> {
        self.read().ready.values().cloned().collect()
    }

    /// The connection of that number, if it is not gone.
    pub(super) fn get(&self, number: u64) -> Option<Conn> {
        let listed = self.read();
        listed.ready.get(&number).or_else(|| listed.parting.get(&number)).cloned()
    }

    /// Does something quick for each that is ready.
    pub(super) fn each(&self, act: impl FnMut(&Conn)) {
        self.read().ready.values().for_each(act);
    }

    /// Does something quick for each that is not gone.
    pub(super) fn each_left(&self, act: impl FnMut(&Conn)) {
        let listed = self.read();
        listed.ready.values().chain(listed.parting.values()).for_each(act);
    }

    fn read(&self) -> RwLockReadGuard<'_, Listed> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Listed> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
