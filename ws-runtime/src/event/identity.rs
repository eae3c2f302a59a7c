//! Who the peer is: made by the `handshake` handler, and the same until the connection ends.

use std::any::{Any, type_name};
use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::{Conn, Reject};

/// A type marked [`#[identity]`](crate::identity): who a peer is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the identity of connections",
    label = "not marked `#[identity]`",
    note = "mark the type `#[identity]` in the module of the server, and return it from the handler of `#[on(handshake)]`"
)]
pub trait Identity: Any + Send + Sync {
    /// What [`Server::connections_of_key`](crate::Server::connections_of_key) looks for: the field that
    /// `#[identity(key = …)]` names.
    #[doc(hidden)]
    fn key(&self) -> Option<&dyn IdentityKey> {
        None
    }
}

/// The identity of a server that has none. It has no values.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub enum NoIdentity {}

impl Identity for NoIdentity {}

/// A field that connections can be found by.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of an identity",
    label = "connections cannot be found by this",
    note = "a key is `Hash + Eq + Send + Sync` and owns its data, such as a number, a `String` or a `Uuid`"
)]
pub trait IdentityKey: Any + Send + Sync {
    fn hash_into(&self, state: &mut dyn Hasher);

    fn type_name(&self) -> &'static str;
}

#[diagnostic::do_not_recommend]
impl<K: Hash + Eq + Any + Send + Sync> IdentityKey for K {
    fn hash_into(&self, mut state: &mut dyn Hasher) {
        self.hash(&mut state);
    }

    fn type_name(&self) -> &'static str {
        type_name::<K>()
    }
}

/// What [`Server::connections_of_key`](crate::Server::connections_of_key) takes: a key, or a `str` where the key is
/// text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of an identity",
    label = "no connection can be found by this",
    note = "take a reference to a value of the type of the field that `#[identity(key = …)]` names; a `&str` does for a `String`"
)]
pub trait SearchKey {
    #[doc(hidden)]
    fn hash_into(&self, state: &mut dyn Hasher);

    /// Whether a key has the type to be compared with this; then whether it is equal.
    #[doc(hidden)]
    fn equals(&self, key: &dyn Any) -> Option<bool>;

    #[doc(hidden)]
    fn type_name(&self) -> &'static str;
}

impl SearchKey for str {
    fn hash_into(&self, mut state: &mut dyn Hasher) {
        self.hash(&mut state);
    }

    fn equals(&self, key: &dyn Any) -> Option<bool> {
        text_of(key).map(|key| key == self)
    }

    fn type_name(&self) -> &'static str {
        "str"
    }
}

#[diagnostic::do_not_recommend]
impl<K: Hash + Eq + Any> SearchKey for K {
    fn hash_into(&self, mut state: &mut dyn Hasher) {
        self.hash(&mut state);
    }

    fn equals(&self, key: &dyn Any) -> Option<bool> {
        match key.downcast_ref() {
            Some(key) => Some(self == key),
            None => text_of(self)?.equals(key),
        }
    }

    fn type_name(&self) -> &'static str {
        type_name::<K>()
    }
}

/// A key that is text. All of these hash as `str` does.
fn text_of(key: &dyn Any) -> Option<&str> {
    None.or_else(|| key.downcast_ref::<String>().map(String::as_str))
        .or_else(|| key.downcast_ref::<&'static str>().copied())
        .or_else(|| key.downcast_ref::<Arc<str>>().map(|key| &**key))
        .or_else(|| key.downcast_ref::<Box<str>>().map(|key| &**key))
        .or_else(|| key.downcast_ref::<Cow<'static, str>>().map(|key| &**key))
}

/// What a `handshake` handler has made of a peer that it admits.
#[doc(hidden)]
pub struct Admission<Se> {
    pub(crate) session: Se,
    pub(crate) identity: Option<Box<dyn Identity>>,
}

impl<Se> Admission<Se> {
    /// `identity` is `None` if the peer stays anonymous.
    pub fn new<U: Identity>(session: Se, identity: Option<U>) -> Self {
        let identity = identity.map(|identity| Box::new(identity) as Box<dyn Identity>);
        Self { session, identity }
    }

    pub fn anonymous(session: Se) -> Self {
        Self { session, identity: None }
    }
}

impl<Se: fmt::Debug> fmt::Debug for Admission<Se> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission").field("session", &self.session).finish_non_exhaustive()
    }
}

/// The identity of a connection, as an argument.
///
/// # Errors
///
/// The peer is anonymous: 401.
#[doc(hidden)]
pub fn identity<U: Identity>(conn: &Conn) -> Result<&U, Reject> {
    conn.identity().ok_or_else(|| Reject::unauthorized().text("only for peers that have signed in").absent())
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use super::*;

    #[test]
    fn a_text_is_found_whatever_type_it_has() {
        let random = RandomState::new();
        let hash = |key: &dyn Fn(&mut dyn Hasher)| {
            let mut state = random.build_hasher();
            key(&mut state);
            state.finish()
        };
        let keys: [&dyn IdentityKey; 4] =
            [&"ann".to_owned(), &"ann", &Arc::<str>::from("ann"), &Cow::Borrowed("ann")];
        for key in keys {
            assert_eq!(
                hash(&|state| key.hash_into(state)),
                hash(&|state| SearchKey::hash_into("ann", state))
            );
            assert_eq!("ann".equals(key), Some(true), "{}", IdentityKey::type_name(key));
            assert_eq!("bob".to_owned().equals(key), Some(false));
            assert_eq!((&"ann").equals(key), Some(true));
            assert_eq!(SearchKey::equals(&7_u64, key), None, "a number is no text");
        }
    }
}
