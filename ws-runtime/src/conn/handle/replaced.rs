//! Handlers that were replaced for one connection while it runs, as the original's `$conn->on(…)` does.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Conn;
use crate::conn::dispatch::catch_now;
use crate::event::{Close, IntoAdmission, IntoOutcome, IntoReply, NoIdentity, Outcome};
use crate::handshake::{Handshake, Reject};

/// A handler that may be replaced again while it runs, even by itself.
type Shared<F> = Arc<Mutex<F>>;

type OnReady = dyn FnMut(&Conn) -> Outcome + Send;
type OnHandshake = dyn FnMut(&Conn, &Handshake) -> Result<(), Reject> + Send;
type OnUtf8 = dyn FnMut(&Conn, &str) -> Outcome + Send;
type OnBinary = dyn FnMut(&Conn, &[u8]) -> Outcome + Send;
type OnDisconnect = dyn FnMut(&Conn, &Close) -> Outcome + Send;

/// The replaced handlers of one connection.
#[derive(Default)]
pub(super) struct Replaced {
    handshake: Option<Shared<OnHandshake>>,
    ready: Option<Shared<OnReady>>,
    utf8: Option<Shared<OnUtf8>>,
    binary: Option<Shared<OnBinary>>,
    pong: Option<Shared<OnBinary>>,
    drain: Option<Shared<OnReady>>,
    disconnect: Option<Shared<OnDisconnect>>,
}

