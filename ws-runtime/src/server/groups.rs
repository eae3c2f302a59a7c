//! Groups of connections, which a connection leaves when it ends.
//!
//! A group knows its members, and a connection the groups that it is in. Whoever changes both locks the connection's
//! side first. No lock is held while a handle is dropped, as that may run the user's code.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

use super::broadcast::Receivers;
use super::connections::Connections;
use crate::conn::Conn;
use crate::event::{Binary, Utf8};
use crate::message::Push;

/// A group of connections that messages are sent to: those of a team, or those that follow a topic.
///
/// It is a field of a state, or of what a state holds. A connection may be in any number of groups, and leaves all of
/// them when it ends, before its `disconnect` handler runs. One that has ended is never in a group.
///
/// A cheap handle: a clone is the same group. So it can be taken out of a state that is locked, and kept by a task.
/// All methods take `&self`, and never wait for a handler. A group needs no end: what is dropped with its last handle
/// is forgotten by its members.
///
/// ```
/// use std::collections::HashMap;
/// use ws_runtime::prelude::*;
///
/// #[ws_server(listen = 8080)]
/// mod news {
///     use super::*;
///
///     #[state]
///     #[derive(Default)]
///     struct Topics { followers: HashMap<String, Group> }
///
///     #[on("follow")]
///     fn follow(Json(topic): Json<String>, conn: &Conn, topics: &mut Topics) -> usize {
///         let group = topics.followers.entry(topic).or_default();
///         group.insert(conn);
///         group.len()
///     }
///
///     #[on("post")]
///     fn post(Json((topic, text)): Json<(String, String)>, conn: &Conn, topics: &Topics) {
///         if let Some(group) = topics.followers.get(&topic) {
///             group.connections().except(conn).broadcast_utf8(text);
///         }
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Default)]
pub struct Group(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    number: u64,
    members: RwLock<BTreeMap<Member, Conn>>,
}

/// The groups that a connection is in, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Memberships(Mutex<BTreeMap<u64, Weak<Inner>>>);

/// A member of a group. Connections of two servers can have the same number.
type Member = (u64, usize);

impl Group {
    /// An empty group.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a connection. Returns whether it is new here: false if it is a member already, or has ended.
    pub fn insert(&self, conn: &Conn) -> bool {
        conn.memberships().enter(self, conn)
    }

    /// Removes a connection. Returns whether it was a member.
    pub fn remove(&self, conn: &Conn) -> bool {
        conn.memberships().leave(self, conn)
    }

    /// Whether a connection is a member.
    #[must_use]
    pub fn contains(&self, conn: &Conn) -> bool {
        self.0.read().contains_key(&member(conn))
    }

    /// How many members there are. One that `connect` or `handshake` has added counts before it is ready, and one
    /// that has started to close until its other handlers have ended.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.read().len()
    }

    /// Whether there are no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.read().is_empty()
    }

    /// The members that are ready now.
    #[must_use]
    pub fn connections(&self) -> Connections {
        Connections::new(self.0.read().values().filter(|conn| conn.is_ready()).cloned().collect())
    }

    /// Sends a [`Push`] to all members. Returns how many queued it. It behaves as
    /// [`Server::broadcast`](crate::Server::broadcast) does.
    pub fn broadcast<P: Push>(&self, push: P) -> usize {
        self.send_push(&push)
    }

    /// Sends a [`Push`] to all members but one. Returns how many queued it.
    pub fn broadcast_except<P: Push>(&self, conn: &Conn, push: P) -> usize {
        Others { group: self, except: conn }.send_push(&push)
    }

    /// Sends a text message to all members. Returns how many queued it. It behaves as
    /// [`Server::broadcast_utf8`](crate::Server::broadcast_utf8) does.
    pub fn broadcast_utf8<'a>(&self, text: impl Into<Utf8<'a>>) -> usize {
        self.send_text(&text.into())
    }

    /// Sends a binary message to all members. Returns how many queued it.
    pub fn broadcast_binary<'a>(&self, data: impl Into<Binary<'a>>) -> usize {
        self.send_data(&data.into())
    }
}

impl Receivers for Group {
    fn each(&self, send: impl FnMut(&Conn)) {
        self.0.read().values().for_each(send);
    }
}

/// The members of a group but one.
struct Others<'g> {
    group: &'g Group,
    except: &'g Conn,
}

impl Receivers for Others<'_> {
    fn each(&self, send: impl FnMut(&Conn)) {
        self.group.0.read().values().filter(|conn| *conn != self.except).for_each(send);
    }
}

impl Default for Inner {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { number: NEXT.fetch_add(1, Ordering::Relaxed), members: RwLock::default() }
    }
}

impl Memberships {
    /// Enters a group, unless the connection has begun to end: it would never leave.
    fn enter(&self, group: &Group, conn: &Conn) -> bool {
        let mut groups = self.lock();
        if conn.is_ending() {
            return false;
        }
        let is_new = groups.insert(group.0.number, Arc::downgrade(&group.0)).is_none();
        if is_new {
            group.0.write().insert(member(conn), conn.clone());
        }
        is_new
    }

    fn leave(&self, group: &Group, conn: &Conn) -> bool {
        let mut groups = self.lock();
        let left = groups.remove(&group.0.number).and_then(|_| group.0.write().remove(&member(conn)));
        drop(groups);
        left.is_some()
    }

    /// Leaves all groups. The connection has begun to end, so that it enters none after this.
    pub(crate) fn leave_all(&self, conn: &Conn) {
        let groups = std::mem::take(&mut *self.lock());
        for group in groups.into_values().filter_map(|group| group.upgrade()) {
            let left = group.write().remove(&member(conn));
            drop(left);
        }
    }

    /// Forgets a group that is gone.
    fn forget(&self, group: u64) {
        self.lock().remove(&group);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Weak<Inner>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn member(conn: &Conn) -> Member {
    (conn.id(), conn.address())
}

impl Drop for Inner {
    fn drop(&mut self) {
        for conn in std::mem::take(&mut *self.write()).into_values() {
            conn.memberships().forget(self.number);
        }
    }
}

impl Inner {
    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<Member, Conn>> {
        self.members.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<Member, Conn>> {
        self.members.write().unwrap_or_else(PoisonError::into_inner)
    }
}
