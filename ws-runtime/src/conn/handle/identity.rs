//! Who the peer is, and until when.

use std::any::Any;
use std::fmt;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::Conn;
use crate::conn::Moment;
use crate::conn::dispatch::catch_now;
use crate::event::{ClosedBy, Identity, IdentityKey, SearchKey};

/// The identity of a connection, and the hash of its key.
pub(super) struct Identified {
    /// `None` while it is dropped.
    identity: Option<Box<dyn Identity>>,
    hash: Option<u64>,
}

impl Drop for Identified {
    fn drop(&mut self) {
        // The destructor is the user's, and runs with the last handle of the connection, which may be anywhere: in
        // another connection's handler, or among many that are dropped at once, where a second panic would end the
        // process. The panic hook has run.
        let _ = catch_now(|| drop(self.identity.take()));
    }
}

impl Conn {
    /// Who the peer is: the value of the type marked [`#[identity]`](crate::identity) that the `handshake` handler has
    /// returned; `None` before that, and if the peer is anonymous.
    ///
    /// Handlers take it as `&User`, or as `Option<&User>` where the peer may be anonymous.
    #[must_use]
    pub fn identity<U: Identity>(&self) -> Option<&U> {
        let identified = self.0.extras.get()?.identity.get()?;
        let identity: &dyn Any = identified.identity.as_deref()?;
        identity.downcast_ref()
    }

    /// Says who the peer is, once, before the connection is ready.
    pub(in crate::conn) fn set_identity(&self, identity: Box<dyn Identity>) {
        let mut identified = Identified { identity: Some(identity), hash: None };
        let key = identified.identity.as_ref().and_then(|identity| identity.key());
        identified.hash = key.map(|key| self.server().hash(|state| key.hash_into(state)));
        let _ = self.extras().identity.set(identified);
    }

    /// The hash of the key by which the connection is found.
    pub(crate) fn identity_hash(&self) -> Option<u64> {
        self.0.extras.get()?.identity.get()?.hash
    }

    fn identity_key(&self) -> Option<&dyn IdentityKey> {
        self.0.extras.get()?.identity.get()?.identity.as_ref()?.key()
    }

    /// Whether its key is equal to this one; `None` if it has another type.
    pub(crate) fn has_key<Q: SearchKey + ?Sized>(&self, wanted: &Q) -> Option<bool> {
        wanted.equals(self.identity_key()?)
    }

    /// The name of its key's type.
    pub(crate) fn key_type(&self) -> Option<&'static str> {
        self.identity_key().map(IdentityKey::type_name)
    }

    /// Sets when the connection is closed because it expires, before it is ready.
    pub(in crate::conn) fn set_expiry(&self, at: Instant) {
        let _ = self.extras().expires.set(self.server().alarms().moment(at));
    }

    /// When the connection is closed because it expires.
    pub(crate) fn expires(&self) -> Option<Moment> {
        self.0.extras.get()?.expires.get().copied()
    }

    /// Closes the connection, as what the peer was admitted for has expired.
    pub(crate) fn expire(&self) {
        self.close_as(4401, "expired", ClosedBy::Expired);
    }
}

/// When a connection expires, as [`Handshake::expires`](crate::Handshake::expires) takes it: a `SystemTime`, or a
/// `Duration` from now. A time that has passed is now. One too far ahead for the clock is never.
#[diagnostic::on_unimplemented(
    message = "a connection cannot expire at `{Self}`",
    label = "neither a time nor a duration",
    note = "it is a `SystemTime`, or a `Duration` from now",
    note = "for seconds since 1970, such as the `exp` of a JSON Web Token: `UNIX_EPOCH + Duration::from_secs(exp)`"
)]
pub trait IntoExpiry {
    /// The time on the server's clock; `None` if it is beyond what the clock can tell.
    #[doc(hidden)]
    fn into_expiry(self) -> Option<Instant>;
}

impl IntoExpiry for SystemTime {
    fn into_expiry(self) -> Option<Instant> {
        // A time that has passed is now.
        self.duration_since(Self::now()).unwrap_or_default().into_expiry()
    }
}

impl IntoExpiry for Duration {
    fn into_expiry(self) -> Option<Instant> {
        Instant::now().checked_add(self)
    }
}

impl fmt::Debug for Identified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may hold what must not be logged.
        f.write_str("Identified")
    }
}
