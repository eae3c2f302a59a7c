//! Sets of connections: found by identity, or the members of a group.

use std::collections::BTreeSet;

use super::Server;
use super::broadcast::Receivers;
use crate::conn::{CloseError, Conn};
use crate::event::{Binary, Identity, SearchKey, Utf8};
use crate::message::Push;

/// A set of connections, as it was when it was asked for.
///
/// It is not kept up to date: connections that end meanwhile stay in it, and miss what is sent.
///
/// ```
/// # use ws_runtime::prelude::*;
/// # #[ws_server(listen = 8080)]
/// # mod chat {
/// #   use super::*;
/// #[identity(key = name)]
/// struct User { name: String }
///
/// #[on(handshake)]
/// fn who(request: &Handshake) -> Result<User, Reject> {
///     request.query_param("name").map(|name| User { name }).ok_or_else(Reject::unauthorized)
/// }
///
/// #[on("kick")]
/// fn kick(Json(name): Json<String>, server: &Server) -> usize {
///     let theirs = server.connections_of_key(&name);
///     theirs.broadcast_utf8("you are kicked");
///     let _ = theirs.disconnect(4000, "kicked");
///     theirs.len()
/// }
/// # }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Default)]
pub struct Connections(Vec<Conn>);

impl Connections {
    pub(crate) fn new(connections: Vec<Conn>) -> Self {
        Self(connections)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The connections, in the order of their numbers.
    pub fn iter(&self) -> std::slice::Iter<'_, Conn> {
        self.0.iter()
    }

    /// Whether a connection is one of them.
    #[must_use]
    pub fn contains(&self, conn: &Conn) -> bool {
        self.0.contains(conn)
    }

    /// Those for which `keep` is true.
    #[must_use]
    pub fn filter(mut self, mut keep: impl FnMut(&Conn) -> bool) -> Self {
        self.0.retain(|conn| keep(conn));
        self
    }

    /// All but this one.
    #[must_use]
    pub fn except(self, conn: &Conn) -> Self {
        self.filter(|other| other != conn)
    }

    /// Sends a [`Push`] to all of them. Returns how many queued it. It behaves as
    /// [`Server::broadcast`] does: it is encoded once, and connections that do not speak the envelope are left out.
    #[doc(alias = "send")]
    pub fn broadcast<P: Push>(&self, push: P) -> usize {
        self.send_push(&push)
    }

    /// Sends a text message to all of them. Returns how many queued it. It behaves as [`Server::broadcast_utf8`] does.
    #[doc(alias = "send_utf8")]
    pub fn broadcast_utf8<'a>(&self, text: impl Into<Utf8<'a>>) -> usize {
        self.send_text(&text.into())
    }

    /// Sends a binary message to all of them. Returns how many queued it. It behaves as [`Server::broadcast_utf8`]
    /// does.
    #[doc(alias = "send_binary")]
    pub fn broadcast_binary<'a>(&self, data: impl Into<Binary<'a>>) -> usize {
        self.send_data(&data.into())
    }

    /// Closes all of them, as [`Conn::disconnect`] does.
    ///
    /// # Errors
    ///
    /// Those of [`Conn::disconnect`]: the code must not be sent, or the reason is longer than 123 bytes. Then none is
    /// closed.
    pub fn disconnect(&self, code: u16, reason: &str) -> Result<(), CloseError> {
        self.0.iter().try_for_each(|conn| conn.disconnect(code, reason))
    }
}

impl Receivers for Connections {
    fn each(&self, send: impl FnMut(&Conn)) {
        self.0.iter().for_each(send);
    }
}

impl IntoIterator for Connections {
    type Item = Conn;
    type IntoIter = std::vec::IntoIter<Conn>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'c> IntoIterator for &'c Connections {
    type Item = &'c Conn;
    type IntoIter = std::slice::Iter<'c, Conn>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Puts sets together: a connection that is in several is in it once.
impl Extend<Conn> for Connections {
    fn extend<I: IntoIterator<Item = Conn>>(&mut self, more: I) {
        let mut known: BTreeSet<u64> = self.0.iter().map(Conn::id).collect();
        self.0.extend(more.into_iter().filter(|conn| known.insert(conn.id())));
        self.0.sort_by_key(Conn::id);
    }
}

impl FromIterator<Conn> for Connections {
    fn from_iter<I: IntoIterator<Item = Conn>>(connections: I) -> Self {
        let mut all = Self::default();
        all.extend(connections);
        all
    }
}

impl Server {
    /// The connections that are ready and whose identity `is_wanted`. Anonymous ones are never among them.
    ///
    /// `is_wanted` is called for each connection, on a snapshot and without a lock. To find the connections of one user
    /// among many, mark a field as the key, and use [`connections_of_key`](Self::connections_of_key).
    ///
    /// ```
    /// # use ws_runtime::prelude::*;
    /// # #[ws_server(listen = 8080)]
    /// # mod chat {
    /// #   use super::*;
    /// #   #[identity] struct User { admin: bool }
    /// #   #[on(handshake)] fn who() -> User { User { admin: false } }
    /// #[on(utf8)]
    /// fn report(text: &str, server: &Server) {
    ///     server.connections_of(|user: &User| user.admin).broadcast_utf8(text);
    /// }
    /// # }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn connections_of<U: Identity>(&self, mut is_wanted: impl FnMut(&U) -> bool) -> Connections {
        let mut connections = self.0.registry.list();
        connections.retain(|conn| conn.identity().is_some_and(&mut is_wanted));
        Connections(connections)
    }

    /// The connections that are ready and whose identity has this key: the field that `#[identity(key = …)]` names.
    ///
    /// They are found without looking at the others. Where the key is a `String`, a `&str` does. A key of a wrong type
    /// finds nothing, and is logged as an error.
    #[must_use]
    pub fn connections_of_key<Q: SearchKey + ?Sized>(&self, key: &Q) -> Connections {
        let hash = self.hash(|state| key.hash_into(state));
        // Compared without the lock: that runs the user's code.
        let mut connections = self.0.registry.list_of_hash(hash);
        connections.retain(|conn| conn.has_key(key) == Some(true));
        if connections.is_empty()
            && let Some(conn) = self.0.registry.any_with_hash()
            && conn.has_key(key).is_none()
        {
            tracing::error!(
                asked = key.type_name(),
                key = conn.key_type(),
                server = self.name(),
                "`connections_of_key` was asked with a value of another type than the key of the identity"
            );
        }
        Connections(connections)
    }
}
