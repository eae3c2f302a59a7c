//! The watches that a server declares, and the arguments of their handlers.

use std::fmt;
use std::future::{Future, ready};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::Arc;

use super::{FromContext, Outcome, ServerContext, ServerEvent, Service};
use crate::Reject;
use crate::error::Error;
use crate::server::Hosted;
use crate::watch::Interest;

/// The watches that the macro found in the module.
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

/// A handle that is ready, on its way to a handler. `K` is the store of the states, `H` the handle's type.
#[doc(hidden)]
pub struct WatchEvent<'a, K, H> {
    handle: &'a mut H,
    event: ServerEvent<'a, K>,
}

/// A declared watch, with the type of its handle erased.
pub(crate) trait Declared<S: Service>: Send {
    fn run(self: Box<Self>, hosted: &Arc<Hosted<S>>) -> Result<(), Error>;
}

/// A watch's handler, plain or `async`.
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

    /// The context from which the handler's arguments are made.
    #[must_use]
    pub fn context(self) -> WatchContext<'a, H, K> {
        WatchContext { handle: Some(self.handle), server: self.event.context() }
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

/// What a handler of `#[watch(…)]` can take: the watched handle by `&` or `&mut`, `&Server` and the state.
#[diagnostic::on_unimplemented(
    message = "a `watch` handler cannot take `{Self}`",
    label = "neither the watched handle, `{H}`, nor anything else that this event gives",
    note = "a `watch` handler can take, in any order: the watched handle by `&` or `&mut`, `&Server`, the `#[state]` by `&` or `&mut`",
    note = "a type of your own can be taken too: implement `ws_runtime::event::FromContext` for it"
)]
pub trait FromWatch<'a, H, K, Via>: Sized {
    /// Makes the argument, just before the handler is called.
    #[doc(hidden)]
    fn from_event(context: &mut WatchContext<'a, H, K>) -> Result<Self, Reject>;
}

/// The context of a watch: the server's context, and the handle until an argument takes it.
#[doc(hidden)]
#[derive(Debug)]
pub struct WatchContext<'a, H, K> {
    handle: Option<&'a mut H>,
    server: ServerContext<'a, K>,
}

impl<'a, H, K> WatchContext<'a, H, K> {
    /// The store of the states.
    #[must_use]
    pub fn store(&self) -> &'a K {
        self.server.store()
    }

    #[expect(clippy::expect_used, reason = "the macro refuses two handles in one signature")]
    fn take_handle(&mut self) -> &'a mut H {
        self.handle.take().expect("the handle is lent once")
    }
}

/// Marks arguments that are the watched handle.
#[doc(hidden)]
#[derive(Debug)]
pub struct ViaHandle;

/// Marks arguments that come from the context.
#[doc(hidden)]
#[derive(Debug)]
pub struct ViaContext;

#[diagnostic::do_not_recommend]
impl<'a, H, K> FromWatch<'a, H, K, ViaHandle> for &'a mut H {
    fn from_event(context: &mut WatchContext<'a, H, K>) -> Result<Self, Reject> {
        Ok(context.take_handle())
    }
}

#[diagnostic::do_not_recommend]
impl<'a, H, K> FromWatch<'a, H, K, ViaHandle> for &'a H {
    fn from_event(context: &mut WatchContext<'a, H, K>) -> Result<Self, Reject> {
        Ok(context.take_handle())
    }
}

#[diagnostic::do_not_recommend]
impl<'a, H, K: 'a, T> FromWatch<'a, H, K, ViaContext> for T
where
    T: FromContext<'a, ServerContext<'a, K>>,
{
    fn from_event(context: &mut WatchContext<'a, H, K>) -> Result<Self, Reject> {
        T::from_context(&mut context.server)
    }
}
