//! The watches that a server declares, on their way to the loop.

use std::fmt;
use std::future::{Future, ready};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::Arc;

use super::{Outcome, ServerEvent, Service};
use crate::error::Error;
use crate::server::Hosted;
use crate::watch::Interest;

/// The watches of a server, as the macro hands them over.
#[doc(hidden)]
pub struct Watches<S: Service> {
    declared: Vec<Box<dyn Declared<S>>>,
}

/// A handle that can be watched.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be watched",
    label = "not an open handle",
    note = "a watch takes what is open and implements `AsFd + Send`: a pipe, a socket, the terminal, a `File`; what opens it gives a `Result`, so unwrap that"
)]
pub trait Watchable: AsFd + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<H: AsFd + Send + 'static> Watchable for H {}

/// A readiness on its way to a handler: the handle, and what surrounds it.
#[doc(hidden)]
pub struct WatchEvent<'a, K, H> {
    handle: &'a mut H,
    event: ServerEvent<'a, K>,
}

/// One declared watch, whatever its handle.
pub(crate) trait Declared<S: Service>: Send {
    fn run(self: Box<Self>, hosted: &Arc<Hosted<S>>) -> Result<(), Error>;
}

/// A watch's handler, sync or async.
pub(crate) trait WatchHandler<S: Service, H>: Send + 'static {
    fn call(&mut self, event: WatchEvent<'_, S::Store, H>) -> impl Future<Output = Outcome> + Send;
}

/// A handler that is a plain function.
struct InPlace<F>(F);

/// A handler whose future is boxed: a closure cannot say that its own future is `Send`.
struct Boxed<F>(F);

struct Declaration<H, F> {
    name: &'static str,
    handle: H,
    interest: Interest,
    handler: F,
}

impl<S: Service> Watches<S> {
    pub(crate) fn new() -> Self {
        Self { declared: Vec::new() }
    }

    pub(crate) fn into_declared(self) -> Vec<Box<dyn Declared<S>>> {
        self.declared
    }

    #[doc(hidden)]
    pub fn readable<H, F>(&mut self, name: &'static str, handle: H, handler: F)
    where
        H: Watchable,
        F: for<'a> FnMut(WatchEvent<'a, S::Store, H>) -> Outcome + Send + 'static,
    {
        self.declare(name, handle, Interest::Readable, InPlace(handler));
    }

    #[doc(hidden)]
    pub fn writable<H, F>(&mut self, name: &'static str, handle: H, handler: F)
    where
        H: Watchable,
        F: for<'a> FnMut(WatchEvent<'a, S::Store, H>) -> Outcome + Send + 'static,
    {
        self.declare(name, handle, Interest::Writable, InPlace(handler));
    }

    #[doc(hidden)]
    pub fn readable_async<H, F>(&mut self, name: &'static str, handle: H, handler: F)
    where
        H: Watchable,
        F: for<'a> FnMut(WatchEvent<'a, S::Store, H>) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>
            + Send
            + 'static,
    {
        self.declare(name, handle, Interest::Readable, Boxed(handler));
    }

    #[doc(hidden)]
    pub fn writable_async<H, F>(&mut self, name: &'static str, handle: H, handler: F)
    where
        H: Watchable,
        F: for<'a> FnMut(WatchEvent<'a, S::Store, H>) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>
            + Send
            + 'static,
    {
        self.declare(name, handle, Interest::Writable, Boxed(handler));
    }

    fn declare<H, F>(&mut self, name: &'static str, handle: H, interest: Interest, handler: F)
    where
        H: Watchable,
        F: WatchHandler<S, H>,
    {
        self.declared.push(Box::new(Declaration { name, handle, interest, handler }));
    }
}

impl<'a, K, H> WatchEvent<'a, K, H> {
    pub(crate) fn new(handle: &'a mut H, event: ServerEvent<'a, K>) -> Self {
        Self { handle, event }
    }

    /// The handle, to be lent to one argument, and what surrounds it.
    #[doc(hidden)]
    #[must_use]
    pub fn split(self) -> (Option<&'a mut H>, ServerEvent<'a, K>) {
        (Some(self.handle), self.event)
    }
}

impl<S, H, F> Declared<S> for Declaration<H, F>
where
    S: Service,
    H: Watchable,
    F: WatchHandler<S, H>,
{
    fn run(self: Box<Self>, hosted: &Arc<Hosted<S>>) -> Result<(), Error> {
        let Self { name, handle, interest, handler } = *self;
        hosted.watch(name, handle, interest, handler).map_err(|source| Error::Watch { handler: name, source })
    }
}

impl<S: Service, H, F> WatchHandler<S, H> for InPlace<F>
where
    F: for<'a> FnMut(WatchEvent<'a, S::Store, H>) -> Outcome + Send + 'static,
{
    fn call(&mut self, event: WatchEvent<'_, S::Store, H>) -> impl Future<Output = Outcome> + Send {
        ready((self.0)(event))
    }
}

impl<S: Service, H, F> WatchHandler<S, H> for Boxed<F>
where
    F: for<'a> FnMut(WatchEvent<'a, S::Store, H>) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>
        + Send
        + 'static,
{
    fn call(&mut self, event: WatchEvent<'_, S::Store, H>) -> impl Future<Output = Outcome> + Send {
        (self.0)(event)
    }
}

impl<S: Service> fmt::Debug for Watches<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watches").field("declared", &self.declared.len()).finish()
    }
}