impl Conn {
    /// Adds a handler for this connection's handshake. It runs after the declared one has accepted the handshake.
    ///
    /// Unlike the other `on_…` methods it does not replace the declared handler, because that one may make the session.
    /// Set it in `#[on(connect)]`; later it has no effect.
    pub fn on_handshake<R>(&self, mut handler: impl FnMut(&Conn, &Handshake) -> R + Send + 'static)
    where
        R: IntoAdmission<NoIdentity, ()>,
    {
        self.replace(|replaced| {
            replaced.handshake.replace(Arc::new(Mutex::new(move |conn: &Conn, handshake: &Handshake| {
                handler(conn, handshake).into_admission().map(|_admission| ())
            })))
        });
    }

    /// Replaces the declared `ready` handler for this connection. Set it in `#[on(connect)]` or `#[on(handshake)]`.
    pub fn on_ready<R: IntoReply>(&self, mut handler: impl FnMut(&Conn) -> R + Send + 'static) {
        self.replace(|replaced| {
            replaced.ready.replace(Arc::new(Mutex::new(move |conn: &Conn| {
                conn.send_reply(handler(conn).into_reply(), None)
            })))
        });
    }

    /// Replaces the declared `utf8` handler for this connection, from the next message on.
    ///
    /// It also replaces the handlers of named messages: it sees every text, whether that is a named message or not.
    /// Only what is meant for the runtime is kept from it where named messages are known: names that begin with `$`,
    /// such as `$ping`, and answers to questions. The limits of the handlers that it replaces (`rate`, `guard`,
    /// `timeout`, `concurrent`) do not hold for it. The option `rate` of the server does.
    ///
    /// Like every handler that an `on_…` method sets, it is dropped with its captures when the connection has ended.
    ///
    /// ```
    /// use ws_runtime::prelude::*;
    ///
    /// #[ws_server(listen = 8080)]
    /// mod doorman {
    ///     use super::*;
    ///
    ///     #[on(utf8)]
    ///     fn password(conn: &Conn, text: &str) -> &'static str {
    ///         if text != "swordfish" {
    ///             return "try again";
    ///         }
    ///         conn.on_utf8(|_, text| format!("you said {text}"));
    ///         "come in"
    ///     }
    /// }
    /// # fn main() {}
    /// ```
    pub fn on_utf8<R: IntoReply>(&self, mut handler: impl FnMut(&Conn, &str) -> R + Send + 'static) {
        self.replace(|replaced| {
            replaced.utf8.replace(Arc::new(Mutex::new(move |conn: &Conn, text: &str| {
                conn.send_reply(handler(conn, text).into_reply(), None)
            })))
        });
    }

    /// Replaces the declared `binary` handler for this connection, from the next message on. The `rate` of the declared
    /// handler does not hold for it.
    pub fn on_binary<R: IntoReply>(&self, mut handler: impl FnMut(&Conn, &[u8]) -> R + Send + 'static) {
        self.replace(|replaced| {
            replaced.binary.replace(Arc::new(Mutex::new(move |conn: &Conn, data: &[u8]| {
                conn.send_reply(handler(conn, data).into_reply(), None)
            })))
        });
    }

    /// Replaces the declared `pong` handler for this connection, from the next pong on.
    pub fn on_pong<R: IntoReply>(&self, mut handler: impl FnMut(&Conn, &[u8]) -> R + Send + 'static) {
        self.replace(|replaced| {
            replaced.pong.replace(Arc::new(Mutex::new(move |conn: &Conn, data: &[u8]| {
                conn.send_reply(handler(conn, data).into_reply(), None)
            })))
        });
    }

    /// Replaces the declared `drain` handler for this connection: it runs when a peer that has missed messages, as its
    /// outbox was full, has read all that waited.
    pub fn on_drain<R: IntoReply>(&self, mut handler: impl FnMut(&Conn) -> R + Send + 'static) {
        self.replace(|replaced| {
            replaced.drain.replace(Arc::new(Mutex::new(move |conn: &Conn| {
                conn.send_reply(handler(conn).into_reply(), None)
            })))
        });
    }

    /// Replaces the declared `disconnect` handler for this connection.
    pub fn on_disconnect<R: IntoOutcome>(
        &self,
        mut handler: impl FnMut(&Conn, &Close) -> R + Send + 'static,
    ) {
        self.replace(|replaced| {
            replaced.disconnect.replace(Arc::new(Mutex::new(move |conn: &Conn, close: &Close| {
                handler(conn, close).into_outcome()
            })))
        });
    }

    pub(in crate::conn) fn replaced_handshake(
        &self,
    ) -> Option<impl FnOnce(&Handshake) -> Result<(), Reject>> {
        let handler = self.replaced(|replaced| replaced.handshake.clone())?;
        Some(move |handshake: &Handshake| call(&handler, |handler| handler(self, handshake)))
    }

    pub(in crate::conn) fn replaced_ready(&self) -> Option<impl FnOnce() -> Outcome> {
        let handler = self.replaced(|replaced| replaced.ready.clone())?;
        Some(move || call(&handler, |handler| handler(self)))
    }

    #[inline]
    pub(in crate::conn) fn replaced_utf8(&self) -> Option<impl FnOnce(&str) -> Outcome> {
        let handler = self.replaced(|replaced| replaced.utf8.clone())?;
        Some(move |text: &str| call(&handler, |handler| handler(self, text)))
    }

    #[inline]
    pub(in crate::conn) fn replaced_binary(&self) -> Option<impl FnOnce(&[u8]) -> Outcome> {
        let handler = self.replaced(|replaced| replaced.binary.clone())?;
        Some(move |data: &[u8]| call(&handler, |handler| handler(self, data)))
    }

    #[inline]
    pub(in crate::conn) fn replaced_pong(&self) -> Option<impl FnOnce(&[u8]) -> Outcome> {
        let handler = self.replaced(|replaced| replaced.pong.clone())?;
        Some(move |data: &[u8]| call(&handler, |handler| handler(self, data)))
    }

    pub(in crate::conn) fn replaced_drain(&self) -> Option<impl FnOnce() -> Outcome> {
        let handler = self.replaced(|replaced| replaced.drain.clone())?;
        Some(move || call(&handler, |handler| handler(self)))
    }

    pub(in crate::conn) fn replaced_disconnect(&self) -> Option<impl FnOnce(&Close) -> Outcome> {
        let handler = self.replaced(|replaced| replaced.disconnect.clone())?;
        Some(move |close: &Close| call(&handler, |handler| handler(self, close)))
    }

    /// Drops them all: a handler that captured its own `Conn` would keep both alive without end.
    pub(in crate::conn) fn drop_replaced(&self) {
        let Some(rare) = self.existing_rare() else { return };
        let replaced = rare.replaced.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Destructors of captures are user code and may panic. The panic hook has run.
        let _ = catch_now(|| drop(replaced));
    }

    /// The old handler is dropped without the lock, because its destructor may be user code.
    fn replace<T>(&self, with: impl FnOnce(&mut Replaced) -> T) {
        let before = with(self.replaced_lock().get_or_insert_default());
        self.0.has_replaced.store(true, Ordering::Release);
        drop(before);
    }

    #[inline]
    fn replaced<T>(&self, which: impl FnOnce(&Replaced) -> Option<T>) -> Option<T> {
        if !self.0.has_replaced.load(Ordering::Acquire) {
            return None;
        }
        self.replaced_lock().as_deref().and_then(which)
    }

    fn replaced_lock(&self) -> MutexGuard<'_, Option<Box<Replaced>>> {
        self.rare().replaced.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Replaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replaced").finish_non_exhaustive()
    }
}

/// Calls a replaced handler. Only the connection's own task does that, so this lock is never contended.
fn call<F: ?Sized, T>(handler: &Mutex<F>, with: impl FnOnce(&mut F) -> T) -> T {
    with(&mut handler.lock().unwrap_or_else(PoisonError::into_inner))
}
