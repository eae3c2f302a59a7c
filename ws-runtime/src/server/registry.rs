//! The registry of connections, from `ready` until they are gone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::conn::Conn;

/// The connections that are ready and those that are closing, by number. The lock is never held while handlers run.
#[derive(Debug, Default)]
pub(super) struct Registry(RwLock<Listed>);

#[derive(Debug, Default)]
struct Listed {
    /// From the call of `ready` until `disconnect` is due. A connection that starts to close stays here until its
    /// task has seen it.
    ready: BTreeMap<u64, Conn>,
    /// Those whose `disconnect` handler or closing handshake runs.
    closing: BTreeMap<u64, Conn>,
    /// The hashes of the keys of those that are ready, with their numbers.
    keys: BTreeSet<(u64, u64)>,
}

impl Listed {
    fn remove_ready(&mut self, conn: &Conn) {
        self.ready.remove(&conn.id());
        if let Some(hash) = conn.identity_hash() {
            self.keys.remove(&(hash, conn.id()));
        }
    }
}

impl Registry {
    pub(super) fn insert(&self, conn: &Conn) {
        let mut listed = self.write();
        listed.ready.insert(conn.id(), conn.clone());
        listed.keys.extend(conn.identity_hash().map(|hash| (hash, conn.id())));
    }

    pub(super) fn begin_closing(&self, conn: &Conn) {
        let mut listed = self.write();
        listed.remove_ready(conn);
        listed.closing.insert(conn.id(), conn.clone());
    }

    pub(super) fn remove(&self, conn: &Conn) {
        let mut listed = self.write();
        if listed.closing.remove(&conn.id()).is_none() {
            listed.remove_ready(conn);
        }
    }

    /// The connections that are ready now.
    pub(super) fn list(&self) -> Vec<Conn> {
        self.read().ready.values().filter(|conn| conn.is_ready()).cloned().collect()
    }

    /// The connections that are ready now and whose key has this hash.
    pub(super) fn list_of_hash(&self, hash: u64) -> Vec<Conn> {
        let listed = self.read();
        let numbers = listed.keys.range((hash, 0)..=(hash, u64::MAX)).map(|(_, number)| number);
        let connections = numbers.filter_map(|number| listed.ready.get(number));
        connections.filter(|conn| conn.is_ready()).cloned().collect()
    }

    /// Some connection that has a key.
    pub(super) fn any_with_hash(&self) -> Option<Conn> {
        let listed = self.read();
        let (_, number) = listed.keys.first()?;
        listed.ready.get(number).cloned()
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
